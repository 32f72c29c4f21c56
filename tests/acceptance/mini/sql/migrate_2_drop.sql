-- The copy goes.
ALTER TABLE orders DROP COLUMN customer_name;
