//! Instants and ends of spans as people type them: `--now`, `--from`, `--until`.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use crate::domain::ladder::Span;
use crate::domain::when::When;
use crate::rules::calendar::{Almanac, instant_in};

/// What was typed is no instant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InstantError {
    /// Neither a date, nor a date and time.
    #[error(
        "`{text}` is no date or date and time; write `2021-12-13`, `2021-12-13T08:00` or `2021-12-13T08:00:00+08:00`"
    )]
    NoInstant {
        /// What was typed.
        text: String,
    },
    /// Neither an instant nor a span.
    #[error("`{text}` is neither an instant nor a span; write `2022-01-31`, or `30d`, `10wd`, `2w`, `6mo`, `12h`")]
    NoEnd {
        /// What was typed.
        text: String,
    },
    /// The span reaches past the calendar.
    #[error("`{text}` reaches past the end of the calendar")]
    TooFar {
        /// What was typed.
        text: String,
    },
}

/// The instant that `text` names: RFC 3339, a local date and time, or a bare date, which is 00:00 local.
///
/// # Errors
///
/// [`InstantError::NoInstant`] if it is none of them.
///
/// ```
/// # use duban::command::instant::instant;
/// let at = instant("2021-12-13", chrono_tz::Asia::Shanghai)?;
/// assert_eq!(at.to_rfc3339(), "2021-12-12T16:00:00+00:00");
/// # Ok::<(), duban::command::instant::InstantError>(())
/// ```
pub fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, InstantError> {
    let when = text
        .parse()
        .map_err(|_| InstantError::NoInstant { text: text.to_owned() })?;
    Ok(match when {
        When::Date(date) => instant_in(zone, date.and_time(NaiveTime::MIN)),
        When::Local(local) => instant_in(zone, local),
        When::Instant(at) => at.to_utc(),
    })
}

/// The end of a span that begins at `from`: an instant as of [`instant`], or a span such as `30d` after `from`. Days,
/// working days, weeks and months keep the local time of day; hours, minutes and seconds are exact.
///
/// # Errors
///
/// [`InstantError`] if it is neither, or reaches past the calendar.
pub fn until(text: &str, from: DateTime<Utc>, almanac: &Almanac) -> Result<DateTime<Utc>, InstantError> {
    if let Ok(at) = instant(text, almanac.timing.zone) {
        return Ok(at);
    }
    let span: Span = text
        .trim()
        .parse()
        .map_err(|_| InstantError::NoEnd { text: text.to_owned() })?;
    almanac
        .after(from, span)
        .ok_or_else(|| InstantError::TooFar { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Shanghai;
    use chrono_tz::Europe::Berlin;

    use super::*;
    use crate::rules::calendar::{Calendar, DueOnDayOff, Timing};

    fn almanac(zone: Tz) -> Almanac {
        Almanac {
            calendar: Calendar::mon_fri(),
            timing: Timing {
                zone,
                send_at: NaiveTime::MIN,
                close_of_day: NaiveTime::MIN,
                hours: None,
                due_on_day_off: DueOnDayOff::AsWritten,
                yellow: "5wd".parse().expect("a span"),
            },
        }
    }

    fn check(text: &str, zone: Tz, expected: &str) {
        let at = instant(text, zone).expect("an instant");
        assert_eq!(almanac(zone).local(at).to_rfc3339(), expected);
    }

    fn check_until(text: &str, from: &str, zone: Tz, expected: &str) {
        let from = instant(from, zone).expect("an instant");
        let at = until(text, from, &almanac(zone)).expect("an end");
        assert_eq!(almanac(zone).local(at).to_rfc3339(), expected);
    }

    #[test]
    fn an_instant_with_its_offset_is_taken_as_it_stands() {
        check("2021-12-13T00:00:00Z", Shanghai, "2021-12-13T08:00:00+08:00");
    }

    #[test]
    fn a_date_and_time_without_offset_is_local() {
        check("2021-12-13T08:00", Shanghai, "2021-12-13T08:00:00+08:00");
    }

    #[test]
    fn a_bare_date_is_its_first_moment() {
        check("2021-12-13", Shanghai, "2021-12-13T00:00:00+08:00");
    }

    #[test]
    fn a_missing_hour_is_shifted_forward() {
        check("2026-03-29T02:30", Berlin, "2026-03-29T03:30:00+02:00");
    }

    #[test]
    fn what_is_no_date_is_told_with_examples() {
        let error = instant("tomorrow", Shanghai).expect_err("no instant");
        assert!(error.to_string().contains("`tomorrow`") && error.to_string().contains("2021-12-13T08:00"));
    }

    #[test]
    fn days_keep_the_local_time_over_a_clock_change() {
        check_until("1d", "2026-03-28T09:00", Berlin, "2026-03-29T09:00:00+02:00");
    }

    #[test]
    fn hours_are_exact_over_a_clock_change() {
        check_until("24h", "2026-03-28T09:00", Berlin, "2026-03-29T10:00:00+02:00");
    }

    #[test]
    fn a_month_after_the_31st_ends_with_the_month() {
        check_until("1mo", "2022-01-31", Shanghai, "2022-02-28T00:00:00+08:00");
    }

    #[test]
    fn working_days_jump_the_weekend() {
        check_until("2wd", "2021-12-16T08:00", Shanghai, "2021-12-20T08:00:00+08:00");
    }

    #[test]
    fn an_end_may_be_an_instant() {
        check_until("2022-01-31", "2021-12-16", Shanghai, "2022-01-31T00:00:00+08:00");
    }

    #[test]
    fn a_span_with_a_sign_is_no_end() {
        let from = instant("2022-01-31", Shanghai).expect("an instant");
        assert!(matches!(
            until("+30d", from, &almanac(Shanghai)),
            Err(InstantError::NoEnd { .. })
        ));
    }
}
