//! Test clocks: the business time of sandbox customers, moved by hand (design decision 6).

use time::OffsetDateTime;
use time::macros::datetime;

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::due_customers;
use crate::repositories::providers::provider_find;
use crate::repositories::test_clocks::{self, TestClockRow};
use crate::services::command::Command;
use crate::services::due;
use crate::services::idempotency::{self, Answer};
use crate::state::AppState;

/// The earliest and latest instants a test clock can show.
const RANGE: (OffsetDateTime, OffsetDateTime) = (datetime!(2000-01-01 00:00 UTC), datetime!(2150-01-01 00:00 UTC));

/// How many customers are looked up at once while a clock is advanced.
const LOOKED_UP_AT_ONCE: i64 = 200;

/// A test clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestClock {
    /// Id (`clk_`).
    pub id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The instant it shows.
    pub now_at: OffsetDateTime,
    /// Where it is being moved to, while that is under way.
    pub advancing_to_at: Option<OffsetDateTime>,
    /// When it was created, on the wall clock.
    pub created_at: OffsetDateTime,
}

impl From<TestClockRow> for TestClock {
    fn from(row: TestClockRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            now_at: row.now_at.instant(),
            advancing_to_at: row.advancing_to_at.map(|at| at.instant()),
            created_at: row.created_at.instant(),
        }
    }
}

/// Creates a clock that shows `now_at`.
///
/// # Errors
/// `no_test_mode` for live providers, `instant_out_of_range`, [`AppError::Forbidden`] without `test_clocks:write`.
pub fn create(
    state: &AppState,
    command: &Command,
    name: Option<String>,
    now_at: OffsetDateTime,
    answer: &dyn Fn(TestClock) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    command.principal.require(Scope::TestClocksWrite)?;
    check_range(now_at, "/now")?;
    let wall = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, &command.principal, command.idempotency.as_ref(), wall, |conn| {
            check_sandbox(conn, &command.principal)?;
            let row = TestClockRow {
                id: IdKind::TestClock.generate(),
                provider_id: command.principal.provider_id.clone(),
                name: name.clone(),
                now_at: now_at.into(),
                advancing_to_at: None,
                created_at: wall.into(),
            };
            test_clocks::insert(conn, &row)?;
            answer(row.into())
        })
    })
}

/// One clock of the provider.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `test_clocks:write`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<TestClock, AppError> {
    principal.require(Scope::TestClocksWrite)?;
    let row = state
        .db
        .read(|conn| test_clocks::find(conn, &principal.provider_id, id))?;
    Ok(row.ok_or(AppError::NotFound)?.into())
}

/// A page of clocks, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `test_clocks:write`.
pub fn list(state: &AppState, principal: &Principal, request: &PageRequest) -> Result<Page<TestClock>, AppError> {
    principal.require(Scope::TestClocksWrite)?;
    let before_id = request.after.as_ref().map(|after| after.id.as_str());
    let rows = state
        .db
        .read(|conn| test_clocks::list(conn, &principal.provider_id, before_id, request.rows()))?;
    let clocks: Vec<TestClock> = rows.into_iter().map(TestClock::from).collect();
    Ok(Page::cut(clocks, request, |clock| PageKey::of_id(&clock.id)))
}

/// Moves a clock forward and applies, stop by stop, what falls due for its customers on the way. Answers when done; commands
/// of those customers meanwhile get `test_clock_advancing`. An advance that was cut short is finished by asking again.
///
/// # Errors
/// `clock_not_forward`, `instant_out_of_range`, `test_clock_advancing` towards another instant, [`AppError::NotFound`].
pub fn advance(state: &AppState, principal: &Principal, id: &str, to: OffsetDateTime) -> Result<TestClock, AppError> {
    principal.require(Scope::TestClocksWrite)?;
    check_range(to, "/to")?;
    let provider_id = principal.provider_id.as_str();
    state.db.write(|conn| begin(conn, provider_id, id, to))?;
    loop {
        let due = state
            .db
            .read(|conn| due_customers::on_clock(conn, id, to.into(), LOOKED_UP_AT_ONCE))?;
        let Some((customer_id, Some(stop))) = due.into_iter().next() else {
            break;
        };
        due::apply_at(state, provider_id, &customer_id, stop.instant())?;
    }
    state.db.write(|conn| {
        let clock = test_clocks::lock(conn, provider_id, id)?.ok_or(AppError::NotFound)?;
        // Another call may have finished the same advance, and moved on since.
        if clock.advancing_to_at.is_some_and(|at| at.instant() == to) {
            test_clocks::set(conn, id, to.into(), None)?;
        }
        let clock = test_clocks::find(conn, provider_id, id)?.ok_or(AppError::NotFound)?;
        Ok(clock.into())
    })
}

fn begin(conn: &mut DbConnection, provider_id: &str, id: &str, to: OffsetDateTime) -> Result<(), AppError> {
    let clock = test_clocks::lock(conn, provider_id, id)?.ok_or(AppError::NotFound)?;
    if clock.advancing_to_at.is_some_and(|at| at.instant() != to) {
        return Err(Violation::conflict(
            "test_clock_advancing",
            "Die Testuhr wird gerade zu einem anderen Zeitpunkt vorgestellt.",
            "The test clock is being advanced to another instant.",
        )
        .into());
    }
    if to < clock.now_at.instant() {
        return Err(Violation::invalid(
            "clock_not_forward",
            "Eine Testuhr geht nur vorwärts.",
            "A test clock only goes forward.",
        )
        .at("/to")
        .into());
    }
    test_clocks::set(conn, id, clock.now_at, Some(to.into()))?;
    Ok(())
}

fn check_range(at: OffsetDateTime, pointer: &str) -> Result<(), AppError> {
    if at >= RANGE.0 && at <= RANGE.1 {
        return Ok(());
    }
    Err(Violation::invalid(
        "instant_out_of_range",
        "Der Zeitpunkt muss zwischen 2000 und 2150 liegen.",
        "The instant must lie between 2000 and 2150.",
    )
    .at(pointer)
    .into())
}

fn check_sandbox(conn: &mut DbConnection, principal: &Principal) -> Result<(), AppError> {
    let provider = provider_find(conn, &principal.provider_id)?.ok_or(AppError::NotFound)?;
    if provider.mode == "sandbox" {
        return Ok(());
    }
    Err(Violation::invalid(
        "no_test_mode",
        "Testuhren gibt es nur bei Anbietern im Testbetrieb.",
        "Test clocks exist for sandbox providers only.",
    )
    .into())
}
