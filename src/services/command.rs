//! The one way a command on an account runs: idempotency key, lock, load, due, decide, save, answer, commit.

use super::events::Caller;
use super::idempotency::{self, Answer};
use super::preview_token::{self, IssuedPreview};
use super::workbench::{self, Opening, Workbench};
use crate::context::{IdempotencyRequest, RequestContext};
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::preview::Preview;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::state::AppState;
use serde_json::Value;
use time::Date;

/// Who gives a command, with which request.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who.
    pub principal: Principal,
    /// The request.
    pub context: RequestContext,
    /// Its idempotency, if a key was sent.
    pub idempotency: Option<IdempotencyRequest>,
    /// The token of the preview that is confirmed.
    pub preview_token: Option<String>,
}

impl Command {
    /// How this principal opens the account behind `key`.
    pub fn opening<'a>(&'a self, key: AccountKey<'a>, locked: bool) -> Opening<'a> {
        opening(&self.principal, key, locked)
    }
}

/// How a principal opens the account behind `key`.
pub fn opening<'a>(principal: &'a Principal, key: AccountKey<'a>, locked: bool) -> Opening<'a> {
    Opening {
        provider_id: &principal.provider_id,
        only_customer: principal.customer_filter(),
        by_staff: principal.is_staff(),
        restricted_too: principal.may_process_restricted(),
        key,
        locked,
        advancing_to: None,
        reaches_back_to: None,
    }
}

/// What a command does to the account it finds on the workbench.
pub type Decide<'a, T> = dyn Fn(&mut DbConnection, &mut Workbench) -> Result<T, AppError> + 'a;

/// Runs a command in one transaction: everything is written, or nothing.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:write`, [`AppError::NotFound`], and those of `decide`.
pub fn run<T>(
    state: &AppState,
    command: &Command,
    key: AccountKey<'_>,
    reaches_back_to: Option<Date>,
    decide: &Decide<'_, T>,
    answer: &dyn Fn(&Workbench, T) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let scope = Scope::SubscriptionsWrite;
    run_as(state, command, scope, key, reaches_back_to, decide, answer)
}

/// Like [`run`], for commands that need another scope.
///
/// # Errors
/// [`AppError::Forbidden`] without `scope`, [`AppError::NotFound`], and those of `decide`.
pub fn run_as<T>(
    state: &AppState,
    command: &Command,
    scope: Scope,
    key: AccountKey<'_>,
    reaches_back_to: Option<Date>,
    decide: &Decide<'_, T>,
    answer: &dyn Fn(&Workbench, T) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, &command.principal, command.idempotency.as_ref(), now, |conn| {
            let opening = Opening {
                reaches_back_to,
                ..command.opening(key, true)
            };
            let mut bench = workbench::open(state, conn, opening)?;
            // After the account is found: what may not be seen is 404 before it is 403 (design decision 23).
            command.principal.require(scope)?;
            let outcome = decide(conn, &mut bench)?;
            bench.end_command()?;
            bench.stamp();
            let answer = answer(&bench, outcome)?;
            let caller = Caller::of(&command.principal, &command.context, bench.customer_id());
            bench.save(conn, &caller, now)?;
            Ok(answer)
        })
    })
}

/// Runs the same decision without a lock and without writing, for a preview.
///
/// # Errors
/// As [`run`].
pub fn preview(
    state: &AppState,
    command: &Command,
    key: AccountKey<'_>,
    reaches_back_to: Option<Date>,
    name: &str,
    decide: &Decide<'_, Preview>,
) -> Result<IssuedPreview, AppError> {
    let preview = state.db.read_consistent(|conn| {
        let opening = Opening {
            reaches_back_to,
            ..command.opening(key, false)
        };
        let mut bench = workbench::open(state, conn, opening)?;
        command.principal.require(Scope::SubscriptionsWrite)?;
        decide(conn, &mut bench)
    })?;
    preview_token::issue(state, name, preview)
}

/// Holds a command to the preview it confirms: equal means exactly that, different or expired means 409 with a fresh one.
///
/// # Errors
/// [`AppError::PreviewStale`].
pub fn confirm(
    state: &AppState,
    command: &Command,
    name: &str,
    preview: impl FnOnce() -> Result<Preview, AppError>,
    render: &dyn Fn(&IssuedPreview) -> Value,
) -> Result<(), AppError> {
    let Some(token) = &command.preview_token else {
        return Ok(());
    };
    let preview = preview()?;
    if preview_token::vouches(state, token, name, &preview)? {
        return Ok(());
    }
    let fresh = preview_token::issue(state, name, preview)?;
    Err(AppError::PreviewStale(Box::new(render(&fresh))))
}
