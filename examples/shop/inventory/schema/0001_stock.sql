-- What is in stock of each product that can be.
CREATE TABLE stock (
    code      TEXT   NOT NULL PRIMARY KEY,
    available BIGINT NOT NULL CHECK (available >= 0)
) /*sqlite WITHOUT ROWID */;

-- What was set aside for an order. Its lines are the movements of kind sale of
-- that document, and their fate is this state: a confirmation writes one row,
-- however many lines the order has.
CREATE TABLE reservation (
    document TEXT   NOT NULL PRIMARY KEY,
    state    TEXT   NOT NULL CHECK (state = 'reserved' OR state = 'sold' OR state = 'released'),
    at       BIGINT NOT NULL -- Unix milliseconds of the last change
) /*sqlite WITHOUT ROWID */;

-- Why stock changed. Every figure but what is available derives from here.
-- Kinds are checked by OR: for a list of three or more behind IN, SQLite builds a
-- table of its own each time a row is checked.
-- There is no index by code on purpose: it would double the work of each line of
-- each order, for figures that are asked for now and then.
CREATE TABLE movement (
    document TEXT   NOT NULL,
    code     TEXT   NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind = 'sale' OR kind = 'return' OR kind = 'opening' OR kind = 'adjustment'),
    quantity BIGINT NOT NULL CHECK (quantity > 0 OR kind = 'adjustment' AND quantity <> 0),
    PRIMARY KEY (document, code, kind)
) /*sqlite WITHOUT ROWID */;
