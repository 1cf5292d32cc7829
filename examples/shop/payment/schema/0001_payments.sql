-- What a customer owes. Guests have no account: they pay by card.
CREATE TABLE account (
    customer     TEXT   NOT NULL PRIMARY KEY,
    credit_limit BIGINT CHECK (credit_limit >= 0), -- thousandths; NULL is without limit
    balance      BIGINT NOT NULL CHECK (balance >= 0), -- authorised + captured - refunded
    currency     TEXT   NOT NULL
) /*sqlite WITHOUT ROWID */;

-- One payment for each order. A payment is refunded only after it was captured,
-- and never by more than that.
CREATE TABLE payment (
    document TEXT   NOT NULL PRIMARY KEY,
    customer TEXT,  -- NULL for a guest
    amount   BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT   NOT NULL,
    state    TEXT   NOT NULL CHECK (state = 'authorised' OR state = 'captured' OR state = 'voided'),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= amount AND (refunded = 0 OR state = 'captured')),
    at       BIGINT NOT NULL -- Unix milliseconds of the authorisation
) /*sqlite WITHOUT ROWID */;

-- Money that moved. id is what moved it: the order itself for its capture, a return
-- for a refund. So an order is captured once, and refunded once by each return.
CREATE TABLE ledger_entry (
    document TEXT   NOT NULL, -- the order whose payment it is
    kind     TEXT   NOT NULL CHECK (kind = 'capture' OR kind = 'refund'),
    id       TEXT   NOT NULL CHECK (kind = 'refund' OR id = document),
    amount   BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT   NOT NULL,
    at       BIGINT NOT NULL, -- Unix milliseconds
    PRIMARY KEY (document, kind, id)
) /*sqlite WITHOUT ROWID */;
