//! The signal to stop.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Tells the loops to stop; clones share the signal.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    signal: Arc<(Mutex<bool>, Condvar)>,
}

impl Shutdown {
    /// Asks the loops to stop after what they are in the middle of.
    pub fn stop(&self) {
        *self.signal.0.lock() = true;
        self.signal.1.notify_all();
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        *self.signal.0.lock()
    }

    /// Sleeps for `duration` or until it is asked to stop; says whether it was.
    pub(super) fn sleep(&self, duration: Duration) -> bool {
        let mut stopped = self.signal.0.lock();
        if !*stopped {
            self.signal.1.wait_for(&mut stopped, duration);
        }
        *stopped
    }
}
