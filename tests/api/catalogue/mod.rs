//! The catalogue: publishing it, and what callers read of it.

mod import;
mod read;
