DROP INDEX customers_due;
CREATE INDEX customers_due ON customers (next_due_at) WHERE next_due_at IS NOT NULL AND test_clock_id IS NULL;
DROP INDEX emails_by_event;
DROP INDEX charges_by_change;
