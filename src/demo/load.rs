//! Loads the demo into a database. Every step looks first whether it was done, so a start that was cut short is finished by
//! the next one, and nothing a user changed since is touched.

use std::collections::BTreeMap;

use time::Duration;

use super::people::{ADMIN, CUSTOMERS, DemoCustomer, PASSWORD};
use super::{CATALOGUES, DemoLogin};
use crate::config::Secret;
use crate::context::RequestContext;
use crate::db::DbConnection;
use crate::domain::access::{Principal, PrincipalKind, Role};
use crate::domain::catalogue::parse;
use crate::domain::consent::ConsentGiven;
use crate::domain::ids::IdKind;
use crate::domain::invoice::BillingDetails;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::page::PageRequest;
use crate::repositories::customers as rows;
use crate::repositories::users::user_find_by_username;
use crate::services::agreements::Declared;
use crate::services::auth::{NewUser, user_create};
use crate::services::catalogue::import;
use crate::services::command::Command;
use crate::services::customers::{self, NewCustomer};
use crate::services::events::Caller;
use crate::services::idempotency::{Answer, AnswerHeaders};
use crate::services::providers::{self, Provider, ProviderMode};
use crate::services::subscriptions::{self, NewSubscription, SubscriptionQuery};
use crate::services::test_clocks::{self, TestClock};
use crate::state::AppState;

/// Name of the test clock of each provider.
const CLOCK: &str = "Demo";

/// How long ago the contracts of customers on a test clock were concluded, so that they have a history.
const HISTORY: Duration = Duration::days(75);

/// Makes sure that the demo is there, and tells its logins.
///
/// # Errors
/// Those of the services; the next start goes on where this one stopped.
pub fn prepare(state: &AppState) -> Result<Vec<DemoLogin>, AppError> {
    let mut logins = Vec::new();
    for (file, text) in CATALOGUES {
        let catalogue = parse(text).map_err(|_| AppError::internal(format!("the demo catalogue {file} has faults")))?;
        let (slug, name) = (catalogue.provider.slug.as_str(), catalogue.provider.name.as_str());
        let provider = ensure_provider(state, slug, name, text)?;
        let admin = principal(&provider, ensure_user(state, &provider, ADMIN, None)?, None);
        logins.push(login(slug, ADMIN, format!("staff of {name}"), false));
        let clock = ensure_clock(state, &admin)?;
        for person in CUSTOMERS.iter().filter(|person| person.provider == slug) {
            let clock_id = person.on_test_clock.then_some(clock.id.as_str());
            let customer_id = ensure_customer(state, &provider, person, clock_id)?;
            let user_id = ensure_user(state, &provider, person.username, Some(&customer_id))?;
            ensure_contracts(state, &principal(&provider, user_id, Some(customer_id)), person)?;
            let time = if person.on_test_clock {
                ", on the test clock"
            } else {
                ""
            };
            let who = format!("customer {} ({}){time}", person.name, person.customer_type.as_str());
            logins.push(login(slug, person.username, who, true));
        }
        if clock.now_at < clock.created_at {
            test_clocks::advance(state, &admin, &clock.id, clock.created_at)?;
        }
    }
    Ok(logins)
}

fn login(provider: &str, username: &str, who: String, is_customer: bool) -> DemoLogin {
    DemoLogin {
        provider: provider.to_owned(),
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        who,
        is_customer,
    }
}

fn principal(provider: &Provider, user_id: String, customer_id: Option<String>) -> Principal {
    let role = if customer_id.is_some() {
        Role::Customer
    } else {
        Role::Admin
    };
    Principal {
        kind: PrincipalKind::User,
        id: user_id,
        provider_id: provider.id.clone(),
        customer_id,
        role,
        scopes: role.scopes(),
        opened_by: None,
    }
}

fn command(principal: &Principal) -> Command {
    Command {
        principal: principal.clone(),
        context: RequestContext {
            request_id: IdKind::Request.generate(),
            locale: Locale::De,
            ip: None,
            user_agent: None,
            idempotency_key: None,
            request_digest: [0; 32],
        },
        idempotency: None,
        preview_token: None,
    }
}

/// What a command answers to nobody.
fn silence() -> Answer {
    Answer {
        status: 201,
        headers: AnswerHeaders::default(),
        body: String::new(),
        replayed: false,
    }
}

fn ensure_provider(state: &AppState, slug: &str, name: &str, text: &str) -> Result<Provider, AppError> {
    match state.db.read(|conn| providers::find_by_slug(conn, slug)) {
        Err(AppError::NotFound) => {}
        found => return found,
    }
    let now = state.clock.now();
    state.db.write(|conn| {
        let provider = providers::create(conn, slug, name, ProviderMode::Sandbox, now)?;
        import(conn, &provider.id, slug, text, now)?;
        Ok(provider)
    })
}

fn ensure_user(
    state: &AppState,
    provider: &Provider,
    username: &str,
    customer_id: Option<&str>,
) -> Result<String, AppError> {
    let known = state
        .db
        .read(|conn| user_find_by_username(conn, &provider.id, username).map_err(AppError::from))?;
    if let Some(user) = known {
        return Ok(user.id);
    }
    let new = NewUser {
        provider_id: provider.id.clone(),
        customer_id: customer_id.map(str::to_owned),
        username: username.to_owned(),
        password: Secret::new(PASSWORD),
        role: if customer_id.is_some() {
            Role::Customer
        } else {
            Role::Admin
        },
    };
    Ok(user_create(state, &new)?.id)
}

/// The clock starts in the past; [`prepare`] moves it to the present once the contracts are concluded.
fn ensure_clock(state: &AppState, admin: &Principal) -> Result<TestClock, AppError> {
    let find = || -> Result<Option<TestClock>, AppError> {
        let page = test_clocks::list(
            state,
            admin,
            &PageRequest {
                limit: 100,
                after: None,
            },
        )?;
        Ok(page
            .items
            .into_iter()
            .find(|clock| clock.name.as_deref() == Some(CLOCK)))
    };
    if let Some(clock) = find()? {
        return Ok(clock);
    }
    let start = state.clock.now() - HISTORY;
    test_clocks::create(
        state,
        &command(admin),
        Some(CLOCK.to_owned()),
        start,
        &|_| Ok(silence()),
    )?;
    find()?.ok_or_else(|| AppError::internal("the demo's test clock was created and is not there"))
}

fn ensure_customer(
    state: &AppState,
    provider: &Provider,
    person: &DemoCustomer,
    clock_id: Option<&str>,
) -> Result<String, AppError> {
    let filter = rows::CustomerFilter {
        customer_number: Some(person.number.to_owned()),
        ..rows::CustomerFilter::default()
    };
    let find = |conn: &mut DbConnection| rows::list(conn, &provider.id, &filter, 1).map_err(AppError::from);
    if let Some(row) = state.db.read(find)?.pop() {
        return Ok(row.id);
    }
    let new = NewCustomer {
        customer_number: Some(person.number.to_owned()),
        customer_type: person.customer_type,
        name: person.name.to_owned(),
        email: person.email.to_owned(),
        locale: Some(Locale::De),
        holiday_region: None,
        external_id: None,
        metadata: BTreeMap::new(),
        billing: BillingDetails {
            address: Some(person.address()),
            ..BillingDetails::default()
        },
        test_clock_id: clock_id.map(str::to_owned),
    };
    new.check()?;
    let now = state.clock.now();
    let customer = state
        .db
        .write(|conn| customers::create_in_txn(conn, &provider.id, &new, |_| Caller::system(), now))?;
    Ok(customer.id)
}

/// Concludes the contracts of a customer who has none, with all consents given and the order button pressed.
fn ensure_contracts(state: &AppState, customer: &Principal, person: &DemoCustomer) -> Result<(), AppError> {
    let request = PageRequest {
        limit: 100,
        after: None,
    };
    let concluded = subscriptions::list(state, customer, &SubscriptionQuery::default(), &request)?
        .items
        .len();
    let published = state
        .db
        .read(|conn| state.catalogues.current(conn, &customer.provider_id))?;
    for (plan, quantity) in person.contracts.iter().skip(concluded) {
        let (content, _) = published.plan_by_key(plan).ok_or_else(|| {
            AppError::internal(format!("the demo catalogue of {} has no plan {plan}", person.provider))
        })?;
        let documents = content
            .consents
            .iter()
            .filter_map(|key| published.document(key, Locale::De));
        let consents = documents.map(|document| ConsentGiven {
            document: document.key.clone(),
            version: document.version.clone(),
            accepted: true,
            wording: None,
        });
        let new = NewSubscription {
            customer_id: None,
            plan: (*plan).to_owned(),
            quantity: Some(*quantity),
            starts_on: None,
            declared: Declared {
                consents: consents.collect(),
                order_button_text: Some(content.order_button.get(Locale::De).to_owned()),
                early_start_requested: false,
            },
        };
        subscriptions::conclude(state, &command(customer), &new, &|_| serde_json::Value::Null, &|_| {
            Ok(silence())
        })?;
    }
    Ok(())
}
