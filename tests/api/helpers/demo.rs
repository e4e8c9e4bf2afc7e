//! The demo providers in a template database: sandbox, catalogue published, one administrator and one API key each.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;
use vertragswerk::clock::Clock;
use vertragswerk::config::{Config, RateLimitMode, Secret, WebhookConfig};
use vertragswerk::db::{Database, DbConnection};
use vertragswerk::demo::CATALOGUES;
use vertragswerk::domain::access::{Role, Scope, Scopes};
use vertragswerk::error::AppError;
use vertragswerk::services::auth::{NewApiKey, NewUser, api_key_issue, user_create};
use vertragswerk::services::catalogue::import;
use vertragswerk::services::providers::{self, ProviderMode};
use vertragswerk::state::AppState;

/// What the wall clock shows when a test begins: a Monday, 11 o'clock in Berlin.
pub const START: OffsetDateTime = datetime!(2026-03-16 10:00 UTC);
/// Login name of every demo provider's administrator.
pub const ADMIN: &str = "admin@example.com";
/// Password of every login made for tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// API keys by the short name of their provider.
pub type ApiKeys = BTreeMap<String, String>;

/// The state of a demo server on `database`, its clock standing at [`START`].
pub fn state(database: Database) -> AppState {
    let config = Config {
        rate_limit: RateLimitMode::Off,
        workers: Some(1),
        // A busy machine may be slow; only tests of the limits themselves should meet them.
        client_timeout_seconds: 120,
        request_timeout_seconds: 120,
        // Receivers of webhooks are tests too, on this machine; a slow one is given up soon.
        webhooks: WebhookConfig {
            allow_loopback: true,
            timeout_seconds: 2,
            ..WebhookConfig::default()
        },
        ..Config::default()
    };
    AppState::with_database(config, Clock::manual(START), database).expect("the demo's configuration")
}

/// Fills a template.
pub fn fill(database: Database) -> ApiKeys {
    let state = state(database);
    CATALOGUES
        .iter()
        .map(|(_, catalogue)| provider(&state, catalogue))
        .collect()
}

fn provider(state: &AppState, catalogue: &str) -> (String, String) {
    let parsed: Value = serde_json::from_str(catalogue).expect("JSON");
    let text = |member: &str| parsed["provider"][member].as_str().expect("a text").to_owned();
    let (slug, name) = (text("slug"), text("name"));
    let publish = |connection: &mut DbConnection| {
        let provider = providers::create(connection, &slug, &name, ProviderMode::Sandbox, START)?;
        import(connection, &provider.id, &slug, catalogue, START)?;
        Ok::<_, AppError>(provider.id)
    };
    let provider_id = state.db.write(publish).expect("a published catalogue");
    let admin = NewUser {
        provider_id: provider_id.clone(),
        customer_id: None,
        username: ADMIN.to_owned(),
        password: Secret::new(PASSWORD),
        role: Role::Admin,
    };
    user_create(state, &admin).expect("an administrator");
    let scopes: Vec<&str> = Role::Admin
        .scopes()
        .iter()
        .filter(|scope| *scope != Scope::ApiKeysWrite)
        .map(Scope::as_str)
        .collect();
    let key = NewApiKey {
        name: "Tests".to_owned(),
        scopes: Scopes::parse(&scopes.join(" ")).expect("known scopes"),
        expires_at: None,
    };
    (
        slug,
        api_key_issue(state, &provider_id, &key).expect("an API key").secret,
    )
}
