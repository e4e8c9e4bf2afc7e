//! Documents with exact expected amounts, and what holds for any set of charges.

use std::sync::Arc;

use proptest::prelude::*;
use time::macros::{date, datetime};

use super::{
    billing::{Billing, BillingTerms, InvoiceHead, InvoiceStatus},
    collect::{self, Draft, Heading},
    document::{Document, DocumentType},
    party::{Address, BillingDetails, Supplier},
    treatment::TaxTreatment,
};
use crate::domain::{
    charge::{Charge, ChargeKind, ChargeStatus},
    customer_type::CustomerType,
    localized::LocalizedText,
    money::{Currency, Currency::EUR, Money, UnitPrice},
    tax::PriceMode,
};

fn charge(id: u32, amount: &str, mode: PriceMode, rate: &str) -> Charge {
    Charge {
        id: format!("chg_{id:04}"),
        item_id: "sub_a".to_owned(),
        price_key: "base".to_owned(),
        kind: ChargeKind::Recurring,
        status: ChargeStatus::Draft,
        change_id: None,
        original_charge_id: None,
        invoice_id: None,
        credit_note_id: None,
        label: LocalizedText::new("Grundgebühr", "Base fee"),
        arithmetic: LocalizedText::new("31/31 Tage", "31/31 days"),
        quantity: 1,
        unit_price: UnitPrice::parse(amount, EUR).expect("a price"),
        amount: Money::parse(amount, EUR).expect("an amount"),
        price_mode: mode,
        tax_rate: rate.parse().expect("a rate"),
        period_from: date!(2026 - 03 - 01),
        period_through: date!(2026 - 03 - 31),
        billing_from: date!(2026 - 03 - 01),
        billing_through: date!(2026 - 03 - 31),
        charged_on: date!(2026 - 03 - 01),
        created_at: datetime!(2026-02-28 23:00 UTC),
    }
}

fn supplier() -> Supplier {
    Supplier {
        name: "Muster GmbH".to_owned(),
        address: Address {
            addition: None,
            street: "Musterweg 1".to_owned(),
            postal_code: "50667".to_owned(),
            city: "Köln".to_owned(),
            country: "DE".to_owned(),
        },
        tax_number: Some("212/5017/4301".to_owned()),
        vat_id: Some("DE811234567".to_owned()),
        small_business: false,
    }
}

fn billing(details: BillingDetails) -> Billing {
    Billing {
        terms: Some(Arc::new(BillingTerms {
            supplier: supplier(),
            payment_term_days: 14,
            holiday_regions: Vec::new(),
        })),
        details,
        ..Billing::default()
    }
}

fn heading(key: (Currency, PriceMode), customer_type: CustomerType) -> Heading<'static> {
    Heading {
        document_type: DocumentType::Invoice,
        issued_on: date!(2026 - 03 - 01),
        unix_millis: 0,
        customer_type,
        key,
        customer_id: "cus_a",
    }
}

fn documents(charges: &[Charge], billing: &Billing, customer_type: CustomerType) -> Vec<Document> {
    let drafts: Vec<Draft<'_>> = charges.iter().map(|charge| ("sub_a", charge)).collect();
    let treatment = TaxTreatment::of(&billing.supplier(), customer_type, &billing.details);
    let document = |(key, members): ((Currency, PriceMode), Vec<Draft<'_>>)| {
        let lines = members
            .iter()
            .map(|draft| collect::line(*draft, billing, treatment).expect("a line"));
        let lines = lines.collect();
        collect::document(billing, &heading(key, customer_type), lines).expect("a document")
    };
    collect::groups(&drafts).into_iter().map(document).collect()
}

fn sums(document: &Document) -> [String; 3] {
    let totals = document.totals;
    [totals.net, totals.tax, totals.gross].map(Money::amount)
}

fn vat_id(id: &str) -> BillingDetails {
    BillingDetails {
        vat_id: Some(id.to_owned()),
        ..BillingDetails::default()
    }
}

#[test]
fn tax_is_rounded_once_per_rate_and_not_per_line() {
    // Each line alone would bear 0.0095, together 0.0285: rounded to 0.03, not to 3 × 0.01.
    let lines: Vec<Charge> = (0..3).map(|id| charge(id, "0.05", PriceMode::Net, "19")).collect();
    let [document] = &documents(&lines, &billing(BillingDetails::default()), CustomerType::Business)[..] else {
        panic!("one document");
    };
    assert_eq!(sums(document), ["0.15", "0.03", "0.18"]);
    let rates = [
        charge(1, "100.00", PriceMode::Net, "19"),
        charge(2, "10.10", PriceMode::Net, "7"),
    ];
    let document = &documents(&rates, &billing(BillingDetails::default()), CustomerType::Business)[0];
    let groups: Vec<String> = document
        .tax_groups
        .iter()
        .map(|group| format!("{} {} {}", group.rate, group.net.amount(), group.tax.amount()))
        .collect();
    assert_eq!(groups, ["7 10.10 0.71", "19 100.00 19.00"]);
    assert_eq!(sums(document), ["110.10", "19.71", "129.81"]);
}

#[test]
fn gross_prices_stand_and_net_and_gross_lists_make_documents_of_their_own() {
    let charges = [
        charge(1, "24.90", PriceMode::Gross, "19"),
        charge(2, "24.90", PriceMode::Net, "19"),
    ];
    let made = documents(&charges, &billing(BillingDetails::default()), CustomerType::Consumer);
    let found: Vec<[String; 3]> = made.iter().map(sums).collect();
    assert_eq!(found, [["20.92", "3.98", "24.90"], ["24.90", "4.73", "29.63"]]);
    assert!(made[0].notes.iter().any(|note| note.code == "default_after_30_days"));
    assert_ne!(made[0].id, made[1].id);
}

#[test]
fn a_business_in_another_member_state_owes_the_tax_itself() {
    let net = [charge(1, "100.00", PriceMode::Net, "19")];
    let austria = billing(vat_id("ATU12345678"));
    let document = &documents(&net, &austria, CustomerType::Business)[0];
    assert_eq!(sums(document), ["100.00", "0.00", "100.00"]);
    assert_eq!(document.notes[0].code, "reverse_charge");
    assert!(
        document.notes[0]
            .text
            .de
            .contains("Steuerschuldnerschaft des Leistungsempfängers")
    );
    assert_eq!(document.tax_groups[0].treatment, TaxTreatment::ReverseCharge);
    // The tax a gross price contains is taken out of it, line by line.
    let gross = [
        charge(1, "24.90", PriceMode::Gross, "19"),
        charge(2, "-24.90", PriceMode::Gross, "19"),
    ];
    let document = &documents(&gross[..1], &austria, CustomerType::Business)[0];
    assert_eq!(sums(document), ["20.92", "0.00", "20.92"]);
    assert!(document.lines[0].arithmetic.de.contains("abzüglich"));
    assert_eq!(sums(&documents(&gross, &austria, CustomerType::Business)[0])[2], "0.00");
    // Not for consumers, not at home, not outside the EU.
    for (details, customer_type) in [
        (vat_id("ATU12345678"), CustomerType::Consumer),
        (vat_id("DE123456789"), CustomerType::Business),
        (vat_id("CHE123456789"), CustomerType::Business),
        (vat_id("ATU1"), CustomerType::Business),
        (BillingDetails::default(), CustomerType::Business),
    ] {
        assert_eq!(
            TaxTreatment::of(&supplier(), customer_type, &details),
            TaxTreatment::Standard
        );
    }
}

#[test]
fn exempt_customers_and_small_businesses_are_charged_no_tax_and_told_why() {
    let exempt = BillingDetails {
        tax_exemption: Some("Steuerfrei nach § 4 Nr. 8 UStG".to_owned()),
        ..BillingDetails::default()
    };
    let document = &documents(
        &[charge(1, "119.00", PriceMode::Gross, "19")],
        &billing(exempt),
        CustomerType::Business,
    )[0];
    assert_eq!(sums(document), ["100.00", "0.00", "100.00"]);
    assert_eq!(document.notes[0].text.de, "Steuerfrei nach § 4 Nr. 8 UStG");
    let mut small = billing(BillingDetails::default());
    small.terms = Some(Arc::new(BillingTerms {
        supplier: Supplier {
            small_business: true,
            ..supplier()
        },
        payment_term_days: 14,
        holiday_regions: Vec::new(),
    }));
    let document = &documents(
        &[charge(1, "119.00", PriceMode::Gross, "19")],
        &small,
        CustomerType::Business,
    )[0];
    assert_eq!(sums(document), ["119.00", "0.00", "119.00"]);
    assert!(document.notes[0].text.de.contains("§ 19 UStG"));
}

#[test]
fn a_credit_is_taxed_as_the_invoice_it_corrects() {
    let mut credit = charge(2, "-50.00", PriceMode::Net, "19");
    credit.original_charge_id = Some("chg_0001".to_owned());
    let mut moved_abroad = billing(vat_id("ATU12345678"));
    let zero = Money::zero(EUR);
    moved_abroad.invoiced_charges = vec![("chg_0001".to_owned(), "inv_a".to_owned())];
    moved_abroad.invoices = vec![InvoiceHead {
        id: "inv_a".to_owned(),
        number: "RE-2026-000001".to_owned(),
        issued_on: date!(2026 - 02 - 01),
        due_on: date!(2026 - 02 - 15),
        status: InvoiceStatus::Paid,
        treatment: TaxTreatment::Standard,
        gross: Money::parse("119.00", EUR).expect("an amount"),
        balance_applied: zero,
        paid: zero,
        credited: zero,
        set_off: zero,
        settled_at: None,
    }];
    let charges = [charge(3, "100.00", PriceMode::Net, "19"), credit];
    let document = &documents(&charges, &moved_abroad, CustomerType::Business)[0];
    assert_eq!(sums(document), ["50.00", "-9.50", "40.50"]);
    assert_eq!(
        collect::corrected(&moved_abroad, &document.lines)[0].number,
        "RE-2026-000001"
    );
}

#[test]
fn above_250_euros_the_recipients_address_is_missed() {
    let made = |amount: &str| {
        let charges = [charge(1, amount, PriceMode::Gross, "19")];
        documents(&charges, &billing(BillingDetails::default()), CustomerType::Business)
            .remove(0)
            .missing
    };
    assert_eq!(made("250.00"), Vec::<String>::new());
    assert_eq!(made("250.01"), ["/recipient/address"]);
}

#[test]
fn a_reverse_charge_invoice_misses_what_section_14a_asks_for_whatever_its_amount() {
    let missing = |supplier_vat_id: Option<&str>, details: BillingDetails, amount: &str| {
        let mut billing = billing(details);
        billing.recipient.vat_id.clone_from(&billing.details.vat_id);
        billing.recipient.address.clone_from(&billing.details.address);
        billing.terms = Some(Arc::new(BillingTerms {
            supplier: Supplier {
                vat_id: supplier_vat_id.map(str::to_owned),
                ..supplier()
            },
            payment_term_days: 14,
            holiday_regions: Vec::new(),
        }));
        let charges = [charge(1, amount, PriceMode::Net, "19")];
        documents(&charges, &billing, CustomerType::Business).remove(0).missing
    };
    let ours = Some("DE811234567");
    let known = BillingDetails {
        address: Some(supplier().address),
        ..vat_id("ATU12345678")
    };
    let none: [&str; 0] = [];
    // § 14a Abs. 1 Satz 3 UStG: the supplier's VAT id, the tax number is not enough.
    assert_eq!(missing(None, known.clone(), "10.00"), ["/supplier/vat_id"]);
    assert_eq!(missing(ours, known, "10.00"), none);
    // § 33 Satz 3 UStDV: no relief for small amounts.
    assert_eq!(missing(ours, vat_id("ATU12345678"), "10.00"), ["/recipient/address"]);
    let both = ["/recipient/address", "/supplier/vat_id"];
    assert_eq!(missing(None, vat_id("ATU12345678"), "1000.00"), both);
    // At home the tax number will do.
    assert_eq!(missing(None, vat_id("DE123456789"), "10.00"), none);
}

#[test]
fn a_document_reads_back_as_it_was_written_and_its_hash_covers_every_member() {
    let charges = [charge(1, "24.90", PriceMode::Gross, "19")];
    let document = documents(&charges, &billing(BillingDetails::default()), CustomerType::Business).remove(0);
    let canonical = document.canonical();
    let read: Document = serde_json::from_str(&canonical).expect("a document");
    assert_eq!(read, document);
    let other = Document {
        number: "RE-2026-000002".to_owned(),
        ..read
    };
    assert_ne!(Document::sha256(&other.canonical()), Document::sha256(&canonical));
}

proptest! {
    /// Lines add up to the totals to the cent, groups too, and the order of the charges does not matter.
    #[test]
    fn lines_groups_and_totals_agree_in_any_order(
        amounts in proptest::collection::vec((-500_000_i64..500_000, 0_usize..3, any::<bool>()), 1..25),
        turn in 0_usize..25,
        abroad in any::<bool>(),
    ) {
        let charges: Vec<Charge> = amounts.iter().zip(1..).map(|((minor, rate, gross), id)| {
            let amount = Money::new(*minor, EUR).expect("in range").amount();
            let mode = if *gross { PriceMode::Gross } else { PriceMode::Net };
            charge(id, &amount, mode, ["0", "7", "19"][*rate])
        }).collect();
        let details = if abroad { vat_id("ATU12345678") } else { BillingDetails::default() };
        let billing = billing(details);
        let made = documents(&charges, &billing, CustomerType::Business);
        let mut turned = charges.clone();
        turned.rotate_left(turn % charges.len());
        prop_assert_eq!(&documents(&turned, &billing, CustomerType::Business), &made);
        let lines: usize = made.iter().map(|document| document.lines.len()).sum();
        prop_assert_eq!(lines, charges.len());
        for document in made {
            let sum: i64 = document.lines.iter().map(|line| line.amount.minor).sum();
            let expected = match document.price_mode {
                PriceMode::Net => document.totals.net.minor,
                PriceMode::Gross => document.totals.gross.minor,
            };
            prop_assert_eq!(sum, expected);
            prop_assert_eq!(document.tax_groups.iter().map(|group| group.net.minor).sum::<i64>(), document.totals.net.minor);
            prop_assert_eq!(document.tax_groups.iter().map(|group| group.tax.minor).sum::<i64>(), document.totals.tax.minor);
            prop_assert_eq!(document.totals.net.minor + document.totals.tax.minor, document.totals.gross.minor);
        }
    }
}
