//! The real server, in this process, on a port of its own and with the demo providers.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::json;
use vertragswerk::services::verification;
use vertragswerk::state::AppState;

use super::TestDatabase;
use super::demo::{self, ADMIN, PASSWORD};
use super::http::Caller;
use super::server::serve;

/// A running server. `state.clock` is its wall clock, which stands still until the test moves it.
pub struct TestApp<'a> {
    /// What the server's handlers share.
    pub state: AppState,
    /// Someone without a login.
    pub anonymous: Caller,
    database: &'a TestDatabase,
    damaged: Rc<Cell<bool>>,
}

/// Starts a server on `database`, runs `test` against it and stops it. Whatever the test did, every invariant of
/// `vertragswerk verify` must hold of what it leaves behind.
pub fn run<'a, F: Future<Output = ()>>(database: &'a TestDatabase, test: impl FnOnce(TestApp<'a>) -> F) {
    let state = demo::state(database.open(4));
    let damaged = Rc::new(Cell::new(false));
    serve(state.clone(), |anonymous| {
        test(TestApp {
            state: state.clone(),
            anonymous,
            database,
            damaged: Rc::clone(&damaged),
        })
    });
    if !damaged.get() {
        let findings = verification::verify(&state).expect("a database");
        assert_eq!(
            findings.offences(),
            [],
            "the test leaves records that break an invariant"
        );
    }
}

impl TestApp<'_> {
    /// Says that the test breaks records on purpose, so that they need not be sound when it is over.
    pub fn leaves_damage(&self) {
        self.damaged.set(true);
    }

    /// A program of the demo provider with this short name: an API key with every scope a key can hold.
    pub fn staff(&self, provider: &str) -> Caller {
        self.anonymous.with_token(self.database.api_key(provider))
    }

    /// The provider's administrator, logged in by password.
    pub async fn admin(&self, provider: &str) -> Caller {
        self.login(provider, ADMIN, PASSWORD).await
    }

    /// Someone logged in by password.
    pub async fn login(&self, provider: &str, username: &str, password: &str) -> Caller {
        let form = [
            ("grant_type", "password"),
            ("client_id", provider),
            ("username", username),
            ("password", password),
        ];
        let request = self
            .anonymous
            .request(reqwest::Method::POST, "/v1/auth/token")
            .form(&form);
        let grant = self.anonymous.send(request).await.expect(200);
        self.anonymous
            .with_token(grant["access_token"].as_str().expect("an access token"))
    }

    /// A new customer (`consumer` or `business`) of the provider: its id, and the customer in a session of 15 minutes.
    pub async fn customer(&self, provider: &str, customer_type: &str) -> (String, Caller) {
        self.customer_with(provider, json!({ "customer_type": customer_type }))
            .await
    }

    /// Like [`TestApp::customer`], with members of the request (`test_clock_id`, `locale` …).
    pub async fn customer_with(&self, provider: &str, members: serde_json::Value) -> (String, Caller) {
        let mut body = json!({ "name": "Erika Mustermann", "email": "erika@example.com", "customer_type": "business" });
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        let staff = self.staff(provider);
        let customer = staff.post("/v1/customers", body).await.expect(201);
        let id = customer["id"].as_str().expect("an id").to_owned();
        let session = staff
            .post_empty(&format!("/v1/customers/{id}/sessions"))
            .await
            .expect(200);
        let caller = self
            .anonymous
            .with_token(session["access_token"].as_str().expect("a token"));
        (id, caller)
    }

    /// A test clock of the provider showing `now_at` (RFC 3339); its id.
    pub async fn test_clock(&self, provider: &str, now_at: &str) -> String {
        let clock = self
            .staff(provider)
            .post("/v1/test-clocks", json!({ "now": now_at }))
            .await
            .expect(201);
        clock["id"].as_str().expect("an id").to_owned()
    }

    /// Moves a test clock forward to `to_at` (RFC 3339).
    pub async fn advance(&self, provider: &str, test_clock_id: &str, to_at: &str) {
        let path = format!("/v1/test-clocks/{test_clock_id}/advance");
        self.staff(provider)
            .post(&path, json!({ "to": to_at }))
            .await
            .expect(200);
    }
}
