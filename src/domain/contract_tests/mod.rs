//! The contract rules, tried as a provider's customers would: stories with exact dates and amounts, the hard cases of other
//! systems under their ids (`H11` …), and random sequences of commands against what must always hold.

mod cancellation;
mod carts;
mod conclusion;
mod due;
mod erasure_wish;
mod fixture;
mod foresee;
mod foretold;
mod good_cause;
mod hard_add_ons;
mod hard_upgrades;
mod invariants;
mod invoicing;
mod keep_one;
mod notices;
mod open_charges;
mod owed_service;
mod plan_change;
mod plans;
mod preview;
mod quantity;
mod random;
mod random_bookings;
mod revocation;
mod settlement;
mod slots;
mod slots_passing;
mod story_ahead;
mod time_zones;
mod upgrade;
mod withdrawal;
