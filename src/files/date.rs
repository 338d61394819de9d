//! Dates as people write them in ledgers.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveTime};
use thiserror::Error;

use crate::domain::when::When;

/// Why a text is no date.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DateError {
    /// It has the form of a date, but no calendar has it.
    #[error("`{0}` is a date that does not exist")]
    NoSuchDay(String),
    /// It does not have the form of a date.
    #[error("`{0}` is not a date")]
    NoDate(String),
}

/// The forms that are read, for a hint.
pub const FORMS: &str = "write 2022-01-31, 2022/1/31, 2022.1.31 or 2022年1月31日, with a time behind it where one is meant: 2022-01-31 18:00";

/// What to do about a text that is no date.
#[must_use]
pub fn hint(text: &str) -> &'static str {
    let plain = plain(text);
    let parts: Vec<&str> = plain.split(['/', '-', '.']).collect();
    let is_number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts.as_slice() {
        [first, second, year] if is_number(first, 1..=2) && is_number(second, 1..=2) && is_number(year, 4..=4) => {
            "day/month/year is not read, since 3/4/2021 may be either of two days: write the year first, 2021-12-31"
        }
        [serial] if is_number(serial, 5..=5) => {
            "this is an Excel date number: format the column as a date, 2021-12-31, and save it again"
        }
        _ => FORMS,
    }
}

/// Reads `2022-01-31`, `2022/1/31`, `2022.1.31`, `2022年1月31日`, also with a time (`18:00`, `18:00:00`, `18时30分`) and an
/// offset (`+08:00`, `Z`). Full-width digits and punctuation count as their plain ones.
///
/// # Errors
/// [`DateError`].
pub fn parse(text: &str) -> Result<When, DateError> {
    let plain = plain(text);
    let no_date = || DateError::NoDate(text.trim().to_owned());
    let (date, rest) = split_date(&plain).ok_or_else(no_date)?;
    let (year, month, day) = date;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| DateError::NoSuchDay(text.trim().to_owned()))?;
    let rest = rest.trim_start_matches([' ', 'T', 't']).trim();
    if rest.is_empty() {
        return Ok(When::Date(date));
    }
    let (time, offset) = match rest.find(['+', '-', 'Z', 'z']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let time = parse_time(time).ok_or_else(no_date)?;
    let local = date.and_time(time);
    if offset.is_empty() {
        return Ok(When::Local(local));
    }
    let mut whole = local.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
    let zone = if offset.eq_ignore_ascii_case("z") {
        "+00:00"
    } else {
        offset
    };
    write!(whole, "{zone}").map_err(|_| no_date())?;
    DateTime::parse_from_str(&whole, "%Y-%m-%dT%H:%M:%S%.f%:z")
        .map(When::Instant)
        .map_err(|_| no_date())
}

/// Reads `9:00`, `09:00:30`, `18时30分`, `18时`.
#[must_use]
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    let text = text.trim().replace('时', ":").replace('分', "");
    let text = text
        .strip_suffix(':')
        .map_or_else(|| text.clone(), |hour| format!("{hour}:00"));
    ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(&text, form).ok())
}

/// Full-width letters, digits and punctuation as their plain ones; trimmed.
#[must_use]
pub fn plain(text: &str) -> String {
    text.trim()
        .chars()
        .map(|letter| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            '\u{3000}' | '\u{a0}' => ' ',
            _ => letter,
        })
        .collect()
}

/// Year, month and day at the start, and what follows them.
fn split_date(text: &str) -> Option<((i32, u32, u32), &str)> {
    let (year, rest) = number(text)?;
    let mark = rest.chars().next()?;
    let (month, rest) = number(rest.strip_prefix(mark)?.trim_start())?;
    let (second, last) = match mark {
        '-' | '/' | '.' => (mark, None),
        '年' => ('月', Some(['日', '号'])),
        _ => return None,
    };
    let (day, rest) = number(rest.strip_prefix(second)?.trim_start())?;
    let rest = match last {
        Some(marks) => rest.strip_prefix(marks)?,
        None => rest,
    };
    if rest.starts_with(|letter: char| !matches!(letter, ' ' | 'T' | 't')) && last.is_none() {
        return None;
    }
    if !(1000..=9999).contains(&year) {
        return None;
    }
    Some(((i32::try_from(year).ok()?, month, day), rest))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(
            parse(text).map(|when| when.to_string()).as_deref(),
            Ok(expected),
            "{text}"
        );
    }

    #[test]
    fn dates_are_read_in_every_form_that_offices_write() {
        for text in [
            "2022-01-31",
            "2022-1-31",
            "2022/1/31",
            "2022.1.31",
            "2022年1月31日",
            "2022年01月31号",
            " ２０２２－０１－３１ ",
            "２０２２年１月３１日",
        ] {
            check(text, "2022-01-31");
        }
    }

    #[test]
    fn a_time_behind_the_date_is_kept() {
        check("2022-01-31 18:00", "2022-01-31T18:00");
        check("2022-01-31T18:00:05", "2022-01-31T18:00:05");
        check("2022/1/31 9:05", "2022-01-31T09:05");
        check("2022年1月31日18时30分", "2022-01-31T18:30");
        check("2022年1月31日 18：00", "2022-01-31T18:00");
    }

    #[test]
    fn an_offset_makes_it_an_instant() {
        check("2022-01-31T18:00:00+08:00", "2022-01-31T18:00:00+08:00");
        check("2022-01-31T10:00Z", "2022-01-31T10:00:00Z");
    }

    #[test]
    fn a_day_before_its_month_and_a_number_of_excel_have_hints_of_their_own() {
        assert!(hint("31/12/2021").starts_with("day/month/year"));
        assert!(hint("1.2.2021").starts_with("day/month/year"));
        assert!(hint("44561").contains("Excel"));
        assert_eq!(hint("年底前"), FORMS);
        assert_eq!(hint("2021-13-01"), FORMS);
    }

    #[test]
    fn a_day_that_no_calendar_has_is_told_from_what_is_no_date() {
        assert_eq!(
            parse("2022年2月30日"),
            Err(DateError::NoSuchDay("2022年2月30日".into()))
        );
        assert_eq!(parse("年底前"), Err(DateError::NoDate("年底前".into())));
        assert_eq!(parse("22-1-31"), Err(DateError::NoDate("22-1-31".into())));
        assert_eq!(parse("2022-01-315"), Err(DateError::NoSuchDay("2022-01-315".into())));
        assert_eq!(parse("2022-01-31x"), Err(DateError::NoDate("2022-01-31x".into())));
        assert_eq!(
            parse("2022-01-31 25:00"),
            Err(DateError::NoDate("2022-01-31 25:00".into()))
        );
    }
}
