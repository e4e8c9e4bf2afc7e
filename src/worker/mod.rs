//! Work that nobody waits for: the due loop, the numbering of events, the clearing of what has expired, mails and webhooks.

mod delivery_loop;
mod due_loop;
mod mail_loop;
mod sender;
mod shutdown;

use crate::state::AppState;

pub use delivery_loop::deliver;
pub use mail_loop::run as send_mails;
pub use shutdown::Shutdown;

/// Runs all loops until `shutdown`, each in a thread of its own. Blocks the calling thread.
pub fn run(state: &AppState, shutdown: &Shutdown) {
    std::thread::scope(|scope| {
        scope.spawn(|| mail_loop::run(state, shutdown));
        scope.spawn(|| deliver(state, shutdown));
        due_loop::run(state, shutdown);
    });
}
