//! `vertragswerk verify`: a sound database has no offences, and each way of damaging it is found.

use diesel::connection::SimpleConnection;
use serde_json::json;
use vertragswerk::db::DbError;
use vertragswerk::domain::verification::{Findings, Invariant};
use vertragswerk::services::verification::verify;

use crate::helpers::{TestApp, over_http};
use crate::invoices::story::{conclude, on_clock};
use crate::scenarios::story::consents;

over_http!(each_kind_of_damage_is_found);

/// One way of damaging a database, and the invariant it breaks. Each leaves the schema's own constraints intact.
const DAMAGES: &[(Invariant, &str)] = &[
    (
        Invariant::NumbersGapless,
        "UPDATE document_counters SET last_sequence = last_sequence + 1 WHERE document_type = 'credit_note'",
    ),
    (
        Invariant::NumbersGapless,
        "UPDATE invoices SET sequence = sequence + 100 WHERE sequence = 1",
    ),
    (Invariant::LinesAddUp, "UPDATE invoices SET net = net + 1"),
    (
        Invariant::DocumentsUnchanged,
        "UPDATE invoices SET document = replace(document, '\"DE\"', '\"AT\"')",
    ),
    (
        Invariant::DocumentsUnchanged,
        "UPDATE legal_documents SET content = 'x' WHERE key = 'terms'",
    ),
    // Consistently changed and deleted, which only the chain can tell.
    (
        Invariant::DocumentsUnchanged,
        "UPDATE legal_documents SET content = 'y', sha256 = 'a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa'
            WHERE key = 'dpa'",
    ),
    (
        Invariant::DocumentsUnchanged,
        "UPDATE legal_documents SET title = 'Anything' WHERE key = 'privacy' OR key = 'terms'",
    ),
    (
        Invariant::SnapshotIsPresent,
        "UPDATE declarations SET status = 'rejected' WHERE status = 'executed'",
    ),
    (Invariant::DocumentsUnchanged, "DELETE FROM declarations"),
    (
        Invariant::CreditsBounded,
        "UPDATE charges SET amount = amount * 100 WHERE kind = 'credit' AND status <> 'voided'",
    ),
    // More is paid back than was paid.
    (Invariant::CreditsBounded, "UPDATE payments SET amount = 1"),
    (
        Invariant::WithdrawnCostsNothing,
        "UPDATE charges SET status = 'draft' WHERE status = 'voided' AND item_id IN
            (SELECT id FROM subscriptions WHERE withdrawn_on IS NOT NULL)",
    ),
    (
        Invariant::NothingAfterEnd,
        "UPDATE subscriptions SET ends_on = starts_on WHERE ended_recorded AND withdrawn_on IS NULL",
    ),
    (
        Invariant::SnapshotIsPresent,
        "UPDATE subscriptions SET contract_number = 'X' || contract_number",
    ),
    (
        Invariant::SnapshotIsPresent,
        "UPDATE changes SET effective_on = '2031-01-01'",
    ),
    (
        Invariant::PhasesJoin,
        "UPDATE phases SET through_on = from_on WHERE through_on IS NULL",
    ),
    (
        Invariant::BilledOnce,
        "UPDATE charges SET period_from = period_through WHERE kind = 'recurring' AND status = 'invoiced'",
    ),
    (
        Invariant::BilledOnce,
        "UPDATE subscriptions SET billed_through_on = NULL WHERE ends_on IS NULL",
    ),
    (
        Invariant::OneContractKept,
        "UPDATE subscriptions SET ends_on = starts_on WHERE ends_on IS NULL",
    ),
    (
        Invariant::OneEffectPerKey,
        "INSERT INTO idempotency_keys (principal_id, key, fingerprint, response_status, response_headers, response_body,
            created_at) SELECT principal_id, 'again ' || key, fingerprint, response_status, response_headers, response_body,
            created_at FROM idempotency_keys WHERE response_status = 201",
    ),
    (
        Invariant::NothingCrosses,
        "UPDATE emails SET provider_id = (SELECT MIN(id) FROM providers) WHERE provider_id <> (SELECT MIN(id) FROM providers)",
    ),
    (
        Invariant::ChainIntact,
        "UPDATE events SET data = '{\"erased\":true}' WHERE type = 'payment.recorded'",
    ),
    (
        Invariant::ChainIntact,
        "UPDATE events SET data = replace(data, 'active', 'ended') WHERE type = 'subscription.created'",
    ),
    (
        Invariant::OneEventPerEffect,
        "UPDATE events SET type = 'charge.voided' WHERE type = 'charge.created'",
    ),
    (
        Invariant::SnapshotIsPresent,
        "UPDATE withdrawals SET received_at = '2020-01-01 00:00:00'",
    ),
    (Invariant::OneEventPerEffect, "DELETE FROM withdrawals"),
];

async fn each_kind_of_damage_is_found(app: TestApp<'_>) {
    some_history(&app).await;
    let sound = verify(&app.state).expect("a database");
    assert_eq!(sound.offences(), []);
    for invariant in Invariant::ALL {
        assert!(sound.seen(invariant) > 0, "nothing to look at for {invariant:?}");
    }
    app.leaves_damage();
    let mut before = sound;
    for (invariant, damage) in DAMAGES {
        let damaged = |conn: &mut vertragswerk::db::DbConnection| Ok::<_, DbError>(conn.batch_execute(damage)?);
        app.state.db.write(damaged).expect("damage");
        let after = verify(&app.state).expect("a database");
        let count = |findings: &Findings| {
            let offences = findings.offences().iter();
            offences.filter(|offence| offence.invariant == *invariant).count()
        };
        assert!(
            count(&after) > count(&before),
            "{damage} is not found: {:#?}",
            after.offences()
        );
        before = after;
    }
    let tried: Vec<Invariant> = DAMAGES.iter().map(|(invariant, _)| *invariant).collect();
    for invariant in Invariant::ALL {
        assert!(tried.contains(&invariant), "{invariant:?} is never broken");
    }
}

/// Customers of three providers who conclude, upgrade, cancel, withdraw and are billed.
async fn some_history(app: &TestApp<'_>) {
    let (clock, _, customer) = on_clock(app, "textschirm", "2026-03-01T10:00:00Z", json!({})).await;
    let kept = conclude(&customer, "single").await;
    let left = conclude(&customer, "single").await;
    app.advance("textschirm", &clock, "2026-03-16T10:00:00Z").await;
    let path = format!("/v1/subscriptions/{kept}/plan-changes");
    let change = json!({ "plan": "premium", "consents": consents(&["terms", "dpa"]) });
    customer.post_once(&path, "upgrade", change).await.expect(201);
    let path = format!("/v1/subscriptions/{left}/cancellations");
    customer.post(&path, json!({})).await.expect(201);
    app.advance("textschirm", &clock, "2026-05-20T10:00:00Z").await;

    let members = json!({ "customer_type": "consumer" });
    let (_, consumer_id, consumer) = on_clock(app, "kontaktkiste", "2026-03-02T09:00:00Z", members).await;
    let contract = conclude(&consumer, "crm_monthly").await;
    let payment = json!({ "customer_id": consumer_id, "amount": { "amount": "19.90", "currency": "EUR" } });
    app.staff("kontaktkiste")
        .post("/v1/payments", payment)
        .await
        .expect(201);
    let path = format!("/v1/subscriptions/{contract}/withdrawals");
    consumer.post(&path, json!({})).await.expect(201);

    let (clock, customer_id, customer) = on_clock(app, "hafenrechner", "2026-01-10T09:00:00Z", json!({})).await;
    let hosting = conclude(&customer, "hosting_s").await;
    app.advance("hafenrechner", &clock, "2026-02-20T09:00:00Z").await;
    let payment = json!({ "customer_id": customer_id, "amount": { "amount": "11.78", "currency": "EUR" } });
    app.staff("hafenrechner")
        .post("/v1/payments", payment)
        .await
        .expect(201);

    let contract = customer.get(&format!("/v1/subscriptions/{hosting}")).await.expect(200);
    let declared = json!({
        "kind": "ordinary", "identity": { "name": "Erika Mustermann" }, "contract": contract["contract_number"],
        "confirmation_email": "erika@example.com",
    });
    app.anonymous
        .post("/v1/public/hafenrechner/cancellations", declared)
        .await
        .expect(201);
    let ending = customer.get("/v1/cancellations").await.expect(200);
    assert_eq!(ending["data"].as_array().map(Vec::len), Some(1), "{ending}");
}
