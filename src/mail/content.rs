//! What a mail says, as values for its template: from the event, the account as it is after the command, and the provider's
//! settings. Pure; every date in the provider's zone, every text in the customer's language.

use serde_json::{Value, json};
use time::Date;

pub use super::audience::Audience;
use crate::domain::account::Account;
use crate::domain::calendar::previous_day;
use crate::domain::catalogue::{Catalogue, DocumentKind, Plan, PriceKind};
use crate::domain::change::{Change, ChangeStatus, PlanChangeDetails, Review};
use crate::domain::email::EmailKind;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::invoice::TaxTreatment;
use crate::domain::localized::Locale;
use crate::domain::money::Currency;
use crate::domain::preview::recurring_price;
use crate::domain::subscription::{Phase, Subscription};
use crate::domain::tax::PriceMode;

/// A document the customer has agreed to, as the mail tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedDocument {
    /// Id (`doc_`).
    pub id: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Title as shown.
    pub title: String,
    /// The provider's name of the version.
    pub version: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Name of the attached file.
    pub file_name: String,
    /// The wording, where it is text.
    pub text: Option<String>,
}

/// What a command's events are told from.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// To whom.
    pub audience: Audience<'a>,
    /// The account after the command.
    pub account: &'a Account,
    /// The provider's catalogue, for what a transition entails.
    pub catalogue: &'a Catalogue,
    /// Everything that happened in the same transaction.
    pub drafts: &'a [DraftEvent],
    /// Documents agreed to with this event.
    pub documents: &'a [AgreedDocument],
}

/// What an event is about: the change it carries, or else the object its type names.
pub fn object_id(draft: &DraftEvent) -> Option<&str> {
    change_id(draft).or_else(|| draft.data[draft.event_type.object()]["id"].as_str())
}

fn change_id(draft: &DraftEvent) -> Option<&str> {
    ["plan_change", "cancellation"]
        .into_iter()
        .find_map(|kind| draft.data[kind]["id"].as_str())
}

/// The kind of mail this event asks for. What takes effect in the transaction in which it is declared is told by one mail,
/// and what a plan contains is told with the plan.
pub fn kind_of(draft: &DraftEvent, drafts: &[DraftEvent]) -> Option<EmailKind> {
    let kind = EmailKind::of_event(draft.event_type)?;
    let is_booking = draft.data["add_on"].is_object();
    let declaration = match draft.event_type {
        EventType::PlanChangeApplied => EventType::PlanChangeCreated,
        EventType::CancellationApplied => EventType::CancellationCreated,
        EventType::WithdrawalCreated if is_booking && draft.data["withdrawal"]["kind"] == "add_on" => {
            return Some(EmailKind::AddOnWithdrawn);
        }
        // The declaration is told; what it entails and the cancellation it came as are told with it.
        EventType::AddOnWithdrawn => return None,
        EventType::CancellationCreated | EventType::AddOnCancellationCreated
            if draft.data["cancellation"]["withdrawal_id"].is_string() =>
        {
            return None;
        }
        EventType::AddOnCreated if draft.data["add_on"]["included"] == true => return None,
        _ => return Some(kind),
    };
    let declared_too = drafts
        .iter()
        .any(|other| other.event_type == declaration && object_id(other) == object_id(draft));
    (!declared_too).then_some(kind)
}

impl Happening<'_> {
    /// The values of the mail of this kind about `draft`; `None` if the account does not hold what it is about.
    pub fn values(&self, kind: EmailKind, draft: &DraftEvent) -> Option<Value> {
        let mut values = self.audience.frame();
        let document = match kind {
            EmailKind::InvoiceIssued => Some(self.invoice(draft)?),
            EmailKind::CreditNoteIssued => Some(self.credit_note(draft)?),
            _ => None,
        };
        if let Some(document) = document {
            merge(&mut values, document);
            return Some(values);
        }
        let contract = draft
            .subscription_id
            .as_deref()
            .and_then(|id| self.account.subscription(id).ok())?;
        let about = match draft.data["add_on"]["id"].as_str() {
            Some(booking_id) => self.account.subscription(booking_id).ok()?,
            None => contract,
        };
        let own = match kind {
            EmailKind::ContractConcluded | EmailKind::AddOnBooked => self.conclusion(about, draft),
            EmailKind::PlanChangeReceived
            | EmailKind::PlanChangeApplied
            | EmailKind::PlanChangeRevoked
            | EmailKind::AddOnQuantityChanged
            | EmailKind::AddOnQuantityChangeRevoked => self.plan_change(about, draft)?,
            EmailKind::CancellationReceived
            | EmailKind::CancellationDecided
            | EmailKind::CancellationRevoked
            | EmailKind::CancellationEffective
            | EmailKind::AddOnCancellationReceived
            | EmailKind::AddOnCancellationRevoked => self.cancellation(about, draft)?,
            EmailKind::WithdrawalReceived | EmailKind::AddOnWithdrawn => self.withdrawal(about, draft)?,
            EmailKind::InvoiceIssued
            | EmailKind::CreditNoteIssued
            | EmailKind::DeclarationReceived
            | EmailKind::DeclarationRejected
            | EmailKind::WebhookEndpointDisabled => return None,
        };
        merge(&mut values, self.evidence(draft));
        merge(&mut values, json!({ "contract": self.contract(about, contract) }));
        merge(&mut values, own);
        Some(values)
    }

    fn conclusion(&self, subscription: &Subscription, draft: &DraftEvent) -> Value {
        json!({
            "received": self.audience.date_and_time(draft.occurred_at),
            "plan": self.plan(subscription, subscription.starts_on),
        })
    }

    /// Number of the contract; first and last day of what the mail is about, which may be a booking on it.
    fn contract(&self, subscription: &Subscription, contract: &Subscription) -> Value {
        json!({
            "number": contract.contract_number,
            "starts_on": self.audience.date(subscription.starts_on),
            "ends_on": subscription.ends_on.map(|end| self.audience.date(end)),
        })
    }

    fn plan_change(&self, subscription: &Subscription, draft: &DraftEvent) -> Option<Value> {
        let change = subscription.change(change_id(draft)?)?;
        let details = change.plan_change()?;
        let audience = &self.audience;
        let is_scheduled = change.status == ChangeStatus::Scheduled;
        let revocable = is_scheduled && audience.provider.revocation_offered;
        let received_at = if change.status == ChangeStatus::Revoked {
            draft.occurred_at
        } else {
            change.received_at
        };
        let until_on = previous_day(change.effective_on);
        Some(json!({
            "received": audience.date_and_time(received_at),
            "from": self.side(subscription, &details.from_plan_version_id, details.from_quantity),
            "to": self.side(subscription, &details.to_plan_version_id, details.to_quantity),
            "effective_on": audience.date(change.effective_on),
            "in_effect": change.status == ChangeStatus::Applied,
            "until_on": is_scheduled.then(|| audience.date(until_on)),
            "revocable_through_on": revocable.then(|| audience.date(until_on)),
            "replaced": replaces(subscription, change),
            "consequences": self.consequences(subscription, details),
            "plan": self.plan(subscription, change.effective_on),
        }))
    }

    fn cancellation(&self, subscription: &Subscription, draft: &DraftEvent) -> Option<Value> {
        let change = subscription.change(change_id(draft)?)?;
        let details = change.cancellation()?;
        let audience = &self.audience;
        let is_revoked = change.status == ChangeStatus::Revoked;
        let end = subscription.ends_on.unwrap_or(change.effective_on);
        let revocable = change.status == ChangeStatus::Scheduled && audience.provider.revocation_offered;
        Some(json!({
            "received": audience.date_and_time(if is_revoked { draft.occurred_at } else { change.received_at }),
            "plan": self.plan(subscription, end),
            "extraordinary": details.review.is_some(),
            "review_pending": details.review == Some(Review::Pending),
            "accepted": details.review == Some(Review::Accepted),
            "reason": details.reason,
            "wish_on": details.wish_on.map(|day| audience.date(day)),
            "delete_data": details.delete_data,
            "ends_on": audience.date(end),
            "cancelled_to_on": audience.date(change.effective_on),
            "revocable_through_on": revocable.then(|| audience.date(end)),
            "replaced": details.superseded_plan_change_id.is_some(),
        }))
    }

    /// A side of a plan change: name and quantity.
    fn side(&self, subscription: &Subscription, plan_version_id: &str, quantity: u32) -> Value {
        let version = subscription
            .phases
            .iter()
            .map(|phase| &phase.plan)
            .find(|plan| plan.id == plan_version_id);
        let name = version.map_or("", |version| self.audience.words(&version.plan.name));
        let counted = version.is_some_and(|version| is_counted(&version.plan));
        let text = match (counted, self.audience.locale) {
            (false, _) => name.to_owned(),
            (true, Locale::De) => format!("{name} (Menge {quantity})"),
            (true, Locale::En) => format!("{name} (quantity {quantity})"),
        };
        json!({ "name": name, "quantity": quantity, "text": text })
    }

    fn consequences(&self, subscription: &Subscription, details: &PlanChangeDetails) -> Vec<String> {
        let key = |version_id: &str| {
            let phase = subscription.phases.iter().find(|phase| phase.plan.id == version_id);
            phase.map(|phase| phase.plan.plan.key.as_str())
        };
        let transition = key(&details.from_plan_version_id)
            .zip(key(&details.to_plan_version_id))
            .and_then(|(from, to)| self.catalogue.transition(from, to));
        transition.map_or_else(Vec::new, |transition| {
            let texts = transition.consequences.iter();
            texts.map(|one| self.audience.words(&one.text).to_owned()).collect()
        })
    }

    /// The content of the contract from `day` on: what is sold, at what price, on which terms (§ 312f Abs. 2 BGB).
    pub(super) fn plan(&self, subscription: &Subscription, day: Date) -> Value {
        // What was withdrawn from has no phase left that counts; the last one says what it was.
        let Some(phase) = subscription.phase_on(day).or_else(|| subscription.phases.last()) else {
            return json!({ "name": "", "quantity": null, "features": [], "prices": [] });
        };
        let (plan, audience) = (&phase.plan.plan, &self.audience);
        let features: Vec<&str> = plan.features.iter().map(|one| audience.words(&one.text)).collect();
        json!({
            "name": audience.words(&plan.name),
            "description": audience.words(&plan.description),
            "quantity": is_counted(plan).then(|| phase.quantity.to_string()),
            "price_label": audience.words(&plan.price_label),
            "prices": self.prices(phase),
            "recurring": self.recurring(subscription, day),
            "terms": audience.words(&plan.terms.sentence()),
            "features": features,
        })
    }

    fn prices(&self, phase: &Phase) -> Vec<Value> {
        let (plan, audience) = (&phase.plan.plan, &self.audience);
        let interval = interval(plan.billing_interval.months(), audience.locale);
        let line = |price: &crate::domain::catalogue::Price| {
            let amount = match audience.locale {
                Locale::De => price.amount.german(),
                Locale::En => price.amount.amount(),
            };
            let (de, en) = match price.kind {
                PriceKind::Flat => (format!("je {interval}"), format!("per {interval}")),
                PriceKind::PerUnit => (format!("je Einheit und {interval}"), format!("per unit and {interval}")),
                // What is used, the label says; the unit is a key for programs.
                PriceKind::Usage => ("je Nutzung".to_owned(), "per use".to_owned()),
                PriceKind::OneOff => ("einmalig".to_owned(), "once".to_owned()),
            };
            let per = if audience.locale == Locale::De { de } else { en };
            json!({
                "label": audience.words(&price.label),
                "text": format!("{amount} {} {per}", price.amount.currency.as_str()),
            })
        };
        plan.prices.iter().map(line).collect()
    }

    /// The total of one billing period with tax. A total that cannot be told is left out; the single prices stand.
    fn recurring(&self, subscription: &Subscription, day: Date) -> Option<String> {
        let audience = &self.audience;
        let currency: Currency = audience.provider.currency;
        let recurring = recurring_price(subscription, day, currency).ok().flatten()?;
        let treatment = self.account.tax_treatment();
        let recurring = recurring.taxed(treatment);
        let interval = interval(recurring.interval.months(), audience.locale);
        let [net, tax, gross] =
            [recurring.totals.net, recurring.totals.tax, recurring.totals.gross].map(|money| audience.money(money));
        if treatment != TaxTreatment::Standard {
            return Some(match audience.locale {
                Locale::De => format!("{gross} je {interval}, ohne Umsatzsteuer"),
                Locale::En => format!("{gross} per {interval}, no VAT charged"),
            });
        }
        Some(match (recurring.price_mode, audience.locale) {
            (PriceMode::Net, Locale::De) => format!("{net} zzgl. {tax} Umsatzsteuer, zusammen {gross} je {interval}"),
            (PriceMode::Net, Locale::En) => format!("{net} plus {tax} VAT, together {gross} per {interval}"),
            (PriceMode::Gross, Locale::De) => format!("{gross} je {interval}, darin {tax} Umsatzsteuer"),
            (PriceMode::Gross, Locale::En) => format!("{gross} per {interval}, including {tax} VAT"),
        })
    }

    /// What was agreed to with this event: documents, the instruction in full (§ 312f Abs. 2 with Art. 246a EGBGB), the button.
    fn evidence(&self, draft: &DraftEvent) -> Value {
        let documents: Vec<Value> = self
            .documents
            .iter()
            .map(|document| {
                json!({
                    "title": document.title,
                    "version": document.version,
                    "sha256": document.sha256,
                    "file_name": document.file_name,
                })
            })
            .collect();
        let of_kind = |kind: DocumentKind| self.documents.iter().find(move |document| document.kind == kind);
        let instruction = of_kind(DocumentKind::WithdrawalInstruction)
            .and_then(|document| Some(json!({ "title": document.title, "text": document.text.as_ref()? })));
        json!({
            "documents": documents,
            "dpa": of_kind(DocumentKind::Dpa).map(|document| json!({ "version": document.version })),
            "instruction": instruction,
            "order_button": draft.data["evidence"]["order_button_text"],
            "early_start": draft.data["evidence"]["early_start_requested"] == true,
        })
    }
}

/// Whether a plan change replaced an earlier one.
fn replaces(subscription: &Subscription, change: &Change) -> bool {
    subscription
        .changes
        .iter()
        .any(|other| other.superseded_by_id.as_deref() == Some(change.id.as_str()))
}

/// Whether there can be more than one unit, so that the quantity is worth telling.
fn is_counted(plan: &Plan) -> bool {
    plan.quantity.unit != "contract"
}

fn interval(months: u32, locale: Locale) -> String {
    match (months, locale) {
        (1, Locale::De) => "Monat".to_owned(),
        (3, Locale::De) => "Quartal".to_owned(),
        (12, Locale::De) => "Jahr".to_owned(),
        (_, Locale::De) => format!("{months} Monate"),
        (1, Locale::En) => "month".to_owned(),
        (3, Locale::En) => "quarter".to_owned(),
        (12, Locale::En) => "year".to_owned(),
        (_, Locale::En) => format!("{months} months"),
    }
}

/// Adds the members of `more` to `values`, replacing those of the same name.
fn merge(values: &mut Value, more: Value) {
    if let (Value::Object(values), Value::Object(more)) = (values, more) {
        values.extend(more);
    }
}
