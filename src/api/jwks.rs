//! The public keys that verify access tokens (RFC 7517), for those who check tokens themselves.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::services::auth::PublicKey;
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(get_signing_keys);
}

/// Public keys.
#[derive(Serialize, ToSchema)]
pub struct JsonWebKeySet {
    /// The key that signs now comes first; earlier ones follow as long as their tokens may be in use.
    #[schema(max_items = 10)]
    keys: Vec<JsonWebKey>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Serialize, ToSchema)]
pub struct JsonWebKey {
    /// Key type, always `OKP`.
    #[schema(example = "OKP", max_length = 3)]
    kty: &'static str,
    /// Curve, always `Ed25519`.
    #[schema(example = "Ed25519", max_length = 7)]
    crv: &'static str,
    /// Use, always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig", max_length = 3)]
    usage: &'static str,
    /// Algorithm, always `EdDSA`.
    #[schema(example = "EdDSA", max_length = 5)]
    alg: &'static str,
    /// Thumbprint of the key (RFC 7638), named in the header of each token.
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", max_length = 43)]
    kid: String,
    /// The public key, base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", max_length = 43)]
    x: String,
}

impl From<&PublicKey> for JsonWebKey {
    fn from(key: &PublicKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.kid.clone(),
            x: key.x.clone(),
        }
    }
}

/// The public keys of this server.
#[utoipa::path(
    tag = "Keys",
    operation_id = "getSigningKeys",
    summary = "Read the keys that verify tokens",
    description = "JSON Web Key Set (RFC 7517) for programs that verify access tokens themselves. A key is announced here before it \
        signs, and stays as long as its tokens may be in use; look keys up by `kid`.",
    security(()),
    responses((status = 200, description = "The keys.", body = JsonWebKeySet))
)]
#[get("/.well-known/jwks.json")]
pub async fn get_signing_keys(state: web::Data<AppState>) -> HttpResponse {
    let keys = state.auth.tokens.keys().public_keys().map(JsonWebKey::from).collect();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(JsonWebKeySet { keys })
}
