//! The small words of the pages in both languages.

use minijinja::{Value, context};

use crate::domain::localized::Locale;

/// Words that are not part of the law's description of a function.
#[derive(Debug)]
pub(super) struct Words {
    skip: &'static str,
    language: &'static str,
    error: &'static str,
    please_check: &'static str,
    required_note: &'static str,
    optional: &'static str,
    declared: &'static str,
    download: &'static str,
    or_print: &'static str,
    pub please_fill_in: &'static str,
    pub please_choose: &'static str,
    pub not_an_email: &'static str,
    pub not_a_date: &'static str,
    pub too_long: &'static str,
    pub too_large: &'static str,
    pub unreadable: &'static str,
    pub check_title: &'static str,
    pub check_introduction: &'static str,
    pub gone_title: &'static str,
    pub gone: &'static str,
    pub trouble_title: &'static str,
    pub trouble: &'static str,
}

impl Words {
    /// The words that stand in the templates.
    pub fn values(&self) -> Value {
        context! {
            skip => self.skip,
            language => self.language,
            error => self.error,
            please_check => self.please_check,
            required_note => self.required_note,
            optional => self.optional,
            declared => self.declared,
            download => self.download,
            or_print => self.or_print,
        }
    }
}

/// The words in a language.
pub(super) fn words(locale: Locale) -> &'static Words {
    match locale {
        Locale::De => &GERMAN,
        Locale::En => &ENGLISH,
    }
}

static GERMAN: Words = Words {
    skip: "Zum Inhalt",
    language: "Sprache",
    error: "Fehler",
    please_check: "Bitte prüfen Sie Ihre Angaben",
    required_note: "Alle Angaben sind nötig, soweit nicht „freiwillig“ dabeisteht.",
    optional: "freiwillig",
    declared: "Inhalt Ihrer Erklärung",
    download: "Bestätigung als Datei speichern",
    or_print: "oder diese Seite drucken.",
    please_fill_in: "Bitte ausfüllen.",
    please_choose: "Bitte auswählen.",
    not_an_email: "Bitte geben Sie eine E-Mail-Adresse an, zum Beispiel name@example.com.",
    not_a_date: "Bitte geben Sie ein Datum an, zum Beispiel 31.12.2026.",
    too_long: "Der Text ist zu lang.",
    too_large: "Die Angaben sind zu umfangreich. Bitte kürzen Sie sie.",
    unreadable: "Die Angaben konnten nicht gelesen werden. Bitte geben Sie sie noch einmal ein.",
    check_title: "Widerruf prüfen",
    check_introduction: "Das erklären Sie. Erst mit der Schaltfläche „Widerruf bestätigen“ ist der Widerruf erklärt.",
    gone_title: "Diese Seite gibt es nicht",
    gone: "Die Adresse ist falsch oder abgelaufen. Über diese Seite wurde nichts erklärt; geben Sie die Erklärung bitte neu ein.",
    trouble_title: "Das hat gerade nicht geklappt",
    trouble: "Ihre Erklärung ist nicht angekommen. Bitte versuchen Sie es gleich noch einmal.",
};

static ENGLISH: Words = Words {
    skip: "Skip to content",
    language: "Language",
    error: "Error",
    please_check: "Please check what you entered",
    required_note: "Everything is needed unless it says “optional”.",
    optional: "optional",
    declared: "What you have declared",
    download: "Save the confirmation as a file",
    or_print: "or print this page.",
    please_fill_in: "Please fill this in.",
    please_choose: "Please choose.",
    not_an_email: "Please enter an e-mail address, for example name@example.com.",
    not_a_date: "Please enter a date, for example 2026-12-31.",
    too_long: "The text is too long.",
    too_large: "This is too much text. Please shorten it.",
    unreadable: "What you entered could not be read. Please enter it again.",
    check_title: "Check your withdrawal",
    check_introduction: "This is what you declare. The withdrawal is declared only with the button “Widerruf bestätigen” (confirm the withdrawal).",
    gone_title: "There is no such page",
    gone: "The address is wrong or has expired. Nothing was declared through this page; please enter your declaration again.",
    trouble_title: "That did not work just now",
    trouble: "Your declaration has not arrived. Please try again in a moment.",
};
