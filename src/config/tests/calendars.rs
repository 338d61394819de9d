//! Calendars.

use chrono::NaiveDate;

use super::{BASE, Fixture, TASK, check, says, with};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[test]
fn the_built_in_calendar_knows_its_years_and_has_no_fault() {
    let config = with(&format!("calendar = \"cn-mainland\"\n{TASK}")).config();
    let calendar = &config.almanac.calendar;
    assert!(!calendar.is_working(day("2026-02-17")) && calendar.is_working(day("2026-02-14")));
    assert_eq!(calendar.known_until(), Some(day("2026-12-31")));
    assert_eq!(config.warnings, []);
}

#[test]
fn a_year_that_is_not_published_is_warned_of_once_with_the_tasks_in_it() {
    let task = |id: u32| format!(r#"{{ id = "{id}", title = "T", unit = "edu", lead = "boss", due = 2027-03-01 }}"#);
    check(
        &with(&format!(
            "calendar = \"cn-mainland\"\ntasks = [{}, {}]",
            task(1),
            task(2)
        )),
        &["duban.toml:1:12: warning: provisional: the 2027 schedule is not loaded; 2 tasks have their deadlines in it"],
    );
}

#[test]
fn a_calendar_beside_the_configuration_wins_over_the_built_in_one() {
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("calendar = \"mon-fri\"\n{TASK}\n{BASE}")),
        ("calendars/mon-fri.toml", "id = \"mon-fri\"\nweekend = [\"sun\"]"),
    ]);
    assert!(fixture.config().almanac.calendar.is_working(day("2026-01-03")));
}

#[test]
fn local_days_win_over_the_calendar() {
    let config = with(&format!(
        "calendar_days = {{ off = [2026-01-05], work = [2026-01-04] }}\n{TASK}"
    ))
    .config();
    let calendar = &config.almanac.calendar;
    assert!(!calendar.is_working(day("2026-01-05")) && calendar.is_working(day("2026-01-04")));
}

#[test]
fn a_local_day_cannot_be_off_and_work() {
    says(
        &with(&format!(
            "calendar_days = {{ off = [2026-01-05], work = [2026-01-05] }}\n{TASK}"
        )),
        "2026-01-05 is both off and work",
    );
}

#[test]
fn an_imported_year_that_looks_incomplete_is_warned_of() {
    let calendar = "id = \"cn-mainland\"\n[[year]]\nyear = 2027\n[[year.holiday]]\noff = [\"2027-01-01\", \"2027-01-03\"]\nwork = [\"2027-01-04\"]\n";
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("calendar = \"cn-mainland\"\n{TASK}\n{BASE}")),
        ("calendars/cn-mainland.toml", calendar),
    ]);
    for text in [
        "2027-01-03 does not follow 2027-01-01",
        "2027-01-04 is a make-up day but not on a weekend",
        "2027-10-01 is not marked as a day off",
        "2027 has 1 make-up days; 5 to 8 are usual",
    ] {
        says(&fixture, text);
    }
}

#[test]
fn a_year_without_entries_is_unknown_and_not_without_holidays() {
    let calendar =
        "id = \"own\"\n[[year]]\nyear = 2026\n[[year.holiday]]\noff = [\"2026-01-01\"]\n[[year]]\nyear = 2027\n";
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!("calendar = \"calendars/own.toml\"\n{TASK}\n{BASE}"),
        ),
        ("calendars/own.toml", calendar),
    ]);
    assert_eq!(fixture.config().almanac.calendar.known_until(), Some(day("2026-12-31")));
}

#[test]
fn an_ics_calendar_counts_its_complete_years_and_lists_what_it_ignores() {
    let mut text = String::from("BEGIN:VCALENDAR\r\n");
    for (start, end, title) in [
        ("20251231", "20260104", "元旦（休）"),
        ("20260215", "20260224", "春节（休）"),
        ("20260214", "20260215", "春节（班）"),
        ("20260404", "20260407", "清明节（休）"),
        ("20260501", "20260506", "劳动节（休）"),
        ("20260619", "20260622", "端午节（休）"),
        ("20260925", "20260928", "中秋节（休）"),
        ("20261001", "20261008", "国庆节（休）"),
        ("20260308", "20260309", "妇女节"),
    ] {
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{start}\r\nDTEND;VALUE=DATE:{end}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n"
        ));
    }
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("calendar = \"c.ics\"\n{TASK}\n{BASE}")),
        ("c.ics", &text),
    ]);
    let calendar = fixture.config().almanac.calendar;
    assert!(calendar.is_known(day("2026-06-01")) && !calendar.is_known(day("2025-12-31")));
    assert!(!calendar.is_working(day("2026-02-17")) && calendar.is_working(day("2026-02-14")));
    says(&fixture, "1 events without 休 or 班 are ignored: 妇女节");
}

#[test]
fn an_ics_calendar_without_a_complete_year_is_refused() {
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("calendar = \"c.ics\"\n{TASK}\n{BASE}")),
        ("c.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n"),
    ]);
    says(&fixture, "c.ics:1:1: error: the calendar `c` covers no year");
}

#[test]
fn the_vectors_of_both_calendars_are_counted_alike() {
    let vectors = include_str!("../../../tests/fixtures/working-day-vectors.csv");
    let mut counted = 0;
    for name in ["cn-mainland", "mon-fri"] {
        let calendar = with(&format!("calendar = \"{name}\"\n{TASK}"))
            .config()
            .almanac
            .calendar;
        for line in vectors.lines().skip(1).filter(|line| line.starts_with(name)) {
            let [_, from, offset, result] = line.split(',').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let reached = calendar.add_working_days(day(from), offset.parse().expect("a number"));
            assert_eq!((reached.date, reached.provisional), (day(result), false), "{line}");
            counted += 1;
        }
    }
    assert_eq!(counted, 20);
}

#[test]
fn a_count_past_the_published_years_says_so() {
    let calendar = with(&format!("calendar = \"cn-mainland\"\n{TASK}"))
        .config()
        .almanac
        .calendar;
    assert!(!calendar.add_working_days(day("2026-11-23"), 20).provisional);
    assert!(calendar.add_working_days(day("2026-11-23"), 29).provisional);
}
