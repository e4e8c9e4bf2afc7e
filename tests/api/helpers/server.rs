//! The whole server, as `main` starts it, on a free port of this machine.

use vertragswerk::startup;
use vertragswerk::state::AppState;

use super::http::Caller;

/// Serves `state` while `conversation` talks to it.
pub fn serve<F: Future<Output = ()>>(state: AppState, conversation: impl FnOnce(Caller) -> F) {
    actix_web::rt::System::new().block_on(async {
        let application = startup::build(state).expect("a free port");
        let handle = application.server.handle();
        let serving = actix_web::rt::spawn(application.server);
        conversation(Caller::anonymous(&format!("http://127.0.0.1:{}", application.port))).await;
        handle.stop(false).await;
        serving
            .await
            .expect("the server did not panic")
            .expect("the server ended in order");
    });
}
