//! What the rules themselves cost, without database and server: `cargo bench --bench domain`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up must fail")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use time::macros::{date, datetime};
use vertragswerk::demo::CATALOGUES;
use vertragswerk::domain::account::{Account, Circumstances};
use vertragswerk::domain::add_on::{BookingRequest, book};
use vertragswerk::domain::catalogue::{Catalogue, Plan, parse};
use vertragswerk::domain::conclusion::{Conclusion, conclude};
use vertragswerk::domain::consent::Agreement;
use vertragswerk::domain::customer_type::CustomerType;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::domain::invoice::Billing;
use vertragswerk::domain::money::{Currency, UnitPrice};
use vertragswerk::domain::period::BillingSchedule;
use vertragswerk::domain::plan_change::{PlanChangeRequest, change_plan};
use vertragswerk::domain::plan_version::PlanVersion;
use vertragswerk::domain::preview::{PreviewParts, preview};
use vertragswerk::domain::proration::prorate;
use vertragswerk::domain::terms::{AllowedEnd, Renewal, TerminationQuestion, Terms, termination};
use vertragswerk::domain::time_zone::TimeZone;
use vertragswerk::domain::violation::Violation;

/// Add-ons on the contract whose plan changes.
const ADD_ONS: usize = 10;

fn termination_date(criterion: &mut Criterion) {
    let terms = Terms {
        initial_term: "P1Y".parse().ok(),
        renewal: "P1Y".parse().ok().map(Renewal::Fixed),
        notice: "P3M".parse().expect("a notice"),
        to: AllowedEnd::TermEnd,
    };
    let question = TerminationQuestion {
        terms: &terms,
        received_on: date!(2026 - 03 - 16),
        started_on: Some(date!(2019 - 05 - 01)),
        billing: None,
        wish_on: None,
        consumer: false,
    };
    criterion.bench_function("termination date, renewed for years", |bencher| {
        bencher.iter(|| termination(black_box(&question)));
    });
}

fn periods(criterion: &mut Criterion) {
    let schedule = BillingSchedule {
        anchor_on: date!(2020 - 01 - 31),
        interval: "P1M".parse().expect("an interval"),
    };
    criterion.bench_function("billing period of a day", |bencher| {
        bencher.iter(|| schedule.period_containing(black_box(date!(2026 - 03 - 16))));
    });
}

fn proration(criterion: &mut Criterion) {
    let price = UnitPrice::parse("24.90", Currency::EUR).expect("a price");
    let period = (date!(2026 - 03 - 01), date!(2026 - 03 - 31));
    let used = (date!(2026 - 03 - 16), date!(2026 - 03 - 31));
    criterion.bench_function("proration", |bencher| {
        bencher.iter(|| prorate(black_box(price), 3, period, used));
    });
}

fn plan_change_preview(criterion: &mut Criterion) {
    let house = House::open();
    let before = house.customer().expect("a customer");
    let request = house.upgrade();
    house.preview(&before, &request).expect("a preview");
    criterion.bench_function("preview of a plan change with 10 add-ons", |bencher| {
        bencher.iter(|| house.preview(black_box(&before), &request));
    });
}

/// A provider, its zone and its plans.
struct House {
    catalogue: Catalogue,
    zone: TimeZone,
}

impl House {
    fn open() -> Self {
        let found = CATALOGUES.iter().find(|(name, _)| *name == "crm.json");
        let catalogue = parse(found.expect("a demo catalogue").1).expect("a catalogue");
        let zone = TimeZone::parse(&catalogue.provider.time_zone).expect("a zone");
        Self { catalogue, zone }
    }

    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            now: datetime!(2026-03-16 10:00 UTC),
            today: date!(2026 - 03 - 16),
            zone: &self.zone,
            provider: &self.catalogue.provider,
            by_staff: false,
        }
    }

    fn version(&self, key: &str) -> Arc<PlanVersion> {
        let plan: Option<&Plan> = self.catalogue.plans.iter().find(|plan| plan.key == key);
        Arc::new(PlanVersion {
            id: format!("plv_{key}"),
            plan_id: format!("pln_{key}"),
            number: 1,
            plan: plan.expect("a plan").clone(),
            add_on: None,
        })
    }

    /// A business with one contract and ten bookings on it.
    fn customer(&self) -> Result<Account, Violation> {
        let mut account = Account {
            customer_id: IdKind::Customer.derive(0, &[]),
            customer_type: CustomerType::Business,
            subscriptions: Vec::new(),
            billing: Billing::default(),
            slots: Vec::new(),
            withdrawals: Vec::new(),
            events: Vec::new(),
        };
        let subscription_id = IdKind::Subscription.derive(0, &[]);
        let order = Conclusion {
            subscription_id: subscription_id.clone(),
            contract_number: "V1".to_owned(),
            plan: self.version("crm_monthly"),
            quantity: None,
            starts_on: None,
            included: Vec::new(),
            agreement: Agreement::default(),
        };
        conclude(&mut account, &self.circumstances(), &order)?;
        for number in 0..ADD_ONS {
            let add_on = &self.catalogue.add_ons[number % self.catalogue.add_ons.len()];
            let key = &add_on.key;
            let request = BookingRequest {
                booking_id: IdKind::AddOnBooking.derive(0, &[&number.to_string()]),
                subscription_id: subscription_id.clone(),
                add_on: Arc::new(PlanVersion::of_add_on(
                    format!("adv_{key}"),
                    format!("adn_{key}"),
                    1,
                    add_on.clone(),
                )),
                quantity: Some(1),
                agreement: Agreement::default(),
            };
            book(&mut account, &self.circumstances(), &request)?;
        }
        Ok(account)
    }

    fn upgrade(&self) -> PlanChangeRequest {
        PlanChangeRequest {
            change_id: IdKind::PlanChange.derive(0, &[]),
            subscription_id: IdKind::Subscription.derive(0, &[]),
            target: Some(self.version("crm_yearly")),
            transition: self.catalogue.transition("crm_monthly", "crm_yearly").cloned(),
            quantity: None,
            supersedes: None,
            included: Vec::new(),
            absorb: Vec::new(),
            agreement: Agreement::default(),
        }
    }

    fn preview(&self, before: &Account, request: &PlanChangeRequest) -> Result<usize, Violation> {
        let circumstances = self.circumstances();
        let mut after = before.clone();
        let outcome = change_plan(&mut after, &circumstances, request)?;
        let parts = PreviewParts {
            effective_on: outcome.effective_on,
            subscription_ids: vec![request.subscription_id.clone()],
            touched_ids: Vec::new(),
            change_ids: vec![request.change_id.clone()],
            consequences: outcome.consequences,
            consents: Vec::new(),
            order_button: None,
            texts: Vec::new(),
            because: Vec::new(),
            latest_receipt_on: None,
            supersedes: Vec::new(),
        };
        Ok(preview(before, &after, &circumstances, parts)?.lines.len())
    }
}

criterion_group!(benches, termination_date, periods, proration, plan_change_preview);
criterion_main!(benches);
