-- Since when a customer's data are kept only because the law demands it (Art. 18 GDPR, § 35 Abs. 3 BDSG).
ALTER TABLE customers ADD COLUMN restricted_at TIMESTAMP;
CREATE INDEX customers_restricted ON customers (provider_id, id) WHERE restricted_at IS NOT NULL;
