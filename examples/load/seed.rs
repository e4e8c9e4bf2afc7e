//! A provider, one contract concluded through the API, and as many copies of its rows as are asked for.

use std::net::SocketAddr;

use serde_json::{Value, json};
use time::macros::date;
use time::{Duration, OffsetDateTime};
use vertragswerk::config::Secret;
use vertragswerk::db::DbConnection;
use vertragswerk::demo::CATALOGUES;
use vertragswerk::domain::access::Role;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::error::AppError;
use vertragswerk::repositories::account::{self, AccountRows};
use vertragswerk::repositories::customers::{self, CustomerRow};
use vertragswerk::repositories::{charges, subscriptions};
use vertragswerk::services::auth::{NewUser, user_create};
use vertragswerk::services::catalogue::import;
use vertragswerk::services::providers::{self, ProviderMode};
use vertragswerk::state::AppState;

use super::client::{Client, Fault, text};

/// The provider under load.
pub const PROVIDER: &str = "kontaktkiste";
const USERNAME: &str = "admin@load.example";
const PASSWORD: &str = "a password for the load test";
/// Copies stored in one transaction.
const COPIES_AT_ONCE: usize = 500;

/// What requests name.
pub struct World {
    /// The provider (`prv_`).
    pub provider_id: String,
    /// Token of its administrator.
    pub token: String,
    /// Customers, each with the contract at the same place.
    pub customers: Vec<String>,
    /// Contracts.
    pub contracts: Vec<String>,
    /// The contract that was concluded through the API: customer and contract.
    pub template: (String, String),
    /// Consents of an order.
    pub consents: Value,
}

/// Makes the provider, its catalogue and its administrator.
pub fn provider(state: &AppState) -> Result<String, AppError> {
    let catalogue = CATALOGUES.iter().find(|(name, _)| *name == "crm.json");
    let (_, text) = catalogue.ok_or_else(|| AppError::internal("no demo catalogue"))?;
    let now = state.clock.now();
    let id = state.db.write(|conn: &mut DbConnection| {
        let provider = providers::create(conn, PROVIDER, "Kontaktkiste", ProviderMode::Sandbox, now)?;
        import(conn, &provider.id, PROVIDER, text, now)?;
        Ok::<_, AppError>(provider.id)
    })?;
    let administrator = NewUser {
        provider_id: id.clone(),
        customer_id: None,
        username: USERNAME.to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        role: Role::Admin,
    };
    user_create(state, &administrator)?;
    Ok(id)
}

/// Logs in, concludes a contract twenty days ago and copies its rows.
pub fn world(state: &AppState, address: SocketAddr, provider_id: &str, count: usize) -> Result<World, Fault> {
    let token = log_in(address)?;
    let mut client = Client::connect(address, &token)?;
    let now = state.clock.now();
    let at = |instant: OffsetDateTime| format!("{}T10:00:00Z", instant.date());
    let clock = client.json(
        "POST",
        "/v1/test-clocks",
        Some("clock"),
        &json!({ "now": at(now - Duration::days(20)) }),
    )?;
    let customer = json!({
        "customer_type": "business", "name": "Vorlage", "email": "vorlage@example.com", "test_clock_id": clock["id"],
        "billing_address": { "street": "Musterstraße 1", "postal_code": "20095", "city": "Hamburg", "country": "DE" },
    });
    let customer = client.json("POST", "/v1/customers", Some("customer"), &customer)?;
    let asked = json!({ "customer_id": customer["id"], "plan": "crm_monthly" });
    let preview = client.json("POST", "/v1/subscriptions/preview", None, &asked)?;
    let asked = preview["consents"].as_array().ok_or("no consents")?.iter();
    let consents: Value = asked
        .map(|document| json!({ "document": document["document"], "version": document["version"], "accepted": true }))
        .collect();
    let order = json!({ "customer_id": customer["id"], "plan": "crm_monthly", "consents": consents });
    let contract = client.json("POST", "/v1/subscriptions", Some("template"), &order)?;
    let path = format!("/v1/test-clocks/{}/advance", text(&clock["id"])?);
    client.json("POST", &path, Some("advance"), &json!({ "to": at(now) }))?;
    let template = (text(&customer["id"])?, text(&contract["id"])?);
    let (customers, contracts) = copies(state, provider_id, &template.0, count).map_err(super::floor::fault)?;
    Ok(World {
        provider_id: provider_id.to_owned(),
        token,
        customers,
        contracts,
        template,
        consents,
    })
}

fn log_in(address: SocketAddr) -> Result<String, Fault> {
    let form = [
        ("grant_type", "password"),
        ("client_id", PROVIDER),
        ("username", USERNAME),
        ("password", PASSWORD),
    ];
    let request = reqwest::Client::new()
        .post(format!("http://{address}/v1/auth/token"))
        .form(&form);
    let grant: Value = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { request.send().await?.error_for_status()?.json().await })?;
    text(&grant["access_token"])
}

/// Copies of a customer with its contract, on the wall clock and without history.
fn copies(
    state: &AppState,
    provider_id: &str,
    template_id: &str,
    count: usize,
) -> Result<(Vec<String>, Vec<String>), AppError> {
    let (template, rows) = state.db.read_consistent(|conn| {
        let template = customers::find(conn, provider_id, template_id)?.ok_or(AppError::NotFound)?;
        Ok::<_, AppError>((template, account::load(conn, template_id, date!(1900 - 01 - 01))?))
    })?;
    let (mut customer_ids, mut contract_ids) = (Vec::with_capacity(count), Vec::with_capacity(count));
    while customer_ids.len() < count {
        let first = customer_ids.len();
        let upto = (first + COPIES_AT_ONCE).min(count);
        let copied: Vec<(CustomerRow, AccountRows)> =
            (first..upto).map(|index| copy(&template, &rows, index)).collect();
        state.db.write(|conn| {
            let mut all = AccountRows::default();
            for (customer, rows) in &copied {
                customers::insert(conn, customer)?;
                all.subscriptions.extend(rows.subscriptions.iter().cloned());
                all.phases.extend(rows.phases.iter().cloned());
                all.charges.extend(rows.charges.iter().cloned());
            }
            subscriptions::insert(conn, &all.subscriptions)?;
            subscriptions::insert_phases(conn, &all.phases)?;
            charges::insert(conn, &all.charges)?;
            Ok::<_, AppError>(())
        })?;
        for (customer, rows) in &copied {
            customer_ids.push(customer.id.clone());
            contract_ids.extend(rows.subscriptions.iter().map(|row| row.id.clone()));
        }
    }
    Ok((customer_ids, contract_ids))
}

fn copy(template: &CustomerRow, rows: &AccountRows, index: usize) -> (CustomerRow, AccountRows) {
    let customer = CustomerRow {
        id: IdKind::Customer.generate(),
        customer_number: format!("L-{index}"),
        name: format!("Firma {index}"),
        email: format!("post@firma-{index}.example"),
        external_id: None,
        test_clock_id: None,
        last_event_sequence: 0,
        last_event_hash: String::new(),
        ..template.clone()
    };
    (customer.clone(), of_customer(rows, &customer.id))
}

/// The rows of an account with new ids, for another customer.
pub fn of_customer(rows: &AccountRows, customer_id: &str) -> AccountRows {
    let mut copy = rows.clone();
    for subscription in &mut copy.subscriptions {
        let id = IdKind::Subscription.generate();
        for phase in copy
            .phases
            .iter_mut()
            .filter(|phase| phase.subscription_id == subscription.id)
        {
            phase.id = IdKind::Phase.generate();
            phase.subscription_id.clone_from(&id);
            customer_id.clone_into(&mut phase.customer_id);
        }
        for charge in copy
            .charges
            .iter_mut()
            .filter(|charge| charge.item_id == subscription.id)
        {
            charge.id = IdKind::Charge.generate();
            charge.item_id.clone_from(&id);
            charge.subscription_id.clone_from(&id);
            charge.invoice_id = None;
            customer_id.clone_into(&mut charge.customer_id);
        }
        subscription.contract_number.clone_from(&id);
        subscription.id = id;
        customer_id.clone_into(&mut subscription.customer_id);
    }
    copy
}
