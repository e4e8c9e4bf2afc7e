//! What can go wrong around the server, done to it on purpose. Each case takes a number of rounds and a seed, and says what it
//! did; whatever it finds lost, doubled or left hanging is an error. The test suite runs a short selection of the same code.

pub mod billing;
pub mod broken;
#[path = "../../common/client.rs"]
pub mod client;
pub mod clock;
pub mod commands;
pub mod crowd;
pub mod disk;
pub mod ground;
pub mod inside;
pub mod kill;
pub mod late;
pub mod outage;
#[path = "../../common/process.rs"]
pub mod process;
pub mod scenes;
pub mod stop;
pub mod trouble;
pub mod world;
