-- One row for each transfer that was asked for. Nothing keeps a key from coming
-- twice but the claim of its request: a transfer made twice has to show.
CREATE TABLE transfer (
    id      TEXT   NOT NULL PRIMARY KEY,
    request TEXT   NOT NULL, -- the Idempotency-Key that it came with
    payer   TEXT   NOT NULL,
    payee   TEXT   NOT NULL,
    amount  BIGINT NOT NULL,
    status  TEXT   NOT NULL, -- pending, done, rejected
    reason  TEXT   NOT NULL
) /*sqlite WITHOUT ROWID */;
