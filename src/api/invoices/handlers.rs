//! Reading invoices and corrections, and previewing the next invoice.

use actix_web::{HttpResponse, get, post, web};

use super::dto::{
    CreditNoteDto, CreditNoteList, CreditNoteParams, InvoiceDto, InvoiceList, InvoiceParams, InvoicePreviewDto,
    PreviewInvoice,
};
use crate::api::blocking;
use crate::api::extract::{CreditNoteId, InvoiceId, NoParameters, OptionalJson, Query};
use crate::api::pagination::{PageParams, Paging};
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::services::invoices::{self, CreditNoteQuery, InvoiceQuery};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(list_invoices)
        .service(get_invoice)
        .service(preview_invoice)
        .service(list_credit_notes)
        .service(get_credit_note);
}

/// List invoices.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "listInvoices",
    summary = "List invoices",
    description = "The invoices the caller may see, newest first, everything due applied. One consolidated invoice takes up all \
        drafts of a customer on the day on which any recurring item begins a period.",
    params(InvoiceParams, PageParams),
    responses((status = 200, description = "A page of invoices.", body = InvoiceList)),
    extensions(("x-required-scopes" = json!(["invoices:read"])))
)]
#[get("/invoices")]
pub async fn list_invoices(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<InvoiceParams>,
) -> Result<HttpResponse, Problem> {
    let params = query.0;
    let query = InvoiceQuery {
        customer_id: params.customer_id,
        subscription_id: params.subscription_id,
        status: params.status.map(Into::into),
        issued_from: params.issued_from.map(|day| day.0),
        issued_through: params.issued_through.map(|day| day.0),
        number: params.number,
    };
    let request = paging.request.clone();
    let page = blocking(&state, move |state| invoices::list(state, &principal, &query, &request)).await?;
    paging.respond::<_, InvoiceList>(page.map(|view| InvoiceDto::new(view, context.locale)))
}

/// Fetch an invoice.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "getInvoice",
    summary = "Fetch invoice",
    description = "The invoice as issued, with everything § 14 Abs. 4 UStG asks for, and what has become of it. The document \
        never changes; corrections are documents of their own.",
    params(InvoiceId),
    responses((status = 200, description = "The invoice.", body = InvoiceDto)),
    extensions(("x-required-scopes" = json!(["invoices:read"])))
)]
#[get("/invoices/{invoice_id}")]
pub async fn get_invoice(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    invoice_id: InvoiceId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| invoices::find(state, &principal, &invoice_id.0);
    let view = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(InvoiceDto::new(view, context.locale)))
}

/// Preview the next invoice.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "previewInvoice",
    summary = "Preview next invoice",
    description = "The next invoice as it stands now: open drafts and what will be charged until the day it is issued. Changes \
        nothing. The body may be left out by customers.",
    request_body(content = Option<PreviewInvoice>, description = "Whose next invoice to show."),
    responses((status = 200, description = "The next invoice.", body = InvoicePreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["invoices:read"])),
        ("x-problem-codes" = json!(["not_found", "catalogue_not_published"]))
    )
)]
#[post("/invoices/preview")]
pub async fn preview_invoice(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: OptionalJson<PreviewInvoice>,
) -> Result<HttpResponse, Problem> {
    let customer_id = body.value.customer_id;
    let preview = move |state: &AppState| invoices::preview(state, &principal, customer_id.as_deref());
    let prepared = blocking(&state, preview).await?;
    Ok(HttpResponse::Ok().json(InvoicePreviewDto::new(prepared, context.locale)))
}

/// List invoice corrections.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "listCreditNotes",
    summary = "List invoice corrections",
    description = "What withdrawals, errors and final settlements took back of invoices, newest first. Each correction names its invoices.",
    params(CreditNoteParams, PageParams),
    responses((status = 200, description = "A page of corrections.", body = CreditNoteList)),
    extensions(("x-required-scopes" = json!(["invoices:read"])))
)]
#[get("/credit-notes")]
pub async fn list_credit_notes(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<CreditNoteParams>,
) -> Result<HttpResponse, Problem> {
    let query = CreditNoteQuery {
        customer_id: query.0.customer_id,
        invoice_id: query.0.invoice_id,
    };
    let request = paging.request.clone();
    let list = move |state: &AppState| invoices::credit_notes(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    paging.respond::<_, CreditNoteList>(page.map(|view| CreditNoteDto::new(view, context.locale)))
}

/// Fetch an invoice correction.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "getCreditNote",
    summary = "Fetch invoice correction",
    description = "The correction as issued, with the invoices and lines it takes back and what is refunded.",
    params(CreditNoteId),
    responses((status = 200, description = "The correction.", body = CreditNoteDto)),
    extensions(("x-required-scopes" = json!(["invoices:read"])))
)]
#[get("/credit-notes/{credit_note_id}")]
pub async fn get_credit_note(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    credit_note_id: CreditNoteId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| invoices::credit_note(state, &principal, &credit_note_id.0);
    let view = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(CreditNoteDto::new(view, context.locale)))
}
