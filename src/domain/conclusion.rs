//! Concluding a contract.

use std::sync::Arc;

use time::Date;

use super::{
    account::{Account, Circumstances},
    add_on::{IncludedService, book_included},
    calendar::{add_months, english, german},
    consent::{Agreement, order_button},
    customer_type::CustomerType,
    due,
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    period::schedule_for,
    plan_version::PlanVersion,
    subscription::{Phase, Subscription, natural_end},
    violation::Violation,
};

/// How far ahead a contract may begin, in months.
const LATEST_START_MONTHS: u32 = 24;

/// An order for a contract.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// Id of the new contract.
    pub subscription_id: String,
    /// Its unguessable number.
    pub contract_number: String,
    /// The plan, in its present version.
    pub plan: Arc<PlanVersion>,
    /// Units; the plan's minimum when not named.
    pub quantity: Option<u32>,
    /// First day; today when not named.
    pub starts_on: Option<Date>,
    /// One-off services that the plan contains.
    pub included: Vec<IncludedService>,
    /// Consents and order button.
    pub agreement: Agreement,
}

/// Concludes a contract and charges what is due at once.
///
/// # Errors
/// `plan_not_available`, `not_for_customer_type`, `quantity_out_of_range`, `date_out_of_range`, and those of the consents.
pub fn conclude(account: &mut Account, circumstances: &Circumstances<'_>, order: &Conclusion) -> Result<(), Violation> {
    let plan = &order.plan.plan;
    check_sold_to(&order.plan, account.customer_type)?;
    let quantity = order.quantity.unwrap_or(plan.quantity.minimum);
    check_quantity(&order.plan, quantity)?;
    let starts_on = check_start(order.starts_on, circumstances.today)?;
    order.agreement.check_consents()?;
    if let Some(label) = order_button(plan, account.customer_type, plan.is_paid()) {
        order.agreement.check_order_button(&label)?;
    }
    let subscription = new_subscription(account.customer_type, circumstances, order, quantity, starts_on);
    let moment = circumstances.moment();
    let event = DraftEvent::of_subscription(EventType::SubscriptionCreated, &subscription, moment, true)
        .with("evidence", order.agreement.evidence());
    account.subscriptions.push(subscription);
    account.events.push(event);
    book_included(
        account,
        &order.subscription_id,
        &order.included,
        (starts_on, None),
        moment,
    );
    due::advance_now(account, moment)
}

fn new_subscription(
    customer_type: CustomerType,
    circumstances: &Circumstances<'_>,
    order: &Conclusion,
    quantity: u32,
    starts_on: Date,
) -> Subscription {
    let plan = &order.plan.plan;
    let now = circumstances.now;
    let phase = Phase {
        id: IdKind::Phase.derive(super::charging::unix_millis(now), &[&order.subscription_id]),
        plan: Arc::clone(&order.plan),
        quantity,
        from_on: starts_on,
        through_on: None,
        schedule: schedule_for(starts_on, plan.billing_interval, plan.billing_alignment),
        created_by_change_id: None,
        ended_by_change_id: None,
        removed: false,
        suspended: false,
    };
    Subscription {
        id: order.subscription_id.clone(),
        contract_number: order.contract_number.clone(),
        customer_type,
        concluded_at: now,
        instructed_at: order.agreement.includes_withdrawal_instruction().then_some(now),
        early_start_requested: order.agreement.early_start_requested,
        starts_on,
        ends_on: natural_end(&order.plan, starts_on),
        ended_by_change_id: None,
        withdrawn_on: None,
        billed_through_on: None,
        started_recorded: false,
        ended_recorded: false,
        version: 1,
        created_at: now,
        updated_at: now,
        booking: None,
        phases: vec![phase],
        changes: Vec::new(),
        charges: Vec::new(),
    }
}

/// Refuses a plan that is no longer sold, or not to customers of this type (design decision 18).
pub(super) fn check_sold_to(plan: &PlanVersion, customer_type: CustomerType) -> Result<(), Violation> {
    let name = &plan.plan.name;
    if !plan.plan.available {
        return Err(Violation::invalid(
            "plan_not_available",
            format!("{} wird nicht mehr angeboten.", name.de),
            format!("{} is no longer offered.", name.en),
        )
        .at("/plan"));
    }
    if !plan.plan.is_sold_to(customer_type) {
        return Err(Violation::invalid(
            "not_for_customer_type",
            format!(
                "{} richtet sich nicht an {}.",
                name.de,
                if customer_type == CustomerType::Consumer {
                    "Verbraucher"
                } else {
                    "Unternehmen"
                }
            ),
            format!(
                "{} is not sold to {}.",
                name.en,
                if customer_type == CustomerType::Consumer {
                    "consumers"
                } else {
                    "businesses"
                }
            ),
        )
        .at("/plan"));
    }
    Ok(())
}

/// Refuses a quantity outside the plan's limits.
pub(super) fn check_quantity(plan: &PlanVersion, quantity: u32) -> Result<(), Violation> {
    let rule = &plan.plan.quantity;
    if rule.allows(quantity) {
        return Ok(());
    }
    let (minimum, maximum) = (rule.minimum, rule.effective_maximum());
    Err(Violation::invalid(
        "quantity_out_of_range",
        format!("Die Menge muss zwischen {minimum} und {maximum} liegen."),
        format!("The quantity must be between {minimum} and {maximum}."),
    )
    .at("/quantity")
    .with("minimum", minimum)
    .with("maximum", maximum))
}

fn check_start(starts_on: Option<Date>, today: Date) -> Result<Date, Violation> {
    let starts_on = starts_on.unwrap_or(today);
    let latest = add_months(today, LATEST_START_MONTHS);
    if (today..=latest).contains(&starts_on) {
        return Ok(starts_on);
    }
    Err(Violation::invalid(
        "date_out_of_range",
        format!(
            "Der Beginn muss zwischen dem {} und dem {} liegen.",
            german(today),
            german(latest)
        ),
        format!(
            "The first day must be between {} and {}.",
            english(today),
            english(latest)
        ),
    )
    .at("/starts_on"))
}
