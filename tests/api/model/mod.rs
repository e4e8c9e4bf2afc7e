//! A second, independent and simple model of the contract, and random stories told to both it and the system.
//!
//! The model ([`customer`], [`life`], [`notice`], [`charging`], [`invoices`], [`withdrawal`]) was written from the rules of law and the
//! design decisions, lives from day to day, and counts money in exact [`fraction`]s. It is worth something only as long as it
//! stays independent: it uses nothing of `vertragswerk`, neither dates nor terms nor arithmetic. Where the two differ, the
//! rules decide who is right, never the other's code; what was found that way is kept in [`cases`].
//!
//! [`rules`] asks the system's domain, fast and a thousand times; [`server`] asks the running server on both databases.

mod cases;
mod charging;
mod compare;
mod customer;
mod days;
mod fraction;
mod invoices;
mod item;
mod life;
mod notice;
mod over_http;
mod picture;
mod rules;
mod server;
mod steps;
mod tariff;
mod withdrawal;
mod wrong;
