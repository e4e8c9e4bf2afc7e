//! Reading charges.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::charge::{Charge, ChargeStatus};
use crate::domain::invoice::{self, BillingTerms, TaxTreatment};
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::charge_in_memory;
use crate::repositories::charges::{self, ChargeFilter, ChargeRow};
use crate::repositories::invoices;
use crate::services::due::{self, BusinessInstant};
use crate::services::views;
use crate::state::AppState;

/// Which charges a list shows.
#[derive(Debug, Clone, Default)]
pub struct ChargeQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only those a change caused.
    pub change_id: Option<String>,
    /// Only those in this status.
    pub status: Option<ChargeStatus>,
}

/// A charge with its contract and customer.
#[derive(Debug, Clone)]
pub struct ChargeView {
    /// The charge as it is invoiced.
    pub charge: Charge,
    /// The contract.
    pub subscription_id: String,
    /// Who is charged.
    pub customer_id: String,
}

/// Stored charges as they stand on invoices, or will stand there: what corrects an invoice and what is on one as that invoice is
/// taxed, everything else as its customer is now (decision 0018).
///
/// # Errors
/// Those of the database; an amount that cannot be read.
pub(super) fn as_invoiced(
    state: &AppState,
    conn: &mut DbConnection,
    provider_id: &str,
    rows: &[ChargeRow],
    customers: &BTreeMap<String, BusinessInstant>,
) -> Result<Vec<Charge>, AppError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let terms = BillingTerms::of(&state.catalogues.current(conn, provider_id)?.catalogue.provider);
    let now = |customer_id: &str| {
        let known = customers.get(customer_id).zip(terms.as_ref());
        known.map(|(customer, terms)| TaxTreatment::of(&terms.supplier, customer.customer_type, &customer.billing))
    };
    let originals: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.original_charge_id.as_deref())
        .collect();
    let originals: HashMap<String, String> = if originals.is_empty() {
        HashMap::new()
    } else {
        let originals: Vec<&str> = originals.into_iter().collect();
        charges::invoices_of(conn, &originals)?.into_iter().collect()
    };
    let invoice_of = |row: &ChargeRow| {
        let original = row.original_charge_id.as_ref().and_then(|id| originals.get(id));
        original.or(row.invoice_id.as_ref()).cloned()
    };
    let named: BTreeSet<String> = rows.iter().filter_map(invoice_of).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let mut invoiced = HashMap::new();
    let treatments = if named.is_empty() {
        Vec::new()
    } else {
        invoices::treatments(conn, &named)?
    };
    for (id, treatment) in treatments {
        let known = TaxTreatment::parse(&treatment)
            .ok_or_else(|| AppError::internal(format!("the tax treatment of {id} cannot be read")))?;
        invoiced.insert(id, known);
    }
    let told = rows.iter().map(|row| {
        let of_invoice = invoice_of(row).and_then(|id| invoiced.get(&id).copied());
        let treatment = of_invoice.or_else(|| now(&row.customer_id));
        let charge = charge_in_memory(row)?;
        Ok(invoice::as_invoiced(&charge, treatment.unwrap_or_default()).map_err(Violation::from)?)
    });
    told.collect()
}

/// A page of charges, newest first. Charges that have fallen due for the
/// customers asked for are made first.
///
/// # Errors
/// [`AppError::Forbidden`] without `charges:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &ChargeQuery,
    request: &PageRequest,
) -> Result<Page<ChargeView>, AppError> {
    principal.require(Scope::ChargesRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id, &query.change_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let customer_id = own.map(str::to_owned).or_else(|| query.customer_id.clone());
    if let Some(id) = &customer_id {
        let instants = state
            .db
            .read(|conn| due::business_instants(state, conn, &[id.as_str()]))?;
        if instants.get(id).is_some_and(due::BusinessInstant::is_due) {
            due::catch_up_visible(state, &principal.provider_id, id)?;
        }
    }
    let filter = ChargeFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id,
        subscription_id: query.subscription_id.clone(),
        status: query.status.map(|status| status.as_str().to_owned()),
        change_id: query.change_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(charges::list(conn, &filter, request.rows())?);
    let tell = |conn: &mut DbConnection, rows: Vec<ChargeRow>, customers: &BTreeMap<String, BusinessInstant>| {
        let charges = as_invoiced(state, conn, &principal.provider_id, &rows, customers)?;
        let views = charges.into_iter().zip(rows).map(|(charge, row)| ChargeView {
            charge,
            subscription_id: row.subscription_id,
            customer_id: row.customer_id,
        });
        Ok(views.collect::<Vec<_>>())
    };
    let views = views::read_up_to_date(state, principal, read, |row| &row.customer_id, tell)?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.charge.id)))
}
