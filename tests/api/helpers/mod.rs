//! What every test needs: an isolated, migrated database of its own on either engine, and the real server on it.

pub mod app;
pub mod chromium;
pub mod database;
pub mod demo;
pub mod http;
pub mod mail;
pub mod mime;
pub mod postgres;
pub mod server;

pub use app::TestApp;
pub use database::TestDatabase;

/// Runs test functions on both databases: `on_both_databases!(name);` makes the tests `name::sqlite` and `name::postgres`
/// of `fn name(database: &TestDatabase)`. The database has the schema and no rows.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[test]
            fn sqlite() {
                super::$name(&$crate::helpers::TestDatabase::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(database) = $crate::helpers::TestDatabase::postgres() {
                    super::$name(&database);
                }
            }
        })+
    };
}

/// Runs conversations with the server on both databases: `over_http!(name);` makes the tests `name::sqlite` and
/// `name::postgres` of `async fn name(app: TestApp<'_>)`. The demo providers are there, and nothing else.
macro_rules! over_http {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[test]
            fn sqlite() {
                $crate::helpers::app::run(&$crate::helpers::TestDatabase::sqlite_demo(), super::$name);
            }

            #[test]
            fn postgres() {
                if let Some(database) = $crate::helpers::TestDatabase::postgres_demo() {
                    $crate::helpers::app::run(&database, super::$name);
                }
            }
        })+
    };
}

pub(crate) use {on_both_databases, over_http};
