"""The outbox as a feed, and the database under it."""

import threading
import unittest
from unittest import mock

from loyalty.database import Database, Locked
from tests.house import House


class TestFeed(House):
    def publish(self, *kinds):
        with self.database.transaction() as tx:
            for kind in kinds:
                tx.publish(kind, 1, "ada", {"kind": kind})

    def read(self, query=""):
        return self.request("GET", "/feed?" + query)

    def seqs(self, query=""):
        return [event["seq"] for event in self.read(query).json]

    def test_from_the_beginning_and_on(self):
        self.publish("a", "b", "c")
        answer = self.read("limit=2")
        self.assertEqual(answer.headers["Content-Type"], "application/cloudevents-batch+json")
        self.assertEqual(answer.headers["Bailiwick-Through"], "1.2")
        self.assertEqual(answer.headers["Bailiwick-Head"], "3")
        self.assertEqual([event["type"] for event in answer.json], ["a", "b"])
        self.assertEqual(self.seqs("lastEventId=" + answer.json[1]["id"]), ["3"])
        self.assertEqual(self.seqs("lastEventId=1.1&after=1.2"), ["3"])
        self.assertEqual(self.seqs("lastEventId=1.3"), [])

    def test_types(self):
        self.publish("a", "b", "a", "b")
        answer = self.read("types=a")
        self.assertEqual([event["seq"] for event in answer.json], ["1", "3"])
        self.assertEqual((answer.headers["Bailiwick-Through"], answer.headers["Bailiwick-Left-Out"]), ("1.4", "2"))

    def test_large_events_come_in_several_answers(self):
        with mock.patch("loyalty.feed.MAX_BYTES", 20):
            self.publish("a", "b", "c")  # of 13 bytes each
            first = self.read()
            self.assertEqual((len(first.json), first.headers["Bailiwick-Through"]), (1, "1.1"))
            self.assertEqual(self.seqs("lastEventId=1.2"), ["3"])

    def test_data_that_is_no_json(self):
        with self.database.transaction() as tx:
            for n, data in enumerate((b"\xff", None, b"1")):
                tx.execute("INSERT INTO bailiwick_log (id, key, type, version, time, data) VALUES (?, 'ada', 'a', 1, 0, ?)",
                           (f"0199f3c2-5a1e-7cc0-9d8e-{n:012d}", data))
        events = self.read().json
        self.assertEqual([event.get("datacontenttype") for event in events],
                         ["application/octet-stream", None, "application/json"])
        self.assertEqual((events[0]["data_base64"], events[2]["data"]), ("/w==", 1))

    def test_waits_for_an_event(self):
        answers = []
        reader = threading.Thread(target=lambda: answers.append(self.seqs("timeout=20000")))
        reader.start()
        self.publish("a")
        reader.join(10)
        self.assertEqual(answers, [["1"]])

    def test_no_event_in_time(self):
        self.assertEqual(self.seqs("timeout=50"), [])

    def test_unknown_places(self):
        self.publish("a", "b")
        for place, code in (("nonsense", "gone"), ("-1.1", "gone"), ("1.1.x", "gone"), ("1.3", "forked"), ("2.1", "forked"),
                            ("1.2.0199f3c2-5a1e-7cc0-9d8e-2f9d6f5f4a11", "forked")):
            answer = self.read("lastEventId=" + place)
            self.assertEqual((answer.status, answer.json["code"], answer.json["low"]), (410, code, "1.0"))

    def test_undone_messages_are_never_seen(self):
        with self.assertRaises(RuntimeError):
            with self.database.transaction() as tx:
                tx.publish("a", 1, "ada", {})
                raise RuntimeError("no")
        self.publish("b")
        self.assertEqual([(event["seq"], event["type"]) for event in self.read().json], [("1", "b")])

    def test_changes_and_messages_are_one(self):
        with mock.patch("loyalty.database.Transaction.flush", side_effect=OSError("disk full")):
            with self.assertRaises(OSError):
                with self.database.transaction() as tx:
                    tx.execute("INSERT INTO account VALUES ('ada', 5)")
                    tx.publish("a", 1, "ada", {})
        with self.database.snapshot() as view:
            self.assertEqual(view.execute("SELECT count(*) FROM account").fetchone(), (0,))

    def test_too_many_readers(self):
        self.server.readers = threading.BoundedSemaphore(1)
        self.server.readers.acquire()
        self.assertEqual(self.read().status, 429)

    def test_one_owner(self):
        with self.assertRaises(Locked):
            Database(self.database.path)


if __name__ == "__main__":
    unittest.main()
