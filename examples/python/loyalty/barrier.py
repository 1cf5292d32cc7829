"""The participant's side of a saga: docs/formats/http-step.md.

Requests come at least once, and a compensation can overtake its action. So each
operation has a row, inserted first and in the transaction of the business, that
keeps what was answered.
"""

import hashlib
import json
import time

SCOPE = "saga"


class Refusal(Exception):
    """The business says no, for good. That is an answer; any other exception means
    that nobody knows.
    """

    def __init__(self, reason, detail=""):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class KeyReused(Exception):
    """The key came before, with another request."""


def perform(database, key, body, do, undo, cause=None):
    """Does one operation, once however often it is asked for, and returns the answer:
    a dict with the outcome "done" (and data), "rejected" (reason, detail) or "late".

    key is the request's Idempotency-Key, body its bytes. do and undo are called
    with the transaction and the request.
    """
    prefix, _, operation = key.rpartition("/")
    if operation not in ("do", "undo"):
        raise ValueError(f"the key {key} does not end in an operation")
    request = json.loads(body)
    with database.transaction(cause) as tx:
        stored = _claim(tx, key, _hash(body))
        if stored is not None:
            return stored
        if operation == "undo" and not _happened(tx, prefix + "/do"):
            answer = {"outcome": "done"}  # nothing was done, and now never will be
        else:
            answer = _attempt(tx, do if operation == "do" else undo, request)
        _store(tx, key, answer)
        return answer


def _attempt(tx, business, request):
    try:
        with tx.savepoint():
            return {"outcome": "done", "data": business(tx, request)}
    except Refusal as refusal:
        return {"outcome": "rejected", "reason": refusal.reason, "detail": refusal.detail}


def _happened(tx, key):
    """Whether an action took effect. One that has not come yet is blocked."""
    stored = _claim(tx, key, None)
    if stored is None:
        _store(tx, key, {"outcome": "late"})
        return False
    return stored["outcome"] == "done"


def _claim(tx, key, hashed):
    """Takes the key and returns None, or what was answered where it was taken."""
    fresh = tx.execute(
        "INSERT INTO bailiwick_claims (scope, key, hash, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (SCOPE, key, hashed, time.time_ns() // 1000)).rowcount
    if fresh:
        return None
    earlier, reply = tx.execute(
        "SELECT hash, reply FROM bailiwick_claims WHERE scope = ? AND key = ?", (SCOPE, key)).fetchone()
    if hashed and earlier and hashed != earlier:
        raise KeyReused(key)
    return json.loads(reply)


def _store(tx, key, answer):
    tx.execute("UPDATE bailiwick_claims SET reply = ? WHERE scope = ? AND key = ?",
               (json.dumps(answer).encode(), SCOPE, key))


def _hash(body):
    return hashlib.sha256(body).digest()[:16]
