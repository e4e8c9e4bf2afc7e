//! The pages' addresses.

use std::time::Instant;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::form::{self, Entered, Fault};
use super::texts::words;
use super::view::{Frame, file_name};
use crate::api::blocking;
use crate::api::declarations::even_out;
use crate::api::locale;
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::declaration::{DeclarationKind, function};
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::declarations::{self, Submission};
use crate::state::AppState;

/// Mounts the pages. They are no part of the API's document.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/p/page.css", web::get().to(style))
        .service(
            web::resource("/p/{provider}/kuendigen")
                .route(web::get().to(cancellation_form))
                .route(web::post().to(cancel)),
        )
        .service(
            web::resource("/p/{provider}/widerrufen")
                .route(web::get().to(withdrawal_form))
                .route(web::post().to(enter_withdrawal)),
        )
        .service(
            web::resource("/p/{provider}/widerrufen/{token:[0-9A-Za-z]{43}}")
                .route(web::get().to(check_withdrawal))
                .route(web::post().to(confirm_withdrawal)),
        )
        .route(
            "/p/{provider}/bestaetigung/{token:[0-9A-Za-z]{43}}.txt",
            web::get().to(receipt_text),
        )
        .route(
            "/p/{provider}/bestaetigung/{token:[0-9A-Za-z]{43}}",
            web::get().to(receipt),
        );
}

type Body = Result<web::Bytes, actix_web::Error>;

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(include_str!("templates/page.css"))
}

/// Who is asked for what, in which language.
struct Visit {
    slug: String,
    provider: String,
    token: String,
    locale: Locale,
}

impl Visit {
    async fn of(state: &web::Data<AppState>, request: &HttpRequest) -> Result<Result<Self, HttpResponse>, Problem> {
        let part = |name: &str| request.match_info().get(name).unwrap_or_default().to_owned();
        let (slug, token, locale) = (part("provider"), part("token"), language(request));
        let asked = slug.clone();
        let found = blocking(state, move |state| Ok(declarations::provider_name(state, &asked))).await?;
        match found {
            Ok(provider) => Ok(Ok(Self {
                slug,
                provider,
                token,
                locale,
            })),
            Err(error) => {
                let nobody = Frame {
                    slug: "-",
                    provider: "Vertragswerk",
                    locale,
                };
                refusal(&nobody, error).map(Err)
            }
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            slug: &self.slug,
            provider: &self.provider,
            locale: self.locale,
        }
    }
}

/// `?lang=` wins over the browser's preference.
fn language(request: &HttpRequest) -> Locale {
    let chosen = url::form_urlencoded::parse(request.query_string().as_bytes())
        .find_map(|(name, value)| (name == "lang").then(|| Locale::parse(&value))?);
    chosen.unwrap_or_else(|| locale::negotiate(request.headers()))
}

/// Something went wrong that is not the fault of what was entered.
fn refusal(frame: &Frame<'_>, error: AppError) -> Result<HttpResponse, Problem> {
    let words = words(frame.locale);
    match error {
        AppError::NotFound => Ok(frame.message(StatusCode::NOT_FOUND, words.gone_title, words.gone)?),
        AppError::Unavailable(source) => {
            tracing::error!(?source, "a page could not be served");
            Ok(frame.message(StatusCode::SERVICE_UNAVAILABLE, words.trouble_title, words.trouble)?)
        }
        AppError::Internal(source) => {
            tracing::error!(?source, "a page could not be served");
            Ok(frame.message(StatusCode::INTERNAL_SERVER_ERROR, words.trouble_title, words.trouble)?)
        }
        error => Err(error.into()),
    }
}

fn moved_to(path: String) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

async fn cancellation_form(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    empty_form(&state, &request, DeclarationKind::Cancellation).await
}

async fn withdrawal_form(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    empty_form(&state, &request, DeclarationKind::Withdrawal).await
}

async fn empty_form(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    kind: DeclarationKind,
) -> Result<HttpResponse, Problem> {
    let visit = match Visit::of(state, request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let key = declarations::form_key();
    Ok(visit.frame().form(&function(kind), &Entered::new(), &[], Some(&key))?)
}

async fn cancel(
    state: web::Data<AppState>,
    request: HttpRequest,
    context: RequestContext,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let kind = DeclarationKind::Cancellation;
    let submission = match submission(&visit, kind, body) {
        Ok(submission) => submission,
        Err(refused) => return once_more(&visit, kind, &refused),
    };
    let context = RequestContext {
        locale: visit.locale,
        ..context
    };
    let slug = visit.slug.clone();
    let received = blocking(&state, move |state| {
        Ok(declarations::receive(state, &slug, &context, submission))
    })
    .await?;
    even_out(started).await;
    match received {
        Ok(received) => Ok(moved_to(
            visit.frame().path(&format!("bestaetigung/{}", received.receipt_token)),
        )),
        Err(error) => refusal(&visit.frame(), error),
    }
}

async fn enter_withdrawal(
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let kind = DeclarationKind::Withdrawal;
    let submission = match submission(&visit, kind, body) {
        Ok(submission) => submission,
        Err(refused) => return once_more(&visit, kind, &refused),
    };
    let (slug, locale) = (visit.slug.clone(), visit.locale);
    let draft = blocking(&state, move |state| {
        Ok(declarations::draft(state, &slug, locale, submission))
    })
    .await?;
    match draft {
        Ok(draft) => Ok(moved_to(visit.frame().path(&format!("widerrufen/{}", draft.token)))),
        Err(error) => refusal(&visit.frame(), error),
    }
}

/// What was entered and what is wrong with it.
type Refused = (Entered, Vec<Fault>);

fn submission(visit: &Visit, kind: DeclarationKind, body: Body) -> Result<Submission, Refused> {
    let words = words(visit.locale);
    let Ok(body) = body else {
        return Err((Entered::new(), vec![Fault::of_the_form(words.too_large)]));
    };
    let Some(entered) = form::entered(&body) else {
        return Err((Entered::new(), vec![Fault::of_the_form(words.unreadable)]));
    };
    match form::declaration(&function(kind), &entered, visit.locale) {
        Ok(content) => {
            let raw = String::from_utf8_lossy(&body).into_owned();
            let key = entered.get("form_key").filter(|key| !key.is_empty());
            Ok(Submission {
                content,
                // The same form with the same content is one declaration, however often the button is pressed.
                repeat_key: key.map(|key| format!("form {key} {raw}")),
                raw,
            })
        }
        Err(faults) => Err((entered, faults)),
    }
}

/// The form once more, with what was entered and what is wrong.
fn once_more(visit: &Visit, kind: DeclarationKind, (entered, faults): &Refused) -> Result<HttpResponse, Problem> {
    let key = entered.get("form_key").cloned().unwrap_or_else(declarations::form_key);
    Ok(visit.frame().form(&function(kind), entered, faults, Some(&key))?)
}

async fn check_withdrawal(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let (slug, token) = (visit.slug.clone(), visit.token.clone());
    let found = blocking(&state, move |state| {
        Ok(match declarations::find_draft(state, &slug, &token) {
            // Confirmed already: whoever goes back in the browser is shown what was declared.
            Err(AppError::NotFound) => declarations::find_confirmed(state, &slug, &token).map(Err),
            outcome => outcome.map(Ok),
        })
    })
    .await?;
    match found {
        Ok(Ok(draft)) => Ok(visit.frame().check(&draft)?),
        Ok(Err(received)) => Ok(moved_to(
            visit.frame().path(&format!("bestaetigung/{}", received.receipt_token)),
        )),
        Err(error) => refusal(&visit.frame(), error),
    }
}

async fn confirm_withdrawal(
    state: web::Data<AppState>,
    request: HttpRequest,
    context: RequestContext,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let (slug, token) = (visit.slug.clone(), visit.token.clone());
    let received = blocking(&state, move |state| {
        Ok(declarations::confirm(state, &slug, &context, &token))
    })
    .await?;
    even_out(started).await;
    match received {
        Ok(received) => Ok(moved_to(
            visit.frame().path(&format!("bestaetigung/{}", received.receipt_token)),
        )),
        Err(error) => refusal(&visit.frame(), error),
    }
}

async fn receipt(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let (slug, token) = (visit.slug.clone(), visit.token.clone());
    let found = blocking(&state, move |state| {
        Ok(declarations::find_receipt(state, &slug, &token))
    })
    .await?;
    match found {
        Ok(received) => {
            // A confirmation is a document: it stays in the language in which it was declared.
            visit.locale = received.receipt.locale;
            Ok(visit.frame().receipt(&received)?)
        }
        Err(error) => refusal(&visit.frame(), error),
    }
}

async fn receipt_text(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let visit = match Visit::of(&state, &request).await? {
        Ok(visit) => visit,
        Err(page) => return Ok(page),
    };
    let (slug, token) = (visit.slug.clone(), visit.token.clone());
    let found = blocking(&state, move |state| {
        Ok(declarations::find_receipt(state, &slug, &token))
    })
    .await?;
    match found {
        Ok(received) => Ok(HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_LANGUAGE, received.receipt.locale.as_str()))
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}\"", file_name(&received.receipt)),
            ))
            .content_type("text/plain; charset=utf-8")
            .body(received.text)),
        Err(error) => refusal(&visit.frame(), error),
    }
}
