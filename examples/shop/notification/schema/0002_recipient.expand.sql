-- Whom a notice is for stands in recipient from now on. Programs before this step
-- know the column as customer: until the contract each notice has both, whichever of
-- the two its writer filled in.
ALTER TABLE notice ADD COLUMN recipient TEXT; -- NULL for a guest

/*sqlite
CREATE TRIGGER notice_recipient AFTER INSERT ON notice BEGIN
    UPDATE notice SET customer = COALESCE(NEW.customer, NEW.recipient), recipient = COALESCE(NEW.recipient, NEW.customer)
    WHERE document = NEW.document AND kind = NEW.kind;
END;
*/
/*postgres
CREATE FUNCTION notice_recipient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.customer := COALESCE(NEW.customer, NEW.recipient);
    NEW.recipient := NEW.customer;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_recipient BEFORE INSERT ON notice FOR EACH ROW EXECUTE FUNCTION notice_recipient();
*/
