DROP INDEX customers_restricted;
ALTER TABLE customers DROP COLUMN restricted_at;
