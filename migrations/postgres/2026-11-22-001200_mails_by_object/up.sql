-- Which mails told of a declaration is asked when it turns out whose it is. Databases that took an earlier form of 000900 have it.
CREATE INDEX IF NOT EXISTS emails_by_object ON emails (object_id) WHERE object_id IS NOT NULL;
