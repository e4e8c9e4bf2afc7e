//! What each problem code means: the pages the `type` of a problem leads to.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::locale;
use super::problem::{Problem, ProblemCode};

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_problems).service(get_problem);
}

/// All problem codes.
#[utoipa::path(
    tag = "Problems",
    operation_id = "listProblemCodes",
    summary = "List all problem codes",
    description = "A page with every problem code, its status and its meaning, in the caller's language.",
    security(()),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html", example = "<!doctype html>"))
)]
#[get("/problems")]
pub async fn list_problems(request: HttpRequest) -> HttpResponse {
    let locale = locale::negotiate(request.headers());
    let mut rows = String::new();
    for code in ProblemCode::ALL {
        let (name, status) = (code.as_str(), code.status().as_u16());
        rows.push_str(&format!(
            "<tr><td><a href=\"/problems/{name}\"><code>{name}</code></a></td><td>{status}</td><td>{}</td></tr>\n",
            code.title(locale)
        ));
    }
    page(locale.as_str(), "Problem codes", &format!("<table>\n{rows}</table>"))
}

/// One problem code.
#[utoipa::path(
    tag = "Problems",
    operation_id = "getProblemCode",
    summary = "Explain a problem code",
    description = "A page that says what the code means and what to do, in the caller's language.",
    security(()),
    params(("code" = String, Path, description = "The code.", max_length = 64, pattern = "^[a-z_]+$", example = "preview_stale")),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html", example = "<!doctype html>"))
)]
#[get("/problems/{code}")]
pub async fn get_problem(request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = ProblemCode::parse(&code).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let locale = locale::negotiate(request.headers());
    let status = code.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "<p><strong>{}</strong></p>\n<p>{}</p>\n<p>HTTP {} {reason}</p>\n<p><a href=\"/problems\">…</a></p>",
        code.title(locale),
        code.explanation(locale),
        status.as_u16(),
    );
    Ok(page(locale.as_str(), code.as_str(), &body))
}

fn page(language: &str, title: &str, body: &str) -> HttpResponse {
    let style =
        "body{font:1rem/1.5 sans-serif;max-width:50rem;margin:3rem auto;padding:0 1rem}td{padding:.2rem 1rem .2rem 0}";
    let text = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{style}</style></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::CONTENT_LANGUAGE, language.to_owned()))
        .insert_header((header::VARY, "Accept-Language"))
        .content_type("text/html; charset=utf-8")
        .body(text)
}
