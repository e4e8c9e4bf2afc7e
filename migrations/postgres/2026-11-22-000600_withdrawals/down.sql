DROP TABLE withdrawals;
UPDATE changes SET status = 'superseded' WHERE status = 'withdrawn';
ALTER TABLE changes DROP CONSTRAINT changes_status_check;
ALTER TABLE changes ADD CONSTRAINT changes_status_check CHECK (status IN ('scheduled', 'applied', 'revoked', 'superseded'));
ALTER TABLE subscriptions DROP COLUMN early_start_requested;
