//! When does a contract end if notice is received now?

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::fields;
use crate::api::because::BecauseDto;
use crate::api::choices::{AllowedEndDto, CustomerTypeDto};
use crate::api::civil_date::CivilDate;
use crate::api::extract::Json;
use crate::api::instant::Instant;
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::calendar::CalendarDuration;
use crate::domain::customer_type::CustomerType;
use crate::domain::localized::Locale;
use crate::domain::period::{BillingInterval, BillingSchedule};
use crate::domain::terms::{AllowedEnd, Renewal, Termination, TerminationQuestion, Terms, termination};
use crate::domain::time_zone::TimeZone;
use crate::error::{AppError, FieldError};

/// What the end of a contract depends on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "terms": {"initial_term": null, "renewal": null, "notice": "P3M", "to": "quarter_end"},
    "received_at": "2021-03-31T08:00:00Z"
}))]
pub struct TerminationDateRequest {
    /// The terms of the contract.
    terms: TermsInput,
    /// When the notice was received (§ 130 BGB); its day in `time_zone` counts.
    #[validate(custom(function = "fields::in_range"))]
    received_at: Instant,
    /// First day of the contract; needed with an initial term.
    started_on: Option<CivilDate>,
    /// When the contract bills; needed with `billing_period_end`.
    billing: Option<BillingInput>,
    /// The last day the customer wishes for; if it is not possible, the next possible day is found.
    wish_on: Option<CivilDate>,
    /// With `consumer` the end is never later than a month after receipt once no minimum term runs (§ 309 Nr. 9 BGB);
    /// without it the terms are applied as they are.
    #[schema(nullable = false, value_type = Option<CustomerTypeDto>)]
    customer_type: Option<CustomerType>,
    /// Time zone (IANA) whose days count; `Europe/Berlin` if absent.
    #[serde(default, deserialize_with = "fields::optional_text")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
}

/// Minimum term, renewal and notice, as in the catalogue.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Terms)]
pub struct TermsInput {
    /// The time for which the contract binds at first (ISO 8601 duration); `null` for none.
    #[serde(default, deserialize_with = "fields::optional_text")]
    #[schema(value_type = Option<String>, pattern = r"^P\d{1,5}[YMWD]$", min_length = 3, max_length = 7, example = "P12M")]
    initial_term: Option<CalendarDuration>,
    /// What follows the initial term: `indefinite`, the length of each renewal, or `null` where the contract ends by itself.
    #[serde(default, deserialize_with = "fields::optional_text")]
    #[schema(
        value_type = Option<String>,
        pattern = r"^(indefinite|P\d{1,5}[YMWD])$",
        min_length = 3,
        max_length = 10,
        example = "indefinite"
    )]
    renewal: Option<Renewal>,
    /// The notice period from receipt (ISO 8601 duration); `P0D` for none.
    #[serde(deserialize_with = "fields::text")]
    #[schema(value_type = String, pattern = r"^P\d{1,5}[YMWD]$", min_length = 3, max_length = 7, example = "P3M")]
    notice: CalendarDuration,
    /// The days on which the contract may end.
    #[schema(value_type = AllowedEndDto)]
    to: AllowedEnd,
}

/// When a contract bills.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BillingScheduleInput)]
pub struct BillingInput {
    /// First day of the first billing period.
    anchor_on: CivilDate,
    /// Length of each period (ISO 8601 duration), 1 to 60 months.
    #[serde(deserialize_with = "fields::text")]
    #[schema(value_type = String, pattern = r"^P\d{1,2}[YM]$", min_length = 3, max_length = 4, example = "P1M")]
    interval: BillingInterval,
}

/// The end of a contract, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "received_on": "2021-03-31",
    "notice_expires_on": "2021-06-30",
    "ends_on": "2021-06-30",
    "ends_at": "2021-06-30T22:00:00Z",
    "successor_starts_on": "2021-07-01",
    "latest_receipt_on": "2021-03-31",
    "because": [
        {
            "rule": "notice_period",
            "source": "§ 187 Abs. 1, § 188 Abs. 2, Abs. 3 BGB",
            "text": "Zugang am 31.03.2021; dieser Tag zählt nicht mit. Kündigungsfrist (3 Monate) bis 30.06.2021."
        },
        {
            "rule": "allowed_end",
            "source": "Vertragsbedingungen",
            "text": "Der Vertrag kann zum Quartalsende enden; der nächste solche Tag ist der 30.06.2021."
        }
    ]
}))]
pub struct TerminationDate {
    /// Day of receipt.
    received_on: CivilDate,
    /// Last day of the notice period. Weekends and holidays do not move it.
    notice_expires_on: CivilDate,
    /// Last day of the contract.
    ends_on: CivilDate,
    /// The end of that day, exclusive, in UTC.
    #[schema(format = DateTime, max_length = 24, example = "2021-06-30T22:00:00Z")]
    ends_at: String,
    /// First day of whatever follows.
    successor_starts_on: CivilDate,
    /// The latest day of receipt that still leads to this end.
    latest_receipt_on: CivilDate,
    /// Why, step by step.
    #[schema(min_items = 1, max_items = 10)]
    because: Vec<BecauseDto>,
}

/// Calculate when a contract ends.
#[utoipa::path(
    tag = "Calculators",
    operation_id = "calculateTerminationDate",
    summary = "Calculate when a contract ends after notice",
    description = "Counts the notice period from the day after receipt (§§ 187, 188 BGB) and finds the first day on or after its \
        end on which the terms allow the contract to end and no minimum term runs. Notice before the start ends the contract on \
        the eve of the start; a contract with an initial term and no renewal ends by itself.",
    security(()),
    request_body(content = TerminationDateRequest, description = "Terms and receipt."),
    responses((status = 200, description = "The end of the contract, and why.", body = TerminationDate)),
    extensions(("x-problem-codes" = json!(["date_out_of_range"])))
)]
#[post("/calculators/termination-date")]
pub async fn calculate_termination_date(
    context: RequestContext,
    body: Json<TerminationDateRequest>,
) -> Result<web::Json<TerminationDate>, Problem> {
    let request = body.value;
    let terms = Terms::from(request.terms);
    sensible(&terms)?;
    let zone = fields::zone_or_default(request.time_zone)?;
    let found = termination(&TerminationQuestion {
        terms: &terms,
        received_on: zone.local_date(request.received_at.0),
        started_on: request.started_on.map(|date| date.0),
        billing: request.billing.map(Into::into),
        wish_on: request.wish_on.map(|date| date.0),
        consumer: request.customer_type == Some(CustomerType::Consumer),
    })
    .map_err(AppError::from)?;
    Ok(web::Json(TerminationDate::new(&found, &zone, context.locale)))
}

/// Names all that is senseless in the terms, not only the first.
fn sensible(terms: &Terms) -> Result<(), AppError> {
    let faults = terms.check();
    if faults.is_empty() {
        return Ok(());
    }
    let errors = faults.into_iter().map(|fault| {
        let pointer = format!("/terms/{}", fault.field);
        FieldError::body(pointer, "inconsistent_terms", fault.text.de, fault.text.en)
    });
    Err(AppError::Validation(errors.collect()))
}

impl From<TermsInput> for Terms {
    fn from(input: TermsInput) -> Self {
        Self {
            initial_term: input.initial_term,
            renewal: input.renewal,
            notice: input.notice,
            to: input.to,
        }
    }
}

impl From<BillingInput> for BillingSchedule {
    fn from(input: BillingInput) -> Self {
        Self {
            anchor_on: input.anchor_on.0,
            interval: input.interval,
        }
    }
}

impl TerminationDate {
    fn new(found: &Termination, zone: &TimeZone, locale: Locale) -> Self {
        Self {
            received_on: found.received_on.into(),
            notice_expires_on: found.notice_expires_on.into(),
            ends_on: found.ends_on.into(),
            ends_at: fields::whole_second(zone.end_of_day(found.ends_on)),
            successor_starts_on: found.successor_starts_on.into(),
            latest_receipt_on: found.latest_receipt_on.into(),
            because: BecauseDto::list(&found.because, locale),
        }
    }
}
