"""A running service with a database of its own, for tests."""

import http.client
import json
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from loyalty import web
from loyalty.database import Database


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


class House(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.database = Database(self.directory / "loyalty.db")
        self.addCleanup(self.database.close)
        self.server = self.serve(web.Server(("127.0.0.1", 0), self.database))

    def serve(self, server):
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def credit(self, customer, points):
        with self.database.transaction() as tx:
            tx.execute("INSERT INTO account VALUES (?, ?) ON CONFLICT (customer)"
                       " DO UPDATE SET points = points + excluded.points", (customer, points))

    def replace_step(self, do, undo):
        patch = mock.patch.dict(web.STEPS, {"/steps/redeem": (do, undo)})
        patch.start()
        self.addCleanup(patch.stop)
