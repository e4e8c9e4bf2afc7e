-- Days on which a contract did not run: a package had taken it in, which was withdrawn from later, its use being paid for.
ALTER TABLE phases ADD COLUMN suspended BOOLEAN NOT NULL DEFAULT FALSE;
