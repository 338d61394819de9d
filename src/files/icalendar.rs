//! Working-day calendars as phones share them: iCalendar with marks for days off (休) and make-up days (班).
//!
//! The tag `X-APPLE-SPECIAL-DAY` decides; without it the title. An event that says neither is ignored and listed: most
//! events of such feeds are festivals on which people work.

pub mod deadline;
pub mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

/// What a calendar file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Marked days; true: working.
    pub marks: BTreeMap<NaiveDate, bool>,
    /// Years in which all seven public holidays are marked.
    pub known_years: BTreeSet<i32>,
    /// Titles of the events that were ignored.
    pub ignored: Vec<String>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The bytes of the text that it stands on.
    pub place: Range<usize>,
    /// What is wrong.
    pub text: String,
}

/// A holiday is never longer; what is longer is a mistake in the file.
const EVENT_DAYS_MAX: u64 = 31;

#[derive(Default)]
struct Event {
    start: Option<(NaiveDate, Range<usize>)>,
    end: Option<NaiveDate>,
    ends_at_midnight: bool,
    title: String,
    tag: String,
}

/// Reads a calendar.
#[must_use]
pub fn parse(text: &str) -> Import {
    let mut import = Import::default();
    let mut names: BTreeMap<i32, BTreeSet<usize>> = BTreeMap::new();
    let mut event: Option<Event> = None;
    for (place, line) in unfolded(text) {
        let Some((head, value)) = line.split_once(':') else {
            continue;
        };
        let name = head.split(';').next().unwrap_or_default().to_ascii_uppercase();
        match (name.as_str(), value.trim().to_ascii_uppercase().as_str()) {
            ("BEGIN", "VEVENT") => event = Some(Event::default()),
            ("END", "VEVENT") => {
                if let Some(event) = event.take() {
                    settle(event, &mut import, &mut names);
                }
            }
            _ => {}
        }
        let Some(event) = &mut event else { continue };
        match name.as_str() {
            "DTSTART" => match date(value) {
                Some(day) => event.start = Some((day, place)),
                None => import.faults.push(Fault {
                    place,
                    text: format!("`{}` is not a date", value.trim()),
                }),
            },
            "DTEND" => {
                event.end = date(value);
                let time = value.trim().split_once('T').map(|(_, time)| time);
                event.ends_at_midnight = time.is_none_or(|time| time.starts_with("000000"));
            }
            // An alarm within the event has neither; a title is kept once.
            "SUMMARY" if event.title.is_empty() => unescape(value).clone_into(&mut event.title),
            "X-APPLE-SPECIAL-DAY" => event.tag = value.trim().to_ascii_uppercase(),
            _ => {}
        }
    }
    if !text.to_ascii_uppercase().contains("BEGIN:VCALENDAR") {
        import.faults.push(Fault {
            place: 0..0,
            text: "the file is no iCalendar".into(),
        });
    }
    import.known_years = names
        .into_iter()
        .filter(|(_, found)| found.len() == HOLIDAYS.len())
        .map(|(year, _)| year)
        .collect();
    import
}

fn settle(event: Event, import: &mut Import, names: &mut BTreeMap<i32, BTreeSet<usize>>) {
    let Some((start, place)) = event.start.clone() else {
        return;
    };
    let Some(working) = is_working(&event) else {
        import.ignored.push(event.title);
        return;
    };
    let days = days(&event, start);
    if days > EVENT_DAYS_MAX {
        import.faults.push(Fault {
            place,
            text: format!("`{}` is {days} days long", event.title),
        });
        return;
    }
    let dates: Vec<NaiveDate> = (0..days)
        .filter_map(|day| start.checked_add_days(Days::new(day)))
        .collect();
    for date in &dates {
        // A make-up day wins where events overlap: it is the narrower word.
        let mark = import.marks.entry(*date).or_insert(working);
        *mark |= working;
    }
    if working {
        return;
    }
    // New Year may begin in the December before: the year is that of its last day.
    let Some(year) = dates.last().map(Datelike::year) else {
        return;
    };
    let found = names.entry(year).or_default();
    let mut matched = Vec::new();
    for (index, words) in HOLIDAYS.iter().enumerate() {
        if words.iter().any(|word| event.title.to_lowercase().contains(word)) {
            matched.push(index);
        }
    }
    found.extend(&matched);
    // Mid-Autumn within the National Day week is often one event of eight days or more.
    if matched == [NATIONAL_DAY] && days >= 8 {
        found.insert(MID_AUTUMN);
    }
}

const MID_AUTUMN: usize = 5;
const NATIONAL_DAY: usize = 6;
/// The seven public holidays, by words of their titles, lower case.
const HOLIDAYS: [&[&str]; 7] = [
    &["元旦", "new year's day"],
    &["春节", "spring festival", "chinese new year"],
    &["清明", "qingming", "tomb"],
    &["劳动", "labour day", "labor day"],
    &["端午", "dragon boat"],
    &["中秋", "mid-autumn"],
    &["国庆", "national day"],
];

/// The tag first, else the title: 班 before 休 and 假期, because a make-up day's title often names the holiday too.
fn is_working(event: &Event) -> Option<bool> {
    match event.tag.as_str() {
        "ALTERNATE-WORKDAY" => return Some(true),
        "WORK-HOLIDAY" => return Some(false),
        _ => {}
    }
    let title = event.title.to_lowercase();
    if title.contains('班') || title.contains("workday") {
        Some(true)
    } else if title.contains('休') || title.contains("假期") || title.contains("holiday") {
        Some(false)
    } else {
        None
    }
}

/// `DTEND` is the first day after; missing, equal to the start, or on the same day: one day.
fn days(event: &Event, start: NaiveDate) -> u64 {
    let Some(end) = event.end else { return 1 };
    let span = u64::try_from(end.signed_duration_since(start).num_days()).unwrap_or(0);
    if event.ends_at_midnight { span.max(1) } else { span + 1 }
}

/// `20230128`, `20230128T090000`, also with `Z`.
fn date(value: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.trim().get(..8)?, "%Y%m%d").ok()
}

fn unescape(value: &str) -> String {
    value
        .trim()
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\n", " ")
        .replace("\\\\", "\\")
}

/// Content lines, with those that were folded joined again, and their places.
fn unfolded(text: &str) -> Vec<(Range<usize>, String)> {
    let mut lines: Vec<(Range<usize>, String)> = Vec::new();
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        let place = start..start + line.len();
        start += raw.len();
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ if line.is_empty() => {}
            _ => lines.push((place, line.to_owned())),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
