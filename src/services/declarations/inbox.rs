//! The inbox of staff: declarations that prove nothing, and what is decided about them.

use super::execute::{self, By, apply};
use super::{DeclarationView, mail, receipt};
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::declaration::{
    DeclarationContent, DeclarationKind, DeclarationStatus, DeclarationStep, named, rank,
};
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::declarations::{self, DeclarationDecision, DeclarationFilter, DeclarationRow, HolderRow};
use crate::repositories::emails;
use crate::repositories::providers::{ProviderRow, provider_find};
use crate::services::command::Command;
use crate::services::idempotency::{self, Answer};
use crate::services::restriction;
use crate::state::AppState;

/// Which declarations a list shows.
#[derive(Debug, Clone, Default)]
pub struct DeclarationQuery {
    /// Only cancellations or only withdrawals.
    pub kind: Option<DeclarationKind>,
    /// Only those that stand there.
    pub status: Option<DeclarationStatus>,
    /// Only those matched to this customer.
    pub customer_id: Option<String>,
}

/// The contract a declaration is about.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The contract (`sub_`).
    pub subscription_id: String,
}

/// Why a declaration has no effect.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The reason, told to the address of the declaration.
    pub reason: String,
    /// Whether the customer it was matched to is not the one who declared: it is no longer linked to that customer.
    pub unmatch: bool,
}

/// How a decided declaration is told to the caller.
pub type Render<'a> = dyn Fn(&DeclarationView) -> Result<Answer, AppError> + 'a;

/// A page of declarations, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `declarations:read`, which customers never have.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &DeclarationQuery,
    request: &PageRequest,
) -> Result<Page<DeclarationView>, AppError> {
    principal.require(Scope::DeclarationsRead)?;
    let is_customer = |id: &String| IdKind::Customer.matches(id);
    if query.customer_id.as_ref().is_some_and(|id| !is_customer(id)) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = DeclarationFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        status: query.status.map(|status| status.as_str().to_owned()),
        customer_id: query.customer_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let (provider, rows) = state.db.read(|conn| {
        let provider = provider_find(conn, &principal.provider_id)?.ok_or(AppError::NotFound)?;
        Ok::<_, AppError>((provider, declarations::list(conn, &filter, request.rows())?))
    })?;
    let views = rows
        .into_iter()
        .map(|row| DeclarationView::new(row, &provider, Vec::new()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.id)))
}

/// One declaration, with the contracts that could be meant.
///
/// # Errors
/// [`AppError::NotFound`] for another provider's and for customers, [`AppError::Forbidden`] without `declarations:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<DeclarationView, AppError> {
    if !principal.is_staff() || !IdKind::Declaration.matches(id) {
        return Err(AppError::NotFound);
    }
    state.db.read(|conn| {
        let row = declarations::find(conn, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
        principal.require(Scope::DeclarationsRead)?;
        restriction::check(conn, principal, row.customer_id.as_deref())?;
        let provider = provider_find(conn, &principal.provider_id)?.ok_or(AppError::NotFound)?;
        view(conn, principal, row, &provider)
    })
}

/// Notes which contract a declaration is about; also mends a wrong match and takes a rejection back.
///
/// # Errors
/// [`AppError::NotFound`] for a declaration or contract the provider does not have, [`AppError::Forbidden`] without
/// `declarations:decide`, `declaration_decided`, `test_clock_advancing`.
pub fn match_to(
    state: &AppState,
    command: &Command,
    id: &str,
    assignment: &Assignment,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    decide(state, command, id, DeclarationStep::Match, render, &|conn, row| {
        let holder = declarations::holder_by_id(conn, &row.provider_id, &assignment.subscription_id)?;
        let holder = holder.ok_or(AppError::NotFound)?;
        execute::assign(state, conn, row, &holder, By::Staff(command))
    })
}

/// Gives a matched declaration its effect, counted from the time of its receipt.
///
/// # Errors
/// As [`match_to`]; `declaration_not_matched`, and those of the rules of cancellations and withdrawals.
pub fn execute(state: &AppState, command: &Command, id: &str, render: &Render<'_>) -> Result<Answer, AppError> {
    decide(state, command, id, DeclarationStep::Execute, render, &|conn, row| {
        let holder = holder(conn, &row)?.ok_or(AppError::NotFound)?;
        match row.content.0.clone() {
            DeclarationContent::Cancellation(declared) => {
                execute::cancel_contract(state, conn, row, &declared, &holder, By::Staff(command))
            }
            DeclarationContent::Withdrawal(declared) => {
                execute::withdraw_from_contract(state, conn, row, &declared, &holder, By::Staff(command))
            }
        }
    })
}

/// Says that a declaration has no effect, and why. It stays received all the same. A wrong match is undone on demand: what a
/// third person declared, and the mails about it, are none of that customer's data (Art. 15 Abs. 4 GDPR).
///
/// # Errors
/// As [`match_to`].
pub fn reject(
    state: &AppState,
    command: &Command,
    id: &str,
    rejection: &Rejection,
    render: &Render<'_>,
) -> Result<Answer, AppError> {
    decide(state, command, id, DeclarationStep::Reject, render, &|conn, mut row| {
        let stays = !rejection.unmatch;
        let decision = DeclarationDecision {
            status: DeclarationStatus::Rejected.as_str().to_owned(),
            automatic: row.automatic,
            customer_id: row.customer_id.clone().filter(|_| stays),
            subscription_id: row.subscription_id.clone().filter(|_| stays),
            timely: row.timely.filter(|_| stays),
            last_day_on: row.last_day_on.filter(|_| stays),
            result_id: None,
            reason: Some(rejection.reason.clone()),
            decided_by: Some(command.principal.id.clone()),
            decided_at: Some(state.clock.now().into()),
            version: row.version + 1,
        };
        let row = match holder(conn, &row)? {
            Some(holder) => execute::note_rejection(state, conn, row, &holder, decision, By::Staff(command))?,
            None => {
                declarations::decide(conn, &row.id, &decision)?;
                apply(&mut row, &decision);
                emails::assign(
                    conn,
                    &row.id,
                    row.customer_id.as_deref(),
                    row.subscription_id.as_deref(),
                )?;
                row
            }
        };
        let provider = provider_find(conn, &row.provider_id)?.ok_or(AppError::NotFound)?;
        mail::tell_rejection(conn, &provider, &row, &receipt(&row, &provider)?, state.clock.now())?;
        Ok(row)
    })
}

/// What a decision does to the locked declaration.
type Decide<'a> = dyn Fn(&mut DbConnection, DeclarationRow) -> Result<DeclarationRow, AppError> + 'a;

fn decide(
    state: &AppState,
    command: &Command,
    id: &str,
    step: DeclarationStep,
    render: &Render<'_>,
    work: &Decide<'_>,
) -> Result<Answer, AppError> {
    let principal = &command.principal;
    if !principal.is_staff() || !IdKind::Declaration.matches(id) {
        return Err(AppError::NotFound);
    }
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let row = declarations::lock(conn, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
            principal.require(Scope::DeclarationsDecide)?;
            restriction::check(conn, principal, row.customer_id.as_deref())?;
            let status = DeclarationStatus::parse(&row.status)
                .ok_or_else(|| AppError::internal(format!("declaration {id}: status cannot be read")))?;
            status.check(step)?;
            let row = work(conn, row)?;
            let provider = provider_find(conn, &principal.provider_id)?.ok_or(AppError::NotFound)?;
            render(&view(conn, principal, row, &provider)?)
        })
    })
}

fn holder(conn: &mut DbConnection, row: &DeclarationRow) -> Result<Option<HolderRow>, AppError> {
    match &row.subscription_id {
        Some(id) => Ok(declarations::holder_by_id(conn, &row.provider_id, id)?),
        None => Ok(None),
    }
}

fn view(
    conn: &mut DbConnection,
    principal: &Principal,
    row: DeclarationRow,
    provider: &ProviderRow,
) -> Result<DeclarationView, AppError> {
    let content = &row.content.0;
    // Whom nobody may name, nobody is offered.
    let restricted_too = principal.may_process_restricted();
    let candidates = declarations::candidates(conn, &provider.id, &named(content), restricted_too)?;
    let ranked = rank(content, &candidates);
    DeclarationView::new(row, provider, ranked)
}
