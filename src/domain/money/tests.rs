use proptest::prelude::*;
use serde_json::json;

use super::{Currency::EUR, *};

#[test]
fn amounts_have_exactly_two_decimals() {
    for (text, minor) in [
        ("19.90", 1_990),
        ("-0.05", -5),
        ("0.00", 0),
        ("-0.00", 0),
        ("100000000000.00", MAX_MINOR),
    ] {
        let money = Money::parse(text, EUR).expect("an amount");
        assert_eq!(money.minor, minor);
        assert_eq!(money.amount(), text.replace("-0.00", "0.00"));
    }
    for (text, error) in [
        ("19.9", MoneyError::Precision),
        ("19", MoneyError::Precision),
        ("19.900", MoneyError::Precision),
        ("19.90000", MoneyError::Precision),
        ("100000000000.01", MoneyError::OutOfRange),
        ("99999999999999.00", MoneyError::OutOfRange),
    ] {
        assert_eq!(Money::parse(text, EUR), Err(error), "{text}");
    }
}

#[test]
fn malformed_amounts_are_refused() {
    for text in [
        "", "-", ".", "1.", ".50", "+1.00", "1,00", "01.00", "1.0a", "1e3", "--1.00", " 1.00", "1 000.00", "１.00",
        "NaN",
    ] {
        assert_eq!(Money::parse(text, EUR), Err(MoneyError::Malformed), "{text}");
        assert_eq!(UnitPrice::parse(text, EUR), Err(MoneyError::Malformed), "{text}");
    }
}

#[test]
fn unit_prices_have_up_to_four_decimals() {
    for (text, scaled, written) in [
        ("5.90", 59_000, "5.90"),
        ("33.335", 333_350, "33.335"),
        ("0.0333", 333, "0.0333"),
        ("19", 190_000, "19.00"),
        ("-24.9", -249_000, "-24.90"),
        ("0", 0, "0.00"),
    ] {
        let price = UnitPrice::parse(text, EUR).expect("a price");
        assert_eq!(price.ten_thousandths, scaled);
        assert_eq!(price.amount(), written);
    }
    assert_eq!(UnitPrice::parse("0.00001", EUR), Err(MoneyError::Precision));
    assert_eq!(UnitPrice::parse("100000000000.01", EUR), Err(MoneyError::OutOfRange));
}

#[test]
fn json_form_is_a_closed_object_with_a_decimal_string() {
    let money: Money = serde_json::from_value(json!({"amount": "19.90", "currency": "EUR"})).expect("money");
    assert_eq!(
        serde_json::to_value(money).expect("JSON"),
        json!({"amount": "19.90", "currency": "EUR"})
    );
    for wrong in [
        json!({"amount": 19.90, "currency": "EUR"}),
        json!({"amount": "19.90"}),
        json!({"amount": "19.90", "currency": "eur"}),
        json!({"amount": "19.90", "currency": "JPY"}),
        json!({"amount": "19.90", "currency": "EUR", "net": true}),
        json!("19.90"),
    ] {
        assert!(serde_json::from_value::<Money>(wrong.clone()).is_err(), "{wrong}");
        assert!(serde_json::from_value::<UnitPrice>(wrong).is_err());
    }
}

#[test]
fn sums_never_overflow_nor_mix_currencies() {
    let most = Money::new(MAX_MINOR, EUR).expect("the maximum");
    let cent = Money {
        minor: 1,
        currency: EUR,
    };
    assert_eq!(most.checked_add(cent), Err(MoneyError::OutOfRange));
    assert_eq!(most.negated().checked_sub(cent), Err(MoneyError::OutOfRange));
    assert_eq!(
        Money {
            minor: i64::MIN,
            currency: EUR
        }
        .checked_sub(cent),
        Err(MoneyError::OutOfRange)
    );
    assert_eq!(
        cent.checked_add(Money {
            minor: 1,
            currency: Currency::CHF
        }),
        Err(MoneyError::CurrencyMismatch)
    );
    assert_eq!(Money::sum([cent, cent, cent.negated()], EUR), Ok(cent));
    let price = UnitPrice::new(MAX_TEN_THOUSANDTHS, EUR).expect("the maximum");
    assert_eq!(price.times(2), Err(MoneyError::OutOfRange));
    assert_eq!(price.times(i64::MAX), Err(MoneyError::OutOfRange));
    assert_eq!(
        UnitPrice {
            ten_thousandths: i64::MIN,
            currency: EUR
        }
        .times(i64::MIN),
        Err(MoneyError::OutOfRange)
    );
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (text, expected) in [
        ("0.475", 48),
        ("-0.475", -48),
        ("0.285", 29),
        ("76.475", 7_648),
        ("0.4749", 47),
        ("0.005", 1),
    ] {
        let value: Decimal = text.parse().expect("a decimal");
        assert_eq!(
            Money::from_decimal(value, EUR).expect("in range").minor,
            expected,
            "{text}"
        );
    }
}

#[test]
fn errors_become_refusals_in_both_languages() {
    let violation = Violation::from(MoneyError::OutOfRange);
    assert_eq!(violation.code, "validation_failed");
    assert_eq!(violation.detail.en, "The amount is out of range.");
    assert_eq!(
        violation.detail.de,
        "Der Betrag liegt außerhalb des zulässigen Bereichs."
    );
}

proptest! {
    #[test]
    fn amounts_survive_their_text(minor in -MAX_MINOR..=MAX_MINOR) {
        let money = Money { minor, currency: EUR };
        prop_assert_eq!(Money::parse(&money.amount(), EUR), Ok(money));
        let price = UnitPrice { ten_thousandths: minor, currency: EUR };
        prop_assert_eq!(UnitPrice::parse(&price.amount(), EUR), Ok(price));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,24}") {
        let _ = Money::parse(&text, EUR);
        let _ = UnitPrice::parse(&text, EUR);
    }
}
