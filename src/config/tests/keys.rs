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
        &with(&format!("{TASK}\nweb = {{ listen = \"x\" }}")),
        "`web` is not in this version",
    );
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
