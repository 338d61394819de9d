//! A date, or a date and time, as people write it: the value of a deadline or another anchor.
//!
//! Only `rules/calendar.rs` turns one into an instant.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A point on the calendar in the precision in which it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// A civil date without a time.
    Date(NaiveDate),
    /// A civil date and time in the configured time zone.
    Local(NaiveDateTime),
    /// An instant: a date and time that came with its offset.
    Instant(DateTime<FixedOffset>),
}

/// The text is not a date, nor a date and time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a date or a date and time")]
pub struct WhenError {
    /// What was found.
    pub text: String,
}

impl When {
    /// The instant `at`, written with offset zero.
    #[must_use]
    pub fn instant(at: DateTime<Utc>) -> Self {
        Self::Instant(at.fixed_offset())
    }

    /// The civil day as written.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(local) => local.date(),
            Self::Instant(at) => at.date_naive(),
        }
    }
}

/// ISO 8601: `2022-01-31`, `2022-01-31T18:00`, `2022-01-31T18:00:00.123+08:00`. Equal values give equal text.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Local(local) if local.format("%S").to_string() == "00" => {
                write!(f, "{}", local.format("%Y-%m-%dT%H:%M"))
            }
            Self::Local(local) => write!(f, "{}", local.format("%Y-%m-%dT%H:%M:%S")),
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

/// Reads what [`fmt::Display`] writes, and a blank in place of `T`. What people write in ledgers
/// (`2022年1月31日`) is read in `files`.
impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        let text = text.trim();
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Date(date));
        }
        let joined = text.replacen(' ', "T", 1);
        if let Ok(instant) = DateTime::parse_from_rfc3339(&joined) {
            return Ok(Self::Instant(instant));
        }
        for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
            if let Ok(local) = NaiveDateTime::parse_from_str(&joined, format) {
                return Ok(Self::Local(local));
            }
        }
        for format in ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%MZ"] {
            if let Ok(instant) = DateTime::parse_from_str(&joined.replace('Z', "+00:00"), format) {
                return Ok(Self::Instant(instant));
            }
        }
        Err(WhenError { text: text.to_owned() })
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "2022-01-31",
            "2022-01-31T18:00",
            "2022-01-31T18:00:05",
            "2022-01-31T18:00:00+08:00",
            "2022-01-31T10:00:00Z",
        ] {
            let when: When = text.parse().expect("the text is a date or a date and time");
            assert_eq!(when.to_string(), text);
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_refused() {
        assert!("2022-02-30".parse::<When>().is_err());
    }
}
