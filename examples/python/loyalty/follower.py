"""Follows the feed of another service: docs/formats/feed.md.

Effects and the position are committed together, so each message takes effect
once, whatever is killed, cut or repeated.
"""

import base64
import json
import logging
import random
import re
import threading
import urllib.error
import urllib.parse
import urllib.request

from .database import Cause

log = logging.getLogger(__name__)


class Halt(Exception):
    """The log cannot be followed from here. Waiting does not help, and nothing is
    skipped: a person has to look.
    """


class Gone(Halt):
    """The position was trimmed from the log, or never was in it; low is where it can
    be read from. The service needs a snapshot.
    """

    def __init__(self, detail, low):
        super().__init__(f"{detail}; the log can be read from {low} on")
        self.low = low


class Forked(Halt):
    """The log tells another past than the one that was followed: it was restored."""


class Stale(Halt):
    """Another process moved the position."""


class BadAnswer(Exception):
    """The answer is not the log's next run. Nothing of it was applied."""


class Later(Exception):
    """The server cannot answer now, and may have said for how many seconds."""

    def __init__(self, detail, seconds):
        super().__init__(detail)
        self.seconds = seconds


class Position:
    """How far a log was followed. id is that of the message there, if one is."""

    def __init__(self, epoch=0, seq=0, id=""):
        self.epoch, self.seq, self.id = epoch, seq, id

    @classmethod
    def parse(cls, text):
        """Reads EPOCH.SEQ.UUID, the id of an event, or EPOCH.SEQ; ValueError if it is
        neither.
        """
        parts = re.fullmatch(r"(\d{1,18})\.(\d{1,18})(?:\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?", text, re.ASCII)
        if parts is None:
            raise ValueError(f"{text!r} is no place in a log")
        return cls(int(parts[1]), int(parts[2]), parts[3] or "")

    def __str__(self):
        return ".".join(str(part) for part in (self.epoch, self.seq, self.id) if part != "")


class Message:
    """One event of a feed."""

    def __init__(self, event):
        self.position = Position.parse(event["id"])
        self.id = self.position.id
        self.log = event["source"]
        self.type = event["type"]
        self.key = event.get("subject", "")
        self.version = event["schemaversion"]
        self.cause = Cause(event.get("correlationid", ""), self.id, event.get("traceparent", ""))
        # What was JSON is a value here, and what was not is bytes.
        self.data = base64.b64decode(event["data_base64"]) if "data_base64" in event else event.get("data")


class Follower:
    """Applies the messages of one log, in order, with handlers by type.

    A handler that fails holds up the log: its message is tried again until it
    succeeds, and nothing after it is applied. That is the simplest rule that loses
    nothing.
    """

    def __init__(self, database, url, name, source, handlers, token=None, wait=20.0):
        self.database = database
        self.url = url
        self.name = name  # of this service, for the log
        self.source = source  # the log's name
        self.handlers = handlers
        self.token = token
        self.wait = wait  # seconds that an answer may wait for a message
        # Services talk to each other directly, whatever the environment says of proxies.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def run(self, stopping):
        """Follows until the event stopping is set, and through everything that
        waiting may mend. Raises Halt where it does not.
        """
        failures = 0
        while not stopping.is_set():
            try:
                self.step()
                failures = 0
            except Halt:
                raise
            except Exception as error:  # the network, the server, a handler: all may mend
                failures += 1
                pause = random.uniform(0, min(5.0, 0.05 * 2 ** min(failures, 10)))
                if isinstance(error, Later):
                    pause = max(pause, min(error.seconds, 60))
                log.warning("following %s failed, it is tried again: %s", self.source, error)
                stopping.wait(pause)

    def step(self):
        """Asks once, and applies what is answered."""
        at = self.position()
        messages, through = self.ask(at)
        if through.seq == at.seq:
            return
        try:
            self.apply(at, messages, through)
        except Halt:
            raise
        except Exception:
            # One of them fails. Those before it are applied; it is met again at the
            # front, and raises there.
            for message in messages:
                self.apply(at, [message], message.position)
                at = message.position

    def position(self):
        """Where this service stands in the log."""
        with self.database.snapshot() as view:
            row = view.execute("SELECT epoch, seq, id FROM bailiwick_positions WHERE follower = ? AND lane = 0",
                               (self.source,)).fetchone()
        return Position(*row) if row else Position()

    def ask(self, at):
        """Returns the messages after a position, and up to where they are all."""
        query = {"follower": self.name, "types": ",".join(sorted(self.handlers)), "timeout": int(self.wait * 1000)}
        if at.seq:
            query["lastEventId"] = str(at)
        request = urllib.request.Request(self.url + "?" + urllib.parse.urlencode(query))
        request.add_header("Accept", "application/cloudevents-batch+json")
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        try:
            with self._open(request, timeout=self.wait + 10) as answer:
                headers, body = answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        return self._check(at, headers, json.loads(body))

    def _check(self, at, headers, events):
        """Refuses what is not the log's next run."""
        if headers.get("Bailiwick-Log") != self.source:
            raise BadAnswer(f"it is the feed of {headers.get('Bailiwick-Log')}, not of {self.source}")
        through = Position.parse(headers.get("Bailiwick-Through", ""))
        messages = [Message(event) for event in events]
        last = at
        for position in [message.position for message in messages]:
            if position.seq <= last.seq or position.epoch < last.epoch:
                raise BadAnswer(f"{position} came after {last}")
            last = position
        if through.seq < last.seq or through.epoch < last.epoch:
            raise BadAnswer(f"the answer reaches to {through} and holds {last}")
        if through.seq == last.seq:
            through = last  # with the id of the message there
        return messages, through

    def apply(self, at, messages, through):
        """Applies messages and moves the position, in one transaction."""
        with self.database.transaction() as tx:
            self._move(tx, at, through)
            for message in messages:
                tx.cause = message.cause
                handle = self.handlers.get(message.type)
                if handle is not None:
                    handle(tx, message)

    def _move(self, tx, at, through):
        """Sets the position from one value to another. It must still be the one that
        the messages were asked for with.
        """
        new = (through.epoch, through.seq, through.id)
        if at.seq:
            moved = tx.execute(
                "UPDATE bailiwick_positions SET epoch = ?, seq = ?, id = ?"
                " WHERE follower = ? AND lane = 0 AND epoch = ? AND seq = ?",
                new + (self.source, at.epoch, at.seq)).rowcount
        else:
            moved = tx.execute(
                "INSERT INTO bailiwick_positions (follower, lane, lanes, epoch, seq, id, term)"
                " VALUES (?, 0, 1, ?, ?, ?, 0) ON CONFLICT DO NOTHING", (self.source,) + new).rowcount
        if not moved:
            raise Stale(f"the position in {self.source} is not {at} any more")


def _refused(error):
    """What an answer that is no batch means. 410 is the log's own word, and the only
    one that ends following.
    """
    body = error.read(1 << 16)
    problem = {}
    if error.headers.get_content_type() == "application/problem+json":
        problem = json.loads(body)
    detail = f"{error.code} {problem.get('detail', error.reason)}"
    if error.code == 410 and problem.get("code") == "forked":
        return Forked(detail)
    if error.code == 410 and problem.get("code") == "gone":
        return Gone(detail, problem.get("low"))
    wait = error.headers.get("Retry-After", "")
    return Later(detail, int(wait) if wait.isdigit() else 0)


class Running:
    """A follower on a thread of its own."""

    def __init__(self, follower):
        self.follower = follower
        self.stopping = threading.Event()
        self.failure = None
        # A daemon: a request that waits for messages does not hold up the exit. What
        # is lost with it is committed whole or not at all.
        self._thread = threading.Thread(target=self._run, name="follow " + follower.source, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self.follower.run(self.stopping)
        except Halt as halt:
            self.failure = halt
            log.error("%s is not followed any more: %s", self.follower.source, halt)
