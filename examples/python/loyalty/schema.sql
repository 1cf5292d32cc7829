-- The tables of docs/formats/tables.md that this service uses, as the SQLite engine
-- has them.

CREATE TABLE IF NOT EXISTS bailiwick_meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- The outbox. AUTOINCREMENT, in a database with one writer, draws seqs without gaps
-- in commit order.
CREATE TABLE IF NOT EXISTS bailiwick_log (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL,
	key         TEXT NOT NULL,
	type        TEXT NOT NULL,
	version     INTEGER NOT NULL,
	time        INTEGER NOT NULL, -- microseconds since 1970
	correlation TEXT NOT NULL DEFAULT '',
	causation   TEXT NOT NULL DEFAULT '',
	trace       TEXT NOT NULL DEFAULT '',
	data        BLOB
);

-- Its present incarnation. Whoever restores the database from a copy counts epoch up
-- and adds the last seq of the copy to the history.
CREATE TABLE IF NOT EXISTS bailiwick_log_state (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	epoch   INTEGER NOT NULL,
	low     INTEGER NOT NULL,
	trimmed INTEGER NOT NULL,
	rule    TEXT NOT NULL
);
INSERT OR IGNORE INTO bailiwick_log_state VALUES (1, 1, 0, 0, '');

CREATE TABLE IF NOT EXISTS bailiwick_log_history (
	epoch INTEGER PRIMARY KEY,
	seq   INTEGER NOT NULL
);
INSERT OR IGNORE INTO bailiwick_log_history VALUES (1, 0);

-- Where this service stands in the logs that it follows.
CREATE TABLE IF NOT EXISTS bailiwick_positions (
	follower TEXT NOT NULL,
	lane     INTEGER NOT NULL,
	lanes    INTEGER NOT NULL,
	epoch    INTEGER NOT NULL,
	seq      INTEGER NOT NULL,
	id       TEXT NOT NULL, -- of the message there; empty if unknown
	term     INTEGER NOT NULL,
	PRIMARY KEY (follower, lane)
) WITHOUT ROWID;

-- The barrier: operations of sagas' steps, with what was answered.
CREATE TABLE IF NOT EXISTS bailiwick_claims (
	scope TEXT NOT NULL,
	key   TEXT NOT NULL,
	hash  BLOB,
	reply BLOB,
	time  INTEGER NOT NULL, -- microseconds since 1970
	PRIMARY KEY (scope, key)
) WITHOUT ROWID;

-- The service's own. The check is the last line of defence: a balance below zero
-- rolls back whatever would make it so.
CREATE TABLE IF NOT EXISTS account (
	customer TEXT PRIMARY KEY,
	points   INTEGER NOT NULL CHECK (points >= 0)
) WITHOUT ROWID;

-- What came of each order: once only, whoever tells of it how often.
CREATE TABLE IF NOT EXISTS earning (
	document TEXT PRIMARY KEY,
	customer TEXT NOT NULL,
	points   INTEGER NOT NULL
) WITHOUT ROWID;
