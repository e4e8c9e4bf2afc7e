//! Declarations made without login: received and confirmed in any case, executed at once where they prove their contract,
//! otherwise left to staff.

mod drafts;
mod execute;
mod inbox;
mod mail;
mod receive;
mod told;

pub use drafts::{Draft, confirm, draft, find_confirmed, find_draft, forget_expired_drafts};
pub use inbox::{Assignment, DeclarationQuery, Rejection, execute, find, list, match_to, reject};
pub use receive::{Received, Submission, find_receipt, form_key, provider_name, receive};

use time::OffsetDateTime;

use crate::domain::declaration::{DeclarationContent, DeclarationStatus, Match, Receipt, Timeliness};
use crate::domain::localized::Locale;
use crate::domain::time_zone::TimeZone;
use crate::error::AppError;
use crate::repositories::declarations::DeclarationRow;
use crate::repositories::providers::ProviderRow;

/// A declaration as staff see it.
#[derive(Debug, Clone)]
pub struct DeclarationView {
    /// Id (`dcl_`).
    pub id: String,
    /// What was declared, when and how it is confirmed.
    pub receipt: Receipt,
    /// The request exactly as it arrived.
    pub raw: String,
    /// Address it came from.
    pub origin: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Whether its network had made more declarations than are executed automatically.
    pub over_limit: bool,
    /// Where it stands.
    pub status: DeclarationStatus,
    /// Whether it was executed without a person.
    pub automatic: bool,
    /// The customer it was matched to.
    pub customer_id: Option<String>,
    /// The contract it was matched to.
    pub subscription_id: Option<String>,
    /// Whether a withdrawal came in time; once it is matched.
    pub timeliness: Option<Timeliness>,
    /// The cancellation or withdrawal it became.
    pub result_id: Option<String>,
    /// Staff's reason.
    pub reason: Option<String>,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// Counts the decisions, from 1.
    pub version: i64,
    /// The contracts that could be meant; empty in lists.
    pub candidates: Vec<Match>,
}

impl DeclarationView {
    fn new(row: DeclarationRow, provider: &ProviderRow, candidates: Vec<Match>) -> Result<Self, AppError> {
        let receipt = receipt(&row, provider)?;
        let status = DeclarationStatus::parse(&row.status)
            .ok_or_else(|| AppError::internal(format!("declaration {}: status cannot be read", row.id)))?;
        Ok(Self {
            timeliness: row.timely.map(|timely| Timeliness {
                right_exists: row.last_day_on.is_some(),
                last_day_on: row.last_day_on,
                timely,
            }),
            id: row.id,
            receipt,
            raw: row.raw,
            origin: row.origin,
            user_agent: row.user_agent,
            over_limit: row.over_limit,
            status,
            automatic: row.automatic,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            result_id: row.result_id,
            reason: row.reason,
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(OffsetDateTime::from),
            version: row.version,
            candidates,
        })
    }
}

/// The receipt of a stored declaration.
fn receipt(row: &DeclarationRow, provider: &ProviderRow) -> Result<Receipt, AppError> {
    Ok(Receipt {
        reference: row.reference.clone(),
        content: row.content.0.clone(),
        received_at: row.received_at.instant(),
        locale: Locale::parse(&row.locale)
            .ok_or_else(|| AppError::internal(format!("declaration {}: language cannot be read", row.id)))?,
        content_hash: row.content_hash.clone(),
        provider_name: provider.settings.0.name.clone(),
        zone: TimeZone::parse(&provider.settings.0.time_zone).map_err(|error| AppError::Internal(error.into()))?,
    })
}

/// The texts the law wants must say something.
fn check_not_blank(content: &DeclarationContent) -> Result<(), AppError> {
    use crate::error::FieldError;
    let name = match content {
        DeclarationContent::Cancellation(_) => "/identity/name",
        DeclarationContent::Withdrawal(_) => "/name",
    };
    let faults: Vec<FieldError> = [(name, content.name()), ("/contract", content.contract())]
        .into_iter()
        .filter(|(_, text)| text.is_empty())
        .map(|(pointer, _)| FieldError::body(pointer, "required", "Bitte angeben.", "Must not be empty."))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(AppError::Validation(faults))
    }
}
