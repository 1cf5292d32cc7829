-- What customers were told. A document is told of each kind of news once: a second
-- confirmation of an order must fail loudly, not be overlooked.
CREATE TABLE notice (
    document TEXT   NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind = 'confirmation' OR kind = 'return-accepted' OR kind = 'rejection'),
    customer TEXT, -- NULL for a guest
    text     TEXT   NOT NULL,
    at       BIGINT NOT NULL, -- Unix milliseconds
    PRIMARY KEY (document, kind)
) /*sqlite WITHOUT ROWID */;
