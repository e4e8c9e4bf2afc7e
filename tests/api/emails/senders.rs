//! Several mails travel at the same time: a mail server that takes its time over one reader keeps nobody else waiting.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vertragswerk::worker::{Shutdown, send_mails};

use super::delivery::{PROVIDER, conclude, deliver};
use super::order::{cancel, customer, history, revoke, told};
use crate::helpers::mail::{Behaviour, MailServer};
use crate::helpers::{TestApp, over_http};

over_http!(a_slow_mail_server_delays_only_its_reader);

/// Waits until it is so. The senders look for work twice a second.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(15), "{what}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_slow_mail_server_delays_only_its_reader(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    server.next(Behaviour::Hold);
    let shutdown = Shutdown::default();
    let worker = std::thread::spawn({
        let (state, shutdown) = (state.clone(), shutdown.clone());
        move || send_mails(&state, &shutdown)
    });
    until("the first mail is being read", || server.held() == 1).await;
    let cancellation = cancel(&erika, &contract).await;
    revoke(&erika, &cancellation).await;
    let (_, jan) = app.customer_with(PROVIDER, json!({ "email": "jan@example.com" })).await;
    let other: Value = conclude(&jan, "basis", 1).await;
    cancel(&jan, &other).await;
    until("everybody else is served", || server.accepted().len() == 3).await;
    let mut reached: Vec<String> = server.accepted().into_iter().map(|mail| mail.to).collect();
    reached.sort();
    assert_eq!(
        reached,
        ["<erika@example.com>", "<jan@example.com>", "<jan@example.com>"]
    );
    let expected = [
        ("contract_concluded", "sending"),
        ("cancellation_received", "sent"),
        ("cancellation_revoked", "queued"),
    ];
    assert_eq!(history(&app, &id).await, told(expected));

    // Asked to stop, it finishes what it has in hand and begins nothing more.
    shutdown.stop();
    actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    assert!(!worker.is_finished(), "a mail is still in hand");
    server.release();
    let joined = actix_web::web::block(move || worker.join().is_ok()).await;
    assert!(joined.expect("no panic"));
    let expected = [
        ("contract_concluded", "sent"),
        ("cancellation_received", "sent"),
        ("cancellation_revoked", "queued"),
    ];
    assert_eq!(history(&app, &id).await, told(expected));
    deliver(&state).await;
    assert_eq!(server.accepted().len(), 5);
}
