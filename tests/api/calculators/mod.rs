//! The calculators over HTTP: every vector, reasons in both languages, and whatever else people may send.

mod answers;
mod any_input;
mod wrong_input;

use reqwest::Method;
use serde_json::Value;
use vertragswerk::api::openapi;
use vertragswerk::clock::Clock;
use vertragswerk::config::{Config, RateLimitMode};
use vertragswerk::state::AppState;

use crate::helpers::TestDatabase;
use crate::helpers::http::{Answer, Caller};
use crate::helpers::server::serve;

/// Each calculator with its file of requests and exact answers.
const VECTORS: [(&str, &str); 5] = [
    ("termination-date", include_str!("../../vectors/termination-date.json")),
    (
        "withdrawal-period",
        include_str!("../../vectors/withdrawal-period.json"),
    ),
    ("billing-period", include_str!("../../vectors/billing-period.json")),
    ("proration", include_str!("../../vectors/proration.json")),
    ("tax", include_str!("../../vectors/tax.json")),
];

/// Serves a server with nothing in its database: the calculators need no tenant, no token and no data.
fn calculate<F: Future<Output = ()>>(database: &TestDatabase, conversation: impl FnOnce(Caller) -> F) {
    let config = Config {
        workers: Some(1),
        rate_limit: RateLimitMode::Off,
        ..Config::default()
    };
    let state = AppState::with_database(config, Clock::System, database.open(2)).expect("a good configuration");
    serve(state, conversation);
}

fn path(calculator: &str) -> String {
    format!("/v1/calculators/{calculator}")
}

async fn ask(caller: &Caller, calculator: &str, language: &str, body: &Value) -> Answer {
    let request = caller.request(Method::POST, &path(calculator));
    caller
        .send(request.header("Accept-Language", language).json(body))
        .await
}

/// The requests and answers of one file.
fn cases(file: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(file).expect("JSON");
    vectors["cases"].as_array().expect("cases").clone()
}

/// The calculator in the OpenAPI document.
fn operation(calculator: &str) -> &'static Value {
    &openapi::document()["paths"][path(calculator)]["post"]
}

/// The example of the schema that is sent or answered.
fn example_of(content: &Value) -> Value {
    let reference = content["content"]["application/json"]["schema"]["$ref"]
        .as_str()
        .expect("a reference");
    let name = reference.rsplit('/').next().expect("a name");
    let schema = &openapi::document()["components"]["schemas"][name];
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    example.unwrap_or_else(|| panic!("{name} has no example")).clone()
}

/// The request in the document's example.
fn example(calculator: &str) -> Value {
    example_of(&operation(calculator)["requestBody"])
}
