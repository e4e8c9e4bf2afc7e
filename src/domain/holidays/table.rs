//! The table of holidays with its years of validity, and how each day is found.

use time::{Date, Duration, Month, Weekday};

use super::region::HolidayRegion::{
    self, BB, BE, BW, BY, BYAugsburg, BYCatholic, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, SNCatholic, ST, TH,
    THCatholic,
};

/// How the day of a holiday is found in a year.
enum Day {
    /// The same day every year.
    Fixed(Month, u8),
    /// So many days after Easter Sunday.
    AfterEaster(i64),
    /// The Wednesday before 23 November.
    Repentance,
}

/// One row of the table: a holiday, where it is kept, and in which years.
pub(super) struct Holiday {
    /// German name.
    pub(super) de: &'static str,
    /// English name.
    pub(super) en: &'static str,
    day: Day,
    /// `None`: everywhere in Germany.
    regions: Option<&'static [HolidayRegion]>,
    first_year: i32,
    last_year: i32,
}

const fn row(
    de: &'static str,
    en: &'static str,
    day: Day,
    regions: Option<&'static [HolidayRegion]>,
    first_year: i32,
    last_year: i32,
) -> Holiday {
    Holiday {
        de,
        en,
        day,
        regions,
        first_year,
        last_year,
    }
}

const ALWAYS: i32 = i32::MIN;
const EVER: i32 = i32::MAX;

const CORPUS_CHRISTI: &[HolidayRegion] = &[BW, BY, BYCatholic, BYAugsburg, HE, NW, RP, SL, SNCatholic, THCatholic];

/// The holiday laws of the Länder. A change of law is a new row, or a last year in the old one.
static TABLE: [Holiday; 26] = [
    row(
        "Neujahr",
        "New Year's Day",
        Day::Fixed(Month::January, 1),
        None,
        ALWAYS,
        EVER,
    ),
    row("Karfreitag", "Good Friday", Day::AfterEaster(-2), None, ALWAYS, EVER),
    row("Ostermontag", "Easter Monday", Day::AfterEaster(1), None, ALWAYS, EVER),
    row(
        "Tag der Arbeit",
        "Labour Day",
        Day::Fixed(Month::May, 1),
        None,
        ALWAYS,
        EVER,
    ),
    row(
        "Christi Himmelfahrt",
        "Ascension Day",
        Day::AfterEaster(39),
        None,
        ALWAYS,
        EVER,
    ),
    row("Pfingstmontag", "Whit Monday", Day::AfterEaster(50), None, ALWAYS, EVER),
    row(
        "Tag der Deutschen Einheit",
        "Day of German Unity",
        Day::Fixed(Month::October, 3),
        None,
        1990,
        EVER,
    ),
    row(
        "1. Weihnachtstag",
        "Christmas Day",
        Day::Fixed(Month::December, 25),
        None,
        ALWAYS,
        EVER,
    ),
    row(
        "2. Weihnachtstag",
        "Boxing Day",
        Day::Fixed(Month::December, 26),
        None,
        ALWAYS,
        EVER,
    ),
    row(
        "Heilige Drei Könige",
        "Epiphany",
        Day::Fixed(Month::January, 6),
        Some(&[BW, BY, BYCatholic, BYAugsburg, ST]),
        ALWAYS,
        EVER,
    ),
    row(
        "Internationaler Frauentag",
        "Women's Day",
        Day::Fixed(Month::March, 8),
        Some(&[BE]),
        2019,
        EVER,
    ),
    row(
        "Internationaler Frauentag",
        "Women's Day",
        Day::Fixed(Month::March, 8),
        Some(&[MV]),
        2023,
        EVER,
    ),
    row(
        "Ostersonntag",
        "Easter Sunday",
        Day::AfterEaster(0),
        Some(&[BB]),
        ALWAYS,
        EVER,
    ),
    row(
        "Pfingstsonntag",
        "Whit Sunday",
        Day::AfterEaster(49),
        Some(&[BB]),
        ALWAYS,
        EVER,
    ),
    row(
        "Fronleichnam",
        "Corpus Christi",
        Day::AfterEaster(60),
        Some(CORPUS_CHRISTI),
        ALWAYS,
        EVER,
    ),
    row(
        "Hohes Friedensfest",
        "Peace Festival",
        Day::Fixed(Month::August, 8),
        Some(&[BYAugsburg]),
        ALWAYS,
        EVER,
    ),
    row(
        "Mariä Himmelfahrt",
        "Assumption Day",
        Day::Fixed(Month::August, 15),
        Some(&[SL, BYCatholic, BYAugsburg]),
        ALWAYS,
        EVER,
    ),
    row(
        "Weltkindertag",
        "Children's Day",
        Day::Fixed(Month::September, 20),
        Some(&[TH, THCatholic]),
        2019,
        EVER,
    ),
    row(
        "Reformationstag",
        "Reformation Day",
        Day::Fixed(Month::October, 31),
        Some(&[BB, MV, SN, SNCatholic, ST, TH, THCatholic]),
        ALWAYS,
        EVER,
    ),
    // The 500th anniversary was a holiday everywhere; the north kept it from the next year on.
    row(
        "Reformationstag",
        "Reformation Day",
        Day::Fixed(Month::October, 31),
        None,
        2017,
        2017,
    ),
    row(
        "Reformationstag",
        "Reformation Day",
        Day::Fixed(Month::October, 31),
        Some(&[HB, HH, NI, SH]),
        2018,
        EVER,
    ),
    row(
        "Allerheiligen",
        "All Saints' Day",
        Day::Fixed(Month::November, 1),
        Some(&[BW, BY, BYCatholic, BYAugsburg, NW, RP, SL]),
        ALWAYS,
        EVER,
    ),
    row(
        "Buß- und Bettag",
        "Day of Repentance",
        Day::Repentance,
        Some(&[SN, SNCatholic]),
        1995,
        EVER,
    ),
    row(
        "Tag der Befreiung",
        "Liberation Day",
        Day::Fixed(Month::May, 8),
        Some(&[BE]),
        2020,
        2020,
    ),
    row(
        "Tag der Befreiung",
        "Liberation Day",
        Day::Fixed(Month::May, 8),
        Some(&[BE]),
        2025,
        2025,
    ),
    row(
        "Jahrestag des 17. Juni 1953",
        "Uprising of 1953",
        Day::Fixed(Month::June, 17),
        Some(&[BE]),
        2028,
        2028,
    ),
];

/// The holiday kept in one of the regions (or everywhere) on a day.
pub(super) fn find(regions: &[HolidayRegion], date: Date) -> Option<&'static Holiday> {
    TABLE.iter().find(|holiday| {
        (holiday.first_year..=holiday.last_year).contains(&date.year())
            && holiday
                .regions
                .is_none_or(|kept_in| regions.iter().any(|region| kept_in.contains(region)))
            && holiday.day.is(date)
    })
}

impl Day {
    fn is(&self, date: Date) -> bool {
        match *self {
            Self::Fixed(month, day) => date.month() == month && date.day() == day,
            Self::AfterEaster(days) => {
                easter_sunday(date.year()).is_some_and(|easter| date - easter == Duration::days(days))
            }
            Self::Repentance => {
                date.month() == Month::November
                    && date.weekday() == Weekday::Wednesday
                    && (16..=22).contains(&date.day())
            }
        }
    }
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
fn easter_sunday(year: i32) -> Option<Date> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}
