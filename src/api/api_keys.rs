//! API keys: logins for a provider's own programs, managed by its administrators.

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::blocking;
use super::extract::{ApiKeyId, Json};
use super::instant::Instant;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::domain::access::{Principal, Scope};
use crate::error::{AppError, FieldError};
use crate::list_of;
use crate::services::auth::{self, ApiKey, IssuedApiKey, NewApiKey};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_api_keys)
        .service(create_api_key)
        .service(get_api_key)
        .service(revoke_api_key);
}

/// An API key to be created.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Customer portal", "scopes": ["customers:read", "sessions:write"]}))]
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

/// The provider's API keys.
#[utoipa::path(
    tag = "API keys",
    operation_id = "listApiKeys",
    summary = "List API keys",
    description = "The API keys of your provider, newest first, also revoked and expired ones; without the keys themselves.",
    params(PageParams),
    responses((status = 200, description = "A page of API keys.", body = ApiKeyList)),
    extensions(("x-required-scopes" = json!(["api_keys:write"])))
)]
#[get("/api-keys")]
pub async fn list_api_keys(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let request = paging.request.clone();
    let page = blocking(&state, move |state| auth::api_key_list(state, &principal, &request)).await?;
    paging.respond::<_, ApiKeyList>(page.map(ApiKeyResponse::from))
}

/// Creates an API key.
#[utoipa::path(
    tag = "API keys",
    operation_id = "createApiKey",
    summary = "Create an API key",
    description = "The answer shows the key once; only its hash is kept. Therefore `Idempotency-Key` has no effect here: if the answer \
        was lost, revoke the key and create another. A key acts for your provider as a whole, within its scopes. It cannot do \
        more than you and cannot manage API keys.",
    request_body(content = CreateApiKey, description = "Name, scopes and, if wanted, an end."),
    responses((status = 201, description = "The key, shown this once.", body = CreatedApiKey)),
    extensions(
        ("x-required-scopes" = json!(["api_keys:write"])),
        ("x-idempotency-key" = json!(false))
    )
)]
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
        .insert_header((header::LOCATION, format!("/v1/api-keys/{}", issued.key.id)))
        .json(CreatedApiKey::from(issued)))
}

/// One API key.
#[utoipa::path(
    tag = "API keys",
    operation_id = "getApiKey",
    summary = "Read an API key",
    description = "What is kept of the key: name, scopes, when it was created, last used and revoked.",
    params(ApiKeyId),
    responses((status = 200, description = "The API key.", body = ApiKeyResponse)),
    extensions(("x-required-scopes" = json!(["api_keys:write"])))
)]
#[get("/api-keys/{api_key_id}")]
pub async fn get_api_key(
    state: web::Data<AppState>,
    principal: Principal,
    api_key_id: ApiKeyId,
) -> Result<HttpResponse, Problem> {
    let key = blocking(&state, move |state| {
        auth::api_key_find(state, &principal, &api_key_id.0)
    })
    .await?;
    Ok(HttpResponse::Ok().json(ApiKeyResponse::from(key)))
}

/// Revokes an API key.
#[utoipa::path(
    tag = "API keys",
    operation_id = "revokeApiKey",
    summary = "Revoke an API key",
    description = "The key is refused from now on; it stays in the list. Revoking it again changes nothing.",
    params(ApiKeyId),
    responses((status = 204, description = "Revoked.")),
    extensions(
        ("x-required-scopes" = json!(["api_keys:write"])),
        ("x-idempotency-key" = json!(false))
    )
)]
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
