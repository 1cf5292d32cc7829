-- Orders, returns and adjustments. Amounts are in thousandths of the currency.
CREATE TABLE document (
    id        TEXT    NOT NULL PRIMARY KEY,
    kind      TEXT    NOT NULL, -- order, return, adjustment
    reference TEXT    NOT NULL, -- the caller's own name for it
    customer  TEXT    NOT NULL, -- '' for a guest
    country   TEXT    NOT NULL, -- '' for an adjustment
    currency  TEXT    NOT NULL,
    date      TEXT    NOT NULL, -- RFC 3339, as stated
    status    TEXT    NOT NULL, -- PENDING, CONFIRMED, ACCEPTED, REJECTED
    reason    TEXT    NOT NULL, -- '' unless rejected
    total     BIGINT  NOT NULL, -- sum of quantity * unit_price
    refund    BIGINT  NOT NULL CHECK (refund >= 0),
    goods     INTEGER NOT NULL  -- 1: moves stock
) /*sqlite WITHOUT ROWID */;

-- A return looks for its customer's orders, latest first: ids grow with time.
CREATE INDEX document_customer ON document (customer, id);

-- What became of a line follows from its document's status. Nothing here changes
-- when an order is confirmed. There is no index on code, which would cost every
-- order more than it saves the few returns.
CREATE TABLE line (
    document   TEXT    NOT NULL,
    n          INTEGER NOT NULL, -- from 1
    code       TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- goods, fee
    quantity   BIGINT  NOT NULL, -- negative in returns and adjustments
    unit_price BIGINT  NOT NULL,
    returned   BIGINT  NOT NULL DEFAULT 0 CHECK (returned >= 0 AND (returned = 0 OR returned <= quantity)),
    matched    BIGINT  NOT NULL DEFAULT 0 CHECK (matched >= 0 AND (matched = 0 OR matched <= -quantity)),
    refund     BIGINT  NOT NULL DEFAULT 0 CHECK (refund >= 0),
    PRIMARY KEY (document, n)
) /*sqlite WITHOUT ROWID */;

-- Which units of which order's line a return's line took back, at the price paid.
CREATE TABLE matching (
    document   TEXT    NOT NULL, -- the return
    line       INTEGER NOT NULL,
    sale       TEXT    NOT NULL, -- the order
    sale_line  INTEGER NOT NULL,
    quantity   BIGINT  NOT NULL CHECK (quantity > 0),
    unit_price BIGINT  NOT NULL,
    PRIMARY KEY (document, line, sale, sale_line)
) /*sqlite WITHOUT ROWID */;

-- What the catalog's log said of products, to check requests by.
CREATE TABLE product (
    code TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL -- goods, fee
) /*sqlite WITHOUT ROWID */;

-- What the users' log said of customers.
CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY
) /*sqlite WITHOUT ROWID */;
