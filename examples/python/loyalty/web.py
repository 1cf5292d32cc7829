"""What this service answers over HTTP.

    POST /steps/redeem  a step of a saga and its compensation (docs/formats/http-step.md)
    GET  /feed          the outbox (docs/formats/feed.md)
    GET  /balances      how many points each customer has
    GET  /healthz       200 while everything runs
"""

import hmac
import json
import logging
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from . import barrier, feed, points
from .database import Cause

log = logging.getLogger(__name__)

MAX_BODY = 1 << 20
MAX_READERS = 64  # of the feed, at once: each that waits has a thread

STEPS = {"/steps/redeem": (points.redeem, points.restore)}


class Server(ThreadingHTTPServer):
    """Serves one database. With a token, every request must bring it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, database, token=None, healthy=lambda: None):
        super().__init__(address, Handler)
        self.database, self.token, self.healthy = database, token, healthy
        self.readers = threading.BoundedSemaphore(MAX_READERS)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a client may be silent
    disable_nagle_algorithm = True

    def do_GET(self):
        self.serve({"/feed": self.feed, "/balances": self.balances, "/healthz": self.health})

    def do_POST(self):
        self.serve({path: self.step for path in STEPS})

    def serve(self, routes):
        self.url = urlsplit(self.path)
        try:
            if not self.allowed():
                return self.problem(HTTPStatus.UNAUTHORIZED, "invalid", "a token is needed")
            answer = routes.get(self.url.path)
            if answer is None:
                return self.problem(HTTPStatus.NOT_FOUND, "not_found", "there is nothing here")
            answer()
        except OSError:
            self.close_connection = True  # the client has gone
        except Exception:
            log.exception("%s %s failed", self.command, self.url.path)
            self.problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "it is not known what came of it; ask again")

    def allowed(self):
        sent = self.headers.get("Authorization", "")
        return not self.server.token or hmac.compare_digest(sent.encode(), b"Bearer " + self.server.token.encode())

    def step(self):
        key = self.headers.get("Idempotency-Key", "")
        length = int(self.headers.get("Content-Length", 0))
        if not key or not 0 < length <= MAX_BODY:
            self.close_connection = True  # the body was not read
            return self.problem(HTTPStatus.BAD_REQUEST, "invalid", "a step has an Idempotency-Key and a body")
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client has gone in the middle of it
            return
        cause = Cause(self.headers.get("Bailiwick-Saga-Id", ""), self.headers.get("Bailiwick-Message", ""),
                      self.headers.get("traceparent", ""))
        do, undo = STEPS[self.url.path]
        try:
            answer = barrier.perform(self.server.database, key, body, do, undo, cause)
        except barrier.KeyReused:
            return self.problem(HTTPStatus.CONFLICT, "key_reused", "this key came before, with another request")
        if answer["outcome"] == "done":
            return self.reply(HTTPStatus.OK, answer.get("data", {}))
        if answer["outcome"] == "late":
            return self.problem(HTTPStatus.GONE, "late", "the compensation came first", reason="late")
        self.problem(HTTPStatus.UNPROCESSABLE_ENTITY, "rejected", answer["detail"], reason=answer["reason"])

    def feed(self):
        if not self.server.readers.acquire(blocking=False):
            return self.problem(HTTPStatus.TOO_MANY_REQUESTS, "unavailable", "too many readers wait already",
                                headers={"Retry-After": "1"})
        try:
            body, headers = feed.read(self.server.database, dict(parse_qsl(self.url.query)))
        except feed.BadRequest as bad:
            return self.problem(HTTPStatus.BAD_REQUEST, "invalid", str(bad))
        except feed.Refused as refused:
            return self.problem(HTTPStatus.GONE, refused.code, str(refused), headers=refused.headers, low=refused.low)
        finally:
            self.server.readers.release()
        self.send(HTTPStatus.OK, feed.MEDIA_TYPE, body, headers)

    def balances(self):
        with self.server.database.snapshot() as view:
            self.reply(HTTPStatus.OK, points.balances(view))

    def health(self):
        failure = self.server.healthy()
        if failure:
            return self.problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(failure))
        self.reply(HTTPStatus.OK, {"status": "ok"})

    def reply(self, status, value):
        self.send(status, "application/json", json.dumps(value).encode())

    def problem(self, status, code, detail, headers=None, **members):
        """Answers with problem details (RFC 9457)."""
        body = {"title": status.phrase, "status": status.value, "detail": detail, "code": code, **members}
        self.send(status, "application/problem+json", json.dumps(body).encode(), headers)

    def send(self, status, kind, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *values):
        log.debug(text, *values)
