//! Configuration and store, put together as the planner wants them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::domain::id::TaskId;
use crate::domain::notice::Notice;
use crate::domain::task::{Task, TaskState};
use crate::rules::intake::{Row, first_state};
use crate::rules::planner::{self, Ground, ToldBook};
use crate::store::{StoredTask, ToldRow};

/// The shortest span that is planned.
const INSTANT: TimeDelta = TimeDelta::milliseconds(1);
/// So many instants are looked at for one that has somebody to tell.
const LOOKS_MAX: u32 = 1000;

/// What a task is planned on; none where its ladder is no longer configured, which only a withdrawn task can have.
#[must_use]
pub fn ground<'a>(config: &'a Config, task: &'a Task, state: &'a TaskState) -> Option<Ground<'a>> {
    let ladder = config.ladders.get(&task.ladder)?;
    Some(Ground {
        task,
        state,
        ladder,
        almanac: &config.almanac,
        people: &config.people,
    })
}

pub(super) fn told_book(rows: &[ToldRow]) -> ToldBook {
    let mut book = ToldBook::default();
    for row in rows {
        book.note(row.key.clone(), row.occurrence, row.level);
    }
    book
}

/// What the store, where there is one, and else the configuration alone says will go out from `now` until `until`:
/// ordered by time, ledger, level descending, recipient, channel.
#[must_use]
pub fn forecast(
    config: &Config,
    stored: &[StoredTask],
    told: &BTreeMap<TaskId, Vec<ToldRow>>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<Notice> {
    let mut notices: Vec<(u32, Notice)> = Vec::new();
    for stored in stored {
        let Some(ground) = ground(config, &stored.task, &stored.state) else {
            continue;
        };
        let book = told
            .get(&stored.task.id)
            .map(|rows| told_book(rows))
            .unwrap_or_default();
        let plan = planner::plan(&ground, &book, now, until);
        notices.extend(plan.notices.into_iter().map(|notice| (stored.task.order, notice)));
    }
    order(&mut notices);
    notices.into_iter().map(|(_, notice)| notice).collect()
}

/// The next notice of a task, at or after `now`; none where nothing will be said unless something happens.
#[must_use]
pub fn next_notice(config: &Config, stored: &StoredTask, told: &[ToldRow], now: DateTime<Utc>) -> Option<Notice> {
    let ground = ground(config, &stored.task, &stored.state)?;
    let book = told_book(told);
    let mut until = now + INSTANT;
    // An instant may turn out to have nobody to tell, so that the next one is looked at.
    for _ in 0..LOOKS_MAX {
        let plan = planner::plan(&ground, &book, now, until);
        let first = plan.notices.into_iter().min_by_key(|notice| notice.at);
        if first.is_some() {
            return first;
        }
        until = plan.next.filter(|next| *next >= until)? + INSTANT;
    }
    None
}

/// Puts notices, each with its task's place in the ledger, into the order of `plan`: by time, ledger, level descending,
/// recipient, channel.
pub fn order(notices: &mut [(u32, Notice)]) {
    notices.sort_by(|(order_a, a), (order_b, b)| {
        (a.at, order_a, b.level, &a.recipient.id, &a.channel).cmp(&(
            b.at,
            order_b,
            a.level,
            &b.recipient.id,
            &b.channel,
        ))
    });
}

/// The ledger as it would be stored by a first load at `now`.
#[must_use]
pub fn as_first_loaded(config: &Config, now: DateTime<Utc>) -> Vec<StoredTask> {
    config
        .tasks_at(now)
        .into_iter()
        .filter_map(|task| {
            let row = Row {
                task: &task,
                ladder_print: "",
            };
            let state = first_state(&row, now)?;
            Some(StoredTask {
                task,
                state,
                next_at: Some(now),
            })
        })
        .collect()
}
