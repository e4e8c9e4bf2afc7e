//! What every test needs: an isolated, migrated database of its own on either engine.

pub mod database;
pub mod http;
pub mod postgres;

pub use database::TestDatabase;

/// Runs one test function on both databases, as two tests: `both!(name);` makes `name::sqlite` and `name::postgres` of
/// `fn name(database: &TestDatabase)`.
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
pub(crate) use on_both_databases;
