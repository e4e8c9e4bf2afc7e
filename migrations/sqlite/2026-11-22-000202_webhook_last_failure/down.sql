ALTER TABLE webhook_endpoints DROP COLUMN last_failure_error;
ALTER TABLE webhook_endpoints DROP COLUMN last_failure_status;
ALTER TABLE webhook_endpoints DROP COLUMN last_failure_at;
