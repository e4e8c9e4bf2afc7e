//! The system's rules without server or database: commands as the services give them to `vertragswerk::domain`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use time::{Date, OffsetDateTime};
use vertragswerk::domain::account::{Account, Circumstances};
use vertragswerk::domain::add_on::{BookingRequest, book};
use vertragswerk::domain::cancellation::{CancellationRequest, ContractToCancel, cancel};
use vertragswerk::domain::catalogue::{Catalogue, DocumentKind, parse};
use vertragswerk::domain::change::{CancellationKind, ChangeKind};
use vertragswerk::domain::charge::{Charge, ChargeKind};
use vertragswerk::domain::conclusion::{Conclusion, conclude};
use vertragswerk::domain::consent::{Agreement, ConsentGiven, RequiredDocument};
use vertragswerk::domain::customer_type::CustomerType;
use vertragswerk::domain::due;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::domain::invoice::{Billing, BillingTerms, DocumentType};
use vertragswerk::domain::localized::Locale;
use vertragswerk::domain::plan_change::{PlanChangeRequest, change_plan};
use vertragswerk::domain::plan_version::PlanVersion;
use vertragswerk::domain::revocation::revoke;
use vertragswerk::domain::subscription::Subscription;
use vertragswerk::domain::time_zone::TimeZone;
use vertragswerk::domain::violation::Violation;
use vertragswerk::domain::withdrawal::{WithdrawalRequest, withdraw};

use super::compare::CATALOGUE;
use super::picture::{Billed, Facts, Picture};
use super::steps::Command;

/// The catalogue and the versions of its plans and add-ons by key.
type Sold = (Arc<Catalogue>, Arc<BTreeMap<String, Arc<PlanVersion>>>);

static SOLD: LazyLock<Sold> = LazyLock::new(|| {
    let catalogue = parse(&CATALOGUE).expect("a catalogue");
    let plans = catalogue.plans.iter().map(|plan| PlanVersion {
        id: format!("plv_{}", plan.key),
        plan_id: format!("pln_{}", plan.key),
        number: 1,
        plan: plan.clone(),
        add_on: None,
    });
    let add_ons = catalogue.add_ons.iter().map(|add_on| {
        let (version, id) = (format!("adv_{}", add_on.key), format!("adn_{}", add_on.key));
        PlanVersion::of_add_on(version, id, 1, add_on.clone())
    });
    let versions = plans.chain(add_ons);
    let versions = versions
        .map(|version| (version.plan.key.clone(), Arc::new(version)))
        .collect();
    (Arc::new(catalogue), Arc::new(versions))
});

/// One customer's account and the catalogue.
#[derive(Clone)]
pub struct Rules {
    account: Account,
    catalogue: Arc<Catalogue>,
    versions: Arc<BTreeMap<String, Arc<PlanVersion>>>,
    zone: TimeZone,
    today: Date,
    ids: i64,
}

impl Rules {
    /// A new customer of the provider.
    pub fn new(consumer: bool, today: Date) -> Self {
        let (catalogue, versions) = SOLD.clone();
        let customer_type = if consumer {
            CustomerType::Consumer
        } else {
            CustomerType::Business
        };
        Self {
            account: Account {
                customer_id: "cus_test".to_owned(),
                customer_type,
                subscriptions: Vec::new(),
                billing: Billing {
                    terms: BillingTerms::of(&catalogue.provider).map(Arc::new),
                    ..Billing::default()
                },
                slots: Vec::new(),
                withdrawals: Vec::new(),
                events: Vec::new(),
            },
            versions,
            zone: TimeZone::parse(&catalogue.provider.time_zone).expect("a zone"),
            catalogue,
            today,
            ids: 0,
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.zone.start_of_day(self.today) + time::Duration::hours(10)
    }

    fn id(&mut self, kind: IdKind) -> String {
        self.ids += 1;
        kind.derive(self.ids, &[])
    }

    /// Does what the command says, or refuses and changes nothing.
    pub fn run(&mut self, command: &Command) -> Result<(), Violation> {
        match *command {
            Command::Conclude {
                plan,
                units,
                delay,
                early,
            } => self.conclude(plan, units, delay, early),
            Command::Book { on, add_on, units } => self.book(on, add_on, units),
            Command::ChangePlan {
                item,
                plan,
                units,
                replace,
            } => self.change(item, Some(plan), units, replace),
            Command::ChangeUnits { item, units, replace } => self.change(item, None, Some(units), replace),
            Command::Cancel { item, wish } => self.cancel(item, wish).map(drop),
            Command::Revoke { item, change } => {
                let item = &self.account.subscriptions[item];
                let (item, change) = (item.id.clone(), item.changes[change].id.clone());
                self.carry_out(|account, now| revoke(account, now, &item, &change).map(drop))
            }
            Command::Withdraw { item } => {
                let request = WithdrawalRequest {
                    withdrawal_id: self.id(IdKind::Withdrawal),
                    item_id: self.account.subscriptions[item].id.clone(),
                    plan_change_id: None,
                    quantity: None,
                    reason: None,
                    received_at: self.now(),
                    dispatched_at: None,
                    cancellation_id: None,
                };
                self.carry_out(|account, now| withdraw(account, now, &request).map(drop))
            }
            Command::Bill => due::advance(&mut self.account, self.today, &self.zone),
            Command::Pass { days } => {
                self.today += time::Duration::days(days);
                due::advance(&mut self.account, self.today, &self.zone)
            }
        }
    }

    fn carry_out<T>(
        &mut self,
        command: impl FnOnce(&mut Account, &Circumstances<'_>) -> Result<T, Violation>,
    ) -> Result<T, Violation> {
        let circumstances = Circumstances {
            now: self.now(),
            today: self.today,
            zone: &self.zone,
            provider: &self.catalogue.provider,
            by_staff: false,
        };
        let mut account = self.account.clone();
        let outcome = command(&mut account, &circumstances)?;
        due::end_command(&mut account, circumstances.moment())?;
        self.account = account;
        Ok(outcome)
    }

    fn conclude(&mut self, plan: usize, units: u32, delay: i64, early: bool) -> Result<(), Violation> {
        let plan = Arc::clone(&self.versions[&self.catalogue.plans[plan].key]);
        let order = Conclusion {
            subscription_id: self.id(IdKind::Subscription),
            contract_number: format!("V{:07}", self.ids),
            agreement: agreed(&plan, early),
            included: Vec::new(),
            quantity: Some(units),
            starts_on: Some(self.today + time::Duration::days(delay)),
            plan,
        };
        self.carry_out(|account, now| conclude(account, now, &order))
    }

    fn book(&mut self, on: usize, add_on: usize, units: u32) -> Result<(), Violation> {
        let add_on = Arc::clone(&self.versions[&self.catalogue.add_ons[add_on].key]);
        let request = BookingRequest {
            booking_id: self.id(IdKind::AddOnBooking),
            subscription_id: self.account.subscriptions[on].id.clone(),
            agreement: agreed(&add_on, false),
            quantity: Some(units),
            add_on,
        };
        self.carry_out(|account, now| book(account, now, &request))
    }

    fn change(&mut self, item: usize, plan: Option<usize>, units: Option<u32>, replace: bool) -> Result<(), Violation> {
        let change_id = self.id(IdKind::PlanChange);
        let subscription = &self.account.subscriptions[item];
        let present = Arc::clone(&subscription.phase_on(self.today).expect("a phase").plan);
        let target = plan.map(|plan| Arc::clone(&self.versions[&self.catalogue.plans[plan].key]));
        let waiting = subscription.pending(ChangeKind::PlanChange).filter(|_| replace);
        let agreement = agreed(target.as_ref().unwrap_or(&present), replace);
        let request = PlanChangeRequest {
            change_id,
            subscription_id: subscription.id.clone(),
            transition: target
                .as_ref()
                .and_then(|target| self.catalogue.transition(&present.plan.key, &target.plan.key).cloned()),
            target,
            quantity: units,
            supersedes: waiting.map(|change| change.id.clone()),
            included: Vec::new(),
            absorb: Vec::new(),
            agreement,
        };
        self.carry_out(|account, now| change_plan(account, now, &request).map(drop))
    }

    fn cancel(&mut self, item: usize, wish_on: Option<Date>) -> Result<Date, Violation> {
        let contract = ContractToCancel {
            change_id: self.id(IdKind::Cancellation),
            subscription_id: self.account.subscriptions[item].id.clone(),
        };
        let request = CancellationRequest {
            contracts: vec![contract],
            kind: CancellationKind::Ordinary,
            reason: None,
            wish_on,
            delete_data: false,
            received_at: self.now(),
            as_cancellation: false,
        };
        let outcomes = self.carry_out(|account, now| cancel(account, now, &request))?;
        Ok(outcomes[0].ends_on)
    }

    /// When an item could end, were it cancelled today.
    fn earliest_end(&self, item: usize) -> Option<Date> {
        let mut supposed = self.clone();
        let end = supposed.cancel(item, None).ok()?;
        let withdrawn = supposed.account.subscriptions[item].withdrawn_on.is_some();
        (!withdrawn).then_some(end)
    }

    /// What can be seen of the customer.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        for (number, item) in self.account.subscriptions.iter().enumerate() {
            let phase = item.phase_on(self.today).expect("a phase");
            let pending = item.pending(ChangeKind::PlanChange);
            let details = pending.and_then(|change| Some((change.effective_on, change.plan_change()?.to_quantity)));
            let cancelled = item.pending(ChangeKind::Cancellation).is_some();
            let facts = Facts {
                status: item.status_on(self.today).as_str(),
                tariff: &phase.plan.plan.key,
                units: phase.quantity,
                days: (item.starts_on, item.ends_on),
                charged_through: item.billed_through_on,
                change: details,
                earliest_end: if cancelled { None } else { self.earliest_end(number) },
            };
            picture.item(number, &facts, &self.billed(item));
        }
        let papers = self.account.billing.issued.iter().map(|paper| {
            let (net, tax) = (i128::from(paper.totals.net.minor), i128::from(paper.totals.tax.minor));
            let corrects = paper.document_type == DocumentType::CreditNote;
            (paper.issued_on, corrects, paper.lines.len(), net, tax)
        });
        picture.documents(papers.collect());
        picture
    }

    fn billed(&self, item: &Subscription) -> Vec<Billed> {
        let counting = || item.charges.iter().filter(|charge| charge.counts());
        let roots = counting().filter(|charge| charge.kind != ChargeKind::Credit);
        let bills = roots.map(|charge| {
            let credits = counting().filter(|credit| credit.original_charge_id.as_ref() == Some(&charge.id));
            let part = |part: &Charge| (i128::from(part.amount.minor), self.billed_on(part));
            Billed {
                price: charge.price_key.clone(),
                days: (charge.period_from, charge.period_through),
                units: i128::from(charge.quantity),
                parts: std::iter::once(charge).chain(credits).map(part).collect(),
            }
        });
        bills.collect()
    }

    fn billed_on(&self, charge: &Charge) -> Option<Date> {
        // What stays after a correction stands on that, not on the invoice.
        let id = charge.credit_note_id.as_ref().or(charge.invoice_id.as_ref())?;
        let paper = self.account.billing.issued.iter().find(|paper| paper.id == *id);
        Some(paper.expect("a document").issued_on)
    }
}

/// The withdrawal instruction accepted and the button pressed.
fn agreed(plan: &PlanVersion, early_start_requested: bool) -> Agreement {
    const DOCUMENT: &str = "withdrawal_instruction";
    Agreement {
        required: vec![RequiredDocument {
            document_id: "doc_test".to_owned(),
            key: DOCUMENT.to_owned(),
            kind: DocumentKind::WithdrawalInstruction,
            version: "2020-01".to_owned(),
            language: Locale::De,
            title: "Widerrufsbelehrung".to_owned(),
            sha256: String::new(),
        }],
        given: vec![ConsentGiven {
            document: DOCUMENT.to_owned(),
            version: "2020-01".to_owned(),
            accepted: true,
            wording: None,
        }],
        order_button_text: Some(plan.plan.order_button.de.clone()),
        early_start_requested,
        ..Agreement::default()
    }
}
