//! Reading deliveries, and sending them again.

use time::{Duration, OffsetDateTime};

use super::endpoints::check_staff;
use super::fan_out::delivery;
use crate::db::{DbConnection, Utc};
use crate::domain::access::{Principal, Scope};
use crate::domain::event_type::EventType;
use crate::domain::violation::Violation;
use crate::domain::webhook::message::TEST_TYPE;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::webhook_deliveries::{self, DeliveryFilter, WebhookAttemptRow, WebhookDeliveryRow};
use crate::repositories::webhook_endpoints::{self, WebhookEndpointRow};
use crate::services::command::Command;
use crate::services::idempotency::{self, Answer};
use crate::state::AppState;

/// Attempts that are told of a delivery, the latest ones.
const ATTEMPTS_TOLD: i64 = 50;
/// Deliveries one transaction forgets.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Not attempted yet, or to be attempted again.
    Pending,
    /// Answered with 2xx.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryStatus {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A delivery with its attempts.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Id (`dlv_`).
    pub id: String,
    /// To which endpoint.
    pub endpoint_id: String,
    /// `webhook-id` of the message: the event's id, for tests the delivery's.
    pub message_id: String,
    /// The event; none for tests.
    pub event_id: Option<String>,
    /// Type of the event.
    pub event_type: String,
    /// Position of the event; none for tests.
    pub position: Option<i64>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Whether an attempt is under way.
    pub attempting: bool,
    /// When it is attempted next; none while it is attempted or the endpoint is disabled.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// When it was queued.
    pub created_at: OffsetDateTime,
    /// When it was delivered or given up.
    pub settled_at: Option<OffsetDateTime>,
    /// How many attempts were begun.
    pub attempt_count: i32,
    /// The latest attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt and its answer.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Counts the delivery's attempts, from 1.
    pub number: i32,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// Milliseconds it took; none if its worker died.
    pub duration_ms: Option<i64>,
    /// HTTP status, if there was an answer.
    pub status: Option<i32>,
    /// Why there was none.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
}

impl From<WebhookAttemptRow> for Attempt {
    fn from(row: WebhookAttemptRow) -> Self {
        Self {
            number: row.number,
            started_at: row.started_at.instant(),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error,
            answer: row.answer,
        }
    }
}

/// Whether a worker is at it; one whose lease has run out is taken for dead.
fn is_attempting(row: &WebhookDeliveryRow, now: OffsetDateTime) -> bool {
    row.attempt_started_at.is_some() && row.next_attempt_at.is_some_and(|lease| lease.instant() > now)
}

/// When a delivery is attempted next: what is due waits for nothing but a worker and the end of the endpoint's pause.
fn next_attempt(
    row: &WebhookDeliveryRow,
    endpoint: &WebhookEndpointRow,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    if !endpoint.enabled || is_attempting(row, now) {
        return None;
    }
    let paused_until = endpoint.paused_until.map_or(now, Utc::instant);
    row.next_attempt_at.map(|at| at.instant().max(paused_until).max(now))
}

fn view(
    conn: &mut DbConnection,
    row: WebhookDeliveryRow,
    endpoint: &WebhookEndpointRow,
    now: OffsetDateTime,
) -> Result<Delivery, AppError> {
    let attempts = webhook_deliveries::attempts(conn, &row.id, ATTEMPTS_TOLD)?;
    let status = DeliveryStatus::parse(&row.status)
        .ok_or_else(|| AppError::internal(format!("delivery {}: unknown status", row.id)))?;
    Ok(Delivery {
        attempting: is_attempting(&row, now),
        next_attempt_at: next_attempt(&row, endpoint, now),
        message_id: row.event_id.clone().unwrap_or_else(|| row.id.clone()),
        id: row.id,
        endpoint_id: row.endpoint_id,
        event_id: row.event_id,
        event_type: row.event_type,
        position: row.position,
        status,
        created_at: row.created_at.instant(),
        settled_at: row.settled_at.map(Utc::instant),
        attempt_count: row.attempts,
        attempts: attempts.into_iter().map(Attempt::from).collect(),
    })
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// Only those in this status.
    pub status: Option<DeliveryStatus>,
    /// Only of this type.
    pub event_type: Option<EventType>,
    /// Only of this event.
    pub event_id: Option<String>,
}

/// A page of an endpoint's deliveries, newest first, with their attempts.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:read`.
pub fn list_deliveries(
    state: &AppState,
    principal: &Principal,
    endpoint_id: &str,
    query: &DeliveryQuery,
    request: &PageRequest,
) -> Result<Page<Delivery>, AppError> {
    check_staff(principal, Scope::WebhooksRead)?;
    let now = state.clock.now();
    let filter = DeliveryFilter {
        endpoint_id: endpoint_id.to_owned(),
        status: query.status.map(|status| status.as_str().to_owned()),
        event_type: query.event_type.map(|event_type| event_type.as_str().to_owned()),
        event_id: query.event_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let views: Vec<Delivery> = state.db.read_consistent(|conn| {
        let endpoint = webhook_endpoints::find(conn, &principal.provider_id, endpoint_id)?.ok_or(AppError::NotFound)?;
        principal.require(Scope::WebhooksRead)?;
        let rows = webhook_deliveries::list(conn, &filter, request.rows())?;
        rows.into_iter()
            .map(|row| view(conn, row, &endpoint, now))
            .collect::<Result<_, AppError>>()
    })?;
    Ok(Page::cut(views, request, |one| PageKey::of_id(&one.id)))
}

/// One delivery with its attempts.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:read`.
pub fn find_delivery(state: &AppState, principal: &Principal, id: &str) -> Result<Delivery, AppError> {
    check_staff(principal, Scope::WebhooksRead)?;
    let now = state.clock.now();
    state.db.read_consistent(|conn| {
        let row = webhook_deliveries::find(conn, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
        principal.require(Scope::WebhooksRead)?;
        let endpoint = webhook_endpoints::find(conn, &row.provider_id, &row.endpoint_id)?.ok_or(AppError::NotFound)?;
        view(conn, row, &endpoint, now)
    })
}

/// How a delivery is told to the caller.
type Render<'a> = dyn Fn(Delivery) -> Result<Answer, AppError> + 'a;

/// Attempts a delivery again at once, also one that was delivered or given up and also during a pause; the schedule begins anew.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:write`, `webhook_endpoint_disabled`, `state_conflict` while
/// an attempt is under way.
pub fn retry(state: &AppState, command: &Command, id: &str, render: &Render<'_>) -> Result<Answer, AppError> {
    run(state, command, |conn, now| {
        let provider_id = &command.principal.provider_id;
        let found = webhook_deliveries::find(conn, provider_id, id)?.ok_or(AppError::NotFound)?;
        let mut endpoint = locked_endpoint(conn, command, &found.endpoint_id)?;
        let mut row = webhook_deliveries::lock(conn, provider_id, id)?.ok_or(AppError::NotFound)?;
        check_enabled(&endpoint)?;
        if is_attempting(&row, now) {
            return Err(Violation::conflict(
                "state_conflict",
                "Ein Versuch läuft gerade. Warten Sie sein Ergebnis ab.",
                "An attempt is under way. Wait for its result.",
            )
            .into());
        }
        row.status = DeliveryStatus::Pending.as_str().to_owned();
        row.failures = 0;
        row.settled_at = None;
        send_first(conn, &mut endpoint, &mut row)?;
        webhook_deliveries::update(conn, &row)?;
        render(view(conn, row, &endpoint, now)?)
    })
}

/// Queues a message of the type `webhook.test` for an endpoint, whatever its filter and also during a pause.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:write`, `webhook_endpoint_disabled`.
pub fn send_test(
    state: &AppState,
    command: &Command,
    endpoint_id: &str,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    run(state, command, |conn, now| {
        let mut endpoint = locked_endpoint(conn, command, endpoint_id)?;
        check_enabled(&endpoint)?;
        let mut row = delivery(&endpoint, None, TEST_TYPE, now);
        send_first(conn, &mut endpoint, &mut row)?;
        webhook_deliveries::insert(conn, std::slice::from_ref(&row))?;
        render(view(conn, row, &endpoint, now)?)
    })
}

/// What somebody asks for by hand ends the endpoint's pause and goes before everything that waits: otherwise the first of these
/// could have the endpoint paused anew. The longest waiting goes first, and nothing has waited longer than the endpoint exists.
fn send_first(
    conn: &mut DbConnection,
    endpoint: &mut WebhookEndpointRow,
    row: &mut WebhookDeliveryRow,
) -> Result<(), AppError> {
    let before_all = endpoint.created_at.instant() - Duration::seconds(1);
    row.next_attempt_at = Some(before_all.into());
    if endpoint.paused_until.take().is_some() {
        webhook_endpoints::update(conn, endpoint)?;
    }
    Ok(())
}

fn run(
    state: &AppState,
    command: &Command,
    apply: impl Fn(&mut DbConnection, OffsetDateTime) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    check_staff(&command.principal, Scope::WebhooksWrite)?;
    let now = state.clock.now();
    state.db.write(|conn| {
        let key = command.idempotency.as_ref();
        idempotency::run(conn, &command.principal, key, now, |conn| apply(conn, now))
    })
}

fn locked_endpoint(
    conn: &mut DbConnection,
    command: &Command,
    endpoint_id: &str,
) -> Result<WebhookEndpointRow, AppError> {
    let principal = &command.principal;
    let endpoint = webhook_endpoints::lock(conn, &principal.provider_id, endpoint_id)?.ok_or(AppError::NotFound)?;
    principal.require(Scope::WebhooksWrite)?;
    Ok(endpoint)
}

fn check_enabled(endpoint: &WebhookEndpointRow) -> Result<(), AppError> {
    if endpoint.enabled {
        return Ok(());
    }
    Err(Violation::conflict(
        "webhook_endpoint_disabled",
        "Der Endpunkt ist abgeschaltet. Schalten Sie ihn zuerst mit „enabled“ wieder ein.",
        "The endpoint is disabled. Enable it first with “enabled”.",
    )
    .into())
}

/// Forgets deliveries that were settled longer ago than the operator wants to keep them; says how many.
///
/// # Errors
/// Those of the database.
pub fn clear(state: &AppState) -> Result<usize, AppError> {
    let retention = Duration::days(i64::from(state.config.webhooks.retention_days));
    let before = (state.clock.now() - retention).into();
    state.db.write(|conn| {
        Ok(webhook_deliveries::delete_settled_before(
            conn,
            before,
            FORGOTTEN_AT_ONCE,
        )?)
    })
}
