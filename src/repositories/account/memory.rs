//! Rows of accounts as contracts in memory, and back.

use std::collections::HashMap;
use std::sync::Arc;

use super::AccountRows;
use crate::db::{DbError, JsonText, Utc};
use crate::domain::account::Account;
use crate::domain::change::{Change, ChangeStatus};
use crate::domain::charge::{Charge, ChargeKind, ChargeStatus};
use crate::domain::customer_type::CustomerType;
use crate::domain::money::{Currency, Money, UnitPrice};
use crate::domain::period::{BillingInterval, BillingSchedule};
use crate::domain::plan_version::PlanVersion;
use crate::domain::subscription::{Booking, Phase, Subscription};
use crate::domain::tax::PriceMode;
use crate::repositories::changes::ChangeRow;
use crate::repositories::charges::ChargeRow;
use crate::repositories::slots::SlotRow;
use crate::repositories::subscriptions::{PhaseRow, SubscriptionRow};

/// A stored value this program does not understand: a defect or damage, never the caller's fault.
fn unreadable(what: &str, id: &str) -> DbError {
    DbError::Other(format!("{what} of {id} cannot be read"))
}

impl AccountRows {
    /// The contracts in memory. `plans` holds every plan version the phases name.
    ///
    /// # Errors
    /// [`DbError::Other`] when a row holds a value this program does not know.
    pub fn subscriptions(&self, plans: &HashMap<String, Arc<PlanVersion>>) -> Result<Vec<Subscription>, DbError> {
        self.subscriptions
            .iter()
            .map(|row| self.subscription(row, plans))
            .collect()
    }

    fn subscription(
        &self,
        row: &SubscriptionRow,
        plans: &HashMap<String, Arc<PlanVersion>>,
    ) -> Result<Subscription, DbError> {
        let phases = self.phases.iter().filter(|phase| phase.subscription_id == row.id);
        let changes = self.changes.iter().filter(|change| change.subscription_id == row.id);
        let charges = self.charges.iter().filter(|charge| charge.item_id == row.id);
        Ok(Subscription {
            id: row.id.clone(),
            contract_number: row.contract_number.clone(),
            customer_type: CustomerType::parse(&row.customer_type)
                .ok_or_else(|| unreadable("customer type", &row.id))?,
            concluded_at: row.concluded_at.instant(),
            instructed_at: row.instructed_at.map(Utc::instant),
            early_start_requested: row.early_start_requested,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            ended_by_change_id: row.ended_by_change_id.clone(),
            withdrawn_on: row.withdrawn_on,
            billed_through_on: row.billed_through_on,
            started_recorded: row.started_recorded,
            ended_recorded: row.ended_recorded,
            version: row.version,
            created_at: row.created_at.instant(),
            updated_at: row.updated_at.instant(),
            booking: booking_in_memory(row),
            phases: phases
                .map(|phase| phase_in_memory(phase, plans))
                .collect::<Result<_, _>>()?,
            changes: changes.map(change_in_memory).collect::<Result<_, _>>()?,
            charges: charges.map(charge_in_memory).collect::<Result<_, _>>()?,
        })
    }

    /// The rows of contracts in memory, and of what occupies their slots.
    pub fn of(provider_id: &str, account: &Account) -> Self {
        let customer_id = account.customer_id.as_str();
        let mut rows = Self {
            slots: account
                .slots
                .iter()
                .map(|slot| SlotRow::of(customer_id, slot))
                .collect(),
            ..Self::default()
        };
        for subscription in &account.subscriptions {
            rows.subscriptions
                .push(subscription_row(provider_id, customer_id, subscription));
            let phases = subscription.phases.iter();
            rows.phases
                .extend(phases.map(|phase| phase_row(customer_id, &subscription.id, phase)));
            let changes = subscription.changes.iter();
            rows.changes
                .extend(changes.map(|change| change_row(provider_id, customer_id, &subscription.id, change)));
            let charges = subscription.charges.iter();
            rows.charges
                .extend(charges.map(|charge| charge_row(provider_id, customer_id, subscription.contract_id(), charge)));
        }
        rows
    }
}

fn booking_in_memory(row: &SubscriptionRow) -> Option<Booking> {
    Some(Booking {
        subscription_id: row.parent_id.clone()?,
        add_on_id: row.add_on_id.clone()?,
        included: row.included,
        created_by_change_id: row.created_by_change_id.clone(),
        performed_on: row.performed_on,
    })
}

fn phase_in_memory(row: &PhaseRow, plans: &HashMap<String, Arc<PlanVersion>>) -> Result<Phase, DbError> {
    let interval = u32::try_from(row.billing_interval_months)
        .ok()
        .and_then(|months| BillingInterval::new(months).ok());
    Ok(Phase {
        id: row.id.clone(),
        plan: plans
            .get(row.version_id())
            .cloned()
            .ok_or_else(|| unreadable("plan version", &row.id))?,
        quantity: u32::try_from(row.quantity).map_err(|_| unreadable("quantity", &row.id))?,
        from_on: row.from_on,
        through_on: row.through_on,
        schedule: BillingSchedule {
            anchor_on: row.billing_anchor_on,
            interval: interval.ok_or_else(|| unreadable("billing interval", &row.id))?,
        },
        created_by_change_id: row.created_by_change_id.clone(),
        ended_by_change_id: row.ended_by_change_id.clone(),
        removed: row.removed,
        suspended: row.suspended,
    })
}

/// A change in memory.
///
/// # Errors
/// [`DbError::Other`] when the row holds a status this program does not know.
pub fn change_in_memory(row: &ChangeRow) -> Result<Change, DbError> {
    Ok(Change {
        id: row.id.clone(),
        status: ChangeStatus::parse(&row.status).ok_or_else(|| unreadable("status", &row.id))?,
        received_at: row.received_at.instant(),
        effective_on: row.effective_on,
        superseded_by_id: row.superseded_by_id.clone(),
        settled_at: row.settled_at.map(Utc::instant),
        version: row.version,
        created_at: row.created_at.instant(),
        details: row.details.0.clone(),
    })
}

/// A charge in memory.
///
/// # Errors
/// [`DbError::Other`] when the row holds a value this program does not know.
pub fn charge_in_memory(row: &ChargeRow) -> Result<Charge, DbError> {
    let currency = Currency::parse(&row.currency).ok_or_else(|| unreadable("currency", &row.id))?;
    let money = |_| unreadable("amount", &row.id);
    Ok(Charge {
        id: row.id.clone(),
        item_id: row.item_id.clone(),
        price_key: row.price_key.clone(),
        kind: ChargeKind::parse(&row.kind).ok_or_else(|| unreadable("kind", &row.id))?,
        status: ChargeStatus::parse(&row.status).ok_or_else(|| unreadable("status", &row.id))?,
        change_id: row.change_id.clone(),
        original_charge_id: row.original_charge_id.clone(),
        invoice_id: row.invoice_id.clone(),
        credit_note_id: row.credit_note_id.clone(),
        label: row.label.0.clone(),
        arithmetic: row.arithmetic.0.clone(),
        quantity: u32::try_from(row.quantity).map_err(|_| unreadable("quantity", &row.id))?,
        unit_price: UnitPrice::new(row.unit_price, currency).map_err(money)?,
        amount: Money::new(row.amount, currency).map_err(money)?,
        price_mode: PriceMode::parse(&row.price_mode).ok_or_else(|| unreadable("price mode", &row.id))?,
        tax_rate: row.tax_rate.parse().map_err(|_| unreadable("tax rate", &row.id))?,
        period_from: row.period_from,
        period_through: row.period_through,
        billing_from: row.billing_from,
        billing_through: row.billing_through,
        charged_on: row.charged_on,
        created_at: row.created_at.instant(),
    })
}

fn subscription_row(provider_id: &str, customer_id: &str, subscription: &Subscription) -> SubscriptionRow {
    let booking = subscription.booking.as_ref();
    SubscriptionRow {
        id: subscription.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        contract_number: subscription.contract_number.clone(),
        customer_type: subscription.customer_type.as_str().to_owned(),
        concluded_at: subscription.concluded_at.into(),
        instructed_at: subscription.instructed_at.map(Utc::from),
        early_start_requested: subscription.early_start_requested,
        starts_on: subscription.starts_on,
        ends_on: subscription.ends_on,
        ended_by_change_id: subscription.ended_by_change_id.clone(),
        withdrawn_on: subscription.withdrawn_on,
        billed_through_on: subscription.billed_through_on,
        started_recorded: subscription.started_recorded,
        ended_recorded: subscription.ended_recorded,
        version: subscription.version,
        created_at: subscription.created_at.into(),
        updated_at: subscription.updated_at.into(),
        parent_id: booking.map(|booking| booking.subscription_id.clone()),
        add_on_id: booking.map(|booking| booking.add_on_id.clone()),
        included: booking.is_some_and(|booking| booking.included),
        created_by_change_id: booking.and_then(|booking| booking.created_by_change_id.clone()),
        performed_on: booking.and_then(|booking| booking.performed_on),
    }
}

fn phase_row(customer_id: &str, subscription_id: &str, phase: &Phase) -> PhaseRow {
    PhaseRow {
        id: phase.id.clone(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        plan_version_id: phase.plan.add_on.is_none().then(|| phase.plan.id.clone()),
        quantity: i64::from(phase.quantity),
        from_on: phase.from_on,
        through_on: phase.through_on,
        billing_anchor_on: phase.schedule.anchor_on,
        billing_interval_months: i32::try_from(phase.schedule.interval.months()).unwrap_or(i32::MAX),
        created_by_change_id: phase.created_by_change_id.clone(),
        ended_by_change_id: phase.ended_by_change_id.clone(),
        removed: phase.removed,
        add_on_version_id: phase.plan.add_on.is_some().then(|| phase.plan.id.clone()),
        suspended: phase.suspended,
    }
}

fn change_row(provider_id: &str, customer_id: &str, subscription_id: &str, change: &Change) -> ChangeRow {
    ChangeRow {
        id: change.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        kind: change.kind().as_str().to_owned(),
        status: change.status.as_str().to_owned(),
        received_at: change.received_at.into(),
        effective_on: change.effective_on,
        details: JsonText(change.details.clone()),
        superseded_by_id: change.superseded_by_id.clone(),
        settled_at: change.settled_at.map(Utc::from),
        version: change.version,
        created_at: change.created_at.into(),
    }
}

fn charge_row(provider_id: &str, customer_id: &str, subscription_id: &str, charge: &Charge) -> ChargeRow {
    ChargeRow {
        id: charge.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        item_id: charge.item_id.clone(),
        price_key: charge.price_key.clone(),
        kind: charge.kind.as_str().to_owned(),
        status: charge.status.as_str().to_owned(),
        change_id: charge.change_id.clone(),
        original_charge_id: charge.original_charge_id.clone(),
        invoice_id: charge.invoice_id.clone(),
        credit_note_id: charge.credit_note_id.clone(),
        label: JsonText(charge.label.clone()),
        arithmetic: JsonText(charge.arithmetic.clone()),
        quantity: i64::from(charge.quantity),
        unit_price: charge.unit_price.ten_thousandths,
        amount: charge.amount.minor,
        currency: charge.amount.currency.as_str().to_owned(),
        price_mode: charge.price_mode.as_str().to_owned(),
        tax_rate: charge.tax_rate.to_string(),
        period_from: charge.period_from,
        period_through: charge.period_through,
        billing_from: charge.billing_from,
        billing_through: charge.billing_through,
        charged_on: charge.charged_on,
        created_at: charge.created_at.into(),
    }
}
