//! What follows where a lane stops and where it works again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};

use crate::daemon::door::dropped;
use crate::daemon::lanes::Stopped;
use crate::daemon::letters::{Letter, Target};
use crate::daemon::settle::entry;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, PersonId};
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

    /// After a start: what waits for channels that are no longer configured is dropped, and its notices planned again
    /// for the channels that are; nobody would claim it otherwise.
    pub(super) async fn sweep(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        if self.swept.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        for channel in self.store.counts().await?.waiting_by_channel.into_keys() {
            if self.config.channels.contains_key(&channel) {
                continue;
            }
            let why = format!("channel {channel} is no longer configured");
            tracing::warn!(channel.name = %channel, "{why}: what waits for it is planned again");
            let mut settled = Vec::new();
            for message in self.store.waiting_on(&channel).await? {
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

    /// Sends what waits in a stopped lane by another channel, where its person has one on another endpoint.
    pub(super) async fn reroute(&self, waiting: &[Message], now: DateTime<Utc>) -> Result<(), DaemonError> {
        let mut batch = QueueBatch::default();
        for message in waiting
            .iter()
            .filter(|message| !message.frozen && self.config.delivery.trial.is_none())
        {
            let letters = match message.content.recipient.kind {
                RecipientKind::Person => self.letters_elsewhere(message, now).await?,
                RecipientKind::Channel if message.kind == MessageKind::Notice && self.is_group(&message.channel) => {
                    self.letters_out_of_group(message, now).await?
                }
                RecipientKind::Channel => Vec::new(),
            };
            if let Some((first, _)) = letters.first() {
                batch
                    .entries
                    .push(entry(message, "rerouted", first.channel.as_str(), now));
                batch.replaced.push(message.id.clone());
                batch.messages.extend(letters);
            }
        }
        if batch.messages.is_empty() {
            return Ok(());
        }
        tracing::info!("{} messages go by another channel", batch.messages.len());
        self.store.queue(now, batch).await?;
        Ok(())
    }

    /// A person's message on their next channel; none where they have none that works, or hear it there anyway.
    async fn letters_elsewhere(&self, message: &Message, now: DateTime<Utc>) -> Result<Vec<Letter>, DaemonError> {
        let recipient = &message.content.recipient;
        let person = self.config.people.persons.get(&PersonId::new(&*recipient.id));
        let Some(channel) = person.and_then(|person| self.open_channel(person, &message.climb.tried)) else {
            return Ok(Vec::new());
        };
        let notices = self.store.notices_of(&message.id).await?;
        if self.has_twin(&notices, &channel).await? {
            return Ok(Vec::new());
        }
        let climb = Climb {
            tried_since: None,
            ..message.climb.clone()
        };
        if self.is_group(&channel) && message.kind == MessageKind::Notice {
            let target = Target {
                recipient: recipient.clone(),
                channel,
            };
            return self.letters(&target, &notices, climb, now).await;
        }
        let ids: Vec<_> = notices.iter().map(|notice| notice.id.clone()).collect();
        let way = super::letters::way(&recipient.id, &channel);
        let elsewhere = Message {
            id: message_id(message.kind, &[message.id.as_str(), &way]),
            channel,
            state: MessageState::Waiting,
            next_attempt: now,
            plain: false,
            climb,
            ..message.clone()
        };
        let parts = self.in_parts(&elsewhere);
        Ok(parts.into_iter().map(|part| (part, ids.clone())).collect())
    }

    /// What a group's message has for people who have another channel that works, each on theirs. What it has for the
    /// others waits again.
    async fn letters_out_of_group(&self, message: &Message, now: DateTime<Utc>) -> Result<Vec<Letter>, DaemonError> {
        let mut by_target: BTreeMap<Target, Vec<Notice>> = BTreeMap::new();
        for notice in self.store.notices_of(&message.id).await? {
            let person = self.config.people.persons.get(&PersonId::new(&*notice.recipient.id));
            let person = person.filter(|_| notice.recipient.kind == RecipientKind::Person);
            let Some(channel) = person.and_then(|person| self.open_channel(person, &message.climb.tried)) else {
                continue;
            };
            if self.has_twin(std::slice::from_ref(&notice), &channel).await? {
                continue;
            }
            let mut target = Target {
                recipient: notice.recipient.clone(),
                channel,
            };
            target.recipient.role = String::new();
            self.as_group(&mut target);
            by_target.entry(target).or_default().push(notice);
        }
        let mut letters = Vec::new();
        for (target, notices) in by_target {
            letters.extend(self.letters(&target, &notices, Climb::default(), now).await?);
        }
        Ok(letters)
    }
}

/// The cause under which the office is told of a stopped lane.
fn lane_cause(channel: &ChannelId) -> String {
    format!("endpoint:{channel}")
}
