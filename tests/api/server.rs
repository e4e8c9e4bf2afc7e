//! The server as a whole: it starts, answers, and survives what its database does.

use vertragswerk::clock::Clock;

use crate::helpers::{TestApp, over_http};

over_http!(a_fresh_server_is_alive_and_ready);

async fn a_fresh_server_is_alive_and_ready(app: TestApp<'_>) {
    app.anonymous.get("/livez").await.expect(200);
    app.anonymous.get("/readyz").await.expect(200);
    assert!(matches!(app.state.clock, Clock::Manual(_)));
}
