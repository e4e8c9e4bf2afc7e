ALTER TABLE phases DROP COLUMN suspended;
