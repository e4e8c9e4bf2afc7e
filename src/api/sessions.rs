//! Sessions: a provider's portal gets a short-lived token for the customer it has logged in itself.

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::blocking;
use super::extract::CustomerId;
use super::problem::Problem;
use crate::domain::access::Principal;
use crate::services::auth::{self, CustomerSession};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(create_session);
}

/// A token for one customer. There is no refresh token: open another session instead.
#[derive(Serialize, ToSchema)]
pub struct SessionResponse {
    /// Signed JWT; the portal's pages send it as `Authorization: Bearer …`. It sees only this customer.
    #[schema(
        max_length = 4096,
        example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjdXNfLi4uIn0.c2lnbmF0dXJl"
    )]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", pattern = "^Bearer$", max_length = 6)]
    token_type: &'static str,
    /// Seconds until the token expires.
    #[schema(minimum = 1, maximum = 900, example = 900)]
    expires_in: i64,
    /// What it allows, separated by spaces.
    #[schema(
        max_length = 500,
        example = "catalogue:read charges:read customers:read subscriptions:read subscriptions:write"
    )]
    scope: String,
}

/// Opens a session for a customer.
#[utoipa::path(
    tag = "Login",
    operation_id = "createSession",
    summary = "Open a session for a customer",
    description = "A token with which a portal acts as one of its customers for 15 minutes, after logging the customer in itself. The \
        token sees only this customer and has the scopes of the role `customer`. Call this from the portal's server with an API \
        key; never give the key to a browser. The token is not kept, so `Idempotency-Key` has no effect here.",
    params(CustomerId),
    responses((status = 200, description = "The token.", body = SessionResponse)),
    extensions(
        ("x-required-scopes" = json!(["sessions:write"])),
        ("x-idempotency-key" = json!(false))
    )
)]
#[post("/customers/{customer_id}/sessions")]
pub async fn create_session(
    state: web::Data<AppState>,
    principal: Principal,
    customer_id: CustomerId,
) -> Result<HttpResponse, Problem> {
    let session = blocking(&state, move |state| {
        auth::session_open(state, &principal, &customer_id.0)
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(SessionResponse::from(session)))
}

impl From<CustomerSession> for SessionResponse {
    fn from(session: CustomerSession) -> Self {
        Self {
            access_token: session.access_token,
            token_type: "Bearer",
            expires_in: session.expires_in,
            scope: session.scopes.to_string(),
        }
    }
}
