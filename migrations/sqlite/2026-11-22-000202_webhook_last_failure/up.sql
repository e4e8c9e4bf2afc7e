-- What went wrong last while every attempt fails; forgotten with the next success.
ALTER TABLE webhook_endpoints ADD COLUMN last_failure_at TIMESTAMP;
ALTER TABLE webhook_endpoints ADD COLUMN last_failure_status INTEGER;
ALTER TABLE webhook_endpoints ADD COLUMN last_failure_error TEXT;
