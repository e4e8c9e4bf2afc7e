//! Bodies that may be left out: confirming a revocation, and deciding on a cancellation.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// The confirmation of a revocation; the body may be left out.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({}))]
pub struct Revoke {
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

/// An object without members; the body may be left out.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NoMembers {}
