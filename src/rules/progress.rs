//! What the journal says of a task, folded into its state; and which acts a state allows.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::journal::Fact;
use crate::domain::task::{Asked, Phase, TaskState};
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
    /// Asks for a later deadline.
    Extend {
        /// The wanted deadline.
        to: When,
        /// Why.
        note: String,
    },
    /// Grants the later deadline that was asked for.
    Grant {
        /// Another deadline than the wanted one.
        due: Option<When>,
    },
    /// Refuses the later deadline that was asked for.
    Refuse,
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
    let (allowed, fact, verb, hint): Allowed = match act {
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
        Act::Extend { .. } | Act::Grant { .. } | Act::Refuse => {
            extension(state, act).map_err(|(verb, hint)| refused(verb, hint))?
        }
    };
    if allowed.contains(&standing) {
        Ok(fact)
    } else {
        Err(refused(verb, hint))
    }
}

/// Where an act is allowed, the fact that it makes, and the words where it is not.
type Allowed = (&'static [Phase], Fact, &'static str, &'static str);

/// A later deadline: asked for, granted or refused. The error is why not, and what to do.
fn extension(state: &TaskState, act: &Act) -> Result<Allowed, (&'static str, &'static str)> {
    const OPEN: &[Phase] = &[Phase::Open, Phase::Acknowledged];
    const UNDONE: &[Phase] = &[Phase::Open, Phase::Acknowledged, Phase::Submitted];
    let hint = "nobody asks for one: `duban task extend` asks, and an answer or a new deadline settles it";
    let asked = state.asked.as_ref().map(|asked| asked.to);
    if let Act::Extend { to, note } = act {
        if asked.is_some() {
            let hint = "`duban task grant` or `duban task refuse` answers it first";
            return Err(("extended: an extension is asked for already", hint));
        }
        if !is_later(*to, state.due) {
            let hint = "give a later --to; `duban task show` tells the deadline";
            return Err(("extended to a deadline that is not later than the one in force", hint));
        }
        let (to, note) = (*to, note.clone());
        let hint = "a later deadline is asked for while the work is still to be done";
        return Ok((OPEN, Fact::ExtensionAsked { to, note }, "extended", hint));
    }
    let Act::Grant { due } = act else {
        let asked = asked.ok_or(("refused a later deadline", hint))?;
        return Ok((
            UNDONE,
            Fact::ExtensionRefused { asked },
            "refused a later deadline",
            hint,
        ));
    };
    let asked = asked.ok_or(("granted a later deadline", hint))?;
    let (from, to) = (state.due, due.unwrap_or(asked));
    if !is_later(to, from) {
        let hint = "give a later --due, or refuse the extension";
        return Err(("granted a deadline that is not later than the one in force", hint));
    }
    Ok((
        UNDONE,
        Fact::ExtensionGranted { from, asked, to },
        "granted a later deadline",
        hint,
    ))
}

/// Whether a deadline is later than another: by day, and by time where both have one on the same day.
fn is_later(to: When, than: When) -> bool {
    match (to, than) {
        (When::Instant(to), When::Instant(than)) => to > than,
        (When::Local(to), When::Local(than)) => to > than,
        _ => to.day() > than.day(),
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
                give_due(&mut state, *due, at);
            }
        }
        Fact::Closed { on } => {
            state.asked = None;
            if state.phase == Phase::Submitted {
                state.reviewed = Some(at);
            }
            state.phase = Phase::Closed;
            state.closed = Some(on.unwrap_or_else(|| When::instant(at)));
        }
        Fact::Reopened { due } => reopen(&mut state, *due, at),
        Fact::Cancelled => {
            state.phase = Phase::Cancelled;
            state.asked = None;
        }
        Fact::Withdrawn => state.withdrawn = true,
        Fact::Restored => state.withdrawn = false,
        Fact::DueChanged { to, .. } | Fact::ExtensionGranted { to, .. } => give_due(&mut state, *to, at),
        Fact::ExtensionAsked { to, note } => state.asked = Some(asked(*to, note, at)),
        Fact::ExtensionRefused { .. } => state.asked = None,
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
        asked: None,
    }
}

fn asked(to: When, note: &str, at: DateTime<Utc>) -> Asked {
    let note = note.to_owned();
    Asked { to, at, note }
}

/// A new deadline, which answers whoever asked for one.
fn give_due(state: &mut TaskState, due: When, at: DateTime<Utc>) {
    move_due(state, due, at);
    state.asked = None;
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
    state.asked = None;
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

    fn asking(to: &str) -> Fact {
        Fact::ExtensionAsked {
            to: due(to),
            note: "雨季".into(),
        }
    }

    #[test]
    fn an_extension_that_is_granted_sets_the_deadline_and_one_that_is_refused_leaves_it() {
        let state = after(&[asking("2022-04-15")]);
        let asked = state.asked.clone().expect("it is asked for");
        assert_eq!(
            (asked.to, asked.at, asked.note.as_str()),
            (due("2022-04-15"), at(2), "雨季")
        );
        assert_eq!(state.due, due("2022-03-31"), "asking moves nothing");
        let granted = decide(&state, &Act::Grant { due: None }).expect("it can be granted");
        let state = apply(Some(state), &granted, at(5)).expect("a state");
        assert_eq!(
            (state.due, state.due_since, &state.asked),
            (due("2022-04-15"), Some(at(5)), &None)
        );
        let state = after(&[asking("2022-04-15")]);
        let refused = decide(&state, &Act::Refuse).expect("it can be refused");
        let state = apply(Some(state), &refused, at(5)).expect("a state");
        assert_eq!(
            (state.due, state.due_since, state.asked),
            (due("2022-03-31"), None, None)
        );
    }

    #[test]
    fn another_deadline_than_the_wanted_one_can_be_granted_if_it_is_later_than_the_old_one() {
        let state = after(&[asking("2022-04-15")]);
        let grant = |day| decide(&state, &Act::Grant { due: Some(due(day)) });
        let expected = Fact::ExtensionGranted {
            from: due("2022-03-31"),
            asked: due("2022-04-15"),
            to: due("2022-04-08"),
        };
        assert_eq!(grant("2022-04-08"), Ok(expected));
        assert!(grant("2022-03-31").is_err());
    }

    #[test]
    fn one_extension_is_asked_for_at_a_time_and_only_for_a_later_day() {
        let ask = |state: &TaskState, day: &str| {
            let (to, note) = (due(day), String::new());
            decide(state, &Act::Extend { to, note })
        };
        let open = after(&[]);
        assert!(ask(&open, "2022-04-01").is_ok());
        assert!(ask(&open, "2022-03-31").is_err());
        let again = ask(&after(&[asking("2022-04-15")]), "2022-05-01").expect_err("one is asked for");
        assert!(again.to_string().contains("asked for already"), "{again}");
        assert!(decide(&open, &Act::Grant { due: None }).is_err());
        assert!(decide(&open, &Act::Refuse).is_err());
    }

    #[test]
    fn what_settles_the_deadline_otherwise_settles_the_request_and_a_submission_does_not() {
        let after = |fact: Fact| after(&[asking("2022-04-15"), Fact::Submitted, fact]).asked;
        let to = due("2022-05-01");
        let from = due("2022-03-31");
        assert!(after(Fact::Returned { due: None }).is_some());
        assert_eq!(after(Fact::Returned { due: Some(to) }), None);
        assert_eq!(after(Fact::DueChanged { from, to }), None);
        assert_eq!(after(Fact::Closed { on: None }), None);
        assert_eq!(after(Fact::Cancelled), None);
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
