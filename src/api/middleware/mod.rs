//! What happens around every request.

pub mod authentication;
