//! Which calendar counts: the one beside the configuration, the built-in one, or a file; and the local overlay.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::domain::task::{Status, Task};
use crate::domain::when::When;
use crate::files::icalendar;
use crate::rules::calendar::Calendar;

use super::faults::{Faults, Place, Placed};
use super::load::Reader;
use super::raw::{self, Raw, RawCalendar, Texts};
use super::settings::day;

/// The schedule of mainland China, a data file that an administrator may replace by one beside the configuration.
const CN_MAINLAND: &str = include_str!("calendars/cn-mainland.toml");

/// The calendars that need no file.
pub(super) const BUILT_IN: [&str; 3] = ["cn-mainland", "mon-fri", "every-day"];

/// The calendar with the overlay applied; `mon-fri` where it cannot be read, with the fault.
pub(super) fn settle(faults: &mut Faults, reader: &mut Reader<'_>, raw: &Raw) -> Calendar {
    let calendar = match &raw.calendar {
        None => Some(Calendar::mon_fri()),
        Some(name) => named(faults, reader, name),
    };
    let days = |faults: &mut Faults, texts: &[Placed<String>]| -> Vec<Placed<NaiveDate>> {
        texts
            .iter()
            .filter_map(|text| day(faults, &Some(text.clone())))
            .collect()
    };
    let off = days(faults, &raw.days_off);
    let work = days(faults, &raw.days_work);
    for day in &work {
        if off.iter().any(|other| other.value == day.value) {
            faults.error(
                day.place,
                format!("{} is both off and work in [calendar_days]", day.value),
            );
        }
    }
    let plain = |days: &[Placed<NaiveDate>]| days.iter().map(|day| day.value).collect::<Vec<_>>();
    calendar
        .unwrap_or_else(Calendar::mon_fri)
        .overlaid(&plain(&off), &plain(&work))
}

fn named(faults: &mut Faults, reader: &mut Reader<'_>, name: &Placed<String>) -> Option<Calendar> {
    let id = name.value.as_str();
    let extension = Path::new(id)
        .extension()
        .and_then(|text| text.to_str())
        .map(str::to_lowercase);
    match extension.as_deref() {
        Some("toml") => {
            let source = reader.text(faults, &faults.folder(name.place).join(id), name.place)?;
            return from_toml(faults, source, stem(id), name.place);
        }
        Some("ics") => {
            let source = reader.text(faults, &faults.folder(name.place).join(id), name.place)?;
            return Some(from_ics(faults, source, stem(id)));
        }
        _ => {}
    }
    let beside = reader.root_folder().join("calendars").join(format!("{id}.toml"));
    if reader.exists(&beside) {
        let source = reader.text(faults, &beside, name.place)?;
        return from_toml(faults, source, id, name.place);
    }
    match id {
        "cn-mainland" => {
            let source = faults.add_source("(built-in)/cn-mainland.toml".into(), CN_MAINLAND.to_owned());
            from_toml(faults, source, id, name.place)
        }
        "mon-fri" => Some(Calendar::mon_fri()),
        "every-day" => Some(Calendar::every_day()),
        _ => {
            let text = format!("calendar `{id}` is not defined");
            let hint = format!(
                "there is no {}; built in are cn-mainland, mon-fri, every-day",
                beside.display()
            );
            faults.unknown(name.place, text, id, BUILT_IN, Some(hint));
            None
        }
    }
}

/// Whether the name is a file's, not a calendar's.
fn has_extension(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|text| text.to_str());
    matches!(extension.map(str::to_lowercase).as_deref(), Some("toml" | "ics"))
}

fn stem(path: &str) -> &str {
    Path::new(path)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or(path)
}

fn from_toml(faults: &mut Faults, source: u32, id: &str, place: Place) -> Option<Calendar> {
    let text = faults.source(source)?.text.clone();
    let raw = raw::calendar(faults, source, &text)?;
    if let Some(named) = raw.id.as_ref().filter(|named| named.value != id) {
        faults.warning(
            named.place,
            format!("the calendar calls itself `{}`; here it is `{id}`", named.value),
        );
    }
    let weekend = weekend(faults, &raw.weekend);
    let mut marks = BTreeMap::new();
    for year in &raw.years {
        for holiday in &year.holidays {
            let off = mark(faults, &mut marks, &holiday.off, false);
            check_consecutive(faults, &off);
            for day in mark(faults, &mut marks, &holiday.work, true) {
                if !weekend.contains(&day.value.weekday()) {
                    faults.error(
                        day.place,
                        format!("{} is a make-up day but not on a weekend", day.value),
                    );
                }
            }
        }
    }
    let known = known(faults, &raw);
    if id == "cn-mainland" {
        for year in raw.years.iter().filter_map(|year| year.year.as_ref()) {
            check_cn_year(faults, i32::try_from(year.value).unwrap_or(0), year.place, &marks);
        }
    }
    if known.as_ref().is_some_and(Vec::is_empty) {
        faults.error(place, format!("the calendar `{id}` covers no year"));
    }
    Some(Calendar::new(id, weekend, marks, known))
}

fn weekend(faults: &mut Faults, texts: &Texts) -> Vec<Weekday> {
    let Some(texts) = texts else {
        return vec![Weekday::Sat, Weekday::Sun];
    };
    let mut days = Vec::new();
    for text in texts {
        match text.value.parse() {
            Ok(day) => days.push(day),
            Err(_) => faults.error_hint(
                text.place,
                format!("`{}` is no weekday", text.value),
                "mon tue wed thu fri sat sun",
            ),
        }
    }
    days
}

fn mark(
    faults: &mut Faults,
    marks: &mut BTreeMap<NaiveDate, bool>,
    texts: &[Placed<String>],
    working: bool,
) -> Vec<Placed<NaiveDate>> {
    let mut days = Vec::new();
    for text in texts {
        let Some(day) = day(faults, &Some(text.clone())) else {
            continue;
        };
        if marks.insert(day.value, working).is_some_and(|before| before != working) {
            faults.error(day.place, format!("{} is both a day off and a make-up day", day.value));
        }
        days.push(day);
    }
    days
}

fn check_consecutive(faults: &mut Faults, off: &[Placed<NaiveDate>]) {
    for pair in off.windows(2) {
        if let [first, second] = pair
            && first.value.succ_opt() != Some(second.value)
        {
            let text = format!("{} does not follow {}", second.value, first.value);
            faults.warning_hint(
                second.place,
                text,
                "the days of one holiday are consecutive: is one missing?",
            );
        }
    }
}

/// A year is known where it has entries: one without any is not published, not without holidays.
fn known(faults: &mut Faults, raw: &RawCalendar) -> Option<Vec<RangeInclusive<NaiveDate>>> {
    let from = day(faults, &raw.from).map(|day| day.value);
    let to = day(faults, &raw.to).map(|day| day.value);
    if raw.years.is_empty() {
        return match (from, to) {
            (None, None) => None,
            _ => Some(vec![from.unwrap_or(NaiveDate::MIN)..=to.unwrap_or(NaiveDate::MAX)]),
        };
    }
    let years = raw
        .years
        .iter()
        .filter(|year| year.holidays.iter().any(|holiday| !holiday.off.is_empty()));
    let spans = years.filter_map(|year| {
        let (start, end) = year_span(i32::try_from(year.year.as_ref()?.value).ok()?)?;
        let start = from.map_or(start, |from| start.max(from));
        let end = to.map_or(end, |to| end.min(to));
        (start <= end).then_some(start..=end)
    });
    Some(joined(spans.collect()))
}

fn year_span(year: i32) -> Option<(NaiveDate, NaiveDate)> {
    Some((
        NaiveDate::from_ymd_opt(year, 1, 1)?,
        NaiveDate::from_ymd_opt(year, 12, 31)?,
    ))
}

/// Neighbouring spans as one, so that a count across the turn of a year stays known.
fn joined(mut spans: Vec<RangeInclusive<NaiveDate>>) -> Vec<RangeInclusive<NaiveDate>> {
    spans.sort_by_key(|span| *span.start());
    let mut joined: Vec<RangeInclusive<NaiveDate>> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.end().succ_opt().is_some_and(|next| *span.start() <= next) => {
                *last = *last.start()..=(*last.end()).max(*span.end());
            }
            _ => joined.push(span),
        }
    }
    joined
}

/// What is true of every schedule that was ever announced.
fn check_cn_year(faults: &mut Faults, year: i32, place: Place, marks: &BTreeMap<NaiveDate, bool>) {
    let Some((start, end)) = year_span(year) else { return };
    for (month, day) in [(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)] {
        let day = NaiveDate::from_ymd_opt(year, month, day);
        if let Some(day) = day.filter(|day| marks.get(day) != Some(&false)) {
            faults.warning(
                place,
                format!("{day} is not marked as a day off: is the schedule of {year} complete?"),
            );
        }
    }
    let make_up = marks.range(start..=end).filter(|(_, working)| **working).count();
    if !(5..=8).contains(&make_up) {
        faults.warning(place, format!("{year} has {make_up} make-up days; 5 to 8 are usual"));
    }
    let weekend = [Weekday::Sat, Weekday::Sun];
    let works = |day: &NaiveDate| marks.get(day).copied().unwrap_or(!weekend.contains(&day.weekday()));
    let working = start.iter_days().take_while(|day| *day <= end).filter(works).count();
    if !(245..=255).contains(&working) {
        faults.warning(
            place,
            format!("{year} has {working} working days; 245 to 255 are usual"),
        );
    }
}

fn from_ics(faults: &mut Faults, source: u32, id: &str) -> Calendar {
    let place = Place::whole(source);
    let text = faults
        .source(source)
        .map(|source| source.text.clone())
        .unwrap_or_default();
    let import = icalendar::parse(&text);
    for fault in &import.faults {
        faults.error(Place::new(source, &fault.place), fault.text.clone());
    }
    if !import.ignored.is_empty() {
        let names: BTreeSet<&str> = import.ignored.iter().map(String::as_str).collect();
        let first: Vec<&str> = names.iter().take(8).copied().collect();
        let rest = if names.len() > first.len() { " …" } else { "" };
        let text = format!(
            "{} events without 休 or 班 are ignored: {}{rest}",
            import.ignored.len(),
            first.join(", ")
        );
        faults.warning(place, text);
    }
    if import.known_years.is_empty() {
        faults.error_hint(
            place,
            format!("the calendar `{id}` covers no year"),
            "a year counts as known when all seven holidays are marked in it: 元旦 春节 清明 劳动 端午 中秋 国庆",
        );
    }
    for year in &import.known_years {
        check_cn_year(faults, *year, place, &import.marks);
    }
    let spans = import
        .known_years
        .iter()
        .filter_map(|year| year_span(*year))
        .map(|(start, end)| start..=end);
    let known = joined(spans.collect());
    Calendar::new(id, vec![Weekday::Sat, Weekday::Sun], import.marks, Some(known))
}

/// Says of each year that is not loaded how many open deadlines lie in it.
pub(super) fn warn_of_unknown_years(faults: &mut Faults, raw: &Raw, calendar: &Calendar, tasks: &[Task], root: u32) {
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    for task in tasks {
        let day = civil_day(task.due);
        let is_over = matches!(task.status, Some(Status::Closed | Status::Cancelled));
        if !is_over && !calendar.is_known(day) {
            *years.entry(day.year()).or_default() += 1;
        }
    }
    let place = raw.calendar.as_ref().map_or(Place::whole(root), |name| name.place);
    for (year, count) in years {
        let tasks = if count == 1 {
            "1 task has its deadline"
        } else {
            &format!("{count} tasks have their deadlines")
        };
        let remedy = match raw.calendar.as_ref().map(|name| name.value.as_str()) {
            Some(file) if has_extension(file) => format!("add {year} to `{file}`"),
            _ => format!("put the new calendar at calendars/{}.toml", calendar.id()),
        };
        faults.warning_hint(
            place,
            format!("provisional: the {year} schedule is not loaded; {tasks} in it"),
            format!("until it is, {year} counts as Monday to Friday; {remedy}"),
        );
    }
}

/// The date as written.
pub(super) fn civil_day(when: When) -> NaiveDate {
    match when {
        When::Date(day) => day,
        When::Local(local) => local.date(),
        When::Instant(at) => at.date_naive(),
    }
}
