//! `plan` narrowed to a task, a listener, a span.

use crate::office::Office;

#[test]
fn a_plan_is_narrowed_to_a_task_or_to_those_who_hear() {
    let office = Office::new();
    let count = |to: &str| {
        let plan = office.json(&[
            "plan",
            "--now",
            "2021-12-10",
            "--task",
            "bridge-2",
            "--to",
            to,
            "--format",
            "json",
        ]);
        plan.as_array().unwrap().len()
    };
    let ann = count("ann");
    assert!(ann > 1);
    for who in ["Ann", "person:ann", "unit:works", "Public Works"] {
        assert_eq!(count(who), ann, "{who}");
    }
    assert_eq!(count("channel:hook"), 0);
    assert!(count("office") > 0 && count("office") < ann);
}

#[test]
fn a_plan_for_what_is_not_there_fails_with_near_names() {
    let office = Office::new();
    for (words, near) in [
        (["--task", "bridge-3"], "`bridge-1` or `bridge-2`"),
        (["--to", "an"], "`ann`"),
        (["--to", "unit:work"], "`works`"),
        (["--to", "channel:hok"], "`hook`"),
    ] {
        let ran = office.duban(&["plan", words[0], words[1]]);
        assert_eq!(ran.code, Some(1), "{words:?}: {}", ran.err);
        assert!(ran.err.contains(near), "{words:?}: {}", ran.err);
    }
}

#[test]
fn a_plan_ends_after_it_begins_and_before_the_end_of_the_calendar() {
    let office = Office::new();
    let ran = office.duban(&["plan", "--from", "2022-02-01", "--until", "2022-02-01"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("--until must be after --from"), "{}", ran.err);
    let ran = office.duban(&["plan", "--until", "9999-12-31", "--task", "bridge-2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}
