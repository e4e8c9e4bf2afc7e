DROP TABLE usage_records;
DROP TABLE payments;
DROP TABLE document_counters;
DROP TABLE credit_note_invoices;
DROP TABLE credit_notes;
DROP TABLE invoices;
DROP INDEX charges_by_invoice;
DROP INDEX charges_drafts;
DELETE FROM charges WHERE kind = 'usage';
CREATE TABLE charges_rebuilt (
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    customer_id TEXT NOT NULL REFERENCES customers (id),
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    item_id TEXT NOT NULL,
    price_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('recurring', 'proration', 'credit', 'one_off')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'invoiced', 'voided')),
    change_id TEXT,
    original_charge_id TEXT,
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
ALTER TABLE customers DROP COLUMN swept_on;
ALTER TABLE customers DROP COLUMN payment_status;
ALTER TABLE customers DROP COLUMN balance_currency;
ALTER TABLE customers DROP COLUMN balance;
ALTER TABLE customers DROP COLUMN billing;
