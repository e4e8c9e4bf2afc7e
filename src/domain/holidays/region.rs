//! The regions that have a holiday table of their own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
