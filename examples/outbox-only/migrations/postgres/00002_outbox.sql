-- The tables of Bailiwick's outbox on postgres, version 1, made by
--   bailiwick schema print --engine postgres --for outbox

-- +goose Up
-- What the database says of itself: 'owner' is the service it belongs to.
CREATE TABLE bailiwick_meta (
	name  text PRIMARY KEY,
	value text NOT NULL
);

-- The migrations that were applied; component is 'bailiwick' or 'service'.
CREATE TABLE bailiwick_migrations (
	component text NOT NULL,
	version   integer NOT NULL,
	name      text NOT NULL,
	checksum  text NOT NULL, -- hexadecimal SHA-256 of the statements
	applied   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (component, version)
);

-- Messages of business transactions, until the sequencer gives them their place.
-- id orders them by insertion, which is commit order per key where messages are
-- inserted after the key's row was locked. It must be drawn by the INSERT itself,
-- one at a time.
CREATE TABLE bailiwick_staging (
	id          bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
	xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
	message     uuid NOT NULL,
	key         text NOT NULL,
	type        text NOT NULL,
	version     integer NOT NULL,
	time        timestamptz NOT NULL,
	correlation text NOT NULL DEFAULT '',
	causation   uuid,
	trace       text NOT NULL DEFAULT '',
	data        bytea
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- The sequencer looks from the last snapshot on, past all that it has seen: what
-- lies before, dead or alive, costs it nothing.
CREATE INDEX bailiwick_staging_xid ON bailiwick_staging (xid, id);

-- The log. seq is gapless and commit order.
CREATE TABLE bailiwick_log (
	seq         bigint PRIMARY KEY,
	epoch       bigint NOT NULL,
	id          uuid NOT NULL,
	key         text NOT NULL,
	type        text NOT NULL,
	version     integer NOT NULL,
	time        timestamptz NOT NULL,
	correlation text NOT NULL,
	causation   uuid,
	trace       text NOT NULL,
	data        bytea
);

-- What the sequencer did, one row for each step; the newest counts. Rows are
-- added, not changed: the newest is found at once however many old versions a
-- long transaction keeps from being cleaned up.
CREATE TABLE bailiwick_steps (
	step bigint PRIMARY KEY,
	term bigint NOT NULL,        -- the fencing number of the lease it was made under
	head bigint NOT NULL,        -- the seq of the last message
	seen pg_snapshot NOT NULL,   -- all that is visible in it has its place
	goal pg_snapshot,            -- while catching up: the snapshot on the way to,
	last bigint NOT NULL         -- and the staging id reached on that way
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

INSERT INTO bailiwick_steps VALUES (1, 0, 0, pg_current_snapshot(), NULL, 0);

-- The log's low-water mark, how far trimming has looked under which rule, and how
-- far the staging table and the steps were swept.
CREATE TABLE bailiwick_log_state (
	one     boolean PRIMARY KEY DEFAULT true CHECK (one),
	low     bigint NOT NULL,
	trimmed bigint NOT NULL,
	rule    text NOT NULL,
	swept   xid8 NOT NULL,
	stepped bigint NOT NULL
);

INSERT INTO bailiwick_log_state VALUES (true, 0, 0, '', '0', 0);

-- The log's incarnations, with the seq at which each began and the database it
-- lived in: transaction ids mean nothing in another one.
CREATE TABLE bailiwick_log_history (
	epoch    bigint PRIMARY KEY,
	seq      bigint NOT NULL,
	system   text NOT NULL,  -- pg_control_system().system_identifier
	database bigint NOT NULL -- pg_database.oid
);

INSERT INTO bailiwick_log_history
	SELECT 1, 0, (SELECT system_identifier::text FROM pg_control_system()), oid::bigint
	FROM pg_database WHERE datname = current_database();

-- The latest message of each key, for the types that are kept compacted.
CREATE TABLE bailiwick_latest (
	type text NOT NULL,
	key  text NOT NULL,
	seq  bigint NOT NULL,
	PRIMARY KEY (type, key)
);

-- Small documents of the patterns: sagas, parked messages, followers.
CREATE TABLE bailiwick_records (
	kind    text COLLATE "C" NOT NULL,
	key     text COLLATE "C" NOT NULL,
	state   text COLLATE "C" NOT NULL,
	due     timestamptz, -- NULL if never
	version bigint NOT NULL,
	data    bytea,
	PRIMARY KEY (kind, key)
);

CREATE INDEX bailiwick_records_state ON bailiwick_records (kind, state, key);

CREATE INDEX bailiwick_records_due ON bailiwick_records (kind, due) WHERE due IS NOT NULL;

-- Who may do a job alone, and until when by this server's clock.
CREATE TABLE bailiwick_leases (
	name   text COLLATE "C" PRIMARY KEY,
	holder text NOT NULL, -- empty when released
	term   bigint NOT NULL,
	until  timestamptz NOT NULL
);

-- These tables are managed by the service's own migrations.
INSERT INTO bailiwick_meta (name, value) VALUES ('tables', 'guest');

INSERT INTO bailiwick_migrations (component, version, name, checksum, applied)
	VALUES ('bailiwick', 1, 'bailiwick', '29792203e039bae14552a229d4828827ef0980fe3be30e03e106709a167774f9', now());

-- +goose Down
DROP TABLE bailiwick_leases;
DROP TABLE bailiwick_records;
DROP TABLE bailiwick_latest;
DROP TABLE bailiwick_log_history;
DROP TABLE bailiwick_log_state;
DROP TABLE bailiwick_steps;
DROP TABLE bailiwick_log;
DROP TABLE bailiwick_staging;
DROP TABLE bailiwick_migrations;
DROP TABLE bailiwick_meta;
