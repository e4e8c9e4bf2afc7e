-- The outbox: a row is written in the transaction of what it tells about, and sent by the worker afterwards.
CREATE TABLE emails (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" REFERENCES customers (id),
    subscription_id TEXT COLLATE "C",
    event_id TEXT COLLATE "C",
    object_id TEXT COLLATE "C",
    resent_from_id TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL,
    attachments TEXT NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL UNIQUE,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'skipped', 'kept')),
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    last_error TEXT,
    skip_reason TEXT,
    occurred_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP
);
CREATE INDEX emails_by_provider ON emails (provider_id, id);
CREATE INDEX emails_by_customer ON emails (customer_id, id);
CREATE INDEX emails_waiting ON emails (next_attempt_at, id) WHERE status IN ('queued', 'sending');
CREATE UNIQUE INDEX emails_once_per_event ON emails (event_id, kind) WHERE event_id IS NOT NULL AND resent_from_id IS NULL;
