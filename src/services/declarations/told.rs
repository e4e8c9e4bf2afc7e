//! A declaration as events tell it.

use serde_json::{Value, json};

use crate::domain::declaration::{DeclarationRecord, function};
use crate::domain::event::instant;
use crate::repositories::declarations::DeclarationRow;

/// What the person saw, as other commands keep it: the button with which it was declared (§ 312k Abs. 2, § 356a Abs. 3 BGB). No
/// document has to be agreed to.
pub(super) fn evidence(row: &DeclarationRow) -> Value {
    let button = function(row.content.0.kind()).confirm;
    json!({ "consents": [], "order_button_text": button.label })
}

/// Proves everything of the declaration that stays outside the chain, as it is stored.
fn record_hash(row: &DeclarationRow) -> String {
    let record = DeclarationRecord {
        id: &row.id,
        reference: &row.reference,
        content: &row.content.text(),
        raw: &row.raw,
        locale: &row.locale,
        origin: row.origin.as_deref(),
        user_agent: row.user_agent.as_deref(),
        request_id: &row.request_id,
        received_at: row.received_at.instant(),
    };
    record.sha256()
}

/// A declaration as events tell it: the hashes prove the content, which stays where it can be erased one day.
pub(super) fn snapshot(row: &DeclarationRow) -> Value {
    json!({
        "id": row.id,
        "type": row.kind,
        "reference": row.reference,
        "status": row.status,
        "received_at": instant(row.received_at.instant()),
        "content_hash": row.content_hash,
        "record_hash": record_hash(row),
        "automatic": row.automatic,
        "timely": row.timely,
        "result_id": row.result_id,
        "reason": row.reason,
    })
}
