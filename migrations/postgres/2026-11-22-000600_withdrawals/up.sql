-- Withdrawals (§ 355 BGB). A plan change can be withdrawn from, and orders note whether an early start was asked for.

ALTER TABLE subscriptions ADD COLUMN early_start_requested BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE changes DROP CONSTRAINT changes_status_check;
ALTER TABLE changes ADD CONSTRAINT changes_status_check
    CHECK (status IN ('scheduled', 'applied', 'revoked', 'superseded', 'withdrawn'));

CREATE TABLE withdrawals (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    item_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL CHECK (kind IN ('contract', 'add_on', 'quantity', 'plan_change')),
    quantity BIGINT,
    plan_change_id TEXT COLLATE "C",
    cancellation_id TEXT COLLATE "C",
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
