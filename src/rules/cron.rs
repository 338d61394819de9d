//! When a review comes round: cron text and civil time in, instants out.
//!
//! croner runs on local time labelled UTC, and its answer goes through the same road to an instant as every deadline,
//! so that a change of the clocks is treated alike everywhere.

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use thiserror::Error;

use crate::domain::review::{OnDayOff, Review};
use crate::rules::calendar::{Almanac, instant_in};

/// A cron text that cannot be used, with croner's own words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CronError(pub String);

/// Reads five fields, or six with seconds first.
///
/// # Errors
/// Where the text does not parse.
pub fn parse(text: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .seconds(Seconds::Optional)
        .build()
        .parse(text)
        .map_err(|error| CronError(error.to_string()))
}

/// The first time strictly after `after` at which the cron text fires in `zone`: a whole second.
///
/// # Errors
/// Where the text does not parse, or never fires.
pub fn next_after(text: &str, zone: Tz, after: DateTime<Utc>) -> Result<DateTime<Utc>, CronError> {
    let cron = parse(text)?;
    // croner carries the fraction of a second of where it begins into what it finds.
    let mut local = after.with_timezone(&zone).naive_local().and_utc().trunc_subsecs(0);
    // Within a double hour the local time can run back: search on until the instant has moved.
    loop {
        local = cron
            .find_next_occurrence(&local, false)
            .map_err(|error| CronError(error.to_string()))?;
        let instant = instant_in(zone, local.naive_utc());
        if instant > after {
            return Ok(instant);
        }
    }
}

/// When a review takes place whose cron text fires at `nominal`: a day off moves it where it says so.
#[must_use]
pub fn review_at(almanac: &Almanac, review: &Review, nominal: DateTime<Utc>) -> DateTime<Utc> {
    let local = almanac.local(nominal).naive_local();
    match review.on_day_off {
        OnDayOff::NextWorkingDay if !almanac.calendar.is_working(local.date()) => {
            almanac.instant(almanac.calendar.rolled(local.date(), false).date.and_time(local.time()))
        }
        OnDayOff::NextWorkingDay | OnDayOff::Skip | OnDayOff::Send => nominal,
    }
}

/// Whether a review that would take place at `at` is skipped, because that is a day off.
#[must_use]
pub fn is_skipped(almanac: &Almanac, review: &Review, at: DateTime<Utc>) -> bool {
    review.on_day_off == OnDayOff::Skip && !almanac.calendar.is_working(almanac.today(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: Tz, after: &str) -> String {
        let after = after.parse().expect("an instant");
        next_after(cron, zone, after)
            .expect("it fires")
            .with_timezone(&zone)
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string()
    }

    #[test]
    fn five_fields_and_six_with_seconds_first_are_read() {
        let zone = chrono_tz::Asia::Shanghai;
        assert_eq!(
            next("30 8 * * MON", zone, "2021-11-14T00:00:00Z"),
            "2021-11-15T08:30:00"
        );
        assert_eq!(
            next("15 30 8 * * MON", zone, "2021-11-15T00:30:15Z"),
            "2021-11-22T08:30:15"
        );
    }

    #[test]
    fn a_fire_is_a_whole_second_however_far_into_one_the_search_begins() {
        let zone = chrono_tz::Asia::Shanghai;
        let exact = |after: &str| next_after("30 8 * * MON", zone, after.parse().expect("an instant"));
        let monday: DateTime<Utc> = "2021-11-15T00:30:00Z".parse().expect("an instant");
        assert_eq!(exact("2021-11-14T03:12:44.636Z"), Ok(monday));
        assert_eq!(exact("2021-11-15T00:29:59.999999999Z"), Ok(monday));
        let week = chrono::TimeDelta::days(7);
        assert_eq!(exact("2021-11-15T00:30:00.001Z"), Ok(monday + week));
        assert_eq!(exact("2021-11-15T00:30:00Z"), Ok(monday + week));
    }

    #[test]
    fn a_review_keeps_its_local_time_over_both_changes_of_the_clocks() {
        let zone = chrono_tz::Europe::Berlin;
        for after in [
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
        ] {
            assert!(next("5 9 * * *", zone, after).ends_with("T09:05:00"));
        }
    }

    #[test]
    fn a_missing_hour_moves_by_the_gap_and_a_double_hour_fires_once() {
        let zone = chrono_tz::Europe::Berlin;
        assert_eq!(next("30 2 * * *", zone, "2026-03-28T12:00:00Z"), "2026-03-29T03:30:00");
        assert_eq!(next("30 2 * * *", zone, "2026-10-24T12:00:00Z"), "2026-10-25T02:30:00");
        assert_eq!(next("30 2 * * *", zone, "2026-10-25T00:30:00Z"), "2026-10-26T02:30:00");
    }

    #[test]
    fn what_does_not_parse_or_never_fires_is_an_error() {
        assert!(parse("30 8 * *").is_err());
        assert!(next_after("0 9 30 2 *", chrono_tz::UTC, DateTime::UNIX_EPOCH).is_err());
    }
}
