-- Invoices, their corrections, payments and usage. A document is stored as its canonical JSON and never changed; the columns
-- beside it are what lists filter by and what moves on after issue.

ALTER TABLE customers ADD COLUMN billing TEXT NOT NULL DEFAULT '{}';
ALTER TABLE customers ADD COLUMN balance BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN balance_currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE customers ADD COLUMN payment_status TEXT NOT NULL DEFAULT 'paid_up';
ALTER TABLE customers ADD COLUMN swept_on DATE;

-- SQLite cannot change a check: the table is made anew.
CREATE TABLE charges_rebuilt (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    item_id TEXT NOT NULL,
    price_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('recurring', 'proration', 'credit', 'one_off', 'usage')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'invoiced', 'voided')),
    change_id TEXT,
    original_charge_id TEXT,
    invoice_id TEXT,
    credit_note_id TEXT,
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
INSERT INTO charges_rebuilt
    (id, provider_id, customer_id, subscription_id, item_id, price_key, kind, status, change_id,
    original_charge_id, label, arithmetic, quantity, unit_price, amount, currency, price_mode, tax_rate,
    period_from, period_through, billing_from, billing_through, charged_on, created_at)
SELECT
    id, provider_id, customer_id, subscription_id, item_id, price_key, kind, status, change_id,
    original_charge_id, label, arithmetic, quantity, unit_price, amount, currency, price_mode, tax_rate,
    period_from, period_through, billing_from, billing_through, charged_on, created_at
FROM charges;
DROP TABLE charges;
ALTER TABLE charges_rebuilt RENAME TO charges;
CREATE INDEX charges_by_customer ON charges (customer_id, period_through);
CREATE INDEX charges_by_provider ON charges (provider_id, id);
CREATE INDEX charges_by_subscription ON charges (subscription_id, id);
CREATE UNIQUE INDEX charges_once_per_period ON charges (item_id, price_key, period_from)
    WHERE kind = 'recurring' AND status <> 'voided';
CREATE INDEX charges_drafts ON charges (customer_id) WHERE status = 'draft';
CREATE INDEX charges_by_invoice ON charges (invoice_id) WHERE invoice_id IS NOT NULL;

CREATE TABLE invoices (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    number TEXT NOT NULL,
    series TEXT NOT NULL CHECK (series IN ('live', 'sandbox')),
    year INTEGER NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'overdue', 'cancelled')),
    issued_on DATE NOT NULL,
    due_on DATE NOT NULL,
    currency TEXT NOT NULL,
    treatment TEXT NOT NULL,
    net BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    gross BIGINT NOT NULL,
    balance_applied BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    settled_at TIMESTAMP,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, number),
    UNIQUE (provider_id, series, year, sequence)
);
CREATE INDEX invoices_by_customer ON invoices (customer_id, id);
CREATE INDEX invoices_by_provider ON invoices (provider_id, id);
CREATE INDEX invoices_unpaid ON invoices (customer_id) WHERE status IN ('open', 'overdue');

CREATE TABLE credit_notes (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    number TEXT NOT NULL,
    series TEXT NOT NULL CHECK (series IN ('live', 'sandbox')),
    year INTEGER NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    issued_on DATE NOT NULL,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    UNIQUE (provider_id, number),
    UNIQUE (provider_id, series, year, sequence)
);
CREATE INDEX credit_notes_by_customer ON credit_notes (customer_id, id);
CREATE INDEX credit_notes_by_provider ON credit_notes (provider_id, id);

CREATE TABLE credit_note_invoices (
    credit_note_id TEXT NOT NULL REFERENCES credit_notes (id),
    invoice_id TEXT NOT NULL REFERENCES invoices (id),
    PRIMARY KEY (credit_note_id, invoice_id)
);
CREATE INDEX credit_note_invoices_by_invoice ON credit_note_invoices (invoice_id);

CREATE TABLE document_counters (
    provider_id TEXT NOT NULL REFERENCES providers (id),
    series TEXT NOT NULL,
    document_type TEXT NOT NULL,
    year INTEGER NOT NULL,
    last_sequence BIGINT NOT NULL,
    PRIMARY KEY (provider_id, series, document_type, year)
);

CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    received_on DATE NOT NULL,
    invoice_id TEXT,
    method TEXT,
    reference TEXT,
    allocations TEXT NOT NULL,
    to_balance BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX payments_by_customer ON payments (customer_id, id);
CREATE INDEX payments_by_provider ON payments (provider_id, id);

CREATE TABLE usage_records (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    plan_version_id TEXT NOT NULL,
    price_key TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    reference TEXT,
    used_at TIMESTAMP NOT NULL,
    used_on DATE NOT NULL,
    recorded_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    billed_on DATE,
    charge_id TEXT,
    UNIQUE (provider_id, reference)
);
CREATE INDEX usage_records_by_provider ON usage_records (provider_id, id);
CREATE INDEX usage_records_by_customer ON usage_records (customer_id, id);
CREATE INDEX usage_records_unbilled ON usage_records (customer_id) WHERE billed_on IS NULL;
