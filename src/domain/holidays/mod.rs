//! Public holidays of the German Länder, for § 193 BGB: a declaration due on a Saturday, Sunday or holiday may still be
//! made on the next working day.
//!
//! § 193 moves the end of a withdrawal period. It never moves a notice period (BGH 17.02.2005, III ZR 172/04).
//! Laws change: each row of the table carries its years of validity. The table is right from 1995 on, the year after
//! the Day of Repentance was abolished outside Saxony.

mod region;
mod table;

use time::Date;

use super::{
    calendar::{is_weekend, next_day},
    localized::LocalizedText,
};

pub use region::{HolidayRegion, UnknownHolidayRegion};
use table::find;

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

#[cfg(test)]
mod tests;
