DROP INDEX emails_by_object;
