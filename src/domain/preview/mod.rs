//! Previews: what a command would do, told from the changed account itself, so that preview and execution cannot differ
//! (design decision 21).

use serde::Serialize;
use time::Date;

use super::{
    account::{Account, Circumstances},
    because::Because,
    calendar::{add_months, next_day},
    catalogue::Consequence,
    charge::Charge,
    consent::RequiredDocument,
    due,
    invoice::{self, Document},
    localized::LocalizedText,
    money::{Currency, Money, MoneyError},
    order::OrderSummary,
    subscription::Subscription,
    tax::{PriceMode, TaxRate},
    violation::Violation,
};

mod sums;
mod waiting;

use sums::sum;
pub use sums::{Recurring, Totals, plan_price, recurring_price};

/// A contract begins at most 24 months ahead and bills at least every 60 months: nothing is charged later than this.
pub const LONGEST_WAIT_MONTHS: u32 = 24 + 60;

/// One amount a command causes, now or on a later day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewLine {
    /// The contract.
    pub subscription_id: String,
    /// The add-on booking, where it is charged for one.
    pub add_on_booking_id: Option<String>,
    /// Kind of the charge it will be.
    pub kind: &'static str,
    /// What the customer reads.
    pub label: LocalizedText,
    /// The calculation in words.
    pub arithmetic: LocalizedText,
    /// Units.
    pub quantity: u32,
    /// First day charged or credited.
    pub from_on: Date,
    /// Last day charged or credited.
    pub through_on: Date,
    /// The day on which the charge comes to be.
    pub charged_on: Date,
    /// The amount; negative for credits. Net or gross as `price_mode` says.
    pub amount: Money,
    /// Net or gross.
    pub price_mode: PriceMode,
    /// Rate of value added tax in per cent.
    pub tax_rate: TaxRate,
}

/// The customer's next consolidated invoice as it stands after the command (design decisions 10 and 21).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextInvoice {
    /// The day on which it will be issued; `None` when none is to come.
    pub on: Option<Date>,
    /// What will stand on it: all open drafts and everything charged and credited until that day, of all contracts.
    pub totals: Totals,
}

/// A sentence to show with the preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewText {
    /// Stable code, snake_case.
    pub code: &'static str,
    /// The sentence.
    pub text: LocalizedText,
}

impl PreviewText {
    /// A sentence in both languages.
    pub fn new(code: &'static str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code,
            text: LocalizedText::new(de, en),
        }
    }
}

/// The order button a command needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderButton {
    /// The label; for consumers exactly this one must be shown and sent back (§ 312j Abs. 3 BGB).
    pub label: LocalizedText,
    /// Whether the command is refused without it.
    pub required: bool,
}

/// What a command would do. Its canonical form is what the preview token vouches for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// The day the command takes effect: first day of a new plan or contract, last day of a cancelled contract.
    pub effective_on: Date,
    /// What is charged or credited at once.
    pub due_now: Totals,
    /// The customer's next consolidated invoice.
    pub next_invoice: NextInvoice,
    /// What the contract costs afterwards; `None` when it ends or several are concerned.
    pub recurring: Option<Recurring>,
    /// Every amount the command causes, with its day and its arithmetic.
    pub lines: Vec<PreviewLine>,
    /// What the customer must know.
    pub consequences: Vec<Consequence>,
    /// Documents that must be accepted.
    pub consents: Vec<RequiredDocument>,
    /// The order button.
    pub order_button: Option<OrderButton>,
    /// Sentences to show.
    pub texts: Vec<PreviewText>,
    /// Why the date is what it is.
    pub because: Vec<Because>,
    /// Last day of receipt that still leads to this date.
    pub latest_receipt_on: Option<Date>,
    /// Pending changes that are replaced.
    pub supersedes: Vec<String>,
    /// The contracts concerned.
    pub subscription_ids: Vec<String>,
    /// The summary of a cart; `None` for any other command.
    pub order: Option<OrderSummary>,
}

/// What a use case adds to what the accounts say.
#[derive(Debug, Clone)]
pub struct PreviewParts {
    /// The day the command takes effect.
    pub effective_on: Date,
    /// The contracts concerned.
    pub subscription_ids: Vec<String>,
    /// Further contracts and bookings whose charges the command touches.
    pub touched_ids: Vec<String>,
    /// The changes made; charges that name them belong to the command.
    pub change_ids: Vec<String>,
    /// What the customer must know.
    pub consequences: Vec<Consequence>,
    /// Documents that must be accepted.
    pub consents: Vec<RequiredDocument>,
    /// The order button.
    pub order_button: Option<OrderButton>,
    /// Sentences to show.
    pub texts: Vec<PreviewText>,
    /// Why the date is what it is.
    pub because: Vec<Because>,
    /// Last day of receipt that still leads to this date.
    pub latest_receipt_on: Option<Date>,
    /// Pending changes that are replaced.
    pub supersedes: Vec<String>,
}

/// Tells what happens between `before` (with everything due applied) and `after` (the command applied to it), now and until
/// its effective day, by letting time pass in memory.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn preview(
    before: &Account,
    after: &Account,
    circumstances: &Circumstances<'_>,
    parts: PreviewParts,
) -> Result<Preview, Violation> {
    let currency = circumstances.provider.currency;
    let settled_on = next_day(parts.effective_on).max(circumstances.today);
    let concerned: Vec<String> = parts
        .subscription_ids
        .iter()
        .chain(&parts.touched_ids)
        .cloned()
        .collect();
    // As the executed command does: what is to be issued today is issued at its end.
    let mut after = after.clone();
    due::end_command(&mut after, circumstances.moment())?;
    let after = &after;
    let mut later = after.clone();
    due::advance(&mut later, settled_on, circumstances.zone)?;
    let is_of_command = |id: &Option<String>| id.as_ref().is_some_and(|id| parts.change_ids.contains(id));
    // What begins with the command pays for itself on its first day, without naming the change.
    let begins = |subscription: &Subscription| {
        let is_new = before.subscription(&subscription.id).is_err();
        let mut phases = subscription.phases.iter().filter(|phase| !phase.removed);
        is_new || phases.any(|phase| phase.from_on == parts.effective_on && is_of_command(&phase.created_by_change_id))
    };
    let belongs = |subscription: &Subscription, charge: &Charge| {
        let of_first_day = charge.charged_on == parts.effective_on && begins(subscription);
        is_of_command(&charge.change_id) || charge.charged_on == circumstances.today || of_first_day
    };
    let made = new_charges(before, &later, &concerned)
        .filter(|(subscription, charge)| belongs(subscription, charge))
        .map(|(subscription, charge)| line(after, subscription, charge));
    let lines: Vec<PreviewLine> = dropped(before, after, &concerned, circumstances.today)
        .chain(made)
        .collect::<Result<_, _>>()?;
    let due_now = totals(
        lines.iter().filter(|line| line.charged_on <= circumstances.today),
        currency,
    )?;
    let mut parts = parts;
    parts
        .texts
        .extend(waiting::open_charges_invoiced_now(before, after, currency)?);
    Ok(Preview {
        effective_on: parts.effective_on,
        next_invoice: next_invoice(before, after, circumstances)?,
        recurring: recurring(&later, &parts, currency)?.map(|price| price.taxed(after.tax_treatment())),
        due_now,
        lines,
        consequences: parts.consequences,
        consents: parts.consents,
        order_button: parts.order_button,
        texts: parts.texts,
        because: parts.because,
        latest_receipt_on: parts.latest_receipt_on,
        supersedes: parts.supersedes,
        subscription_ids: contract_ids(&later, &concerned),
        order: None,
    })
}

fn recurring(later: &Account, parts: &PreviewParts, currency: Currency) -> Result<Option<Recurring>, Violation> {
    let goes_on =
        |one: &Subscription| one.withdrawn_on.is_none() && one.ends_on.is_none_or(|end| end > parts.effective_on);
    let mut going_on = Vec::new();
    for id in &parts.subscription_ids {
        let subscription = later.subscription(id)?;
        going_on.extend(Some(subscription).filter(|one| goes_on(one)));
    }
    // One contract, or the one that takes the others in.
    let [subscription] = going_on.as_slice() else {
        return Ok(None);
    };
    recurring_price(subscription, parts.effective_on, currency)
}

/// The next consolidated invoice after the command: all that the customer's contracts owe by then, not only this one's part.
fn next_invoice(
    before: &Account,
    after: &Account,
    circumstances: &Circumstances<'_>,
) -> Result<NextInvoice, Violation> {
    let horizon = add_months(circumstances.today, LONGEST_WAIT_MONTHS);
    let zero = Money::zero(circumstances.provider.currency);
    let mut next = NextInvoice {
        on: None,
        totals: Totals {
            net: zero,
            tax: zero,
            gross: zero,
        },
    };
    // What the command itself has issued, or what will be issued next.
    let issued = issued(before, after);
    let documents = match issued.first() {
        Some(_) => issued.to_vec(),
        None => invoice::next_invoice(after, horizon, circumstances.zone)?.map_or_else(Vec::new, |next| next.documents),
    };
    if let Some(first) = documents.first() {
        next.on = Some(first.issued_on);
        for document in &documents {
            next.totals.net = next.totals.net.checked_add(document.totals.net)?;
            next.totals.tax = next.totals.tax.checked_add(document.totals.tax)?;
            next.totals.gross = next.totals.gross.checked_add(document.totals.gross)?;
        }
    }
    Ok(next)
}

/// The documents that a command has issued.
fn issued<'a>(before: &Account, after: &'a Account) -> &'a [Document] {
    let documents = &after.billing.issued;
    &documents[before.billing.issued.len().min(documents.len())..]
}

fn new_charges<'a>(
    before: &'a Account,
    after: &'a Account,
    subscription_ids: &'a [String],
) -> impl Iterator<Item = (&'a Subscription, &'a Charge)> {
    after
        .subscriptions
        .iter()
        .filter(|subscription| is_concerned(subscription, subscription_ids))
        .flat_map(|subscription| {
            let known = before.subscriptions.iter().find(|known| known.id == subscription.id);
            subscription
                .charges
                .iter()
                .filter(move |charge| charge.counts())
                .filter(move |charge| known.is_none_or(|known| known.charges.iter().all(|old| old.id != charge.id)))
                .map(move |charge| (subscription, charge))
        })
}

/// Charges that a command drops, as lines that take them off.
fn dropped<'a>(
    before: &'a Account,
    after: &'a Account,
    subscription_ids: &'a [String],
    today: Date,
) -> impl Iterator<Item = Result<PreviewLine, MoneyError>> + 'a {
    let counted = move |id: &str| {
        let mut charges = before.subscriptions.iter().flat_map(|each| &each.charges);
        charges.any(|charge| charge.id == id && charge.counts())
    };
    after
        .subscriptions
        .iter()
        .filter(move |subscription| is_concerned(subscription, subscription_ids))
        .flat_map(|subscription| subscription.charges.iter().map(move |charge| (subscription, charge)))
        .filter(move |(_, charge)| !charge.counts() && counted(&charge.id))
        .map(move |(subscription, charge)| {
            let line = line(before, subscription, charge)?;
            Ok(PreviewLine {
                amount: line.amount.negated(),
                charged_on: today,
                ..line
            })
        })
}

/// The contracts behind ids of contracts and bookings.
fn contract_ids(account: &Account, ids: &[String]) -> Vec<String> {
    let mut contracts: Vec<String> = Vec::new();
    for id in ids {
        let found = account.subscription(id);
        let contract = found.map_or(id.as_str(), |found| found.contract_id());
        if !contracts.iter().any(|known| known == contract) {
            contracts.push(contract.to_owned());
        }
    }
    contracts
}

/// Whether a command about `ids` (contracts, or one booking) concerns this contract or booking.
fn is_concerned(subscription: &Subscription, ids: &[String]) -> bool {
    ids.iter()
        .any(|id| *id == subscription.id || id == subscription.contract_id())
}

/// A charge as it is invoiced to this customer.
fn line(account: &Account, subscription: &Subscription, charge: &Charge) -> Result<PreviewLine, MoneyError> {
    let treatment = account.treatment_of(charge);
    let (_, amount, tax_rate) =
        treatment.apply(charge.unit_price, charge.amount, charge.tax_rate, charge.price_mode)?;
    Ok(PreviewLine {
        subscription_id: subscription.contract_id().to_owned(),
        add_on_booking_id: subscription.booking_id().map(str::to_owned),
        kind: charge.kind.as_str(),
        label: charge.label.clone(),
        arithmetic: charge.arithmetic.clone(),
        quantity: charge.quantity,
        from_on: charge.period_from,
        through_on: charge.period_through,
        charged_on: charge.charged_on,
        amount,
        price_mode: charge.price_mode,
        tax_rate,
    })
}

fn totals<'a>(lines: impl Iterator<Item = &'a PreviewLine>, currency: Currency) -> Result<Totals, Violation> {
    sum(
        lines.map(|line| (line.amount, line.tax_rate, line.price_mode)),
        currency,
    )
}
