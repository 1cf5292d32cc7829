"""Following a feed: once, in order, and nothing skipped."""

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from loyalty import points
from loyalty.database import LOG, Database
from loyalty.follower import BadAnswer, Follower, Forked, Gone, Later, Stale
from tests.house import House

ORDER = "order/outbox"


class Producer(ThreadingHTTPServer):
    """The order service's feed, as told: each answer is (status, headers, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ProducerHandler)
        self.answers, self.queries = [], []


class ProducerHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.queries.append(dict(parse_qsl(urlsplit(self.path).query)))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def event(seq, key="ada", kind=points.ORDER_CONFIRMED, version=1, epoch=1, data=None):
    id = f"0199f3c2-5a1e-7cc0-9d8e-{seq:012d}"
    return {"specversion": "1.0", "id": f"{epoch}.{seq}.{id}", "source": ORDER, "type": kind, "subject": key,
            "schemaversion": version, "correlationid": "sale", "data": data or {"document": f"order-{seq}", "goods": True}}


def batch(through, *events, epoch=1, log=ORDER):
    headers = {"Content-Type": "application/cloudevents-batch+json", "Bailiwick-Log": log,
               "Bailiwick-Through": f"{epoch}.{through}"}
    return 200, headers, json.dumps(events).encode()


class TestFollower(House):
    def setUp(self):
        super().setUp()
        self.producer = self.serve(Producer())
        self.handlers = dict(points.HANDLERS)
        self.follower = Follower(self.database, f"http://127.0.0.1:{self.producer.server_port}/order/feed", "loyalty",
                                 ORDER, self.handlers, wait=1)

    def tell(self, *answers):
        self.producer.answers.extend(answers)

    def balances(self):
        with self.database.snapshot() as view:
            return points.balances(view)

    def test_effects_and_position(self):
        self.tell(batch(4, event(1), event(3, "bob"), event(4)), batch(9))
        self.follower.step()
        self.assertEqual(self.balances(), {"ada": 20, "bob": 10})
        self.follower.step()
        self.assertEqual(str(self.follower.position()), "1.9")
        first, second = self.producer.queries
        self.assertEqual(first, {"follower": "loyalty", "types": "order.confirmed", "timeout": "1000"})
        self.assertEqual(second["lastEventId"], "1.4.0199f3c2-5a1e-7cc0-9d8e-000000000004")

    def test_messages_follow_from_theirs(self):
        self.tell(batch(1, event(1)))
        self.follower.step()
        with self.database.snapshot() as view:
            row = view.execute("SELECT type, correlation, causation FROM bailiwick_log").fetchone()
        self.assertEqual(row, (points.EARNED, "sale", "0199f3c2-5a1e-7cc0-9d8e-000000000001"))

    def test_repeated_answer(self):
        self.tell(batch(2, event(1), event(2)), batch(2, event(1), event(2)))
        self.follower.step()
        with self.assertRaises(BadAnswer):
            self.follower.step()
        self.assertEqual(self.balances(), {"ada": 20})

    def test_disorder(self):
        for answer in (batch(3, event(2), event(1)), batch(1, event(1), event(2)), batch(1, event(1), log="other/outbox")):
            self.tell(answer)
            with self.assertRaises(BadAnswer):
                self.follower.step()
        self.assertEqual(self.balances(), {})

    def test_cut_answer(self):
        status, headers, body = batch(2, event(1), event(2))
        self.tell((status, dict(headers, **{"Content-Length": str(len(body))}), body[:-40]), (200, headers, body))
        with self.assertRaises(Exception):
            self.follower.step()
        self.assertEqual(self.balances(), {})
        self.follower.step()
        self.assertEqual(self.balances(), {"ada": 20})

    def test_gone_halts(self):
        problem = json.dumps({"status": 410, "code": "gone", "detail": "trimmed", "low": "1.7"}).encode()
        self.tell((410, {"Content-Type": "application/problem+json"}, problem))
        with self.assertRaises(Gone) as gone:
            self.follower.run(threading.Event())
        self.assertEqual(gone.exception.low, "1.7")

    def test_fork_halts(self):
        problem = json.dumps({"status": 410, "code": "forked", "detail": "another past"}).encode()
        self.tell((410, {"Content-Type": "application/problem+json"}, problem))
        with self.assertRaises(Forked):
            self.follower.run(threading.Event())

    def test_what_a_proxy_says_halts_nothing(self):
        self.tell((410, {"Content-Type": "text/html"}, b"<html>"), (502, {}, b""), (404, {}, b""), batch(1, event(1)))
        stopping = threading.Event()
        self.handlers[points.ORDER_CONFIRMED] = lambda tx, message: stopping.set()
        with self.assertLogs("loyalty.follower", "WARNING") as logs:
            self.follower.run(stopping)
        self.assertEqual(len(logs.output), 3)
        self.assertEqual(self.follower.position().seq, 1)

    def test_a_pause_that_was_asked_for(self):
        self.tell((429, {"Retry-After": "7"}, b""))
        with self.assertRaises(Later) as later:
            self.follower.step()
        self.assertEqual(later.exception.seconds, 7)

    def test_failing_handler_holds_up_what_follows(self):
        failing = [2]

        def handle(tx, message):
            if message.position.seq in failing:
                raise RuntimeError("the till is jammed")
            points.order_confirmed(tx, message)

        self.handlers[points.ORDER_CONFIRMED] = handle
        everything = [event(1), event(2), event(3)]
        self.tell(batch(3, *everything), batch(3, *everything[1:]), batch(3, *everything[1:]))
        for _ in range(2):
            with self.assertRaises(RuntimeError):
                self.follower.step()
            self.assertEqual(self.balances(), {"ada": 10})
            self.assertEqual(self.follower.position().seq, 1)
        failing.clear()
        self.follower.step()
        self.assertEqual(self.balances(), {"ada": 30})

    def test_newer_schema_is_not_guessed_at(self):
        self.tell(batch(1, event(1, version=2)))
        with self.assertRaises(points.TooNew):
            self.follower.step()
        self.assertEqual(self.follower.position().seq, 0)

    def test_guests_and_fees_earn_nothing(self):
        self.tell(batch(2, event(1, key="order-1"), event(2, data={"document": "order-2", "goods": False})))
        self.follower.step()
        self.assertEqual(self.balances(), {})

    def test_overtaken(self):
        self.tell(batch(2, event(1), event(2)))
        real = self.follower.ask

        def overtaken(at):
            answer = real(at)
            with self.database.transaction() as tx:
                tx.execute("INSERT INTO bailiwick_positions VALUES (?, 0, 1, 1, 1, '', 0)", (ORDER,))
            return answer

        self.follower.ask = overtaken
        with self.assertRaises(Stale):
            self.follower.step()
        self.assertEqual(self.balances(), {})

    def test_own_feed(self):
        """The feed that this service serves can be followed by what it follows with."""
        for n in range(3):
            with self.database.transaction() as tx:
                tx.publish("loyalty.earned", 1, "ada", {"n": n})
                tx.publish("loyalty.other", 1, "ada", {"n": n})
        reader = Database(self.directory / "reader.db")
        self.addCleanup(reader.close)
        seen = []
        follower = Follower(reader, f"http://127.0.0.1:{self.server.server_port}/feed", "reader", LOG,
                            {"loyalty.earned": lambda tx, message: seen.append(message.data["n"])}, wait=1)
        follower.step()
        self.assertEqual(seen, [0, 1, 2])
        self.assertEqual(follower.position().seq, 6)

        # A restored database has another past: epoch 2 began after seq 4.
        with self.database.transaction() as tx:
            tx.execute("DELETE FROM bailiwick_log WHERE seq > 4")
            tx.execute("UPDATE sqlite_sequence SET seq = 4 WHERE name = 'bailiwick_log'")
            tx.execute("UPDATE bailiwick_log_state SET epoch = 2")
            tx.execute("INSERT INTO bailiwick_log_history VALUES (2, 4)")
            for n in range(3):
                tx.publish("loyalty.earned", 1, "ada", {"n": n})
        with self.assertRaises(Forked):
            follower.step()
        self.assertEqual(seen, [0, 1, 2])


if __name__ == "__main__":
    unittest.main()
