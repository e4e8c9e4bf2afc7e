//! What can go wrong around the server, done to it on purpose. Each case takes a number of rounds and a seed, and says what it
//! did; whatever it finds lost, doubled or left hanging is an error. The test suite runs a short selection of the same code.

pub mod billing;
#[path = "../../common/client.rs"]
pub mod client;
pub mod commands;
pub mod ground;
pub mod inside;
pub mod kill;
pub mod late;
#[path = "../../common/process.rs"]
pub mod process;
pub mod stop;
