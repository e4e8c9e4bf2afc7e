//! A server with two providers, their staff and a customer, under a clock that stands still.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;
use vertragswerk::clock::Clock;
use vertragswerk::config::{Config, RateLimitMode, Secret};
use vertragswerk::db::DbConnection;
use vertragswerk::domain::access::Role;
use vertragswerk::domain::customer_type::CustomerType;
use vertragswerk::error::AppError;
use vertragswerk::services::auth::{NewUser, user_create};
use vertragswerk::services::customers::{self, NewCustomer};
use vertragswerk::services::events;
use vertragswerk::services::providers::{self, ProviderMode};
use vertragswerk::state::AppState;

use crate::helpers::TestDatabase;
use crate::helpers::http::{Answer, Caller};
use crate::helpers::server::serve;

pub const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);
pub const PASSWORD: &str = "correct horse battery staple";
/// RFC 8037 appendix A: a published key pair, so that tests can forge with it.
pub const SIGNING_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

/// What the tests talk to.
pub struct World {
    pub state: AppState,
    pub caller: Caller,
    /// Customers `cus_…` of `acme`, two of them, and one of `other`.
    pub customers: [String; 3],
}

/// Runs a test's conversation with its own server.
pub fn converse<F: Future<Output = ()>>(database: &TestDatabase, conversation: impl FnOnce(World) -> F) {
    let state = state(database);
    let customers = people(&state);
    serve(state.clone(), |caller| {
        conversation(World {
            state,
            caller,
            customers,
        })
    });
}

fn state(database: &TestDatabase) -> AppState {
    let config = Config {
        signing_key: Some(Secret::new(SIGNING_KEY)),
        public_url: Some("https://api.example.com".to_owned()),
        demo: false,
        preview_secret: Some(Secret::new("0123456789abcdef0123456789abcdef")),
        rate_limit: RateLimitMode::Off,
        workers: Some(1),
        ..Config::default()
    };
    AppState::with_database(config, Clock::manual(NOW), database.open(4)).expect("a good configuration")
}

/// `acme` (sandbox) with the staff `admin` and `support` and the login `anna` of its first customer; `other` (live) with
/// `admin`.
fn people(state: &AppState) -> [String; 3] {
    let create = |conn: &mut DbConnection| {
        let acme = providers::create(conn, "acme", "Acme", ProviderMode::Sandbox, NOW)?.id;
        let other = providers::create(conn, "other", "Other", ProviderMode::Live, NOW)?.id;
        let mut customer = |provider: &str, number: &str| {
            customers::create_in_txn(conn, provider, &new_customer(number), |_| events::Caller::system(), NOW)
                .map(|customer| customer.id)
        };
        let customers = [
            customer(&acme, "K-1")?,
            customer(&acme, "K-2")?,
            customer(&other, "K-3")?,
        ];
        Ok::<_, AppError>((acme, other, customers))
    };
    let (acme, other, customers) = state.db.write(create).expect("providers and customers");
    let people = [
        (&acme, "admin", Role::Admin, None),
        (&acme, "support", Role::Support, None),
        (&acme, "anna", Role::Customer, Some(customers[0].clone())),
        (&other, "admin", Role::Admin, None),
    ];
    for (provider, name, role, customer_id) in people {
        let new = NewUser {
            provider_id: provider.clone(),
            customer_id,
            username: format!(" {name}@Example.com "),
            password: Secret::new(PASSWORD),
            role,
        };
        user_create(state, &new).expect("a user");
    }
    customers
}

fn new_customer(number: &str) -> NewCustomer {
    NewCustomer {
        customer_number: Some(number.to_owned()),
        customer_type: CustomerType::Consumer,
        name: "Anna Beispiel".to_owned(),
        email: "anna@example.com".to_owned(),
        locale: None,
        holiday_region: None,
        external_id: None,
        billing: vertragswerk::domain::invoice::BillingDetails::default(),
        metadata: BTreeMap::new(),
        test_clock_id: None,
    }
}

impl World {
    /// `POST /v1/auth/token` with these members.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.form("/v1/auth/token", form).await
    }

    /// `POST path` with a form.
    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.caller.request(reqwest::Method::POST, path).form(form);
        self.caller.send(request).await
    }

    /// Tries to log a user of `acme` in.
    pub async fn try_login(&self, name: &str, password: &str) -> Answer {
        let username = format!("{name}@example.com");
        self.token(&[
            ("grant_type", "password"),
            ("client_id", "acme"),
            ("username", &username),
            ("password", password),
        ])
        .await
    }

    /// Logs a user of `acme` in.
    pub async fn login(&self, name: &str) -> Value {
        self.try_login(name, PASSWORD).await.expect(200)
    }

    /// The caller logged in as a user of `acme`.
    pub async fn logged_in(&self, name: &str) -> Caller {
        self.caller.with_token(text(&self.login(name).await, "access_token"))
    }

    /// The caller logged in as the administrator of `other`.
    pub async fn stranger(&self) -> Caller {
        let form = [
            ("grant_type", "password"),
            ("client_id", "other"),
            ("username", "admin@example.com"),
            ("password", PASSWORD),
        ];
        self.caller
            .with_token(text(&self.token(&form).await.expect(200), "access_token"))
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }
}

/// A text member of an answer.
pub fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {answer}"))
}
