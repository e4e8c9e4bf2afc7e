//! The history of e-mails, and sending one again.

use time::OffsetDateTime;

use super::{EmailAttachment, message_id};
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::email::{EmailKind, EmailStatus, SkipReason};
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::customers;
use crate::repositories::emails::{self, EmailFilter, EmailRow};
use crate::services::command::Command;
use crate::services::idempotency::{self, Answer};
use crate::services::{restriction, views};
use crate::state::AppState;

/// Which e-mails a list shows.
#[derive(Debug, Clone, Default)]
pub struct EmailQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those about this contract.
    pub subscription_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<EmailKind>,
    /// Only in this status.
    pub status: Option<EmailStatus>,
}

/// An e-mail as readers see it.
#[derive(Debug, Clone)]
pub struct EmailView {
    /// Id (`eml_`).
    pub id: String,
    /// To which customer.
    pub customer_id: Option<String>,
    /// About which contract.
    pub subscription_id: Option<String>,
    /// The event it tells about.
    pub event_id: Option<String>,
    /// The e-mail it repeats.
    pub resent_from_id: Option<String>,
    /// What it is about.
    pub kind: EmailKind,
    /// Language.
    pub locale: Locale,
    /// Address it goes to.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Documents that go with it.
    pub attachments: Vec<EmailAttachment>,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Where it stands.
    pub status: EmailStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again, while it waits.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Why it was not sent.
    pub skip_reason: Option<SkipReason>,
    /// When that happened which it tells about, on the customer's time.
    pub occurred_at: OffsetDateTime,
    /// When it was written, on the wall clock.
    pub created_at: OffsetDateTime,
    /// When the mail server accepted it.
    pub sent_at: Option<OffsetDateTime>,
}

impl TryFrom<EmailRow> for EmailView {
    type Error = AppError;

    fn try_from(row: EmailRow) -> Result<Self, AppError> {
        let unreadable = |column: &str| AppError::internal(format!("e-mail {}: {column} cannot be read", row.id));
        let status = EmailStatus::parse(&row.status).ok_or_else(|| unreadable("status"))?;
        let skip_reason = match &row.skip_reason {
            Some(reason) => Some(SkipReason::parse(reason).ok_or_else(|| unreadable("skip_reason"))?),
            None => None,
        };
        Ok(Self {
            kind: EmailKind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?,
            locale: Locale::parse(&row.locale).ok_or_else(|| unreadable("locale"))?,
            status,
            skip_reason,
            id: row.id,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            event_id: row.event_id,
            resent_from_id: row.resent_from_id,
            to: row.recipient,
            subject: row.subject,
            text: row.body_text,
            html: row.body_html,
            attachments: row.attachments.0,
            message_id: row.message_id,
            attempts: row.attempts,
            next_attempt_at: (!status.is_settled()).then(|| row.next_attempt_at.instant()),
            last_error: row.last_error,
            occurred_at: row.occurred_at.instant(),
            created_at: row.created_at.instant(),
            sent_at: row.sent_at.map(crate::db::Utc::instant),
        })
    }
}

/// A page of e-mails, newest first: for staff all of the provider, for customers their own.
///
/// # Errors
/// [`AppError::Forbidden`] without `emails:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &EmailQuery,
    request: &PageRequest,
) -> Result<Page<EmailView>, AppError> {
    principal.require(Scope::EmailsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = EmailFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id: own.map(str::to_owned).or_else(|| query.customer_id.clone()),
        subscription_id: query.subscription_id.clone(),
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        status: query.status.map(|status| status.as_str().to_owned()),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let rows = state.db.read(|conn| emails::list(conn, &filter, request.rows()))?;
    let views = rows
        .into_iter()
        .map(EmailView::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.id)))
}

/// One e-mail.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `emails:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<EmailView, AppError> {
    let row = state.db.read(|conn| visible(conn, principal, id))?;
    principal.require(Scope::EmailsRead)?;
    row.try_into()
}

fn visible(conn: &mut DbConnection, principal: &Principal, id: &str) -> Result<EmailRow, AppError> {
    if !IdKind::Email.matches(id) {
        return Err(AppError::NotFound);
    }
    let row = emails::find(conn, &principal.provider_id, principal.customer_filter(), id)?.ok_or(AppError::NotFound)?;
    restriction::check(conn, principal, row.customer_id.as_deref())?;
    Ok(row)
}

/// Sends an e-mail again, to the address the customer has now, word for word. It is a mail of its own with its own
/// `Message-ID`: mail programs drop a second mail with the same one.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `emails:write`, `email_not_settled` while the first one is still on
/// its way.
pub fn resend(
    state: &AppState,
    command: &Command,
    id: &str,
    answer: &dyn Fn(EmailView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let now = state.clock.now();
    let principal = &command.principal;
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let first = visible(conn, principal, id)?;
            principal.require(Scope::EmailsWrite)?;
            let again = repeated(conn, first, now)?;
            emails::insert(conn, std::slice::from_ref(&again))?;
            answer(again.try_into()?)
        })
    })
}

fn repeated(conn: &mut DbConnection, first: EmailRow, now: OffsetDateTime) -> Result<EmailRow, AppError> {
    if !EmailStatus::parse(&first.status).is_some_and(EmailStatus::is_settled) {
        return Err(Violation::conflict(
            "email_not_settled",
            "Diese E-Mail ist noch unterwegs.",
            "This e-mail is still on its way.",
        )
        .into());
    }
    // What was confirmed to the address in a declaration goes there again: whether that is the customer's, nobody has proven.
    let answers_declaration = [EmailKind::DeclarationReceived, EmailKind::DeclarationRejected]
        .into_iter()
        .any(|kind| first.kind == kind.as_str());
    let recipient = match &first.customer_id {
        Some(customer_id) if !answers_declaration => {
            customers::find(conn, &first.provider_id, customer_id)?.map(|customer| customer.email)
        }
        _ => None,
    };
    let id = IdKind::Email.generate();
    Ok(EmailRow {
        message_id: message_id(&id, &first.message_id),
        recipient: recipient.unwrap_or_else(|| first.recipient.clone()),
        resent_from_id: Some(first.id.clone()),
        id,
        status: EmailStatus::Queued.as_str().to_owned(),
        attempts: 0,
        next_attempt_at: now.into(),
        leased_until: None,
        last_error: None,
        skip_reason: None,
        created_at: now.into(),
        sent_at: None,
        ..first
    })
}
