//! Folds waiting notices into messages: one for each recipient, channel and time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::engine::Gather;
use crate::daemon::letters::Target;
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::PersonId;
use crate::domain::message::Climb;
use crate::domain::notice::{Notice, Recipient, RecipientKind};
use crate::store::QueueBatch;

/// Late notices wait at most so long for tasks that are not planned yet.
const LATE_WAIT_MAX: TimeDelta = TimeDelta::minutes(5);
/// Recipients whose messages are written and queued in one transaction: a message of a hundred tasks has a third of a
/// megabyte.
const BATCH: usize = 20;

impl Engine {
    /// Folds what is ready into messages. Says when more will be.
    pub(super) async fn compose_due(
        &self,
        now: DateTime<Utc>,
        gather: Gather,
    ) -> Result<Option<DateTime<Utc>>, DaemonError> {
        // What waits is put into one message by one loop at a time.
        let _composing = self.composing.lock().await;
        let waiting = self.store.waiting_recipients(now).await?;
        let mut next = self.store.next_notice_at().await?.filter(|at| *at > now);
        if waiting.is_empty() {
            return Ok(next);
        }
        let unplanned = self.store.next_task_at().await?.is_some_and(|at| at <= now);
        let mut ready = Vec::new();
        for waiting in waiting {
            let wait = if unplanned && waiting.late > 0 {
                LATE_WAIT_MAX
            } else if gather == Gather::Done {
                TimeDelta::zero()
            } else {
                self.config.delivery.gather
            };
            if waiting.oldest + wait <= now {
                ready.push(waiting.recipient);
            } else {
                next = Some(next.map_or(waiting.oldest + wait, |next| next.min(waiting.oldest + wait)));
            }
        }
        // What one group hears comes from many recipients: it is put together when all of them were looked at.
        let mut shared: BTreeMap<Target, Vec<Notice>> = BTreeMap::new();
        for batch in ready.chunks(BATCH) {
            let mut own: BTreeMap<Target, Vec<Notice>> = BTreeMap::new();
            for recipient in batch {
                for notice in self.store.waiting_notices_of(recipient, now).await? {
                    let target = self.way_out(&notice);
                    let is_shared = self.is_group(&target.channel);
                    let targets = if is_shared { &mut shared } else { &mut own };
                    targets.entry(target).or_default().push(notice);
                }
            }
            self.compose(&own, now).await?;
        }
        for channel in shared.keys().map(|target| &target.channel) {
            let waiting = self.store.waiting_count(channel).await?;
            self.lanes().note_waiting(channel, waiting);
        }
        self.compose(&shared, now).await?;
        Ok(next)
    }

    async fn compose(&self, groups: &BTreeMap<Target, Vec<Notice>>, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let mut batch = QueueBatch::default();
        for (target, notices) in groups {
            self.health().tally().beat(Loop::Deciding);
            if !self.exists(target) {
                let why = format!(
                    "{} or channel {} is no longer configured",
                    target.recipient.id, target.channel
                );
                for notice in notices {
                    batch.dropped.push((notice.id.clone(), why.clone()));
                }
                batch.untell.extend(self.untold_by_all(notices).await?);
                continue;
            }
            let tasks = self.tasks_of(notices).await?;
            let (fresh, stale) = self.sift(notices, &tasks);
            for (notice, why) in stale {
                batch.untell.push(super::door::untold(&notice));
                batch.dropped.push((notice.id, why));
            }
            let target = target.in_role_of_loudest(&fresh);
            batch
                .messages
                .extend(self.letters_of(&target, &fresh, &tasks, &Climb::default(), now));
        }
        self.tell_of_fallbacks(&batch.messages, now).await?;
        let count = batch.messages.len();
        self.store.queue(now, batch).await?;
        tracing::debug!(messages = count, "composed {count} messages");
        Ok(())
    }

    /// Where a notice goes: as planned, or where that endpoint is stopped, on the person's next one that is not.
    pub(super) fn way_out(&self, notice: &Notice) -> Target {
        let mut target = Target {
            recipient: notice.recipient.clone(),
            channel: notice.channel.clone(),
        };
        // One message for a person, whatever role each notice came by.
        target.recipient.role = String::new();
        self.as_group(&mut target);
        if notice.recipient.kind == RecipientKind::Person
            && self.lanes().is_endpoint_stopped(&notice.channel, self.clock.now())
        {
            let person = self.config.people.persons.get(&PersonId::new(&*notice.recipient.id));
            if let Some(channel) = person.and_then(|person| self.open_channel(person, &[])) {
                target.recipient = notice.recipient.clone();
                target.recipient.role = String::new();
                target.channel = channel;
                self.as_group(&mut target);
            }
        }
        target
    }

    /// In a group one post is for everybody: the group itself gets it, and who is meant is rung there.
    pub(super) fn as_group(&self, target: &mut Target) {
        if self.is_group(&target.channel) {
            target.recipient = Recipient {
                kind: RecipientKind::Channel,
                id: target.channel.to_string(),
                name: target.channel.to_string(),
                role: String::new(),
            };
        }
    }

    /// Whether a recipient and a channel are still configured.
    pub(super) fn exists(&self, target: &Target) -> bool {
        let person = PersonId::new(&*target.recipient.id);
        let known = target.recipient.kind == RecipientKind::Channel || self.config.people.persons.contains_key(&person);
        known && self.config.channels.contains_key(&target.channel)
    }
}
