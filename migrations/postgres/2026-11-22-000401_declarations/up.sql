-- Declarations made without login (§§ 312k, 356a BGB). What was declared is final; only what was decided about it changes.
CREATE TABLE declarations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    kind TEXT NOT NULL CHECK (kind IN ('cancellation', 'withdrawal')),
    reference TEXT COLLATE "C" NOT NULL,
    receipt_token TEXT COLLATE "C" NOT NULL UNIQUE,
    repeat_key TEXT COLLATE "C",
    content TEXT NOT NULL,
    raw TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    locale TEXT NOT NULL,
    origin TEXT,
    origin_network TEXT COLLATE "C" NOT NULL,
    user_agent TEXT,
    request_id TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    over_limit BOOLEAN NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('received', 'matched', 'executed', 'rejected')),
    automatic BOOLEAN NOT NULL,
    customer_id TEXT COLLATE "C" REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" REFERENCES subscriptions (id),
    timely BOOLEAN,
    last_day_on DATE,
    result_id TEXT COLLATE "C",
    reason TEXT,
    decided_by TEXT COLLATE "C",
    decided_at TIMESTAMP,
    version BIGINT NOT NULL,
    UNIQUE (provider_id, reference),
    UNIQUE (provider_id, repeat_key)
);
CREATE INDEX declarations_by_provider ON declarations (provider_id, id);
CREATE INDEX declarations_by_status ON declarations (provider_id, status, id);
CREATE INDEX declarations_by_customer ON declarations (customer_id, id);
CREATE INDEX declarations_by_network ON declarations (origin_network, received_at);

CREATE FUNCTION declarations_refuse_change() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'what was declared is final';
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER declarations_are_final
    BEFORE UPDATE OF id, provider_id, kind, reference, receipt_token, repeat_key, content, raw, content_hash, locale, origin,
        origin_network, user_agent, request_id, received_at, over_limit ON declarations
    FOR EACH ROW EXECUTE FUNCTION declarations_refuse_change();

-- The first step of a withdrawal: not a declaration yet.
CREATE TABLE withdrawal_drafts (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    content TEXT NOT NULL,
    raw TEXT NOT NULL,
    locale TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX withdrawal_drafts_by_expiry ON withdrawal_drafts (expires_at);
