//! What do some lines come to with value added tax? Here alone amounts are bare decimal strings: one currency holds for all.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::fields;
use crate::api::choices::PriceModeDto;
use crate::api::extract::Json;
use crate::api::money::CurrencyDto;
use crate::api::problem::Problem;
use crate::domain::money::{Currency, UnitPrice};
use crate::domain::tax::{PriceMode, TaxGroup, TaxLine, TaxRate, TaxTotals, tax};
use crate::error::AppError;

/// Lines to be taxed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "prices": "net",
    "currency": "EUR",
    "lines": [
        {"unit_price": "10.00", "quantity": 1, "tax_rate": "19"},
        {"unit_price": "10.00", "quantity": 1, "tax_rate": "7"}
    ]
}))]
pub struct TaxRequest {
    /// Whether the prices contain the tax.
    #[schema(value_type = PriceModeDto)]
    prices: PriceMode,
    /// Currency of all amounts (ISO 4217).
    #[schema(value_type = CurrencyDto)]
    currency: Currency,
    /// The lines.
    #[validate(length(min = 1, max = 1000), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<TaxLineInput>,
}

/// One line.
// `Serialize` because the validator keeps a list that is too long among the parameters of its finding.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaxLine)]
pub struct TaxLineInput {
    /// Price of one unit, a decimal string with up to four decimals; negative for a credit.
    #[schema(
        pattern = r"^-?(0|[1-9]\d{0,12})(\.\d{1,4})?$",
        min_length = 1,
        max_length = 19,
        example = "10.00"
    )]
    unit_price: String,
    /// Units.
    #[validate(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    quantity: i64,
    /// Rate in per cent, by the date of the service.
    #[serde(deserialize_with = "fields::text")]
    #[schema(
        value_type = String,
        pattern = r"^(0|[1-9]\d{0,2})(\.\d{1,4})?$",
        min_length = 1,
        max_length = 8,
        example = "19"
    )]
    tax_rate: TaxRate,
}

/// Totals: `gross` is `net` plus `tax`, exactly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "currency": "EUR",
    "net": "20.00",
    "tax": "2.60",
    "gross": "22.60",
    "breakdown": [
        {"tax_rate": "7", "net": "10.00", "tax": "0.70"},
        {"tax_rate": "19", "net": "10.00", "tax": "1.90"}
    ]
}))]
pub struct TaxAnswer {
    /// Currency of all amounts.
    currency: CurrencyDto,
    /// Sum without tax.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2}$", max_length = 17, example = "20.00")]
    net: String,
    /// Sum of the taxes.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2}$", max_length = 17, example = "2.60")]
    tax: String,
    /// Sum with tax.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2}$", max_length = 17, example = "22.60")]
    gross: String,
    /// One entry for each rate, the lowest first.
    #[schema(min_items = 1, max_items = 1000)]
    breakdown: Vec<TaxGroupDto>,
}

/// The lines of one rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaxGroup)]
pub struct TaxGroupDto {
    /// Rate in per cent.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    tax_rate: String,
    /// Taxable amount.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2}$", max_length = 17, example = "10.00")]
    net: String,
    /// Tax on it, rounded once.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2}$", max_length = 17, example = "1.90")]
    tax: String,
}

/// Calculate value added tax.
#[utoipa::path(
    tag = "Calculators",
    operation_id = "calculateTax",
    summary = "Calculate value added tax on some lines",
    description = "Each line is rounded, the lines of a rate are added up, and the tax of their sum is rounded once (EN 16931). Gross \
        prices stand: the tax is taken out of them. Amounts are decimal strings without a currency of their own.",
    security(()),
    request_body(content = TaxRequest, description = "Lines in one currency."),
    responses((status = 200, description = "Totals and one entry for each rate.", body = TaxAnswer))
)]
#[post("/calculators/tax")]
pub async fn calculate_tax(body: Json<TaxRequest>) -> Result<web::Json<TaxAnswer>, Problem> {
    let request = body.value;
    let lines = read_lines(&request)?;
    let totals = tax(&lines, request.prices, request.currency).map_err(|violation| match violation.pointer {
        Some(_) => violation,
        None => violation.at("/lines"),
    });
    Ok(web::Json(TaxAnswer::new(
        &totals.map_err(AppError::from)?,
        request.currency,
    )))
}

/// The lines as the rule takes them; every price that is none is named.
fn read_lines(request: &TaxRequest) -> Result<Vec<TaxLine>, AppError> {
    let mut lines = Vec::with_capacity(request.lines.len());
    let mut errors = Vec::new();
    for (index, line) in request.lines.iter().enumerate() {
        match UnitPrice::parse(&line.unit_price, request.currency) {
            Ok(unit_price) => lines.push(TaxLine {
                unit_price,
                quantity: line.quantity,
                rate: line.tax_rate,
            }),
            Err(error) => errors.push(fields::wrong_amount(format!("/lines/{index}/unit_price"), error)),
        }
    }
    if errors.is_empty() {
        Ok(lines)
    } else {
        Err(AppError::Validation(errors))
    }
}

impl TaxAnswer {
    fn new(totals: &TaxTotals, currency: Currency) -> Self {
        Self {
            currency: currency.into(),
            net: totals.net.amount(),
            tax: totals.tax.amount(),
            gross: totals.gross.amount(),
            breakdown: totals.breakdown.iter().map(Into::into).collect(),
        }
    }
}

impl From<&TaxGroup> for TaxGroupDto {
    fn from(group: &TaxGroup) -> Self {
        Self {
            tax_rate: group.rate.to_string(),
            net: group.net.amount(),
            tax: group.tax.amount(),
        }
    }
}
