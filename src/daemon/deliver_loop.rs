//! Carries messages out: claims what its lanes can take, looks once more at the door, sends, and records the answers
//! in groups.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::task::JoinSet;

use std::sync::Arc;

use crate::channel::Parcel;
use crate::daemon::climb::Failed;
use crate::daemon::door::Door;
use crate::daemon::lanes::{Fault, STEP_BACK, Stopped};
use crate::daemon::letters::Letter;
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, PersonId};
use crate::domain::journal::Draft;
use crate::domain::message::{Message, MessageKind, MessageState};
use crate::domain::notice::RecipientKind;
use crate::domain::outcome::Outcome;
use crate::domain::system::SystemWord;
use crate::rules::compose::message_id;
use crate::rules::retry::{Patience, Verdict, verdict};
use crate::store::{LaneRow, QueueBatch, Settled};

/// A claimed message that could not leave is claimed again after this.
const STRANDED_WAIT: TimeDelta = TimeDelta::minutes(1);
/// How long between tries to record answers.
const RECORD_WAIT: Duration = Duration::from_secs(2);

/// A message, and what became of it.
pub(super) struct Attempt {
    pub(super) message: Message,
    pub(super) outcome: Outcome,
}

/// Messages on their way.
#[derive(Default)]
pub(super) struct Flight {
    sends: JoinSet<Outcome>,
    messages: std::collections::HashMap<tokio::task::Id, Message>,
}

impl Flight {
    pub(super) fn is_empty(&self) -> bool {
        self.sends.is_empty()
    }

    /// The next answer; none where nothing is under way. A send that panicked is a failed attempt, and nothing more.
    pub(super) async fn land(&mut self) -> Option<Attempt> {
        let landed = self.sends.join_next_with_id().await?;
        self.attempt(landed)
    }

    /// An answer that is there already.
    pub(super) fn landed(&mut self) -> Option<Attempt> {
        let landed = self.sends.try_join_next_with_id()?;
        self.attempt(landed)
    }

    fn attempt(&mut self, landed: Result<(tokio::task::Id, Outcome), tokio::task::JoinError>) -> Option<Attempt> {
        let (id, outcome) = match landed {
            Ok(landed) => landed,
            Err(error) => (error.id(), Outcome::Unknown(format!("the send broke off: {error}"))),
        };
        let message = self.messages.remove(&id)?;
        Some(Attempt { message, outcome })
    }
}

impl Engine {
    /// Sends all that can be sent at `now`, and again what that made ready, until nothing is left to do then. Says when
    /// to look again.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deliver_all(self: &Arc<Self>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let mut flight = Flight::default();
        loop {
            let launched = self.launch(&mut flight, now).await?;
            let mut attempts = Vec::new();
            while let Some(attempt) = flight.land().await {
                attempts.push(attempt);
            }
            if attempts.is_empty() && !launched {
                return self.next_delivery(now).await;
            }
            self.settle(attempts, now).await?;
        }
    }

    /// Claims what the lanes can take and sends it on its way. Says whether anything moved.
    pub(super) async fn launch(self: &Arc<Self>, flight: &mut Flight, now: DateTime<Utc>) -> Result<bool, DaemonError> {
        self.give_back_stranded(now).await?;
        let capacity = self.lanes().capacity(now);
        if capacity.is_empty() {
            return Ok(false);
        }
        let claimed = self.store.claim(now, &capacity).await?;
        let moved = !claimed.is_empty();
        let mut replaced: BTreeSet<MessageId> = BTreeSet::new();
        let mut settled = Vec::new();
        for (index, message) in claimed.iter().enumerate() {
            if replaced.contains(&message.id) {
                continue;
            }
            let rest: Vec<Message> = claimed
                .iter()
                .skip(index + 1)
                .filter(|other| !replaced.contains(&other.id))
                .cloned()
                .collect();
            match self.door(message, &rest, now).await {
                Ok(Door::Settled(result)) => settled.push(result),
                Ok(Door::Replaced(ids)) => replaced.extend(ids),
                Ok(Door::Open(address)) => self.send(flight, message.clone(), address),
                Err(error) => {
                    // One message that cannot be looked at keeps no other from leaving.
                    tracing::error!(message.id = %message.id, "message {} cannot be sent now: {error}", message.id);
                    self.stranded().push(message.id.clone());
                }
            }
        }
        let ids: Vec<MessageId> = settled.iter().map(|result| result.id.clone()).collect();
        if let Err(error) = self.store.settle(now, settled).await {
            self.stranded().extend(ids);
            return Err(error.into());
        }
        Ok(moved)
    }

    /// Gives back what was claimed and could not leave.
    async fn give_back_stranded(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let ids = self.stranded().clone();
        if !ids.is_empty() {
            self.store.release(&ids, now + STRANDED_WAIT).await?;
            self.stranded().retain(|id| !ids.contains(id));
        }
        Ok(())
    }

    fn send(self: &Arc<Self>, flight: &mut Flight, message: Message, address: Option<String>) {
        let now = self.clock.now();
        {
            let mut lanes = self.lanes();
            lanes.take(&message.channel);
            lanes.spend(&message.channel, now);
        }
        let engine = Arc::clone(self);
        let carried = message.clone();
        let task = flight.sends.spawn(async move {
            let parcel = Parcel {
                id: &carried.id,
                kind: carried.kind,
                content: &carried.content,
                address: address.as_deref(),
                now,
            };
            engine.channels.send(&carried.channel, &parcel).await
        });
        flight.messages.insert(task.id(), message);
    }

    /// Records answers, in one commit, and does what follows from them.
    pub(super) async fn settle(&self, mut attempts: Vec<Attempt>, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let mut settled = Vec::new();
        let mut failed: Vec<(usize, Message, String)> = Vec::new();
        let mut stopped: Vec<(ChannelId, Stopped)> = Vec::new();
        let mut back: Vec<(ChannelId, Stopped)> = Vec::new();
        let mut kept: Vec<Message> = Vec::new();
        // Answers before faults: what passed together with a refusal tells whose fault that is.
        attempts.sort_by_key(|attempt| attempt.outcome.is_endpoint_fault());
        for Attempt { message, mut outcome } in attempts {
            self.lanes().give_back(&message.channel);
            if let Outcome::PermanentEndpoint(words) = &outcome {
                if self.lanes().is_to_blame(&message.channel, &message.id) {
                    outcome = Outcome::PermanentRecipient(words.clone());
                }
            }
            let patience = self.patience(&message.channel);
            let verdict = verdict(
                &outcome,
                &message.id,
                message.attempts + 1,
                message.created,
                now,
                &patience,
            );
            log(&message, &outcome, &verdict);
            if !outcome.is_endpoint_fault() {
                back.extend(
                    self.lanes()
                        .answered(&message.channel, &message.id, &outcome, now)
                        .map(|stopped| (message.channel.clone(), stopped)),
                );
            }
            let mut result = result(&message, &outcome, now);
            match verdict {
                Verdict::Done => {
                    result.state = MessageState::Delivered;
                    result.entries.push(entry(&message, "delivered", outcome.words(), now));
                }
                Verdict::Again(at) => result.next_attempt = at,
                Verdict::Pause(at) => {
                    result.next_attempt = at;
                    self.lanes().pause(&message.channel, at);
                }
                Verdict::Undeliverable(why) => {
                    result.state = MessageState::Undeliverable;
                    result.words.clone_from(&why);
                    result.entries.push(entry(&message, "undeliverable", &why, now));
                    failed.push((settled.len(), message, why));
                }
                Verdict::StopLane => {
                    result.counts = false;
                    if matches!(outcome, Outcome::PermanentEndpoint(_)) {
                        result.next_attempt = now + STEP_BACK;
                    }
                    let fault = self.lanes().fault(&message.channel, &message.id, &outcome, now);
                    match fault {
                        Some(Fault::Stopped(stop)) => stopped.push((message.channel.clone(), stop)),
                        Some(Fault::Still(_)) => kept.push(message),
                        Some(Fault::Paused(_)) | None => {}
                    }
                }
            }
            settled.push(result);
        }
        // Lanes first, so that what goes up does not go to an endpoint that has just stopped.
        let climbing: Vec<Failed<'_>> = failed.iter().map(|(_, message, why)| Failed { message, why }).collect();
        let follow = self.climb_surely(&climbing, now).await;
        for ((index, _, _), letters) in failed.iter().zip(follow) {
            if let Some(result) = settled.get_mut(*index) {
                result.follow = letters;
            }
        }
        self.record_surely(&settled, now).await;
        for (channel, stop) in stopped {
            self.lane_stopped(&channel, &stop, now).await?;
        }
        // What was under way when its lane stopped goes by another channel too.
        self.reroute(&kept, now).await?;
        for (channel, stop) in back {
            self.lane_back(&channel, &stop, now).await?;
        }
        Ok(())
    }

    /// Answers are not forgotten while the store cannot take them: nothing else could be done meanwhile.
    async fn record_surely(&self, settled: &[Settled], now: DateTime<Utc>) {
        while let Err(error) = self.store.settle(now, settled.to_vec()).await {
            tracing::error!("answers cannot be recorded, which is tried again: {error}");
            tokio::time::sleep(RECORD_WAIT).await;
        }
    }

    async fn climb_surely(&self, failed: &[Failed<'_>], now: DateTime<Utc>) -> Vec<Vec<Letter>> {
        loop {
            match self.climb(failed, now).await {
                Ok(letters) => return letters,
                Err(error) => {
                    tracing::error!("what cannot be delivered cannot go up yet, which is tried again: {error}");
                    tokio::time::sleep(RECORD_WAIT).await;
                }
            }
        }
    }

    fn patience(&self, channel: &ChannelId) -> Patience {
        let delivery = &self.config.delivery;
        let own = self
            .config
            .channels
            .get(channel)
            .and_then(|settings| settings.lane().retry.clone());
        Patience {
            retry: own.unwrap_or_else(|| delivery.retry.clone()),
            give_up: delivery.give_up,
        }
    }

    /// The earliest instant at which a lane can send something that waits.
    pub(super) async fn next_delivery(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let free = self.lanes().free_at(now);
        let mut next = None;
        for (channel, free) in free {
            if let Some(at) = self.store.next_message_at(std::slice::from_ref(&channel)).await? {
                next = [next, Some(at.max(free))].into_iter().flatten().min();
            }
        }
        Ok(next)
    }

    /// A lane has stopped: the office hears of it by another channel, and so do people who have one.
    async fn lane_stopped(&self, channel: &ChannelId, stop: &Stopped, now: DateTime<Utc>) -> Result<(), DaemonError> {
        tracing::error!(channel.name = %channel, "channel {channel} stopped: {}", stop.cause);
        self.save_lane(channel, Some(stop)).await?;
        let waiting: Vec<Message> = self
            .store
            .messages(&[MessageState::Waiting], u32::MAX)
            .await?
            .into_iter()
            .filter(|message| message.channel == *channel)
            .collect();
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
    async fn lane_back(&self, channel: &ChannelId, stop: &Stopped, now: DateTime<Utc>) -> Result<(), DaemonError> {
        tracing::info!(channel.name = %channel, "channel {channel} works again; it was stopped since {}", stop.since);
        self.save_lane(channel, None).await?;
        let word = SystemWord::EndpointRecovered {
            channel: channel.to_string(),
        };
        self.tell_office_end(&lane_cause(channel), &word, now).await
    }

    async fn save_lane(&self, channel: &ChannelId, stop: Option<&Stopped>) -> Result<(), DaemonError> {
        let row = LaneRow {
            channel: channel.clone(),
            stopped_since: stop.map(|stop| stop.since),
            cause: stop.map(|stop| stop.cause.clone()).unwrap_or_default(),
            told: stop.is_some(),
            next_try: stop.map(|stop| stop.next_try),
        };
        Ok(self.store.save_lane(&row).await?)
    }

    /// Sends what waits in a stopped lane by another channel, where its person has one on another endpoint.
    async fn reroute(&self, waiting: &[Message], now: DateTime<Utc>) -> Result<(), DaemonError> {
        let mut batch = QueueBatch::default();
        for message in waiting
            .iter()
            .filter(|message| !message.frozen && self.config.delivery.trial.is_none())
        {
            let recipient = &message.content.recipient;
            let person = self.config.people.persons.get(&PersonId::new(&*recipient.id));
            let Some(person) = person.filter(|_| recipient.kind == RecipientKind::Person) else {
                continue;
            };
            let Some(channel) = self.open_channel(person, &message.climb.tried) else {
                continue;
            };
            let notices = self.store.notices_of(&message.id).await?;
            let ids = notices.iter().map(|notice| notice.id.clone()).collect();
            let way = super::letters::way(&recipient.id, &channel);
            let id = message_id(message.kind, &[message.id.as_str(), &way]);
            batch.entries.push(entry(message, "rerouted", channel.as_str(), now));
            batch.messages.push((
                Message {
                    id,
                    channel,
                    state: MessageState::Waiting,
                    next_attempt: now,
                    ..message.clone()
                },
                ids,
            ));
            batch.replaced.push(message.id.clone());
        }
        if batch.messages.is_empty() {
            return Ok(());
        }
        tracing::info!("{} messages go by another channel", batch.messages.len());
        self.store.queue(now, batch).await?;
        Ok(())
    }
}

fn lane_cause(channel: &ChannelId) -> String {
    format!("endpoint:{channel}")
}

fn result(message: &Message, outcome: &Outcome, now: DateTime<Utc>) -> Settled {
    Settled {
        id: message.id.clone(),
        outcome: outcome.kind().to_owned(),
        words: outcome.words().to_owned(),
        state: MessageState::Waiting,
        next_attempt: now,
        frozen: message.frozen || matches!(outcome, Outcome::Unknown(_)),
        counts: true,
        entries: Vec::new(),
        follow: Vec::new(),
        untell: Vec::new(),
    }
}

/// The journal's word on a message.
pub(super) fn entry(message: &Message, kind: &str, words: &str, now: DateTime<Utc>) -> Draft {
    let notices: Vec<_> = message.content.notices.iter().map(|notice| &notice.id).collect();
    Draft {
        at: now,
        task: message
            .content
            .thread
            .clone()
            .filter(|_| message.kind == MessageKind::Notice),
        kind: kind.to_owned(),
        by: BY.to_owned(),
        data: json!({
            "message": message.id,
            "type": message.kind.as_str(),
            "channel": message.channel,
            "recipient": message.content.recipient.id,
            "notices": notices,
            "words": words,
        }),
    }
}

fn log(message: &Message, outcome: &Outcome, verdict: &Verdict) {
    let (id, channel, attempt) = (&message.id, &message.channel, message.attempts + 1);
    match verdict {
        Verdict::Done => {
            tracing::info!(message.id = %id, channel.name = %channel, attempt.number = attempt, "message {id} delivered by {channel}");
        }
        Verdict::Again(at) | Verdict::Pause(at) => {
            tracing::warn!(message.id = %id, channel.name = %channel, attempt.number = attempt, "message {id} by {channel}: {outcome}; again at {at}");
        }
        Verdict::StopLane => {
            tracing::warn!(message.id = %id, channel.name = %channel, "channel {channel} cannot be used: {outcome}");
        }
        Verdict::Undeliverable(why) => {
            tracing::error!(message.id = %id, channel.name = %channel, attempt.number = attempt, "message {id} by {channel} is undeliverable: {why}");
        }
    }
}
