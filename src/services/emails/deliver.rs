//! Delivering the outbox: an e-mail is taken in hand in one transaction, sent outside any, and its outcome recorded in another.
//! At least once: a worker that dies between sending and recording leaves the mail to another, which repeats its Message-ID.

use std::collections::BTreeSet;

use rand::RngExt;
use time::{Date, Duration, OffsetDateTime};

use crate::db::DbConnection;
use crate::domain::catalogue::PDF;
use crate::domain::email::{EmailKind, EmailStatus, SkipReason, retry_after_seconds, still_holds};
use crate::error::AppError;
use crate::mail::smtp::{Outgoing, OutgoingAttachment, SendError};
use crate::repositories::emails::{self, EmailOutcome, EmailRow};
use crate::repositories::{legal_documents, subscriptions};
use crate::services::catalogue::{DocumentContent, document_content};
use crate::services::{due, views};
use crate::state::{AppState, Delivery};

/// How long a worker may have a mail in hand before another takes it over. Longer than a conversation with a slow mail server.
const LEASE: Duration = Duration::minutes(4);

/// Delivers the mail that has waited longest, and those to one customer in the order in which they were written, except that a
/// confirmation of receipt waits for no other; says whether there was one.
///
/// # Errors
/// Those of the database. What goes wrong with the mail is recorded with the mail.
pub fn deliver_next(state: &AppState) -> Result<bool, AppError> {
    if matches!(*state.delivery, Delivery::Wait) {
        return Ok(false);
    }
    let now = state.clock.now();
    if !state.db.read(|conn| emails::is_waiting(conn, now.into()))? {
        return Ok(false);
    }
    let leased = state
        .db
        .write(|conn| Ok::<_, AppError>(emails::lease(conn, now.into(), (now + LEASE).into(), 1)?))?;
    let Some(row) = leased.into_iter().next() else {
        return Ok(false);
    };
    let outcome = outcome_of(state, &row)?;
    if outcome.status == EmailStatus::Failed.as_str() {
        tracing::error!(email_id = row.id, reason = outcome.last_error, "an e-mail was given up");
    }
    let settled = state.db.write(|conn| {
        let settled = emails::settle(conn, &row.id, row.attempts, &outcome)?;
        if settled && outcome.status == EmailStatus::Queued.as_str() {
            emails::wait_behind(conn, &row, outcome.next_attempt_at)?;
        }
        Ok::<_, AppError>(settled)
    })?;
    if !settled {
        tracing::warn!(email_id = row.id, "another worker took this e-mail over");
    }
    Ok(true)
}

fn outcome_of(state: &AppState, row: &EmailRow) -> Result<EmailOutcome, AppError> {
    if let Err(reason) = check(state, row)? {
        return Ok(EmailOutcome {
            skip_reason: Some(reason.as_str().to_owned()),
            ..outcome(row, EmailStatus::Skipped)
        });
    }
    let Delivery::Send(mailer) = &*state.delivery else {
        return Ok(outcome(row, EmailStatus::Kept));
    };
    let mail = outgoing(state, row)?;
    let sent = mailer.send(&mail);
    let now = state.clock.now();
    Ok(match sent {
        Ok(()) => EmailOutcome {
            sent_at: Some(now.into()),
            ..outcome(row, EmailStatus::Sent)
        },
        Err(error) => after_failure(row, &error, now, state.config.mail.mail_attempts),
    })
}

fn outcome(row: &EmailRow, status: EmailStatus) -> EmailOutcome {
    EmailOutcome {
        status: status.as_str().to_owned(),
        next_attempt_at: row.next_attempt_at,
        leased_until: None,
        last_error: None,
        skip_reason: None,
        sent_at: None,
    }
}

/// Tried again later, unless the mail server refused it for good or it was tried often enough.
fn after_failure(row: &EmailRow, error: &SendError, now: OffsetDateTime, most: u32) -> EmailOutcome {
    let is_last = i64::from(row.attempts) >= i64::from(most);
    let status = if error.is_permanent || is_last {
        EmailStatus::Failed
    } else {
        EmailStatus::Queued
    };
    let jitter = rand::rng().random_range(0..=1000);
    let wait = Duration::seconds(retry_after_seconds(row.attempts, jitter));
    EmailOutcome {
        next_attempt_at: (now + wait).into(),
        last_error: Some(error.reason.clone()),
        ..outcome(row, status)
    }
}

/// Whether the mail still says the truth, by the present state of what it is about.
fn check(state: &AppState, row: &EmailRow) -> Result<Result<(), SkipReason>, AppError> {
    let kind = EmailKind::parse(&row.kind)
        .ok_or_else(|| AppError::internal(format!("the kind of {} cannot be read", row.id)))?;
    if !kind.is_notice() {
        return Ok(Ok(()));
    }
    let (Some(customer_id), Some(subscription_id)) = (&row.customer_id, &row.subscription_id) else {
        return Ok(Err(SkipReason::ObjectGone));
    };
    due::catch_up_visible(state, &row.provider_id, customer_id)?;
    state.db.read(|conn| {
        let found = subscriptions::find(conn, &row.provider_id, Some(customer_id), subscription_id)?;
        let instants = due::business_instants(state, conn, &[customer_id.as_str()])?;
        let views = views::subscriptions(state, conn, &row.provider_id, found.into_iter().collect(), &instants)?;
        let view = views.first();
        let today = view.map_or(Date::MIN, |view| view.today);
        Ok(still_holds(
            kind,
            view.map(|view| &view.subscription),
            row.object_id.as_deref(),
            today,
        ))
    })
}

fn outgoing(state: &AppState, row: &EmailRow) -> Result<Outgoing, AppError> {
    let attachments = state.db.read(|conn| attachments(conn, row))?;
    Ok(Outgoing {
        message_id: row.message_id.clone(),
        written_at: row.created_at.instant(),
        from_name: row.sender.0.name.clone(),
        reply_to: row.sender.0.reply_to.clone(),
        to: row.recipient.clone(),
        subject: row.subject.clone(),
        text: row.body_text.clone(),
        html: row.body_html.clone(),
        attachments,
    })
}

fn attachments(conn: &mut DbConnection, row: &EmailRow) -> Result<Vec<OutgoingAttachment>, AppError> {
    let mut seen = BTreeSet::new();
    let mut attachments = Vec::new();
    for attachment in &row.attachments.0 {
        if !seen.insert(&attachment.legal_document_id) {
            continue;
        }
        let found = legal_documents::find(conn, &row.provider_id, &attachment.legal_document_id)?;
        let Some((heading, stored)) = found else { continue };
        let (content, media_type) = match document_content(&heading, stored)? {
            DocumentContent::Text(text) => (text.into_bytes(), "text/plain; charset=utf-8"),
            DocumentContent::Pdf(bytes) => (bytes, PDF),
        };
        attachments.push(OutgoingAttachment {
            file_name: attachment.file_name.clone(),
            media_type: media_type.to_owned(),
            content,
        });
    }
    Ok(attachments)
}
