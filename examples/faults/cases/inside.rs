//! A server inside this process, whose clock can be set.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread;

use vertragswerk::startup;
use vertragswerk::state::AppState;

use super::client::Fault;

/// Serves `state` while `talk` talks to it.
pub fn serve<T>(state: AppState, talk: impl FnOnce(SocketAddr) -> Result<T, Fault>) -> Result<T, Fault> {
    let (sender, receiver) = mpsc::channel();
    let serving = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let application = startup::build(state)?;
            // Nobody listens only if this process is on its way out.
            let _ = sender.send((application.port, application.server.handle()));
            application.server.await
        })
    });
    let (port, handle) = receiver.recv().map_err(|_| "the server did not start")?;
    let told = talk(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    // The future only waits; the server is told at once.
    drop(handle.stop(false));
    serving.join().map_err(|_| "the server panicked")??;
    told
}
