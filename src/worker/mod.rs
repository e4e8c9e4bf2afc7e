//! Work that nobody waits for: the due loop.
