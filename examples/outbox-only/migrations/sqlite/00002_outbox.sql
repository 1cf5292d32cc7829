-- The tables of Bailiwick's outbox on sqlite, version 1, made by
--   bailiwick schema print --engine sqlite --for outbox

-- +goose Up
-- What the database says of itself: 'owner' is the service it belongs to.
CREATE TABLE bailiwick_meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The migrations that were applied; component is 'bailiwick' or 'service'.
CREATE TABLE bailiwick_migrations (
	component TEXT NOT NULL,
	version   INTEGER NOT NULL,
	name      TEXT NOT NULL,
	checksum  TEXT NOT NULL,    -- hexadecimal SHA-256 of the statements
	applied   INTEGER NOT NULL, -- microseconds since 1970
	PRIMARY KEY (component, version)
) STRICT, WITHOUT ROWID;

-- The number of the last commit, to find out after an I/O error whether one
-- happened.
CREATE TABLE bailiwick_commit (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	number INTEGER NOT NULL
) STRICT;

INSERT INTO bailiwick_commit VALUES (1, 0);

-- The log. There is one writer and the counter rolls back with its transaction,
-- so seq is gapless commit order; AUTOINCREMENT keeps it from restarting when
-- the table was trimmed to empty.
CREATE TABLE bailiwick_log (
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
) STRICT;

-- The log's present incarnation, its low-water mark, and how far trimming has
-- looked under which rule.
CREATE TABLE bailiwick_log_state (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	epoch   INTEGER NOT NULL,
	low     INTEGER NOT NULL,
	trimmed INTEGER NOT NULL,
	rule    TEXT NOT NULL
) STRICT;

INSERT INTO bailiwick_log_state VALUES (1, 1, 0, 0, '');

-- Its incarnations, with the seq at which each began.
CREATE TABLE bailiwick_log_history (
	epoch INTEGER PRIMARY KEY,
	seq   INTEGER NOT NULL
) STRICT;

INSERT INTO bailiwick_log_history VALUES (1, 0);

-- Small documents of the patterns: sagas, parked messages, followers. It has row
-- ids on purpose: in a table without them, whatever of a row is beyond a quarter
-- of a page lies on a page of its own.
CREATE TABLE bailiwick_records (
	kind    TEXT NOT NULL,
	key     TEXT NOT NULL,
	state   TEXT NOT NULL,
	due     INTEGER, -- microseconds since 1970; NULL if never
	version INTEGER NOT NULL,
	data    BLOB,
	PRIMARY KEY (kind, key)
) STRICT;

CREATE INDEX bailiwick_records_state ON bailiwick_records (kind, state, key);

CREATE INDEX bailiwick_records_due ON bailiwick_records (kind, due) WHERE due IS NOT NULL;

-- Who may do a job alone, and until when.
CREATE TABLE bailiwick_leases (
	name   TEXT PRIMARY KEY,
	holder TEXT NOT NULL, -- empty when released
	term   INTEGER NOT NULL,
	until  INTEGER NOT NULL -- microseconds since 1970
) STRICT, WITHOUT ROWID;

-- These tables are managed by the service's own migrations.
INSERT INTO bailiwick_meta (name, value) VALUES ('tables', 'guest');

INSERT INTO bailiwick_migrations (component, version, name, checksum, applied)
	VALUES ('bailiwick', 1, 'bailiwick', '359cdd8efbe694502e3c270d6076f5ddadcfc11ad9578ce3c1876bfe5d3b667a', unixepoch() * 1000000);

-- +goose Down
DROP TABLE bailiwick_leases;
DROP TABLE bailiwick_records;
DROP TABLE bailiwick_log_history;
DROP TABLE bailiwick_log_state;
DROP TABLE bailiwick_log;
DROP TABLE bailiwick_commit;
DROP TABLE bailiwick_migrations;
DROP TABLE bailiwick_meta;
