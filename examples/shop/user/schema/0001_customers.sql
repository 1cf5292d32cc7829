-- Customers who buy on account. credit_limit is in thousandths of the currency;
-- NULL means without limit.
CREATE TABLE customer (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    country      TEXT   NOT NULL,
    credit_limit BIGINT,
    currency     TEXT   NOT NULL
) /*sqlite WITHOUT ROWID */;
