"""The one database that this service owns."""

import json
import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; there nobody checks for a second owner
    fcntl = None

OWNER = "loyalty"
LOG = OWNER + "/outbox"

SCHEMA = Path(__file__).with_name("schema.sql")


class Locked(Exception):
    """Another process owns the database."""


class WrongOwner(Exception):
    """The database belongs to another service."""


class Database:
    """A SQLite file with one writer. It may be used by several threads.

    While it is open, a lock on the file PATH.lock keeps other owners away.
    """

    def __init__(self, path):
        self.path = str(path)
        self._lock_file = _own(self.path + ".lock")
        self._writing = threading.Lock()
        self._published = threading.Condition()
        self.published = 0  # how many transactions did since the start
        # Transactions are begun and ended by hand: Python's own idea of when that
        # should happen differs between its versions.
        self._writer = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
            self._writer.executescript(SCHEMA.read_text())
            self._writer.execute("INSERT OR IGNORE INTO bailiwick_meta VALUES ('owner', ?)", (OWNER,))
            (owner,) = self._writer.execute("SELECT value FROM bailiwick_meta WHERE name = 'owner'").fetchone()
            if owner != OWNER:
                raise WrongOwner(f"{self.path} belongs to {owner}, not to {OWNER}")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, cause=None):
        """One read-write transaction. It is durable when the block is left; an
        exception undoes all of it. Messages carry the cause's correlation.
        """
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                tx = Transaction(self._writer, cause or Cause())
                yield tx
                tx.flush()
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        if tx.messages:
            with self._published:
                self.published += 1
                self._published.notify_all()

    @contextmanager
    def snapshot(self):
        """One consistent view for reading. It waits for no writer."""
        reader = sqlite3.connect(f"{Path(self.path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            reader.execute("BEGIN")
            yield reader
        finally:
            reader.close()

    def await_messages(self, seen, timeout):
        """Returns once published is not seen any more, or after timeout seconds."""
        with self._published:
            self._published.wait_for(lambda: self.published != seen, timeout)

    def close(self):
        self._writer.close()
        if self._lock_file is not None:
            self._lock_file.close()


class Cause:
    """What a transaction follows from: it goes into the messages it publishes."""

    def __init__(self, correlation="", causation="", trace=""):
        self.correlation = correlation
        self.causation = causation
        self.trace = trace


class Transaction:
    """What can be done inside Database.transaction."""

    def __init__(self, connection, cause):
        self.execute = connection.execute
        self.cause = cause
        self.messages = []

    def publish(self, kind, version, key, data):
        """Tells of a change. Messages are inserted last, when all rows that they
        tell of are written.
        """
        self.messages.append((uuid7(), key, kind, version, time.time_ns() // 1000, self.cause.correlation,
                              self.cause.causation, self.cause.trace, json.dumps(data).encode()))

    def flush(self):
        for message in self.messages:
            self.execute(
                "INSERT INTO bailiwick_log (id, key, type, version, time, correlation, causation, trace, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", message)

    @contextmanager
    def savepoint(self):
        """An exception undoes what the block did and published, and nothing else."""
        published = len(self.messages)
        self.execute("SAVEPOINT business")
        try:
            yield
        except BaseException:
            del self.messages[published:]
            self.execute("ROLLBACK TO business")
            self.execute("RELEASE business")
            raise
        self.execute("RELEASE business")


def uuid7():
    """A new UUID of version 7 (RFC 9562): milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _own(path):
    """Takes the lock on the side file, which tells other tools who the owner is."""
    if fcntl is None:
        return None
    file = open(path, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(200)
        file.close()
        raise Locked(f"another process owns the database: {holder}") from None
    file.truncate(0)
    file.write(json.dumps({"owner": OWNER, "pid": os.getpid()}))
    file.flush()
    return file
