//! The one shape of every preview: what a command would do, and the token that holds it to that.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::amounts::{RecurringDto, TotalsDto};
use super::because::BecauseDto;
use super::choices::{DocumentKindDto, LanguageDto, PriceModeDto};
use super::civil_date::CivilDate;
use super::contract_choices::ChargeKindDto;
use super::instant::Instant;
use super::money::MoneyDto;
use crate::domain::consent::RequiredDocument;
use crate::domain::localized::Locale;
use crate::domain::order::OrderSummary;
use crate::domain::preview::{NextInvoice, OrderButton, PreviewLine, PreviewText};
use crate::services::preview_token::IssuedPreview;

/// What a command would do. Nothing has happened; send `preview_token` with the command to get exactly this or a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewDto {
    /// Send it with the command. If what would happen has changed since, the command is refused with `preview_stale`.
    #[schema(
        max_length = 300,
        example = "v1.1795259000000.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.c2lnbmF0dXJl"
    )]
    pub preview_token: String,
    /// When the token ceases to be good: 15 minutes after the preview, on the wall clock.
    pub expires_at: Instant,
    /// The day it takes effect: first day of a new contract, plan or quantity; last day of a cancelled contract.
    pub effective_on: CivilDate,
    /// What is charged (or, negative, credited) at once.
    pub due_now: TotalsDto,
    /// What the next regular bill will hold.
    pub next_invoice: NextInvoiceDto,
    /// What the contract costs for each period from `effective_on` on; `null` when it ends or several are concerned.
    #[schema(required)]
    pub recurring: Option<RecurringDto>,
    /// Every amount it causes, with its day and its arithmetic.
    #[schema(max_items = 10_000)]
    pub lines: Vec<PreviewLineDto>,
    /// What the customer must know before agreeing.
    #[schema(max_items = 1_000)]
    pub consequences: Vec<NoteDto>,
    /// Documents that must be accepted: send each in `consents` with its `version` and `accepted: true`.
    #[schema(max_items = 50)]
    pub consents: Vec<ConsentAskedDto>,
    /// The button that orders; `null` where nothing is ordered.
    #[schema(required)]
    pub order_button: Option<OrderButtonDto>,
    /// Sentences to show with the preview.
    #[schema(max_items = 1_000)]
    pub texts: Vec<NoteDto>,
    /// Why the date is what it is, step by step.
    #[schema(max_items = 1_000)]
    pub because: Vec<BecauseDto>,
    /// Last day on which a declaration would still lead to this date; `null` where no notice period runs.
    #[schema(required)]
    pub latest_receipt_on: Option<CivilDate>,
    /// Pending changes that are replaced.
    #[schema(max_items = 1_000, example = json!([]))]
    pub supersedes: Vec<String>,
    /// The contracts concerned; empty for one that is yet to be concluded.
    #[schema(max_items = 1_000, example = json!(["sub_01k9w3x8kqf0wvm2n6c1c9t7xh"]))]
    pub subscription_ids: Vec<String>,
    /// The summary to show directly before the order (§ 312j Abs. 2 BGB), for carts; `null` for any other command.
    #[schema(required)]
    pub order: Option<OrderSummaryDto>,
}

/// What a cart holds and costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderSummary)]
pub struct OrderSummaryDto {
    /// Item by item, in the order of the cart.
    #[schema(max_items = 50)]
    pub items: Vec<OrderItemSummaryDto>,
    /// What all items cost per month; longer billing periods count with their share.
    pub monthly_total: TotalsDto,
}

/// One item of a cart: what it is, what it costs, how long it binds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderItemSummary)]
pub struct OrderItemSummaryDto {
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Premium-Support")]
    pub name: String,
    /// What it brings, in the caller's language.
    #[schema(max_length = 5000, example = "Antwort innerhalb von 24 Stunden an Werktagen.")]
    pub description: String,
    /// The price in words.
    #[schema(max_length = 500, example = "39,00 € pro Monat, zzgl. MwSt.")]
    pub price_label: String,
    /// Minimum term, renewal and notice in words; `null` for one-off services.
    #[schema(required, max_length = 2000, example = "Keine Mindestlaufzeit.")]
    pub terms_text: Option<String>,
    /// Units.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: u32,
    /// What it costs for each full billing period; `null` for what is charged once.
    #[schema(required)]
    pub recurring: Option<RecurringDto>,
    /// Sentences to show with it: from when it applies, into which package it goes.
    #[schema(max_items = 50)]
    pub texts: Vec<NoteDto>,
}

impl OrderSummaryDto {
    fn new(order: &OrderSummary, locale: Locale) -> Self {
        let items = order.items.iter().map(|item| OrderItemSummaryDto {
            name: item.name.get(locale).to_owned(),
            description: item.description.get(locale).to_owned(),
            price_label: item.price_label.get(locale).to_owned(),
            terms_text: item.terms.as_ref().map(|terms| terms.get(locale).to_owned()),
            quantity: item.quantity,
            recurring: item.recurring.clone().map(Into::into),
            texts: item.texts.iter().map(|text| NoteDto::of(text, locale)).collect(),
        });
        Self {
            items: items.collect(),
            monthly_total: order.monthly_total.into(),
        }
    }
}

/// What the next regular bill will hold because of the command.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextInvoice)]
pub struct NextInvoiceDto {
    /// The next day on which one of the contracts is charged; `null` when none is any more.
    #[schema(required)]
    pub on: Option<CivilDate>,
    /// Without value added tax.
    pub net: MoneyDto,
    /// Value added tax.
    pub tax: MoneyDto,
    /// With value added tax: what is charged now plus the contracts' own charges of that day.
    pub gross: MoneyDto,
}

/// One amount a command causes, now or on a later day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewLine)]
pub struct PreviewLineDto {
    /// The contract; `null` for one that is yet to be concluded.
    #[schema(required, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// The add-on booking it is charged for; `null` for the contract itself and for a booking yet to be made.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// Why it is charged.
    #[schema(value_type = ChargeKindDto)]
    pub kind: &'static str,
    /// What it is called on an invoice, in the caller's language.
    #[schema(max_length = 500, example = "Premium")]
    pub label: String,
    /// The calculation in words, in the caller's language.
    #[schema(max_length = 500, example = "16/31 Tage von 24,90")]
    pub arithmetic: String,
    /// Units.
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    pub quantity: u32,
    /// First day charged or credited.
    pub from_on: CivilDate,
    /// Last day charged or credited.
    pub through_on: CivilDate,
    /// The day on which the charge comes to be.
    pub charged_on: CivilDate,
    /// The amount, net or gross as `price_mode` says; negative for credits.
    pub amount: MoneyDto,
    /// Whether the amount contains the tax.
    pub price_mode: PriceModeDto,
    /// Rate of value added tax in per cent.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    pub tax_rate: String,
}

/// A sentence with a stable name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteDto {
    /// Stable name; new ones may join.
    #[schema(max_length = 60, example = "extra_users_deleted")]
    pub code: String,
    /// The sentence, in the caller's language.
    #[schema(
        max_length = 5000,
        example = "Zusätzlich angelegte Benutzer werden mit dem Wechsel gelöscht."
    )]
    pub text: String,
}

impl NoteDto {
    fn of(text: &PreviewText, locale: Locale) -> Self {
        Self {
            code: text.code.to_owned(),
            text: text.text.get(locale).to_owned(),
        }
    }
}

/// A document that must be accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentAsked)]
pub struct ConsentAskedDto {
    /// Id of this version of the document.
    #[schema(
        pattern = "^doc_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "doc_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub document_id: String,
    /// Key of the document, the same in all versions and languages.
    #[schema(max_length = 60, example = "terms")]
    pub document: String,
    /// What the document is.
    pub kind: DocumentKindDto,
    /// The version to accept.
    #[schema(max_length = 60, example = "2026-01")]
    pub version: String,
    /// Language of the wording.
    pub language: LanguageDto,
    /// Title of the document.
    #[schema(max_length = 500, example = "Allgemeine Geschäftsbedingungen")]
    pub title: String,
    /// SHA-256 of the wording, lower-case hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
    /// Where the wording is.
    #[schema(
        format = "uri-reference",
        max_length = 100,
        example = "/v1/legal-documents/doc_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub href: String,
}

/// The button that orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderButton)]
pub struct OrderButtonDto {
    /// Its label, in the caller's language.
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub label: String,
    /// Whether the command is refused unless `order_button_text` is exactly this label (§ 312j Abs. 3 BGB).
    #[schema(example = true)]
    pub required: bool,
}

impl PreviewDto {
    /// The preview in the caller's language.
    pub fn new(issued: &IssuedPreview, locale: Locale) -> Self {
        let preview = &issued.preview;
        Self {
            preview_token: issued.preview_token.clone(),
            expires_at: issued.expires_at.into(),
            effective_on: preview.effective_on.into(),
            due_now: preview.due_now.into(),
            next_invoice: (&preview.next_invoice).into(),
            recurring: preview.recurring.clone().map(Into::into),
            lines: preview
                .lines
                .iter()
                .map(|line| PreviewLineDto::new(line, locale))
                .collect(),
            consequences: preview
                .consequences
                .iter()
                .map(|consequence| NoteDto {
                    code: consequence.code.clone(),
                    text: consequence.text.get(locale).to_owned(),
                })
                .collect(),
            consents: preview.consents.iter().map(Into::into).collect(),
            order_button: preview
                .order_button
                .as_ref()
                .map(|button| OrderButtonDto::new(button, locale)),
            texts: preview.texts.iter().map(|text| NoteDto::of(text, locale)).collect(),
            because: BecauseDto::list(&preview.because, locale),
            latest_receipt_on: preview.latest_receipt_on.map(CivilDate),
            supersedes: preview.supersedes.clone(),
            subscription_ids: preview.subscription_ids.clone(),
            order: preview.order.as_ref().map(|order| OrderSummaryDto::new(order, locale)),
        }
    }

    /// How services render the fresh preview that a `preview_stale` problem carries.
    pub fn renderer(locale: Locale) -> impl Fn(&IssuedPreview) -> Value {
        move |issued| serde_json::to_value(Self::new(issued, locale)).unwrap_or_default()
    }
}

impl From<&NextInvoice> for NextInvoiceDto {
    fn from(invoice: &NextInvoice) -> Self {
        Self {
            on: invoice.on.map(CivilDate),
            net: invoice.totals.net.into(),
            tax: invoice.totals.tax.into(),
            gross: invoice.totals.gross.into(),
        }
    }
}

impl PreviewLineDto {
    fn new(line: &PreviewLine, locale: Locale) -> Self {
        Self {
            // A contract that is yet to be concluded has no id.
            subscription_id: Some(line.subscription_id.clone()).filter(|id| !id.is_empty()),
            add_on_booking_id: line.add_on_booking_id.clone().filter(|id| !id.is_empty()),
            kind: line.kind,
            label: line.label.get(locale).to_owned(),
            arithmetic: line.arithmetic.get(locale).to_owned(),
            quantity: line.quantity,
            from_on: line.from_on.into(),
            through_on: line.through_on.into(),
            charged_on: line.charged_on.into(),
            amount: line.amount.into(),
            price_mode: line.price_mode.into(),
            tax_rate: line.tax_rate.to_string(),
        }
    }
}

impl From<&RequiredDocument> for ConsentAskedDto {
    fn from(document: &RequiredDocument) -> Self {
        Self {
            href: format!("/v1/legal-documents/{}", document.document_id),
            document_id: document.document_id.clone(),
            document: document.key.clone(),
            kind: document.kind.into(),
            version: document.version.clone(),
            language: document.language.into(),
            title: document.title.clone(),
            sha256: document.sha256.clone(),
        }
    }
}

impl OrderButtonDto {
    fn new(button: &OrderButton, locale: Locale) -> Self {
        Self {
            label: button.label.get(locale).to_owned(),
            required: button.required,
        }
    }
}
