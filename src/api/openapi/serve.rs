//! Serves the document and, without any network, Swagger UI.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa_swagger_ui::{Config, SwaggerUi, oauth};

use super::document_json;
use crate::api::etag;

static SERVED: LazyLock<(String, String)> = LazyLock::new(|| {
    let text = document_json();
    (etag::content_tag(text.as_bytes()), text)
});

/// The OpenAPI document of this server.
#[utoipa::path(
    tag = "Documents",
    operation_id = "getOpenApiDocument",
    summary = "Read this document",
    description = "The OpenAPI 3.1 document of this server; the same as `openapi/openapi.json` in the source.",
    security(()),
    responses((status = 200, description = "The document.", body = Object, content_type = "application/json",
        example = json!({"openapi": "3.1.0"}))),
    extensions(("x-entity-tag" = json!(true)))
)]
#[get("/openapi.json")]
pub async fn get_document(request: HttpRequest) -> HttpResponse {
    let (tag, text) = &*SERVED;
    let mut builder = HttpResponse::Ok();
    builder
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    etag::respond_bytes(
        &request,
        tag.clone(),
        "application/json",
        builder,
        text.clone().into_bytes(),
    )
}

/// Swagger UI at `/docs/`; `client_id` is what "Authorize" is filled in with.
pub fn swagger_ui(client_id: Option<&str>) -> SwaggerUi {
    let config = Config::new(["/openapi.json"])
        .try_it_out_enabled(true)
        .persist_authorization(true)
        .deep_linking(true)
        .filter(true)
        .display_request_duration(true)
        .doc_expansion("none")
        .default_models_expand_depth(0);
    let login = oauth::Config::new().app_name("Vertragswerk").scope_separator(" ");
    let login = match client_id {
        Some(client_id) => login.client_id(client_id),
        None => login,
    };
    SwaggerUi::new("/docs/{_:.*}").config(config).oauth(login)
}
