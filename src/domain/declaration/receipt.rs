//! The confirmation of receipt in text form (§ 312k Abs. 3 and 4, § 356a Abs. 4, § 126b BGB): what was declared, when it was
//! received, and through what. It never tells whether a contract was found.

use time::OffsetDateTime;

use super::{DeclarationContent, DeclarationKind, DeclaredCancellation, statutory};
use crate::domain::calendar::{english, german};
use crate::domain::change::CancellationKind;
use crate::domain::localized::Locale;
use crate::domain::time_zone::TimeZone;

/// A declaration as its receipt is confirmed.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Reference by which person and provider talk about it.
    pub reference: String,
    /// What was declared.
    pub content: DeclarationContent,
    /// When it was received.
    pub received_at: OffsetDateTime,
    /// The language in which it was declared.
    pub locale: Locale,
    /// SHA-256 (hex) of the request as it arrived.
    pub content_hash: String,
    /// Name of the provider.
    pub provider_name: String,
    /// The provider's zone.
    pub zone: TimeZone,
}

impl Receipt {
    /// Day and time of receipt in the provider's zone, for people: `16.03.2026 um 11:00:00 Uhr (Europe/Berlin, UTC+01:00)`. The
    /// distance from UTC tells the two hours apart that an autumn night has twice.
    pub fn received(&self) -> String {
        let day = self.zone.local_date(self.received_at);
        let zone = self.zone.name();
        match (self.zone.time_of_day(self.received_at), self.locale) {
            (Some((time, offset)), Locale::De) => format!("{} um {time} Uhr ({zone}, UTC{offset})", german(day)),
            (Some((time, offset)), Locale::En) => format!("{} at {time} ({zone}, UTC{offset})", english(day)),
            (None, _) => day.to_string(),
        }
    }

    /// What was declared, as pairs of label and value in the order of the law.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        Self::lines_of(&self.content, self.locale)
    }

    /// The same for what is not declared yet.
    pub fn lines_of(content: &DeclarationContent, locale: Locale) -> Vec<(&'static str, String)> {
        match content {
            DeclarationContent::Cancellation(declared) => cancellation_lines(declared, locale),
            DeclarationContent::Withdrawal(declared) => present([
                (say(locale, "Name", "Name"), Some(declared.name.clone())),
                (say(locale, "Vertrag", "Contract"), Some(declared.contract.clone())),
                (
                    say(locale, "Teil des Vertrags", "Part of the contract"),
                    declared.part.clone(),
                ),
                (
                    say(locale, "Bestätigung an", "Confirmation to"),
                    Some(declared.confirmation_email.clone()),
                ),
            ]),
        }
    }

    /// The sentence that says what was received.
    pub fn introduction(&self) -> String {
        let provider = &self.provider_name;
        match (self.content.kind(), self.locale) {
            (DeclarationKind::Cancellation, Locale::De) => {
                format!("{provider} bestätigt den Eingang Ihrer Kündigungserklärung.")
            }
            (DeclarationKind::Cancellation, Locale::En) => {
                format!("{provider} confirms the receipt of your declaration of cancellation.")
            }
            (DeclarationKind::Withdrawal, Locale::De) => {
                format!("{provider} bestätigt den Eingang Ihrer Widerrufserklärung.")
            }
            (DeclarationKind::Withdrawal, Locale::En) => {
                format!("{provider} confirms the receipt of your declaration of withdrawal.")
            }
        }
    }

    /// What follows. The same for everyone, so that it gives nothing away.
    pub fn outlook(&self) -> &'static str {
        match self.content.kind() {
            DeclarationKind::Cancellation => self.say(
                "Das Datum, zu dem der Vertrag endet, teilen wir an die E-Mail-Adresse mit, die zu dem Vertrag hinterlegt ist. \
                 Können wir die Erklärung keinem Vertrag zuordnen, melden wir uns unter der angegebenen E-Mail-Adresse.",
                "The date on which the contract ends is sent to the e-mail address on file for the contract. If we cannot find the \
                 contract, we write to the e-mail address given above.",
            ),
            DeclarationKind::Withdrawal => self.say(
                "Was aus dem Widerruf folgt, teilen wir an die E-Mail-Adresse mit, die zu dem Vertrag hinterlegt ist. Können wir die \
                 Erklärung keinem Vertrag zuordnen, melden wir uns unter der angegebenen E-Mail-Adresse.",
                "What follows from the withdrawal is sent to the e-mail address on file for the contract. If we cannot find the \
                 contract, we write to the e-mail address given above.",
            ),
        }
    }

    /// Labels of the facts of receipt: reference, instant, button, hash.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            (self.say("Vorgangsnummer", "Reference"), self.reference.clone()),
            (self.say("Eingegangen am", "Received on"), self.received()),
        ];
        facts.extend(self.proof());
        facts
    }

    /// What proves the declaration: the button it was made with (§ 312k Abs. 3 BGB), and the hash of what arrived.
    pub fn proof(&self) -> Vec<(&'static str, String)> {
        let button = statutory::confirm_label(self.content.kind());
        vec![
            (
                self.say("Abgegeben über die Schaltfläche", "Declared with the button"),
                format!("„{button}“"),
            ),
            (
                self.say("Prüfsumme (SHA-256)", "Checksum (SHA-256)"),
                self.content_hash.clone(),
            ),
        ]
    }

    /// Title of the confirmation.
    pub fn title(&self) -> &'static str {
        match self.content.kind() {
            DeclarationKind::Cancellation => {
                self.say("Bestätigung Ihrer Kündigung", "Confirmation of your cancellation")
            }
            DeclarationKind::Withdrawal => self.say("Bestätigung Ihres Widerrufs", "Confirmation of your withdrawal"),
        }
    }

    fn say<'a>(&self, de: &'a str, en: &'a str) -> &'a str {
        say(self.locale, de, en)
    }
}

fn say<'a>(locale: Locale, de: &'a str, en: &'a str) -> &'a str {
    match locale {
        Locale::De => de,
        Locale::En => en,
    }
}

fn cancellation_lines(declared: &DeclaredCancellation, locale: Locale) -> Vec<(&'static str, String)> {
    let kind = match declared.kind {
        CancellationKind::Ordinary => say(locale, "ordentliche Kündigung", "ordinary cancellation (with notice)"),
        CancellationKind::Extraordinary => say(
            locale,
            "außerordentliche Kündigung aus wichtigem Grund",
            "extraordinary cancellation (for good cause)",
        ),
    };
    let end = match (declared.wish_on, locale) {
        (Some(day), Locale::De) => german(day),
        (Some(day), Locale::En) => english(day),
        (None, locale) => say(locale, "zum frühestmöglichen Zeitpunkt", "as soon as possible").to_owned(),
    };
    let identity = &declared.identity;
    present([
        (
            say(locale, "Art der Kündigung", "Kind of cancellation"),
            Some(kind.to_owned()),
        ),
        (say(locale, "Grund", "Reason"), declared.reason.clone()),
        (say(locale, "Name", "Name"), Some(identity.name.clone())),
        (
            say(locale, "Bekannte E-Mail-Adresse", "Known e-mail address"),
            identity.email.clone(),
        ),
        (
            say(locale, "Kundennummer", "Customer number"),
            identity.customer_number.clone(),
        ),
        (say(locale, "Anschrift", "Address"), identity.address.clone()),
        (say(locale, "Vertrag", "Contract"), Some(declared.contract.clone())),
        (say(locale, "Gewünschtes Vertragsende", "End wished for"), Some(end)),
        (
            say(locale, "Bestätigung an", "Confirmation to"),
            Some(declared.confirmation_email.clone()),
        ),
    ])
}

fn present<const N: usize>(lines: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    lines
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
        .collect()
}

/// The confirmation as plain text, ready to be stored or printed.
pub fn confirmation_text(receipt: &Receipt) -> String {
    let mut text = format!("{}\n\n{}\n\n", receipt.title(), receipt.introduction());
    for (label, value) in receipt.facts() {
        text.push_str(&format!("{label}: {value}\n"));
    }
    text.push_str(receipt.say("\nInhalt Ihrer Erklärung\n", "\nWhat you have declared\n"));
    for (label, value) in receipt.lines() {
        // A value of several lines is indented: it can never pass for a line of ours.
        text.push_str(&format!("{label}: {}\n", value.replace('\n', "\n    ")));
    }
    text.push_str(&format!("\n{}\n", receipt.outlook()));
    text
}
