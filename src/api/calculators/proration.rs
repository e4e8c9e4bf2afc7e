//! Which part of a period's price falls on some of its days?

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::fields;
use crate::api::civil_date::CivilDate;
use crate::api::extract::Json;
use crate::api::money::{CurrencyDto, MoneyDto};
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::money::{Currency, UnitPrice};
use crate::domain::proration::prorate;
use crate::error::AppError;

/// A price, the period it is for, and the days that are charged.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "unit_price": {"amount": "5.90", "currency": "EUR"},
    "quantity": 3,
    "period": {"from_on": "2026-03-18", "through_on": "2026-04-17"},
    "used": {"from_on": "2026-04-02", "through_on": "2026-04-17"}
}))]
pub struct ProrationRequest {
    /// Price of one unit for the whole period; negative for a credit.
    unit_price: UnitPriceInput,
    /// Units.
    #[validate(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000, example = 3)]
    quantity: i64,
    /// The period the price is for.
    period: DaysInput,
    /// The days that are charged; all of them in the period.
    used: DaysInput,
}

/// A price per unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UnitPriceInput)]
pub struct UnitPriceInput {
    /// Decimal string with up to four decimals.
    #[schema(
        pattern = r"^-?(0|[1-9]\d{0,12})(\.\d{1,4})?$",
        min_length = 1,
        max_length = 19,
        example = "5.90"
    )]
    amount: String,
    /// Currency (ISO 4217).
    #[schema(value_type = CurrencyDto)]
    currency: Currency,
}

/// Some days in a row; both belong to them.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Days)]
pub struct DaysInput {
    /// First day.
    from_on: CivilDate,
    /// Last day.
    through_on: CivilDate,
}

/// The part of the price, and how it was computed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "period_days": 31,
    "used_days": 16,
    "full_amount": {"amount": "17.70", "currency": "EUR"},
    "amount": {"amount": "9.14", "currency": "EUR"},
    "remainder": {"amount": "8.56", "currency": "EUR"},
    "arithmetic": "16/31 Tage von 3 × 5,90"
}))]
pub struct ProrationAnswer {
    /// Days of the period.
    #[schema(minimum = 1, maximum = 76_701, example = 31)]
    period_days: u32,
    /// Days that are charged.
    #[schema(minimum = 1, maximum = 76_701, example = 16)]
    used_days: u32,
    /// Price times quantity for the whole period.
    full_amount: MoneyDto,
    /// The part for the days that are charged, rounded once, half a cent away from zero.
    amount: MoneyDto,
    /// The rest: `full_amount` less `amount`.
    remainder: MoneyDto,
    /// The calculation in words, in the caller's language.
    #[schema(max_length = 100, example = "16/31 Tage von 3 × 5,90")]
    arithmetic: String,
}

/// Calculate a part of a price by days.
#[utoipa::path(
    tag = "Calculators",
    operation_id = "calculateProration",
    summary = "Calculate the part of a price for some days",
    description = "Price × quantity × days charged ÷ days of the period; first and last day count, the result is rounded once. A \
        credit is the proration of the negative price and mirrors the charge exactly.",
    security(()),
    request_body(content = ProrationRequest, description = "Price, period and days."),
    responses((status = 200, description = "The part, the rest and the arithmetic.", body = ProrationAnswer))
)]
#[post("/calculators/proration")]
pub async fn calculate_proration(
    context: RequestContext,
    body: Json<ProrationRequest>,
) -> Result<web::Json<ProrationAnswer>, Problem> {
    let request = body.value;
    let unit_price = UnitPrice::parse(&request.unit_price.amount, request.unit_price.currency)
        .map_err(|error| AppError::field(fields::wrong_amount("/unit_price/amount", error)))?;
    let days = |days: DaysInput| (days.from_on.0, days.through_on.0);
    let found =
        prorate(unit_price, request.quantity, days(request.period), days(request.used)).map_err(AppError::from)?;
    Ok(web::Json(ProrationAnswer {
        period_days: found.period_days,
        used_days: found.used_days,
        full_amount: found.full.into(),
        amount: found.amount.into(),
        remainder: found.remainder.into(),
        arithmetic: found.arithmetic().get(context.locale).to_owned(),
    }))
}
