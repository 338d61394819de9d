//! How tasks stand now: rows of `status`, which `task show` has too.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::command::Failure;
use crate::command::desk::{Desk, failed, hinted};
use crate::command::table::{Cell, Paint};
use crate::config::Config;
use crate::daemon::timeline::local_time;
use crate::daemon::{as_first_loaded, next_notice};
use crate::domain::id::TaskId;
use crate::domain::people::Party;
use crate::domain::task::Light;
use crate::rules::compose;
use crate::store::{Store, StoredTask, ToldRow};

/// An unknown id is answered with ids that differ in at most so many letters.
const NEAR_LETTERS: usize = 2;
/// And with at most so many of them.
const NEAR_MAX: usize = 3;

/// All tasks, and what was told of them.
pub(super) struct Picture {
    /// In ledger order.
    pub(super) tasks: Vec<StoredTask>,
    /// What was told, for each role.
    pub(super) told: BTreeMap<TaskId, Vec<ToldRow>>,
    last: BTreeMap<TaskId, DateTime<Utc>>,
}

/// One task, in the shape that scripts read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct StatusRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) area: String,
    pub(super) unit: String,
    pub(super) lead: String,
    pub(super) due: String,
    pub(super) state: &'static str,
    pub(super) light: Light,
    pub(super) progress: String,
    pub(super) days_left: Option<i64>,
    pub(super) working_days_left: Option<i64>,
    pub(super) last_notice: Option<String>,
    pub(super) next_notice: Option<String>,
    pub(super) batch: String,
    /// The task of which it is a stage.
    pub(super) part_of: Option<String>,
    /// The later deadline that is asked for and waits for an answer.
    pub(super) extension_asked: Option<String>,
}

impl Picture {
    /// What is stored, or what a first load at `now` would store.
    pub(super) async fn of(desk: &Desk, store: Option<&Store>, now: DateTime<Utc>) -> Result<Self, Failure> {
        Ok(match store {
            Some(store) => Self {
                tasks: store.tasks().await.map_err(failed)?,
                told: store.all_told().await.map_err(failed)?,
                last: store.last_notices().await.map_err(failed)?,
            },
            None => Self {
                tasks: as_first_loaded(&desk.config, now),
                told: BTreeMap::new(),
                last: BTreeMap::new(),
            },
        })
    }

    /// A task by its id.
    ///
    /// # Errors
    /// Exit code 1, with near ids, where there is none.
    pub(super) fn task(&self, id: &TaskId) -> Result<&StoredTask, Failure> {
        known(&self.tasks, id)
    }

    /// What was told of a task.
    pub(super) fn told_of(&self, id: &TaskId) -> &[ToldRow] {
        self.told.get(id).map_or(&[], Vec::as_slice)
    }

    /// The row of a task.
    pub(super) fn row(&self, config: &Config, stored: &StoredTask, now: DateTime<Utc>) -> StatusRow {
        let StoredTask { task, state, .. } = stored;
        let almanac = &config.almanac;
        let light = almanac.light(state, now);
        let standing = compose::standing(state, almanac, now);
        let counts = light != Light::Grey;
        let last = self.last.get(&task.id).filter(|at| **at <= now);
        let next = next_notice(config, stored, self.told_of(&task.id), now);
        StatusRow {
            id: task.id.to_string(),
            title: task.title.clone(),
            area: task.area.clone(),
            unit: task.unit.to_string(),
            lead: party_id(&task.lead),
            due: state.due.to_string(),
            state: state.standing().as_str(),
            light,
            progress: state.progress.clone(),
            days_left: counts.then_some(standing.days_left),
            working_days_left: counts.then_some(standing.working_days_left),
            last_notice: last.map(|at| local_time(almanac, *at)),
            next_notice: next.map(|notice| local_time(almanac, notice.at)),
            batch: task.batch.clone(),
            part_of: self.whole_of(&task.id).map(|whole| whole.task.id.to_string()),
            extension_asked: state.asked.as_ref().map(|asked| asked.to.to_string()),
        }
    }

    /// The task of which a task is a stage.
    pub(super) fn whole_of(&self, id: &TaskId) -> Option<&StoredTask> {
        let whole = id.of_stage()?;
        self.tasks.iter().find(|stored| stored.task.id == whole)
    }

    /// The stages of a task, in ledger order.
    pub(super) fn stages_of(&self, id: &TaskId) -> Vec<&StoredTask> {
        let is_stage = |stored: &&StoredTask| stored.task.id.of_stage().as_ref() == Some(id);
        self.tasks.iter().filter(is_stage).collect()
    }
}

/// A task by its id.
///
/// # Errors
/// Exit code 1, with near ids, where there is none.
pub(super) fn known<'a>(tasks: &'a [StoredTask], id: &TaskId) -> Result<&'a StoredTask, Failure> {
    tasks.iter().find(|stored| stored.task.id == *id).ok_or_else(|| {
        let ids = tasks.iter().map(|stored| stored.task.id.as_str());
        unknown("task", id.as_str(), &near(id.as_str(), ids))
    })
}

/// The id of a person or a unit.
pub(super) fn party_id(party: &Party) -> String {
    match party {
        Party::Person(id) => id.to_string(),
        Party::Unit(id) => id.to_string(),
    }
}

/// A light in its colour.
pub(super) fn light_cell(light: Light) -> Cell {
    let paint = match light {
        Light::Red => Paint::Red,
        Light::Yellow => Paint::Yellow,
        Light::Green => Paint::Green,
        Light::Blue => Paint::Blue,
        Light::Grey => Paint::Dim,
    };
    Cell::painted(light.as_str(), paint)
}

/// Nothing has this id.
pub(super) fn unknown(what: &str, id: &str, near: &[String]) -> Failure {
    let text = format!("no {what} has the id `{id}`");
    if near.is_empty() {
        return Failure::Failed(anyhow::anyhow!(text));
    }
    let near: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
    hinted(&text, &format!("did you mean {}?", near.join(" or ")))
}

/// Ids that look like one, the nearest first.
pub(super) fn near<'a>(id: &str, all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut near: Vec<(usize, &str)> = all
        .map(|other| (strsim::damerau_levenshtein(id, other), other))
        .filter(|(distance, other)| *distance <= NEAR_LETTERS && *distance < other.chars().count())
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(NEAR_MAX).map(|(_, id)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_id_comes_first() {
        let all = ["edu-12", "edu-21", "road-7"];
        assert_eq!(near("edu-22", all.into_iter()), ["edu-12", "edu-21"]);
        assert_eq!(near("edu-2", all.into_iter()), ["edu-12", "edu-21"]);
    }

    #[test]
    fn an_id_of_one_letter_is_not_near_to_every_other() {
        assert!(near("7", ["1", "2", "9"].into_iter()).is_empty());
    }
}
