//! Random sequences of commands: whatever customers do in whatever order, previews come true and what must always hold
//! holds. [`super::invariants`] are checked after every step.

use proptest::prelude::*;
use serde_json::json;
use time::{Duration, macros::date};

use super::{
    fixture::World,
    foretold::{check_events, check_preview},
    plans::{flat, per_unit, plan, price, terms},
};
use crate::domain::{
    calendar::next_day,
    cancellation::CancellationRequest,
    catalogue::{Compensation, Plan, TransitionTiming},
    change::{ChangeStatus, Review},
    conclusion::Conclusion,
    consent::Agreement,
    violation::Violation,
};

/// Something that a customer, the staff or time does. Contracts and plans are named by number, modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    Conclude {
        plan: usize,
        quantity: u32,
        delay: i64,
    },
    ChangePlan {
        contract: usize,
        plan: usize,
        quantity: Option<u32>,
        supersede: bool,
    },
    ChangeQuantity {
        contract: usize,
        quantity: u32,
        supersede: bool,
    },
    Cancel {
        contracts: Vec<usize>,
        wish: Option<i64>,
        received_days_ago: i64,
    },
    GoodCause {
        contract: usize,
    },
    Review {
        contract: usize,
        accept: bool,
    },
    Revoke {
        contract: usize,
        change: usize,
    },
    Withdraw {
        contract: usize,
        from: From,
    },
    Pass {
        days: i64,
    },
}

/// What is withdrawn from.
#[derive(Debug, Clone)]
enum From {
    All,
    LatestChange,
    Units(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let contract = 0..4usize;
    let maybe = |range: std::ops::Range<i64>| prop::option::weighted(0.3, range);
    prop_oneof![
        2 => (0..9usize, 1..9u32, prop_oneof![2 => Just(0), 1 => 1..40i64])
            .prop_map(|(plan, quantity, delay)| Step::Conclude { plan, quantity, delay }),
        4 => (contract.clone(), 0..9usize, prop::option::weighted(0.3, 1..9u32), any::<bool>())
            .prop_map(|(contract, plan, quantity, supersede)| Step::ChangePlan { contract, plan, quantity, supersede }),
        4 => (contract.clone(), 1..9u32, any::<bool>())
            .prop_map(|(contract, quantity, supersede)| Step::ChangeQuantity { contract, quantity, supersede }),
        3 => (prop::collection::vec(0..4usize, 1..3), maybe(-10..200), prop_oneof![3 => Just(0), 1 => 1..30i64])
            .prop_map(|(contracts, wish, received_days_ago)| Step::Cancel { contracts, wish, received_days_ago }),
        1 => contract.clone().prop_map(|contract| Step::GoodCause { contract }),
        1 => (contract.clone(), any::<bool>()).prop_map(|(contract, accept)| Step::Review { contract, accept }),
        2 => (contract.clone(), prop_oneof![
                1 => Just(From::All), 3 => Just(From::LatestChange), 3 => (1..6u32).prop_map(From::Units),
            ])
            .prop_map(|(contract, from)| Step::Withdraw { contract, from }),
        3 => (contract, 0..3usize).prop_map(|(contract, change)| Step::Revoke { contract, change }),
        6 => prop_oneof![0..4i64, 0..40i64, 0..130i64].prop_map(|days| Step::Pass { days }),
    ]
}

/// Plans of every kind: flat, by unit, with a setup fee, free, prepaid, with terms, by the calendar, gross and net.
fn plans() -> Vec<Plan> {
    let seats = json!({ "unit": "seat", "minimum": 1, "maximum": 6 });
    vec![
        flat("flat", "19.99"),
        per_unit("team", "10.01"),
        flat("free", "0.00"),
        plan(
            "setup",
            json!({
                "prices": [price("base", "flat", "7.77"), price("seat", "per_unit", "3.33"), price("setup", "one_off", "25.00")],
                "quantity": seats,
            }),
        ),
        plan(
            "prepaid",
            json!({
                "billing_interval": "P12M", "price_mode": "gross", "prices": [price("base", "flat", "199.00")],
                "terms": terms(Some("P12M"), Some("indefinite"), "P1M", "any_day"),
            }),
        ),
        plan(
            "fixed",
            json!({
                "billing_interval": "P3M", "prices": [price("base", "per_unit", "31.00")], "quantity": seats,
                "terms": terms(Some("P5M"), None, "P0D", "term_end"),
            }),
        ),
        plan(
            "calendar",
            json!({
                "billing_alignment": "calendar", "prices": [price("base", "per_unit", "29.00")], "quantity": seats,
                "terms": terms(None, None, "P1M", "month_end"),
            }),
        ),
        plan(
            "quarters",
            json!({
                "billing_interval": "P3M", "tax_rate": "7", "prices": [price("base", "flat", "61.00")],
                "terms": terms(None, None, "P3M", "quarter_end"),
            }),
        ),
        plan(
            "renewing",
            json!({ "terms": terms(Some("P6M"), Some("P6M"), "P1M", "term_end") }),
        ),
    ]
}

fn world(consumer: bool, start: i64) -> World {
    let today = date!(2027 - 12 - 01) + Duration::days(start);
    let mut plans = plans();
    for (index, plan) in plans.iter_mut().enumerate() {
        plan.withdrawal.granted_to_business = true;
        if index % 2 == 0 {
            plan.withdrawal.compensation = Compensation::ProRata;
        }
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, today);
    let timings = [
        TransitionTiming::Immediate,
        TransitionTiming::PeriodEnd,
        TransitionTiming::NoticeEnd,
    ];
    for (index, transition) in world.catalogue.transitions.iter_mut().enumerate() {
        transition.timing = timings[index % 3];
    }
    world.catalogue.provider.keep_last_contract = true;
    if consumer { world.consumer() } else { world }
}

/// Every refusal a command of this kind may meet.
const REFUSALS: [&str; 17] = [
    "already_applied",
    "already_withdrawn",
    "no_right_of_withdrawal",
    "withdrawal_too_late",
    "already_revoked",
    "cancellation_in_effect",
    "change_not_pending",
    "change_superseded",
    "date_out_of_range",
    "extraordinary_already_decided",
    "last_contract",
    "nothing_to_change",
    "plan_change_pending",
    "quantity_out_of_range",
    "instant_out_of_range",
    "subscription_ended",
    "subscription_not_active",
];

fn contract_of(world: &World, number: usize) -> Option<String> {
    let count = world.account.subscriptions.len();
    (count > 0).then(|| world.account.subscriptions[number % count].id.clone())
}

fn pending_change(world: &World, contract: &str) -> Option<String> {
    let changes = world.subscription(contract).changes.iter();
    changes
        .filter(|change| change.is_scheduled())
        .map(|change| change.id.clone())
        .next()
}

/// Takes one step and checks its preview; a refused command changes nothing.
fn take(world: &mut World, step: &Step) -> Result<(), Violation> {
    match step {
        Step::Pass { days } => {
            let day = world.today + Duration::days(*days);
            world.on(day);
            Ok(())
        }
        Step::Conclude { plan, quantity, delay } => conclude(world, *plan, *quantity, *delay),
        Step::ChangePlan {
            contract,
            plan,
            quantity,
            supersede,
        } => {
            let Some(id) = contract_of(world, *contract) else {
                return Ok(());
            };
            let key = plans()[plan % plans().len()].key.clone();
            let mut request = world.plan_request(&id, &key);
            request.quantity = *quantity;
            request.agreement.early_start_requested = *supersede;
            request.supersedes = pending_change(world, &id).filter(|_| *supersede);
            let foretold = world.foresee_change(&request);
            let before = world.clone();
            let done = world.try_change(&request);
            check_preview(&before, world, &[request.change_id], foretold, done.map(|_| ()))
        }
        Step::ChangeQuantity {
            contract,
            quantity,
            supersede,
        } => {
            let Some(id) = contract_of(world, *contract) else {
                return Ok(());
            };
            let mut request = world.quantity_request(&id, Some(*quantity));
            request.agreement.early_start_requested = *supersede;
            request.supersedes = pending_change(world, &id).filter(|_| *supersede);
            let foretold = world.foresee_change(&request);
            let before = world.clone();
            let done = world.try_change(&request);
            check_preview(&before, world, &[request.change_id], foretold, done.map(|_| ()))
        }
        Step::Cancel {
            contracts,
            wish,
            received_days_ago,
        } => cancel(world, contracts, *wish, *received_days_ago),
        Step::GoodCause { contract } => {
            let Some(id) = contract_of(world, *contract) else {
                return Ok(());
            };
            let request = world.good_cause(&id);
            run_cancellation(world, &request)
        }
        Step::Review { contract, accept } => {
            let Some(id) = contract_of(world, *contract) else {
                return Ok(());
            };
            let Some(change) = pending_change(world, &id) else {
                return Ok(());
            };
            if world.change_of(&id, &change).cancellation().is_none() {
                return Ok(());
            }
            let decision = if *accept { Review::Accepted } else { Review::Rejected };
            world.try_review(&id, &change, decision)
        }
        Step::Revoke { contract, change } => {
            let Some(id) = contract_of(world, *contract) else {
                return Ok(());
            };
            let changes = &world.subscription(&id).changes;
            let Some(change) = changes.iter().rev().nth(*change).map(|change| change.id.clone()) else {
                return Ok(());
            };
            let foretold = world.foresee_revocation(&id, &change);
            let before = world.clone();
            let done = world.try_revoke(&id, &change);
            check_preview(&before, world, &[], foretold, done.map(|_| ()))
        }
        Step::Withdraw { contract, from } => withdraw(world, *contract, from),
    }
}

fn withdraw(world: &mut World, contract: usize, from: &From) -> Result<(), Violation> {
    let Some(id) = contract_of(world, contract) else {
        return Ok(());
    };
    let mut request = world.withdrawal(&id);
    match from {
        From::All => {}
        From::Units(units) => request.quantity = Some(*units),
        From::LatestChange => {
            let mut changes = world.subscription(&id).changes.iter().rev();
            let applied =
                changes.find(|change| change.plan_change().is_some() && change.status == ChangeStatus::Applied);
            request.plan_change_id = applied.map(|change| change.id.clone());
        }
    }
    let foretold = world.foresee_withdrawal(&request);
    let before = world.clone();
    let done = world.try_withdraw(&request);
    check_preview(&before, world, &[request.withdrawal_id], foretold, done.map(|_| ()))
}

fn conclude(world: &mut World, plan: usize, quantity: u32, delay: i64) -> Result<(), Violation> {
    if world.account.subscriptions.len() >= 4 {
        return Ok(());
    }
    let key = plans()[plan % plans().len()].key.clone();
    let order = Conclusion {
        quantity: Some(quantity),
        starts_on: Some(world.today + Duration::days(delay)),
        ..world.order(&key)
    };
    let order = Conclusion {
        agreement: Agreement {
            early_start_requested: quantity.is_multiple_of(2),
            ..order.agreement
        },
        ..order
    };
    let foretold = world.foresee_conclusion(&order);
    let before = world.clone();
    let done = world.try_conclude(&order);
    check_preview(&before, world, &[], foretold, done.map(|_| ()))
}

fn cancel(world: &mut World, contracts: &[usize], wish: Option<i64>, received_days_ago: i64) -> Result<(), Violation> {
    let ids: Vec<String> = contracts
        .iter()
        .filter_map(|contract| contract_of(world, *contract))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let request = CancellationRequest {
        wish_on: wish.map(|days| world.today + Duration::days(days)),
        received_at: world.now() - Duration::days(received_days_ago),
        ..world.cancellation(&names)
    };
    // Only staff enters what was received earlier.
    world.by_staff = received_days_ago > 0;
    let done = run_cancellation(world, &request);
    world.by_staff = false;
    done
}

fn run_cancellation(world: &mut World, request: &CancellationRequest) -> Result<(), Violation> {
    let foretold = world.foresee_cancellation(request);
    let before = world.clone();
    let done = world.try_cancel(request);
    // A repetition names the cancellation that stands.
    let ids: Vec<String> = done.iter().flatten().map(|outcome| outcome.change_id.clone()).collect();
    check_preview(&before, world, &ids, foretold, done.map(|_| ()))
}

/// How many stories a run tries; `PROPTEST_CASES` tries more.
pub(super) fn cases(usually: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(usually)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_previews_come_true_and_the_rules_hold(
        consumer in any::<bool>(), start in 0..200i64, steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = world(consumer, start);
        world.conclude_with("team", 3);
        for step in &steps {
            let unchanged = world.account.clone();
            if let Err(refused) = take(&mut world, step) {
                prop_assert!(REFUSALS.contains(&refused.code), "{refused:?}");
                prop_assert_eq!(&world.account, &unchanged);
            }
        }
        let later = world.today + Duration::days(500);
        world.on(later);
        check_events(&world.account);
    }

    /// Whoever comes late, in one go or day by day: the account is the same.
    #[test]
    fn the_worker_may_come_as_late_as_it_likes(
        start in 0..200i64, steps in prop::collection::vec(step(), 1..12), days in 1..200i64,
    ) {
        let mut world = world(false, start);
        world.conclude_with("team", 3);
        for step in &steps {
            // Refused commands do not matter here.
            let _ = take(&mut world, step);
        }
        let mut late = world.clone();
        let day = world.today + Duration::days(days);
        while world.today < day {
            let tomorrow = next_day(world.today);
            world.on(tomorrow);
        }
        crate::domain::due::advance(&mut late.account, day, &late.zone).expect("an advance");
        prop_assert_eq!(&late.account, &world.account);
    }
}
