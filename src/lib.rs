//! Vertragswerk: contract self-service with the legally right date, the right price and proof afterwards.
//!
//! Floors, from the ground: [`domain`] (pure rules) ← [`db`] and [`repositories`] ← [`services`] (use cases that own the
//! transaction) ← [`api`] (HTTP). Arrows only point down; `tests/api/architecture.rs` enforces it.

pub mod api;
pub mod clock;
pub mod config;
pub mod context;
pub mod db;
pub mod demo;
pub mod domain;
pub mod error;
pub mod mail;
pub mod metrics;
pub mod page;
pub mod repositories;
pub mod services;
pub mod startup;
pub mod state;
pub mod telemetry;
pub mod worker;
