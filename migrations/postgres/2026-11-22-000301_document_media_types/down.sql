ALTER TABLE legal_documents DROP COLUMN media_type;
