-- Invoices, their corrections, payments and usage. A document is stored as its canonical JSON and never changed; the columns
-- beside it are what lists filter by and what moves on after issue.

ALTER TABLE customers ADD COLUMN billing TEXT NOT NULL DEFAULT '{}';
ALTER TABLE customers ADD COLUMN balance BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN balance_currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE customers ADD COLUMN payment_status TEXT NOT NULL DEFAULT 'paid_up';
ALTER TABLE customers ADD COLUMN swept_on DATE;

ALTER TABLE charges ADD COLUMN invoice_id TEXT COLLATE "C";
ALTER TABLE charges ADD COLUMN credit_note_id TEXT COLLATE "C";
ALTER TABLE charges DROP CONSTRAINT charges_kind_check;
ALTER TABLE charges ADD CONSTRAINT charges_kind_check
    CHECK (kind IN ('recurring', 'proration', 'credit', 'one_off', 'usage'));
CREATE INDEX charges_drafts ON charges (customer_id) WHERE status = 'draft';
CREATE INDEX charges_by_invoice ON charges (invoice_id) WHERE invoice_id IS NOT NULL;

CREATE TABLE invoices (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    number TEXT COLLATE "C" NOT NULL,
    series TEXT COLLATE "C" NOT NULL CHECK (series IN ('live', 'sandbox')),
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
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    number TEXT COLLATE "C" NOT NULL,
    series TEXT COLLATE "C" NOT NULL CHECK (series IN ('live', 'sandbox')),
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
    credit_note_id TEXT COLLATE "C" NOT NULL REFERENCES credit_notes (id),
    invoice_id TEXT COLLATE "C" NOT NULL REFERENCES invoices (id),
    PRIMARY KEY (credit_note_id, invoice_id)
);
CREATE INDEX credit_note_invoices_by_invoice ON credit_note_invoices (invoice_id);

CREATE TABLE document_counters (
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    series TEXT COLLATE "C" NOT NULL,
    document_type TEXT COLLATE "C" NOT NULL,
    year INTEGER NOT NULL,
    last_sequence BIGINT NOT NULL,
    PRIMARY KEY (provider_id, series, document_type, year)
);

CREATE TABLE payments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    received_on DATE NOT NULL,
    invoice_id TEXT COLLATE "C",
    method TEXT,
    reference TEXT,
    allocations TEXT NOT NULL,
    to_balance BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX payments_by_customer ON payments (customer_id, id);
CREATE INDEX payments_by_provider ON payments (provider_id, id);

CREATE TABLE usage_records (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    plan_version_id TEXT COLLATE "C" NOT NULL,
    price_key TEXT COLLATE "C" NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    reference TEXT COLLATE "C",
    used_at TIMESTAMP NOT NULL,
    used_on DATE NOT NULL,
    recorded_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    billed_on DATE,
    charge_id TEXT COLLATE "C",
    UNIQUE (provider_id, reference)
);
CREATE INDEX usage_records_by_provider ON usage_records (provider_id, id);
CREATE INDEX usage_records_by_customer ON usage_records (customer_id, id);
CREATE INDEX usage_records_unbilled ON usage_records (customer_id) WHERE billed_on IS NULL;
