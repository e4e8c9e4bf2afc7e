//! Tokens: login, refresh and logout in the shape of RFC 6749, so that OAuth clients and Swagger UI's "Authorize" just work.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::blocking;
use super::extract::Form;
use super::problem::Problem;
use crate::config::Secret;
use crate::context::RequestContext;
use crate::domain::localized::LocalizedText;
use crate::error::{AppError, OAuthError};
use crate::services::auth::{self, PasswordLogin, RefreshRequest, TokenGrant};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(create_token).service(logout);
}

/// A token request. Which members are needed depends on `grant_type`; unknown ones are ignored (RFC 6749 section 3.2).
#[derive(Deserialize, Validate, ToSchema)]
pub struct TokenRequest {
    /// `password` or `refresh_token`.
    #[schema(value_type = GrantType)]
    grant_type: String,
    /// Short name of the provider; for `password` required here or as the user name of HTTP Basic.
    #[validate(length(max = 63))]
    #[schema(nullable = false, max_length = 63, example = "legal-texts")]
    client_id: Option<String>,
    /// Login name; with `password`.
    #[validate(length(max = 200))]
    #[schema(nullable = false, max_length = 200, example = "admin@example.com")]
    username: Option<String>,
    /// Password; with `password`.
    #[validate(length(max = 1024))]
    #[schema(nullable = false, max_length = 1024, format = Password, example = "correct horse battery staple")]
    password: Option<String>,
    /// The token from the last answer; with `refresh_token`. Each is good for one exchange.
    #[validate(length(max = 200))]
    #[schema(
        nullable = false,
        max_length = 200,
        example = "vrt_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB"
    )]
    refresh_token: Option<String>,
    /// Scopes separated by spaces, to get fewer than the role has; scopes the role lacks are left out.
    #[validate(length(max = 500))]
    #[schema(
        nullable = false,
        max_length = 500,
        example = "subscriptions:read subscriptions:write"
    )]
    scope: Option<String>,
}

/// How the caller proves who it is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", example = "password")]
pub enum GrantType {
    /// User name and password.
    Password,
    /// Refresh token.
    RefreshToken,
}

/// Tokens for a user (RFC 6749 section 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenResponse {
    /// Signed JWT; send it as `Authorization: Bearer …`. Treat it as opaque.
    #[schema(
        max_length = 4096,
        example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfLi4uIn0.c2lnbmF0dXJl"
    )]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", pattern = "^Bearer$", max_length = 6)]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(minimum = 1, maximum = 86400, example = 600)]
    expires_in: i64,
    /// Exchange it for new tokens before or after the access token expires. Using it twice ends the login.
    #[schema(max_length = 200, example = "vrt_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB")]
    refresh_token: String,
    /// The scopes granted, separated by spaces.
    #[schema(
        max_length = 500,
        example = "catalogue:read charges:read customers:read subscriptions:read subscriptions:write"
    )]
    scope: String,
}

/// A login to be ended.
#[derive(Deserialize, Validate, ToSchema)]
pub struct LogoutRequest {
    /// The refresh token (the name in RFC 7009).
    #[validate(length(max = 200))]
    #[schema(
        nullable = false,
        max_length = 200,
        example = "vrt_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB"
    )]
    token: Option<String>,
    /// The refresh token, under the name it has in the token answer.
    #[validate(length(max = 200))]
    #[schema(
        nullable = false,
        max_length = 200,
        example = "vrt_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB"
    )]
    refresh_token: Option<String>,
}

/// Issues tokens for a password or a refresh token.
#[utoipa::path(
    tag = "Login",
    operation_id = "createToken",
    summary = "Log in or refresh a login",
    description = "OAuth 2.0 token endpoint (RFC 6749) with the grant types `password` and `refresh_token`. `client_id` is the short \
        name of the provider, in the form or as the user name of HTTP Basic; there is no client secret.\n\nEach refresh token is \
        good for one exchange. One that comes back a second time ends the whole login, because it may have been stolen. A login \
        ends after 30 days at the latest.\n\nAn unknown user and a wrong password get the same answer in the same time. After 5 \
        failures within 15 minutes an account is closed for the caller's address for a while (429). Problems carry the members \
        `error` and `error_description` of RFC 6749 as well.",
    security(()),
    request_body(
        content = TokenRequest,
        content_type = "application/x-www-form-urlencoded",
        description = "Password or refresh token.",
        example = json!({"grant_type": "password", "client_id": "legal-texts", "username": "admin@example.com",
            "password": "correct horse battery staple"}),
    ),
    responses((status = 200, description = "Tokens.", body = TokenResponse)),
    extensions(("x-problem-codes" = json!(["invalid_request", "invalid_client", "invalid_grant", "invalid_scope",
        "unsupported_grant_type", "rate_limited"])))
)]
#[post("/auth/token")]
pub async fn create_token(
    state: web::Data<AppState>,
    request: HttpRequest,
    context: RequestContext,
    form: Form<TokenRequest>,
) -> Result<HttpResponse, Problem> {
    let form = form.value;
    let client_id = client_id(&request, present(form.client_id))?;
    let scope = present(form.scope);
    let grant = match form.grant_type.as_str() {
        "password" => {
            let login = PasswordLogin {
                client_id: required(client_id, "client_id")?,
                username: required(present(form.username), "username")?,
                password: Secret::new(required(present(form.password), "password")?),
                scope,
                ip: context.ip,
            };
            blocking(&state, move |state| auth::login(state, &login)).await?
        }
        "refresh_token" => {
            let refresh_token = Secret::new(required(present(form.refresh_token), "refresh_token")?);
            let refresh = RefreshRequest {
                refresh_token,
                client_id,
                scope,
            };
            blocking(&state, move |state| auth::refresh(state, &refresh)).await?
        }
        _ => return Err(unsupported_grant_type()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(TokenResponse::from(grant)))
}

/// Ends a login.
#[utoipa::path(
    tag = "Login",
    operation_id = "logout",
    summary = "End a login",
    description = "Revokes the refresh token and all others of the same login (RFC 7009). An unknown token is as good as logged out, \
        so repeating it is harmless. Access tokens already issued run out by themselves.",
    security(()),
    request_body(
        content = LogoutRequest,
        content_type = "application/x-www-form-urlencoded",
        description = "The refresh token as `token` or `refresh_token`.",
        example = json!({"token": "vrt_4fJ0mZt1bX7nQw2Lk9sRu5yCaE8gHd3PvTiMo6WxYqB"}),
    ),
    responses((status = 204, description = "Logged out.")),
    extensions(("x-problem-codes" = json!(["invalid_request"])))
)]
#[post("/auth/logout")]
pub async fn logout(state: web::Data<AppState>, form: Form<LogoutRequest>) -> Result<HttpResponse, Problem> {
    let form = form.value;
    let token = Secret::new(required(present(form.token).or(present(form.refresh_token)), "token")?);
    blocking(&state, move |state| auth::logout(state, &token)).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<TokenGrant> for TokenResponse {
    fn from(grant: TokenGrant) -> Self {
        Self {
            access_token: grant.access_token,
            token_type: "Bearer",
            expires_in: grant.expires_in,
            refresh_token: grant.refresh_token,
            scope: grant.scopes.to_string(),
        }
    }
}

/// A parameter sent without a value counts as omitted (RFC 6749 section 3.2).
fn present(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

fn required(value: Option<String>, name: &str) -> Result<String, Problem> {
    value.ok_or_else(|| {
        invalid_request(
            format!("Der Parameter „{name}“ fehlt."),
            format!("The parameter '{name}' is missing."),
        )
    })
}

/// The client as named in the form or, as Swagger UI sends it, as the user name of HTTP Basic. There is no client secret.
fn client_id(request: &HttpRequest, in_form: Option<String>) -> Result<Option<String>, Problem> {
    let in_header = match request.headers().get(header::AUTHORIZATION).map(|value| value.to_str()) {
        None => None,
        Some(Ok(text)) if !scheme_is_basic(text) => None,
        Some(Ok(text)) => Some(basic_user(text).ok_or_else(malformed_basic)?),
        Some(Err(_)) => return Err(malformed_basic()),
    };
    match (in_form, in_header.filter(|name| !name.is_empty())) {
        (Some(form), Some(header)) if form != header => Err(invalid_request(
            "Formular und Authorization nennen verschiedene Anbieter.".to_owned(),
            "Form and Authorization header name different clients.".to_owned(),
        )),
        (form, header) => Ok(form.or(header)),
    }
}

fn scheme_is_basic(header: &str) -> bool {
    header
        .get(..6)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic "))
}

/// The user name, which RFC 6749 section 2.3.1 wants form-encoded.
fn basic_user(header: &str) -> Option<String> {
    let decoded = STANDARD.decode(header.get(6..)?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, _) = text.split_once(':')?;
    url::form_urlencoded::parse(user.as_bytes())
        .next()
        .map_or(Some(String::new()), |(name, _)| Some(name.into_owned()))
}

fn malformed_basic() -> Problem {
    invalid_request(
        "Authorization: Basic ist nicht lesbar.".to_owned(),
        "Authorization: Basic is malformed.".to_owned(),
    )
}

fn invalid_request(de: String, en: String) -> Problem {
    AppError::OAuth(OAuthError::InvalidRequest, LocalizedText { de, en }).into()
}

fn unsupported_grant_type() -> Problem {
    let text = LocalizedText::new(
        "Unterstützt werden „password“ und „refresh_token“.",
        "Supported are 'password' and 'refresh_token'.",
    );
    AppError::OAuth(OAuthError::UnsupportedGrantType, text).into()
}
