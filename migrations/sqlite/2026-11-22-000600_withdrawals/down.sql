DROP TABLE withdrawals;
UPDATE changes SET status = 'superseded' WHERE status = 'withdrawn';
CREATE TABLE changes_old (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL CHECK (kind IN ('plan_change', 'cancellation')),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'applied', 'revoked', 'superseded')),
    received_at TIMESTAMP NOT NULL,
    effective_on DATE NOT NULL,
    details TEXT NOT NULL,
    superseded_by_id TEXT,
    settled_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO changes_old
SELECT id, provider_id, customer_id, subscription_id, kind, status, received_at, effective_on, details, superseded_by_id,
    settled_at, version, created_at
FROM changes;
DROP TABLE changes;
ALTER TABLE changes_old RENAME TO changes;
CREATE INDEX changes_by_customer ON changes (customer_id, id);
CREATE INDEX changes_by_provider ON changes (provider_id, id);
CREATE INDEX changes_by_subscription ON changes (subscription_id, id);
CREATE UNIQUE INDEX changes_one_scheduled ON changes (subscription_id, kind) WHERE status = 'scheduled';
ALTER TABLE subscriptions DROP COLUMN early_start_requested;
