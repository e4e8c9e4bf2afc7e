//! What happens around every request, from the outside in: [`method`], compression, CORS, [`envelope`], [`rate_limit`],
//! [`guard`], [`authentication`].

pub mod authentication;
pub mod envelope;
pub mod guard;
pub mod method;
pub mod rate_limit;
pub mod security_headers;
