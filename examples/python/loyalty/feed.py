"""Serves this service's outbox as a feed: docs/formats/feed.md.

The log is kept for ever, so a follower need not be registered: its name is
taken and has no effect.
"""

import base64
import json
import time
from datetime import datetime, timezone

from .database import LOG
from .follower import Position

MEDIA_TYPE = "application/cloudevents-batch+json"

BATCH = 1000  # events in an answer, at most
MAX_BYTES = 8 << 20  # of data in an answer; more only where one event alone has more
MAX_WAIT = 30.0  # seconds that an answer may wait for an event


class Refused(Exception):
    """The reader's place is not in this log: 410, with the code gone or forked."""

    def __init__(self, code, detail, headers, low):
        super().__init__(detail)
        self.code, self.headers, self.low = code, headers, low


class BadRequest(Exception):
    """The reader asks for something that makes no sense."""


def read(database, query):
    """Returns the body and the headers of the answer to a reader's query, which is a
    dict of strings. Waits for an event, up to the query's timeout.
    """
    try:
        limit = min(BATCH, int(query.get("limit", BATCH)))
        deadline = time.monotonic() + min(MAX_WAIT, int(query.get("timeout", 0)) / 1000)
    except ValueError:
        raise BadRequest("limit and timeout are whole numbers") from None
    if limit < 1:
        raise BadRequest("limit is 1 at least")
    types = {kind for kind in query.get("types", "").split(",") if kind}
    place = query.get("after") or query.get("lastEventId") or ""
    while True:
        seen = database.published  # before looking, so that nothing is missed in between
        events, headers, moved = _batch(database, place, types, limit)
        left = deadline - time.monotonic()
        # A follower is told at once that the log moved on without anything for it: it
        # has a position to commit. To others an empty answer is the end.
        if events or left <= 0 or moved and query.get("follower"):
            return json.dumps(events).encode(), headers
        database.await_messages(seen, left)


def _batch(database, place, types, limit):
    with database.snapshot() as view:
        head, headers = _describe(view)
        at = _check(view, place, head, headers)
        events, through, left_out, size = [], at, 0, 0
        rows = view.execute("SELECT seq, id, key, type, version, time, correlation, causation, trace, data"
                            " FROM bailiwick_log WHERE seq > ? ORDER BY seq", (at.seq,))
        for row in rows:
            if types and row[3] not in types:
                left_out += 1
                through = Position(head.epoch, row[0])
                continue
            size += len(row[9] or b"")
            if len(events) == limit or events and size > MAX_BYTES:
                break
            events.append(_event(row, head.epoch))
            through = Position(head.epoch, row[0])
    headers["Bailiwick-Through"] = f"{through.epoch or head.epoch}.{through.seq}"
    headers["Bailiwick-Left-Out"] = str(left_out)
    return events, headers, through.seq > at.seq


def _describe(view):
    """Where the log ends, and the headers that tell of the log."""
    epoch, low = view.execute("SELECT epoch, low FROM bailiwick_log_state").fetchone()
    row = view.execute("SELECT seq FROM sqlite_sequence WHERE name = 'bailiwick_log'").fetchone()
    head = Position(epoch, row[0] if row else 0)
    history = view.execute("SELECT epoch, seq FROM bailiwick_log_history ORDER BY epoch").fetchall()
    return head, {
        "Bailiwick-Log": LOG,
        "Bailiwick-Head": str(head.seq),
        "Bailiwick-Low": str(low),
        "Bailiwick-Epochs": ",".join(f"{number}.{seq}" for number, seq in history),
    }


def _check(view, place, head, headers):
    """Reads a reader's place and refuses one that this log does not continue."""
    if not place:
        return Position()

    def refused(code, why):
        return Refused(code, f"{place}: {why}", headers, f"{head.epoch}.{headers['Bailiwick-Low']}")

    try:
        at = Position.parse(place)
    except ValueError:
        raise refused("gone", "this log never gave that id") from None
    if at.epoch > head.epoch or at.seq > head.seq:
        raise refused("forked", f"the log ends at {head}")
    for epoch, seq in view.execute("SELECT epoch, seq FROM bailiwick_log_history"):
        if epoch > at.epoch > 0 and at.seq > seq:
            raise refused("forked", f"incarnation {epoch} of the log began at {seq}")
    if at.seq < int(headers["Bailiwick-Low"]):
        raise refused("gone", "it was trimmed")
    row = view.execute("SELECT id FROM bailiwick_log WHERE seq = ?", (at.seq,)).fetchone()
    if at.id and row and row[0] != at.id:
        raise refused("forked", f"the log has {row[0]} there")
    return at


def _event(row, epoch):
    """A message as a CloudEvent."""
    seq, id, key, kind, version, micros, correlation, causation, trace, data = row
    event = {
        "specversion": "1.0", "id": f"{epoch}.{seq}.{id}", "source": LOG, "type": kind, "subject": key,
        "time": datetime.fromtimestamp(micros / 1e6, timezone.utc).isoformat(timespec="microseconds"),
        "messageid": id, "epoch": epoch, "seq": str(seq), "schemaversion": version,
    }
    for name, value in (("correlationid", correlation), ("causationid", causation), ("traceparent", trace)):
        if value:
            event[name] = value
    if data is None:
        return event
    try:
        event.update(datacontenttype="application/json", data=json.loads(data))
    except ValueError:
        event.update(datacontenttype="application/octet-stream", data_base64=base64.b64encode(data).decode())
    return event
