"""The participant's barrier, through the service's own HTTP."""

import json
import unittest

from loyalty import points
from tests.house import House

PREFIX = "order.saga.reply/sell/sale-1/redeem/"


class TestBarrier(House):
    def setUp(self):
        super().setUp()
        self.credit("ada", 50)

    def step(self, operation, body=None, prefix=PREFIX, **headers):
        body = body or {"customer": "ada", "points": 20}
        return self.request("POST", "/steps/redeem", json.dumps(body).encode(),
                            {"Idempotency-Key": prefix + operation, **headers})

    def want(self, customer, balance, *kinds):
        """Checks a balance, and what was published."""
        with self.database.snapshot() as view:
            self.assertEqual(points.balance(view, customer), balance)
            self.assertEqual([kind for (kind,) in view.execute("SELECT type FROM bailiwick_log ORDER BY seq")], list(kinds))

    def test_done_once(self):
        first = self.step("do")
        self.assertEqual((first.status, first.json), (200, {"balance": 30}))
        again = self.step("do")
        self.assertEqual((again.status, again.json), (200, {"balance": 30}))
        self.want("ada", 30, points.REDEEMED)

    def test_refusal_is_stored(self):
        much = {"customer": "ada", "points": 70}
        first = self.step("do", much)
        self.assertEqual((first.status, first.json["reason"]), (422, "too-few-points"))
        self.assertEqual(first.headers["Content-Type"], "application/problem+json")
        self.credit("ada", 50)
        again = self.step("do", much)
        self.assertEqual((again.status, again.json["reason"]), (422, "too-few-points"))
        self.want("ada", 100)

    def test_refusal_undoes_the_business(self):
        def half(tx, request):
            points.redeem(tx, request)
            raise points.Refusal("changed-mind")

        self.replace_step(half, points.restore)
        self.assertEqual(self.step("do").status, 422)
        self.want("ada", 50)

    def test_compensation_once(self):
        self.step("do")
        for _ in range(2):
            self.assertEqual(self.step("undo").status, 200)
        self.want("ada", 50, points.REDEEMED, points.RESTORED)

    def test_compensation_of_a_refusal(self):
        much = {"customer": "ada", "points": 70}
        self.step("do", much)
        self.assertEqual(self.step("undo", much).status, 200)
        self.want("ada", 50)

    def test_compensation_before_action(self):
        for _ in range(2):
            self.assertEqual(self.step("undo").status, 200)
        for _ in range(2):
            late = self.step("do")
            self.assertEqual((late.status, late.json["reason"]), (410, "late"))
        self.want("ada", 50)

    def test_failure_leaves_nothing(self):
        def broken(tx, request):
            points.redeem(tx, request)
            raise RuntimeError("no such coin")

        self.replace_step(broken, points.restore)
        with self.assertLogs("loyalty.web", "ERROR"):
            self.assertEqual(self.step("do").status, 500)
        self.replace_step(points.redeem, points.restore)
        self.assertEqual(self.step("do").status, 200)
        self.want("ada", 30, points.REDEEMED)

    def test_key_with_another_request(self):
        self.step("do")
        self.assertEqual(self.step("do", {"customer": "ada", "points": 21}).status, 409)
        self.want("ada", 30, points.REDEEMED)

    def test_sagas_are_apart(self):
        self.step("do")
        self.step("do", prefix="order.saga.reply/sell/sale-10/redeem/")
        self.want("ada", 10, points.REDEEMED, points.REDEEMED)

    def test_messages_tell_their_cause(self):
        self.step("do", **{"Bailiwick-Saga-Id": "sale-1", "Bailiwick-Message": "0199f3c2-5a1e-7cc0-9d8e-2f9d6f5f4a11",
                           "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
        with self.database.snapshot() as view:
            row = view.execute("SELECT correlation, causation, trace, key FROM bailiwick_log").fetchone()
        self.assertEqual(row, ("sale-1", "0199f3c2-5a1e-7cc0-9d8e-2f9d6f5f4a11",
                               "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ada"))

    def test_request_without_key(self):
        answer = self.request("POST", "/steps/redeem", b"{}", {})
        self.assertEqual(answer.status, 400)

    def test_token(self):
        self.server.token = "s3cret"
        self.assertEqual(self.step("do").status, 401)
        self.assertEqual(self.step("do", Authorization="Bearer s3cret").status, 200)


if __name__ == "__main__":
    unittest.main()
