-- What can stand on an invoice. Codes are case-sensitive; price is in thousandths.
CREATE TABLE product (
    code        TEXT   NOT NULL PRIMARY KEY,
    description TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind = 'goods' OR kind = 'fee'),
    price       BIGINT NOT NULL CHECK (price >= 0),
    currency    TEXT   NOT NULL
) /*sqlite WITHOUT ROWID */;
