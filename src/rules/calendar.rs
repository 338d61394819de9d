//! Working days, rolls, and the one road between civil time and instants.
//!
//! Counting: `+n` is the n-th working day strictly after a date, `-n` the n-th strictly before it, whether or not the
//! date itself is one (民法典 201: 开始的当日不计入). A make-up Saturday or Sunday (调休) is a working day. A count that
//! touches a day outside the calendar's known range says so.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta,
    TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;

use crate::domain::ladder::{Anchor, Offset, Roll, Span, TimeUnit};
use crate::domain::task::{Light, Phase, TaskState};
use crate::domain::when::When;

/// The first year that can be counted in.
pub const YEAR_MIN: i32 = 1970;
/// The last year that can be counted in; a deadline past it is refused by `config`.
pub const YEAR_MAX: i32 = 2199;

/// Which days are working days, and for which days that is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Calendar {
    id: String,
    weekend: Vec<Weekday>,
    marks: BTreeMap<NaiveDate, bool>,
    known: Option<Vec<RangeInclusive<NaiveDate>>>,
    /// Working days from the first day of the table up to and including each day.
    working_until: Vec<u32>,
}

/// A date that was counted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Where the count ended.
    pub date: NaiveDate,
    /// Whether a day outside the known range was counted.
    pub provisional: bool,
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar")
            .field("id", &self.id)
            .field("marks", &self.marks.len())
            .finish_non_exhaustive()
    }
}

impl Calendar {
    /// A calendar in which `marks` (true: working) win over the weekly rule. `known` says for which days that is
    /// certain; none: for all.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        weekend: Vec<Weekday>,
        marks: BTreeMap<NaiveDate, bool>,
        known: Option<Vec<RangeInclusive<NaiveDate>>>,
    ) -> Self {
        let mut calendar = Self {
            id: id.into(),
            weekend,
            marks,
            known,
            working_until: Vec::new(),
        };
        calendar.count_up();
        calendar
    }

    /// Monday to Friday, for ever.
    #[must_use]
    pub fn mon_fri() -> Self {
        Self::new("mon-fri", vec![Weekday::Sat, Weekday::Sun], BTreeMap::new(), None)
    }

    /// Every day, for ever.
    #[must_use]
    pub fn every_day() -> Self {
        Self::new("every-day", Vec::new(), BTreeMap::new(), None)
    }

    /// Lays local days over it, which win: `off` first, then `work`.
    #[must_use]
    pub fn overlaid(mut self, off: &[NaiveDate], work: &[NaiveDate]) -> Self {
        self.marks.extend(off.iter().map(|day| (*day, false)));
        self.marks.extend(work.iter().map(|day| (*day, true)));
        self.count_up();
        self
    }

    fn count_up(&mut self) {
        let mut count = 0;
        let last = day_number(last_day());
        let mut marks = self.marks.iter().peekable();
        let mut day = first_day();
        self.working_until.clear();
        self.working_until.reserve(last + 1);
        for _ in 0..=last {
            while marks.next_if(|(marked, _)| **marked < day).is_some() {}
            let working = match marks.next_if(|(marked, _)| **marked == day) {
                Some((_, working)) => *working,
                None => !self.weekend.contains(&day.weekday()),
            };
            count += u32::from(working);
            self.working_until.push(count);
            day = day.succ_opt().unwrap_or(day);
        }
    }

    /// Its id: `cn-mainland`, `mon-fri`, `every-day`, or that of its file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The last known day; none where all days are known.
    #[must_use]
    pub fn known_until(&self) -> Option<NaiveDate> {
        self.known
            .as_ref()
            .map(|known| known.iter().map(|range| *range.end()).max().unwrap_or(first_day()))
    }

    /// Whether the day is within the known range.
    #[must_use]
    pub fn is_known(&self, day: NaiveDate) -> bool {
        self.known
            .as_ref()
            .is_none_or(|known| known.iter().any(|range| range.contains(&day)))
    }

    /// Whether every day of the range is known.
    #[must_use]
    pub fn is_span_known(&self, from: NaiveDate, to: NaiveDate) -> bool {
        let (from, to) = if from <= to { (from, to) } else { (to, from) };
        let Some(known) = &self.known else { return true };
        if known.iter().any(|range| range.contains(&from) && range.contains(&to)) {
            return true;
        }
        from.iter_days()
            .take_while(|day| *day <= to)
            .all(|day| self.is_known(day))
    }

    /// Whether it is a working day; outside the known range, whether it is one by the weekly rule.
    #[must_use]
    pub fn is_working(&self, day: NaiveDate) -> bool {
        let number = day_number(day);
        let before = number.checked_sub(1).map_or(0, |before| self.count_at(before));
        self.count_at(number) > before
    }

    /// Make-up working days (a weekend day marked as working) in the range, ends included.
    pub fn make_up_days(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let range = if from <= to { from..=to } else { to..=from };
        self.marks
            .range(range)
            .filter(|(day, working)| **working && self.weekend.contains(&day.weekday()))
            .map(|(day, _)| *day)
    }

    /// The `n`-th working day strictly after `from`, or before it where `n` is negative; `from` itself for 0.
    #[must_use]
    pub fn add_working_days(&self, from: NaiveDate, n: i32) -> Counted {
        let number = day_number(from);
        let date = match n {
            0 => from,
            1.. => {
                let wanted = self.count_at(number).saturating_add(n.unsigned_abs());
                self.first_with_count(wanted)
            }
            _ => {
                let before = number.checked_sub(1).map_or(0, |before| self.count_at(before));
                self.first_with_count((before + 1).saturating_sub(n.unsigned_abs()).max(1))
            }
        };
        Counted {
            date,
            provisional: !self.is_span_known(from, date),
        }
    }

    /// The day itself where it is a working day, else the next one (or the previous one).
    #[must_use]
    pub fn rolled(&self, day: NaiveDate, backwards: bool) -> Counted {
        let date = match (self.is_working(day), backwards) {
            (true, _) => day,
            (false, true) => self.add_working_days(day, -1).date,
            (false, false) => self.add_working_days(day, 1).date,
        };
        Counted {
            date,
            provisional: !self.is_span_known(day, date),
        }
    }

    /// Working days in `(from, to]`; negative, for `(to, from]`, where `to` is earlier.
    #[must_use]
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        i64::from(self.count_at(day_number(to))) - i64::from(self.count_at(day_number(from)))
    }

    fn count_at(&self, number: usize) -> u32 {
        self.working_until
            .get(number)
            .or(self.working_until.last())
            .copied()
            .unwrap_or(0)
    }

    fn first_with_count(&self, wanted: u32) -> NaiveDate {
        let number = self
            .working_until
            .partition_point(|count| *count < wanted)
            .min(self.working_until.len().saturating_sub(1));
        first_day()
            .checked_add_days(Days::new(number as u64))
            .unwrap_or(NaiveDate::MAX)
    }
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(YEAR_MIN, 1, 1).unwrap_or(NaiveDate::MIN)
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(YEAR_MAX, 12, 31).unwrap_or(NaiveDate::MAX)
}

fn day_number(day: NaiveDate) -> usize {
    usize::try_from(day.signed_duration_since(first_day()).num_days()).unwrap_or(0)
}

/// Whether a deadline on a day off passes then, or on the next working day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DueOnDayOff {
    /// As written.
    #[default]
    AsWritten,
    /// On the next working day (民法典 203).
    Next,
}

/// When notices may go out: `[start, end)` on working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first moment.
    pub start: NaiveTime,
    /// The first moment past it.
    pub end: NaiveTime,
}

/// The times of day and rules by which civil dates become instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The one zone that rules everything civil.
    pub zone: Tz,
    /// Local time of steps that count in days.
    pub send_at: NaiveTime,
    /// A date-only deadline passes then.
    pub close_of_day: NaiveTime,
    /// Quiet outside of them; none: never quiet.
    pub hours: Option<Hours>,
    /// What a day off does to a deadline.
    pub due_on_day_off: DueOnDayOff,
    /// A light turns yellow this long before the deadline.
    pub yellow: Span,
}

/// A calendar with the times of day: turns civil dates into instants and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Almanac {
    /// Which days are working days.
    pub calendar: Calendar,
    /// At what times.
    pub timing: Timing,
}

/// A day reached from an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Before rolling.
    pub unrolled: NaiveDate,
    /// Where it ended.
    pub day: NaiveDate,
    /// Whether unknown days were counted.
    pub provisional: bool,
}

impl Almanac {
    /// The instant of a local time. A missing hour is shifted forward by the gap; a double hour is taken the first time.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        instant_in(self.timing.zone, local)
    }

    /// The local time of an instant.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.timing.zone)
    }

    /// The local date of an instant.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        self.local(now).date_naive()
    }

    /// The civil date of a value, in the configured zone.
    #[must_use]
    pub fn date_of(&self, when: When) -> NaiveDate {
        match when {
            When::Date(date) => date,
            When::Local(local) => local.date(),
            When::Instant(at) => self.today(at.to_utc()),
        }
    }

    /// The deadline in force: as written, or moved to the next working day where the rule says so.
    #[must_use]
    pub fn effective_due(&self, due: When) -> When {
        let date = self.date_of(due);
        if self.timing.due_on_day_off == DueOnDayOff::AsWritten || self.calendar.is_working(date) {
            return due;
        }
        let next = self.calendar.rolled(date, false).date;
        match due {
            When::Date(_) => When::Date(next),
            When::Local(local) => When::Local(next.and_time(local.time())),
            When::Instant(at) => When::Local(next.and_time(self.local(at.to_utc()).time())),
        }
    }

    /// The instant of an anchor's value: a date-only `opened` at 00:00, any other date at `close_of_day`.
    #[must_use]
    pub fn anchor_instant(&self, anchor: Anchor, when: When) -> DateTime<Utc> {
        match when {
            When::Date(date) if anchor == Anchor::Opened => self.instant(date.and_time(NaiveTime::MIN)),
            When::Date(date) => self.instant(date.and_time(self.timing.close_of_day)),
            When::Local(local) => self.instant(local),
            When::Instant(at) => at.to_utc(),
        }
    }

    /// The instant at which a deadline, as stored, passes.
    #[must_use]
    pub fn due_instant(&self, due: When) -> DateTime<Utc> {
        self.anchor_instant(Anchor::Due, self.effective_due(due))
    }

    /// The day that a day-unit offset, and `k` times a day-unit span after it, reaches from an anchor's date; rolled
    /// off days off where the rule says so: before the anchor, and `0d` from the deadline, to the previous working day, else to the next.
    #[must_use]
    pub fn reach(
        &self,
        anchor: Anchor,
        from: NaiveDate,
        at: Offset,
        repeat: Option<(Span, u32)>,
        roll: Roll,
    ) -> Reached {
        let first = self.offset_day(from, at.amount, at.unit);
        let mut provisional = first.provisional;
        let mut unrolled = first.date;
        let mut counts_working_days = at.unit == TimeUnit::WorkingDays && at.amount != 0;
        if let Some((every, k)) = repeat.filter(|(_, k)| *k > 0) {
            let amount = i32::try_from(u64::from(every.amount) * u64::from(k)).unwrap_or(i32::MAX);
            let next = self.offset_day(unrolled, amount, every.unit);
            provisional |= next.provisional;
            unrolled = next.date;
            counts_working_days = every.unit == TimeUnit::WorkingDays;
        }
        if roll == Roll::None || counts_working_days {
            return Reached {
                unrolled,
                day: unrolled,
                provisional,
            };
        }
        let backwards = unrolled < from || (unrolled == from && anchor == Anchor::Due);
        let rolled = self.calendar.rolled(unrolled, backwards);
        Reached {
            unrolled,
            day: rolled.date,
            provisional: provisional || rolled.provisional,
        }
    }

    fn offset_day(&self, from: NaiveDate, amount: i32, unit: TimeUnit) -> Counted {
        let plain = |date: Option<NaiveDate>| Counted {
            date: date.unwrap_or(from),
            provisional: false,
        };
        match unit {
            TimeUnit::WorkingDays => self.calendar.add_working_days(from, amount),
            TimeUnit::Days => plain(from.checked_add_signed(TimeDelta::days(amount.into()))),
            TimeUnit::Weeks => plain(from.checked_add_signed(TimeDelta::weeks(amount.into()))),
            TimeUnit::Months if amount < 0 => plain(from.checked_sub_months(Months::new(amount.unsigned_abs()))),
            TimeUnit::Months => plain(from.checked_add_months(Months::new(amount.unsigned_abs()))),
            TimeUnit::Hours | TimeUnit::Minutes | TimeUnit::Seconds => plain(Some(from)),
        }
    }

    /// The instant a span after `at`: exact units by the clock, day units at the same local time.
    #[must_use]
    pub fn after(&self, at: DateTime<Utc>, span: Span) -> Option<DateTime<Utc>> {
        if span.unit.is_exact() {
            let seconds = span.unit.seconds()?.checked_mul(span.amount.into())?;
            return at.checked_add_signed(TimeDelta::try_seconds(seconds)?);
        }
        let local = self.local(at).naive_local();
        let day = self
            .offset_day(local.date(), i32::try_from(span.amount).ok()?, span.unit)
            .date;
        Some(self.instant(day.and_time(local.time())))
    }

    /// `at` itself where notices may go out then, else the next opening.
    #[must_use]
    pub fn opening(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let Some(hours) = self.timing.hours else { return at };
        let local = self.local(at).naive_local();
        let (day, time) = (local.date(), local.time());
        if self.calendar.is_working(day) {
            if time < hours.start {
                return self.instant(day.and_time(hours.start)).max(at);
            }
            if time < hours.end {
                return at;
            }
        }
        self.instant(self.calendar.add_working_days(day, 1).date.and_time(hours.start))
    }

    /// The light of a task: grey closed, cancelled or withdrawn; blue submitted; red past the deadline; yellow within
    /// `yellow` of it; else green.
    #[must_use]
    pub fn light(&self, state: &TaskState, now: DateTime<Utc>) -> Light {
        self.light_of(state.standing(), state.due, now)
    }

    /// The light of every task that stands so and is due then.
    #[must_use]
    pub fn light_of(&self, standing: Phase, due: When, now: DateTime<Utc>) -> Light {
        match standing {
            Phase::Closed | Phase::Cancelled | Phase::Withdrawn => return Light::Grey,
            Phase::Submitted => return Light::Blue,
            Phase::Open | Phase::Acknowledged => {}
        }
        let due = self.effective_due(due);
        let instant = self.anchor_instant(Anchor::Due, due);
        if now >= instant {
            return Light::Red;
        }
        let yellow = self.timing.yellow;
        let near = match yellow.unit.is_exact().then(|| yellow.unit.seconds()).flatten() {
            Some(seconds) => now >= instant - TimeDelta::seconds(seconds.saturating_mul(yellow.amount.into())),
            None => {
                let amount = -i32::try_from(yellow.amount).unwrap_or(i32::MAX);
                self.today(now) >= self.offset_day(self.date_of(due), amount, yellow.unit).date
            }
        };
        if near { Light::Yellow } else { Light::Green }
    }
}

impl Almanac {
    /// When the light of a task with this deadline turns yellow; where it turns with a day, at `send_at` of it.
    #[must_use]
    pub fn yellow_from(&self, due: When) -> DateTime<Utc> {
        let due = self.effective_due(due);
        let yellow = self.timing.yellow;
        match yellow.unit.is_exact().then(|| yellow.unit.seconds()).flatten() {
            Some(seconds) => {
                let before = TimeDelta::seconds(seconds.saturating_mul(yellow.amount.into()));
                self.anchor_instant(Anchor::Due, due) - before
            }
            None => {
                let amount = -i32::try_from(yellow.amount).unwrap_or(i32::MAX);
                let day = self.offset_day(self.date_of(due), amount, yellow.unit).date;
                self.instant(day.and_time(self.timing.send_at))
            }
        }
    }
}

/// The instant of a local time in a zone, by the rule of [`Almanac::instant`] (RFC 5545, 3.3.5).
#[must_use]
pub fn instant_in(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => {
            let before = zone.offset_from_utc_datetime(&(local - TimeDelta::hours(24))).fix();
            (local - TimeDelta::seconds(before.local_minus_utc().into())).and_utc()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_missing_hour_is_shifted_forward_and_a_double_hour_taken_once() {
        for (zone, local, instant) in [
            // Berlin: 2026-03-29 02:00-03:00 is missing, 2026-10-25 02:00-03:00 comes twice.
            (chrono_tz::Europe::Berlin, "2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            (chrono_tz::Europe::Berlin, "2026-03-29T03:00", "2026-03-29T01:00:00Z"),
            (chrono_tz::Europe::Berlin, "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            (chrono_tz::Europe::Berlin, "2026-10-25T09:05", "2026-10-25T08:05:00Z"),
            // Lord Howe: half an hour is missing on 2026-10-04 at 02:00, and comes twice on 2026-04-05.
            (
                chrono_tz::Australia::Lord_Howe,
                "2026-10-04T02:15",
                "2026-10-03T15:45:00Z",
            ),
            (
                chrono_tz::Australia::Lord_Howe,
                "2026-04-05T01:45",
                "2026-04-04T14:45:00Z",
            ),
            // Apia: the whole of 2011-12-30 is missing.
            (chrono_tz::Pacific::Apia, "2011-12-30T09:00", "2011-12-30T19:00:00Z"),
            (chrono_tz::Asia::Shanghai, "2021-12-13T09:00", "2021-12-13T01:00:00Z"),
        ] {
            let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M").expect("a local time");
            let expected: DateTime<Utc> = instant.parse().expect("an instant");
            assert_eq!(instant_in(zone, local), expected, "{zone} {local}");
        }
    }

    #[test]
    fn counting_does_not_count_the_day_it_starts_on() {
        let calendar = Calendar::mon_fri().overlaid(&[day("2026-02-16")], &[day("2026-02-14")]);
        for (from, n, to) in [
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-13", 2, "2026-02-17"),
            ("2026-02-15", -1, "2026-02-14"),
            ("2026-02-17", -1, "2026-02-14"),
            ("2026-02-14", -1, "2026-02-13"),
            ("2025-12-31", 1, "2026-01-01"),
            ("2028-02-28", 2, "2028-03-01"),
        ] {
            assert_eq!(calendar.add_working_days(day(from), n).date, day(to), "{from} {n:+}");
        }
    }

    #[test]
    fn working_days_between_are_those_after_the_first_up_to_the_last() {
        let calendar = Calendar::mon_fri();
        assert_eq!(calendar.working_days_between(day("2021-12-16"), day("2021-12-20")), 2);
        assert_eq!(calendar.working_days_between(day("2021-12-20"), day("2021-12-16")), -2);
        assert_eq!(calendar.working_days_between(day("2021-12-18"), day("2021-12-19")), 0);
    }

    #[test]
    fn a_count_that_leaves_the_known_range_says_so() {
        let known = Some(vec![day("2026-01-01")..=day("2026-12-31")]);
        let calendar = Calendar::new("x", vec![Weekday::Sat, Weekday::Sun], BTreeMap::new(), known);
        assert!(!calendar.add_working_days(day("2026-12-30"), 1).provisional);
        assert!(calendar.add_working_days(day("2026-12-30"), 2).provisional);
        assert!(calendar.rolled(day("2027-01-02"), true).provisional);
    }

    #[test]
    fn an_unmarked_weekend_is_off_and_every_day_has_none() {
        assert!(!Calendar::mon_fri().is_working(day("2026-11-22")));
        assert!(Calendar::every_day().is_working(day("2026-11-22")));
        assert!(Calendar::mon_fri().is_working(day("1970-01-01")));
    }
}
