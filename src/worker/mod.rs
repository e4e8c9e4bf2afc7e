//! Work that nobody waits for: the due loop, the numbering of events, and the clearing of what has expired.

mod due_loop;

pub use due_loop::{Shutdown, run};
