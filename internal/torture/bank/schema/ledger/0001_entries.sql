-- One row for each message of wallet that was applied. There is no unique key, so that
-- one that is applied twice has to show.
CREATE TABLE entry (
    message  TEXT    NOT NULL,
    transfer TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    delta    BIGINT  NOT NULL,
    kind     TEXT    NOT NULL,
    inverted INTEGER NOT NULL -- 1: the account's entry before it came from a later message
);

-- The place in wallet's log of each account's latest entry.
CREATE TABLE latest (
    account TEXT   NOT NULL PRIMARY KEY,
    epoch   BIGINT NOT NULL,
    seq     BIGINT NOT NULL
) /*sqlite WITHOUT ROWID */;

-- The messages that ledger enters although they are poison: somebody had them
-- replayed.
CREATE TABLE pardon (
    message TEXT NOT NULL PRIMARY KEY
) /*sqlite WITHOUT ROWID */;
