-- An add-on booking is a contract of its own that belongs to another one: the same rows carry both.

CREATE TABLE add_on_versions (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    add_on_id TEXT NOT NULL REFERENCES add_ons (id),
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL
);

ALTER TABLE subscriptions ADD COLUMN parent_id TEXT REFERENCES subscriptions (id);
ALTER TABLE subscriptions ADD COLUMN add_on_id TEXT REFERENCES add_ons (id);
ALTER TABLE subscriptions ADD COLUMN included BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE subscriptions ADD COLUMN created_by_change_id TEXT;
ALTER TABLE subscriptions ADD COLUMN performed_on DATE;
CREATE INDEX subscriptions_by_parent ON subscriptions (parent_id, id) WHERE parent_id IS NOT NULL;

-- SQLite cannot drop a NOT NULL: the table is made anew.
CREATE TABLE phases_new (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    plan_version_id TEXT REFERENCES plan_versions (id),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    from_on DATE NOT NULL,
    through_on DATE,
    billing_anchor_on DATE NOT NULL,
    billing_interval_months INTEGER NOT NULL CHECK (billing_interval_months > 0),
    created_by_change_id TEXT,
    ended_by_change_id TEXT,
    removed BOOLEAN NOT NULL,
    add_on_version_id TEXT REFERENCES add_on_versions (id),
    CONSTRAINT phases_one_version CHECK ((plan_version_id IS NULL) <> (add_on_version_id IS NULL))
);
INSERT INTO phases_new
SELECT id, customer_id, subscription_id, plan_version_id, quantity, from_on, through_on, billing_anchor_on,
    billing_interval_months, created_by_change_id, ended_by_change_id, removed, NULL
FROM phases;
DROP TABLE phases;
ALTER TABLE phases_new RENAME TO phases;
CREATE INDEX phases_by_customer ON phases (customer_id);
CREATE INDEX phases_by_subscription ON phases (subscription_id);
CREATE UNIQUE INDEX phases_start_once ON phases (subscription_id, from_on) WHERE NOT removed;
