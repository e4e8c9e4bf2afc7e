//! Until when may a consumer withdraw?

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use validator::Validate;

use super::fields;
use crate::api::because::BecauseDto;
use crate::api::choices::CustomerTypeDto;
use crate::api::civil_date::CivilDate;
use crate::api::extract::Json;
use crate::api::instant::Instant;
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::customer_type::CustomerType;
use crate::domain::holidays::HolidayRegion;
use crate::domain::time_zone::TimeZone;
use crate::domain::withdrawal::{WithdrawalQuestion, withdrawal_period};

/// What the withdrawal period of a contract depends on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "customer_type": "consumer",
    "concluded_at": "2026-11-04T11:00:00Z",
    "instructed_at": "2026-11-04T11:00:00Z",
    "holiday_regions": ["DE-BE", "DE-SN"],
    "declared_at": "2026-11-19T22:59:59Z"
}))]
pub struct WithdrawalPeriodRequest {
    /// Only consumers have a right of withdrawal (§ 312g BGB).
    #[schema(value_type = CustomerTypeDto)]
    customer_type: CustomerType,
    /// When the contract was concluded.
    #[validate(custom(function = "fields::in_range"))]
    concluded_at: Instant,
    /// When the consumer was instructed about the right; absent or `null` if that never happened.
    #[validate(custom(function = "fields::in_range"))]
    instructed_at: Option<Instant>,
    /// Regions whose holidays count (§ 193 BGB), those of consumer and trader; only holidays of all Germany if absent.
    #[serde(default, deserialize_with = "fields::text_list")]
    #[validate(length(max = 20))]
    #[schema(required = false, schema_with = holiday_regions_schema)]
    holiday_regions: Vec<HolidayRegion>,
    /// When a withdrawal was declared, to learn whether that was in time.
    #[validate(custom(function = "fields::in_range"))]
    declared_at: Option<Instant>,
    /// Time zone (IANA) whose days count; `Europe/Berlin` if absent.
    #[serde(default, deserialize_with = "fields::optional_text")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
}

fn holiday_regions_schema() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
    let region = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some("A Land (ISO 3166-2), or a part of one with holidays of its own."))
        .enum_values(Some(HolidayRegion::ALL.map(HolidayRegion::as_str)))
        .examples(["DE-NW"]);
    ArrayBuilder::new()
        .items(region)
        .max_items(Some(20))
        .description(Some(
            "Regions whose holidays count (§ 193 BGB), those of consumer and trader; only holidays of all Germany if absent.",
        ))
        .examples([json!(["DE-BE", "DE-SN"])])
        .build()
}

/// The withdrawal period, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "exists": true,
    "last_day_on": "2026-11-19",
    "expires_at": "2026-11-19T23:00:00Z",
    "timely": true,
    "because": [
        {
            "rule": "fourteen_days",
            "source": "§ 355 Abs. 2, § 187 Abs. 1, § 188 Abs. 1 BGB",
            "text": "14 Tage nach dem 04.11.2026, der nicht mitzählt: 18.11.2026."
        },
        {
            "rule": "no_working_day",
            "source": "§ 193 BGB",
            "text": "Der 18.11.2026 ist kein Werktag (Buß- und Bettag in DE-SN); die Frist endet am nächsten Werktag."
        }
    ]
}))]
pub struct WithdrawalPeriodAnswer {
    /// Whether there is a right of withdrawal at all; if not, only `because` follows.
    #[schema(example = true)]
    exists: bool,
    /// Last day on which a withdrawal may be declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_day_on: Option<CivilDate>,
    /// The end of that day, exclusive, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime, max_length = 24, example = "2026-11-19T23:00:00Z")]
    expires_at: Option<String>,
    /// Whether `declared_at` is in time: dispatch suffices (§ 355 Abs. 1 BGB).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    timely: Option<bool>,
    /// Why, step by step.
    #[schema(min_items = 1, max_items = 40)]
    because: Vec<BecauseDto>,
}

/// Calculate the withdrawal period.
#[utoipa::path(
    tag = "Calculators",
    operation_id = "calculateWithdrawalPeriod",
    summary = "Calculate until when a consumer may withdraw",
    description = "14 days from conclusion, not before the instruction, at most twelve months and 14 days (§§ 355, 356 BGB). If the \
        last day is a Saturday, Sunday or holiday, the next working day is the last one (§ 193 BGB).",
    security(()),
    request_body(content = WithdrawalPeriodRequest, description = "Who concluded what, and when."),
    responses((status = 200, description = "The withdrawal period, and why.", body = WithdrawalPeriodAnswer))
)]
#[post("/calculators/withdrawal-period")]
pub async fn calculate_withdrawal_period(
    context: RequestContext,
    body: Json<WithdrawalPeriodRequest>,
) -> Result<web::Json<WithdrawalPeriodAnswer>, Problem> {
    let request = body.value;
    let zone = fields::zone_or_default(request.time_zone)?;
    let period = withdrawal_period(&WithdrawalQuestion {
        consumer: request.customer_type == CustomerType::Consumer,
        concluded_at: request.concluded_at.0,
        instructed_at: request.instructed_at.map(|instant| instant.0),
        zone: &zone,
        regions: &request.holiday_regions,
    });
    Ok(web::Json(WithdrawalPeriodAnswer {
        exists: period.exists,
        last_day_on: period.last_day_on.map(CivilDate),
        expires_at: period.expires_at.map(fields::whole_second),
        timely: request.declared_at.and_then(|declared_at| period.timely(declared_at.0)),
        because: BecauseDto::list(&period.because, context.locale),
    }))
}
