-- Wordings are text, or PDF as base64.
ALTER TABLE legal_documents ADD COLUMN media_type TEXT NOT NULL DEFAULT 'text/plain';
