//! What declarations contain, prove and confirm.

use time::macros::{date, datetime};

use super::*;
use crate::domain::holidays::HolidayRegion;
use crate::domain::localized::Locale;
use crate::domain::time_zone::TimeZone;
use crate::domain::vectors::{cases, instant, read};

fn cancellation(contract: &str) -> DeclaredCancellation {
    DeclaredCancellation {
        kind: CancellationKind::Ordinary,
        reason: None,
        identity: Identity {
            name: "Erika Mustermann".to_owned(),
            email: None,
            customer_number: None,
            address: None,
        },
        contract: contract.to_owned(),
        wish_on: None,
        confirmation_email: "Erika@Example.com".to_owned(),
    }
}

fn withdrawal(contract: &str) -> DeclaredWithdrawal {
    DeclaredWithdrawal {
        name: "Erika Mustermann".to_owned(),
        contract: contract.to_owned(),
        part: None,
        confirmation_email: "erika@example.com".to_owned(),
    }
}

fn candidate(number: &str, email: &str) -> Candidate {
    Candidate {
        subscription_id: format!("sub_{number}"),
        contract_number: number.to_owned(),
        customer_id: "cus_1".to_owned(),
        customer_number: "K-1000".to_owned(),
        email: email.to_owned(),
        name: "Erika Mustermann".to_owned(),
    }
}

#[test]
fn only_the_number_alone_with_the_address_on_file_proves_a_contract() {
    let known = candidate("ABCD2345", "erika@example.com");
    for (contract, proven) in [
        ("ABCD2345", true),
        (" abcd-2345 ", true),
        ("ABCD 2345\n", true),
        ("ABCD2346", false),
        ("alle außer ABCD2345", false),
        ("ABCD2345 bitte nicht kündigen", false),
        ("Vertrag ABCD2345", false),
        ("ABCD234", false),
        ("", false),
        ("ABCD234O", false),
    ] {
        let content = DeclarationContent::Cancellation(cancellation(contract));
        assert_eq!(is_proven(&content, &known), proven, "{contract}");
        let content = DeclarationContent::Withdrawal(withdrawal(contract));
        assert_eq!(is_proven(&content, &known), proven, "{contract}");
    }
    let content = DeclarationContent::Cancellation(cancellation("ABCD2345"));
    assert!(!is_proven(&content, &candidate("ABCD2345", "max@example.com")));
    let mut other = cancellation("ABCD2345");
    other.identity.email = Some("max@example.com".to_owned());
    assert!(is_proven(
        &DeclarationContent::Cancellation(other),
        &candidate("ABCD2345", "max@example.com")
    ));
    let mut part = withdrawal("ABCD2345");
    part.part = Some("der Speicher".to_owned());
    assert!(
        !is_proven(&DeclarationContent::Withdrawal(part), &known),
        "which part that is, a person must say"
    );
}

#[test]
fn staff_are_shown_what_speaks_for_a_contract_the_strongest_first() {
    let mut declared = cancellation("Kündige EFGH6789, Kundennummer K-1000!");
    declared.confirmation_email = "max@example.com".to_owned();
    let content = DeclarationContent::Cancellation(declared);
    let candidates = [
        candidate("WXYZ2222", "other@example.com"),
        candidate("EFGH6789", "other@example.com"),
        Candidate {
            customer_number: "K-2".to_owned(),
            name: "Max".to_owned(),
            ..candidate("WXYZ3333", "max@example.com")
        },
        Candidate {
            customer_number: "K-3".to_owned(),
            name: "Moritz".to_owned(),
            ..candidate("WXYZ4444", "moritz@example.com")
        },
    ];
    let found: Vec<(String, Vec<Evidence>)> = rank(&content, &candidates)
        .into_iter()
        .map(|found| (found.candidate.contract_number, found.evidence))
        .collect();
    use Evidence::{ContractNumber, CustomerNumber, Email, Name};
    assert_eq!(
        found,
        [
            ("EFGH6789".to_owned(), vec![ContractNumber, CustomerNumber, Name]),
            ("WXYZ3333".to_owned(), vec![Email]),
            ("WXYZ2222".to_owned(), vec![CustomerNumber, Name]),
        ]
    );
    let named = named(&content);
    assert_eq!(named.contract_numbers, ["EFGH6789"]);
    assert_eq!(named.emails, ["max@example.com"]);
    assert!(named.customer_numbers.contains(&"K-1000".to_owned()));
}

#[test]
fn shown_texts_hold_nothing_that_hides_or_turns() {
    for (text, lines, shown) in [
        ("  Erika\r\nBcc: x@example.com ", false, "Erika Bcc: x@example.com"),
        ("a\r\nb\rc", true, "a\nb c"),
        ("\u{202e}gnp.exe\u{2066}", false, "gnp.exe"),
        ("a\u{7}b\u{9f}", false, "a\u{fffd}b\u{fffd}"),
        ("שלום \u{200f}عليكم e\u{301}", false, "שלום \u{200f}عليكم e\u{301}"),
        ("{{7*7}} {% x %} <b>", false, "{{7*7}} {% x %} <b>"),
        ("a\u{2028}b\u{feff}", true, "a b"),
    ] {
        assert_eq!(readable(text, lines), shown);
    }
    let mut declared = cancellation("ABCD2345");
    declared.identity.customer_number = Some(" \n ".to_owned());
    declared.reason = Some("\u{202e}".to_owned());
    let DeclarationContent::Cancellation(cleaned) = DeclarationContent::Cancellation(declared).cleaned() else {
        panic!("still a cancellation");
    };
    assert_eq!((cleaned.identity.customer_number, cleaned.reason), (None, None));
}

#[test]
fn an_extraordinary_cancellation_alone_needs_a_reason() {
    let mut declared = cancellation("ABCD2345");
    assert_eq!(DeclarationContent::Cancellation(declared.clone()).check(), Ok(()));
    declared.kind = CancellationKind::Extraordinary;
    for reason in [None, Some("")] {
        declared.reason = reason.map(str::to_owned);
        let refused = DeclarationContent::Cancellation(declared.clone())
            .check()
            .expect_err("refused");
        assert_eq!(
            (refused.code, refused.pointer.as_deref()),
            ("reason_required", Some("/reason"))
        );
    }
    // What is a good reason, the form does not judge.
    for reason in ["Umzug", "!!!"] {
        declared.reason = Some(reason.to_owned());
        assert_eq!(DeclarationContent::Cancellation(declared.clone()).check(), Ok(()));
    }
    assert_eq!(DeclarationContent::Withdrawal(withdrawal("x")).check(), Ok(()));
}

#[test]
fn only_an_effect_is_final() {
    use DeclarationStatus::{Executed, Matched, Received, Rejected};
    use DeclarationStep::{Execute, Match, Reject};
    for (status, step, outcome) in [
        (Received, Match, None),
        (Matched, Match, None),
        (Rejected, Match, None),
        (Executed, Match, Some("declaration_decided")),
        (Received, Execute, Some("declaration_not_matched")),
        (Matched, Execute, None),
        (Rejected, Execute, Some("declaration_not_matched")),
        (Executed, Execute, Some("declaration_decided")),
        (Received, Reject, None),
        (Matched, Reject, None),
        (Rejected, Reject, Some("declaration_decided")),
        (Executed, Reject, Some("declaration_decided")),
    ] {
        let refusal = status.check(step).err().map(|violation| violation.code);
        assert_eq!(refusal, outcome, "{status:?} {step:?}");
        assert_eq!(DeclarationStatus::parse(status.as_str()), Some(status));
    }
}

/// The vectors of the withdrawal period, asked for the declaration at the last and the first instant around its end.
#[test]
fn a_withdrawal_is_in_time_by_the_time_of_its_declaration() {
    let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
    let mut tried = 0;
    for case in cases(include_str!("../../../tests/vectors/withdrawal-period.json")) {
        let regions: Vec<HolidayRegion> = read(&case.request, "holiday_regions");
        let customer_type: crate::domain::customer_type::CustomerType = read(&case.request, "customer_type");
        let question = WithdrawalQuestion {
            consumer: customer_type == crate::domain::customer_type::CustomerType::Consumer,
            concluded_at: instant(&case.request, "concluded_at").expect("concluded_at"),
            instructed_at: instant(&case.request, "instructed_at"),
            zone: &zone,
            regions: &regions,
        };
        let Some(expires_at) = instant(&case.response, "expires_at") else {
            let answer = timeliness(&question, question.concluded_at);
            assert!(!answer.right_exists && !answer.timely, "{}", case.id);
            continue;
        };
        let millisecond = time::Duration::milliseconds(1);
        assert!(timeliness(&question, expires_at - millisecond).timely, "{}", case.id);
        let late = timeliness(&question, expires_at);
        assert!(late.right_exists && !late.timely, "{}", case.id);
        tried += 1;
    }
    assert!(tried > 20, "{tried} vectors with a right of withdrawal");
}

fn receipt(locale: Locale) -> Receipt {
    let mut declared = cancellation("ABCD2345\nVorgangsnummer: FALSCH");
    declared.wish_on = Some(date!(2026 - 06 - 30));
    Receipt {
        reference: "ABCDE-FGHJK".to_owned(),
        content: DeclarationContent::Cancellation(declared),
        received_at: datetime!(2026-10-25 00:30:15.5 UTC),
        locale,
        content_hash: "0".repeat(64),
        provider_name: "Sprechfenster".to_owned(),
        zone: TimeZone::parse("Europe/Berlin").expect("a zone"),
    }
}

#[test]
fn the_confirmation_says_what_was_declared_and_when_it_was_received() {
    let german = confirmation_text(&receipt(Locale::De));
    for part in [
        "Eingegangen am: 25.10.2026 um 02:30:15 Uhr (Europe/Berlin, UTC+02:00)",
        "Abgegeben über die Schaltfläche: „jetzt kündigen“",
        "Art der Kündigung: ordentliche Kündigung",
        "Gewünschtes Vertragsende: 30.06.2026",
        "Vertrag: ABCD2345\n    Vorgangsnummer: FALSCH",
        "Bestätigung an: Erika@Example.com",
    ] {
        assert!(german.contains(part), "{part} in\n{german}");
    }
    assert_eq!(
        german.lines().filter(|line| line.starts_with("Vorgangsnummer")).count(),
        1
    );
    let mut later = receipt(Locale::En);
    later.received_at += time::Duration::hours(1);
    let english = confirmation_text(&later);
    assert!(
        english.contains("Received on: 25 October 2026 at 02:30:15 (Europe/Berlin, UTC+01:00)"),
        "the second half past two of that night\n{english}"
    );
    assert!(english.contains("End wished for: 30 June 2026"), "{english}");
    let mut winter = receipt(Locale::De);
    winter.content = DeclarationContent::Withdrawal(withdrawal("Hosting M"));
    let text = confirmation_text(&winter);
    assert!(
        text.contains("„Widerruf bestätigen“") && text.contains("Vertrag: Hosting M"),
        "{text}"
    );
    assert!(
        !text.contains("Frist") && !text.contains("rechtzeitig"),
        "timeliness stays internal\n{text}"
    );
}

#[test]
fn the_functions_carry_the_words_of_the_law_and_demand_nothing_beyond_it() {
    let cancellation = function(DeclarationKind::Cancellation);
    assert_eq!(
        (cancellation.entry.label, cancellation.confirm.label),
        ("Verträge hier kündigen", "jetzt kündigen")
    );
    let withdrawal = function(DeclarationKind::Withdrawal);
    assert_eq!(
        (withdrawal.entry.label, withdrawal.confirm.label),
        ("Vertrag widerrufen", "Widerruf bestätigen")
    );
    let required = |function: &Function| -> Vec<&'static str> {
        let fields = function.fields.iter().filter(|field| field.required);
        fields.map(|field| field.pointer).collect()
    };
    assert_eq!(
        required(&cancellation),
        ["/kind", "/identity/name", "/contract", "/confirmation_email"]
    );
    assert_eq!(required(&withdrawal), ["/name", "/contract", "/confirmation_email"]);
    for function in [cancellation, withdrawal] {
        for field in function.fields {
            assert!(
                field.source.starts_with("§ 3") && field.label.de != field.label.en,
                "{}",
                field.pointer
            );
        }
    }
}
