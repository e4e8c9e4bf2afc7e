//! API keys: logins for a provider's own programs, managed by its administrators.

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::blocking;
use super::extract::{ApiKeyId, Json, NoParameters, Query};
use super::instant::Instant;
use super::pagination::Paging;
use super::problem::Problem;
use crate::domain::access::{Principal, Scope};
use crate::error::{AppError, FieldError};
use crate::list_of;
use crate::services::auth::{self, ApiKey, IssuedApiKey, NewApiKey};
use crate::state::AppState;

/// An API key to be created.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// By which staff will recognise the key.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Customer portal")]
    name: String,
    /// What the key may do: at most what you may do yourself, and never `api_keys:write`.
    #[validate(length(min = 1, max = 50))]
    #[schema(min_items = 1, max_items = 50, example = json!(["customers:read", "sessions:write"]))]
    scopes: Vec<String>,
    /// When the key ceases to be good; absent means never.
    #[schema(nullable = false)]
    expires_at: Option<Instant>,
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyResponse {
    /// Id of the key.
    #[schema(max_length = 30, example = "key_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    id: String,
    /// Name given by staff.
    #[schema(max_length = 100, example = "Customer portal")]
    name: String,
    /// Beginning and end of the key, to recognise it by.
    #[schema(max_length = 20, example = "vk_test_…x4Qz")]
    hint: String,
    /// What it may do, in alphabetical order.
    #[schema(max_items = 50, example = json!(["customers:read", "sessions:write"]))]
    scopes: Vec<&'static str>,
    /// When it was created.
    created_at: Instant,
    /// When it ceases to be good; `null` means never.
    expires_at: Option<Instant>,
    /// When it was revoked; `null` as long as it was not.
    revoked_at: Option<Instant>,
    /// When it was last used, to the minute; `null` before the first use.
    last_used_at: Option<Instant>,
}

/// A key that was just created.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKey {
    /// The key itself. Store it now: it is not shown again.
    #[schema(max_length = 60, example = "vk_test_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB")]
    secret: String,
    /// What is kept of it.
    api_key: ApiKeyResponse,
}

list_of!(
    /// API keys, newest first.
    ApiKeyList of ApiKeyResponse
);

#[get("/api-keys")]
pub async fn list_api_keys(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    _: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let request = paging.request.clone();
    let page = blocking(&state, move |state| auth::api_key_list(state, &principal, &request)).await?;
    paging.respond::<_, ApiKeyList>(page.map(ApiKeyResponse::from))
}

#[post("/api-keys")]
pub async fn create_api_key(
    state: web::Data<AppState>,
    principal: Principal,
    body: Json<CreateApiKey>,
) -> Result<HttpResponse, Problem> {
    let new = body.value.understand()?;
    let issued = blocking(&state, move |state| auth::api_key_create(state, &principal, &new)).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(CreatedApiKey::from(issued)))
}

#[delete("/api-keys/{api_key_id}")]
pub async fn revoke_api_key(
    state: web::Data<AppState>,
    principal: Principal,
    api_key_id: ApiKeyId,
) -> Result<HttpResponse, Problem> {
    blocking(&state, move |state| {
        auth::api_key_revoke(state, &principal, &api_key_id.0)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl CreateApiKey {
    fn understand(self) -> Result<NewApiKey, AppError> {
        let mut scopes = Vec::new();
        let mut errors = Vec::new();
        for (index, text) in self.scopes.iter().enumerate() {
            match Scope::parse(text) {
                Some(scope) => scopes.push(scope),
                None => errors.push(
                    FieldError::body(
                        format!("/scopes/{index}"),
                        "invalid_choice",
                        "Diesen Scope gibt es nicht.",
                        "There is no such scope.",
                    )
                    .with("allowed", Scope::ALL.map(Scope::as_str).to_vec()),
                ),
            }
        }
        if !errors.is_empty() {
            return Err(AppError::Validation(errors));
        }
        Ok(NewApiKey {
            name: self.name,
            scopes: scopes.into_iter().collect(),
            expires_at: self.expires_at.map(|instant| instant.0),
        })
    }
}

impl From<ApiKey> for ApiKeyResponse {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            hint: key.hint,
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Instant),
            revoked_at: key.revoked_at.map(Instant),
            last_used_at: key.last_used_at.map(Instant),
        }
    }
}

impl From<IssuedApiKey> for CreatedApiKey {
    fn from(issued: IssuedApiKey) -> Self {
        Self {
            secret: issued.secret,
            api_key: issued.key.into(),
        }
    }
}
