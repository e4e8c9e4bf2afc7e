//! The reference pages of the statutory functions: plain forms, without login, without script, without anything from elsewhere.
//! They use the same services as the API and the same description of the fields.

mod form;
mod handlers;
mod texts;
mod view;

pub use handlers::configure;

/// Whether a path is one of these pages.
pub fn is_page(path: &str) -> bool {
    path.starts_with("/p/")
}
