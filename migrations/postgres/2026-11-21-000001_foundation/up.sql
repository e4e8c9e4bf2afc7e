-- Instants are UTC (TIMESTAMP without zone), dates are civil dates in the provider's zone, money is BIGINT minor units.
-- Text that is sorted or unique is COLLATE "C", so that both databases order it alike.

CREATE TABLE providers (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('live', 'sandbox')),
    settings TEXT NOT NULL,
    catalogue_id TEXT COLLATE "C",
    last_event_position BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE catalogues (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    number BIGINT NOT NULL,
    content_hash TEXT COLLATE "C" NOT NULL,
    content TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, number)
);

CREATE TABLE products (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    key TEXT COLLATE "C" NOT NULL,
    UNIQUE (provider_id, key)
);

CREATE TABLE plans (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    key TEXT COLLATE "C" NOT NULL,
    UNIQUE (provider_id, key)
);

CREATE TABLE plan_versions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    plan_id TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    number BIGINT NOT NULL,
    content_hash TEXT COLLATE "C" NOT NULL,
    content TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    UNIQUE (plan_id, number),
    UNIQUE (plan_id, content_hash)
);

CREATE TABLE add_ons (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    key TEXT COLLATE "C" NOT NULL,
    UNIQUE (provider_id, key)
);

CREATE TABLE legal_documents (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    valid_from_on DATE NOT NULL,
    published_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, key, version, language)
);

CREATE TABLE test_clocks (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    name TEXT,
    now_at TIMESTAMP NOT NULL,
    advancing_to_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX test_clocks_by_provider ON test_clocks (provider_id, id);

CREATE TABLE customers (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_number TEXT COLLATE "C" NOT NULL,
    customer_type TEXT NOT NULL CHECK (customer_type IN ('consumer', 'business')),
    name TEXT NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    locale TEXT NOT NULL,
    holiday_region TEXT,
    external_id TEXT COLLATE "C",
    metadata TEXT NOT NULL,
    test_clock_id TEXT COLLATE "C" REFERENCES test_clocks (id),
    next_due_at TIMESTAMP,
    due_failures INTEGER NOT NULL DEFAULT 0,
    retry_at TIMESTAMP,
    last_event_sequence BIGINT NOT NULL DEFAULT 0,
    last_event_hash TEXT NOT NULL DEFAULT '',
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, customer_number),
    UNIQUE (provider_id, external_id)
);
CREATE INDEX customers_by_provider ON customers (provider_id, id);
CREATE INDEX customers_due ON customers (next_due_at) WHERE next_due_at IS NOT NULL AND test_clock_id IS NULL;
CREATE INDEX customers_by_test_clock ON customers (test_clock_id, next_due_at) WHERE test_clock_id IS NOT NULL;

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" REFERENCES customers (id),
    username TEXT COLLATE "C" NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    disabled_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, username)
);

CREATE TABLE refresh_tokens (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    family_id TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    key_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    revoked_at TIMESTAMP,
    last_used_at TIMESTAMP
);

CREATE TABLE subscriptions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    contract_number TEXT COLLATE "C" NOT NULL,
    customer_type TEXT NOT NULL CHECK (customer_type IN ('consumer', 'business')),
    concluded_at TIMESTAMP NOT NULL,
    instructed_at TIMESTAMP,
    starts_on DATE NOT NULL,
    ends_on DATE,
    ended_by_change_id TEXT COLLATE "C",
    withdrawn_on DATE,
    billed_through_on DATE,
    started_recorded BOOLEAN NOT NULL,
    ended_recorded BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, contract_number)
);
CREATE INDEX subscriptions_by_customer ON subscriptions (customer_id, id);
CREATE INDEX subscriptions_by_provider ON subscriptions (provider_id, id);

CREATE TABLE phases (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    plan_version_id TEXT COLLATE "C" NOT NULL REFERENCES plan_versions (id),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    from_on DATE NOT NULL,
    through_on DATE,
    billing_anchor_on DATE NOT NULL,
    billing_interval_months INTEGER NOT NULL CHECK (billing_interval_months > 0),
    created_by_change_id TEXT COLLATE "C",
    ended_by_change_id TEXT COLLATE "C",
    removed BOOLEAN NOT NULL
);
CREATE INDEX phases_by_customer ON phases (customer_id);
CREATE INDEX phases_by_subscription ON phases (subscription_id);
CREATE UNIQUE INDEX phases_start_once ON phases (subscription_id, from_on) WHERE NOT removed;

CREATE TABLE changes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL CHECK (kind IN ('plan_change', 'cancellation')),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'applied', 'revoked', 'superseded')),
    received_at TIMESTAMP NOT NULL,
    effective_on DATE NOT NULL,
    details TEXT NOT NULL,
    superseded_by_id TEXT COLLATE "C",
    settled_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX changes_by_customer ON changes (customer_id, id);
CREATE INDEX changes_by_provider ON changes (provider_id, id);
CREATE INDEX changes_by_subscription ON changes (subscription_id, id);
CREATE UNIQUE INDEX changes_one_scheduled ON changes (subscription_id, kind) WHERE status = 'scheduled';

CREATE TABLE charges (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    item_id TEXT COLLATE "C" NOT NULL,
    price_key TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('recurring', 'proration', 'credit', 'one_off')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'invoiced', 'voided')),
    change_id TEXT COLLATE "C",
    original_charge_id TEXT COLLATE "C",
    label TEXT NOT NULL,
    arithmetic TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    unit_price BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    price_mode TEXT NOT NULL,
    tax_rate TEXT NOT NULL,
    period_from DATE NOT NULL,
    period_through DATE NOT NULL,
    billing_from DATE NOT NULL,
    billing_through DATE NOT NULL,
    charged_on DATE NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX charges_by_customer ON charges (customer_id, period_through);
CREATE INDEX charges_by_provider ON charges (provider_id, id);
CREATE INDEX charges_by_subscription ON charges (subscription_id, id);
CREATE UNIQUE INDEX charges_once_per_period ON charges (item_id, price_key, period_from)
    WHERE kind = 'recurring' AND status <> 'voided';

CREATE TABLE events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C",
    sequence BIGINT NOT NULL,
    position BIGINT,
    type TEXT COLLATE "C" NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    request_id TEXT,
    data TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (customer_id, sequence),
    UNIQUE (provider_id, position)
);
CREATE INDEX events_unsequenced ON events (provider_id, id) WHERE position IS NULL;
CREATE INDEX events_by_subscription ON events (subscription_id, sequence);

CREATE TABLE idempotency_keys (
    principal_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    response_status INTEGER,
    response_headers TEXT,
    response_body TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
