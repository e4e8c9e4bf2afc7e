ALTER TABLE invoices DROP COLUMN set_off;
