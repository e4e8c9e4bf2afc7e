//! Creating and changing customers.

use rand::RngExt;
use serde_json::json;
use time::OffsetDateTime;

use super::input::{CustomerPatch, NewCustomer};
use super::patch::patched;
use super::{Customer, stored_metadata};
use crate::context::VersionMatch;
use crate::db::{DbConnection, DbError, JsonText};
use crate::domain::access::Scope;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::domain::invoice::PaymentStatus;
use crate::domain::localized::Locale;
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::repositories::customers::{self, CustomerChange, CustomerRow};
use crate::repositories::providers::{ProviderRow, provider_find};
use crate::repositories::test_clocks;
use crate::services::command::Command;
use crate::services::events::{self, Caller, ChainEnd};
use crate::services::idempotency::{self, Answer};
use crate::services::restriction;
use crate::state::AppState;

/// How the changed customer is told to the caller.
pub type Render<'a> = dyn Fn(&Customer) -> Result<Answer, AppError> + 'a;

/// Creates a customer, once per idempotency key.
///
/// # Errors
/// [`AppError::Forbidden`] without `customers:write`, [`AppError::Validation`] with all wrong fields, and the conflicts
/// `customer_number_taken`, `external_id_taken` and `test_clock_advancing`.
pub fn create(state: &AppState, command: &Command, new: &NewCustomer, render: &Render<'_>) -> Result<Answer, AppError> {
    let principal = &command.principal;
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            principal.require(Scope::CustomersWrite)?;
            new.check()?;
            let by = |customer_id: &str| Caller::of(principal, &command.context, customer_id);
            render(&create_in_txn(conn, &principal.provider_id, new, by, now)?)
        })
    })
}

/// Creates a customer within an open write transaction, after [`NewCustomer::check`]. `by` names who creates the customer
/// with the id it is given.
///
/// # Errors
/// As [`create`], without the check of scopes.
pub fn create_in_txn(
    conn: &mut DbConnection,
    provider_id: &str,
    new: &NewCustomer,
    by: impl FnOnce(&str) -> Caller,
    now: OffsetDateTime,
) -> Result<Customer, AppError> {
    let provider = provider_find(conn, provider_id)?.ok_or(AppError::NotFound)?;
    let business_now = match &new.test_clock_id {
        Some(clock_id) => test_clock_now(conn, &provider, clock_id)?,
        None => now,
    };
    let customer_number = match &new.customer_number {
        Some(number) => number.clone(),
        None => free_customer_number(conn, provider_id)?,
    };
    let row = CustomerRow {
        id: IdKind::Customer.generate(),
        provider_id: provider_id.to_owned(),
        customer_number,
        customer_type: new.customer_type.as_str().to_owned(),
        name: new.name.clone(),
        email: new.email.clone(),
        locale: new
            .locale
            .unwrap_or(provider.settings.0.default_locale)
            .as_str()
            .to_owned(),
        holiday_region: new.holiday_region.map(|region| region.as_str().to_owned()),
        external_id: new.external_id.clone(),
        metadata: stored_metadata(&new.metadata),
        test_clock_id: new.test_clock_id.clone(),
        next_due_at: None,
        due_failures: 0,
        retry_at: None,
        last_event_sequence: 0,
        last_event_hash: String::new(),
        version: 1,
        created_at: now.into(),
        updated_at: now.into(),
        billing: JsonText(new.billing.clone()),
        balance: 0,
        balance_currency: provider.settings.0.currency.as_str().to_owned(),
        payment_status: PaymentStatus::default().as_str().to_owned(),
    };
    customers::insert(conn, &row).map_err(name_taken_key)?;
    let end = ChainEnd {
        sequence: row.last_event_sequence,
        hash: row.last_event_hash.clone(),
    };
    let customer = Customer::try_from(row)?;
    let caller = by(&customer.id);
    record(
        conn,
        provider_id,
        EventType::CustomerCreated,
        &customer,
        end,
        &caller,
        (business_now, now),
    )?;
    Ok(customer)
}

/// Appends an event with the customer as it is now to its chain; `instants` are when it happened in business time and when
/// it is recorded.
fn record(
    conn: &mut DbConnection,
    provider_id: &str,
    event_type: EventType,
    customer: &Customer,
    mut end: ChainEnd,
    caller: &Caller,
    instants: (OffsetDateTime, OffsetDateTime),
) -> Result<(), AppError> {
    let (occurred_at, recorded_at) = instants;
    let draft = DraftEvent {
        event_type,
        subscription_id: None,
        occurred_at,
        by_caller: true,
        data: json!({ "customer": customer.snapshot() }),
    };
    events::append(conn, provider_id, &customer.id, &mut end, &[draft], caller, recorded_at)?;
    customers::set_chain_end(conn, &customer.id, end.sequence, &end.hash)?;
    Ok(())
}

/// Changes a customer by merge patch, once per idempotency key. A patch that changes nothing makes no new version.
///
/// # Errors
/// [`AppError::NotFound`] for customers the caller may not see, [`AppError::Forbidden`] without `customers:write`,
/// [`AppError::PreconditionFailed`] if the customer is no longer at the expected version, [`AppError::Validation`] with all
/// wrong fields, and the conflict `external_id_taken`.
pub fn update(
    state: &AppState,
    command: &Command,
    customer_id: &str,
    expected: &VersionMatch,
    patch: &CustomerPatch,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    let principal = &command.principal;
    if !IdKind::Customer.matches(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    let now = state.clock.now();
    state.db.write(|conn| {
        // Before If-Match: a repetition carries the tag from before its own change.
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let row = customers::lock(conn, &principal.provider_id, customer_id)?.ok_or(AppError::NotFound)?;
            principal.require(Scope::CustomersWrite)?;
            restriction::check(conn, principal, Some(customer_id))?;
            expected.check(IdKind::Customer.prefix(), row.version)?;
            let caller = Caller::of(principal, &command.context, customer_id);
            render(&update_in_txn(conn, row, patch, &caller, now)?)
        })
    })
}

fn update_in_txn(
    conn: &mut DbConnection,
    row: CustomerRow,
    patch: &CustomerPatch,
    caller: &Caller,
    now: OffsetDateTime,
) -> Result<Customer, AppError> {
    let provider_id = row.provider_id.clone();
    let end = ChainEnd {
        sequence: row.last_event_sequence,
        hash: row.last_event_hash.clone(),
    };
    let before = Customer::try_from(row)?;
    let after = patched(conn, &provider_id, &before, patch)?;
    if after == before {
        return Ok(before);
    }
    let after = Customer {
        version: before.version + 1,
        updated_at: now,
        ..after
    };
    let change = CustomerChange {
        name: after.name.clone(),
        email: after.email.clone(),
        locale: after.locale.as_str().to_owned(),
        holiday_region: after.holiday_region.map(|region| region.as_str().to_owned()),
        external_id: after.external_id.clone(),
        metadata: stored_metadata(&after.metadata),
        billing: JsonText(after.billing.clone()),
        version: after.version,
        updated_at: now.into(),
    };
    customers::update(conn, &after.id, &change).map_err(name_taken_key)?;
    let business_now = match &after.test_clock_id {
        Some(clock_id) => test_clocks::find(conn, &provider_id, clock_id)?.map_or(now, |clock| clock.now_at.instant()),
        None => now,
    };
    record(
        conn,
        &provider_id,
        EventType::CustomerUpdated,
        &after,
        end,
        caller,
        (business_now, now),
    )?;
    Ok(after)
}

pub(super) fn default_locale(conn: &mut DbConnection, provider_id: &str) -> Result<Locale, AppError> {
    let provider = provider_find(conn, provider_id)?.ok_or(AppError::NotFound)?;
    Ok(provider.settings.0.default_locale)
}

/// What the clock shows. Locks it, so that no customer joins while it is being moved.
fn test_clock_now(conn: &mut DbConnection, provider: &ProviderRow, clock_id: &str) -> Result<OffsetDateTime, AppError> {
    if provider.mode != "sandbox" {
        return Err(Violation::invalid(
            "no_test_mode",
            "Testuhren gibt es nur bei Anbietern im Testbetrieb.",
            "Test clocks exist for sandbox providers only.",
        )
        .at("/test_clock_id")
        .into());
    }
    let clock = test_clocks::lock(conn, &provider.id, clock_id)?.ok_or_else(|| {
        AppError::field(FieldError::body(
            "/test_clock_id",
            "unknown_test_clock",
            "Diese Testuhr gibt es nicht.",
            "There is no such test clock.",
        ))
    })?;
    if clock.advancing_to_at.is_some() {
        return Err(Violation::conflict(
            "test_clock_advancing",
            "Die Testuhr wird gerade vorgestellt.",
            "The test clock is being advanced.",
        )
        .into());
    }
    Ok(clock.now_at.instant())
}

/// A number of 8 characters nobody can guess from another one; letters that are easily confused do not occur.
fn free_customer_number(conn: &mut DbConnection, provider_id: &str) -> Result<String, AppError> {
    const ALPHABET: [char; 28] = [
        '2', '3', '4', '5', '6', '7', '8', '9', 'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R',
        'S', 'T', 'V', 'W', 'X', 'Z',
    ];
    for _ in 0..10 {
        let mut random = rand::rng();
        let number: String = (0..8)
            .map(|_| ALPHABET[random.random_range(0..ALPHABET.len())])
            .collect();
        if !customers::number_exists(conn, provider_id, &number)? {
            return Ok(number);
        }
    }
    Err(AppError::internal("ten random customer numbers in a row were taken"))
}

fn name_taken_key(error: DbError) -> AppError {
    let taken = |columns: &[&str]| error.unique_key().is_some_and(|key| key.is("customers", columns));
    if taken(&["provider_id", "customer_number"]) {
        return Violation::conflict(
            "customer_number_taken",
            "Diese Kundennummer gehört schon einem anderen Kunden.",
            "Another customer has this number already.",
        )
        .at("/customer_number")
        .into();
    }
    if taken(&["provider_id", "external_id"]) {
        return Violation::conflict(
            "external_id_taken",
            "Diese externe Kennung gehört schon einem anderen Kunden.",
            "Another customer has this external id already.",
        )
        .at("/external_id")
        .into();
    }
    error.into()
}
