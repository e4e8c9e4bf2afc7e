//! `/v1/test-clocks`: moving the business time of sandbox customers.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::answer::{answer, send};
use super::blocking;
use super::extract::{Json, NoParameters, Query, TestClockId};
use super::instant::Instant;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::list_of;
use crate::services::command::Command;
use crate::services::test_clocks::{self, TestClock};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_test_clock)
        .service(list_test_clocks)
        .service(get_test_clock)
        .service(advance_test_clock);
}

/// A test clock to be created.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTestClock {
    /// The instant it shows, 2000 to 2150.
    pub now: Instant,
    /// What you call it.
    #[validate(length(min = 1, max = 200))]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "Wechsel von plus zu basis"
    )]
    pub name: Option<String>,
}

/// Where a test clock is to be moved.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "2027-03-31T22:00:00.000Z"}))]
pub struct AdvanceTestClock {
    /// The instant it shall show; not before the one it shows.
    pub to: Instant,
}

/// A test clock: the business time of the customers bound to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestClock)]
pub struct TestClockDto {
    /// Id of the test clock.
    #[schema(
        pattern = "^clk_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "clk_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// What you call it.
    #[schema(required, max_length = 200, example = "Wechsel von plus zu basis")]
    pub name: Option<String>,
    /// The instant it shows.
    pub now: Instant,
    /// `ready`, or `advancing` while it is being moved; commands of its customers then get 409.
    pub status: TestClockStatus,
    /// Where it is being moved to.
    #[schema(required)]
    pub advancing_to: Option<Instant>,
    /// When it was created, on the wall clock.
    pub created_at: Instant,
}

/// Whether a test clock stands still.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "ready")]
pub enum TestClockStatus {
    /// It stands still.
    Ready,
    /// It is being moved.
    Advancing,
}

list_of!(
    /// Test clocks, newest first.
    TestClockList of TestClockDto
);

impl From<TestClock> for TestClockDto {
    fn from(clock: TestClock) -> Self {
        Self {
            id: clock.id,
            name: clock.name,
            now: clock.now_at.into(),
            status: if clock.advancing_to_at.is_some() {
                TestClockStatus::Advancing
            } else {
                TestClockStatus::Ready
            },
            advancing_to: clock.advancing_to_at.map(Instant::from),
            created_at: clock.created_at.into(),
        }
    }
}

/// Create a test clock.
#[utoipa::path(
    tag = "Test clocks",
    operation_id = "createTestClock",
    summary = "Create test clock",
    description = "A clock that stands at `now`. Customers created with its id live on its time: dates and due work follow it, tokens and limits do not. Sandbox providers only.",
    request_body = CreateTestClock,
    responses((status = 201, description = "The clock.", body = TestClockDto, headers(("Location" = String, description = "Where the clock is.")))),
    extensions(("x-required-scopes" = json!(["test_clocks:write"])), ("x-problem-codes" = json!(["no_test_mode", "instant_out_of_range"])))
)]
#[post("/test-clocks")]
pub async fn create_test_clock(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateTestClock>,
) -> Result<HttpResponse, Problem> {
    let command = Command {
        principal,
        idempotency: context.idempotency(body.body_hash),
        context,
        preview_token: None,
    };
    let CreateTestClock { now, name } = body.value;
    let render = |clock: TestClock| {
        let location = format!("/v1/test-clocks/{}", clock.id);
        answer(StatusCode::CREATED, &TestClockDto::from(clock), None, Some(location))
    };
    send(
        blocking(&state, move |state| {
            test_clocks::create(state, &command, name, now.0, &render)
        })
        .await?,
    )
}

/// List test clocks.
#[utoipa::path(
    tag = "Test clocks",
    operation_id = "listTestClocks",
    summary = "List test clocks",
    description = "The provider's test clocks, newest first.",
    params(PageParams),
    responses((status = 200, description = "A page of clocks.", body = TestClockList)),
    extensions(("x-required-scopes" = json!(["test_clocks:write"])))
)]
#[get("/test-clocks")]
pub async fn list_test_clocks(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let request = paging.request.clone();
    let page = blocking(&state, move |state| test_clocks::list(state, &principal, &request)).await?;
    paging.respond::<_, TestClockList>(page.map(TestClockDto::from))
}

/// Fetch a test clock.
#[utoipa::path(
    tag = "Test clocks",
    operation_id = "getTestClock",
    summary = "Fetch test clock",
    description = "What the clock shows, and whether it is being moved.",
    params(TestClockId),
    responses((status = 200, description = "The clock.", body = TestClockDto)),
    extensions(("x-required-scopes" = json!(["test_clocks:write"])))
)]
#[get("/test-clocks/{test_clock_id}")]
pub async fn get_test_clock(
    state: web::Data<AppState>,
    principal: Principal,
    test_clock_id: TestClockId,
) -> Result<HttpResponse, Problem> {
    let clock = blocking(&state, move |state| {
        test_clocks::find(state, &principal, &test_clock_id.0)
    })
    .await?;
    Ok(HttpResponse::Ok().json(TestClockDto::from(clock)))
}

/// Advance a test clock.
#[utoipa::path(
    tag = "Test clocks",
    operation_id = "advanceTestClock",
    summary = "Advance test clock",
    description = "Moves the clock forward and applies, in order, what falls due for its customers on the way; answers when done. Asking for the same instant again changes nothing, so a repetition is safe without a key.",
    params(TestClockId),
    request_body = AdvanceTestClock,
    responses((status = 200, description = "The clock at its new instant.", body = TestClockDto)),
    extensions(
        ("x-required-scopes" = json!(["test_clocks:write"])),
        ("x-problem-codes" = json!(["clock_not_forward", "instant_out_of_range", "test_clock_advancing"])),
        ("x-idempotency-key" = json!(false))
    )
)]
#[post("/test-clocks/{test_clock_id}/advance")]
pub async fn advance_test_clock(
    state: web::Data<AppState>,
    principal: Principal,
    test_clock_id: TestClockId,
    body: Json<AdvanceTestClock>,
) -> Result<HttpResponse, Problem> {
    let to = body.value.to.0;
    let clock = blocking(&state, move |state| {
        test_clocks::advance(state, &principal, &test_clock_id.0, to)
    })
    .await?;
    Ok(HttpResponse::Ok().json(TestClockDto::from(clock)))
}
