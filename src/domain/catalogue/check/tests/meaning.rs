//! What can be read but makes no sense or is forbidden.

use serde_json::{Value, json};

use super::{assert_rows, changed, named, row};
use crate::domain::catalogue::{parse, parse::example};

#[test]
fn provider_and_documents() {
    let again = serde_json::to_value(&example().legal_documents[0]).expect("json");
    assert_rows(vec![
        row("/schema_version", 2, &["schema_version_unsupported /schema_version"]),
        row("/provider/slug", "Bei_spiel", &["slug_invalid /provider/slug"]),
        row("/provider/name", " ", &["text_empty /provider/name"]),
        row("/provider/name", "x".repeat(201), &["text_too_long /provider/name"]),
        row("/provider/name", "a\u{7}b", &["text_invalid /provider/name"]),
        row(
            "/provider/time_zone",
            "Europe/Bonn",
            &["time_zone_unknown /provider/time_zone"],
        ),
        row(
            "/provider/holiday_regions",
            json!(["DE-NW", "DE-BE", "DE-NW"]),
            &["entry_duplicate /provider/holiday_regions/2"],
        ),
        row(
            "/provider/contact/email",
            "hallo",
            &["email_invalid /provider/contact/email"],
        ),
        row(
            "/provider/contact/email",
            "<a@b.example>",
            &["email_invalid /provider/contact/email"],
        ),
        row(
            "/provider/contact/email",
            "a..b@c.example",
            &["email_invalid /provider/contact/email"],
        ),
        row(
            "/provider/contact/email",
            "a@b..example",
            &["email_invalid /provider/contact/email"],
        ),
        row(
            "/provider/contact/email",
            "a@b,c.example",
            &["email_invalid /provider/contact/email"],
        ),
        row(
            "/provider/contact/text/en",
            "",
            &["text_empty /provider/contact/text/en"],
        ),
        row("/legal_documents/-", again, &["key_duplicate /legal_documents/4/key"]),
        row(
            "/legal_documents/1/version",
            "2026-02",
            &["document_translation_differs /legal_documents/1/version"],
        ),
        row(
            "/legal_documents/1/kind",
            "dpa",
            &["document_translation_differs /legal_documents/1/kind"],
        ),
        row(
            "/legal_documents/0/version",
            "",
            &[
                "version_invalid /legal_documents/0/version",
                "document_translation_differs /legal_documents/1/version",
            ],
        ),
        row("/legal_documents/0/text", "", &["text_empty /legal_documents/0/text"]),
        row(
            "/legal_documents/0/key",
            "conditions",
            &["document_language_missing /legal_documents/1/language"],
        ),
    ]);
    let old = changed(&[
        ("/legal_documents/0/valid_from", json!("1999-12-31")),
        ("/legal_documents/1/valid_from", json!("1999-12-31")),
    ]);
    let found = named(parse(&old).expect_err("faults"));
    assert_eq!(
        found,
        [
            "date_out_of_range /legal_documents/0/valid_from",
            "date_out_of_range /legal_documents/1/valid_from"
        ]
    );
}

#[test]
fn prices_and_quantities() {
    let price = |amount: &str| json!({"amount": amount, "currency": "EUR"});
    assert_rows(vec![
        row(
            "/plans/0/tax_rate",
            "30.01",
            &["tax_rate_out_of_range /plans/0/tax_rate"],
        ),
        row("/plans/0/tax_rate", "0", &[]),
        row("/plans/0/prices", json!([]), &["list_empty /plans/0/prices"]),
        row(
            "/plans/0/prices/1/amount",
            price("-0.01"),
            &["amount_negative /plans/0/prices/1/amount/amount"],
        ),
        row("/plans/0/prices/1/amount", price("1000000.00"), &[]),
        row(
            "/plans/0/prices/1/amount",
            price("1000000.01"),
            &["amount_out_of_range /plans/0/prices/1/amount/amount"],
        ),
        row(
            "/plans/0/prices/1/amount/currency",
            "CHF",
            &["currency_mixed /plans/0/prices/1/amount/currency"],
        ),
        row(
            "/plans/0/prices/1/key",
            "traffic",
            &["key_duplicate /plans/0/prices/1/key"],
        ),
        row("/plans/0/prices/1/key", "Base", &["key_invalid /plans/0/prices/1/key"]),
        row(
            "/plans/0/prices/1/unit",
            "user",
            &["member_not_allowed /plans/0/prices/1/unit"],
        ),
        row(
            "/plans/0/prices/0/unit",
            Value::Null,
            &["member_missing /plans/0/prices/0/unit"],
        ),
        row(
            "/plans/0/prices/1/kind",
            "one_off",
            &["recurring_price_missing /plans/0/prices"],
        ),
        row(
            "/plans/0/quantity/minimum",
            0,
            &["quantity_out_of_range /plans/0/quantity/minimum"],
        ),
        row(
            "/plans/0/quantity/minimum",
            21,
            &["quantity_maximum_below_minimum /plans/0/quantity/maximum"],
        ),
        row(
            "/plans/0/quantity/maximum",
            1_000_001,
            &["quantity_out_of_range /plans/0/quantity/maximum"],
        ),
        row("/plans/0/quantity/maximum", Value::Null, &[]),
        row("/plans/1/limits/0/key", "slots:shelf", &[]),
        row(
            "/plans/0/limits/0/key",
            "slots:",
            &["key_invalid /plans/0/limits/0/key"],
        ),
    ]);
    let precise = changed(&[
        ("/plans/0/prices/1/kind", json!("flat")),
        ("/plans/0/prices/1/amount/amount", json!("9.905")),
        ("/plans/0/prices/0/amount/amount", json!("0.0333")),
    ]);
    assert_eq!(
        named(parse(&precise).expect_err("a fault")),
        ["amount_too_precise /plans/0/prices/1/amount/amount"]
    );
}

#[test]
fn terms_and_consumers() {
    assert_rows(vec![
        row(
            "/plans/0/terms/notice",
            "P25M",
            &[
                "term_out_of_range /plans/0/terms/notice",
                "section_309_9_b /plans/0/terms/notice",
                "section_309_9_c /plans/0/terms/notice",
            ],
        ),
        row(
            "/plans/0/terms/initial_term",
            "P121M",
            &[
                "term_out_of_range /plans/0/terms/initial_term",
                "section_309_9_a /plans/0/terms/initial_term",
            ],
        ),
        row(
            "/plans/0/terms/renewal",
            "P12M",
            &[
                "terms_inconsistent /plans/0/terms/to",
                "section_309_9_b /plans/0/terms/renewal",
            ],
        ),
        row(
            "/plans/0/terms/to",
            "quarter_end",
            &["section_309_9_b /plans/0/terms/to"],
        ),
        row(
            "/add_ons/0/terms/notice",
            "P2M",
            &[
                "section_309_9_b /add_ons/0/terms/notice",
                "section_309_9_c /add_ons/0/terms/notice",
            ],
        ),
        row(
            "/plans/0/order_button/de",
            "Jetzt buchen",
            &["order_button_not_allowed /plans/0/order_button/de"],
        ),
        row("/plans/0/order_button/de", "Zahlungspflichtig bestellen", &[]),
        row(
            "/plans/0/order_button/en",
            "buy",
            &["order_button_not_allowed /plans/0/order_button/en"],
        ),
        row(
            "/plans/0/consents",
            json!(["terms"]),
            &["withdrawal_instruction_missing /plans/0/consents"],
        ),
        row(
            "/transitions/0/consents",
            json!([]),
            &["withdrawal_instruction_missing /transitions/0/consents"],
        ),
        row(
            "/plans/0/price_mode",
            "net",
            &[
                "consumer_price_not_gross /plans/0/price_mode",
                "transition_price_modes_differ /transitions/0/to",
                "transition_price_modes_differ /transitions/1/to",
            ],
        ),
        row(
            "/plans/0/sold_to",
            json!([]),
            &[
                "list_empty /plans/0/sold_to",
                "transition_customer_types_disjoint /transitions/0/to",
                "transition_customer_types_disjoint /transitions/1/to",
            ],
        ),
    ]);
    // Businesses may agree to all of it.
    let business = changed(&[
        ("/plans/0/sold_to", json!(["business"])),
        (
            "/plans/0/terms",
            json!({"initial_term": "P36M", "renewal": "P12M", "notice": "P6M", "to": "term_end"}),
        ),
        ("/plans/0/order_button", json!({"de": "Jetzt buchen", "en": "Book now"})),
        ("/plans/0/consents", json!([])),
    ]);
    assert_eq!(parse(&business).map(|catalogue| catalogue.plans.len()), Ok(2));
    // What costs nothing needs no statutory button.
    let free = changed(&[
        (
            "/plans/0/prices",
            json!([{"key": "base", "kind": "flat", "amount": {"amount": "0.00", "currency": "EUR"}, "label": {"de": "Frei", "en": "Free"}}]),
        ),
        ("/plans/0/order_button", json!({"de": "Los", "en": "Go"})),
        ("/plans/0/consents", json!([])),
    ]);
    assert_eq!(parse(&free).map(|catalogue| catalogue.plans.len()), Ok(2));
}

#[test]
fn references_and_transitions() {
    let transition = |from: &str, to: &str| json!({"from": from, "to": to, "timing": "immediate", "consents": ["withdrawal_instruction"]});
    assert_rows(vec![
        row("/plans/0/product", "nothing", &["reference_unknown /plans/0/product"]),
        row(
            "/plans/0/consents/-",
            "nothing",
            &["reference_unknown /plans/0/consents/2"],
        ),
        row("/plans/0/consents/-", "terms", &["entry_duplicate /plans/0/consents/2"]),
        row(
            "/plans/0/included_add_ons/0/add_on",
            "nothing",
            &["reference_unknown /plans/0/included_add_ons/0/add_on"],
        ),
        row(
            "/plans/0/included_add_ons/0/quantity",
            101,
            &["quantity_out_of_range /plans/0/included_add_ons/0/quantity"],
        ),
        row(
            "/plans/1/key",
            "large",
            &[
                "key_duplicate /plans/1/key",
                "reference_unknown /add_ons/0/allowed_for/0",
                "reference_unknown /transitions/0/to",
                "reference_unknown /transitions/1/from",
            ],
        ),
        row(
            "/add_ons/0/allowed_for/-",
            "small",
            &["entry_duplicate /add_ons/0/allowed_for/1"],
        ),
        row(
            "/add_ons/0/entitlements/0/per_unit",
            0,
            &["quantity_out_of_range /add_ons/0/entitlements/0/per_unit"],
        ),
        row(
            "/add_ons/0/charging",
            "one_off",
            &[
                "member_not_allowed /add_ons/0/billing",
                "member_not_allowed /add_ons/0/billing_interval",
                "member_not_allowed /add_ons/0/terms",
                "price_kind_not_allowed /add_ons/0/prices/0/kind",
                "price_kind_not_allowed /add_ons/0/prices/1/kind",
            ],
        ),
        row(
            "/add_ons/0/billing",
            Value::Null,
            &["member_missing /add_ons/0/billing"],
        ),
        row(
            "/transitions/-",
            transition("small", "small"),
            &["transition_to_itself /transitions/2/to"],
        ),
        row(
            "/transitions/-",
            transition("small", "large"),
            &["transition_duplicate /transitions/2"],
        ),
        row(
            "/transitions/-",
            transition("tiny", "large"),
            &["reference_unknown /transitions/2/from"],
        ),
        row(
            "/transitions/0/consequences/0/code",
            "",
            &["key_invalid /transitions/0/consequences/0/code"],
        ),
        row(
            "/transitions/0/consequences/0/text/de",
            "",
            &["text_empty /transitions/0/consequences/0/text/de"],
        ),
    ]);
    let disjoint = changed(&[
        ("/plans/0/sold_to", json!(["consumer"])),
        ("/plans/1/sold_to", json!(["business"])),
    ]);
    assert_eq!(
        named(parse(&disjoint).expect_err("faults")),
        [
            "transition_customer_types_disjoint /transitions/0/to",
            "transition_customer_types_disjoint /transitions/1/to"
        ]
    );
    let calendar = changed(&[
        ("/plans/0/billing_alignment", json!("calendar")),
        ("/plans/0/billing_interval", json!("P5M")),
    ]);
    assert_eq!(
        named(parse(&calendar).expect_err("a fault")),
        ["alignment_impossible /plans/0/billing_alignment"]
    );
}

#[test]
fn slot_kinds() {
    let unlisted = json!([{ "key": "slots:drawer", "maximum": 3 }]);
    assert_rows(vec![
        row(
            "/slot_kinds/0/key",
            "Shelf",
            &[
                "key_invalid /slot_kinds/0/key",
                "slots_missing /slot_kinds/0/single_plan",
                "slots_missing /slot_kinds/0/targets/0/single_plan",
                "slots_missing /slot_kinds/0/packages/0/plan",
                "reference_unknown /plans/0/limits/1/key",
            ],
        ),
        row(
            "/slot_kinds/0/single_plan",
            "nothing",
            &["reference_unknown /slot_kinds/0/single_plan"],
        ),
        row(
            "/slot_kinds/0/single_plan",
            "small",
            &["slots_missing /slot_kinds/0/single_plan"],
        ),
        row("/slot_kinds/0/single_plan", Value::Null, &[]),
        row("/slot_kinds/0/name/de", " ", &["text_empty /slot_kinds/0/name/de"]),
        row(
            "/slot_kinds/0/targets",
            json!([]),
            &["slot_targets_missing /slot_kinds/0/targets"],
        ),
        row(
            "/slot_kinds/0/targets/0/group",
            "cellar",
            &["reference_unknown /slot_kinds/0/targets/0/group"],
        ),
        row(
            "/slot_kinds/0/targets/0/single_plan",
            "small",
            &["slots_missing /slot_kinds/0/targets/0/single_plan"],
        ),
        row("/slot_kinds/0/targets/0/from_label", Value::Null, &[]),
        row(
            "/slot_kinds/0/packages/0/plan",
            "small",
            &["slots_missing /slot_kinds/0/packages/0/plan"],
        ),
        row(
            "/slot_kinds/0/groups/0/key",
            "attic",
            &["reference_unknown /slot_kinds/0/targets/0/group"],
        ),
        row(
            "/plans/1/limits",
            unlisted,
            &["reference_unknown /plans/1/limits/0/key"],
        ),
    ]);
}
