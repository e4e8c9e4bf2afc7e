//! Who issues an invoice, to whom, and the provider's settings for it (§ 14 Abs. 4 Satz 1 Nr. 1 and 2 UStG).

use serde::{Deserialize, Serialize};

/// A postal address as it stands on invoices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Department, person or building, if any.
    #[serde(default)]
    pub addition: Option<String>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// Country, ISO 3166-1 alpha-2.
    pub country: String,
}

/// Who supplies and issues invoices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplier {
    /// Full name of the firm, legal form included (§ 14 Abs. 4 Satz 1 Nr. 1 UStG).
    pub name: String,
    /// Full address.
    pub address: Address,
    /// Tax number given by the tax office (§ 14 Abs. 4 Satz 1 Nr. 2 UStG); this or `vat_id` is needed.
    #[serde(default)]
    pub tax_number: Option<String>,
    /// VAT identification number.
    #[serde(default)]
    pub vat_id: Option<String>,
    /// Whether the supplier is a small business that charges no tax (§ 19 UStG).
    #[serde(default)]
    pub small_business: bool,
}

impl Supplier {
    /// Stands in where no supplier is named and nothing will be issued.
    pub(super) fn unnamed() -> Self {
        Self {
            name: String::new(),
            address: Address {
                addition: None,
                street: String::new(),
                postal_code: String::new(),
                city: String::new(),
                country: String::new(),
            },
            tax_number: None,
            vat_id: None,
            small_business: false,
        }
    }
}

/// To whom an invoice is addressed, as known on the day of issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The customer's number.
    pub customer_number: String,
    /// Full name.
    pub name: String,
    /// Full address, if it is known.
    pub address: Option<Address>,
    /// VAT identification number.
    pub vat_id: Option<String>,
}

/// What a customer is billed by, apart from name and number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingDetails {
    /// Where invoices are addressed to.
    #[serde(default)]
    pub address: Option<Address>,
    /// VAT identification number, upper case without blanks.
    #[serde(default)]
    pub vat_id: Option<String>,
    /// Why no tax is charged to this customer, in the words that stand on the invoice (§ 14 Abs. 4 Satz 1 Nr. 8 UStG).
    #[serde(default)]
    pub tax_exemption: Option<String>,
}

/// How a provider invoices; without it charges stay drafts and nothing is invoiced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoicing {
    /// The firm that stands on the invoices.
    pub supplier: Supplier,
    /// Days from the day of issue to the day on which payment is due, that day not counted (§ 187 Abs. 1 BGB).
    #[serde(default = "default_payment_term")]
    pub payment_term_days: u32,
    /// Numbers of invoices, with `{year}` and `{number}`.
    #[serde(default = "default_number_format")]
    pub number_format: String,
    /// Numbers of invoice corrections, a range of their own, with `{year}` and `{number}`.
    #[serde(default = "default_correction_number_format")]
    pub correction_number_format: String,
}

fn default_payment_term() -> u32 {
    14
}

fn default_number_format() -> String {
    "RE-{year}-{number}".to_owned()
}

fn default_correction_number_format() -> String {
    "RK-{year}-{number}".to_owned()
}

/// Numbers are written with at least this many digits, so that they sort as they were given.
const DIGITS: usize = 6;

/// The number of a document: `RE-2026-000042`. Those of sandbox providers begin with `TEST-`, so that nobody books them.
pub fn document_number(format: &str, year: i32, sequence: i64, sandbox: bool) -> String {
    let number = format
        .replace("{year}", &format!("{year:04}"))
        .replace("{number}", &format!("{sequence:0DIGITS$}"));
    if sandbox { format!("TEST-{number}") } else { number }
}

/// Whether a format gives every document of every year a number of its own: `{year}` and `{number}` exactly once, not
/// adjoining, otherwise letters, digits and `-`, `/`, `.`, `_`.
pub fn is_number_format(format: &str) -> bool {
    let rest = format.replacen("{year}", "\u{1}", 1).replacen("{number}", "\u{2}", 1);
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '/' | '.' | '_');
    let once = |mark: char| rest.matches(mark).count() == 1;
    rest.chars().count() <= 30
        && once('\u{1}')
        && once('\u{2}')
        && rest
            .chars()
            .all(|character| plain(character) || matches!(character, '\u{1}' | '\u{2}'))
        && !rest.contains("\u{1}\u{2}")
        && !rest.contains("\u{2}\u{1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_year_and_place_and_say_when_they_are_only_tests() {
        assert_eq!(document_number("RE-{year}-{number}", 2026, 42, false), "RE-2026-000042");
        assert_eq!(
            document_number("{number}/{year}", 2026, 1_234_567, true),
            "TEST-1234567/2026"
        );
    }

    #[test]
    fn a_format_names_year_and_number_once_and_apart() {
        for good in ["RE-{year}-{number}", "{number}/{year}", "{year}.{number}x"] {
            assert!(is_number_format(good), "{good}");
        }
        let long = format!("{{year}}-{{number}}{}", "x".repeat(30));
        for bad in [
            "",
            "{year}",
            "{number}",
            "{year}{number}",
            "{year}-{number}-{number}",
            "{year} {number}",
            &long,
        ] {
            assert!(!is_number_format(bad), "{bad}");
        }
    }
}
