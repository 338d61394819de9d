//! What follows where a lane stops and where it works again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};

use crate::daemon::door::dropped;
use crate::daemon::lanes::Stopped;
use crate::daemon::letters::Target;
use crate::daemon::settle::entry;
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, NoticeId, PersonId};
use crate::domain::message::{Climb, Message, MessageKind, MessageState};
use crate::domain::notice::{Notice, NoticeState, RecipientKind};
use crate::domain::system::SystemWord;
use crate::rules::compose::message_id;
use crate::store::{LaneRow, QueueBatch};

impl Engine {
    /// A lane has stopped: the office hears of it by another channel, and so do people who have one.
    pub(super) async fn lane_stopped(
        &self,
        channel: &ChannelId,
        stop: &Stopped,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        tracing::error!(channel.name = %channel, "channel {channel} stopped: {}", stop.cause);
        self.save_lane(channel, Some(stop)).await?;
        let waiting = self.store.waiting_on(channel).await?;
        let tasks: BTreeSet<&str> = waiting
            .iter()
            .flat_map(|message| &message.content.notices)
            .map(|notice| notice.task.id.as_str())
            .collect();
        let word = SystemWord::EndpointStopped {
            channel: channel.to_string(),
            cause: stop.cause.clone(),
            waiting_tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        };
        self.tell_office_once(&lane_cause(channel), &word, Some(channel), now)
            .await?;
        self.reroute(&waiting, now).await
    }

    /// A stopped lane works again.
    pub(super) async fn lane_back(
        &self,
        channel: &ChannelId,
        stop: &Stopped,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        tracing::info!(channel.name = %channel, "channel {channel} works again; it was stopped since {}", stop.since);
        self.save_lane(channel, None).await?;
        let word = SystemWord::EndpointRecovered {
            channel: channel.to_string(),
        };
        self.tell_office_end(&lane_cause(channel), &word, now).await
    }

    /// After a start: what waits for channels that are no longer configured goes by those that are: notices are
    /// planned again, and what carries none goes as it is. Nobody would claim it otherwise.
    pub(super) async fn sweep(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        if self.swept.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        for channel in self.store.counts().await?.waiting_by_channel.into_keys() {
            if self.config.channels.contains_key(&channel) {
                continue;
            }
            let why = format!("channel {channel} is no longer configured");
            tracing::warn!(channel.name = %channel, "{why}: what waits for it goes another way");
            let mut settled = Vec::new();
            for message in self.store.waiting_on(&channel).await? {
                let letters = self.readdressed(&message, now);
                if !letters.is_empty() {
                    self.store.queue(now, in_place_of(&message, letters, now)).await?;
                    continue;
                }
                let notices = self.store.notices_of(&message.id).await?;
                let untell = self.untold_by_all(&notices).await?;
                settled.push(dropped(&message, why.clone(), now, untell));
            }
            self.store.settle(now, settled).await?;
        }
        for row in self.store.lanes().await? {
            if row.stopped_since.is_some() && !self.config.channels.contains_key(&row.channel) {
                self.save_lane(&row.channel, None).await?;
                self.store.end_cause(&lane_cause(&row.channel), now).await?;
            }
        }
        Ok(())
    }

    /// Whether a notice goes, or went, to the same person by this channel anyway (`via = "all"`).
    pub(super) async fn has_twin(&self, notices: &[Notice], channel: &ChannelId) -> Result<bool, DaemonError> {
        for notice in notices {
            for (other, state, _) in self.store.notices_of_task(&notice.task).await? {
                let is_twin = other.id != notice.id
                    && other.channel == *channel
                    && (&other.step, other.occurrence, other.round) == (&notice.step, notice.occurrence, notice.round)
                    && (other.anchor_value, &other.recipient.id) == (notice.anchor_value, &notice.recipient.id);
                if is_twin && !matches!(state, NoticeState::Dropped | NoticeState::Undeliverable) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn save_lane(&self, channel: &ChannelId, stop: Option<&Stopped>) -> Result<(), DaemonError> {
        let row = LaneRow {
            channel: channel.clone(),
            stopped_since: stop.map(|stop| stop.since),
            cause: stop.map(|stop| stop.cause.clone()).unwrap_or_default(),
            told: stop.is_some(),
            next_try: stop.map(|stop| stop.next_try),
            paused_until: None,
        };
        Ok(self.store.save_lane(&row).await?)
    }

    /// Sends what waits in a stopped lane by another channel, where its person has one on another endpoint. What several
    /// people hear in one group goes there as one post.
    pub(super) async fn reroute(&self, waiting: &[Message], now: DateTime<Utc>) -> Result<(), DaemonError> {
        if self.config.delivery.trial.is_some() {
            return Ok(());
        }
        let mut batch = QueueBatch::default();
        let mut folded: BTreeMap<Target, Vec<Notice>> = BTreeMap::new();
        for message in waiting.iter().filter(|message| !message.frozen) {
            self.health().tally().beat(Loop::Delivering);
            let mut ways: BTreeSet<ChannelId> = BTreeSet::new();
            if message.kind == MessageKind::Notice {
                let (by_target, kept) = self.elsewhere(message).await?;
                ways.extend(by_target.keys().map(|target| target.channel.clone()));
                let is_shared = message.content.recipient.kind == RecipientKind::Channel;
                let is_whole = by_target.len() == 1 && kept == 0 && !is_shared;
                for (target, notices) in by_target {
                    if is_whole && !self.is_group(&target.channel) {
                        let ids = notices.iter().map(|notice| notice.id.clone()).collect();
                        batch.messages.push((on_way(message, &message.id, &target, now), ids));
                    } else if message.climb.origin.is_none() {
                        folded.entry(target).or_default().extend(notices);
                    } else {
                        let climb = Climb {
                            tried_since: None,
                            ..message.climb.clone()
                        };
                        batch
                            .messages
                            .extend(self.letters(&target, &notices, climb, now).await?);
                    }
                }
            } else if let Some(target) = self.elsewhere_for_person(message) {
                ways.insert(target.channel.clone());
                batch.messages.extend(self.sent_by(message, &target, now));
            }
            if ways.is_empty() {
                continue;
            }
            let names: Vec<&str> = ways.iter().map(ChannelId::as_str).collect();
            batch.entries.push(entry(message, "rerouted", &names.join(", "), now));
            batch.replaced.push(message.id.clone());
        }
        for (target, notices) in folded {
            self.health().tally().beat(Loop::Delivering);
            batch
                .messages
                .extend(self.letters(&target, &notices, Climb::default(), now).await?);
        }
        if batch.messages.is_empty() {
            return Ok(());
        }
        tracing::info!("{} messages go by another channel", batch.messages.len());
        self.store.queue(now, batch).await?;
        Ok(())
    }

    /// Where the notices of a message can go instead, each to the person it is for, and how many cannot: those of people
    /// without another channel that works, and those that their person hears there anyway.
    async fn elsewhere(&self, message: &Message) -> Result<(BTreeMap<Target, Vec<Notice>>, usize), DaemonError> {
        let recipient = &message.content.recipient;
        let is_shared = recipient.kind == RecipientKind::Channel;
        let mut by_target: BTreeMap<Target, Vec<Notice>> = BTreeMap::new();
        let mut kept = 0;
        for notice in self.store.notices_of(&message.id).await? {
            let meant = if is_shared { &notice.recipient } else { recipient };
            let person = self.config.people.persons.get(&PersonId::new(&*meant.id));
            let person = person.filter(|_| meant.kind == RecipientKind::Person);
            let open = person.and_then(|person| self.open_channel(person, &message.climb.tried));
            let Some(channel) = open else {
                kept += 1;
                continue;
            };
            if self.has_twin(std::slice::from_ref(&notice), &channel).await? {
                kept += 1;
                continue;
            }
            let mut target = Target {
                recipient: meant.clone(),
                channel,
            };
            target.recipient.role = String::new();
            if message.climb.origin.is_none() {
                self.as_group(&mut target);
            }
            by_target.entry(target).or_default().push(notice);
        }
        Ok((by_target, kept))
    }

    /// The words of a message without notices by another channel.
    fn sent_by(&self, message: &Message, target: &Target, now: DateTime<Utc>) -> Vec<(Message, Vec<NoticeId>)> {
        // Parts of one message come out as one where there are no parts: but for their form for chats each is whole.
        let whole = message.content.whole.as_ref();
        let whole = whole.filter(|_| !self.is_group(&target.channel));
        let elsewhere = on_way(message, whole.unwrap_or(&message.id), target, now);
        let parts = self.in_parts(&elsewhere).into_iter();
        parts.map(|part| (part, Vec::new())).collect()
    }

    /// A message without notices whose channel does not reach its person any more, by one that does: nobody would say
    /// it again. None where the person is gone, or no channel is left.
    pub(super) fn readdressed(&self, message: &Message, now: DateTime<Utc>) -> Vec<(Message, Vec<NoticeId>)> {
        let recipient = &message.content.recipient;
        if matches!(message.kind, MessageKind::Notice | MessageKind::Test) || recipient.kind != RecipientKind::Person {
            return Vec::new();
        }
        let person = self.config.people.persons.get(&PersonId::new(&*recipient.id));
        let Some(person) = person else {
            return Vec::new();
        };
        let target = self
            .elsewhere_for_person(message)
            .or_else(|| self.target_of(person, &recipient.role))
            .filter(|target| self.address(&target.recipient, &target.channel).is_some());
        let Some(target) = target else {
            return Vec::new();
        };
        // On the new way nothing was tried yet.
        let untried = Message {
            frozen: false,
            attempts: 0,
            last_outcome: None,
            ..message.clone()
        };
        self.sent_by(&untried, &target, now)
    }

    /// Where a message without notices can go instead.
    fn elsewhere_for_person(&self, message: &Message) -> Option<Target> {
        let recipient = &message.content.recipient;
        let person = self.config.people.persons.get(&PersonId::new(&*recipient.id));
        let person = person.filter(|_| recipient.kind == RecipientKind::Person)?;
        Some(Target {
            recipient: recipient.clone(),
            channel: self.open_channel(person, &message.climb.tried)?,
        })
    }
}

/// Letters that go in the place of a message.
pub(super) fn in_place_of(message: &Message, letters: Vec<(Message, Vec<NoticeId>)>, now: DateTime<Utc>) -> QueueBatch {
    let ways: BTreeSet<&str> = letters.iter().map(|(letter, _)| letter.channel.as_str()).collect();
    let names: Vec<&str> = ways.into_iter().collect();
    QueueBatch {
        entries: vec![entry(message, "rerouted", &names.join(", "), now)],
        replaced: vec![message.id.clone()],
        messages: letters,
        ..QueueBatch::default()
    }
}

/// A message with the same words on another way, of which it has an id computed from `of`.
fn on_way(message: &Message, of: &MessageId, target: &Target, now: DateTime<Utc>) -> Message {
    let way = super::letters::way(&message.content.recipient.id, &target.channel);
    Message {
        id: message_id(message.kind, &[of.as_str(), &way]),
        channel: target.channel.clone(),
        state: MessageState::Waiting,
        next_attempt: now,
        plain: false,
        climb: Climb {
            tried_since: None,
            ..message.climb.clone()
        },
        ..message.clone()
    }
}

/// The cause under which the office is told of a stopped lane.
fn lane_cause(channel: &ChannelId) -> String {
    format!("endpoint:{channel}")
}
