//! The mails about declarations: the confirmation of receipt, always and at once, and staff's answer to what has no effect.
//! Both go to the address given in the declaration and say nothing about contracts; what follows for a contract is told by the
//! mails of the cancellation or withdrawal itself, to the address on file.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::db::DbConnection;
use crate::domain::declaration::{DeclarationKind, Receipt};
use crate::domain::email::EmailKind;
use crate::error::AppError;
use crate::mail::content::Audience;
use crate::repositories::declarations::DeclarationRow;
use crate::repositories::providers::ProviderRow;
use crate::services::emails::{NewEmail, enqueue};

/// Confirms the receipt to the address given in the declaration.
///
/// # Errors
/// Those of the database.
pub(super) fn confirm_receipt(
    conn: &mut DbConnection,
    provider: &ProviderRow,
    row: &DeclarationRow,
    receipt: &Receipt,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    write(
        conn,
        provider,
        row,
        receipt,
        EmailKind::DeclarationReceived,
        Value::Null,
        now,
    )
}

/// Tells why a declaration has no effect.
///
/// # Errors
/// Those of the database.
pub(super) fn tell_rejection(
    conn: &mut DbConnection,
    provider: &ProviderRow,
    row: &DeclarationRow,
    receipt: &Receipt,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    let reason = json!(row.reason.as_deref().unwrap_or_default());
    write(
        conn,
        provider,
        row,
        receipt,
        EmailKind::DeclarationRejected,
        reason,
        now,
    )
}

fn write(
    conn: &mut DbConnection,
    provider: &ProviderRow,
    row: &DeclarationRow,
    receipt: &Receipt,
    kind: EmailKind,
    reason: Value,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    let settings = &provider.settings.0;
    let audience = Audience {
        locale: receipt.locale,
        customer_name: receipt.content.name(),
        customer_number: "",
        provider: settings,
        zone: &receipt.zone,
    };
    let mut values = audience.frame();
    values["received"] = json!(audience.date_and_time(receipt.received_at));
    values["reason"] = reason;
    let entries: Vec<Value> = receipt
        .lines()
        .into_iter()
        .chain(receipt.proof())
        .map(|(label, value)| json!({ "label": label, "value": value }))
        .collect();
    values["declaration"] = json!({
        "is_withdrawal": receipt.content.kind() == DeclarationKind::Withdrawal,
        "reference": receipt.reference,
        "entries": entries,
        "text": null,
        "ends_on": null,
    });
    let new = NewEmail {
        provider_id: &provider.id,
        provider: settings,
        customer_id: row.customer_id.as_deref(),
        subscription_id: row.subscription_id.as_deref(),
        event_id: None,
        object_id: Some(&row.id),
        kind,
        locale: receipt.locale,
        to: receipt.content.confirmation_email(),
        values: &values,
        attachments: Vec::new(),
        occurred_at: receipt.received_at,
        now,
    };
    enqueue(conn, new)?;
    Ok(())
}
