-- Withdrawals (§ 355 BGB). A plan change can be withdrawn from, and orders note whether an early start was asked for.

ALTER TABLE subscriptions ADD COLUMN early_start_requested BOOLEAN NOT NULL DEFAULT FALSE;

-- SQLite cannot change a CHECK: the table is made anew.
CREATE TABLE changes_new (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL CHECK (kind IN ('plan_change', 'cancellation')),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'applied', 'revoked', 'superseded', 'withdrawn')),
    received_at TIMESTAMP NOT NULL,
    effective_on DATE NOT NULL,
    details TEXT NOT NULL,
    superseded_by_id TEXT,
    settled_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO changes_new
SELECT id, provider_id, customer_id, subscription_id, kind, status, received_at, effective_on, details, superseded_by_id,
    settled_at, version, created_at
FROM changes;
DROP TABLE changes;
ALTER TABLE changes_new RENAME TO changes;
CREATE INDEX changes_by_customer ON changes (customer_id, id);
CREATE INDEX changes_by_provider ON changes (provider_id, id);
CREATE INDEX changes_by_subscription ON changes (subscription_id, id);
CREATE UNIQUE INDEX changes_one_scheduled ON changes (subscription_id, kind) WHERE status = 'scheduled';

CREATE TABLE withdrawals (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    item_id TEXT NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL CHECK (kind IN ('contract', 'add_on', 'quantity', 'plan_change')),
    quantity BIGINT,
    plan_change_id TEXT,
    cancellation_id TEXT,
    reason TEXT,
    received_at TIMESTAMP NOT NULL,
    dispatched_at TIMESTAMP,
    withdrawn_on DATE NOT NULL,
    last_day_on DATE NOT NULL,
    refund_by_on DATE NOT NULL,
    compensation TEXT NOT NULL CHECK (compensation IN ('none', 'pro_rata')),
    amounts TEXT NOT NULL,
    traces TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX withdrawals_by_customer ON withdrawals (customer_id, id);
CREATE INDEX withdrawals_by_provider ON withdrawals (provider_id, id);
CREATE INDEX withdrawals_by_subscription ON withdrawals (subscription_id, id);
-- Whole contracts and bookings are withdrawn from once.
CREATE UNIQUE INDEX withdrawals_once_per_item ON withdrawals (item_id) WHERE kind IN ('contract', 'add_on');
