//! The statutory functions: cancelling and withdrawing without login. Nothing an answer says, or how it says it, tells whether
//! there is such a contract or customer.

use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use sha2::{Digest, Sha256};

use super::dto::{DeclarationReceipt, WithdrawalDraft};
use super::input::{PublicCancellation, PublicWithdrawal};
use crate::api::blocking;
use crate::api::extract::{DraftToken, NoParameters, OptionalJson, ProviderSlug, Query, RawJson};
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::context::RequestContext;
use crate::services::declarations::{self, Received, Submission};
use crate::state::AppState;

/// Answers leave in steps of this length: what is found behind them takes much less, so it cannot be read off the clock.
const STEP: Duration = Duration::from_millis(250);

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(declare_cancellation)
        .service(draft_withdrawal)
        .service(confirm_withdrawal);
}

/// Whether a path (or the template of one) makes a declaration or says how to. These are never refused for their number: the
/// functions must be within reach at all times (§ 312k Abs. 2, § 356a Abs. 1 BGB).
pub fn is_statutory(path: &str) -> bool {
    path.strip_prefix("/v1/public/").is_some_and(|rest| {
        let parts: Vec<&str> = rest.split('/').collect();
        matches!(
            parts.as_slice(),
            [_, "cancellations" | "withdrawals" | "functions"] | [_, "withdrawals", _, "confirm"]
        )
    })
}

/// Waits for the end of the present step of time since `started`.
pub async fn even_out(started: Instant) {
    let step = STEP.as_millis();
    let passed = started.elapsed().as_millis();
    let whole = (passed / step + 1) * step;
    let rest = u64::try_from(whole - passed).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(rest)).await;
}

/// Cancel without login.
#[utoipa::path(
    tag = "Public",
    operation_id = "declareCancellation",
    summary = "Cancel without login",
    description = "A cancellation through the cancellation button (§ 312k BGB). It is always received: the answer, and the confirmation \
        sent to `confirmation_email` at once, are the same whether or not a contract was found. It is executed automatically only when \
        `contract` is the contract number and the e-mail address on file is given; everything else is decided by the provider's staff. \
        The day on which the contract ends goes only to the e-mail address on file.",
    security(()),
    params(ProviderSlug),
    request_body(content = PublicCancellation, description = "What § 312k Abs. 2 BGB lists."),
    responses((status = 201, description = "The declaration was received.", body = DeclarationReceipt)),
    extensions(
        ("x-location" = json!(false)),
        ("x-idempotency-key" = json!(true)),
        ("x-problem-codes" = json!(["reason_required"]))
    )
)]
#[post("/public/{provider}/cancellations")]
pub async fn declare_cancellation(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    body: RawJson<PublicCancellation>,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let submission = Submission {
        content: body.value.into(),
        repeat_key: repeat_key(&context, &body.raw),
        raw: body.raw,
    };
    let slug = provider.0.clone();
    let received = blocking(&state, move |state| {
        declarations::receive(state, &provider.0, &context, submission)
    })
    .await;
    even_out(started).await;
    Ok(receipt(received?, &slug))
}

/// Enter a withdrawal.
#[utoipa::path(
    tag = "Public",
    operation_id = "draftWithdrawal",
    summary = "Enter a withdrawal without login",
    description = "The first step of a withdrawal (§ 356a Abs. 2 BGB): what was entered, to be shown once more. Nothing is declared \
        until it is confirmed.",
    security(()),
    params(ProviderSlug),
    request_body(content = PublicWithdrawal, description = "What § 356a Abs. 2 BGB lists."),
    responses((status = 201, description = "The draft.", body = WithdrawalDraft)),
    extensions(("x-location" = json!(false)))
)]
#[post("/public/{provider}/withdrawals")]
pub async fn draft_withdrawal(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    body: RawJson<PublicWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let slug = provider.0.clone();
    let submission = Submission {
        content: body.value.into(),
        raw: body.raw,
        repeat_key: None,
    };
    let draft = blocking(&state, move |state| {
        declarations::draft(state, &provider.0, context.locale, submission)
    })
    .await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(WithdrawalDraft::new(draft, &slug)))
}

/// Confirm a withdrawal.
#[utoipa::path(
    tag = "Public",
    operation_id = "confirmWithdrawal",
    summary = "Withdraw without login",
    description = "The declaration (§ 356a Abs. 3 BGB): received now, and confirmed at once by e-mail. Never refused for coming late: the \
        time of this call decides whether it is in time. Confirming again answers with the first receipt. The body may be left out.",
    security(()),
    params(ProviderSlug, DraftToken),
    request_body(content = Option<NoMembers>, description = "Nothing; the body may be left out."),
    responses((status = 201, description = "The declaration was received.", body = DeclarationReceipt)),
    extensions(("x-location" = json!(false)))
)]
#[post("/public/{provider}/withdrawals/{draft_token}/confirm")]
pub async fn confirm_withdrawal(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    draft_token: DraftToken,
    _query: Query<NoParameters>,
    _body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let slug = provider.0.clone();
    let received = blocking(&state, move |state| {
        declarations::confirm(state, &provider.0, &context, &draft_token.0)
    })
    .await;
    even_out(started).await;
    Ok(receipt(received?, &slug))
}

fn receipt(received: Received, slug: &str) -> HttpResponse {
    let language = received.receipt.locale.as_str();
    HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_LANGUAGE, language))
        .json(DeclarationReceipt::new(received, slug))
}

/// A repetition is the same key with the same request. The same key with another one is another declaration: none is lost
/// because two people picked the same key.
fn repeat_key(context: &RequestContext, raw: &str) -> Option<String> {
    let request = context.idempotency(Sha256::digest(raw.as_bytes()).into())?;
    Some(format!("key {} {}", request.key, request.fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_recognised_by_their_path() {
        for (path, statutory) in [
            ("/v1/public/textschirm/cancellations", true),
            ("/v1/public/{provider}/withdrawals", true),
            ("/v1/public/{provider}/withdrawals/{draft_token}/confirm", true),
            ("/v1/public/textschirm/plans", false),
            ("/v1/public/textschirm/functions", true),
            ("/v1/public/textschirm/cancellations/x", false),
            ("/v1/cancellations", false),
        ] {
            assert_eq!(is_statutory(path), statutory, "{path}");
        }
    }
}
