//! Contracts begun on the last day of a long month: their periods end a day earlier in short months and never drift, and the last
//! bill ends with the contract.

use serde_json::{Value, json};

use super::story::{conclude, list, on_clock};
use crate::declarations::text;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::sum;

over_http!(
    the_last_day_and_the_last_bill_agree,
    a_cancellation_on_the_last_day_of_a_short_period_is_in_time,
);

/// The periods charged for a contract, oldest first.
fn periods(charges: &[Value]) -> Vec<String> {
    let mut periods: Vec<String> = charges
        .iter()
        .map(|charge| format!("{}..{}", text(charge, "from_on"), text(charge, "through_on")))
        .collect();
    periods.sort();
    periods
}

async fn the_last_day_and_the_last_bill_agree(app: TestApp<'_>) {
    for (provider, plan, ends_on, expected) in [
        (
            "kontaktkiste",
            "crm_monthly",
            "2026-03-30",
            ["2026-01-31..2026-02-27", "2026-02-28..2026-03-30"].as_slice(),
        ),
        (
            "rundbriefwerk",
            "newsletter_m",
            "2026-03-30",
            ["2026-01-31..2026-02-27", "2026-02-28..2026-03-30"].as_slice(),
        ),
        // The contract ends with April; its one day beyond the last whole period is free (decision 8).
        (
            "hafenrechner",
            "hosting_s",
            "2026-04-30",
            [
                "2026-01-31..2026-02-27",
                "2026-02-28..2026-03-30",
                "2026-03-31..2026-04-29",
            ]
            .as_slice(),
        ),
    ] {
        let (clock, customer_id, _) = on_clock(&app, provider, "2026-01-31T09:00:00Z", json!({})).await;
        let staff = app.staff(provider);
        let session = format!("/v1/customers/{customer_id}/sessions");
        let session = staff.post_empty(&session).await.expect(200);
        let customer = app.anonymous.with_token(text(&session, "access_token"));
        let contract = conclude(&customer, plan).await;
        app.advance(provider, &clock, "2026-03-05T09:00:00Z").await;
        let path = format!("/v1/subscriptions/{contract}/cancellations");
        let cancelled = staff.post(&path, json!({})).await.expect(201);
        assert_eq!(text(&cancelled, "ends_on"), ends_on, "{plan}");
        app.advance(provider, &clock, "2026-07-01T09:00:00Z").await;
        let charges = list(&staff, &format!("/v1/charges?subscription_id={contract}")).await;
        assert_eq!(periods(&charges), expected, "{plan}");
        let shown = staff.get(&format!("/v1/subscriptions/{contract}")).await.expect(200);
        assert_eq!(
            (&shown["status"], &shown["ends_on"]),
            (&json!("ended"), &cancelled["ends_on"])
        );
        let invoices = list(&staff, &format!("/v1/invoices?customer_id={customer_id}")).await;
        assert_eq!(invoices.len(), expected.len(), "{plan}");
        let mode = text(&charges[0], "price_mode");
        let billed = sum(invoices.iter().map(|invoice| invoice["totals"][mode].clone()));
        let charged = sum(charges.iter().map(|charge| charge["amount"].clone()));
        assert_eq!(billed, charged, "{plan}");
    }
}

async fn a_cancellation_on_the_last_day_of_a_short_period_is_in_time(app: TestApp<'_>) {
    let provider = "kontaktkiste";
    // A leap year: the second period begins on 29 February.
    for (now, ends_on) in [
        ("2024-02-28T22:30:00Z", "2024-02-28"),
        ("2024-02-28T23:30:00Z", "2024-03-30"),
    ] {
        let (clock, _, customer) = on_clock(&app, provider, "2024-01-31T09:00:00Z", json!({})).await;
        let contract = conclude(&customer, "crm_monthly").await;
        let staff = app.staff(provider);
        app.advance(provider, &clock, now).await;
        let path = format!("/v1/subscriptions/{contract}/cancellations");
        let cancelled = staff.post(&path, json!({})).await.expect(201);
        assert_eq!(text(&cancelled, "ends_on"), ends_on);
        app.advance(provider, &clock, "2024-06-01T09:00:00Z").await;
        let charges = list(&staff, &format!("/v1/charges?subscription_id={contract}")).await;
        let last = periods(&charges).pop().expect("a period");
        assert!(last.ends_with(ends_on), "{last}");
    }
}
