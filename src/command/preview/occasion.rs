//! What a task would say through one channel: the notices that the planner makes for it, else those of a step as the
//! planner would make them did the step lead to that channel.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::slice;

use chrono::{DateTime, TimeDelta, Utc};

use crate::command::Failure;
use crate::command::desk::hinted;
use crate::config::Config;
use crate::daemon::forecast;
use crate::domain::id::ChannelId;
use crate::domain::ladder::{Level, Step};
use crate::domain::notice::Notice;
use crate::domain::people::{ChannelKind, Person};
use crate::store::{StoredTask, ToldRow};

/// So far is looked ahead, a little first: most that is looked for is near.
pub(super) const HORIZONS: [TimeDelta; 4] = [
    TimeDelta::milliseconds(1),
    TimeDelta::days(40),
    TimeDelta::days(400),
    TimeDelta::days(4000),
];

/// What is asked for.
pub(super) struct Question<'a> {
    pub(super) config: &'a Config,
    pub(super) task: &'a StoredTask,
    pub(super) told: &'a [ToldRow],
    pub(super) channel: &'a ChannelId,
    pub(super) kind: ChannelKind,
    pub(super) level: Option<Level>,
    pub(super) to: Option<&'a Person>,
    pub(super) now: DateTime<Utc>,
}

/// What would be said, all of it to one recipient, or to the group.
pub(super) struct Occasion {
    pub(super) notices: Vec<Notice>,
    pub(super) standing: Standing,
}

/// How that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes out now.
    Now,
    /// It goes out then, if nothing happens.
    Later(DateTime<Utc>),
    /// Its step lies ahead, and does not lead to this recipient by this channel.
    Elsewhere(DateTime<Utc>),
    /// Its step lies in the past.
    Past,
}

impl Question<'_> {
    /// What the channel would be told.
    ///
    /// # Errors
    /// Exit code 1, saying why, where no step speaks at that level, or not to anybody whom the channel reaches.
    pub(super) fn answer(&self) -> Result<Occasion, Failure> {
        if let Some(person) = self.to {
            self.prove_reached(person)?;
        }
        if let Some(occasion) = self.planned() {
            return Ok(occasion);
        }
        let (step, at) = self.step()?;
        let mut notices = self.redirected(&step)?;
        self.say_now(&mut notices);
        Ok(Occasion {
            notices,
            standing: at.map_or(Standing::Past, Standing::Elsewhere),
        })
    }

    fn say_now(&self, notices: &mut [Notice]) {
        for notice in notices {
            notice.at = self.now;
        }
    }

    fn prove_reached(&self, person: &Person) -> Result<(), Failure> {
        if person.channels.contains(self.channel) {
            return Ok(());
        }
        let text = format!(
            "{} ({}) is not reached by channel {}",
            person.name, person.id, self.channel
        );
        let ways: Vec<String> = person.channels.iter().map(|id| format!("`--channel {id}`")).collect();
        match ways.as_slice() {
            [] => Err(Failure::Failed(anyhow::anyhow!(text))),
            ways => Err(hinted(&text, &ways.join(" or "))),
        }
    }

    /// The next that the channel is told as things stand.
    fn planned(&self) -> Option<Occasion> {
        let told = BTreeMap::from([(self.task.task.id.clone(), self.told.to_vec())]);
        let (at, mut notices) = HORIZONS.into_iter().find_map(|horizon| {
            let mut found = forecast(
                self.config,
                slice::from_ref(self.task),
                &told,
                self.now,
                self.now + horizon,
            );
            found.retain(|notice| self.is_meant(notice) && self.level.is_none_or(|level| notice.level == level));
            // What was due less than a minute ago keeps its own instant, and goes out now as well.
            let at = found.iter().map(|notice| notice.at).min()?.max(self.now);
            found.retain(|notice| notice.at <= at);
            Some((at, found))
        })?;
        self.keep_first_recipient(&mut notices);
        if at <= self.now {
            return Some(Occasion {
                notices,
                standing: Standing::Now,
            });
        }
        self.say_now(&mut notices);
        Some(Occasion {
            notices,
            standing: Standing::Later(at),
        })
    }

    pub(super) fn is_meant(&self, notice: &Notice) -> bool {
        let is_for = |person: &Person| notice.recipient.id == person.id.as_str();
        notice.channel == *self.channel && self.to.is_none_or(is_for)
    }

    /// A group has all in one post; elsewhere each recipient has a message of their own.
    pub(super) fn keep_first_recipient(&self, notices: &mut Vec<Notice>) {
        if self.kind == ChannelKind::Group {
            return;
        }
        let first = notices
            .iter()
            .min_by_key(|notice| (Reverse(notice.level), self.place(notice)));
        if let Some(recipient) = first.map(|notice| notice.recipient.clone()) {
            notices.retain(|notice| (notice.recipient.kind, &notice.recipient.id) == (recipient.kind, &recipient.id));
        }
    }

    /// Where a step names the role of a notice.
    fn place(&self, notice: &Notice) -> usize {
        let step = self.steps().iter().find(|step| step.name() == notice.step);
        let roles = step.map_or(&[][..], |step| &step.to);
        let place = roles.iter().position(|role| role.to_string() == notice.recipient.role);
        place.unwrap_or(roles.len())
    }

    pub(super) fn steps(&self) -> &[Step] {
        let ladder = self.config.ladders.get(&self.task.task.ladder);
        ladder.map_or(&[], |ladder| &ladder.steps)
    }
}
