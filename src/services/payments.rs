//! Recording payments, and reading them.

use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::invoice::{Allocation, Payment, PaymentOrder, record_payment};
use crate::domain::money::{Currency, Money, MoneyError};
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::AccountKey;
use crate::repositories::invoices;
use crate::repositories::payments::{self, PaymentRow};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::views;
use crate::state::AppState;

/// A payment with its customer.
#[derive(Debug, Clone)]
pub struct PaymentView {
    /// The payment.
    pub payment: Payment,
    /// Who paid.
    pub customer_id: String,
}

/// Records a payment of a customer, named or found by the invoice.
///
/// # Errors
/// [`AppError::Validation`] when neither customer nor invoice is named or the invoice is not the customer's;
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `payments:write`, and those of [`record_payment`].
pub fn record(
    state: &AppState,
    command: &Command,
    customer_id: Option<&str>,
    order: &PaymentOrder,
    answer: &dyn Fn(&PaymentView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let customer_id = customer_of(state, &command.principal, customer_id, order)?;
    command::run_as(
        state,
        command,
        Scope::PaymentsWrite,
        AccountKey::Customer(&customer_id),
        None,
        &|_, bench| {
            let circumstances = bench.ground.circumstances();
            Ok(record_payment(&mut bench.account, &circumstances, order)?)
        },
        &|bench, payment| {
            answer(&PaymentView {
                payment,
                customer_id: bench.customer_id().to_owned(),
            })
        },
    )
}

fn customer_of(
    state: &AppState,
    principal: &Principal,
    named: Option<&str>,
    order: &PaymentOrder,
) -> Result<String, AppError> {
    let of_invoice = match &order.invoice_id {
        Some(id) if IdKind::Invoice.matches(id) => {
            let owner = state
                .db
                .read(|conn| invoices::customer_of(conn, &principal.provider_id, id))?;
            owner.filter(|owner| principal.may_see_customer(owner) && named.is_none_or(|named| named == owner))
        }
        Some(_) | None => None,
    };
    if order.invoice_id.is_some() && of_invoice.is_none() {
        return Err(AppError::field(FieldError::body(
            "/invoice_id",
            "unknown_invoice",
            "Diese Rechnung gibt es bei diesem Kunden nicht.",
            "This customer has no such invoice.",
        )));
    }
    let found = of_invoice.or_else(|| named.map(str::to_owned)).ok_or_else(|| {
        AppError::field(FieldError::body(
            "/customer_id",
            "required",
            "Der Kunde oder die Rechnung muss angegeben werden.",
            "Name the customer or the invoice.",
        ))
    })?;
    if !IdKind::Customer.matches(&found) || !principal.may_see_customer(&found) {
        return Err(AppError::NotFound);
    }
    Ok(found)
}

/// A page of payments, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `payments:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    customer_id: Option<String>,
    request: &PageRequest,
) -> Result<Page<PaymentView>, AppError> {
    principal.require(Scope::PaymentsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&customer_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let customer_id = own.map(str::to_owned).or(customer_id);
    let before_id = request.after.as_ref().map(|after| after.id.as_str());
    let (provider_id, rows) = (&principal.provider_id, request.rows());
    let rows = state.db.read(|conn| {
        let restricted_too = principal.may_process_restricted();
        payments::list(
            conn,
            provider_id,
            customer_id.as_deref(),
            restricted_too,
            before_id,
            rows,
        )
    })?;
    let found = rows.into_iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(found, request, |view| PageKey::of_id(&view.payment.id)))
}

fn view(row: PaymentRow) -> Result<PaymentView, AppError> {
    let unreadable = || AppError::internal(format!("payment {} cannot be read", row.id));
    let currency = Currency::parse(&row.currency).ok_or_else(unreadable)?;
    let money = |minor: i64| Money::new(minor, currency).map_err(|_: MoneyError| unreadable());
    let allocation = |entry: &payments::AllocationEntry| {
        Ok::<_, AppError>(Allocation {
            invoice_id: entry.invoice_id.clone(),
            amount: money(entry.amount)?,
        })
    };
    Ok(PaymentView {
        payment: Payment {
            amount: money(row.amount)?,
            allocations: row.allocations.0.iter().map(allocation).collect::<Result<_, _>>()?,
            to_balance: money(row.to_balance)?,
            id: row.id,
            received_on: row.received_on,
            invoice_id: row.invoice_id,
            method: row.method,
            reference: row.reference,
            recorded_at: row.recorded_at.instant(),
        },
        customer_id: row.customer_id,
    })
}
