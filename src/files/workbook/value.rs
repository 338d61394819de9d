//! The value of a cell as a person reads it.

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use crate::files::written::unguarded;

/// What a cell held before it was text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A number, or a yes or no.
    Number,
    /// A day, or a day and a time.
    Date,
    /// The error of a formula: its text says which.
    Error,
    /// A formula of which no value was saved.
    Uncomputed,
}

/// A cell's text before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// In which shape a number is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    #[default]
    Plain,
    /// With zeros before it, so many digits at least: `001`.
    Padded(usize),
    /// Of a hundred: `50%`.
    Percent,
}

impl Shape {
    /// The shape that a number format gives; none where it does not change what a number says.
    pub(super) fn of(format: &str) -> Option<Self> {
        let format = format.trim_matches('"');
        if format.len() > 1 && format.bytes().all(|byte| byte == b'0') {
            Some(Self::Padded(format.len()))
        } else {
            format.contains('%').then_some(Self::Percent)
        }
    }
}

/// The last day of Excel, 9999-12-31, as it counts from 1900.
const SERIAL_MAX: f64 = 2_958_466.0;
/// Days between the two ways to count.
const EPOCHS_APART: f64 = 1462.0;
/// Numbers below this are whole exactly.
const WHOLE_MAX: f64 = 1e15;

/// The text of a cell; none where it holds nothing.
pub(super) fn raw(value: &DataRef<'_>, has_formula: bool, shape: Shape) -> Option<Raw> {
    let (text, kind) = match value {
        DataRef::Empty if has_formula => (String::new(), Kind::Uncomputed),
        DataRef::Empty => return None,
        DataRef::String(text) => (clean(text), Kind::Text),
        DataRef::SharedString(text) => (clean(text), Kind::Text),
        DataRef::Int(number) => (number.to_string(), Kind::Number),
        DataRef::Float(number) => (shaped(*number, shape), Kind::Number),
        DataRef::Bool(is) => (if *is { "TRUE" } else { "FALSE" }.to_owned(), Kind::Text),
        DataRef::DateTime(at) if at.is_duration() => (number(at.as_f64()), Kind::Number),
        DataRef::DateTime(at) => match date(at) {
            Some(text) => (text, Kind::Date),
            None => (number(at.as_f64()), Kind::Number),
        },
        DataRef::DateTimeIso(text) => (iso(text), Kind::Date),
        DataRef::DurationIso(text) => (text.clone(), Kind::Text),
        DataRef::Error(error) => (error.to_string(), Kind::Error),
    };
    (!text.is_empty() || kind == Kind::Uncomputed).then_some(Raw { text, kind })
}

/// Trimmed, line breaks as `\n`, and without the guard that a CSV of ours carried into the workbook.
fn clean(text: &str) -> String {
    let text = unguarded(text.trim());
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    }
}

fn shaped(value: f64, shape: Shape) -> String {
    match shape {
        Shape::Plain => number(value),
        Shape::Padded(digits) if value >= 0.0 && value.fract() == 0.0 && value < WHOLE_MAX => {
            format!("{:0>digits$}", number(value))
        }
        Shape::Padded(_) => number(value),
        Shape::Percent => format!("{}%", number(value * 100.0)),
    }
}

/// As Excel shows it: a whole number without a point, others in 15 digits at most.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < WHOLE_MAX {
        return format!("{value:.0}");
    }
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// The day that a number is in a column of dates; none where it cannot be meant as one.
pub(super) fn date_of_serial(serial: f64, is_1904: bool) -> Option<String> {
    date(&ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904))
}

fn date(at: &ExcelDateTime) -> Option<String> {
    let serial = at.as_f64();
    // In range, so that no sum in the library overflows.
    if !(0.0..SERIAL_MAX - EPOCHS_APART).contains(&serial) {
        return None;
    }
    // Times are fractions of a day and come out some milliseconds beside their second.
    let at = at.as_datetime()?.checked_add_signed(TimeDelta::milliseconds(500))?;
    Some(shown(at))
}

/// As ledgers write it: the time only where there is one.
fn shown(at: NaiveDateTime) -> String {
    let time = at.time();
    let at = if time < NaiveTime::from_hms_opt(0, 0, 1).unwrap_or(time) {
        return at.date().to_string();
    } else {
        at.format("%Y-%m-%d %H:%M:%S").to_string()
    };
    at.strip_suffix(":00").map_or_else(|| at.clone(), str::to_owned)
}

/// A date that was saved as text of the standard: without a time where that is none.
fn iso(text: &str) -> String {
    let text = text.trim();
    let bare = text
        .strip_suffix("T00:00:00")
        .or_else(|| text.strip_suffix("T00:00:00.000"));
    bare.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as(value: &DataRef<'_>) -> Option<String> {
        raw(value, false, Shape::Plain).map(|raw| raw.text)
    }

    #[test]
    fn a_number_is_what_excel_shows() {
        for (value, text) in [
            (1.0, "1"),
            (-3.0, "-3"),
            (1.5, "1.5"),
            (0.1 + 0.2, "0.3"),
            (20_211_231.0, "20211231"),
            (0.0, "0"),
        ] {
            assert_eq!(shown_as(&DataRef::Float(value)).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_number_keeps_its_zeros_and_its_percent() {
        let shaped = |value, format| shaped(value, Shape::of(format).unwrap_or_default());
        assert_eq!(shaped(7.0, "000"), "007");
        assert_eq!(shaped(1234.0, "000"), "1234");
        assert_eq!(shaped(0.55, "0%"), "55%");
        assert_eq!(shaped(7.0, "0"), "7");
        assert_eq!(shaped(7.5, "0.00"), "7.5");
    }

    #[test]
    fn a_date_is_a_day_and_keeps_its_time_to_the_second() {
        let dated = |serial, is_1904| date_of_serial(serial, is_1904);
        assert_eq!(dated(44_561.0, false).as_deref(), Some("2021-12-31"));
        assert_eq!(dated(44_561.75, false).as_deref(), Some("2021-12-31 18:00"));
        assert_eq!(
            dated(44_561.0 + 17.5 / 24.0, false).as_deref(),
            Some("2021-12-31 17:30")
        );
        assert_eq!(
            dated(44_561.0 + 5.0 / 24.0 / 3_600.0, false).as_deref(),
            Some("2021-12-31 00:00:05")
        );
        assert_eq!(dated(43_099.0, true).as_deref(), Some("2021-12-31"));
    }

    #[test]
    fn a_number_that_no_calendar_reaches_is_no_date() {
        for serial in [-1.0, 1e300, -1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(date_of_serial(serial, false), None, "{serial}");
        }
    }

    #[test]
    fn a_formula_whose_value_is_nothing_is_told_from_one_without_a_value() {
        assert_eq!(raw(&DataRef::String(String::new()), true, Shape::Plain), None);
        let uncomputed = raw(&DataRef::Empty, true, Shape::Plain).map(|raw| raw.kind);
        assert_eq!(uncomputed, Some(Kind::Uncomputed));
    }
}
