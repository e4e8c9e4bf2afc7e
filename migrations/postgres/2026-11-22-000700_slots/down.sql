DROP TABLE slot_allocations;
