//! What the journal says of a task, folded into its state; and which acts a state allows.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::journal::Fact;
use crate::domain::task::{Phase, TaskState};
use crate::domain::when::When;

/// What somebody does to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Takes note.
    Acknowledge,
    /// Reports progress.
    Report {
        /// What is reported; may be empty.
        progress: String,
    },
    /// Hands it in for review.
    Submit,
    /// Sends a submission back.
    Return {
        /// With a new deadline.
        due: Option<When>,
    },
    /// Approves and closes it.
    Close {
        /// As of when; none: now.
        on: Option<When>,
    },
    /// Opens it again.
    Reopen {
        /// With a new deadline.
        due: Option<When>,
    },
    /// Calls it off.
    Cancel,
}

/// Why an act is not allowed now.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the task is {}: it cannot be {verb}", standing.as_str())]
pub struct Refused {
    /// Where the task stands.
    pub standing: Phase,
    /// What was asked for.
    pub verb: &'static str,
    /// What can be done instead.
    pub hint: &'static str,
}

/// The fact that an act makes of a task.
///
/// # Errors
/// Where the task's state does not allow the act.
pub fn decide(state: &TaskState, act: &Act) -> Result<Fact, Refused> {
    use Phase::{Acknowledged, Cancelled, Closed, Open, Submitted, Withdrawn};
    let standing = state.standing();
    let refused = |verb, hint| Refused { standing, verb, hint };
    if standing == Withdrawn {
        return Err(refused("changed", "put it back into the ledger first"));
    }
    let (allowed, fact, verb, hint): (&[Phase], Fact, _, _) = match act {
        Act::Acknowledge => (
            &[Open],
            Fact::Acknowledged,
            "acknowledged",
            "it already was, or is past that",
        ),
        Act::Report { progress } => (
            &[Open, Acknowledged, Submitted],
            Fact::Reported {
                progress: progress.clone(),
            },
            "reported on",
            "reopen it first",
        ),
        Act::Submit => (
            &[Open, Acknowledged],
            Fact::Submitted,
            "submitted",
            "return or reopen it first",
        ),
        Act::Return { due } => (
            &[Submitted],
            Fact::Returned { due: *due },
            "returned",
            "only a submission can be returned",
        ),
        Act::Close { on } => (
            &[Open, Acknowledged, Submitted],
            Fact::Closed { on: *on },
            "closed",
            "reopen it first",
        ),
        Act::Reopen { due } => (
            &[Closed, Cancelled],
            Fact::Reopened { due: *due },
            "reopened",
            "only a closed or cancelled task can be reopened",
        ),
        Act::Cancel => (
            &[Open, Acknowledged, Submitted],
            Fact::Cancelled,
            "cancelled",
            "reopen it first",
        ),
    };
    if allowed.contains(&standing) {
        Ok(fact)
    } else {
        Err(refused(verb, hint))
    }
}

/// The state after a fact. The first fact of a task is `loaded`; any fact before it is taken as if it were.
#[must_use]
pub fn apply(state: Option<TaskState>, fact: &Fact, at: DateTime<Utc>) -> Option<TaskState> {
    if let (
        None,
        Fact::Loaded {
            due,
            opened,
            ladder_print,
        },
    ) = (&state, fact)
    {
        return Some(loaded(*due, *opened, ladder_print.clone(), at));
    }
    let mut state = state?;
    match fact {
        Fact::Loaded { .. } | Fact::Changed { .. } => {}
        Fact::Acknowledged => {
            state.phase = state.phase.max(Phase::Acknowledged);
            state.acknowledged.get_or_insert(at);
        }
        Fact::Reported { progress } => {
            state.phase = state.phase.max(Phase::Acknowledged);
            state.acknowledged.get_or_insert(at);
            state.reported = Some(at);
            state.progress.clone_from(progress);
        }
        Fact::Submitted => {
            state.phase = Phase::Submitted;
            state.acknowledged.get_or_insert(at);
            state.submitted = Some(at);
            state.reviewed = None;
        }
        Fact::Returned { due } => {
            state.phase = Phase::Acknowledged;
            state.reviewed = Some(at);
            state.returns += 1;
            if let Some(due) = due {
                move_due(&mut state, *due, at);
            }
        }
        Fact::Closed { on } => {
            if state.phase == Phase::Submitted {
                state.reviewed = Some(at);
            }
            state.phase = Phase::Closed;
            state.closed = Some(on.unwrap_or_else(|| When::instant(at)));
        }
        Fact::Reopened { due } => reopen(&mut state, *due, at),
        Fact::Cancelled => state.phase = Phase::Cancelled,
        Fact::Withdrawn => state.withdrawn = true,
        Fact::Restored => state.withdrawn = false,
        Fact::DueChanged { to, .. } => move_due(&mut state, *to, at),
        Fact::OpenedChanged { to, .. } => {
            state.opened = *to;
            state.opened_since = Some(at);
        }
        Fact::LadderChanged { ladder_print } => {
            state.ladder_print.clone_from(ladder_print);
            state.ladder_since = Some(at);
        }
    }
    Some(state)
}

/// The state after all facts of a task, oldest first; none where the first is not `loaded`.
#[must_use]
pub fn fold(facts: impl IntoIterator<Item = (DateTime<Utc>, Fact)>) -> Option<TaskState> {
    facts
        .into_iter()
        .fold(None, |state, (at, fact)| apply(state, &fact, at))
}

fn loaded(due: When, opened: Option<When>, ladder_print: String, at: DateTime<Utc>) -> TaskState {
    TaskState {
        phase: Phase::Open,
        withdrawn: false,
        round: 0,
        due,
        opened: opened.unwrap_or_else(|| When::instant(at)),
        first_seen: at,
        acknowledged: None,
        reported: None,
        submitted: None,
        reviewed: None,
        closed: None,
        reopened: None,
        reopened_with_due: false,
        due_since: None,
        opened_since: None,
        ladder_since: None,
        ladder_print,
        progress: String::new(),
        returns: 0,
    }
}

fn move_due(state: &mut TaskState, due: When, at: DateTime<Utc>) {
    if state.due != due {
        state.due = due;
        state.due_since = Some(at);
    }
}

fn reopen(state: &mut TaskState, due: Option<When>, at: DateTime<Utc>) {
    state.phase = Phase::Open;
    state.round += 1;
    state.acknowledged = None;
    state.reported = None;
    state.submitted = None;
    state.reviewed = None;
    state.closed = None;
    state.reopened = Some(at);
    state.reopened_with_due = due.is_some();
    if let Some(due) = due {
        state.due = due;
        state.due_since = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2022-03-{day:02}T01:00:00Z").parse().expect("an instant")
    }

    fn due(text: &str) -> When {
        text.parse().expect("a date")
    }

    fn after(facts: &[Fact]) -> TaskState {
        let loaded = Fact::Loaded {
            due: due("2022-03-31"),
            opened: Some(due("2022-03-01")),
            ladder_print: String::new(),
        };
        fold(
            std::iter::once(loaded)
                .chain(facts.iter().cloned())
                .zip(1..)
                .map(|(fact, day)| (at(day), fact)),
        )
        .expect("the first fact is loaded")
    }

    #[test]
    fn a_report_implies_acknowledgement() {
        let state = after(&[Fact::Reported {
            progress: "一半".into(),
        }]);
        assert_eq!(
            (state.phase, state.acknowledged, state.reported),
            (Phase::Acknowledged, Some(at(2)), Some(at(2)))
        );
    }

    #[test]
    fn a_report_on_a_submission_leaves_it_submitted() {
        assert_eq!(
            after(&[
                Fact::Submitted,
                Fact::Reported {
                    progress: String::new()
                }
            ])
            .phase,
            Phase::Submitted
        );
    }

    #[test]
    fn a_returned_submission_is_open_work_again() {
        let state = after(&[Fact::Submitted, Fact::Returned { due: None }]);
        assert_eq!(
            (state.phase, state.returns, state.due),
            (Phase::Acknowledged, 1, due("2022-03-31"))
        );
    }

    #[test]
    fn a_reopening_starts_a_round_without_the_marks_of_the_last() {
        let state = after(&[
            Fact::Submitted,
            Fact::Closed { on: None },
            Fact::Reopened {
                due: Some(due("2022-04-15")),
            },
        ]);
        assert_eq!(
            (state.round, state.phase, state.submitted, state.closed),
            (1, Phase::Open, None, None)
        );
        assert_eq!((state.due, state.reopened_with_due), (due("2022-04-15"), true));
    }

    #[test]
    fn a_withdrawn_task_that_returns_goes_on_where_it_was() {
        let state = after(&[Fact::Submitted, Fact::Withdrawn, Fact::Restored]);
        assert_eq!(state.standing(), Phase::Submitted);
    }

    #[test]
    fn acts_that_the_state_does_not_allow_are_refused_with_a_hint() {
        let open = after(&[]);
        let closed = after(&[Fact::Closed { on: None }]);
        let gone = after(&[Fact::Withdrawn]);
        for (state, act) in [
            (&open, Act::Return { due: None }),
            (&open, Act::Reopen { due: None }),
            (&closed, Act::Submit),
            (&closed, Act::Acknowledge),
            (&gone, Act::Close { on: None }),
        ] {
            let refused = decide(state, &act).expect_err("the act is not allowed");
            assert!(!refused.hint.is_empty(), "{refused}");
        }
        assert_eq!(decide(&open, &Act::Close { on: None }), Ok(Fact::Closed { on: None }));
    }
}
