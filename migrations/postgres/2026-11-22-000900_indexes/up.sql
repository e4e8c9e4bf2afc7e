-- What a change charged, and which mails tell of an event, is asked with every command and every page of changes.
CREATE INDEX charges_by_change ON charges (change_id) WHERE change_id IS NOT NULL;
CREATE INDEX emails_by_event ON emails (event_id) WHERE event_id IS NOT NULL;
-- In the order in which due customers are taken, so that a batch reads no more of the index than it takes.
DROP INDEX customers_due;
CREATE INDEX customers_due ON customers (next_due_at, id) WHERE next_due_at IS NOT NULL AND test_clock_id IS NULL;
