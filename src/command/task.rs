//! `duban task …`: records what happened to a task, by the same functions as everybody else, and tells what follows.

mod show;

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::command::Failure;
use crate::command::cli::act::{Act as Asked, Extend, Said};
use crate::command::desk::{Place, failed, hinted, note};
use crate::command::picture::unknown;
use crate::config::{Config, Environment};
use crate::daemon::next_notice;
use crate::daemon::timeline::local_time;
use crate::domain::id::TaskId;
use crate::domain::journal::{Draft, Fact};
use crate::domain::system::SystemWord;
use crate::domain::task::TaskState;
use crate::domain::when::When;
use crate::rules::intake;
use crate::rules::progress::{self, Act, Refused};
use crate::store::{Access, ActError, Change, PendingWord, Store, StoredTask};

/// A deadline lies within these years: calendars know no others.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;

/// The kind of the entry by which somebody asks for a later deadline.
const EXTENSION_ASKED: &str = "extension-asked";
/// The kinds of the entries by which such a request is answered.
const EXTENSION_GRANTED: &str = "extension-granted";
const EXTENSION_REFUSED: &str = "extension-refused";

/// Names by which the program itself signs.
const OWN_NAMES: [&str; 2] = ["duban", intake::BY];

pub(super) async fn task(flag: Option<&Path>, asked: Asked) -> Result<(), Failure> {
    let (id, act, said) = match asked {
        Asked::Show(args) => return show::show(flag, &args).await,
        Asked::Ack(plain) => (plain.task, Wanted::Act(Act::Acknowledge), plain.said),
        Asked::Report(report) => {
            let says = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
            if !says(&report.progress) && !says(&report.said.note) {
                let text = "the report says nothing: write --progress TEXT or --note TEXT";
                return Err(Failure::NotUnderstood(anyhow::anyhow!(text)));
            }
            (report.task, Wanted::Report(report.progress), report.said)
        }
        Asked::Submit(plain) => (plain.task, Wanted::Act(Act::Submit), plain.said),
        Asked::Return(args) => (
            args.task,
            Wanted::Act(Act::Return { due: proven(args.due)? }),
            args.said,
        ),
        Asked::Close(plain) => (plain.task, Wanted::Act(Act::Close { on: None }), plain.said),
        Asked::Reopen(args) => (
            args.task,
            Wanted::Act(Act::Reopen { due: proven(args.due)? }),
            args.said,
        ),
        Asked::Cancel(plain) => (plain.task, Wanted::Act(Act::Cancel), plain.said),
        Asked::Extend(args) => extend(args)?,
        Asked::Grant(args) => (args.task, Wanted::Act(Act::Grant { due: proven(args.due)? }), args.said),
        Asked::Refuse(args) => {
            let said = Said {
                by: args.by,
                note: Some(reason(&args.note)?),
            };
            (args.task, Wanted::Act(Act::Refuse), said)
        }
    };
    let place = Place::find(flag)?;
    let store = place.open(Access::Act).await?;
    let by = name(&said, &place.env)?;
    let now = place.clock.now();
    let today = place.config.as_ref().map(|config| config.almanac.today(now));
    let done = store
        .act_telling(&id, now, |stored| {
            refuse_past(&stored.state, &act, today)?;
            let change = change(stored, &act, &by, &said, now)?;
            let words = telling(&change, &by).or_else(|| answering(stored, &change, &by, &said));
            Ok::<_, Refused>((words.into_iter().collect(), change))
        })
        .await
        .map_err(failed)?;
    match done {
        Ok(stored) => {
            tell(&place, &store, &stored, now).await?;
            // Without a daemon beside us the store is left at rest.
            store.close().await;
            Ok(())
        }
        Err(ActError::Unknown { id, near }) => {
            let near: Vec<String> = near.iter().map(ToString::to_string).collect();
            Err(unknown("task", id.as_str(), &near))
        }
        Err(ActError::Refused(refused)) => Err(hinted(&refused.to_string(), refused.hint)),
    }
}

/// A request for a later deadline: one that calendars can count to, and a reason.
fn extend(args: Extend) -> Result<(TaskId, Wanted, Said), Failure> {
    let note = reason(&args.note)?;
    let Some(to) = proven(Some(args.to))? else {
        return Err(Failure::NotUnderstood(anyhow::anyhow!("--to needs a date")));
    };
    let said = Said {
        by: args.by,
        note: Some(note.clone()),
    };
    Ok((args.task, Wanted::Act(Act::Extend { to, note }), said))
}

/// What is asked for or refused has a reason that others can read.
fn reason(note: &str) -> Result<String, Failure> {
    let note = note.trim();
    if note.is_empty() {
        return Err(Failure::NotUnderstood(anyhow::anyhow!("--note needs a reason")));
    }
    Ok(note.to_owned())
}

/// What the office hears of an act at once: that somebody asks for a later deadline.
fn telling(change: &Change, by: &str) -> Option<PendingWord> {
    let is_new = change.entries.iter().any(|entry| entry.kind == EXTENSION_ASKED);
    let asked = change.state.asked.as_ref().filter(|_| is_new)?;
    Some(PendingWord {
        name: format!("extension:{}:{}", change.task.id, asked.at.timestamp_millis()),
        word: SystemWord::ExtensionAsked {
            task: change.task.id.to_string(),
            title: change.task.title.clone(),
            unit: change.task.unit.to_string(),
            by: by.to_owned(),
            due: change.state.due,
            to: asked.to,
            note: asked.note.clone(),
        },
    })
}

/// What those who asked for a later deadline hear of the answer at once.
fn answering(stored: &StoredTask, change: &Change, by: &str, said: &Said) -> Option<PendingWord> {
    let has = |kind: &str| change.entries.iter().any(|entry| entry.kind == kind);
    let granted = has(EXTENSION_GRANTED);
    let asked = stored
        .state
        .asked
        .as_ref()
        .filter(|_| granted || has(EXTENSION_REFUSED))?;
    Some(PendingWord {
        name: format!("extension-answer:{}:{}", change.task.id, asked.at.timestamp_millis()),
        word: SystemWord::ExtensionAnswered {
            task: change.task.id.to_string(),
            title: change.task.title.clone(),
            unit: change.task.unit.to_string(),
            by: by.to_owned(),
            asked: asked.to,
            due: change.state.due,
            granted,
            note: said.note.clone(),
        },
    })
}

/// An act, or a report that may leave the progress as it is.
#[derive(Clone, Debug)]
enum Wanted {
    Act(Act),
    Report(Option<String>),
}

fn change(stored: &StoredTask, wanted: &Wanted, by: &str, said: &Said, now: DateTime<Utc>) -> Result<Change, Refused> {
    let act = match wanted {
        Wanted::Act(act) => act.clone(),
        Wanted::Report(progress) => {
            let told = progress.as_deref().map(str::trim).filter(|text| !text.is_empty());
            Act::Report {
                progress: told.unwrap_or(&stored.state.progress).to_owned(),
            }
        }
    };
    let fact: Fact = progress::decide(&stored.state, &act)?;
    refuse_before_opening(&stored.state, &act)?;
    let state = progress::apply(Some(stored.state.clone()), &fact, now);
    let id: TaskId = stored.task.id.clone();
    Ok(Change {
        task: stored.task.clone(),
        state: state.unwrap_or_else(|| stored.state.clone()),
        entries: vec![Draft::of_fact(now, id, by, &fact, said.note.as_deref())],
        next_at: Some(now),
    })
}

/// Nobody can keep a deadline that is over when it is asked for. Without files it is not known which day it is there.
fn refuse_past(state: &TaskState, wanted: &Wanted, today: Option<NaiveDate>) -> Result<(), Refused> {
    let Wanted::Act(Act::Extend { to, .. }) = wanted else {
        return Ok(());
    };
    if today.is_some_and(|today| to.day() < today) {
        return Err(Refused {
            standing: state.standing(),
            verb: "extended to a day that is over",
            hint: "give a --to that is today or later",
        });
    }
    Ok(())
}

/// A deadline lies after the opening, as in the ledger.
fn refuse_before_opening(state: &TaskState, act: &Act) -> Result<(), Refused> {
    let (verb, due) = match act {
        Act::Return { due } => ("returned with a deadline before its opening", *due),
        Act::Reopen { due } => ("reopened with a deadline before its opening", *due),
        Act::Acknowledge
        | Act::Report { .. }
        | Act::Submit
        | Act::Close { .. }
        | Act::Cancel
        | Act::Extend { .. }
        | Act::Grant { .. }
        | Act::Refuse => return Ok(()),
    };
    if due.is_some_and(|due| due.day() < state.opened.day()) {
        return Err(Refused {
            standing: state.standing(),
            verb,
            hint: "give --due a day after the opening, which `duban task show` tells",
        });
    }
    Ok(())
}

/// Who acts: as given, else whoever sits at the keyboard, behind `sudo` too.
pub(super) fn name(said: &Said, env: &Environment) -> Result<String, Failure> {
    name_of(said.by.as_deref(), env)
}

/// The name that was given, else the user's.
pub(super) fn name_of(by: Option<&str>, env: &Environment) -> Result<String, Failure> {
    if let Some(by) = by.map(str::trim) {
        if by.is_empty() {
            return Err(Failure::NotUnderstood(anyhow::anyhow!("--by needs a name")));
        }
        return Ok(by.to_owned());
    }
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| env.get(name));
    let user = user.filter(|user| !OWN_NAMES.contains(user));
    Ok(user.unwrap_or("command line").to_owned())
}

/// A deadline that calendars can count to.
fn proven(due: Option<When>) -> Result<Option<When>, Failure> {
    match due.map(When::day).as_ref().map(NaiveDate::year) {
        Some(year) if !YEARS.contains(&year) => Err(Failure::NotUnderstood(anyhow::anyhow!(
            "--due lies in {year}; a deadline lies between {} and {}",
            YEARS.start(),
            YEARS.end()
        ))),
        Some(_) | None => Ok(due),
    }
}

/// What is true now, and what is said next.
async fn tell(place: &Place, store: &Store, stored: &StoredTask, now: DateTime<Utc>) -> Result<(), Failure> {
    let next = match &place.config {
        Some(config) => next_words(config, store, stored, now).await?,
        None => {
            note("the files have errors (see `duban check`): the next notice cannot be told");
            String::new()
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}{next}", present(&stored.task.id, &stored.state))?;
    for found in intake::mismatches(&stored.task, &stored.state) {
        note(&format!(
            "the ledger still says {} {}; an unchanged cell never undoes this, but readers of the file are misled",
            found.column, found.row
        ));
    }
    Ok(())
}

/// `task 7 is open, due 2021-12-16, round 2`.
fn present(id: &TaskId, state: &TaskState) -> String {
    let round = if state.round > 0 {
        format!(", opened again for the {} time", ordinal(state.round))
    } else {
        String::new()
    };
    let old = state
        .reopened
        .filter(|_| !state.reopened_with_due && state.due_since <= state.reopened);
    let kept = if old.is_some() && state.closed.is_none() {
        ", the deadline it had"
    } else {
        ""
    };
    let asked =
        (state.asked.as_ref()).map_or_else(String::new, |asked| format!(", asked to be extended to {}", asked.to));
    format!(
        "task {id} is {}, due {}{kept}{round}{asked}",
        state.standing().as_str(),
        state.due
    )
}

fn ordinal(number: u32) -> String {
    match (number % 10, number % 100) {
        (1, rest) if rest != 11 => format!("{number}st"),
        (2, rest) if rest != 12 => format!("{number}nd"),
        (3, rest) if rest != 13 => format!("{number}rd"),
        _ => format!("{number}th"),
    }
}

async fn next_words(
    config: &Config,
    store: &Store,
    stored: &StoredTask,
    now: DateTime<Utc>,
) -> Result<String, Failure> {
    let told = store.told(&stored.task.id).await.map_err(failed)?;
    Ok(match next_notice(config, stored, &told, now) {
        Some(notice) => format!(
            "; next notice {} {} to {} by {}",
            local_time(&config.almanac, notice.at),
            notice.step_name(),
            notice.recipient.name,
            notice.channel
        ),
        None => "; no further notice, unless something happens".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment::new(pairs.iter().map(owned))
    }

    fn by(given: Option<&str>, pairs: &[(&str, &str)]) -> String {
        let said = Said {
            by: given.map(ToOwned::to_owned),
            note: None,
        };
        name(&said, &env(pairs)).expect("a name")
    }

    #[test]
    fn behind_sudo_the_person_at_the_keyboard_acts() {
        assert_eq!(by(None, &[("SUDO_USER", "wang"), ("USER", "duban")]), "wang");
        assert_eq!(by(None, &[("USER", "wang")]), "wang");
    }

    #[test]
    fn a_name_that_is_given_wins() {
        assert_eq!(by(Some(" 王科长 "), &[("USER", "wang")]), "王科长");
    }

    #[test]
    fn nobody_acts_in_the_name_of_the_program_by_default() {
        assert_eq!(by(None, &[("USER", "duban")]), "command line");
        assert_eq!(by(None, &[]), "command line");
    }

    #[test]
    fn a_deadline_that_no_calendar_reaches_is_refused() {
        for (text, allowed) in [("1969-12-31", false), ("2199-12-31", true), ("2200-01-01T09:00", false)] {
            let due = text.parse().expect("a date");
            assert_eq!(proven(Some(due)).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn rounds_are_counted_as_people_do() {
        let told: Vec<String> = [1, 2, 3, 4, 11, 22].map(ordinal).into();
        assert_eq!(told, ["1st", "2nd", "3rd", "4th", "11th", "22nd"]);
    }
}
