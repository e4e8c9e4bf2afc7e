//! What the database is asked, for those who measure it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::DebugQuery;

/// Is told the text of every statement that ends.
pub type StatementListener = Box<dyn Fn(&str) + Send + Sync>;

/// The statements run on all connections of a pool.
#[derive(Default)]
pub(super) struct Statements {
    count: AtomicU64,
    listener: OnceLock<StatementListener>,
}

impl Statements {
    pub(super) fn note(&self, query: &dyn DebugQuery) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(listener) = self.listener.get() {
            listener(&query.to_string());
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The first listener stays.
    pub(super) fn tell(&self, listener: StatementListener) {
        let _ = self.listener.set(listener);
    }
}

impl std::fmt::Debug for Statements {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Statements").field(&self.count()).finish()
    }
}
