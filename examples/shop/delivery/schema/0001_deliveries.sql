-- One delivery for each order that holds goods.
CREATE TABLE delivery (
    document TEXT   NOT NULL PRIMARY KEY,
    customer TEXT, -- NULL for a guest
    country  TEXT   NOT NULL CHECK (country <> ''),
    items    BIGINT NOT NULL CHECK (items > 0),
    state    TEXT   NOT NULL CHECK (state = 'scheduled'),
    at       BIGINT NOT NULL -- Unix milliseconds
) /*sqlite WITHOUT ROWID */;
