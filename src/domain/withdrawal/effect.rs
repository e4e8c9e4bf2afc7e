//! What a withdrawal does to an account: access ends, charges are taken back, and what was changed is as it was before.

use time::Date;

use super::{
    WithdrawalAmounts, WithdrawalRequest, WithdrawalTraces,
    charges::{
        Pass, Stretch, TakenBack, USED, charge_missing, charge_service, charges_of_service, charges_since,
        compensations, credit_settled, flat_charges, occasion, rewind_billing, take_back,
    },
    object::Part,
    orders::OwedUse,
    restore,
    right::is_performed_for_good,
};
use crate::domain::{
    account::{Account, Moment},
    calendar::previous_day,
    cancellation::supersede_cancellation,
    change::{ChangeKind, ChangeStatus},
    charge::{Charge, ChargeKind},
    charging::credit_rest,
    event::DraftEvent,
    event_type::{ChangeVerb, EventType},
    invoice::{BilledUsage, CreditReason, Credited, UsageTotal, charge_usage_now, correct, withdrawal_ends},
    money::{Currency, Money},
    plan_change::supersede,
    retention::{erasure_due, erasure_wish},
    subscription::Subscription,
    violation::Violation,
};

/// A withdrawal under way.
pub(super) struct Effect<'a> {
    pub(super) request: &'a WithdrawalRequest,
    pub(super) moment: Moment,
    /// Legal day of receipt: not charged any more.
    pub(super) received_on: Date,
    pub(super) traces: WithdrawalTraces,
    pub(super) events: Vec<DraftEvent>,
    refund_by_on: Date,
    taken: TakenBack,
    credited: Credited,
    charged: Vec<Charge>,
    /// Charges for what was measured: they are on no invoice that is corrected.
    measured: Vec<Charge>,
    compensation: Vec<Charge>,
}

impl<'a> Effect<'a> {
    pub(super) fn new(
        request: &'a WithdrawalRequest,
        moment: Moment,
        (received_on, refund_by_on): (Date, Date),
    ) -> Self {
        Self {
            request,
            moment,
            received_on,
            refund_by_on,
            traces: WithdrawalTraces::default(),
            events: Vec::new(),
            taken: TakenBack::default(),
            credited: Credited::default(),
            charged: Vec::new(),
            measured: Vec::new(),
            compensation: Vec::new(),
        }
    }

    /// Undoes a whole contract or booking. The add-ons on a contract go with it (§ 360 BGB), those that have ended meanwhile too;
    /// a withdrawn add-on leaves the plan as it is.
    pub(super) fn withdraw_item(&mut self, account: &mut Account, id: &str) -> Result<(), Violation> {
        let linked = account
            .bookings_of(id)
            .filter(|booking| booking.withdrawn_on.is_none() && !is_performed_for_good(booking));
        let linked: Vec<String> = linked.map(|booking| booking.id.clone()).collect();
        let mut all = vec![id.to_owned()];
        all.extend(linked.iter().cloned());
        self.take_all_back(account, &all)?;
        self.end_item(account, id)?;
        for booking_id in linked {
            self.end_linked(account, booking_id)?;
        }
        withdrawal_ends(account, self.moment.on);
        Ok(())
    }

    /// Ends a booking that goes with what is withdrawn.
    pub(super) fn end_linked(&mut self, account: &mut Account, booking_id: String) -> Result<(), Violation> {
        self.take_all_back(account, std::slice::from_ref(&booking_id))?;
        self.end_item(account, &booking_id)?;
        self.traces.withdrawn_add_on_booking_ids.push(booking_id);
        Ok(())
    }

    /// Takes back what items cost, all of it together.
    fn take_all_back(&mut self, account: &mut Account, items: &[String]) -> Result<(), Violation> {
        let mut taken = Vec::new();
        for id in items {
            let subscription = account.subscription_mut(id)?;
            self.drop_pending(subscription, &[ChangeKind::PlanChange, ChangeKind::Cancellation]);
            let owed = OwedUse::of(subscription);
            let is_owed = |day: Date| subscription.phase_on(day).is_some_and(|phase| owed.plan_of(&phase.id));
            let charges = subscription.charges.iter().filter(|charge| charge.counts());
            let charges = charges.filter(|charge| match charge.kind {
                ChargeKind::Credit => false,
                // Where use is to be paid for, what was measured is (§ 357a Abs. 2 BGB).
                ChargeKind::Usage => !is_owed(charge.period_from),
                ChargeKind::Recurring | ChargeKind::Proration | ChargeKind::OneOff => true,
            });
            taken.extend(charges.map(|charge| charge.id.clone()));
        }
        let ids: Vec<&str> = items.iter().map(String::as_str).collect();
        self.take_back(account, &ids, &taken)
    }

    fn end_item(&mut self, account: &mut Account, id: &str) -> Result<(), Violation> {
        let subscription = account.subscription_mut(id)?;
        let owed = OwedUse::of(subscription);
        subscription.withdrawn_on = Some(self.moment.on);
        rewind_billing(subscription, subscription.starts_on);
        let used = Stretch::Days {
            from_on: subscription.starts_on,
            through_on: previous_day(self.received_on),
        };
        if !owed.is_nothing() {
            let pass = Pass {
                name: USED,
                owed: Some(&owed),
            };
            let made = self.charge(account, id, used, pass)?;
            self.compensation.extend(made);
        }
        drop_usage(account, id, &owed, self.moment.on)?;
        self.charge_usage(account, id)?;
        let subscription = account.subscription(id)?;
        let event = DraftEvent::of_subscription(EventType::SubscriptionWithdrawn, subscription, self.moment, true);
        self.events.push(event);
        // Who cancelled and wanted the data erased wants it no less now that the contract ends at once.
        let wish = erasure_wish(subscription).and_then(|id| erasure_due(subscription, id, self.moment));
        self.events.extend(wish);
        Ok(())
    }

    /// Charges what was measured and is to be paid for: there is no later period with which it would be billed.
    fn charge_usage(&mut self, account: &mut Account, id: &str) -> Result<(), Violation> {
        let (known, told) = (account.subscription(id)?.charges.len(), account.events.len());
        charge_usage_now(account, id, self.moment)?;
        account.events.truncate(told);
        let subscription = account.subscription_mut(id)?;
        for charge in &mut subscription.charges[known..] {
            charge.change_id = Some(self.request.withdrawal_id.clone());
        }
        let made = subscription.charges[known..].to_vec();
        for charge in &made {
            let mut event = DraftEvent::of_charge(EventType::ChargeCreated, subscription.contract_id(), charge);
            event.by_caller = true;
            self.events.push(event);
        }
        self.compensation.extend(made.iter().cloned());
        self.measured.extend(made);
        Ok(())
    }

    /// Takes units back, the newest orders first.
    pub(super) fn take_units(&mut self, account: &mut Account, parts: &[Part]) -> Result<(), Violation> {
        let Some(oldest) = parts.last() else {
            return Ok(());
        };
        let id = &self.request.item_id;
        let subscription = account.subscription_mut(id)?;
        self.drop_pending(subscription, &[ChangeKind::PlanChange]);
        let change_ids: Vec<String> = parts.iter().filter_map(|part| part.change_id.clone()).collect();
        let charges = if subscription.is_one_off_service() {
            charges_of_service(subscription)
        } else {
            let (settled, flat) = (compensations(subscription), flat_charges(subscription));
            let mut charges = charges_since(subscription, &change_ids, oldest.from_on, oldest.change_id.is_some());
            charges.retain(|id| !settled.contains(id) && !flat.contains(id));
            charges
        };
        self.take_back(account, &[id], &charges)?;
        let subscription = account.subscription_mut(id)?;
        for part in parts {
            restore::reduce(subscription, part);
            if let Some(change_id) = part.change_id.as_ref().filter(|_| part.is_all) {
                self.settle_change(subscription, change_id);
            }
        }
        if subscription.is_one_off_service() {
            return self.charge_service_again(account);
        }
        rewind_billing(subscription, oldest.from_on);
        let rest = Stretch::From {
            from_on: oldest.from_on,
            today: self.moment.on,
        };
        self.charge(account, id, rest, Pass::of("rest"))?;
        let subscription = account.subscription_mut(id)?;
        let mut is_lent = false;
        for part in parts
            .iter()
            .filter(|part| part.is_compensated && part.from_on < self.received_on)
        {
            restore::lend_until(
                subscription,
                part,
                self.received_on,
                &self.request.withdrawal_id,
                self.moment,
            );
            is_lent = true;
        }
        if is_lent {
            let used = Stretch::Days {
                from_on: oldest.from_on,
                through_on: previous_day(self.received_on),
            };
            let made = self.charge(account, id, used, Pass::of(USED))?;
            self.compensation.extend(made);
        }
        Ok(())
    }

    /// Charges a service that is performed once for the units that are left.
    fn charge_service_again(&mut self, account: &mut Account) -> Result<(), Violation> {
        let occasion = occasion(self.moment, &self.request.withdrawal_id);
        let (made, events) = charge_service(account.subscription_mut(&self.request.item_id)?, occasion)?;
        self.charged.extend(made);
        self.events.extend(events);
        Ok(())
    }

    /// Drops what is pending of the item: it was planned for what is now withdrawn from.
    fn drop_pending(&mut self, subscription: &mut Subscription, kinds: &[ChangeKind]) {
        for kind in kinds {
            let Some(id) = subscription.pending(*kind).map(|change| change.id.clone()) else {
                continue;
            };
            let by_id = &self.request.withdrawal_id;
            match kind {
                ChangeKind::PlanChange => supersede(subscription, &id, by_id, self.moment),
                ChangeKind::Cancellation => supersede_cancellation(subscription, &id, by_id, self.moment),
            };
            self.traces.superseded_change_ids.push(id);
        }
    }

    /// Marks a plan change as withdrawn from.
    pub(super) fn settle_change(&mut self, subscription: &mut Subscription, change_id: &str) {
        if let Some(change) = subscription.change_mut(change_id) {
            change.settle(ChangeStatus::Withdrawn, self.moment.at);
        }
        self.traces.withdrawn_plan_change_ids.push(change_id.to_owned());
    }

    pub(super) fn take_back(
        &mut self,
        account: &mut Account,
        items: &[&str],
        charges: &[String],
    ) -> Result<(), Violation> {
        let events = take_back(account, &mut self.taken, charges, self.moment);
        self.events.extend(events);
        let occasion = occasion(self.moment, &self.request.withdrawal_id);
        for id in items {
            let (made, events) = credit_settled(account.subscription_mut(id)?, charges, occasion)?;
            self.charged.extend(made);
            self.events.extend(events);
        }
        Ok(())
    }

    /// Credits a plan's charges from a day on, anew, where the credit had been taken back with its invoice.
    pub(super) fn credit_again(&mut self, account: &mut Account, id: &str, from: Date) -> Result<(), Violation> {
        let occasion = occasion(self.moment, &self.request.withdrawal_id);
        let subscription = account.subscription_mut(id)?;
        let known = subscription.charges.len();
        credit_rest(subscription, from, occasion)?;
        let made = subscription.charges[known..].to_vec();
        for charge in &made {
            let mut event = DraftEvent::of_charge(EventType::ChargeCreated, subscription.contract_id(), charge);
            event.by_caller = true;
            self.events.push(event);
        }
        self.charged.extend(made);
        Ok(())
    }

    /// Charges what is missing; answers the charges made.
    pub(super) fn charge(
        &mut self,
        account: &mut Account,
        id: &str,
        stretch: Stretch,
        pass: Pass<'_>,
    ) -> Result<Vec<Charge>, Violation> {
        let occasion = occasion(self.moment, &self.request.withdrawal_id);
        let (made, events) = charge_missing(account.subscription_mut(id)?, stretch, pass, occasion)?;
        self.charged.extend(made.iter().cloned());
        self.events.extend(events);
        Ok(made)
    }

    pub(super) fn compensate(&mut self, made: impl IntoIterator<Item = Charge>) {
        self.compensation.extend(made);
    }

    pub(super) fn is_compensated(&self) -> bool {
        !self.compensation.is_empty()
    }

    /// Tells of the changes that were dropped, of what they were planned for as it is in the end.
    pub(super) fn tell_dropped(&mut self, account: &Account) {
        for id in &self.traces.superseded_change_ids {
            let found = account
                .subscriptions
                .iter()
                .find_map(|each| Some((each, each.change(id)?)));
            let told = found.map(|(subscription, change)| {
                DraftEvent::of_change(ChangeVerb::Superseded, subscription, change, self.moment, true)
            });
            self.events.extend(told);
        }
    }

    /// Corrects the invoices of what was taken back: by the difference to what stays or is to be paid for (rules 5.2: refund =
    /// paid − W).
    pub(super) fn correct_invoices(&mut self, account: &mut Account) -> Result<(), Violation> {
        let made: Vec<String> = self.charged.iter().map(|charge| charge.id.clone()).collect();
        let why = (CreditReason::Withdrawal, Some(self.refund_by_on));
        let known = account.events.len();
        self.credited = correct(account, &self.taken.credited, &made, why, self.moment)?;
        self.events.extend(account.events.drain(known..));
        Ok(())
    }

    /// What became of the money.
    pub(super) fn amounts(&self, account: &Account, currency: Currency) -> Result<WithdrawalAmounts, Violation> {
        let credited = self.taken.credited.iter().map(|one| &one.charge);
        Ok(WithdrawalAmounts {
            dropped: account.totals_of(&self.taken.voided, currency)?,
            credited: account.totals_of(credited, currency)?,
            charged: account.totals_of(self.charged.iter().chain(&self.measured), currency)?,
            compensation: account.totals_of(&self.compensation, currency)?,
            refund: self.credited.refund.unwrap_or(Money::zero(currency)),
        })
    }

    /// What was touched.
    pub(super) fn traces(&self) -> WithdrawalTraces {
        let voided = self.taken.voided.iter().map(|charge| charge.id.clone());
        let credited = self.taken.credited.iter().map(|taken| taken.charge.id.clone());
        WithdrawalTraces {
            voided_charge_ids: voided.collect(),
            credited_charge_ids: credited.collect(),
            credit_note_ids: self.credited.credit_note_ids.clone(),
            ..self.traces.clone()
        }
    }

    /// What happened, in order.
    pub(super) fn into_events(self) -> Vec<DraftEvent> {
        self.events
    }
}

/// Usage of a contract that was not charged yet and is not to be paid for never will be.
fn drop_usage(account: &mut Account, id: &str, owed: &OwedUse, on: Date) -> Result<(), Violation> {
    let subscription = account.subscription(id)?;
    let is_owed = |total: &UsageTotal| {
        let phase = subscription.phase_on(total.first_used_on);
        phase.is_some_and(|phase| owed.plan_of(&phase.id))
    };
    let usage = account.billing.usage.iter();
    let dropped = usage.filter(|total| total.subscription_id == id && !is_owed(total));
    let dropped: Vec<UsageTotal> = dropped.cloned().collect();
    account.billing.usage.retain(|total| !dropped.contains(total));
    let done = dropped.into_iter().map(|total| BilledUsage {
        total,
        billed_on: on,
        charge_id: None,
    });
    account.billing.billed_usage.extend(done);
    Ok(())
}
