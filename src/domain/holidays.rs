//! Public holidays of the German Länder, for § 193 BGB: a declaration due on a Saturday, Sunday or holiday may still be
//! made on the next working day.
//!
//! § 193 moves the end of a withdrawal period. It never moves a notice period (BGH 17.02.2005, III ZR 172/04).
//! Laws change: each row of the table carries its years of validity. The table is right from 1995 on, the year after
//! the Day of Repentance was abolished outside Saxony.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Duration, Month, Weekday};

use super::{
    calendar::{is_weekend, next_day},
    localized::LocalizedText,
};

/// A Land, or a part of one with holidays of its own. Text form: ISO 3166-2 with a suffix, `DE-NW`, `DE-BY-K`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HolidayRegion {
    /// Baden-Württemberg.
    BW,
    /// Bavaria, municipalities without Assumption Day.
    BY,
    /// Bavaria, mainly Catholic municipalities (Assumption Day).
    BYCatholic,
    /// City of Augsburg (Assumption Day and Peace Festival).
    BYAugsburg,
    /// Berlin.
    BE,
    /// Brandenburg.
    BB,
    /// Bremen.
    HB,
    /// Hamburg.
    HH,
    /// Hesse.
    HE,
    /// Mecklenburg-Western Pomerania.
    MV,
    /// Lower Saxony.
    NI,
    /// North Rhine-Westphalia.
    NW,
    /// Rhineland-Palatinate.
    RP,
    /// Saarland.
    SL,
    /// Saxony.
    SN,
    /// Saxony, the Catholic municipalities that keep Corpus Christi.
    SNCatholic,
    /// Saxony-Anhalt.
    ST,
    /// Schleswig-Holstein.
    SH,
    /// Thuringia.
    TH,
    /// Thuringia, the Catholic municipalities that keep Corpus Christi.
    THCatholic,
}

use HolidayRegion::{
    BB, BE, BW, BY, BYAugsburg, BYCatholic, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, SNCatholic, ST, TH, THCatholic,
};

/// The text names no region with a holiday table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a German holiday region, such as DE-NW, DE-BY-K, DE-BY-Augsburg, DE-SN-K or DE-TH-K")]
pub struct UnknownHolidayRegion(pub String);

impl HolidayRegion {
    /// All regions.
    pub const ALL: [Self; 20] = [
        BW, BY, BYCatholic, BYAugsburg, BE, BB, HB, HH, HE, MV, NI, NW, RP, SL, SN, SNCatholic, ST, SH, TH, THCatholic,
    ];

    /// The text form, for example `DE-NW`.
    pub fn as_str(self) -> &'static str {
        match self {
            BW => "DE-BW",
            BY => "DE-BY",
            BYCatholic => "DE-BY-K",
            BYAugsburg => "DE-BY-Augsburg",
            BE => "DE-BE",
            BB => "DE-BB",
            HB => "DE-HB",
            HH => "DE-HH",
            HE => "DE-HE",
            MV => "DE-MV",
            NI => "DE-NI",
            NW => "DE-NW",
            RP => "DE-RP",
            SL => "DE-SL",
            SN => "DE-SN",
            SNCatholic => "DE-SN-K",
            ST => "DE-ST",
            SH => "DE-SH",
            TH => "DE-TH",
            THCatholic => "DE-TH-K",
        }
    }
}

impl FromStr for HolidayRegion {
    type Err = UnknownHolidayRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|region| region.as_str() == text)
            .ok_or_else(|| UnknownHolidayRegion(text.chars().take(40).collect()))
    }
}

impl fmt::Display for HolidayRegion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for HolidayRegion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for HolidayRegion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

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
struct Holiday {
    de: &'static str,
    en: &'static str,
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

/// The name of the public holiday kept in a region on a day, or `None` on an ordinary day.
pub fn holiday_name(region: HolidayRegion, date: Date) -> Option<LocalizedText> {
    find(&[region], date).map(|holiday| LocalizedText::new(holiday.de, holiday.en))
}

/// Whether a day is a public holiday in a region. 24 and 31 December are not.
pub fn is_public_holiday(region: HolidayRegion, date: Date) -> bool {
    find(&[region], date).is_some()
}

/// Whether a day is neither Saturday nor Sunday nor a holiday in any of the regions (policy for § 193 BGB: the union of
/// the Länder of consumer and trader, the later date being the consumer's). Without a region only the holidays of all
/// Germany count.
pub fn is_working_day(date: Date, regions: &[HolidayRegion]) -> bool {
    !is_weekend(date) && find(regions, date).is_none()
}

/// The day itself if it is a working day, otherwise the next one that is (§ 193 BGB).
pub fn shift_to_working_day(date: Date, regions: &[HolidayRegion]) -> Date {
    let mut day = date;
    // No row of holidays is nearly as long; the bound only rules out an endless loop at the end of the calendar.
    for _ in 0..30 {
        if is_working_day(day, regions) {
            break;
        }
        day = next_day(day);
    }
    day
}

fn find(regions: &[HolidayRegion], date: Date) -> Option<&'static Holiday> {
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
