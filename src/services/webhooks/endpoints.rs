//! Creating, changing and removing webhook endpoints.

use rand::RngExt;
use time::{Duration, OffsetDateTime};

use super::input::check;
use super::{allows_loopback, provider};
use crate::context::VersionMatch;
use crate::db::{DbConnection, JsonText, Utc};
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::webhook::normalised;
use crate::domain::webhook::schedule::DisabledReason;
use crate::domain::webhook::signature::{SECRET_BYTES, WebhookSecret};
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::webhook_endpoints::{self, WebhookEndpointRow};
use crate::services::command::Command;
use crate::services::events;
use crate::services::idempotency::{self, Answer};
use crate::state::AppState;

/// How long the secret before a rotation signs along.
const OVERLAP: Duration = Duration::hours(24);

/// An endpoint to be created.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where messages go.
    pub url: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Types it wants, or `*`.
    pub event_types: Vec<String>,
    /// Whether messages are sent.
    pub enabled: bool,
}

/// Changes to an endpoint; `None` leaves a member as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// Where messages go.
    pub url: Option<String>,
    /// What its owner says of it; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// Types it wants, or `*`.
    pub event_types: Option<Vec<String>>,
    /// Whether messages are sent.
    pub enabled: Option<bool>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When it began.
    pub at: OffsetDateTime,
    /// HTTP status of the answer.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Failure {
    /// The last failure of an endpoint; `None` when its last attempt was a success.
    pub(super) fn of(row: &WebhookEndpointRow) -> Option<Self> {
        Some(Self {
            at: row.last_failure_at?.instant(),
            status: row.last_failure_status,
            error: row.last_failure_error.clone(),
        })
    }
}

/// An endpoint, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Id (`whe_`).
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Types it wants, or `*`.
    pub event_types: Vec<String>,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Since when they are not.
    pub disabled_at: Option<OffsetDateTime>,
    /// Why they are not.
    pub disabled_reason: Option<DisabledReason>,
    /// Until when the secret before signs along.
    pub previous_secret_until: Option<OffsetDateTime>,
    /// Position of the last event that was looked at for it.
    pub position: i64,
    /// Since when every attempt has failed.
    pub failing_since: Option<OffsetDateTime>,
    /// The last of these failures.
    pub last_failure: Option<Failure>,
    /// Until when it asked to be left alone, if that is not over.
    pub paused_until: Option<OffsetDateTime>,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// An endpoint with its secret, shown at creation and rotation only.
#[derive(Debug, Clone)]
pub struct Revealed {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its secret, `whsec_…`.
    pub secret: String,
}

impl Endpoint {
    /// The endpoint as it is at this moment.
    fn told(row: WebhookEndpointRow, now: OffsetDateTime) -> Self {
        let reason = row.disabled_reason.as_deref();
        Self {
            last_failure: Failure::of(&row),
            id: row.id,
            url: row.url,
            description: row.description,
            event_types: row.event_types.0,
            enabled: row.enabled,
            disabled_at: row.disabled_at.map(Utc::instant),
            disabled_reason: DisabledReason::ALL.into_iter().find(|one| Some(one.as_str()) == reason),
            previous_secret_until: row.previous_secret_until.map(Utc::instant),
            position: row.position,
            failing_since: row.failing_since.map(Utc::instant),
            paused_until: row.paused_until.map(Utc::instant).filter(|until| *until > now),
            version: row.version,
            created_at: row.created_at.instant(),
            updated_at: row.updated_at.instant(),
        }
    }
}

/// How an endpoint is told to the caller.
type Render<'a> = dyn Fn(Endpoint) -> Result<Answer, AppError> + 'a;
/// How an endpoint and its secret are told to the caller.
type Reveal<'a> = dyn Fn(Revealed) -> Result<Answer, AppError> + 'a;

/// Creates an endpoint; it hears of what is recorded from now on.
///
/// # Errors
/// [`AppError::Forbidden`] without `webhooks:write`, [`AppError::Validation`] with every wrong field.
pub fn create(state: &AppState, command: &Command, new: &NewEndpoint, reveal: &Reveal<'_>) -> Result<Answer, AppError> {
    let principal = &command.principal;
    principal.require(Scope::WebhooksWrite)?;
    // What is committed already is numbered now, so that the endpoint begins after it.
    events::sequence_provider(state, &principal.provider_id)?;
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let provider = provider(conn, &principal.provider_id)?;
            let url = check(
                Some(&new.url),
                Some(&new.event_types),
                allows_loopback(state, &provider),
            )?;
            let secret = fresh_secret();
            let row = WebhookEndpointRow {
                id: IdKind::WebhookEndpoint.generate(),
                provider_id: provider.id,
                url: url.unwrap_or_else(|| new.url.clone()),
                description: new.description.clone(),
                event_types: JsonText(normalised(&new.event_types)),
                enabled: new.enabled,
                disabled_at: (!new.enabled).then(|| now.into()),
                disabled_reason: (!new.enabled).then(|| DisabledReason::Requested.as_str().to_owned()),
                secret: secret.clone(),
                previous_secret: None,
                previous_secret_until: None,
                position: provider.last_event_position,
                failing_since: None,
                paused_until: None,
                version: 1,
                created_at: now.into(),
                updated_at: now.into(),
                last_failure_at: None,
                last_failure_status: None,
                last_failure_error: None,
            };
            webhook_endpoints::insert(conn, &row)?;
            reveal(Revealed {
                endpoint: Endpoint::told(row, now),
                secret,
            })
        })
    })
}

/// One endpoint of the principal's provider.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<Endpoint, AppError> {
    check_staff(principal, Scope::WebhooksRead)?;
    let row = state
        .db
        .read(|conn| webhook_endpoints::find(conn, &principal.provider_id, id))?
        .ok_or(AppError::NotFound)?;
    principal.require(Scope::WebhooksRead)?;
    Ok(Endpoint::told(row, state.clock.now()))
}

/// A page of the provider's endpoints, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `webhooks:read`.
pub fn list(state: &AppState, principal: &Principal, request: &PageRequest) -> Result<Page<Endpoint>, AppError> {
    principal.require(Scope::WebhooksRead)?;
    let now = state.clock.now();
    let before_id = request.after.as_ref().map(|after| after.id.as_str());
    let rows = state
        .db
        .read(|conn| webhook_endpoints::list(conn, &principal.provider_id, before_id, request.rows()))?;
    Ok(Page::cut(rows, request, |row| PageKey::of_id(&row.id)).map(|row| Endpoint::told(row, now)))
}

/// Changes an endpoint. Enabling it again goes on where it stopped: nothing that was recorded meanwhile is left out.
///
/// # Errors
/// As [`create`], [`AppError::NotFound`], [`AppError::PreconditionFailed`].
pub fn update(
    state: &AppState,
    command: &Command,
    id: &str,
    expected: &VersionMatch,
    patch: &EndpointPatch,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    change(state, command, id, &|conn, mut row, now| {
        expected.check(IdKind::WebhookEndpoint.prefix(), row.version)?;
        let provider = provider(conn, &row.provider_id)?;
        let url = check(
            patch.url.as_deref(),
            patch.event_types.as_deref(),
            allows_loopback(state, &provider),
        )?;
        if let Some(url) = url {
            row.url = url;
        }
        if let Some(description) = &patch.description {
            row.description.clone_from(description);
        }
        if let Some(event_types) = &patch.event_types {
            row.event_types = JsonText(normalised(event_types));
        }
        match patch.enabled {
            Some(true) => {
                row.enabled = true;
                row.disabled_at = None;
                row.disabled_reason = None;
                recover(&mut row);
            }
            Some(false) if row.enabled => disable(&mut row, DisabledReason::Requested, now),
            _ => {}
        }
        store(conn, &mut row, now)?;
        render(Endpoint::told(row, now))
    })
}

/// Forgets what went wrong; says whether something had.
pub(super) fn recover(row: &mut WebhookEndpointRow) -> bool {
    let was_failing = row.failing_since.is_some() || row.paused_until.is_some() || row.last_failure_at.is_some();
    row.failing_since = None;
    row.paused_until = None;
    row.last_failure_at = None;
    row.last_failure_status = None;
    row.last_failure_error = None;
    was_failing
}

/// Switches an endpoint off.
pub(super) fn disable(row: &mut WebhookEndpointRow, reason: DisabledReason, now: OffsetDateTime) {
    row.enabled = false;
    row.disabled_at = Some(now.into());
    row.disabled_reason = Some(reason.as_str().to_owned());
}

/// Removes an endpoint with its deliveries; what is being sent is not called back.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:write`.
pub fn delete(state: &AppState, principal: &Principal, id: &str) -> Result<(), AppError> {
    check_staff(principal, Scope::WebhooksWrite)?;
    state.db.write(|conn| {
        webhook_endpoints::lock(conn, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
        principal.require(Scope::WebhooksWrite)?;
        webhook_endpoints::delete(conn, id)?;
        Ok(())
    })
}

/// Gives an endpoint a new secret; the one before signs along for 24 hours.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:write`.
pub fn rotate_secret(state: &AppState, command: &Command, id: &str, reveal: &Reveal<'_>) -> Result<Answer, AppError> {
    change(state, command, id, &|conn, mut row, now| {
        let secret = fresh_secret();
        row.previous_secret = Some(std::mem::replace(&mut row.secret, secret.clone()));
        row.previous_secret_until = Some((now + OVERLAP).into());
        store(conn, &mut row, now)?;
        reveal(Revealed {
            endpoint: Endpoint::told(row, now),
            secret,
        })
    })
}

/// Sends every event after a position again, as far as the endpoint wants its type: its position is set back.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `webhooks:write`, [`AppError::Validation`] for a position the
/// endpoint has not reached.
pub fn replay(
    state: &AppState,
    command: &Command,
    id: &str,
    after: i64,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    change(state, command, id, &|conn, mut row, now| {
        if after > row.position {
            let error = FieldError::body(
                "/after",
                "out_of_range",
                "So weit ist der Endpunkt noch nicht; übersprungen wird nichts.",
                "The endpoint has not come that far; nothing is skipped.",
            );
            return Err(AppError::field(error.with("max", row.position)));
        }
        row.position = after;
        store(conn, &mut row, now)?;
        render(Endpoint::told(row, now))
    })
}

/// What becomes of an endpoint that is locked.
type ChangeEndpoint<'a> =
    dyn Fn(&mut DbConnection, WebhookEndpointRow, OffsetDateTime) -> Result<Answer, AppError> + 'a;

/// Runs a change of one endpoint, once per idempotency key.
fn change(state: &AppState, command: &Command, id: &str, apply: &ChangeEndpoint<'_>) -> Result<Answer, AppError> {
    let principal = &command.principal;
    check_staff(principal, Scope::WebhooksWrite)?;
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let row = webhook_endpoints::lock(conn, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
            principal.require(Scope::WebhooksWrite)?;
            apply(conn, row, now)
        })
    })
}

/// A customer sees no endpoints, so for it there is none to be found; it is told that its role never may.
pub(super) fn check_staff(principal: &Principal, scope: Scope) -> Result<(), AppError> {
    if !principal.is_staff() {
        principal.require(scope)?;
    }
    Ok(())
}

fn store(conn: &mut DbConnection, row: &mut WebhookEndpointRow, now: OffsetDateTime) -> Result<(), AppError> {
    row.version += 1;
    row.updated_at = now.into();
    Ok(webhook_endpoints::update(conn, row)?)
}

fn fresh_secret() -> String {
    let bytes: [u8; SECRET_BYTES] = rand::rng().random();
    WebhookSecret::new(bytes).expose()
}
