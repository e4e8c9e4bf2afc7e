//! The feed of events as integrators read it.

use serde_json::{Value, json};
use vertragswerk::domain::event_type::EventType;

use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(a_type_that_does_not_exist_is_refused_with_those_that_do);

const PROVIDER: &str = "textschirm";

async fn a_type_that_does_not_exist_is_refused_with_those_that_do(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    customer.post("/v1/subscriptions", order).await.expect(201);
    let staff = app.staff(PROVIDER);
    let types = |list: &Value| -> Vec<String> {
        let events = list["data"].as_array().expect("events");
        let name = |event: &Value| event["type"].as_str().expect("a type").to_owned();
        events.iter().map(name).collect()
    };
    let some = staff
        .get("/v1/events?type=customer.created,subscription.created")
        .await
        .expect(200);
    assert_eq!(types(&some), ["customer.created", "subscription.created"]);
    for asked in [
        "subscription.exploded",
        "charge.created,x.y",
        "created",
        "charge.created,",
    ] {
        let problem = staff
            .get(&format!("/v1/events?type={asked}"))
            .await
            .expect_problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["parameter"], "type", "{problem}");
        let allowed = problem["errors"][0]["params"]["allowed"].as_array().expect("the list");
        assert_eq!(allowed.len(), EventType::ALL.len());
    }
}
