//! The floor: the statements of an operation in one transaction, without server, rules and JSON. Nothing that keeps the same
//! promises can be faster on this database.

use std::sync::atomic::{AtomicU64, Ordering};

use time::macros::date;
use vertragswerk::db::{DbConnection, Utc};
use vertragswerk::domain::ids::IdKind;
use vertragswerk::error::AppError;
use vertragswerk::repositories::account::{self, AccountKey, AccountRows, AccountUpdate};
use vertragswerk::repositories::emails::{self, EmailRow};
use vertragswerk::repositories::events::{self, EventRow};
use vertragswerk::repositories::idempotency::{self, IdempotencyKeyRow};
use vertragswerk::repositories::{catalogues, changes, charges, due_customers, subscriptions};
use vertragswerk::state::AppState;

use super::client::Fault;
use super::seed::{World, of_customer};

/// What concluding a contract leaves behind, as rows to be stored again under new ids.
pub struct Concluded {
    rows: AccountRows,
    events: Vec<EventRow>,
    emails: Vec<EmailRow>,
    stored: AtomicU64,
}

impl Concluded {
    /// Takes the rows that the contract of the template has left.
    pub fn load(state: &AppState, world: &World) -> Result<Self, AppError> {
        let (customer_id, contract_id) = &world.template;
        state.db.read_consistent(|conn| {
            let all = events::of_subscription(conn, contract_id, 100)?;
            // The events of the command itself; what fell due later has no request.
            let events: Vec<EventRow> = all.into_iter().filter(|row| row.request_id.is_some()).collect();
            let ids: Vec<&str> = events.iter().map(|row| row.id.as_str()).collect();
            let emails = emails::of_events(conn, &ids)?;
            Ok(Self {
                rows: account::load(conn, customer_id, date!(1900 - 01 - 01))?,
                emails,
                events,
                stored: AtomicU64::new(0),
            })
        })
    }

    /// Stores the rows for a customer: the statements of `POST /v1/subscriptions`.
    pub fn conclude(&self, state: &AppState, world: &World, number: usize) -> Result<(), Fault> {
        let customer_id = &world.customers[number % world.customers.len()];
        let stored = self.stored.fetch_add(1, Ordering::Relaxed);
        let now: Utc = state.clock.now().into();
        let outcome = state.db.write(|conn| {
            let key = IdempotencyKeyRow {
                principal_id: "floor".to_owned(),
                key: format!("floor {stored}"),
                fingerprint: "0".repeat(64),
                response_status: None,
                response_headers: None,
                response_body: None,
                created_at: now,
            };
            idempotency::claim(conn, &key)?;
            let found = account::find(conn, &world.provider_id, None, AccountKey::Customer(customer_id), true)?;
            let customer = found.ok_or(AppError::NotFound)?;
            account::load(conn, customer_id, date!(1900 - 01 - 01))?;
            catalogues::current_id(conn, &world.provider_id)?;
            let rows = of_customer(&self.rows, customer_id);
            subscriptions::insert(conn, &rows.subscriptions)?;
            subscriptions::insert_phases(conn, &rows.phases)?;
            charges::insert(conn, &rows.charges)?;
            self.tell(conn, customer_id, &rows.subscriptions[0].id, stored)?;
            let update = AccountUpdate {
                id: customer_id.clone(),
                next_due_at: customer.next_due_at,
                due_failures: 0,
                retry_at: None,
                last_event_sequence: customer.last_event_sequence,
                last_event_hash: customer.last_event_hash,
                balance: customer.balance,
                balance_currency: customer.balance_currency,
                payment_status: "paid_up".to_owned(),
                swept_on: customer.swept_on,
            };
            account::update_all(conn, &[update])?;
            idempotency::store(conn, "floor", &key.key, 201, "{}", &"x".repeat(2_000))?;
            Ok::<_, AppError>(())
        });
        outcome.map_err(fault)
    }

    fn tell(&self, conn: &mut DbConnection, customer_id: &str, contract_id: &str, stored: u64) -> Result<(), AppError> {
        let mut told = self.events.clone();
        for (place, event) in (0_i64..).zip(&mut told) {
            event.id = IdKind::Event.generate();
            customer_id.clone_into(&mut event.customer_id);
            event.subscription_id = Some(contract_id.to_owned());
            // Beyond what the server itself will ever count to in this run.
            event.sequence = 1_000_000 + i64::try_from(stored).unwrap_or(0) * 100 + place;
            event.position = None;
        }
        events::insert(conn, &told)?;
        for mail in &self.emails {
            let mail = EmailRow {
                id: IdKind::Email.generate(),
                message_id: IdKind::Email.generate(),
                customer_id: Some(customer_id.to_owned()),
                subscription_id: Some(contract_id.to_owned()),
                event_id: told.first().map(|event| event.id.clone()),
                ..mail.clone()
            };
            emails::insert(conn, std::slice::from_ref(&mail))?;
        }
        Ok(())
    }
}

/// The statements of `GET /v1/subscriptions/{id}`.
pub fn read(state: &AppState, world: &World, number: usize) -> Result<(), Fault> {
    let place = number % world.contracts.len();
    let (customer_id, contract_id) = (world.customers[place].as_str(), world.contracts[place].as_str());
    let outcome = state.db.read_consistent(|conn| {
        subscriptions::find(conn, &world.provider_id, None, contract_id)?;
        due_customers::due_dates(conn, &[customer_id])?;
        catalogues::current_id(conn, &world.provider_id)?;
        subscriptions::phases_of(conn, &[contract_id])?;
        changes::load_of(conn, &[contract_id])?;
        Ok::<_, AppError>(())
    });
    outcome.map_err(fault)
}

/// What went wrong, for the terminal.
pub fn fault(error: AppError) -> Fault {
    format!("{error:?}").into()
}
