-- An add-on booking is a contract of its own that belongs to another one: the same rows carry both.

CREATE TABLE add_on_versions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    add_on_id TEXT COLLATE "C" NOT NULL REFERENCES add_ons (id),
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL
);

ALTER TABLE subscriptions ADD COLUMN parent_id TEXT COLLATE "C" REFERENCES subscriptions (id);
ALTER TABLE subscriptions ADD COLUMN add_on_id TEXT COLLATE "C" REFERENCES add_ons (id);
ALTER TABLE subscriptions ADD COLUMN included BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE subscriptions ADD COLUMN created_by_change_id TEXT COLLATE "C";
ALTER TABLE subscriptions ADD COLUMN performed_on DATE;
CREATE INDEX subscriptions_by_parent ON subscriptions (parent_id, id) WHERE parent_id IS NOT NULL;

ALTER TABLE phases ALTER COLUMN plan_version_id DROP NOT NULL;
ALTER TABLE phases ADD COLUMN add_on_version_id TEXT COLLATE "C" REFERENCES add_on_versions (id);
ALTER TABLE phases ADD CONSTRAINT phases_one_version CHECK ((plan_version_id IS NULL) <> (add_on_version_id IS NULL));
