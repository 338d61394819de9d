//! Keys and scalar settings.

use super::{BASE, Fixture, TASK, check, says, with};

#[test]
fn an_unknown_key_is_refused_with_a_suggestion_and_an_excerpt() {
    let fixture = with(&format!("timezon = \"UTC\"\n{TASK}"));
    assert_eq!(
        fixture.printed(),
        "duban.toml:1:1: error: unknown key `timezon`\n  |\n1 | timezon = \"UTC\"\n  | ^^^^^^^\n  hint: did you mean `timezone`?"
    );
}

#[test]
fn a_misspelt_required_key_is_not_also_missing() {
    let task = TASK.replace("due =", "dealine =");
    check(
        &with(&task),
        &["duban.toml:1:64: error: unknown key `dealine` in `tasks`"],
    );
    says(&with(&task), "did you mean `due`?");
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_the_file() {
    let lines = "locale = \"fr\"\ncalendar = \"mars\"\nyellow = 1\ntasks = []";
    check(
        &with(lines),
        &[
            "duban.toml:1:10: error: `fr` is no locale",
            "duban.toml:2:12: error: calendar `mars` is not defined",
            "duban.toml:3:1: error: unknown key `yellow`",
        ],
    );
}

#[test]
fn a_broken_line_is_told_with_its_place() {
    says(&with(&format!("{TASK}\nlocale = = \"en\"")), "duban.toml:2:10: error: ");
}

#[test]
fn an_unknown_time_zone_is_refused_with_a_suggestion() {
    let text = BASE.replace("Asia/Shanghai", "Asia/Shangai");
    let fixture = Fixture::new(&[("duban.toml", &format!("{TASK}\n{text}"))]);
    says(&fixture, "time zone `Asia/Shangai` is unknown");
    says(&fixture, "did you mean `Asia/Shanghai`?");
}

#[test]
fn wrong_spans_times_and_hours_are_refused() {
    for (line, text) in [
        ("defaults.yellow = \"5\"", "`5` does not end in a unit"),
        ("defaults.send_at = \"25:00\"", "`25:00` is no time of day"),
        (
            "defaults.hours = \"18:00-08:30\"",
            "`18:00-08:30` end before they begin",
        ),
        ("defaults.hours = \"all\"", "`all` are no hours"),
        ("defaults.due_on_day_off = \"nxt\"", "did you mean `next`?"),
        ("delivery.give_up = \"3wd\"", "`3wd` is not of one length"),
        ("delivery.retry = [\"0s\"]", "`0s` is no time at all"),
        ("delivery.trial = \"ann\"", "`ann` is no person"),
        ("delivery.gather = 2", "`delivery.gather` must be a text, not a number"),
    ] {
        says(&with(&format!("{TASK}\n{line}")), text);
    }
}

#[test]
fn what_the_contract_has_for_later_is_refused_as_such() {
    says(
        &with(&format!("{TASK}\nstore.url = \"postgres://x\"")),
        "a store on PostgreSQL is not in this version",
    );
}

#[test]
fn a_missing_office_is_told() {
    let text = BASE.replace("office = \"office\"", "");
    check(
        &Fixture::new(&[("duban.toml", &format!("{TASK}\n{text}"))]),
        &["duban.toml:1:1: error: `office` is missing"],
    );
}

#[test]
fn a_trial_has_a_store_of_its_own() {
    let config = with(&format!("{TASK}\ndelivery.trial = \"person:ann\"")).config();
    assert!(config.store.ends_with("var/duban.trial.db"));
    assert_eq!(config.delivery.trial.map(|id| id.to_string()).as_deref(), Some("ann"));
}

#[test]
fn more_than_two_hundred_problems_are_counted() {
    let keys: String = (0..250).map(|number| format!("zzzzzz{number} = 1\n")).collect();
    says(&with(&keys), "and 50 more problems");
}

#[test]
fn a_secret_in_a_badly_written_line_is_not_repeated() {
    for lines in [
        "[channels.mail]\npassword=hunter2",
        "[channels.mail]\npasswrod = \"hunter2\"",
        "[channels.mail]\nlogin = \"hunter2\"",
        "channels.mail = { type = \"email\", login = \"hunter2\" }",
    ] {
        let fixture = Fixture::new(&[("duban.toml", &format!("{TASK}\n{lines}\n"))]);
        assert!(fixture.load().is_err());
        assert!(!fixture.printed().contains("hunter2"), "{}", fixture.printed());
    }
}

#[test]
fn a_day_in_the_calendar_that_is_no_date_is_told_as_one() {
    let fixture = with(&format!("calendar_days.work = [1]\n{TASK}"));
    says(&fixture, "`calendar_days.work` must be a date, not a number");
    says(&fixture, "write dates, for example 2026-09-30");
}

#[test]
fn a_number_too_large_is_told_as_one() {
    let text = BASE.replace("to = [\"owner\"]", "to = [\"owner\"], times = 99999999999999999999");
    let fixture = Fixture::new(&[("duban.toml", &format!("{TASK}\n{text}"))]);
    says(&fixture, "`ladders.standard.steps.times` is too large a number");
}

#[test]
fn a_control_character_is_refused_and_not_printed() {
    let task = TASK.replace("\"T\"", "\"T\\u001b[31m\"");
    check(
        &with(&task),
        &["duban.toml:1:30: error: the text holds the control character U+001B"],
    );
    let people = format!("people.\"a\\u0000b\" = {{ email = \"a@example.org\" }}\n{TASK}");
    says(&with(&people), "error: `a\u{fffd}b` cannot be an id");
}
