//! Withdrawn upgrades whose use is paid for: what the old plan would have delivered on those days must not be paid on top
//! (§§ 357a Abs. 2, 361 Abs. 1 BGB). And previews that tell all of it.

use serde_json::json;
use time::macros::date;

use super::super::{
    fixture::World,
    foretold::check_preview,
    plans::{flat, plan, price},
    slots::{absorbing, slot_order},
};
use crate::domain::{
    catalogue::{Compensation, TransitionTiming},
    subscription::SubscriptionStatus,
    withdrawal::{Withdrawal, WithdrawalRequest},
};

/// Withdraws as previewed.
fn withdraw_as_foretold(world: &mut World, request: &WithdrawalRequest) -> Withdrawal {
    let before = world.clone();
    let foretold = world.foresee_withdrawal(request);
    let done = world.try_withdraw(request);
    let ids = std::slice::from_ref(&request.withdrawal_id);
    check_preview(&before, world, ids, foretold, done.clone().map(|_| ())).expect("a withdrawal");
    done.expect("a withdrawal")
}

/// Two single contracts of 5.90 since 1 March, taken into a package of 24.90 on the 11th at the customer's express wish, and the
/// package withdrawn from: the contracts, and what is previewed.
fn two_in_a_package() -> (World, Vec<String>, WithdrawalRequest) {
    let mut world = World::demo("legal_texts", date!(2026 - 03 - 01));
    for key in ["single", "premium"] {
        let mut plan = world.plan(key).plan.clone();
        plan.withdrawal.granted_to_business = true;
        if key == "premium" {
            plan.withdrawal.compensation = Compensation::ProRata;
        }
        world.publish(key, plan);
    }
    let mut contracts = Vec::new();
    for name in ["A", "B"] {
        let order = slot_order(&mut world, name);
        let home = world
            .run(|account, circumstances| order.place(account, circumstances))
            .expect("a contract of its own");
        contracts.push(home.subscription_id().to_owned());
    }
    world.on(date!(2026 - 03 - 11));
    let mut request = absorbing(&mut world, &contracts[0], "premium", &[&contracts[1]]);
    request.agreement.early_start_requested = true;
    world.try_change(&request).expect("an upgrade");
    world.on(date!(2026 - 03 - 16)).take_events();
    let request = WithdrawalRequest {
        plan_change_id: Some(request.change_id),
        ..world.withdrawal(&contracts[0])
    };
    (world, contracts, request)
}

#[test]
fn a_contract_taken_in_is_paid_only_for_the_days_on_which_it_ran() {
    let (mut world, contracts, request) = two_in_a_package();
    let withdrawal = withdraw_as_foretold(&mut world, &request);
    // 5/31 of 24.90.
    assert_eq!(withdrawal.amounts.compensation.net.amount(), "4.02");
    let old = [
        "2026-03-01 recurring 2026-03-01..2026-03-31 1 × 5.90 = 5.90",
        "2026-03-11 credit 2026-03-11..2026-03-31 1 × -5.90 = -4.00",
    ];
    let again = "2026-03-16 proration 2026-03-16..2026-03-31 1 × 5.90 = 3.05";
    let used = "2026-03-16 proration 2026-03-11..2026-03-15 1 × 24.90 = 4.02";
    assert_eq!(world.counting_bill(&contracts[0]), [old[0], old[1], used, again]);
    assert_eq!(world.counting_bill(&contracts[1]), [old[0], old[1], again]);
    assert_eq!(
        world.phases(&contracts[1]),
        [
            "2026-03-01..2026-03-10 1 single",
            "2026-03-11..2026-03-15 1 single",
            "2026-03-16.. 1 single"
        ]
    );
    let idle: Vec<bool> = world
        .subscription(&contracts[1])
        .phases
        .iter()
        .map(|phase| phase.suspended)
        .collect();
    assert_eq!(idle, [false, true, false]);
    // It is told that it goes on, after it was told that it had ended.
    let told = world.take_events();
    assert_eq!(
        told.iter().filter(|event| **event == "subscription.restored").count(),
        1
    );
    // And goes on as any other, from its old anchor, until it ends once more.
    world.cancel(&contracts[1]);
    world.on(date!(2026 - 04 - 01));
    assert_eq!(
        world.bill_since(&contracts[0], world.today),
        ["2026-04-01 recurring 2026-04-01..2026-04-30 1 × 5.90 = 5.90"]
    );
    world.on(date!(2026 - 08 - 01));
    assert_eq!(
        world.subscription(&contracts[1]).status_on(world.today),
        SubscriptionStatus::Ended
    );
}

#[test]
fn what_stood_in_for_an_add_on_is_not_paid_twice() {
    let contained = json!({
        "prices": [price("base", "flat", "60.00")], "included_add_ons": [{ "add_on": "extra_storage", "quantity": 1 }],
    });
    let mut plans = vec![flat("hosting_s", "30.00"), plan("all_in", contained)];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    plans[1].withdrawal.compensation = Compensation::ProRata;
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("hosting_s");
    let storage = world.book(&id, "extra_storage", 2);
    world.on(date!(2026 - 04 - 11));
    let mut request = world.plan_request(&id, "all_in");
    request.agreement.early_start_requested = true;
    world.try_change(&request).expect("an upgrade");
    world.on(date!(2026 - 04 - 16)).take_events();
    let request = WithdrawalRequest {
        plan_change_id: Some(request.change_id),
        ..world.withdrawal(&id)
    };
    let withdrawal = withdraw_as_foretold(&mut world, &request);
    assert_eq!(withdrawal.traces.restored_ids, [storage.as_str()]);
    assert_eq!(
        world.counting_bill(&storage),
        [
            "2026-04-01 recurring 2026-04-01..2026-04-30 2 × 2.90 = 5.80",
            "2026-04-11 credit 2026-04-11..2026-04-30 2 × -2.90 = -3.87",
            "2026-04-16 proration 2026-04-16..2026-04-30 2 × 2.90 = 2.90",
        ]
    );
    assert!(world.take_events().contains(&"add_on.restored"));
    // A unit of it can still be given back by what it is: two ordered at the start.
    assert_eq!(
        world.subscription(&storage).term_started_on(world.today),
        date!(2026 - 04 - 01)
    );
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&storage, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 2 × 2.90 = 5.80"]
    );
}

/// The contract that had taken the other in is withdrawn from as a whole: the correction of its own invoice and what is left of the
/// other one are issued on the same day, and the preview tells both.
#[test]
fn a_preview_tells_all_documents_of_the_day() {
    let (mut world, contracts, request) = two_in_a_package();
    let whole = WithdrawalRequest {
        plan_change_id: None,
        ..request
    };
    let known = world.account.billing.issued.len();
    let withdrawal = withdraw_as_foretold(&mut world, &whole);
    let issued: Vec<&str> = world.account.billing.issued[known..]
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(withdrawal.traces.credit_note_ids, issued);
    // The contract itself was not asked for early, the package was.
    assert_eq!(
        world.counting_bill(&contracts[0]),
        ["2026-03-16 proration 2026-03-11..2026-03-15 1 × 24.90 = 4.02"]
    );
    let reasons: Vec<&str> = world.account.billing.issued[known..]
        .iter()
        .map(|document| document.correction.as_ref().expect("a correction").reason.as_str())
        .collect();
    assert_eq!(reasons, ["withdrawal", "final_settlement"]);
}
