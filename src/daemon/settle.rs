//! Records what became of messages, and does what follows: another try, the next to be told, a lane that stops or goes on.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::channel::Settings;
use crate::daemon::climb::Failed;
use crate::daemon::deliver_loop::Attempt;
use crate::daemon::lanes::{Fault, STEP_BACK, Stopped};
use crate::daemon::letters::Letter;
use crate::daemon::plan_loop::BY;
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::ChannelId;
use crate::domain::journal::Draft;
use crate::domain::message::{Message, MessageKind, MessageState};
use crate::domain::outcome::Outcome;
use crate::rules::retry::{Patience, Verdict, verdict};
use crate::store::Settled;

/// How long between tries to record answers.
const RECORD_WAIT: Duration = Duration::from_secs(2);

/// Answers, judged together.
#[derive(Default)]
struct Judged {
    settled: Vec<Settled>,
    /// Messages that cannot be delivered: their places among the settled, and why.
    failed: Vec<(usize, Message, String)>,
    stopped: Vec<(ChannelId, Stopped)>,
    back: Vec<(ChannelId, Stopped)>,
    /// Stopped lanes whose try failed again.
    still: BTreeSet<ChannelId>,
    /// Lanes that the other side asked to wait, until when.
    paused: Vec<(Vec<ChannelId>, DateTime<Utc>)>,
}

impl Engine {
    /// Records answers, in one commit, and does what follows from them.
    pub(super) async fn settle(&self, mut attempts: Vec<Attempt>, now: DateTime<Utc>) -> Result<(), DaemonError> {
        // Answers before faults: what passed together with a refusal tells whose fault that is.
        attempts.sort_by_key(|attempt| attempt.outcome.is_endpoint_fault());
        let mut judged = Judged::default();
        for attempt in attempts {
            let since = self.tried_since_surely(&attempt.message).await.unwrap_or(now);
            self.judge(attempt, since, now, &mut judged);
        }
        // Lanes first, so that what goes up does not go to an endpoint that has just stopped.
        let failed: Vec<Failed<'_>> = judged
            .failed
            .iter()
            .map(|(_, message, why)| Failed { message, why })
            .collect();
        let follow = self.climb_surely(&failed, now).await;
        for ((index, _, _), letters) in judged.failed.iter().zip(follow) {
            if let Some(result) = judged.settled.get_mut(*index) {
                result.follow = letters;
            }
        }
        self.record_surely(&judged.settled, now).await;
        for (channels, until) in judged.paused {
            self.store.pause_lanes(&channels, until).await?;
        }
        for (channel, stop) in judged.stopped {
            self.lane_stopped(&channel, &stop, now).await?;
        }
        // What was under way, or came to see whether the lane is back, goes by another channel too.
        for channel in judged.still {
            let waiting = self.store.waiting_on(&channel).await?;
            self.reroute(&waiting, now).await?;
        }
        for (channel, stop) in judged.back {
            self.lane_back(&channel, &stop, now).await?;
        }
        Ok(())
    }

    /// After a start: what was being sent when the last process ended may have arrived. Where the other side knows a repeat
    /// by its id it is sent again at once; a robot that does not is asked once more, as after any unclear answer. Returns
    /// how many there were.
    async fn recover(&self, now: DateTime<Utc>) -> Result<u32, DaemonError> {
        let sending = self.store.messages(&[MessageState::Sending], u32::MAX).await?;
        let mut unclear = Vec::new();
        let found = u32::try_from(sending.len()).unwrap_or(u32::MAX);
        for message in sending {
            self.lanes().spend(&message.channel, now);
            let settings = self.config.channels.get(&message.channel);
            let is_idempotent = settings.is_none_or(|settings| settings.redelivery().is_idempotent);
            if self.is_group(&message.channel) && !is_idempotent {
                let outcome = Outcome::Unknown("the daemon stopped while it was being sent".to_owned());
                unclear.push(Attempt { message, outcome });
            }
        }
        self.settle(unclear, now).await?;
        self.store.recover(now).await?;
        Ok(found)
    }

    /// [`Engine::recover`], and says so where there was anything.
    pub(super) async fn recover_and_say(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let found = self.recover(now).await?;
        if found > 0 {
            tracing::warn!(
                "{found} of the messages were being sent when the last run ended; they may have arrived, and are sent again with the same ids"
            );
        }
        Ok(())
    }

    fn judge(&self, attempt: Attempt, since: DateTime<Utc>, now: DateTime<Utc>, judged: &mut Judged) {
        let Attempt { message, mut outcome } = attempt;
        let mut lanes = self.lanes();
        lanes.give_back(&message.channel);
        if !self.config.channels.contains_key(&message.channel) {
            // It left before a reload took its channel away: it is looked for once more where it waits.
            self.swept.store(false, Ordering::SeqCst);
        }
        if let Outcome::PermanentEndpoint(words) = &outcome
            && lanes.is_to_blame(&message.channel, &message.id)
        {
            outcome = Outcome::PermanentRecipient(words.clone());
        }
        let patience = self.patience(&message.channel);
        let number = message.attempts + 1;
        let mut verdict = verdict(&outcome, &message.id, number, message.frozen, since, now, &patience);
        let goes_plain = self.goes_plain(&message, &outcome);
        if goes_plain {
            // Once in another form, at once: the first was refused as such, so nothing of it arrived.
            verdict = Verdict::Again(now);
        }
        log(&message, &outcome, &verdict);
        self.health().tally().attempted(&message.channel, outcome.kind());
        if !outcome.is_endpoint_fault() {
            let stopped = lanes.answered(&message.channel, &message.id, &outcome, now);
            judged
                .back
                .extend(stopped.map(|stopped| (message.channel.clone(), stopped)));
        }
        let mut result = result(&message, &outcome, now);
        result.plain |= goes_plain;
        match verdict {
            Verdict::Done => {
                result.state = MessageState::Delivered;
                result.entries.push(entry(&message, "delivered", outcome.words(), now));
            }
            Verdict::Again(at) => result.next_attempt = at,
            Verdict::Pause(at, reach) => {
                result.next_attempt = at;
                judged.paused.push((lanes.pause(&message.channel, at, reach), at));
            }
            Verdict::Undeliverable(why) => {
                result.state = MessageState::Undeliverable;
                result.words.clone_from(&why);
                result.entries.push(entry(&message, "undeliverable", &why, now));
                judged.failed.push((judged.settled.len(), message, why));
            }
            Verdict::StopLane => {
                result.counts = false;
                if matches!(outcome, Outcome::PermanentEndpoint(_)) {
                    result.next_attempt = now + STEP_BACK;
                }
                match lanes.fault(&message.channel, &message.id, &outcome, now) {
                    Some(Fault::Stopped(stop)) => judged.stopped.push((message.channel.clone(), stop)),
                    Some(Fault::Still(_)) => {
                        judged.still.insert(message.channel.clone());
                    }
                    Some(Fault::Paused(_)) | None => {}
                }
            }
        }
        judged.settled.push(result);
    }

    /// Answers are not forgotten while the store cannot take them: nothing else could be done meanwhile.
    async fn record_surely(&self, settled: &[Settled], now: DateTime<Utc>) {
        while let Err(error) = self.store.settle(now, settled.to_vec()).await {
            tracing::error!("answers cannot be recorded, which is tried again: {error}");
            self.rest().await;
        }
    }

    /// Before the store is asked again. This loop moves: starting it anew would lose the answers, and mend nothing.
    async fn rest(&self) {
        self.health().tally().beat(Loop::Delivering);
        tokio::time::sleep(RECORD_WAIT).await;
    }

    async fn tried_since_surely(&self, message: &Message) -> Option<DateTime<Utc>> {
        loop {
            match self.tried_since(message).await {
                Ok(since) => return since,
                Err(error) => {
                    tracing::error!("answers cannot be judged yet, which is tried again: {error}");
                    self.rest().await;
                }
            }
        }
    }

    async fn climb_surely(&self, failed: &[Failed<'_>], now: DateTime<Utc>) -> Vec<Vec<Letter>> {
        loop {
            match self.climb(failed, now).await {
                Ok(letters) => return letters,
                Err(error) => {
                    tracing::error!("what cannot be delivered cannot go up yet, which is tried again: {error}");
                    self.rest().await;
                }
            }
        }
    }

    /// Whether a refused message is to be tried once more as plain text.
    fn goes_plain(&self, message: &Message, outcome: &Outcome) -> bool {
        let settings = self.config.channels.get(&message.channel);
        matches!(outcome, Outcome::PermanentMessage(_))
            && !message.plain
            && !message.frozen
            && settings.is_some_and(Settings::has_plain_form)
    }

    fn patience(&self, channel: &ChannelId) -> Patience {
        let delivery = &self.config.delivery;
        let settings = self.config.channels.get(channel);
        let own = settings.and_then(|settings| settings.lane().retry.clone());
        let redelivery = settings.map(Settings::redelivery);
        Patience {
            retry: own.unwrap_or_else(|| delivery.retry.clone()),
            give_up: delivery.give_up,
            unknown_wait: redelivery.map_or(TimeDelta::zero(), |redelivery| redelivery.wait),
            is_repeated_once: redelivery.is_some_and(|redelivery| !redelivery.is_idempotent),
        }
    }
}

fn result(message: &Message, outcome: &Outcome, now: DateTime<Utc>) -> Settled {
    Settled {
        id: message.id.clone(),
        outcome: outcome.kind().to_owned(),
        words: outcome.words().to_owned(),
        state: MessageState::Waiting,
        next_attempt: now,
        frozen: message.frozen || matches!(outcome, Outcome::Unknown(_)),
        plain: message.plain,
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
        Verdict::Again(at) | Verdict::Pause(at, _) => {
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
