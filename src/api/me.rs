//! Who am I.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::blocking;
use super::problem::Problem;
use crate::domain::access::{Principal, PrincipalKind, Role};
use crate::services::auth::{self, CustomerProfile, Me, ProviderProfile};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(get_me);
}

/// The login that sent the request.
#[derive(Serialize, ToSchema)]
pub struct MeResponse {
    /// Who it is.
    principal: MePrincipal,
    /// The provider everything belongs to.
    provider: MeProvider,
    /// The only customer the login sees; `null` for staff and API keys, who see all customers of the provider.
    customer: Option<MeCustomer>,
    /// What it may do, in alphabetical order.
    #[schema(max_items = 50, example = json!(["catalogue:read", "customers:read", "subscriptions:read"]))]
    scopes: Vec<&'static str>,
}

/// Who is logged in, and how.
#[derive(Serialize, ToSchema)]
pub struct MePrincipal {
    /// Id of the user or API key; for a session the id of the customer.
    #[schema(max_length = 30, example = "usr_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    id: String,
    /// How it logged in.
    r#type: PrincipalType,
    /// What it is to the provider.
    role: PrincipalRole,
}

/// How a principal logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "user")]
pub enum PrincipalType {
    /// A person, with a password.
    User,
    /// A program of the provider.
    ApiKey,
    /// A customer whom the provider's portal logged in.
    Session,
}

/// What a principal is to the provider.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "customer")]
pub enum PrincipalRole {
    /// Staff with every scope; also API keys, within their scopes.
    Admin,
    /// Staff who serve customers.
    Support,
    /// A customer.
    Customer,
}

/// The provider of a login.
#[derive(Serialize, ToSchema)]
pub struct MeProvider {
    /// Id of the provider.
    #[schema(max_length = 30, example = "prv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    id: String,
    /// Short public name.
    #[schema(max_length = 63, example = "legal-texts")]
    slug: String,
    /// Name.
    #[schema(max_length = 200, example = "Muster Rechtstexte")]
    name: String,
    /// `live` or `sandbox`; test clocks exist in sandboxes only.
    #[schema(max_length = 7, pattern = "^(live|sandbox)$", example = "sandbox")]
    mode: String,
    /// IANA time zone in which its legal days begin and end.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    time_zone: String,
}

/// The customer of a login.
#[derive(Serialize, ToSchema)]
pub struct MeCustomer {
    /// Id of the customer.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    id: String,
    /// Number given by the provider.
    #[schema(max_length = 50, example = "K-1001")]
    customer_number: String,
    /// Name of the person or firm.
    #[schema(max_length = 200, example = "Anna Beispiel")]
    name: String,
    /// `consumer` or `business`.
    #[schema(max_length = 8, pattern = "^(consumer|business)$", example = "consumer")]
    customer_type: String,
    /// Language in which the customer is addressed.
    #[schema(max_length = 2, pattern = "^(de|en)$", example = "de")]
    locale: String,
}

/// Who is logged in.
#[utoipa::path(
    tag = "Login",
    operation_id = "getMe",
    summary = "Read who is logged in",
    description = "The principal behind the token or API key, its provider, the customer it is bound to, and its scopes. Needs no \
        scope.",
    responses((status = 200, description = "The login.", body = MeResponse))
)]
#[get("/me")]
pub async fn get_me(state: web::Data<AppState>, principal: Principal) -> Result<HttpResponse, Problem> {
    let who = principal.clone();
    let me = blocking(&state, move |state| auth::me(state, &who)).await?;
    Ok(HttpResponse::Ok().json(MeResponse::new(&principal, me)))
}

impl MeResponse {
    fn new(principal: &Principal, me: Me) -> Self {
        Self {
            principal: MePrincipal {
                id: principal.id.clone(),
                r#type: principal.kind.into(),
                role: principal.role.into(),
            },
            provider: me.provider.into(),
            customer: me.customer.map(MeCustomer::from),
            scopes: principal.scopes.iter().map(|scope| scope.as_str()).collect(),
        }
    }
}

impl From<PrincipalKind> for PrincipalType {
    fn from(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::User,
            PrincipalKind::ApiKey => Self::ApiKey,
            PrincipalKind::Session => Self::Session,
        }
    }
}

impl From<Role> for PrincipalRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Support => Self::Support,
            Role::Customer => Self::Customer,
        }
    }
}

impl From<ProviderProfile> for MeProvider {
    fn from(provider: ProviderProfile) -> Self {
        let ProviderProfile {
            id,
            slug,
            name,
            mode,
            time_zone,
        } = provider;
        Self {
            id,
            slug,
            name,
            mode,
            time_zone,
        }
    }
}

impl From<CustomerProfile> for MeCustomer {
    fn from(customer: CustomerProfile) -> Self {
        let CustomerProfile {
            id,
            customer_number,
            name,
            customer_type,
            locale,
        } = customer;
        Self {
            id,
            customer_number,
            name,
            customer_type,
            locale,
        }
    }
}
