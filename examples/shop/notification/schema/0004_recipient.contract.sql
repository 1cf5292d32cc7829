-- Nobody reads or writes customer any more.
DROP TRIGGER notice_recipient /*postgres ON notice */;
/*postgres DROP FUNCTION notice_recipient(); */
ALTER TABLE notice DROP COLUMN customer;
