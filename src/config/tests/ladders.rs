//! Ladders and reviews.

use super::{BASE, Fixture, TASK, check, says, with};

/// A configuration whose ladder `l` has these steps.
fn steps(steps: &str) -> Fixture {
    with(&format!("{TASK}\nladders.l.steps = [{steps}]"))
}

/// What is said about one step.
#[track_caller]
fn step(text: &str, expected: &str) {
    let printed = steps(text).printed();
    assert!(printed.contains(&format!("error: {expected}")), "\n{printed}");
}

#[test]
fn an_offset_without_a_sign_is_refused() {
    step(
        r#"{ at = "3wd", level = "warn", to = ["owner"] }"#,
        "`3wd` needs a sign",
    );
}

#[test]
fn an_unknown_level_is_refused_with_a_suggestion() {
    let fixture = steps(r#"{ at = "0d", level = "overdu", to = ["owner"] }"#);
    says(&fixture, "did you mean `overdue`?");
}

#[test]
fn a_negative_offset_from_another_anchor_than_the_deadline_is_refused() {
    step(
        r#"{ from = "opened", at = "-1d", level = "warn", to = ["owner"] }"#,
        "step `opened-1d/warn` lies before `opened`",
    );
}

#[test]
fn repeats_of_nothing_and_without_a_distance_are_refused() {
    step(
        r#"{ at = "+1d", level = "warn", to = ["owner"], every = "0d" }"#,
        "`every` must be more than nothing",
    );
    step(
        r#"{ at = "+1d", level = "warn", to = ["owner"], every = "1d", times = 0 }"#,
        "`times` must be at least 1",
    );
    step(
        r#"{ at = "+1d", level = "warn", to = ["owner"], times = 3 }"#,
        "`times` without `every`",
    );
}

#[test]
fn exact_time_and_days_do_not_mix_in_one_step() {
    step(
        r#"{ at = "+1d", level = "warn", to = ["owner"], every = "2h" }"#,
        "`at` and `every` mix",
    );
}

#[test]
fn steps_that_reach_the_same_point_at_the_same_level_are_doubled() {
    for (first, second) in [("+7d", "+1w"), ("0d", "0wd"), ("+60m", "+1h"), ("-3wd", "-3wd")] {
        let fixture = steps(&format!(
            r#"{{ at = "{first}", level = "warn", to = ["owner"] }}, {{ at = "{second}", level = "warn", to = ["head"] }}"#
        ));
        says(&fixture, "stands twice in ladder `l`, first at duban.toml:2");
    }
}

#[test]
fn steps_at_one_point_with_different_levels_are_two_steps() {
    let fixture =
        steps(r#"{ at = "+7d", level = "warn", to = ["owner"] }, { at = "+7d", level = "escalate", to = ["lead"] }"#);
    check(&fixture, &[]);
}

#[test]
fn a_step_that_is_settled_from_the_start_is_unreachable() {
    for (from, until) in [
        ("submitted", "acknowledged"),
        ("submitted", "submitted"),
        ("closed", "closed"),
        ("closed", "reported"),
        ("due", "reopened"),
    ] {
        step(
            &format!(r#"{{ from = "{from}", at = "+1d", level = "warn", to = ["owner"], until = "{until}" }}"#),
            &format!("step `{from}+1d/warn` can never be sent"),
        );
    }
}

#[test]
fn an_unknown_recipient_is_refused_with_a_suggestion() {
    says(
        &steps(r#"{ at = "0d", level = "due", to = ["ownr"] }"#),
        "did you mean `owner`?",
    );
    says(
        &steps(r#"{ at = "0d", level = "due", to = ["person:an"] }"#),
        "person `an` is not defined",
    );
    says(
        &steps(r#"{ at = "0d", level = "due", to = ["channel:mial"] }"#),
        "did you mean `mail`?",
    );
}

#[test]
fn a_step_without_a_recipient_is_refused() {
    step(r#"{ at = "0d", level = "due", to = [] }"#, "the step goes to nobody");
}

#[test]
fn a_role_that_no_one_fills_is_reported_once_for_many_tasks() {
    let task = |id: u32| {
        format!(r#"{{ id = "{id}", title = "T", unit = "edu", lead = "boss", due = 2026-06-30, ladder = "l" }}"#)
    };
    let step = r#"ladders.l.steps = [{ at = "0d", level = "due", to = ["supervisor", "group"] }]"#;
    check(
        &with(&format!("tasks = [{}, {}]\n{step}", task(1), task(2))),
        &[
            "duban.toml:1:17: error: task `1`: step `due/due` of ladder `l` goes to `group`, but unit `edu` has no group, and [defaults] names none",
            "duban.toml:1:17: error: task `1`: step `due/due` of ladder `l` goes to `supervisor`, but unit `edu` has no supervisor, and the task names none",
        ],
    );
}

#[test]
fn channels_of_a_step_that_leave_nothing_are_warned_of() {
    let lines = r#"
channels.hook = { type = "webhook", url = "file:hook" }
defaults.group = "hook"
tasks = [{ id = "1", title = "T", unit = "edu", lead = "boss", due = 2026-06-30, ladder = "l" }]
ladders.l.steps = [{ at = "0d", level = "due", to = ["owner"], channels = ["hook"] }]"#;
    check(
        &with(lines),
        &["duban.toml:5:20: warning: the `channels` of step `due/due` leave none for person `ann`"],
    );
}

#[test]
fn a_kind_belongs_to_one_ladder() {
    let lines = r#"
ladders.a = { kinds = ["k"], steps = [{ at = "0d", level = "due", to = ["owner"] }] }
ladders.b = { kinds = ["k"], steps = [{ at = "0d", level = "due", to = ["owner"] }] }"#;
    check(
        &with(&format!("{TASK}{lines}")),
        &["duban.toml:3:24: error: kind `k` belongs to ladder `a` too, at duban.toml:2"],
    );
}

#[test]
fn a_ladder_is_the_rows_else_that_of_the_kind_else_the_default() {
    let step = r#"steps = [{ at = "0d", level = "due", to = ["owner"] }]"#;
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!(
                "ledger = \"l.csv\"\nladders.a = {{ {step} }}\nladders.b = {{ kinds = [\"k\"], {step} }}\n{}",
                BASE
            ),
        ),
        (
            "l.csv",
            "id,title,unit,lead,due,kind,ladder\n1,T,edu,boss,2026-06-30,k,a\n2,T,edu,boss,2026-06-30,k,\n3,T,edu,boss,2026-06-30,x,\n",
        ),
    ]);
    let ladders: Vec<String> = fixture
        .config()
        .tasks
        .iter()
        .map(|task| task.ladder.to_string())
        .collect();
    assert_eq!(ladders, ["a", "b", "standard"]);
}

/// What is said about one review.
fn review(lines: &str) -> Fixture {
    with(&format!("{TASK}\nreviews.weekly = {{ {lines} }}"))
}

#[test]
fn a_cron_that_does_not_parse_is_refused_in_croners_words() {
    let fixture = review(r#"cron = "61 8 * * MON", to = ["office"]"#);
    says(&fixture, "`61 8 * * MON` is no cron: ");
}

#[test]
fn a_cron_that_never_comes_is_refused() {
    says(
        &review(r#"cron = "0 8 30 2 *", to = ["office"]"#),
        "`0 8 30 2 *` never comes: ",
    );
}

#[test]
fn a_cron_may_have_seconds_first_and_no_year() {
    check(&review(r#"cron = "15 30 8 * * MON", to = ["office"]"#), &[]);
    says(
        &review(r#"cron = "0 30 8 * * MON 2026", to = ["office"]"#),
        "is no cron",
    );
}

#[test]
fn a_review_may_attach_the_ledger_in_forms_that_are_known() {
    for attach in ["[]", r#"["xlsx"]"#, r#"["csv", "xlsx"]"#] {
        check(
            &review(&format!(r#"cron = "30 8 * * MON", to = ["office"], attach = {attach}"#)),
            &[],
        );
    }
    says(
        &review(r#"cron = "30 8 * * MON", to = ["office"], attach = ["pdf"]"#),
        "`pdf` is no file that a review can attach",
    );
    says(
        &review(r#"cron = "30 8 * * MON", to = ["office"], attach = ["csv", "csv"]"#),
        "warning: `csv` stands twice in `attach`",
    );
}

#[test]
fn a_step_that_a_louder_one_always_covers_is_warned_of() {
    let steps = |louder: &str| {
        BASE.replace(
            "to = [\"owner\"] }]",
            &format!("to = [\"owner\"] }}, {{ at = \"-3wd\", level = \"warn\", to = [{louder}], every = \"1wd\" }}]"),
        )
    };
    let fixture = |louder: &str| Fixture::new(&[("duban.toml", &format!("{TASK}\n{}", steps(louder)))]);
    says(
        &fixture("\"head\", \"owner\""),
        "warning: step `due-3wd/remind` is unreachable: it is always covered by `due-3wd/warn`",
    );
    check(&fixture("\"head\""), &[]);
}

#[test]
fn a_loud_level_before_the_deadline_is_warned_of() {
    let text = BASE.replace("level = \"remind\"", "level = \"overdue\"");
    says(
        &Fixture::new(&[("duban.toml", &format!("{TASK}\n{text}"))]),
        "warning: step `due-3wd/overdue` goes out before the deadline, when nothing is overdue",
    );
}

#[test]
fn a_recipient_of_a_review_that_stands_twice_is_warned_of() {
    let lines =
        format!("reviews.weekly = {{ cron = \"30 8 * * MON\", to = [\"office\", \"leads\", \"office\"] }}\n{TASK}");
    check(
        &with(&lines),
        &["duban.toml:1:68: warning: `office` stands twice in `to`"],
    );
}
