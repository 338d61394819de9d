//! What edits of the ledger do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Intake, IntakeError, Removals, Row, intake, mismatches};
use crate::domain::id::{LadderId, PersonId, TaskId, UnitId};
use crate::domain::people::Party;
use crate::domain::task::{Phase, Status, Task, TaskState};
use crate::rules::progress::{self, Act};

type Stored = BTreeMap<TaskId, (Task, TaskState)>;

fn at(day: u32) -> DateTime<Utc> {
    format!("2022-03-{day:02}T01:00:00Z").parse().expect("an instant")
}

fn task(id: &str) -> Task {
    Task {
        id: TaskId::new(id),
        order: 0,
        title: format!("task {id}"),
        area: String::new(),
        problem: String::new(),
        measures: String::new(),
        lead: Party::Person(PersonId::new("lead")),
        lead_copies: Vec::new(),
        unit: UnitId::new("edu"),
        assisting: String::new(),
        owner: Vec::new(),
        supervisor: None,
        opened: Some("2022-01-01".parse().expect("a date")),
        due: "2022-03-31".parse().expect("a date"),
        kind: String::new(),
        evidence: String::new(),
        ladder: LadderId::new("standard"),
        status: None,
        progress: String::new(),
        closed: None,
        batch: String::new(),
        note: String::new(),
    }
}

fn load(stored: &Stored, tasks: &[Task], day: u32, removals: Removals) -> Result<Intake, Vec<IntakeError>> {
    let rows: Vec<_> = tasks
        .iter()
        .map(|task| Row {
            task,
            ladder_print: "steps",
        })
        .collect();
    intake(stored, &rows, at(day), removals)
}

fn keep(stored: &mut Stored, intake: Intake) -> Vec<String> {
    let mut kinds = Vec::new();
    for changed in intake.changed {
        kinds.extend(
            changed
                .entries
                .iter()
                .map(|entry| format!("{} {}", changed.task.id, entry.kind)),
        );
        stored.insert(changed.task.id.clone(), (changed.task, changed.state));
    }
    kinds
}

fn loaded(tasks: &[Task]) -> Stored {
    let mut stored = Stored::new();
    let first = load(&stored, tasks, 1, Removals::Guarded).expect("a first load is not refused");
    keep(&mut stored, first);
    stored
}

/// Loads an edited ledger on day 2; the kinds of the entries it makes.
fn edit(stored: &mut Stored, tasks: &[Task]) -> Vec<String> {
    let change = load(stored, tasks, 2, Removals::Guarded).expect("the load is not refused");
    keep(stored, change)
}

#[test]
fn a_ledger_loaded_again_changes_nothing() {
    let tasks = [task("1"), task("2")];
    let mut stored = loaded(&tasks);
    assert_eq!(edit(&mut stored, &tasks), [""; 0]);
}

#[test]
fn each_changed_cell_acts_once() {
    let mut stored = loaded(&[task("1")]);
    let edited = Task {
        progress: "一半".into(),
        due: "2022-04-15".parse().expect("a date"),
        note: "n".into(),
        ..task("1")
    };
    assert_eq!(
        edit(&mut stored, std::slice::from_ref(&edited)),
        ["1 due-changed", "1 reported", "1 changed"]
    );
    assert_eq!(edit(&mut stored, &[edited]), [""; 0]);
}

#[test]
fn a_status_cell_submits_returns_closes_and_reopens() {
    let mut stored = loaded(&[task("1")]);
    let with = |status| Task {
        status: Some(status),
        ..task("1")
    };
    assert_eq!(edit(&mut stored, &[with(Status::Submitted)]), ["1 submitted"]);
    assert_eq!(edit(&mut stored, &[with(Status::Open)]), ["1 returned"]);
    assert_eq!(edit(&mut stored, &[with(Status::Closed)]), ["1 closed"]);
    let reopened = Task {
        due: "2022-05-01".parse().expect("a date"),
        ..with(Status::Open)
    };
    assert_eq!(edit(&mut stored, &[reopened]), ["1 reopened"]);
    let (_, state) = &stored[&TaskId::new("1")];
    assert_eq!((state.round, state.due.to_string()), (1, "2022-05-01".to_owned()));
}

#[test]
fn a_closing_date_closes_as_of_that_date() {
    let mut stored = loaded(&[task("1")]);
    let closed = Task {
        closed: Some("2022-02-20".parse().expect("a date")),
        ..task("1")
    };
    assert_eq!(edit(&mut stored, &[closed]), ["1 closed"]);
    let (_, state) = &stored[&TaskId::new("1")];
    assert_eq!(state.closed.map(|on| on.to_string()), Some("2022-02-20".to_owned()));
}

#[test]
fn an_unchanged_cell_never_undoes_an_act() {
    let mut stored = loaded(&[task("1")]);
    let (_, state) = stored.get_mut(&TaskId::new("1")).expect("the task");
    let fact = progress::decide(state, &Act::Close { on: None }).expect("it can be closed");
    *state = progress::apply(Some(state.clone()), &fact, at(2)).expect("a state");
    assert_eq!(edit(&mut stored, &[task("1")]), [""; 0]);
    assert_eq!(stored[&TaskId::new("1")].1.phase, Phase::Closed);
}

#[test]
fn where_row_and_journal_disagree_it_is_said() {
    let mut stored = loaded(&[Task {
        status: Some(Status::Open),
        ..task("1")
    }]);
    let (row, state) = stored.get_mut(&TaskId::new("1")).expect("the task");
    assert_eq!(mismatches(row, state), []);
    *state = progress::apply(Some(state.clone()), &crate::domain::journal::Fact::Submitted, at(2)).expect("a state");
    let found = mismatches(row, state);
    let said: Vec<_> = found
        .iter()
        .map(|m| (m.column.as_str(), m.row.as_str(), m.journal.as_str()))
        .collect();
    assert_eq!(said, [("status", "open", "submitted")]);
}

#[test]
fn a_missing_task_is_withdrawn_and_goes_on_with_its_history_when_it_returns() {
    let mut stored = loaded(&[task("1"), task("2")]);
    assert_eq!(edit(&mut stored, &[task("1")]), ["2 withdrawn"]);
    assert_eq!(edit(&mut stored, &[task("1"), task("2")]), ["2 restored"]);
}

#[test]
fn a_ledger_cut_in_half_is_refused_and_accepted_only_when_meant() {
    let all: Vec<_> = (1..=29).map(|n| task(&n.to_string())).collect();
    let stored = loaded(&all);
    let errors = load(&stored, &all[..14], 2, Removals::Guarded).expect_err("it is refused");
    assert!(matches!(
        errors.as_slice(),
        [IntakeError::Withdraws {
            missing: 15,
            open: 29,
            ..
        }]
    ));
    let accepted = load(&stored, &all[..14], 2, Removals::Accepted).expect("it is accepted");
    assert_eq!(accepted.withdrawn.len(), 15);
}

#[test]
fn three_may_always_go_and_four_of_twenty_nine_may_not() {
    let all: Vec<_> = (1..=29).map(|n| task(&n.to_string())).collect();
    let stored = loaded(&all);
    assert!(load(&stored, &all[3..], 2, Removals::Guarded).is_ok());
    assert!(load(&stored, &all[4..], 2, Removals::Guarded).is_err());
}

#[test]
fn closing_a_third_at_once_is_refused() {
    let all: Vec<_> = (1..=29).map(|n| task(&n.to_string())).collect();
    let stored = loaded(&all);
    let edited: Vec<_> = (1..=29)
        .map(|n| Task {
            status: (n <= 10).then_some(Status::Closed),
            ..task(&n.to_string())
        })
        .collect();
    let errors = load(&stored, &edited, 2, Removals::Guarded).expect_err("it is refused");
    assert!(matches!(
        errors.as_slice(),
        [IntakeError::Closes {
            closed: 10,
            open: 29,
            ..
        }]
    ));
}

#[test]
fn an_id_that_is_used_for_another_task_is_refused() {
    let mut stored = loaded(&[Task {
        status: Some(Status::Closed),
        ..task("1")
    }]);
    let other = Task {
        title: "another".into(),
        opened: Some("2022-02-02".parse().expect("a date")),
        ..task("1")
    };
    let errors = load(&stored, &[other], 2, Removals::Guarded).expect_err("it is refused");
    assert!(
        matches!(errors.as_slice(), [IntakeError::IdReused { .. }]),
        "{errors:?}"
    );
    let retitled = Task {
        title: "the same in other words".into(),
        status: Some(Status::Closed),
        ..task("1")
    };
    assert_eq!(edit(&mut stored, &[retitled]), ["1 changed"]);
}

#[test]
fn a_changed_ladder_is_found_by_its_steps() {
    let stored = loaded(&[task("1")]);
    let one = task("1");
    let intake = intake(
        &stored,
        &[Row {
            task: &one,
            ladder_print: "other steps",
        }],
        at(2),
        Removals::Guarded,
    )
    .expect("a load");
    assert_eq!(intake.changed[0].entries[0].kind, "ladder-changed");
    assert_eq!(intake.changed[0].state.ladder_since, Some(at(2)));
}

#[test]
fn a_closed_row_opened_again_together_with_new_progress_keeps_the_report() {
    let closed = Task {
        status: Some(Status::Closed),
        ..task("1")
    };
    let mut stored = loaded(&[closed]);
    let again = Task {
        status: Some(Status::Open),
        progress: "一半".into(),
        ..task("1")
    };
    assert_eq!(edit(&mut stored, &[again]), ["1 reopened", "1 reported"]);
    let state = &stored[&TaskId::new("1")].1;
    assert_eq!((state.phase, state.progress.as_str()), (Phase::Acknowledged, "一半"));
}

#[test]
fn a_changed_closing_date_of_a_closed_row_is_recorded() {
    let closed = |on: &str| Task {
        status: Some(Status::Closed),
        closed: Some(on.parse().expect("a date")),
        ..task("1")
    };
    let mut stored = loaded(&[closed("2022-03-01")]);
    assert_eq!(edit(&mut stored, &[closed("2022-02-27")]), ["1 changed"]);
}

#[test]
fn a_row_that_repeats_no_more_withdraws_what_is_to_come_and_leaves_what_was() {
    let days = ["2022-02-28", "2022-03-31", "2022-04-30", "2022-05-31", "2022-06-30"];
    let tasks = days.map(|day| Task {
        due: day.parse().expect("a date"),
        ..task(&format!("12@{day}"))
    });
    let mut stored = loaded(&tasks);
    let closed = TaskId::new("12@2022-05-31");
    let (_, state) = stored.get_mut(&closed).expect("it is stored");
    state.phase = Phase::Closed;
    // One row in all, so that no guard holds it up.
    assert_eq!(
        edit(&mut stored, &[]),
        [
            "12@2022-03-31 withdrawn",
            "12@2022-04-30 withdrawn",
            "12@2022-06-30 withdrawn"
        ]
    );
}

#[test]
fn what_a_row_says_of_the_times_to_come_does_not_rewrite_what_is_done() {
    let done = task("12@2022-02-28");
    let mut stored = loaded(std::slice::from_ref(&done));
    let (_, state) = stored.get_mut(&done.id).expect("it is stored");
    state.phase = Phase::Closed;
    let other = Task {
        title: "another".to_owned(),
        opened: Some("2022-02-02".parse().expect("a date")),
        ..done
    };
    assert_eq!(edit(&mut stored, &[other]), [""; 0]);
}
