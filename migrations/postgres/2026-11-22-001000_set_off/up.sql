-- What credits of other invoices have settled of an invoice (§§ 387, 389 BGB).
ALTER TABLE invoices ADD COLUMN set_off BIGINT NOT NULL DEFAULT 0;
