CREATE TABLE account (
    id      TEXT    NOT NULL PRIMARY KEY,
    balance BIGINT  NOT NULL,
    frozen  INTEGER NOT NULL -- 1: nothing may leave it
) /*sqlite WITHOUT ROWID */;

-- One row for each change of a balance, with the id of the message that tells of it.
-- That the account exists is found out at the commit, and no earlier.
CREATE TABLE move (
    message  TEXT   NOT NULL PRIMARY KEY,
    transfer TEXT   NOT NULL,
    account  TEXT   NOT NULL REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED,
    delta    BIGINT NOT NULL,
    kind     TEXT   NOT NULL
) /*sqlite WITHOUT ROWID */;

-- What a user's own trigger may do: it ends the whole transaction of SQLite, and with
-- it everybody's who shares the commit.
/*sqlite CREATE TRIGGER frozen BEFORE UPDATE OF balance ON account
WHEN OLD.frozen = 1 AND NEW.balance < OLD.balance
BEGIN
    SELECT RAISE(ROLLBACK, 'the account is frozen');
END; */
/*postgres CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'the account is frozen';
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OF balance ON account FOR EACH ROW
WHEN (OLD.frozen = 1 AND NEW.balance < OLD.balance) EXECUTE FUNCTION frozen(); */
