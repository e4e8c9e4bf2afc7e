//! One customer of one provider: commands as the services give them, and what came of them as short lines of text.

use std::{collections::BTreeMap, sync::Arc};

use time::{Date, OffsetDateTime};

use super::invariants;
use crate::{
    demo::CATALOGUES,
    domain::{
        account::{Account, Circumstances},
        add_on::{BookingRequest, book},
        calendar::next_day,
        cancellation::{CancellationOutcome, CancellationRequest, ContractToCancel, cancel, review},
        catalogue::{Catalogue, Plan, Transition, TransitionTiming, parse},
        change::{CancellationKind, Change, Review},
        charge::Charge,
        conclusion::{Conclusion, conclude},
        consent::Agreement,
        customer_type::CustomerType,
        due,
        event_type::EventType,
        ids::IdKind,
        invoice::{Billing, BillingTerms, Document},
        plan_change::{PlanChangeOutcome, PlanChangeRequest, change_plan},
        plan_version::PlanVersion,
        revocation::revoke,
        subscription::Subscription,
        time_zone::TimeZone,
        violation::Violation,
        withdrawal::{Withdrawal, WithdrawalRequest, withdraw_alone},
    },
};

/// A customer, the provider's catalogue, and a clock that only the test moves.
#[derive(Debug, Clone)]
pub struct World {
    pub account: Account,
    pub catalogue: Catalogue,
    pub today: Date,
    pub zone: TimeZone,
    pub by_staff: bool,
    versions: BTreeMap<String, Arc<PlanVersion>>,
    ids: u32,
}

impl World {
    /// The business customer of a demo provider, by the name of its catalogue file.
    pub fn demo(file: &str, today: Date) -> Self {
        let (_, text) = CATALOGUES
            .iter()
            .find(|(name, _)| *name == format!("{file}.json"))
            .expect("a demo catalogue");
        Self::new(parse(text).expect("a catalogue"), today)
    }

    /// The business customer of a provider that sells these plans, with a transition between any two of them.
    pub fn selling(plans: Vec<Plan>, timing: TransitionTiming, today: Date) -> Self {
        let mut world = Self::demo("hosting", today);
        world.catalogue.transitions = transitions(&plans, timing);
        world.catalogue.plans = plans;
        Self::new(world.catalogue, today)
    }

    fn new(catalogue: Catalogue, today: Date) -> Self {
        let versions = catalogue.plans.iter().map(|plan| (plan.key.clone(), version(plan, 1)));
        Self {
            account: Account {
                customer_id: "cus_test".to_owned(),
                customer_type: CustomerType::Business,
                subscriptions: Vec::new(),
                billing: billing(&catalogue),
                slots: Vec::new(),
                withdrawals: Vec::new(),
                events: Vec::new(),
            },
            versions: versions.collect(),
            today,
            zone: TimeZone::parse(&catalogue.provider.time_zone).expect("a zone"),
            catalogue,
            by_staff: false,
            ids: 0,
        }
    }

    /// The same for a consumer.
    pub fn consumer(mut self) -> Self {
        self.account.customer_type = CustomerType::Consumer;
        self
    }

    /// Ten in the morning of the day.
    pub fn now(&self) -> OffsetDateTime {
        self.zone.start_of_day(self.today) + time::Duration::hours(10)
    }

    /// Lets time pass until `day`, as a punctual worker would.
    pub fn on(&mut self, day: Date) -> &mut Self {
        assert!(day >= self.today, "time does not run backwards");
        while self.today < day {
            self.today = due::next_due_on(&self.account)
                .unwrap_or(day)
                .clamp(next_day(self.today), day);
            due::advance(&mut self.account, self.today, &self.zone).expect("an advance");
            invariants::check(&self.account, self.today);
        }
        self
    }

    /// Publishes the next version of a plan.
    pub fn publish(&mut self, key: &str, plan: Plan) {
        let number = self.plan(key).number + 1;
        self.versions.insert(key.to_owned(), version(&plan, number));
    }

    /// The present version of a plan.
    pub fn plan(&self, key: &str) -> Arc<PlanVersion> {
        Arc::clone(self.versions.get(key).expect("a plan"))
    }

    pub fn subscription(&self, id: &str) -> &Subscription {
        self.account.subscription(id).expect("a contract")
    }

    pub fn change_of(&self, subscription_id: &str, id: &str) -> &Change {
        self.subscription(subscription_id).change(id).expect("a change")
    }

    /// A fresh id of a kind, the same in every run.
    pub fn next_id(&mut self, kind: IdKind) -> String {
        self.ids += 1;
        kind.derive(i64::from(self.ids), &[])
    }

    /// Runs a command as a service does: all of it or, when it is refused, nothing.
    pub fn run<T>(
        &mut self,
        command: impl FnOnce(&mut Account, &Circumstances<'_>) -> Result<T, Violation>,
    ) -> Result<T, Violation> {
        let circumstances = Circumstances {
            now: self.now(),
            today: self.today,
            zone: &self.zone,
            provider: &self.catalogue.provider,
            by_staff: self.by_staff,
        };
        let mut account = self.account.clone();
        let outcome = command(&mut account, &circumstances)?;
        due::end_command(&mut account, circumstances.moment())?;
        self.account = account;
        invariants::check(&self.account, self.today);
        Ok(outcome)
    }

    /// The order for a contract from today, with its button pressed.
    pub fn order(&mut self, key: &str) -> Conclusion {
        let plan = self.plan(key);
        Conclusion {
            subscription_id: self.next_id(IdKind::Subscription),
            contract_number: format!("V{:07}", self.ids),
            included: Vec::new(),
            agreement: pressed(&plan),
            plan,
            quantity: None,
            starts_on: None,
        }
    }

    pub fn try_conclude(&mut self, order: &Conclusion) -> Result<String, Violation> {
        self.run(|account, circumstances| conclude(account, circumstances, order))?;
        Ok(order.subscription_id.clone())
    }

    /// Concludes a contract from today.
    pub fn conclude(&mut self, key: &str) -> String {
        let order = self.order(key);
        self.try_conclude(&order).expect("a contract")
    }

    pub fn conclude_with(&mut self, key: &str, quantity: u32) -> String {
        let order = Conclusion {
            quantity: Some(quantity),
            ..self.order(key)
        };
        self.try_conclude(&order).expect("a contract")
    }

    /// The request for another plan, with the catalogue's transition and its button pressed.
    pub fn plan_request(&mut self, subscription_id: &str, key: &str) -> PlanChangeRequest {
        let target = self.plan(key);
        let subscription = self.subscription(subscription_id);
        let from = &subscription.phase_on(self.today).expect("a phase").plan.plan.key;
        let transition = self.catalogue.transition(from, key).cloned();
        PlanChangeRequest {
            included: Vec::new(),
            agreement: pressed(&target),
            target: Some(target),
            transition,
            ..self.quantity_request(subscription_id, None)
        }
    }

    /// The request for another quantity.
    pub fn quantity_request(&mut self, subscription_id: &str, quantity: Option<u32>) -> PlanChangeRequest {
        let phase = self.subscription(subscription_id).phase_on(self.today).cloned();
        PlanChangeRequest {
            change_id: self.next_id(IdKind::PlanChange),
            subscription_id: subscription_id.to_owned(),
            target: None,
            transition: None,
            quantity,
            supersedes: None,
            included: Vec::new(),
            absorb: Vec::new(),
            agreement: pressed(&phase.expect("a phase").plan),
        }
    }

    pub fn try_change(&mut self, request: &PlanChangeRequest) -> Result<PlanChangeOutcome, Violation> {
        self.run(|account, circumstances| change_plan(account, circumstances, request))
    }

    /// Changes the plan; answers the change's id and its effective day.
    pub fn change(&mut self, subscription_id: &str, key: &str) -> (String, Date) {
        let request = self.plan_request(subscription_id, key);
        let outcome = self.try_change(&request).expect("a plan change");
        (request.change_id, outcome.effective_on)
    }

    /// Changes the quantity; answers the change's id and its effective day.
    pub fn change_quantity(&mut self, subscription_id: &str, quantity: u32) -> (String, Date) {
        let request = self.quantity_request(subscription_id, Some(quantity));
        let outcome = self.try_change(&request).expect("a change of quantity");
        (request.change_id, outcome.effective_on)
    }

    /// An ordinary cancellation of these contracts, received now.
    pub fn cancellation(&mut self, subscription_ids: &[&str]) -> CancellationRequest {
        let contracts = subscription_ids.iter().map(|id| ContractToCancel {
            subscription_id: (*id).to_owned(),
            change_id: self.next_id(IdKind::Cancellation),
        });
        CancellationRequest {
            contracts: contracts.collect(),
            kind: CancellationKind::Ordinary,
            reason: None,
            wish_on: None,
            delete_data: false,
            received_at: self.now(),
            as_cancellation: false,
        }
    }

    /// An extraordinary cancellation of one contract.
    pub fn good_cause(&mut self, subscription_id: &str) -> CancellationRequest {
        CancellationRequest {
            kind: CancellationKind::Extraordinary,
            reason: Some("The service has been down for weeks.".to_owned()),
            ..self.cancellation(&[subscription_id])
        }
    }

    pub fn try_cancel(&mut self, request: &CancellationRequest) -> Result<Vec<CancellationOutcome>, Violation> {
        self.run(|account, circumstances| cancel(account, circumstances, request))
    }

    /// Cancels one contract; answers the outcome.
    pub fn cancel(&mut self, subscription_id: &str) -> CancellationOutcome {
        let request = self.cancellation(&[subscription_id]);
        self.try_cancel(&request).expect("a cancellation").remove(0)
    }

    pub fn try_review(&mut self, subscription_id: &str, change_id: &str, decision: Review) -> Result<(), Violation> {
        self.run(|account, circumstances| review(account, circumstances, subscription_id, change_id, decision))
    }

    pub fn try_revoke(&mut self, subscription_id: &str, change_id: &str) -> Result<Change, Violation> {
        self.run(|account, circumstances| revoke(account, circumstances, subscription_id, change_id))
    }

    pub fn revoke(&mut self, subscription_id: &str, change_id: &str) {
        self.try_revoke(subscription_id, change_id).expect("a revocation");
    }

    /// A withdrawal from a whole contract or booking, received now.
    pub fn withdrawal(&mut self, item_id: &str) -> WithdrawalRequest {
        WithdrawalRequest {
            withdrawal_id: self.next_id(IdKind::Withdrawal),
            item_id: item_id.to_owned(),
            plan_change_id: None,
            quantity: None,
            reason: None,
            received_at: self.now(),
            dispatched_at: None,
            cancellation_id: None,
        }
    }

    pub fn try_withdraw(&mut self, request: &WithdrawalRequest) -> Result<Withdrawal, Violation> {
        let outcome = self.run(|account, circumstances| withdraw_alone(account, circumstances, request))?;
        Ok(outcome.withdrawal)
    }

    /// Withdraws from a whole contract or booking.
    pub fn withdraw(&mut self, item_id: &str) -> Withdrawal {
        let request = self.withdrawal(item_id);
        self.try_withdraw(&request).expect("a withdrawal")
    }

    pub fn try_book(&mut self, subscription_id: &str, key: &str, quantity: u32) -> Result<String, Violation> {
        let add_on = self.catalogue.add_on(key).expect("an add-on").clone();
        let version = PlanVersion::of_add_on(format!("adv_{key}"), format!("adn_{key}"), 1, add_on);
        let request = BookingRequest {
            booking_id: self.next_id(IdKind::AddOnBooking),
            subscription_id: subscription_id.to_owned(),
            agreement: pressed(&version),
            add_on: Arc::new(version),
            quantity: Some(quantity),
        };
        self.run(|account, circumstances| book(account, circumstances, &request))?;
        Ok(request.booking_id)
    }

    /// Books an add-on of the catalogue; answers the booking.
    pub fn book(&mut self, subscription_id: &str, key: &str, quantity: u32) -> String {
        self.try_book(subscription_id, key, quantity).expect("a booking")
    }

    /// The charges that still count.
    pub fn counting_bill(&self, subscription_id: &str) -> Vec<String> {
        let charges = self.subscription(subscription_id).charges.iter();
        charges.filter(|charge| charge.counts()).map(bill_line).collect()
    }

    /// The contract's charges: `2026-01-01 recurring 2026-01-01..2026-01-31 1 × 19.00 = 19.00`.
    pub fn bill(&self, subscription_id: &str) -> Vec<String> {
        self.subscription(subscription_id)
            .charges
            .iter()
            .map(bill_line)
            .collect()
    }

    /// The contract's charges that came to be on or after a day.
    pub fn bill_since(&self, subscription_id: &str, day: Date) -> Vec<String> {
        let charges = self.subscription(subscription_id).charges.iter();
        charges
            .filter(|charge| charge.charged_on >= day)
            .map(bill_line)
            .collect()
    }

    /// The documents issued so far: `invoice 2026-01-10 3 lines 35.10 + 6.67 = 41.77`.
    pub fn documents(&self) -> Vec<String> {
        self.account.billing.issued.iter().map(document_line).collect()
    }

    /// The types of the events of contracts so far; forgets them, and those of invoices.
    pub fn take_events(&mut self) -> Vec<&'static str> {
        let events = std::mem::take(&mut self.account.events);
        let types = events.into_iter().map(|event| event.event_type);
        types
            .filter(|each| !matches!(each.object(), "invoice" | "credit_note"))
            .map(EventType::as_str)
            .collect()
    }

    /// The phases that count: `2026-01-01.. 3 plus`.
    pub fn phases(&self, subscription_id: &str) -> Vec<String> {
        let phases = self.subscription(subscription_id).phases.iter();
        phases
            .filter(|phase| !phase.removed)
            .map(|phase| {
                let through = phase.through_on.map_or(String::new(), |day| day.to_string());
                format!(
                    "{}..{through} {} {}",
                    phase.from_on, phase.quantity, phase.plan.plan.key
                )
            })
            .collect()
    }
}

/// The customer is billed by the provider's terms.
fn billing(catalogue: &Catalogue) -> Billing {
    Billing {
        terms: BillingTerms::of(&catalogue.provider).map(Arc::new),
        ..Billing::default()
    }
}

fn bill_line(charge: &Charge) -> String {
    format!(
        "{} {} {}..{} {} × {} = {}",
        charge.charged_on,
        charge.kind.as_str(),
        charge.period_from,
        charge.period_through,
        charge.quantity,
        charge.unit_price.amount(),
        charge.amount.amount(),
    )
}

fn document_line(document: &Document) -> String {
    let totals = document.totals;
    format!(
        "{} {} {} lines {} + {} = {}",
        document.document_type.as_str(),
        document.issued_on,
        document.lines.len(),
        totals.net.amount(),
        totals.tax.amount(),
        totals.gross.amount(),
    )
}

fn version(plan: &Plan, number: i64) -> Arc<PlanVersion> {
    Arc::new(PlanVersion {
        id: format!("plv_{}_{number}", plan.key),
        plan_id: format!("pln_{}", plan.key),
        number,
        plan: plan.clone(),
        add_on: None,
    })
}

/// An agreement to nothing but the order button's label.
pub fn pressed(plan: &PlanVersion) -> Agreement {
    Agreement {
        order_button_text: Some(plan.plan.order_button.de.clone()),
        ..Agreement::default()
    }
}

fn transitions(plans: &[Plan], timing: TransitionTiming) -> Vec<Transition> {
    let pairs = plans.iter().flat_map(|from| plans.iter().map(move |to| (from, to)));
    pairs
        .filter(|(from, to)| from.key != to.key)
        .map(|(from, to)| Transition {
            from: from.key.clone(),
            to: to.key.clone(),
            timing,
            consents: Vec::new(),
            consequences: Vec::new(),
        })
        .collect()
}
