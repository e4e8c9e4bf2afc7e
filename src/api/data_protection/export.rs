//! A customer's own data as one JSON archive.

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use serde_json::{Value, json};

use super::dto::DataRetentionDto;
use crate::api::add_on_bookings::AddOnBookingDto;
use crate::api::amounts::ChargeDto;
use crate::api::blocking;
use crate::api::cancellations::CancellationDto;
use crate::api::customers::CustomerDto;
use crate::api::declarations::DeclarationDto;
use crate::api::emails::EmailDto;
use crate::api::events::EventDto;
use crate::api::extract::{CustomerId, OptionalJson};
use crate::api::instant::Instant;
use crate::api::invoices::{CreditNoteDto, InvoiceDto};
use crate::api::payments::PaymentDto;
use crate::api::plan_changes::PlanChangeDto;
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::api::slots::SlotDto;
use crate::api::subscriptions::SubscriptionDto;
use crate::api::usage::UsageDto;
use crate::api::withdrawals::WithdrawalDto;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::charges::{self, ChargeQuery};
use crate::services::declarations::{self, DeclarationQuery};
use crate::services::emails::{self, EmailQuery};
use crate::services::events::{self, EventQuery, EventView};
use crate::services::invoices::{self, CreditNoteQuery, InvoiceQuery};
use crate::services::plan_changes::{self, ChangeQuery};
use crate::services::retention::{self, all};
use crate::services::subscriptions::{self, SubscriptionQuery};
use crate::services::usage::{self, UsageQuery};
use crate::services::withdrawals::{self, WithdrawalQuery};
use crate::services::{add_ons, cancellations, customers, payments, slots};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(export_customer);
}

/// Export a customer's data.
#[utoipa::path(
    tag = "Data protection",
    operation_id = "exportCustomerData",
    summary = "Export a customer's data",
    description = "Everything that is kept about the customer as one JSON archive: master data, login names, contracts with add-ons and \
        slots, plan changes, cancellations, withdrawals, charges, usage, invoices and their corrections, payments, events (what the \
        customer did itself with the address and program it came from), e-mails, declarations made without login, and what is \
        retained until when. For the customer (Art. 15, 20 GDPR) and the provider's staff. That it was \
        handed over is recorded with its SHA-256. The body may be left out.",
    params(CustomerId),
    request_body(content = Option<NoMembers>, description = "Nothing; the body may be left out."),
    responses((status = 200, description = "The archive.", body = Object, example = json!({"format": "vertragswerk-export", "version": 1}))),
    extensions(
        ("x-required-scopes" = json!(["customers:export"])),
        ("x-idempotency-key" = json!(false)),
        ("x-problem-codes" = json!(["test_clock_advancing"]))
    )
)]
#[post("/customers/{customer_id}/exports")]
pub async fn export_customer(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    customer_id: CustomerId,
    _body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let file_name = format!("{}.json", customer_id.0);
    let locale = context.locale;
    let text = blocking(&state, move |state| {
        let compose = |reader: &Principal| archive(state, reader, &customer_id.0, locale);
        retention::export(state, &principal, &context, &customer_id.0, &compose)
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ))
        .content_type("application/json")
        .body(text))
}

fn archive(state: &AppState, reader: &Principal, customer_id: &str, locale: Locale) -> Result<Value, AppError> {
    let mut archive = json!({
        "format": "vertragswerk-export",
        "version": 1,
        "customer": value(&CustomerDto::from(customers::find(state, reader, customer_id)?))?,
        "logins": logins(state, reader, customer_id)?,
        "data_retention": value(&DataRetentionDto::new(retention::find(state, reader, customer_id)?, locale))?,
    });
    for part in [
        contracts(state, reader, locale)?,
        money(state, reader, locale)?,
        history(state, reader, customer_id, locale)?,
    ] {
        if let (Value::Object(archive), Value::Object(part)) = (&mut archive, part) {
            archive.extend(part);
        }
    }
    Ok(archive)
}

/// Contracts with what is booked on them, what occupies their slots, and everything declared about them.
fn contracts(state: &AppState, reader: &Principal, locale: Locale) -> Result<Value, AppError> {
    let (contracts, changes) = (SubscriptionQuery::default(), ChangeQuery::default());
    let withdrawal_query = WithdrawalQuery::default();
    let subscriptions = all(|page| subscriptions::list(state, reader, &contracts, page))?;
    let plan_changes = all(|page| plan_changes::list(state, reader, &changes, page))?;
    let cancellations = all(|page| cancellations::list(state, reader, &changes, page))?;
    let withdrawals = all(|page| withdrawals::list(state, reader, &withdrawal_query, page))?;
    let (mut booked, mut allocated) = (Vec::new(), Vec::new());
    for contract in &subscriptions {
        let id = &contract.subscription.id;
        booked.extend(add_ons::list(state, reader, id)?);
        allocated.extend(slots::list(state, reader, id)?);
    }
    Ok(json!({
        "subscriptions": values(subscriptions.iter().map(|view| SubscriptionDto::new(view, locale)))?,
        "add_ons": values(booked.iter().map(|view| AddOnBookingDto::new(view, locale)))?,
        "slots": values(allocated.iter().map(|view| Ok(SlotDto::new(view, locale))))?,
        "plan_changes": values(plan_changes.iter().map(|view| PlanChangeDto::new(view, locale)))?,
        "cancellations": values(cancellations.iter().map(|view| CancellationDto::new(view, locale)))?,
        "withdrawals": values(withdrawals.iter().map(|view| Ok(WithdrawalDto::new(view, locale))))?,
    }))
}

/// Charges and what they were made of, invoices, corrections and payments.
fn money(state: &AppState, reader: &Principal, locale: Locale) -> Result<Value, AppError> {
    let (charge_query, usage_query) = (ChargeQuery::default(), UsageQuery::default());
    let (invoice_query, note_query) = (InvoiceQuery::default(), CreditNoteQuery::default());
    let charges = all(|page| charges::list(state, reader, &charge_query, page))?;
    let usage = all(|page| usage::list(state, reader, &usage_query, page))?;
    let invoices = all(|page| invoices::list(state, reader, &invoice_query, page))?;
    let credit_notes = all(|page| invoices::credit_notes(state, reader, &note_query, page))?;
    let payments = all(|page| payments::list(state, reader, None, page))?;
    Ok(json!({
        "charges": values(charges.iter().map(|view| {
            Ok(ChargeDto::new(&view.charge, &view.subscription_id, &view.customer_id, locale))
        }))?,
        "usage": values(usage.iter().map(|view| Ok(UsageDto::from(view))))?,
        "invoices": values(invoices.into_iter().map(|view| Ok(InvoiceDto::new(view, locale))))?,
        "credit_notes": values(credit_notes.into_iter().map(|view| Ok(CreditNoteDto::new(view, locale))))?,
        "payments": values(payments.iter().map(|view| Ok(PaymentDto::from(view))))?,
    }))
}

/// Events, e-mails, and what was declared without login.
fn history(state: &AppState, reader: &Principal, customer_id: &str, locale: Locale) -> Result<Value, AppError> {
    let email_query = EmailQuery::default();
    let emails = all(|page| emails::list(state, reader, &email_query, page))?;
    let of_customer = DeclarationQuery {
        customer_id: Some(customer_id.to_owned()),
        ..DeclarationQuery::default()
    };
    let declarations = all(|page| declarations::list(state, reader, &of_customer, page))?;
    Ok(json!({
        "events": events_of(state, reader)?,
        "emails": values(emails.into_iter().map(|view| Ok(EmailDto::in_list(view, locale))))?,
        "declarations": values(declarations.into_iter().map(|view| Ok(DeclarationDto::from(view))))?,
    }))
}

/// With which names the customer can log in.
fn logins(state: &AppState, reader: &Principal, customer_id: &str) -> Result<Vec<Value>, AppError> {
    let logins = retention::logins(state, reader, customer_id)?.into_iter();
    let told = logins.map(|login| {
        json!({
            "username": login.username,
            "created_at": Instant::from(login.created_at),
            "disabled_at": login.disabled_at.map(Instant::from),
        })
    });
    Ok(told.collect())
}

/// All events of the customer, oldest first; what the customer did itself with the address and program it came from.
fn events_of(state: &AppState, reader: &Principal) -> Result<Vec<Value>, AppError> {
    let mut query = EventQuery::default();
    let mut events = Vec::new();
    loop {
        // One row more than asked for tells that there is a next page; here it is simply taken.
        let rows = events::list(state, reader, &query, 100)?;
        let last = rows.last().and_then(|row| row.position);
        for row in rows {
            let origin = retention::origin(&row)?;
            let mut event = value(&EventDto::from(EventView::try_from(row)?))?;
            if let Some(origin) = origin {
                event["actor"]["address"] = json!(origin.address);
                event["actor"]["user_agent"] = json!(origin.user_agent);
            }
            events.push(event);
        }
        match last {
            Some(position) => query.after = position,
            None => return Ok(events),
        }
    }
}

fn value<T: Serialize>(dto: &T) -> Result<Value, AppError> {
    serde_json::to_value(dto).map_err(|error| AppError::Internal(error.into()))
}

fn values<T: Serialize>(items: impl Iterator<Item = Result<T, AppError>>) -> Result<Vec<Value>, AppError> {
    items.map(|item| value(&item?)).collect()
}
