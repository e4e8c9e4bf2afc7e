-- What occupies which slot of which contract. Released slots stay as history; of those that are not released there is one for
-- each slot of a contract.

CREATE TABLE slot_allocations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    kind TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C",
    from_on DATE NOT NULL,
    allocated_at TIMESTAMP NOT NULL,
    released_on DATE,
    moves TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX slot_allocations_one_per_slot ON slot_allocations (subscription_id, kind, number) WHERE released_on IS NULL;
CREATE INDEX slot_allocations_by_customer ON slot_allocations (customer_id, id) WHERE released_on IS NULL;
