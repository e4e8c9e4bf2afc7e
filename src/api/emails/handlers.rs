//! Reading the history of e-mails, and sending one again.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};

use super::dto::{EmailDto, EmailList, EmailParams};
use crate::api::answer::{answer, send};
use crate::api::blocking;
use crate::api::commands::in_language;
use crate::api::extract::{EmailId, NoParameters, Query};
use crate::api::pagination::{PageParams, Paging};
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::services::command::Command;
use crate::services::emails::{self, EmailQuery, EmailView};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_emails).service(get_email).service(resend_email);
}

/// List e-mails.
#[utoipa::path(
    tag = "E-mails",
    operation_id = "listEmails",
    summary = "List e-mails",
    description = "What was written to customers, newest first, with the text itself: staff and API keys see all e-mails of the \
        provider, customers their own. A notice whose content no longer held when it was to be sent is `skipped`, and says why; \
        confirmations of receipt are always sent.",
    params(EmailParams, PageParams),
    responses((status = 200, description = "A page of e-mails.", body = EmailList)),
    extensions(("x-required-scopes" = json!(["emails:read"])))
)]
#[get("/emails")]
pub async fn list_emails(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<EmailParams>,
) -> Result<HttpResponse, Problem> {
    let query = EmailQuery::from(query.0);
    let request = paging.request.clone();
    let page = blocking(&state, move |state| emails::list(state, &principal, &query, &request)).await?;
    paging.respond::<_, EmailList>(page.map(|view| EmailDto::in_list(view, context.locale)))
}

/// Fetch an e-mail.
#[utoipa::path(
    tag = "E-mails",
    operation_id = "getEmail",
    summary = "Fetch e-mail",
    description = "One e-mail with its text and HTML, and what became of it.",
    params(EmailId),
    responses((status = 200, description = "The e-mail.", body = EmailDto)),
    extensions(("x-required-scopes" = json!(["emails:read"])))
)]
#[get("/emails/{email_id}")]
pub async fn get_email(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    email_id: EmailId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let view = blocking(&state, move |state| emails::find(state, &principal, &email_id.0)).await?;
    Ok(HttpResponse::Ok().json(EmailDto::whole(view, context.locale)))
}

/// Send an e-mail again.
#[utoipa::path(
    tag = "E-mails",
    operation_id = "resendEmail",
    summary = "Resend e-mail",
    description = "Sends the same words again, to the address the customer has now; what answers a declaration \
        made without login, to the address given there. The repetition is an e-mail of its own with its \
        own `Message-ID`, because mail programs drop a second one with the same; `resent_from_id` names the first. For staff and \
        API keys.",
    params(EmailId),
    responses((status = 201, description = "The new e-mail.", body = EmailDto)),
    extensions(
        ("x-required-scopes" = json!(["emails:write"])),
        ("x-problem-codes" = json!(["email_not_settled"]))
    )
)]
#[post("/emails/{email_id}/resend")]
pub async fn resend_email(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    email_id: EmailId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = Command {
        principal,
        idempotency: context.idempotency_without_body(),
        context,
        preview_token: None,
    };
    let render = move |view: EmailView| {
        let location = Some(format!("/v1/emails/{}", view.id));
        let dto = EmailDto::whole(view, locale);
        Ok(in_language(answer(StatusCode::CREATED, &dto, None, location)?, locale))
    };
    let resend = move |state: &AppState| emails::resend(state, &command, &email_id.0, &render);
    send(blocking(&state, resend).await?)
}
