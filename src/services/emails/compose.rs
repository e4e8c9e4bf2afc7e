//! Writing the mails that events ask for, in the transaction of the events.

use serde_json::Value;
use time::OffsetDateTime;

use super::{EmailAttachment, NewEmail, written};
use crate::db::DbConnection;
use crate::domain::account::Account;
use crate::domain::catalogue::{Catalogue, DocumentKind};
use crate::domain::email::EmailKind;
use crate::domain::event::DraftEvent;
use crate::domain::localized::Locale;
use crate::domain::time_zone::TimeZone;
use crate::error::AppError;
use crate::mail::content::{AgreedDocument, Audience, Happening, kind_of, object_id};
use crate::repositories::account::AccountRow;
use crate::repositories::emails::EmailRow;
use crate::repositories::legal_documents;
use crate::services::catalogue::{DocumentContent, document_content};

/// To whom mails about an account go, and what they are told from.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// The customer.
    pub row: &'a AccountRow,
    /// The account after the command.
    pub account: &'a Account,
    /// The provider's current catalogue.
    pub catalogue: &'a Catalogue,
    /// The provider's zone.
    pub zone: &'a TimeZone,
}

/// A mail for each of `drafts` that asks for one, to be stored with them. `event_ids` are their ids in the same order.
///
/// # Errors
/// Those of the database.
pub fn for_events(
    conn: &mut DbConnection,
    addressee: &Addressee<'_>,
    drafts: &[DraftEvent],
    event_ids: &[String],
    now: OffsetDateTime,
) -> Result<Vec<EmailRow>, AppError> {
    let mut rows = Vec::new();
    for (draft, event_id) in drafts.iter().zip(event_ids) {
        if let Some(kind) = kind_of(draft, drafts) {
            rows.extend(for_event(conn, addressee, drafts, (draft, event_id), kind, now)?);
        }
    }
    Ok(rows)
}

fn for_event(
    conn: &mut DbConnection,
    addressee: &Addressee<'_>,
    drafts: &[DraftEvent],
    (draft, event_id): (&DraftEvent, &str),
    kind: EmailKind,
    now: OffsetDateTime,
) -> Result<Option<EmailRow>, AppError> {
    let row = addressee.row;
    let provider = &addressee.catalogue.provider;
    let locale = Locale::parse(&row.locale).unwrap_or(provider.default_locale);
    let documents = agreed_documents(conn, &row.provider_id, &draft.data["evidence"]["consents"])?;
    let happening = Happening {
        audience: Audience {
            locale,
            customer_name: &row.name,
            customer_number: &row.customer_number,
            provider,
            zone: addressee.zone,
        },
        account: addressee.account,
        catalogue: addressee.catalogue,
        drafts,
        documents: &documents,
    };
    let Some(values) = happening.values(kind, draft) else {
        tracing::warn!(
            event_id,
            kind = kind.as_str(),
            "an event asks for a mail that cannot be told"
        );
        return Ok(None);
    };
    let attachment = |document: &AgreedDocument| EmailAttachment {
        legal_document_id: document.id.clone(),
        file_name: document.file_name.clone(),
    };
    let new = NewEmail {
        provider_id: &row.provider_id,
        provider,
        customer_id: Some(&row.id),
        subscription_id: draft.subscription_id.as_deref(),
        event_id: Some(event_id),
        object_id: object_id(draft),
        kind,
        locale,
        to: &row.email,
        values: &values,
        attachments: documents.iter().map(attachment).collect(),
        occurred_at: draft.occurred_at,
        now,
    };
    Ok(Some(written(new)))
}

/// The documents behind the consents of an event, with their wording.
fn agreed_documents(
    conn: &mut DbConnection,
    provider_id: &str,
    consents: &Value,
) -> Result<Vec<AgreedDocument>, AppError> {
    let mut documents = Vec::new();
    for id in consents
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["document_id"].as_str())
    {
        let Some((heading, content)) = legal_documents::find(conn, provider_id, id)? else {
            continue;
        };
        let Some(kind) = DocumentKind::parse(&heading.kind) else {
            continue;
        };
        let (text, extension) = match document_content(&heading, content)? {
            DocumentContent::Text(text) => (Some(text), "txt"),
            DocumentContent::Pdf(_) => (None, "pdf"),
        };
        documents.push(AgreedDocument {
            id: heading.id,
            kind,
            file_name: format!("{}-{}-{}.{extension}", heading.key, heading.version, heading.language),
            title: heading.title,
            version: heading.version,
            sha256: heading.sha256,
            text,
        });
    }
    Ok(documents)
}
