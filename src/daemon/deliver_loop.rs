//! Carries messages out: claims what its lanes can take, looks once more at the door, and sends.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use crate::channel::Parcel;
use crate::daemon::door::Door;
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::MessageId;
use crate::domain::message::{FileBytes, Message};
use crate::domain::outcome::Outcome;

/// A claimed message that could not leave is claimed again after this.
const STRANDED_WAIT: TimeDelta = TimeDelta::minutes(1);
/// What goes with a message that leaves.
#[derive(Default)]
struct Luggage {
    /// The other side's words at the earlier attempts, the oldest first.
    before: Vec<String>,
    /// The files that it names.
    files: Vec<FileBytes>,
}

/// What may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cargo {
    /// All that is due.
    All,
    /// Word to the office alone: the clock is not believed.
    WordsToOffice,
}

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
        self.deliver_all_of(Cargo::All, now).await
    }

    /// [`Engine::deliver_all`] of what may leave.
    pub(super) async fn deliver_all_of(
        self: &Arc<Self>,
        cargo: Cargo,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let mut flight = Flight::default();
        loop {
            let launched = self.launch(&mut flight, cargo, now).await?;
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
    pub(super) async fn launch(
        self: &Arc<Self>,
        flight: &mut Flight,
        cargo: Cargo,
        now: DateTime<Utc>,
    ) -> Result<bool, DaemonError> {
        if cargo == Cargo::All {
            self.sweep(now).await?;
            self.give_back_stranded(now).await?;
        }
        let mut idle = Vec::new();
        let sharing = self.lanes().sharing();
        for channel in sharing {
            let due = self.store.next_message_at(std::slice::from_ref(&channel)).await?;
            if due.is_none_or(|at| at > now) {
                idle.push(channel);
            }
        }
        let capacity = self.lanes().capacity(now, &idle);
        if capacity.is_empty() {
            return Ok(false);
        }
        let claimed = match cargo {
            Cargo::All => self.store.claim(now, &capacity).await?,
            Cargo::WordsToOffice => self.store.claim_words(now, &capacity).await?,
        };
        let moved = !claimed.is_empty();
        let mut replaced: BTreeSet<MessageId> = BTreeSet::new();
        let mut settled = Vec::new();
        for (index, message) in claimed.iter().enumerate() {
            if replaced.contains(&message.id) {
                continue;
            }
            self.health().tally().beat(Loop::Delivering);
            let rest: Vec<Message> = claimed
                .iter()
                .skip(index + 1)
                .filter(|other| !replaced.contains(&other.id))
                .cloned()
                .collect();
            match self.looked_at(message, &rest, now).await {
                Ok((Door::Settled(result), _)) => settled.push(result),
                Ok((Door::Replaced(ids), _)) => replaced.extend(ids),
                Ok((Door::Open(address), luggage)) => self.send(flight, message.clone(), address, luggage, now),
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

    /// What the door says of a message, and, where it may leave, what goes with it.
    async fn looked_at(
        &self,
        message: &Message,
        rest: &[Message],
        now: DateTime<Utc>,
    ) -> Result<(Door, Luggage), DaemonError> {
        let door = self.door(message, rest, now).await?;
        if !matches!(door, Door::Open(_)) {
            return Ok((door, Luggage::default()));
        }
        let attempts = if message.attempts == 0 {
            Vec::new()
        } else {
            self.store.attempts(&message.id).await?
        };
        let luggage = Luggage {
            before: attempts.into_iter().map(|attempt| attempt.words).collect(),
            files: self.store.files_of(&message.content).await?,
        };
        Ok((door, luggage))
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

    fn send(
        self: &Arc<Self>,
        flight: &mut Flight,
        message: Message,
        address: Option<String>,
        luggage: Luggage,
        now: DateTime<Utc>,
    ) {
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
                files: &luggage.files,
                address: address.as_deref(),
                people: &engine.config.people,
                is_plain: carried.plain,
                before: &luggage.before,
                now,
            };
            engine.channels.send(&carried.channel, &parcel).await
        });
        flight.messages.insert(task.id(), message);
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
}
