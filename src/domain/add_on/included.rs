//! One-off services that a plan contains, such as an audit: they appear as bookings at 0.00 from the plan's first day.
//! Recurring add-ons that a plan contains need no booking; they are part of what the plan entitles to.

use std::sync::Arc;

use time::Date;

use super::{Account, Booking, IdKind, Phase, PlanVersion, Subscription};
use crate::domain::{
    account::Moment,
    charging::unix_millis,
    event::DraftEvent,
    event_type::EventType,
    period::{BillingAlignment, schedule_for},
};

/// A one-off service that a plan contains.
#[derive(Debug, Clone, PartialEq)]
pub struct IncludedService {
    /// The add-on, in its present version.
    pub add_on: Arc<PlanVersion>,
    /// How many of it.
    pub quantity: u32,
}

/// Books what a plan contains, from the day the plan begins, for the change that brings the plan (`None` for a new contract).
pub(in crate::domain) fn book_included(
    account: &mut Account,
    subscription_id: &str,
    services: &[IncludedService],
    (starts_on, change_id): (Date, Option<&str>),
    moment: Moment,
) {
    for service in services {
        let Ok(contract) = account.subscription(subscription_id) else {
            return;
        };
        let booking = included_booking(contract, service, starts_on, change_id, moment);
        account.events.push(DraftEvent::of_subscription(
            EventType::SubscriptionCreated,
            &booking,
            moment,
            true,
        ));
        account.subscriptions.push(booking);
    }
}

fn included_booking(
    contract: &Subscription,
    service: &IncludedService,
    starts_on: Date,
    change_id: Option<&str>,
    moment: Moment,
) -> Subscription {
    let millis = unix_millis(moment.at);
    let facts = [contract.id.as_str(), change_id.unwrap_or(""), &service.add_on.plan.key];
    let id = IdKind::AddOnBooking.derive(millis, &facts);
    Subscription {
        contract_number: id.clone(),
        customer_type: contract.customer_type,
        concluded_at: moment.at,
        instructed_at: None,
        early_start_requested: false,
        starts_on,
        ends_on: None,
        ended_by_change_id: None,
        withdrawn_on: None,
        billed_through_on: None,
        started_recorded: false,
        ended_recorded: false,
        version: 1,
        created_at: moment.at,
        updated_at: moment.at,
        booking: Some(Booking {
            subscription_id: contract.id.clone(),
            add_on_id: service.add_on.plan_id.clone(),
            included: true,
            created_by_change_id: change_id.map(str::to_owned),
            performed_on: None,
        }),
        phases: vec![Phase {
            id: IdKind::Phase.derive(millis, &[&id]),
            plan: Arc::clone(&service.add_on),
            quantity: service.quantity,
            from_on: starts_on,
            through_on: None,
            schedule: schedule_for(
                starts_on,
                service.add_on.plan.billing_interval,
                BillingAlignment::Anniversary,
            ),
            created_by_change_id: None,
            ended_by_change_id: None,
            removed: false,
            suspended: false,
        }],
        changes: Vec::new(),
        charges: Vec::new(),
        id,
    }
}
