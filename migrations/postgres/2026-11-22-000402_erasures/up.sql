-- What is erased with the end of a contract whose customer asked for it (Art. 17 GDPR).
CREATE TABLE data_erasures (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    cancellation_id TEXT COLLATE "C" NOT NULL REFERENCES changes (id),
    due_on DATE NOT NULL,
    deadline_on DATE NOT NULL,
    erased_at TIMESTAMP NOT NULL,
    erased_event_payloads BIGINT NOT NULL,
    erased_slots BIGINT NOT NULL,
    erased_profile BOOLEAN NOT NULL,
    acknowledged_at TIMESTAMP,
    acknowledged_by TEXT COLLATE "C",
    note TEXT,
    version BIGINT NOT NULL,
    UNIQUE (cancellation_id)
);
CREATE INDEX data_erasures_by_customer ON data_erasures (customer_id, id);
CREATE INDEX data_erasures_by_provider ON data_erasures (provider_id, id);
