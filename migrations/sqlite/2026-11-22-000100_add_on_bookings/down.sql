DELETE FROM charges WHERE item_id <> subscription_id;
DELETE FROM changes WHERE subscription_id IN (SELECT id FROM subscriptions WHERE parent_id IS NOT NULL);
DELETE FROM phases WHERE add_on_version_id IS NOT NULL;
DELETE FROM subscriptions WHERE parent_id IS NOT NULL;
CREATE TABLE phases_old (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    plan_version_id TEXT NOT NULL REFERENCES plan_versions (id),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    from_on DATE NOT NULL,
    through_on DATE,
    billing_anchor_on DATE NOT NULL,
    billing_interval_months INTEGER NOT NULL CHECK (billing_interval_months > 0),
    created_by_change_id TEXT,
    ended_by_change_id TEXT,
    removed BOOLEAN NOT NULL
);
INSERT INTO phases_old
SELECT id, customer_id, subscription_id, plan_version_id, quantity, from_on, through_on, billing_anchor_on,
    billing_interval_months, created_by_change_id, ended_by_change_id, removed
FROM phases;
DROP TABLE phases;
ALTER TABLE phases_old RENAME TO phases;
CREATE INDEX phases_by_customer ON phases (customer_id);
CREATE INDEX phases_by_subscription ON phases (subscription_id);
CREATE UNIQUE INDEX phases_start_once ON phases (subscription_id, from_on) WHERE NOT removed;
DROP INDEX subscriptions_by_parent;
ALTER TABLE subscriptions DROP COLUMN performed_on;
ALTER TABLE subscriptions DROP COLUMN created_by_change_id;
ALTER TABLE subscriptions DROP COLUMN included;
ALTER TABLE subscriptions DROP COLUMN add_on_id;
ALTER TABLE subscriptions DROP COLUMN parent_id;
DROP TABLE add_on_versions;
