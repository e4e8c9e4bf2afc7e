//! Terms in words, as a customer reads them beside a plan.

use super::{AllowedEnd, Renewal, Terms};
use crate::domain::localized::LocalizedText;

impl Terms {
    /// The terms in a sentence or three: minimum term, what follows it, and how to end the contract.
    pub fn sentence(&self) -> LocalizedText {
        let mut parts = vec![self.beginning()];
        parts.extend(self.continuation());
        // A contract that ends by itself is never given notice of: it binds until then.
        if self.initial_term.is_none() || self.renewal.is_some() {
            parts.push(self.ending());
        }
        let joined = |text: fn(&LocalizedText) -> &str| parts.iter().map(text).collect::<Vec<_>>().join(" ");
        LocalizedText::new(joined(|part| &part.de), joined(|part| &part.en))
    }

    fn beginning(&self) -> LocalizedText {
        match self.initial_term.map(|term| term.words()) {
            None => LocalizedText::new("Keine Mindestlaufzeit.", "No minimum term."),
            Some(term) => LocalizedText::new(
                format!("Mindestlaufzeit: {}.", term.de),
                format!("Minimum term: {}.", term.en),
            ),
        }
    }

    fn continuation(&self) -> Option<LocalizedText> {
        self.initial_term?;
        Some(match self.renewal {
            None => LocalizedText::new(
                "Der Vertrag endet danach von selbst.",
                "The contract then ends by itself.",
            ),
            Some(Renewal::Indefinite) => LocalizedText::new(
                "Danach läuft der Vertrag auf unbestimmte Zeit weiter.",
                "The contract then goes on for an indefinite time.",
            ),
            Some(Renewal::Fixed(duration)) => {
                let words = duration.words();
                LocalizedText::new(
                    format!("Danach verlängert sich der Vertrag jeweils um {}.", words.de),
                    format!("The contract then renews by {} each time.", words.en),
                )
            }
        })
    }

    fn ending(&self) -> LocalizedText {
        let (de, en) = match self.to {
            AllowedEnd::AnyDay => ("zu jedem Tag", "to any day"),
            AllowedEnd::MonthEnd => ("zum Monatsende", "to the end of a month"),
            AllowedEnd::QuarterEnd => ("zum Quartalsende", "to the end of a quarter"),
            AllowedEnd::HalfYearEnd => ("zum Ende eines Kalenderhalbjahres", "to the end of a half year"),
            AllowedEnd::YearEnd => ("zum Jahresende", "to the end of a year"),
            AllowedEnd::BillingPeriodEnd => ("zum Ende des Abrechnungszeitraums", "to the end of the billing period"),
            AllowedEnd::TermEnd => ("zum Ende der Laufzeit", "to the end of the term"),
        };
        let notice = self.notice.words();
        match (self.notice.is_zero(), self.to) {
            (true, AllowedEnd::AnyDay) => LocalizedText::new(
                "Jederzeit ohne Frist kündbar.",
                "Can be cancelled at any time without notice.",
            ),
            (true, _) => LocalizedText::new(
                format!("Jederzeit kündbar {de}."),
                format!("Can be cancelled at any time {en}."),
            ),
            (false, _) => LocalizedText::new(
                format!("Kündigungsfrist: {} {de}.", notice.de),
                format!("Notice period: {} {en}.", notice.en),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(json: &str) -> LocalizedText {
        serde_json::from_str::<Terms>(json).expect("terms").sentence()
    }

    #[test]
    fn terms_read_like_a_contract() {
        let plus = sentence(r#"{"initial_term":null,"renewal":null,"notice":"P3M","to":"quarter_end"}"#);
        assert_eq!(
            plus.de,
            "Keine Mindestlaufzeit. Kündigungsfrist: 3 Monate zum Quartalsende."
        );
        assert_eq!(
            plus.en,
            "No minimum term. Notice period: 3 months to the end of a quarter."
        );
        let yearly = sentence(r#"{"initial_term":"P12M","renewal":"indefinite","notice":"P1M","to":"any_day"}"#);
        assert_eq!(
            yearly.de,
            "Mindestlaufzeit: 12 Monate. Danach läuft der Vertrag auf unbestimmte Zeit weiter. Kündigungsfrist: 1 Monat zu \
             jedem Tag."
        );
        let monthly = sentence(r#"{"notice":"P0D","to":"billing_period_end"}"#);
        assert_eq!(
            monthly.de,
            "Keine Mindestlaufzeit. Jederzeit kündbar zum Ende des Abrechnungszeitraums."
        );
    }

    #[test]
    fn a_contract_that_ends_by_itself_names_no_notice() {
        let once = sentence(r#"{"initial_term":"P6M","renewal":null,"notice":"P1M","to":"term_end"}"#);
        assert_eq!(once.en, "Minimum term: 6 months. The contract then ends by itself.");
        let renewing = sentence(r#"{"initial_term":"P12M","renewal":"P12M","notice":"P3M","to":"term_end"}"#);
        assert!(
            renewing
                .en
                .ends_with("renews by 12 months each time. Notice period: 3 months to the end of the term.")
        );
    }
}
