//! The notice to the provider that an endpoint of its was disabled, written in the transaction that disables it.

use serde_json::json;
use time::OffsetDateTime;

use super::endpoints::Failure;
use crate::db::{DbConnection, Utc};
use crate::domain::catalogue::ProviderSettings;
use crate::domain::email::EmailKind;
use crate::domain::time_zone::TimeZone;
use crate::domain::webhook::schedule::{DisabledReason, failure_text};
use crate::error::AppError;
use crate::mail::content::Audience;
use crate::repositories::providers::ProviderRow;
use crate::repositories::webhook_endpoints::WebhookEndpointRow;
use crate::services::emails::{NewEmail, enqueue};

/// Writes the notice into the outbox. A provider that has published no catalogue yet has no address; the log has a warning then
/// as always.
///
/// # Errors
/// Those of the database.
pub(super) fn tell_disabled(
    conn: &mut DbConnection,
    provider: &ProviderRow,
    endpoint: &WebhookEndpointRow,
    reason: DisabledReason,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    let settings = &provider.settings.0;
    let to = notices_to(settings);
    if to.is_empty() {
        return Ok(());
    }
    let zone = TimeZone::parse(&settings.time_zone).map_err(|error| AppError::Internal(error.into()))?;
    let locale = settings.default_locale;
    let audience = Audience {
        locale,
        customer_name: "",
        customer_number: "",
        provider: settings,
        zone: &zone,
    };
    let failure = Failure::of(endpoint);
    let mut values = audience.frame();
    values["received"] = json!(audience.date_and_time(now));
    values["endpoint"] = json!({
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "gone": reason == DisabledReason::Gone,
        "failing_since": endpoint.failing_since.map(Utc::instant).map(|since| audience.date_and_time(since)),
        "last_failure": failure.map(|failure| failure_text(failure.status, failure.error.as_deref()).get(locale).to_owned()),
    });
    let new = NewEmail {
        provider_id: &provider.id,
        provider: settings,
        customer_id: None,
        subscription_id: None,
        event_id: None,
        object_id: Some(&endpoint.id),
        kind: EmailKind::WebhookEndpointDisabled,
        locale,
        to,
        values: &values,
        attachments: Vec::new(),
        occurred_at: now,
        now,
    };
    enqueue(conn, new)?;
    Ok(())
}

/// Where notices to the provider itself go.
fn notices_to(settings: &ProviderSettings) -> &str {
    let own = settings.mail.as_ref().and_then(|mail| mail.notices_to.as_deref());
    own.unwrap_or(&settings.contact.email)
}
