//! Which billing period comes at an index or contains a day?

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::fields;
use crate::api::civil_date::CivilDate;
use crate::api::extract::Json;
use crate::api::problem::Problem;
use crate::domain::calendar::{english, german};
use crate::domain::period::{BillingInterval, BillingSchedule, Period};
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};

/// The number of months from 1990 to 2199, less one: no period has a greater index.
const LAST_INDEX: i64 = 2519;

/// A billing schedule, and the period that is looked for: exactly one of `index` and `on`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"anchor_on": "2026-01-31", "interval": "P1M", "index": 1}))]
pub struct BillingPeriodRequest {
    /// First day of the period with index 0.
    anchor_on: CivilDate,
    /// Length of each period (ISO 8601 duration), 1 to 60 months.
    #[serde(deserialize_with = "fields::text")]
    #[schema(value_type = String, pattern = r"^P\d{1,2}[YM]$", min_length = 3, max_length = 4, example = "P1M")]
    interval: BillingInterval,
    /// Index of the period; 0 is the first.
    #[validate(range(min = 0, max = LAST_INDEX))]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 2519, example = 1)]
    index: Option<i64>,
    /// A day of the period.
    on: Option<CivilDate>,
}

/// A billing period; both days belong to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"index": 1, "from_on": "2026-02-28", "through_on": "2026-03-30", "days": 31}))]
pub struct BillingPeriod {
    /// 0 for the period that starts on the anchor.
    #[schema(minimum = 0, maximum = 2519, example = 1)]
    index: u32,
    /// First day.
    from_on: CivilDate,
    /// Last day.
    through_on: CivilDate,
    /// Its length in days.
    #[schema(minimum = 28, maximum = 1827, example = 31)]
    days: u32,
}

/// Calculate a billing period.
#[utoipa::path(
    tag = "Calculators",
    operation_id = "calculateBillingPeriod",
    summary = "Calculate a billing period by index or day",
    description = "Periods are computed from the original anchor and clamped to month ends, so they never drift: an anchor on \
        31 January bills on 28 February, 31 March, 30 April.",
    security(()),
    request_body(content = BillingPeriodRequest, description = "The schedule, and `index` or `on`."),
    responses((status = 200, description = "The billing period.", body = BillingPeriod)),
    extensions(("x-problem-codes" = json!(["date_out_of_range"])))
)]
#[post("/calculators/billing-period")]
pub async fn calculate_billing_period(body: Json<BillingPeriodRequest>) -> Result<web::Json<BillingPeriod>, Problem> {
    let request = body.value;
    let schedule = BillingSchedule {
        anchor_on: request.anchor_on.0,
        interval: request.interval,
    };
    let index = request.index.and_then(|index| u32::try_from(index).ok());
    let period = match (index, request.on) {
        (Some(index), None) => schedule.period(index).ok_or_else(|| too_late(&schedule))?,
        (None, Some(on)) => schedule
            .period_containing(on.0)
            .ok_or_else(|| before_anchor(&schedule))?,
        _ => return Err(exactly_one().into()),
    };
    Ok(web::Json(period.into()))
}

/// A day of an admitted year is in some period unless it lies before the first one.
fn before_anchor(schedule: &BillingSchedule) -> AppError {
    let anchor_on = schedule.anchor_on;
    Violation::invalid(
        "date_out_of_range",
        format!("Der erste Abrechnungszeitraum beginnt am {}.", german(anchor_on)),
        format!("The first billing period starts on {}.", english(anchor_on)),
    )
    .at("/on")
    .into()
}

fn too_late(schedule: &BillingSchedule) -> AppError {
    let interval = schedule.interval;
    Violation::invalid(
        "date_out_of_range",
        format!("Der Abrechnungszeitraum mit diesem Index begänne nach dem 31.12.2199 (Intervall {interval})."),
        format!("The billing period with this index would start after 31 December 2199 (interval {interval})."),
    )
    .at("/index")
    .into()
}

fn exactly_one() -> AppError {
    let error = |pointer| {
        FieldError::body(
            pointer,
            "exactly_one_of",
            "Genau eines von „index“ und „on“ muss angegeben werden.",
            "Exactly one of \"index\" and \"on\" must be given.",
        )
        .with("members", vec!["index", "on"])
    };
    AppError::Validation(vec![error("/index"), error("/on")])
}

impl From<Period> for BillingPeriod {
    fn from(period: Period) -> Self {
        Self {
            index: period.index,
            from_on: period.from_on.into(),
            through_on: period.through_on.into(),
            days: period.days(),
        }
    }
}
