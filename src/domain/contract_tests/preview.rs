//! Previews tell what execution then does. Exact examples here; the general proof is in `random`.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, price, terms},
};
use crate::domain::{
    cancellation::CancellationRequest,
    catalogue::TransitionTiming,
    conclusion::Conclusion,
    preview::{Preview, Totals},
};

fn gross(totals: &Totals) -> String {
    totals.gross.amount()
}

fn lines(preview: &Preview) -> Vec<String> {
    let line = |line: &crate::domain::preview::PreviewLine| {
        format!(
            "{} {} {}..{} {}",
            line.charged_on,
            line.kind,
            line.from_on,
            line.through_on,
            line.amount.amount()
        )
    };
    preview.lines.iter().map(line).collect()
}

fn next_charge_on(preview: &Preview) -> Option<Date> {
    preview
        .recurring
        .as_ref()
        .and_then(|recurring| recurring.next_charge_on)
}

#[test]
fn of_a_contract_for_later_with_a_setup_fee() {
    let setup = plan(
        "setup",
        json!({ "prices": [price("base", "flat", "10.00"), price("setup", "one_off", "25.00")] }),
    );
    let mut world = World::selling(vec![setup], TransitionTiming::Immediate, date!(2026 - 01 - 15));
    let order = Conclusion {
        starts_on: Some(date!(2026 - 02 - 01)),
        ..world.order("setup")
    };
    let preview = world.foresee_conclusion(&order).expect("a preview");
    assert_eq!(
        lines(&preview),
        [
            "2026-02-01 one_off 2026-02-01..2026-02-01 25.00",
            "2026-02-01 recurring 2026-02-01..2026-02-28 10.00"
        ]
    );
    assert_eq!(gross(&preview.due_now), "0.00");
    assert_eq!(
        (preview.next_invoice.on, gross(&preview.next_invoice.totals)),
        (Some(date!(2026 - 02 - 01)), "41.65".to_owned())
    );
    assert_eq!(gross(&preview.recurring.as_ref().expect("a price").totals), "11.90");
    assert_eq!(next_charge_on(&preview), Some(date!(2026 - 03 - 01)));
}

#[test]
fn of_an_upgrade_at_once() {
    let mut world = World::selling(
        vec![flat("s", "29.00"), flat("m", "59.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("s");
    world.on(date!(2026 - 01 - 16));
    let request = world.plan_request(&id, "m");
    let preview = world.foresee_change(&request).expect("a preview");
    assert_eq!(
        lines(&preview),
        [
            "2026-01-16 credit 2026-01-16..2026-01-31 -14.97",
            "2026-01-16 proration 2026-01-16..2026-01-31 30.45"
        ]
    );
    let due_now = &preview.due_now;
    assert_eq!(
        (due_now.net.minor, due_now.tax.minor, due_now.gross.minor),
        (1548, 294, 1842)
    );
    // The next invoice holds the difference and February: 15.48 + 59.00 net.
    assert_eq!(preview.next_invoice.totals.net.minor, 7448);
    assert_eq!(next_charge_on(&preview), Some(date!(2026 - 02 - 01)));
    assert_eq!(preview.recurring.expect("a price").totals.net.minor, 5900);
}

#[test]
fn of_a_change_with_the_end_of_the_period() {
    let mut world = World::selling(
        vec![per_unit("team", "10.00")],
        TransitionTiming::PeriodEnd,
        date!(2026 - 01 - 01),
    );
    let id = world.conclude_with("team", 5);
    let request = world.quantity_request(&id, Some(2));
    let preview = world.foresee_change(&request).expect("a preview");
    assert_eq!(lines(&preview), ["2026-02-01 recurring 2026-02-01..2026-02-28 20.00"]);
    assert_eq!(
        (preview.effective_on, gross(&preview.due_now)),
        (date!(2026 - 02 - 01), "0.00".to_owned())
    );
    assert_eq!(preview.next_invoice.on, Some(date!(2026 - 02 - 01)));
    assert_eq!(preview.next_invoice.totals.net.minor, 2000);
}

/// A prepaid year ends inside: the next bill is the one with the credit, not next year's with all months until then.
#[test]
fn of_a_change_inside_a_prepaid_year() {
    let year = plan(
        "year",
        json!({
            "billing_interval": "P12M",
            "terms": terms(None, None, "P3M", "quarter_end"),
            "prices": [price("base", "flat", "365.00")],
        }),
    );
    let mut world = World::selling(
        vec![year, flat("month", "31.00")],
        TransitionTiming::NoticeEnd,
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("year");
    world.on(date!(2026 - 02 - 15));
    let request = world.plan_request(&id, "month");
    let preview = world.foresee_change(&request).expect("a preview");
    assert_eq!(
        lines(&preview),
        [
            "2026-07-01 credit 2026-07-01..2026-12-31 -184.00",
            "2026-07-01 proration 2026-07-01..2026-07-31 31.00"
        ]
    );
    // A negative sum waits: 184.00 of credit are used up by six months, and 2.00 are left to pay.
    assert_eq!(preview.next_invoice.on, Some(date!(2026 - 12 - 01)));
    assert_eq!(preview.next_invoice.totals.net.minor, 200);
    assert_eq!(next_charge_on(&preview), Some(date!(2026 - 08 - 01)));
}

#[test]
fn of_a_cancellation_with_credit_at_the_end() {
    let mut world = World::demo("crm", date!(2025 - 05 - 01)).consumer();
    let id = world.conclude("crm_yearly");
    world.on(date!(2026 - 06 - 10));
    let request = world.cancellation(&[&id]);
    let preview = world.foresee_cancellation(&request).expect("a preview");
    assert_eq!(lines(&preview), ["2026-07-11 credit 2026-07-11..2027-04-30 -160.29"]);
    assert_eq!(
        (preview.recurring.clone(), gross(&preview.due_now)),
        (None, "0.00".to_owned())
    );
    assert_eq!(
        (preview.next_invoice.on, gross(&preview.next_invoice.totals)),
        (Some(date!(2026 - 07 - 11)), "-160.29".to_owned())
    );
}

/// The charge of a period that happens to begin on the last day is not the cancellation's doing.
#[test]
fn of_a_cancellation_to_the_first_day_of_a_period() {
    let daily = plan("daily", json!({ "terms": terms(None, None, "P0D", "any_day") }));
    let mut world = World::selling(vec![daily], TransitionTiming::Immediate, date!(2026 - 01 - 15));
    let id = world.conclude("daily");
    let request = CancellationRequest {
        wish_on: Some(date!(2026 - 02 - 15)),
        ..world.cancellation(&[&id])
    };
    let preview = world.foresee_cancellation(&request).expect("a preview");
    assert_eq!(lines(&preview), [""; 0]);
    assert_eq!(preview.next_invoice.on, Some(date!(2026 - 02 - 15)));
    // 1 of 28 days.
    assert_eq!(preview.next_invoice.totals.net.minor, 107);
}

#[test]
fn of_a_revocation() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let id = world.conclude("hosting_s");
    let outcome = world.cancel(&id);
    world.on(date!(2026 - 02 - 20));
    let preview = world.foresee_revocation(&id, &outcome.change_id).expect("a preview");
    assert_eq!(lines(&preview), [""; 0]);
    assert_eq!(gross(&preview.due_now), "0.00");
    // 15 to 28 February was charged; the rest, 14 of 28 days of 9.90, follows on 1 March and is invoiced with the next period.
    assert_eq!(preview.next_invoice.on, Some(date!(2026 - 03 - 15)));
    assert_eq!(preview.next_invoice.totals.net.minor, 495 + 990);
    assert_eq!(preview.recurring.expect("a price").totals.net.minor, 990);
}

/// The charges told are those of the contract; the invoice told is the next one of all contracts.
#[test]
fn of_one_contract_among_several() {
    let mut world = World::selling(
        vec![flat("s", "29.00"), flat("m", "59.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 01),
    );
    world.conclude("m");
    world.on(date!(2026 - 01 - 10));
    let order = world.order("s");
    let preview = world.foresee_conclusion(&order).expect("a preview");
    assert_eq!(preview.due_now.net.minor, 2900);
    assert_eq!(
        preview.next_invoice.on,
        Some(date!(2026 - 01 - 10)),
        "a first period is invoiced at once"
    );
    assert_eq!(preview.next_invoice.totals.net.minor, 2900);
}
