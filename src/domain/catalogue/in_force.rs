//! Which version of a legal document is used on a day.

use time::{Date, OffsetDateTime};

/// When a version of a document was published, and from when on it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionSpan {
    /// First day on which it is used.
    pub valid_from_on: Date,
    /// When it was published.
    pub published_at: OffsetDateTime,
}

/// The version used on `on`: the catalogue's own once its day has come; until then the one published before that is used
/// since the latest day. `None` stands for the catalogue's own, which also serves where there was none before.
pub fn version_in_force(own_valid_from: Date, earlier: &[VersionSpan], on: Date) -> Option<usize> {
    if own_valid_from <= on {
        return None;
    }
    earlier
        .iter()
        .enumerate()
        .filter(|(_, version)| version.valid_from_on <= on)
        .max_by_key(|(_, version)| (version.valid_from_on, version.published_at))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_new_version_is_used_from_its_day_on_and_the_old_one_until_then() {
        let span = |valid_from_on, published_at| VersionSpan {
            valid_from_on,
            published_at,
        };
        let earlier = [
            span(date!(2025 - 01 - 01), datetime!(2024-12-01 0:00 UTC)),
            span(date!(2026 - 01 - 01), datetime!(2025-12-01 0:00 UTC)),
            // Corrected before its day, so the later publication counts.
            span(date!(2026 - 01 - 01), datetime!(2025-12-20 0:00 UTC)),
            span(date!(2028 - 01 - 01), datetime!(2026-02-01 0:00 UTC)),
        ];
        let own = date!(2027 - 01 - 01);
        assert_eq!(version_in_force(own, &earlier, date!(2024 - 12 - 31)), None);
        assert_eq!(version_in_force(own, &earlier, date!(2025 - 06 - 01)), Some(0));
        assert_eq!(version_in_force(own, &earlier, date!(2026 - 12 - 31)), Some(2));
        assert_eq!(version_in_force(own, &earlier, own), None);
        assert_eq!(version_in_force(own, &[], date!(2026 - 12 - 31)), None);
    }
}
