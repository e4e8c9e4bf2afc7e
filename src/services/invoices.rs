//! Reading invoices and their corrections, and the next invoice as it stands.

use time::{Date, OffsetDateTime};

use crate::db::{DbConnection, Utc};
use crate::domain::access::{Principal, Scope};
use crate::domain::calendar::add_months;
use crate::domain::ids::IdKind;
use crate::domain::invoice::{Document, InvoiceStatus, PreparedInvoice, next_invoice};
use crate::domain::money::Money;
use crate::domain::preview::LONGEST_WAIT_MONTHS;
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::AccountKey;
use crate::repositories::invoices::{self, CreditNoteFilter, CreditNoteRow, InvoiceFilter, InvoiceRow};
use crate::services::command::opening;
use crate::services::{due, restriction, views, workbench};
use crate::state::AppState;

/// Which invoices a list shows.
#[derive(Debug, Clone, Default)]
pub struct InvoiceQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those with a line of this contract.
    pub subscription_id: Option<String>,
    /// Only those in this status.
    pub status: Option<InvoiceStatus>,
    /// Only those issued on this day or later.
    pub issued_from: Option<Date>,
    /// Only those issued on this day or earlier.
    pub issued_through: Option<Date>,
    /// Only the one with this number.
    pub number: Option<String>,
}

/// An invoice as issued, with what has become of it.
#[derive(Debug, Clone)]
pub struct InvoiceView {
    /// The document.
    pub document: Document,
    /// To whom.
    pub customer_id: String,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// What has been paid.
    pub paid: Money,
    /// What corrections have taken back.
    pub credited: Money,
    /// What credits of other invoices have settled of it.
    pub set_off: Money,
    /// What is left to pay; never less than zero.
    pub open: Money,
    /// When nothing was left to pay.
    pub settled_at: Option<OffsetDateTime>,
    /// SHA-256 of the canonical document.
    pub sha256: String,
}

/// A correction as issued.
#[derive(Debug, Clone)]
pub struct CreditNoteView {
    /// The document.
    pub document: Document,
    /// To whom.
    pub customer_id: String,
    /// SHA-256 of the canonical document.
    pub sha256: String,
}

fn document_of(id: &str, text: &str) -> Result<Document, AppError> {
    serde_json::from_str(text).map_err(|error| AppError::internal(format!("document {id} cannot be read: {error}")))
}

impl TryFrom<InvoiceRow> for InvoiceView {
    type Error = AppError;

    fn try_from(row: InvoiceRow) -> Result<Self, AppError> {
        let document = document_of(&row.id, &row.document)?;
        let money = |minor: i64| {
            Money::new(minor, document.currency)
                .map_err(|_| AppError::internal(format!("amount of invoice {} cannot be read", row.id)))
        };
        let left = row.gross - row.balance_applied - row.paid - row.credited - row.set_off;
        Ok(Self {
            status: InvoiceStatus::parse(&row.status)
                .ok_or_else(|| AppError::internal(format!("status of invoice {} cannot be read", row.id)))?,
            paid: money(row.paid)?,
            credited: money(row.credited)?,
            set_off: money(row.set_off)?,
            open: money(left.max(0))?,
            settled_at: row.settled_at.map(Utc::instant),
            customer_id: row.customer_id,
            sha256: row.sha256,
            document,
        })
    }
}

impl TryFrom<CreditNoteRow> for CreditNoteView {
    type Error = AppError;

    fn try_from(row: CreditNoteRow) -> Result<Self, AppError> {
        Ok(Self {
            document: document_of(&row.id, &row.document)?,
            customer_id: row.customer_id,
            sha256: row.sha256,
        })
    }
}

/// The customer a list is about, with everything due applied first: an invoice that is due is issued. `None` when the caller
/// asks for somebody else's.
fn concerned(
    state: &AppState,
    principal: &Principal,
    asked: Option<&String>,
) -> Result<Option<Option<String>>, AppError> {
    let own = principal.customer_filter();
    if own.is_some_and(|own| asked.is_some_and(|asked| asked != own)) {
        return Ok(None);
    }
    let customer_id = own.map(str::to_owned).or_else(|| asked.cloned());
    if let Some(id) = &customer_id {
        let instants = state
            .db
            .read(|conn| due::business_instants(state, conn, &[id.as_str()]))?;
        if instants.get(id).is_some_and(due::BusinessInstant::is_due) {
            due::catch_up_visible(state, &principal.provider_id, id)?;
        }
    }
    Ok(Some(customer_id))
}

fn nothing<T>() -> Page<T> {
    Page {
        items: Vec::new(),
        next: None,
    }
}

/// A page of invoices, newest first, everything due applied.
///
/// # Errors
/// [`AppError::Forbidden`] without `invoices:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &InvoiceQuery,
    request: &PageRequest,
) -> Result<Page<InvoiceView>, AppError> {
    principal.require(Scope::InvoicesRead)?;
    if views::can_match_nothing([&query.customer_id, &query.subscription_id, &query.number]) {
        return Ok(nothing());
    }
    let Some(customer_id) = concerned(state, principal, query.customer_id.as_ref())? else {
        return Ok(nothing());
    };
    let filter = InvoiceFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id,
        subscription_id: query.subscription_id.clone(),
        status: query.status.map(|status| status.as_str().to_owned()),
        issued_from: query.issued_from,
        issued_through: query.issued_through,
        number: query.number.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(invoices::list(conn, &filter, request.rows())?);
    let rows = views::read_up_to_date(state, principal, read, |row| &row.customer_id, |_, rows, _| Ok(rows))?;
    let found = rows
        .into_iter()
        .map(InvoiceView::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(found, request, |view| PageKey::of_id(&view.document.id)))
}

/// One invoice.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `invoices:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<InvoiceView, AppError> {
    let read = |conn: &mut DbConnection| {
        let row = invoices::find(conn, &principal.provider_id, id)?;
        Ok(Vec::from_iter(
            row.filter(|row| principal.may_see_customer(&row.customer_id)),
        ))
    };
    let mut rows = views::read_up_to_date(state, principal, read, |row| &row.customer_id, |_, rows, _| Ok(rows))?;
    let row = rows.pop().ok_or(AppError::NotFound)?;
    principal.require(Scope::InvoicesRead)?;
    row.try_into()
}

/// Which corrections a list shows.
#[derive(Debug, Clone, Default)]
pub struct CreditNoteQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those that correct this invoice.
    pub invoice_id: Option<String>,
}

/// A page of corrections, newest first, everything due applied.
///
/// # Errors
/// [`AppError::Forbidden`] without `invoices:read`.
pub fn credit_notes(
    state: &AppState,
    principal: &Principal,
    query: &CreditNoteQuery,
    request: &PageRequest,
) -> Result<Page<CreditNoteView>, AppError> {
    principal.require(Scope::InvoicesRead)?;
    if views::can_match_nothing([&query.customer_id, &query.invoice_id]) {
        return Ok(nothing());
    }
    let Some(customer_id) = concerned(state, principal, query.customer_id.as_ref())? else {
        return Ok(nothing());
    };
    let filter = CreditNoteFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id,
        invoice_id: query.invoice_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let rows = state
        .db
        .read(|conn| invoices::credit_notes_list(conn, &filter, request.rows()))?;
    let found = rows
        .into_iter()
        .map(CreditNoteView::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(found, request, |view| PageKey::of_id(&view.document.id)))
}

/// One correction.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `invoices:read`.
pub fn credit_note(state: &AppState, principal: &Principal, id: &str) -> Result<CreditNoteView, AppError> {
    let row = state.db.read(|conn| {
        let row = invoices::credit_note_find(conn, &principal.provider_id, id)?
            .filter(|row| principal.may_see_customer(&row.customer_id))
            .ok_or(AppError::NotFound)?;
        restriction::check(conn, principal, Some(&row.customer_id))?;
        Ok::<_, AppError>(row)
    })?;
    principal.require(Scope::InvoicesRead)?;
    row.try_into()
}

/// The next invoice as it stands now; `None` when none is to come. Nothing is written.
///
/// # Errors
/// [`AppError::NotFound`] for customers the caller may not see, [`AppError::Forbidden`] without `invoices:read`.
pub fn preview(
    state: &AppState,
    principal: &Principal,
    customer_id: Option<&str>,
) -> Result<Option<PreparedInvoice>, AppError> {
    let own = principal.customer_filter();
    let customer_id = customer_id.or(own).ok_or_else(|| {
        AppError::field(FieldError::body(
            "/customer_id",
            "required",
            "Um welchen Kunden es geht, muss angegeben werden.",
            "Name the customer it is about.",
        ))
    })?;
    if !IdKind::Customer.matches(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    state.db.read_consistent(|conn| {
        let bench = workbench::open(
            state,
            conn,
            opening(principal, AccountKey::Customer(customer_id), false),
        )?;
        principal.require(Scope::InvoicesRead)?;
        let horizon = add_months(bench.ground.today, LONGEST_WAIT_MONTHS);
        Ok(next_invoice(&bench.account, horizon, &bench.ground.zone)?)
    })
}
