-- One row for each reservation. There is no unique key, so that one that is made
-- twice has to show.
CREATE TABLE payout (
    transfer TEXT   NOT NULL,
    amount   BIGINT NOT NULL,
    status   TEXT   NOT NULL -- reserved, confirmed, cancelled
);
CREATE INDEX payout_transfer ON payout (transfer);
