//! Logging in: passwords, tokens, API keys and sessions, over HTTP.

mod api_keys;
mod forgery;
mod login;
mod refresh;
mod sessions;
mod world;
