//! Whether a document bears tax: the ordinary rate, the recipient's liability (reverse charge), or an exemption.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    document::Note,
    party::{BillingDetails, Supplier},
    vat_id::is_vat_id,
};
use crate::domain::{
    customer_type::CustomerType,
    localized::LocalizedText,
    money::{Money, MoneyError, UnitPrice, round_half_away},
    tax::{PriceMode, TaxRate},
};

/// Why tax is charged or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    /// Tax at the rate of the price.
    #[default]
    Standard,
    /// The recipient, a business in another member state, owes the tax (§ 3a Abs. 2, § 13b UStG; Art. 196 VAT Directive).
    ReverseCharge,
    /// The supplier is a small business (§ 19 UStG).
    SmallBusiness,
    /// The customer is exempt for the reason given on the document.
    Exempt,
}

/// VAT prefixes of the member states of the EU; Greece writes `EL`. `XI` (Northern Ireland) covers goods only.
const MEMBER_STATES: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

impl TaxTreatment {
    /// Every treatment.
    pub const ALL: [Self; 4] = [Self::Standard, Self::ReverseCharge, Self::SmallBusiness, Self::Exempt];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ReverseCharge => "reverse_charge",
            Self::SmallBusiness => "small_business",
            Self::Exempt => "exempt",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|treatment| treatment.as_str() == name)
    }

    /// How what is supplied to a customer is taxed, as far as supplier and customer decide it.
    pub fn of(supplier: &Supplier, customer_type: CustomerType, details: &BillingDetails) -> Self {
        if supplier.small_business {
            Self::SmallBusiness
        } else if details.tax_exemption.is_some() {
            Self::Exempt
        } else if customer_type == CustomerType::Business && is_foreign_member_state(supplier, details) {
            Self::ReverseCharge
        } else {
            Self::Standard
        }
    }

    /// A price as it is invoiced: unit price, amount and rate. Where no tax is owed, the tax a gross price contains is taken
    /// out of it; a small business' gross price is what it wants to have.
    ///
    /// # Errors
    /// When an amount leaves the range of money.
    pub fn apply(
        self,
        unit_price: UnitPrice,
        amount: Money,
        rate: TaxRate,
        mode: PriceMode,
    ) -> Result<(UnitPrice, Money, TaxRate), MoneyError> {
        if self == Self::Standard {
            return Ok((unit_price, amount, rate));
        }
        let zero = TaxRate::default();
        if mode == PriceMode::Net || self == Self::SmallBusiness {
            return Ok((unit_price, amount, zero));
        }
        let divisor = Decimal::ONE + rate.percent() / Decimal::ONE_HUNDRED;
        let without = |value: Decimal| value.checked_div(divisor).ok_or(MoneyError::OutOfRange);
        let unit = round_half_away(without(unit_price.to_decimal())?, 4) * Decimal::from(10_000);
        let unit = i64::try_from(unit).map_err(|_| MoneyError::OutOfRange)?;
        let unit_price = UnitPrice::new(unit, unit_price.currency)?;
        let amount = Money::from_decimal(without(amount.to_decimal())?, amount.currency)?;
        Ok((unit_price, amount, zero))
    }

    /// What the document must say about it (§ 14 Abs. 4 Satz 1 Nr. 8, § 14a Abs. 1 UStG, § 34a UStDV).
    pub fn note(self, exemption: Option<&str>) -> Option<Note> {
        match self {
            Self::Standard => None,
            Self::ReverseCharge => Some(Note::new(
                "reverse_charge",
                "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG, Art. 196 MwStSystRL).",
                "Reverse charge: the recipient is liable for VAT (Art. 196 of Directive 2006/112/EC).",
            )),
            Self::SmallBusiness => Some(Note::new(
                "small_business",
                "Steuerfrei nach § 19 UStG (Kleinunternehmer).",
                "Exempt from VAT under section 19 UStG (small business).",
            )),
            Self::Exempt => Some(Note {
                code: "tax_exempt".to_owned(),
                text: LocalizedText::new(exemption.unwrap_or_default(), exemption.unwrap_or_default()),
            }),
        }
    }
}

fn is_foreign_member_state(supplier: &Supplier, details: &BillingDetails) -> bool {
    // One that was kept before forms were checked by state proves no business abroad.
    let vat_id = details.vat_id.as_deref().filter(|vat_id| is_vat_id(vat_id));
    let Some(theirs) = vat_id.and_then(|vat_id| vat_id.get(..2)) else {
        return false;
    };
    let ours = match supplier.address.country.as_str() {
        "GR" => "EL",
        country => country,
    };
    MEMBER_STATES.contains(&theirs) && MEMBER_STATES.contains(&ours) && theirs != ours
}
