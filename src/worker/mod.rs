//! Work that nobody waits for: the due loop, the numbering of events, the clearing of what has expired, and the mail loop.

mod due_loop;
mod mail_loop;
mod shutdown;

use crate::state::AppState;

pub use shutdown::Shutdown;

/// Runs all loops until `shutdown`, each in a thread of its own. Blocks the calling thread.
pub fn run(state: &AppState, shutdown: &Shutdown) {
    std::thread::scope(|scope| {
        scope.spawn(|| mail_loop::run(state, shutdown));
        due_loop::run(state, shutdown);
    });
}
