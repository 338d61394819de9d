//! The last look before a message leaves: does it still say something true, to somebody who is still there?

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::letters::{Target, Tasks};
use crate::daemon::outlook::ground;
use crate::daemon::stops::in_place_of;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, PersonId, TaskId};
use crate::domain::message::{Message, MessageKind, MessageState};
use crate::domain::notice::{Notice, NoticeState, Recipient, RecipientKind, ToldKey};
use crate::domain::people::ChannelKind;
use crate::rules::planner;
use crate::store::{QueueBatch, Settled, recipient_key};

/// A message that waited longer than this is composed anew.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// What to do with a claimed message.
#[derive(Debug)]
pub(super) enum Door {
    /// It may leave, to this mail address where the channel needs one.
    Open(Option<String>),
    /// It is settled here, unsent.
    Settled(Settled),
    /// It was composed anew, together with others, and waits in its new form; these messages are gone.
    Replaced(Vec<MessageId>),
}

impl Engine {
    /// Looks at a message that was claimed; `batch` holds what was claimed with it and has not left yet.
    pub(super) async fn door(
        &self,
        message: &Message,
        batch: &[Message],
        now: DateTime<Utc>,
    ) -> Result<Door, DaemonError> {
        let recipient = &message.content.recipient;
        let Some(address) = self.address(recipient, &message.channel) else {
            let letters = self.readdressed(message, now);
            if !letters.is_empty() {
                self.store.queue(now, in_place_of(message, letters, now)).await?;
                return Ok(Door::Replaced(vec![message.id.clone()]));
            }
            let why = format!("{} is no longer reached by channel {}", recipient.id, message.channel);
            let notices = self.store.notices_of(&message.id).await?;
            let untell = self.untold_by_all(&notices).await?;
            return Ok(Door::Settled(dropped(message, why, now, untell)));
        };
        if let Some(why) = self.too_late(message, now) {
            return Ok(Door::Settled(dropped(message, why.to_owned(), now, Vec::new())));
        }
        if message.kind != MessageKind::Notice {
            return self.divide_at_door(message, &[], address, now).await;
        }
        let notices = self.store.notices_of(&message.id).await?;
        let tasks = self.tasks_of(&notices).await?;
        let (mut fresh, mut stale) = self.sift(&notices, &tasks);
        let gone = self.gone_from_group(message, &mut fresh);
        let untell_gone = self.untold_by_all(&gone).await?;
        stale.extend(gone.into_iter().map(|notice| {
            let why = format!(
                "{} is no longer reached by channel {}",
                notice.recipient.id, message.channel
            );
            (notice, why)
        }));
        if fresh.is_empty() {
            let why = stale
                .first()
                .map_or("its notices went out in another message", |(_, why)| why);
            let untell = self.untold_of(&stale).await?.into_iter().chain(untell_gone).collect();
            return Ok(Door::Settled(dropped(message, why.to_owned(), now, untell)));
        }
        // Once it may have arrived, its bytes do not change.
        if message.frozen {
            return Ok(Door::Open(address));
        }
        if !stale.is_empty() || now - message.content.as_of > FRESH {
            return self.compose_anew(message, fresh, stale, untell_gone, batch, now).await;
        }
        self.divide_at_door(message, &fresh, address, now).await
    }

    /// Takes the notices out of a group's post whose persons the group does not reach any more: it is for each person that
    /// its notices were meant for.
    fn gone_from_group(&self, message: &Message, fresh: &mut Vec<Notice>) -> Vec<Notice> {
        let is_shared = message.content.recipient.kind == RecipientKind::Channel
            && self.is_group(&message.channel)
            && self.config.delivery.trial.is_none();
        let (gone, here): (Vec<Notice>, Vec<Notice>) = std::mem::take(fresh)
            .into_iter()
            .partition(|notice| is_shared && self.address(&notice.recipient, &message.channel).is_none());
        *fresh = here;
        gone
    }

    /// A group's message that does not fit as it is now goes out in parts; nothing of it is left away.
    async fn divide_at_door(
        &self,
        message: &Message,
        notices: &[Notice],
        address: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Door, DaemonError> {
        if message.frozen || !self.is_group(&message.channel) {
            return Ok(Door::Open(address));
        }
        let letters = self.divided_again(message, notices, now);
        if letters.is_empty() {
            return Ok(Door::Open(address));
        }
        let anew: Vec<MessageId> = letters.iter().map(|(part, _)| part.id.clone()).collect();
        let batch = QueueBatch {
            messages: letters,
            replaced: vec![message.id.clone()],
            ..QueueBatch::default()
        };
        self.store.queue(now, batch).await?;
        self.store.release(&anew, now).await?;
        Ok(Door::Replaced(vec![message.id.clone()]))
    }

    async fn compose_anew(
        &self,
        message: &Message,
        mut notices: Vec<Notice>,
        mut stale: Vec<(Notice, String)>,
        untell_gone: Vec<(TaskId, ToldKey, u32)>,
        batch: &[Message],
        now: DateTime<Utc>,
    ) -> Result<Door, DaemonError> {
        let _composing = self.composing.lock().await;
        let same = |other: &&Message| {
            other.kind == MessageKind::Notice
                && !other.frozen
                && other.id != message.id
                && other.channel == message.channel
                && other.content.recipient.id == message.content.recipient.id
                && other.climb.origin == message.climb.origin
                // In a trial one person gets everybody's mail, each marked for whom: those are not the same.
                && self.config.delivery.trial.is_none()
        };
        let waiting = self
            .store
            .waiting_to(&message.content.recipient.id, &message.channel)
            .await?;
        let mut replaced = vec![message.id.clone()];
        let mut climb = message.climb.clone();
        climb.tried_since = self.tried_since(message).await?;
        for other in batch.iter().filter(same).chain(waiting.iter().filter(same)) {
            notices.extend(self.store.notices_of(&other.id).await?);
            replaced.push(other.id.clone());
            climb.tried_since = [climb.tried_since, self.tried_since(other).await?]
                .into_iter()
                .flatten()
                .min();
        }
        if climb.origin.is_none() && climb.tried.is_empty() && self.config.delivery.trial.is_none() {
            let loose = self
                .store
                .waiting_notices_of(&recipient_key(&message.content.recipient), now)
                .await?;
            notices.extend(loose.into_iter().filter(|notice| {
                let way = self.way_out(notice);
                way.channel == message.channel && way.recipient.id == message.content.recipient.id
            }));
        }
        let mut seen = BTreeSet::new();
        notices.retain(|notice| seen.insert(notice.id.clone()));
        let tasks = self.tasks_of(&notices).await?;
        let (notices, more) = self.sift(&notices, &tasks);
        stale.extend(more);
        let target = self.meant_for(message, &notices);
        let letters = self.letters_of(&target, &notices, &tasks, &climb, now);
        let batch = QueueBatch {
            messages: letters,
            untell: self.untold_of(&stale).await?.into_iter().chain(untell_gone).collect(),
            dropped: stale.into_iter().map(|(notice, why)| (notice.id, why)).collect(),
            replaced: replaced.clone(),
            ..QueueBatch::default()
        };
        let anew: Vec<MessageId> = batch.messages.iter().map(|(message, _)| message.id.clone()).collect();
        self.store.queue(now, batch).await?;
        // Composed anew of the same notices it keeps its id, and stands as being sent: it waits again.
        self.store.release(&anew, now).await?;
        Ok(Door::Replaced(replaced))
    }

    /// When what a message carries was first tried on its channel; none: not yet.
    pub(super) async fn tried_since(&self, message: &Message) -> Result<Option<DateTime<Utc>>, DaemonError> {
        if message.climb.tried_since.is_some() || message.attempts == 0 {
            return Ok(message.climb.tried_since);
        }
        let attempts = self.store.attempts(&message.id).await?;
        Ok(attempts
            .iter()
            .map(|attempt| attempt.at)
            .find(|at| *at >= message.created))
    }

    /// The marks that let notices be planned again for whoever holds their roles now, those of other roles too that
    /// the same persons held.
    pub(super) async fn untold_by_all(&self, notices: &[Notice]) -> Result<Vec<(TaskId, ToldKey, u32)>, DaemonError> {
        let mut marks = Vec::new();
        for notice in notices {
            marks.push(untold(notice));
            let covered = planner::covered_for_the_same_person(&notice.step_name());
            for row in self.store.told(&notice.task).await? {
                if !row.sent && row.reason == covered {
                    marks.push((notice.task.clone(), row.key, row.occurrence));
                }
            }
        }
        Ok(marks)
    }

    /// The marks of notices that are not true any more; not of those that were delivered before.
    async fn untold_of(&self, stale: &[(Notice, String)]) -> Result<Vec<(TaskId, ToldKey, u32)>, DaemonError> {
        let mut marks = Vec::new();
        for (notice, _) in stale {
            let stored = self.store.notices_of_task(&notice.task).await?;
            let is_delivered = stored
                .iter()
                .any(|(other, state, _)| other.id == notice.id && *state == NoticeState::Delivered);
            if !is_delivered {
                marks.push(untold(notice));
            }
        }
        Ok(marks)
    }

    /// To whom a message was meant, before a trial turned it aside.
    fn meant_for(&self, message: &Message, notices: &[Notice]) -> Target {
        let first = notices.first();
        match (self.config.delivery.trial.as_ref(), first) {
            (Some(_), Some(notice)) => {
                let mut meant = Target {
                    recipient: notice.recipient.clone(),
                    channel: notice.channel.clone(),
                };
                self.as_group(&mut meant);
                meant
            }
            (Some(_) | None, _) => Target {
                recipient: message.content.recipient.clone(),
                channel: message.channel.clone(),
            },
        }
    }

    /// Notices that still say something true, and those that do not, with why.
    pub(super) fn sift(&self, notices: &[Notice], tasks: &Tasks) -> (Vec<Notice>, Vec<(Notice, String)>) {
        let mut fresh = Vec::new();
        let mut stale = Vec::new();
        for notice in notices {
            let verdict = match tasks.get(&notice.task) {
                None => Err("the task is gone".to_owned()),
                Some(stored) => match ground(&self.config, &stored.task, &stored.state) {
                    Some(ground) => planner::still_true(&ground, notice),
                    None => Err("its ladder is gone".to_owned()),
                },
            };
            match verdict {
                Ok(()) => fresh.push(notice.clone()),
                Err(why) => stale.push((notice.clone(), why)),
            }
        }
        (fresh, stale)
    }

    /// Where a channel reaches a recipient: the mail address where it needs one. None at all where either is gone.
    #[expect(
        clippy::option_option,
        reason = "gone, reachable without an address, reachable at one: three answers"
    )]
    pub(super) fn address(&self, recipient: &Recipient, channel: &ChannelId) -> Option<Option<String>> {
        let facts = self.config.people.channels.get(channel)?;
        if recipient.kind == RecipientKind::Channel {
            return Some(None);
        }
        let person = self.config.people.persons.get(&PersonId::new(&*recipient.id))?;
        // Somebody who was taken off a channel is not told there any more.
        if !person.channels.contains(channel) {
            return None;
        }
        match facts.kind {
            ChannelKind::Email => person.email.clone().map(Some),
            ChannelKind::Webhook | ChannelKind::Group => Some(None),
        }
    }

    /// Why a message is of no use any more.
    fn too_late(&self, message: &Message, now: DateTime<Utc>) -> Option<&'static str> {
        if message.content.until.is_some_and(|until| now >= until) {
            return Some("too late: the time of the meeting that it tells of is past");
        }
        // Only a review has figures; the next one says more.
        let is_review = message.kind == MessageKind::Review && message.content.figures.is_some();
        (is_review && self.is_review_too_old(message, now)).then_some("too late: the next review says more")
    }

    fn is_review_too_old(&self, message: &Message, now: DateTime<Utc>) -> bool {
        let longest = self
            .config
            .reviews
            .iter()
            .filter_map(|review| self.config.almanac.after(message.created, review.late_limit))
            .max();
        longest.is_some_and(|limit| now > limit)
    }
}

/// The mark that lets a notice be planned again, for whoever holds the role now.
pub(super) fn untold(notice: &Notice) -> (TaskId, ToldKey, u32) {
    let key = ToldKey {
        round: notice.round,
        anchor: notice.anchor,
        anchor_value: notice.anchor_value,
        step: notice.step.clone(),
        role: notice.recipient.role.clone(),
    };
    (notice.task.clone(), key, notice.occurrence)
}

/// A message that does not leave.
pub(super) fn dropped(
    message: &Message,
    why: String,
    now: DateTime<Utc>,
    untell: Vec<(TaskId, ToldKey, u32)>,
) -> Settled {
    let entry = super::settle::entry(message, "dropped", &why, now);
    Settled {
        id: message.id.clone(),
        outcome: "dropped".to_owned(),
        words: why,
        state: MessageState::Dropped,
        next_attempt: now,
        frozen: message.frozen,
        plain: message.plain,
        counts: false,
        entries: vec![entry],
        follow: Vec::new(),
        untell,
    }
}
