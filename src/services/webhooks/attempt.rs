//! One attempt: lease deliveries in a short transaction, send outside of any, write down what came of it.

use std::collections::{BTreeSet, HashMap};

use rand::RngExt;
use time::{Duration, OffsetDateTime};

use super::deliveries::DeliveryStatus;
use super::endpoints::{disable, recover};
use super::notice::tell_disabled;
use super::{allows_loopback, provider};
use crate::clock;
use crate::db::{DbConnection, Utc};
use crate::domain::webhook::message::Message;
use crate::domain::webhook::schedule::{DisabledReason, PATIENCE, Response, wait_after};
use crate::domain::webhook::signature::{self, WebhookSecret};
use crate::error::AppError;
use crate::repositories::customers;
use crate::repositories::events::{self, EventRow};
use crate::repositories::webhook_deliveries::{self, WebhookAttemptRow, WebhookDeliveryRow};
use crate::repositories::webhook_endpoints::{self, WebhookEndpointRow};
use crate::services::events::RESTRICTED_DATA;
use crate::state::AppState;

/// What is noted of an attempt whose worker died before an answer came.
const INTERRUPTED: &str = "interrupted";

/// How long after it was recorded an event is queued for the first time, at the latest. What is queued later is a replay.
const FIRST_TIME: Duration = Duration::days(1);

/// A message ready to be sent, leased to this worker.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// The delivery.
    pub delivery_id: String,
    /// Its provider.
    pub provider_id: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// Which attempt this is; a later attempt of another worker makes the outcome of this one void.
    pub number: i32,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// Where to.
    pub url: String,
    /// Whether this machine itself is allowed.
    pub allow_loopback: bool,
    /// `webhook-id`.
    pub message_id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The body.
    pub body: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The answer, as far as it decides.
    pub response: Response,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
    /// Why there was no answer.
    pub error: Option<&'static str>,
    /// Milliseconds it took.
    pub duration_ms: i64,
}

/// Leases deliveries that are due: for each endpoint as many as `room` says, given its id, whether it keeps failing, and how many
/// are left of `most` in all.
///
/// # Errors
/// Those of the database.
pub fn claim(
    state: &AppState,
    most: usize,
    room: impl Fn(&str, bool, usize) -> usize,
) -> Result<Vec<Shipment>, AppError> {
    let now = state.clock.now();
    let mut shipments = Vec::new();
    for endpoint in state.db.read(|conn| webhook_endpoints::with_due(conn, now.into()))? {
        let left = most - shipments.len();
        let limit = room(&endpoint.id, endpoint.failing_since.is_some(), left).min(left);
        if limit > 0 {
            shipments.extend(claim_of(state, &endpoint.id, limit, now)?);
        }
    }
    Ok(shipments)
}

fn claim_of(state: &AppState, endpoint_id: &str, limit: usize, now: OffsetDateTime) -> Result<Vec<Shipment>, AppError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // Twice the time an attempt may take, so that only a dead worker loses a lease.
    let lease = Duration::seconds(i64::from(state.config.webhooks.timeout_seconds) * 2 + 30);
    let leased_until: OffsetDateTime = now + lease;
    state.db.write(|conn| {
        let mut rows = webhook_deliveries::claim(conn, endpoint_id, now.into(), limit)?;
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let Some(endpoint) = webhook_endpoints::find(conn, &first.provider_id, endpoint_id)? else {
            return Ok(Vec::new());
        };
        let provider = provider(conn, &endpoint.provider_id)?;
        let told = events_of(conn, &endpoint.provider_id, &rows)?;
        for row in &mut rows {
            note_interrupted(conn, row)?;
            row.attempts += 1;
            row.attempt_started_at = Some(now.into());
            row.next_attempt_at = Some(leased_until.into());
            webhook_deliveries::update(conn, row)?;
        }
        let livemode = provider.mode == "live";
        let allow_loopback = allows_loopback(state, &provider);
        rows.iter()
            .map(|row| {
                let event = told.get(&row.id);
                let (message_id, body) = message(row, event, livemode)?;
                Ok(shipment(&endpoint, row, (message_id, body), allow_loopback, now))
            })
            .collect()
    })
}

/// A lease that ran out belongs to a worker that died; its attempt may have arrived, which `webhook-id` tells the receiver.
fn note_interrupted(conn: &mut DbConnection, row: &WebhookDeliveryRow) -> Result<(), AppError> {
    let Some(started_at) = row.attempt_started_at else {
        return Ok(());
    };
    let attempt = WebhookAttemptRow {
        delivery_id: row.id.clone(),
        number: row.attempts,
        started_at,
        duration_ms: None,
        status: None,
        error: Some(INTERRUPTED.to_owned()),
        answer: None,
    };
    Ok(webhook_deliveries::insert_attempt(conn, &attempt)?)
}

/// The events by the id of their delivery. What is sent again after the customer's data were restricted keeps its place, but not its
/// data.
fn events_of(
    conn: &mut DbConnection,
    provider_id: &str,
    rows: &[WebhookDeliveryRow],
) -> Result<HashMap<String, EventRow>, AppError> {
    let ids: Vec<&str> = rows.iter().filter_map(|row| row.event_id.as_deref()).collect();
    let events = events::by_ids(conn, &ids)?;
    let concerned: BTreeSet<&str> = events.iter().map(|event| event.customer_id.as_str()).collect();
    let restricted = customers::restricted_of(conn, provider_id, &concerned.into_iter().collect::<Vec<_>>())?;
    let events: HashMap<String, EventRow> = events.into_iter().map(|event| (event.id.clone(), event)).collect();
    let mut told = HashMap::with_capacity(rows.len());
    for row in rows {
        let Some(event) = row.event_id.as_ref().and_then(|id| events.get(id)) else {
            continue;
        };
        let mut event = event.clone();
        let since = restricted.iter().find(|(id, _)| *id == event.customer_id);
        if since.is_some_and(|(_, since)| is_withheld(row, &event, *since)) {
            RESTRICTED_DATA.clone_into(&mut event.data);
        }
        told.insert(row.id.clone(), event);
    }
    Ok(told)
}

/// Whether a message keeps only its place, the customer's data being restricted since then: it is sent again, by hand (which starts
/// to count failures afresh) or by a replay (which queues anew). What happens with the end itself, or after it, is told once.
fn is_withheld(row: &WebhookDeliveryRow, event: &EventRow, since: Utc) -> bool {
    let by_hand = row.attempts > row.failures;
    let is_late = row.created_at.instant() - event.recorded_at.instant() > FIRST_TIME;
    by_hand || (row.created_at > since && (event.recorded_at < since || is_late))
}

/// Id and body of the message.
fn message(row: &WebhookDeliveryRow, event: Option<&EventRow>, livemode: bool) -> Result<(String, String), AppError> {
    let Some(event) = event else {
        let test = Message {
            id: &row.id,
            event_type: &row.event_type,
            occurred_at: row.created_at.instant(),
            recorded_at: row.created_at.instant(),
            sequence: None,
            position: None,
            customer_id: None,
            subscription_id: None,
            request_id: None,
            livemode,
            data: serde_json::json!({ "webhook_endpoint": { "id": row.endpoint_id } }),
        };
        return Ok((row.id.clone(), test.body()));
    };
    let message = Message {
        id: &event.id,
        event_type: &event.event_type,
        occurred_at: event.occurred_at.instant(),
        recorded_at: event.recorded_at.instant(),
        sequence: Some(event.sequence),
        position: event.position,
        customer_id: Some(&event.customer_id),
        subscription_id: event.subscription_id.as_deref(),
        request_id: event.request_id.as_deref(),
        livemode,
        data: serde_json::from_str(&event.data).map_err(|error| AppError::Internal(error.into()))?,
    };
    Ok((event.id.clone(), message.body()))
}

fn shipment(
    endpoint: &WebhookEndpointRow,
    row: &WebhookDeliveryRow,
    (message_id, body): (String, String),
    allow_loopback: bool,
    now: OffsetDateTime,
) -> Shipment {
    let timestamp = now.unix_timestamp();
    let standing = endpoint
        .previous_secret_until
        .is_some_and(|until| until.instant() > now);
    let previous = endpoint.previous_secret.as_deref().filter(|_| standing);
    let secrets: Vec<WebhookSecret> = [Some(endpoint.secret.as_str()), previous]
        .into_iter()
        .flatten()
        .filter_map(WebhookSecret::parse)
        .collect();
    Shipment {
        delivery_id: row.id.clone(),
        provider_id: row.provider_id.clone(),
        endpoint_id: endpoint.id.clone(),
        number: row.attempts,
        started_at: now,
        url: endpoint.url.clone(),
        allow_loopback,
        signature: signature::header(&secrets, &message_id, timestamp, &body),
        message_id,
        timestamp,
        body,
    }
}

/// Writes down what came of an attempt and decides what follows.
///
/// # Errors
/// Those of the database; the lease then runs out and the message is sent again.
pub fn record(state: &AppState, shipment: &Shipment, outcome: &Outcome) -> Result<(), AppError> {
    let now = state.clock.now();
    let spread = rand::rng().random_range(0..=1000);
    state.db.write(|conn| {
        let endpoint = webhook_endpoints::lock(conn, &shipment.provider_id, &shipment.endpoint_id)?;
        let delivery = webhook_deliveries::lock(conn, &shipment.provider_id, &shipment.delivery_id)?;
        let (Some(mut endpoint), Some(mut delivery)) = (endpoint, delivery) else {
            return Ok(());
        };
        if delivery.attempts != shipment.number || delivery.attempt_started_at.is_none() {
            return Ok(());
        }
        webhook_deliveries::insert_attempt(conn, &attempt_row(shipment, outcome))?;
        settle(&mut delivery, outcome, spread, now);
        webhook_deliveries::update(conn, &delivery)?;
        if outcome.response.is_success() {
            if recover(&mut endpoint) {
                webhook_endpoints::update(conn, &endpoint)?;
            }
            return Ok(());
        }
        let disabled = learn(&mut endpoint, shipment, outcome, now);
        webhook_endpoints::update(conn, &endpoint)?;
        if let Some(reason) = disabled {
            let provider = provider(conn, &endpoint.provider_id)?;
            tell_disabled(conn, &provider, &endpoint, reason, now)?;
        }
        Ok(())
    })
}

fn attempt_row(shipment: &Shipment, outcome: &Outcome) -> WebhookAttemptRow {
    WebhookAttemptRow {
        delivery_id: shipment.delivery_id.clone(),
        number: shipment.number,
        started_at: shipment.started_at.into(),
        duration_ms: Some(outcome.duration_ms),
        status: outcome.response.status.map(i32::from),
        error: outcome.error.map(str::to_owned),
        answer: outcome.answer.clone(),
    }
}

fn settle(delivery: &mut WebhookDeliveryRow, outcome: &Outcome, spread: u32, now: OffsetDateTime) {
    delivery.attempt_started_at = None;
    let mut end = |status: DeliveryStatus| {
        delivery.status = status.as_str().to_owned();
        delivery.next_attempt_at = None;
        delivery.settled_at = Some(now.into());
    };
    if outcome.response.is_success() {
        return end(DeliveryStatus::Delivered);
    }
    let failures = u32::try_from(delivery.failures).unwrap_or(0).saturating_add(1);
    match wait_after(failures, spread, outcome.response.asked_to_wait(now)) {
        Some(wait) => delivery.next_attempt_at = Some((now + wait).into()),
        None => end(DeliveryStatus::Failed),
    }
    delivery.failures = i32::try_from(failures).unwrap_or(i32::MAX);
}

/// What a failure teaches about the endpoint; says why, if it was disabled for it.
fn learn(
    endpoint: &mut WebhookEndpointRow,
    shipment: &Shipment,
    outcome: &Outcome,
    now: OffsetDateTime,
) -> Option<DisabledReason> {
    let response = &outcome.response;
    let since = *endpoint.failing_since.get_or_insert(now.into());
    endpoint.last_failure_at = Some(shipment.started_at.into());
    endpoint.last_failure_status = response.status.map(i32::from);
    endpoint.last_failure_error = outcome.error.map(str::to_owned);
    if let Some(wait) = response.asked_to_wait(now) {
        endpoint.paused_until = Some((now + wait).into());
    }
    let reason = if response.is_gone() {
        DisabledReason::Gone
    } else if now - since.instant() >= PATIENCE {
        DisabledReason::Failing
    } else {
        return None;
    };
    if !endpoint.enabled {
        return None;
    }
    disable(endpoint, reason, now);
    endpoint.version += 1;
    endpoint.updated_at = now.into();
    tracing::warn!(
        webhook_endpoint_id = %endpoint.id,
        provider_id = %endpoint.provider_id,
        reason = reason.as_str(),
        failing_since = clock::unix_millis(Utc::instant(since)),
        "a webhook endpoint was disabled; its owner enables it again when it is mended"
    );
    Some(reason)
}
