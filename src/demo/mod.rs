//! The demo providers, as data.
