//! Who comes to a meeting: those who are to be asked, and those who may stay though nobody would ask them now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::daemon::meeting_loop::Round;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::PersonId;
use crate::domain::meeting::Attendee;
use crate::domain::notice::RecipientKind;
use crate::domain::review::{Reader, Review};
use crate::domain::task::{Phase, Task, TaskState};
use crate::rules::forecast::History;
use crate::rules::meeting::{self, Roster};
use crate::rules::summary::{self, ReviewInput};

/// Who comes to a meeting as configuration and tasks have it now.
#[derive(Debug)]
pub(super) struct Guests {
    invited: Vec<Attendee>,
    /// The invited, and those who would be if their tasks were not done: nobody is sent away for finishing.
    entitled: Vec<Attendee>,
}

impl Guests {
    /// Who comes, where these were asked before.
    pub(super) fn roster(&self, known: &[Attendee]) -> Roster {
        meeting::roster(known, &self.invited, &self.entitled)
    }
}

impl Engine {
    /// Who is asked to come, absence on the day of the meeting followed to deputies, and who may stay.
    pub(super) async fn guests(&self, round: Round<'_>) -> Result<Guests, DaemonError> {
        let mut tasks = self.all_tasks().await?;
        let invited = self.persons(&self.readers_of(round, &tasks), &round.plan.organiser);
        for (_, state) in &mut tasks {
            if state.phase == Phase::Closed {
                state.phase = Phase::Open;
            }
        }
        let entitled = self.persons(&self.readers_of(round, &tasks), &round.plan.organiser);
        Ok(Guests { invited, entitled })
    }

    pub(super) async fn all_tasks(&self) -> Result<Vec<(Task, TaskState)>, DaemonError> {
        let stored = self.store.tasks().await?;
        Ok(stored.into_iter().map(|stored| (stored.task, stored.state)).collect())
    }

    /// Those who are invited by the audiences, each with the part of the ledger that is theirs.
    pub(super) fn readers_of(&self, round: Round<'_>, tasks: &[(Task, TaskState)]) -> Vec<Reader> {
        let review = Review {
            to: round.plan.invite.clone(),
            ..round.review.clone()
        };
        self.readers_at(&review, tasks, round.slot.starts, round.nominal)
    }

    /// The persons among a review's readers at an instant.
    pub(super) fn readers_at(
        &self,
        review: &Review,
        tasks: &[(Task, TaskState)],
        now: DateTime<Utc>,
        nominal: DateTime<Utc>,
    ) -> Vec<Reader> {
        let history = History::default();
        let readers = summary::recipients(&ReviewInput {
            review,
            tasks,
            history: &history,
            told: &BTreeMap::new(),
            ladders: &self.config.ladders,
            head: None,
            since: None,
            entries: &[],
            previous: &BTreeMap::new(),
            undelivered: &[],
            mismatches: &[],
            people: &self.config.people,
            almanac: &self.config.almanac,
            now,
            nominal,
        });
        let is_person = |reader: &Reader| reader.recipient.kind == RecipientKind::Person;
        readers.into_iter().filter(is_person).collect()
    }

    fn persons(&self, readers: &[Reader], organiser: &PersonId) -> Vec<Attendee> {
        let ids = readers
            .iter()
            .map(|reader| PersonId::new(reader.recipient.id.as_str()))
            .filter(|id| id != organiser);
        let ids: Vec<PersonId> = ids.chain([organiser.clone()]).collect();
        ids.iter().filter_map(|id| self.attendee(id)).collect()
    }
}
