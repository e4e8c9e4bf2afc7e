//! The statutory withdrawal period of consumers (§§ 312g, 355, 356 BGB): 14 days from conclusion, not before the
//! instruction, at most 12 months and 14 days; its end moves to the next working day (§ 193 BGB).

use time::{Date, OffsetDateTime};

use crate::domain::{
    because::Because,
    calendar::{add_days, add_months, english, german, is_weekend, next_day},
    holidays::{HolidayRegion, holiday_name, shift_to_working_day},
    localized::LocalizedText,
    time_zone::TimeZone,
};

/// What the withdrawal period of a contract depends on.
#[derive(Debug, Clone, Copy)]
pub struct WithdrawalQuestion<'a> {
    /// Whether the customer is a consumer (§ 13 BGB); businesses have no right of withdrawal (§ 312g Abs. 1 BGB).
    pub consumer: bool,
    /// When the contract was concluded.
    pub concluded_at: OffsetDateTime,
    /// When the consumer was instructed about the right; `None` if that never happened.
    pub instructed_at: Option<OffsetDateTime>,
    /// The zone whose days count.
    pub zone: &'a TimeZone,
    /// The regions whose holidays count: those of consumer and trader.
    pub regions: &'a [HolidayRegion],
}

/// The withdrawal period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawalPeriod {
    /// Whether there is a right of withdrawal at all. If not, the other fields are empty.
    pub exists: bool,
    /// Last day on which a withdrawal may be declared.
    pub last_day_on: Option<Date>,
    /// The end of that day, exclusive.
    pub expires_at: Option<OffsetDateTime>,
    /// Why, step by step.
    pub because: Vec<Because>,
}

impl WithdrawalPeriod {
    /// Whether a declaration at this instant is in time: dispatch suffices (§ 355 Abs. 1 Satz 5 BGB). `None` without a
    /// right of withdrawal.
    pub fn timely(&self, declared_at: OffsetDateTime) -> Option<bool> {
        self.expires_at.map(|expires_at| declared_at < expires_at)
    }
}

/// Computes the withdrawal period (rules 5.1).
pub fn withdrawal_period(question: &WithdrawalQuestion<'_>) -> WithdrawalPeriod {
    if !question.consumer {
        let because = because(
            "consumers_only",
            "§ 312g Abs. 1, § 13 BGB",
            "Ein Widerrufsrecht haben nur Verbraucher.".to_owned(),
            "Only consumers have a right of withdrawal.".to_owned(),
        );
        return WithdrawalPeriod {
            exists: false,
            last_day_on: None,
            expires_at: None,
            because: vec![because],
        };
    }
    let concluded_on = question.zone.local_date(question.concluded_at);
    let instructed_on = question.instructed_at.map(|instant| question.zone.local_date(instant));
    let mut steps = Vec::new();
    let unshifted = period_end(concluded_on, instructed_on, &mut steps);
    let last_day_on = shift_to_working_day(unshifted, question.regions);
    explain_shift(unshifted, last_day_on, question.regions, &mut steps);
    WithdrawalPeriod {
        exists: true,
        last_day_on: Some(last_day_on),
        expires_at: Some(question.zone.end_of_day(last_day_on)),
        because: steps,
    }
}

/// The last day before § 193 BGB is applied. Shifting never reorders days, so the lesser of two ends may be taken first.
fn period_end(concluded_on: Date, instructed_on: Option<Date>, steps: &mut Vec<Because>) -> Date {
    let longest = longest_end(concluded_on);
    if let Some(instructed_on) = instructed_on {
        let trigger = concluded_on.max(instructed_on);
        let end = add_days(trigger, 14);
        if instructed_on > concluded_on {
            steps.push(because(
                "instruction",
                "§ 356 Abs. 3 Satz 1 BGB",
                format!(
                    "Die Frist beginnt nicht vor der Widerrufsbelehrung am {}; der Vertrag wurde am {} geschlossen.",
                    german(instructed_on),
                    german(concluded_on)
                ),
                format!(
                    "The period does not begin before the instruction on {}; the contract was concluded on {}.",
                    english(instructed_on),
                    english(concluded_on)
                ),
            ));
        }
        steps.push(because(
            "fourteen_days",
            "§ 355 Abs. 2, § 187 Abs. 1, § 188 Abs. 1 BGB",
            format!(
                "14 Tage nach dem {}, der nicht mitzählt: {}.",
                german(trigger),
                german(end)
            ),
            format!(
                "14 days after {}, which is not counted: {}.",
                english(trigger),
                english(end)
            ),
        ));
        if end <= longest {
            return end;
        }
    }
    let (why_de, why_en) = match instructed_on {
        Some(_) => ("Auch bei später Belehrung", "Even with a late instruction"),
        None => ("Ohne Belehrung", "Without an instruction"),
    };
    steps.push(because(
        "longest_period",
        "§ 356 Abs. 3 Satz 2 BGB",
        format!(
            "{why_de} erlischt das Recht spätestens zwölf Monate und 14 Tage nach dem Vertragsschluss am {}: {}.",
            german(concluded_on),
            german(longest)
        ),
        format!(
            "{why_en} the right ends twelve months and 14 days after the conclusion on {} at the latest: {}.",
            english(concluded_on),
            english(longest)
        ),
    ));
    longest
}

/// Twelve months and 14 days after conclusion. German law counts the months first, Art. 10 of Directive 2011/83/EU the
/// days; around leap days they differ by one day. The later one is taken, in favour of the consumer (rules 10, no. 3).
fn longest_end(concluded_on: Date) -> Date {
    add_days(add_months(concluded_on, 12), 14).max(add_months(add_days(concluded_on, 14), 12))
}

fn explain_shift(unshifted: Date, shifted: Date, regions: &[HolidayRegion], steps: &mut Vec<Because>) {
    let mut day = unshifted;
    while day < shifted {
        let reason = regions
            .iter()
            .find_map(|region| Some((*region, holiday_name(*region, day)?)));
        let (de, en) = match reason {
            Some((region, name)) => (format!("{} in {region}", name.de), format!("{} in {region}", name.en)),
            None if is_weekend(day) => ("Wochenende".to_owned(), "weekend".to_owned()),
            None => ("gesetzlicher Feiertag".to_owned(), "public holiday".to_owned()),
        };
        steps.push(because(
            "no_working_day",
            "§ 193 BGB",
            format!(
                "Der {} ist kein Werktag ({de}); die Frist endet am nächsten Werktag.",
                german(day)
            ),
            format!(
                "{} is not a working day ({en}); the period ends on the next working day.",
                english(day)
            ),
        ));
        day = next_day(day);
    }
}

fn because(rule: &'static str, source: &'static str, de: String, en: String) -> Because {
    Because {
        rule,
        source,
        text: LocalizedText { de, en },
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::domain::{
        customer_type::CustomerType,
        vectors::{cases, date as date_of, instant, read},
    };

    fn berlin() -> TimeZone {
        TimeZone::parse("Europe/Berlin").expect("a zone")
    }

    #[test]
    fn every_vector_is_answered_exactly() {
        let zone = berlin();
        for case in cases(include_str!("../../../tests/vectors/withdrawal-period.json")) {
            let regions: Vec<HolidayRegion> = read(&case.request, "holiday_regions");
            let customer_type: CustomerType = read(&case.request, "customer_type");
            let period = withdrawal_period(&WithdrawalQuestion {
                consumer: customer_type == CustomerType::Consumer,
                concluded_at: instant(&case.request, "concluded_at").expect("concluded_at"),
                instructed_at: instant(&case.request, "instructed_at"),
                zone: &zone,
                regions: &regions,
            });
            assert_eq!(period.exists, case.response["exists"], "{}", case.id);
            assert_eq!(
                period.last_day_on,
                date_of(&case.response, "last_day_on"),
                "{}",
                case.id
            );
            assert_eq!(period.expires_at, instant(&case.response, "expires_at"), "{}", case.id);
            if let Some(timely) = case.response["timely"].as_bool() {
                let declared_at = instant(&case.request, "declared_at").expect("declared_at");
                assert_eq!(period.timely(declared_at), Some(timely), "{}", case.id);
            }
            assert!(!period.because.is_empty(), "{}", case.id);
        }
    }

    #[test]
    fn each_step_is_explained_in_order() {
        let zone = berlin();
        let mut question = WithdrawalQuestion {
            consumer: true,
            concluded_at: datetime!(2026-11-03 11:00 UTC),
            instructed_at: Some(datetime!(2026-11-04 11:00 UTC)),
            zone: &zone,
            regions: &[HolidayRegion::BE, HolidayRegion::SN],
        };
        let rules = |period: &WithdrawalPeriod| period.because.iter().map(|step| step.rule).collect::<Vec<_>>();
        let period = withdrawal_period(&question);
        assert_eq!(rules(&period), ["instruction", "fourteen_days", "no_working_day"]);
        let text = &period.because[2].text;
        assert!(
            text.de.contains("18.11.2026") && text.de.contains("Buß- und Bettag in DE-SN"),
            "{}",
            text.de
        );
        assert!(
            text.en.contains("18 November 2026") && text.en.contains("Day of Repentance in DE-SN"),
            "{}",
            text.en
        );

        // 17 November 2027 is the Day of Repentance again.
        question.instructed_at = None;
        assert_eq!(
            rules(&withdrawal_period(&question)),
            ["longest_period", "no_working_day"]
        );

        question.consumer = false;
        let none = withdrawal_period(&question);
        assert_eq!(rules(&none), ["consumers_only"]);
        assert_eq!(none.timely(datetime!(2026-11-04 11:00 UTC)), None);
    }

    #[test]
    fn the_later_of_both_ways_to_count_twelve_months_and_fourteen_days_holds() {
        assert_eq!(longest_end(date!(2023 - 02 - 20)), date!(2024 - 03 - 06));
        assert_eq!(longest_end(date!(2024 - 02 - 16)), date!(2025 - 03 - 02));
    }

    #[test]
    fn no_instant_makes_it_panic() {
        let zone = berlin();
        for instant in [Date::MIN.midnight().assume_utc(), Date::MAX.midnight().assume_utc()] {
            for instructed_at in [None, Some(instant)] {
                withdrawal_period(&WithdrawalQuestion {
                    consumer: true,
                    concluded_at: instant,
                    instructed_at,
                    zone: &zone,
                    regions: &HolidayRegion::ALL,
                });
            }
        }
    }
}
