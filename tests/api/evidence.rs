//! Evidence: what was declared can be proven, downloaded as accepted, and shows when it was tampered with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vertragswerk::db::{DbConnection, DbError};
use vertragswerk::error::AppError;
use vertragswerk::services::catalogue::import;
use vertragswerk::services::emails::deliver_next;

use crate::declarations::{
    CANCELLATIONS, WITHDRAWALS, cancellation, consumer_contract, plus_contract, text, withdrawal,
};
use crate::helpers::mail::MailServer;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_declaration_is_proven_with_what_was_shown,
    what_was_declared_without_login_names_its_button,
    tampering_with_any_row_breaks_the_chain,
    a_document_that_was_tampered_with_says_so,
    a_new_version_waits_for_its_day_and_pdfs_stay_as_accepted
);

const PROVIDER: &str = "sprechfenster";

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_declaration_is_proven_with_what_was_shown(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let wording = "Hiermit stimme ich den AGB zu.";
    let consents = json!([
        { "document": "terms", "version": "2020-01", "accepted": true, "wording": wording },
        { "document": "dpa", "version": "2020-01", "accepted": true },
    ]);
    let order = json!({ "plan": "plus", "quantity": 2, "consents": consents, "order_button_text": "VERTRAG WECHSELN" });
    let request = customer
        .request(reqwest::Method::POST, "/v1/subscriptions")
        .header("User-Agent", "Portal/1.0");
    let subscription = customer.send(request.json(&order)).await.expect(201);
    let id = subscription["id"].as_str().expect("an id");
    let staff = app.staff(PROVIDER);
    staff
        .post(&format!("/v1/subscriptions/{id}/cancellations"), json!({}))
        .await
        .expect(201);
    while deliver_next(&app.state).expect("a database") {}

    let path = format!("/v1/subscriptions/{id}/evidence");
    let evidence = customer.get(&path).await.expect(200);
    assert_eq!(evidence["chain"]["intact"], true, "{evidence}");
    let types: Vec<&str> = evidence["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["type"].as_str())
        .collect();
    assert_eq!(&types[..1], ["subscription.created"]);
    assert_eq!(types.last(), Some(&"cancellation.created"));
    let concluded = &evidence["data"][0];
    assert_eq!(concluded["order_button_text"], "VERTRAG WECHSELN");
    assert_eq!(
        (concluded["actor"]["type"].as_str(), concluded["actor"]["id"].as_str()),
        (Some("session"), Some(customer_id.as_str()))
    );
    assert_eq!(
        (
            concluded["actor"]["address"].as_str(),
            concluded["actor"]["user_agent"].as_str()
        ),
        (Some("127.0.0.1"), Some("Portal/1.0"))
    );
    assert_eq!(concluded["occurred_at"], "2026-03-16T10:00:00.000Z");
    assert!(
        concluded["request_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("req_"))
    );
    assert_eq!(concluded["confirmations"][0]["status"], "kept");
    let terms = &concluded["consents"][0];
    assert_eq!(
        (terms["wording"].as_str(), terms["version"].as_str()),
        (Some(wording), Some("2020-01"))
    );

    let download = customer.get(terms["content_href"].as_str().expect("a link")).await;
    assert_eq!(download.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        download.header("content-disposition"),
        "attachment; filename=\"terms-2020-01-de.txt\""
    );
    let tag = download.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", terms["sha256"].as_str().expect("a hash")));
    assert_eq!(hex(download.text.as_bytes()), terms["sha256"].as_str().expect("a hash"));
    let again = customer
        .request(reqwest::Method::GET, terms["content_href"].as_str().expect("a link"))
        .header("If-None-Match", tag);
    assert_eq!(customer.send(again).await.status, 304);

    let by_staff = evidence["data"]
        .as_array()
        .and_then(|entries| entries.last())
        .expect("an entry");
    assert_eq!(by_staff["on_behalf_of"], customer_id.as_str());
    assert_eq!(
        by_staff["actor"]["address"],
        Value::Null,
        "customers are not shown where staff sat"
    );
    let for_staff = staff.get(&path).await.expect(200);
    let last = for_staff["data"]
        .as_array()
        .and_then(|entries| entries.last())
        .expect("an entry");
    assert_eq!(last["actor"]["address"], "127.0.0.1");
}

async fn what_was_declared_without_login_names_its_button(app: TestApp<'_>) {
    let (_, _, contract) = plus_contract(&app).await;
    let declared = cancellation(text(&contract, "contract_number"));
    app.anonymous.post(CANCELLATIONS, declared).await.expect(201);
    let (_, _, withdrawn) = consumer_contract(&app).await;
    let draft = app
        .anonymous
        .post(WITHDRAWALS, withdrawal(text(&withdrawn, "contract_number")))
        .await
        .expect(201);
    app.anonymous.post_empty(text(&draft, "confirm_href")).await.expect(201);
    for (provider, contract, button) in [
        (PROVIDER, contract, "jetzt kündigen"),
        ("kontaktkiste", withdrawn, "Widerruf bestätigen"),
    ] {
        let path = format!("/v1/subscriptions/{}/evidence", text(&contract, "id"));
        let evidence = app.staff(provider).get(&path).await.expect(200);
        let entries = evidence["data"].as_array().expect("entries");
        let received = entries.iter().find(|entry| entry["type"] == "declaration.received");
        assert_eq!(
            received.expect("the receipt")["order_button_text"],
            button,
            "{evidence}"
        );
        let executed = entries.iter().find(|entry| entry["type"] == "declaration.executed");
        assert_eq!(executed.expect("its effect")["order_button_text"], Value::Null);
    }
}

async fn tampering_with_any_row_breaks_the_chain(app: TestApp<'_>) {
    let attempts = [
        (
            "UPDATE events SET data = replace(data, 'plus', 'minus') WHERE sequence = 2",
            "the data of event 2",
        ),
        (
            "UPDATE events SET actor = '{\"type\":\"user\"}' WHERE sequence = 2",
            "event 2 of the customer was changed",
        ),
        (
            "UPDATE events SET occurred_at = '2020-01-01 00:00:00' WHERE sequence = 3",
            "event 3 of the customer was changed",
        ),
        (
            "UPDATE events SET previous_hash = hash WHERE sequence = 2",
            "event 2 of the customer does not continue",
        ),
        (
            "UPDATE events SET data_hash = hash WHERE sequence = 1",
            "event 1 of the customer was changed",
        ),
        (
            "DELETE FROM events WHERE sequence = 2",
            "event 2 of the customer is missing",
        ),
        (
            "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
            "which is not its end",
        ),
        (
            "UPDATE customers SET last_event_sequence = last_event_sequence + 1",
            "which is not its end",
        ),
        (
            "UPDATE events SET data = '{\"erased\":true}' WHERE sequence = 1",
            "the data of event 1",
        ),
    ];
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "plus", "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!(
        "/v1/subscriptions/{}/evidence",
        subscription["id"].as_str().expect("an id")
    );
    let before = customer.get(&path).await.expect(200);
    assert!(
        before["chain"]["events"].as_i64().is_some_and(|events| events >= 4),
        "{before}"
    );
    let run = |statements: &str| {
        let body = |conn: &mut DbConnection| Ok::<_, DbError>(conn.batch_execute(statements)?);
        app.state.db.write(body).expect("a statement");
    };
    run(
        "CREATE TABLE kept_events AS SELECT * FROM events; CREATE TABLE kept_end AS SELECT id, last_event_sequence FROM customers",
    );
    for (attempt, fault) in attempts {
        run(attempt);
        let chain = customer.get(&path).await.expect(200)["chain"].clone();
        assert_eq!(
            (chain["intact"].as_bool(), chain["hash"].clone()),
            (Some(false), Value::Null),
            "{attempt}"
        );
        assert!(
            chain["fault"].as_str().is_some_and(|told| told.contains(fault)),
            "{attempt}: {chain}"
        );
        run("DELETE FROM events; INSERT INTO events SELECT * FROM kept_events; \
             UPDATE customers SET last_event_sequence = (SELECT last_event_sequence FROM kept_end WHERE kept_end.id = customers.id)");
        assert_eq!(
            customer.get(&path).await.expect(200)["chain"],
            before["chain"],
            "{attempt} was taken back"
        );
    }
}

/// Even where its hash was changed along with it: the chain remembers what was agreed to.
async fn a_document_that_was_tampered_with_says_so(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "plus", "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    let tamper = format!(
        "UPDATE legal_documents SET content = 'Geschenkt.', sha256 = '{}' WHERE key = 'terms'",
        hex("Geschenkt.".as_bytes())
    );
    let body = |conn: &mut DbConnection| Ok::<_, DbError>(conn.batch_execute(&tamper)?);
    app.state.db.write(body).expect("a statement");
    app.leaves_damage();
    let path = format!("/v1/subscriptions/{}/evidence", text(&subscription, "id"));
    let evidence = customer.get(&path).await.expect(200);
    let consents = evidence["data"][0]["consents"].as_array().expect("consents");
    let intact = |consent: &Value| (text(consent, "document").to_owned(), consent["document_intact"] == true);
    let told: Vec<(String, bool)> = consents.iter().map(intact).collect();
    assert_eq!(told, [("terms".to_owned(), false), ("dpa".to_owned(), true)]);
    assert_eq!(evidence["chain"]["intact"], true);
}

/// Publishes the demo catalogue with changed documents.
pub fn publish(app: &TestApp<'_>, change: impl Fn(&mut Value)) {
    let (_, text) = vertragswerk::demo::CATALOGUES
        .iter()
        .find(|(_, text)| text.contains("\"sprechfenster\""))
        .expect("a catalogue");
    let mut catalogue: Value = serde_json::from_str(text).expect("JSON");
    for document in catalogue["legal_documents"].as_array_mut().expect("documents") {
        change(document);
    }
    let now = app.state.clock.now();
    let publish = |conn: &mut DbConnection| {
        let provider =
            vertragswerk::repositories::providers::provider_find_by_slug(conn, PROVIDER)?.expect("a provider");
        import(conn, &provider.id, PROVIDER, &catalogue.to_string(), now)?;
        Ok::<_, AppError>(())
    };
    app.state.db.write(publish).expect("a published catalogue");
}

async fn a_new_version_waits_for_its_day_and_pdfs_stay_as_accepted(app: TestApp<'_>) {
    let pdf = b"%PDF-1.4\nA data-processing agreement\n%%EOF\n";
    publish(&app, |document| {
        let member = document.as_object_mut().expect("an object");
        if member["key"] == "terms" {
            member.insert("version".to_owned(), json!("2026-04"));
            member.insert("valid_from".to_owned(), json!("2026-04-01"));
            member.insert("text".to_owned(), json!("Neue Bedingungen."));
        }
        if member["key"] == "dpa" {
            member.insert("version".to_owned(), json!("2026-02"));
            member.remove("text");
            member.insert("pdf".to_owned(), json!(STANDARD.encode(pdf)));
        }
    });
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let preview = customer
        .post("/v1/subscriptions/preview", json!({ "plan": "plus" }))
        .await
        .expect(200);
    let versions: Vec<&str> = preview["consents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["version"].as_str())
        .collect();
    assert_eq!(versions, ["2020-01", "2026-02"], "the new terms wait for 1 April");
    let plans = customer.get("/v1/plans").await.expect(200);
    let plus = plans["data"]
        .as_array()
        .and_then(|plans| plans.iter().find(|plan| plan["key"] == "plus"))
        .expect("plus")
        .clone();
    assert_eq!(plus["consents"][0]["version"], "2020-01");
    let agree = |terms: &str, dpa: &str| {
        let consent =
            |document: &str, version: &str| json!({ "document": document, "version": version, "accepted": true });
        json!({ "plan": "plus", "consents": [consent("terms", terms), consent("dpa", dpa)] })
    };
    let early = customer
        .post("/v1/subscriptions", agree("2026-04", "2026-02"))
        .await
        .expect_problem(422, "consent_outdated");
    assert_eq!(
        (early["document"].as_str(), early["current_version"].as_str()),
        (Some("terms"), Some("2020-01"))
    );
    customer
        .post("/v1/subscriptions", agree("2020-01", "2026-02"))
        .await
        .expect(201);
    app.state.clock.set(time::macros::datetime!(2026-03-31 22:00 UTC));
    let (_, customer) = app.customer(PROVIDER, "business").await;
    // The text that was shown was the old one, whatever version is said.
    let mut by_id = agree("2026-04", "2026-02");
    by_id["consents"][0]["document"] = preview["consents"][0]["document_id"].clone();
    customer
        .post("/v1/subscriptions", by_id)
        .await
        .expect_problem(422, "consent_outdated");
    let late = customer
        .post("/v1/subscriptions", agree("2020-01", "2026-02"))
        .await
        .expect_problem(422, "consent_outdated");
    assert_eq!(late["current_version"], "2026-04");
    let subscription = customer
        .post("/v1/subscriptions", agree("2026-04", "2026-02"))
        .await
        .expect(201);

    let evidence = customer
        .get(&format!(
            "/v1/subscriptions/{}/evidence",
            subscription["id"].as_str().expect("an id")
        ))
        .await
        .expect(200);
    let dpa = &evidence["data"][0]["consents"][1];
    assert_eq!(
        (dpa["document"].as_str(), dpa["sha256"].as_str()),
        (Some("dpa"), Some(hex(pdf).as_str()))
    );
    let href = dpa["content_href"].as_str().expect("a link");
    let request = customer
        .request(reqwest::Method::GET, href)
        .header("Accept", "application/pdf");
    let download = customer.send(request).await;
    assert_eq!(
        (download.status, download.header("content-type")),
        (200, "application/pdf")
    );
    assert_eq!(download.text.as_bytes(), pdf);
    let document = customer.get(href.trim_end_matches("/content")).await.expect(200);
    assert_eq!(
        (document["media_type"].as_str(), document["text"].clone()),
        (Some("application/pdf"), Value::Null)
    );

    let server = MailServer::plain();
    let state = server.sender(&app.state);
    actix_web::web::block(move || while deliver_next(&state).expect("a database") {})
        .await
        .expect("no panic");
    let accepted = server.accepted();
    let with_pdf = |mail: &&crate::helpers::mail::Received| !mail.mime.leaves("application/pdf").is_empty();
    let mail = &accepted.iter().find(with_pdf).expect("a mail").mime;
    assert_eq!(mail.leaves("application/pdf")[0].body, pdf);
    assert!(
        mail.leaves("application/pdf")[0]
            .header("content-disposition")
            .contains("dpa-2026-02-de.pdf")
    );
    let text = mail.text();
    assert!(
        text.contains(
            "Vertrag zur Auftragsverarbeitung in der Fassung 2026-02 bestätigen wir Ihnen hiermit in Textform"
        ),
        "{text}"
    );
    assert!(text.contains(&hex(pdf)), "{text}");
}
