//! Reviews: rows with an instant in the store. A day off moves them, an outage delays them within their limit, and two
//! runs on one day are one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::daemon::letters::Target;
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, PersonId, ReviewId};
use crate::domain::journal::{Draft, Entry};
use crate::domain::message::{Figures, Message, MessageKind, MessageState};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::review::{Mismatch, Reader, Review, Summary, Undelivered};
use crate::domain::task::{Task, TaskState};
use crate::rules::cron;
use crate::rules::intake;
use crate::rules::summary::{self, ReviewInput};
use crate::store::{ReviewRow, ReviewRun, RunState};

/// Undeliverable messages named in a review.
const UNDELIVERABLE_MAX: u32 = 100;
/// Journal entries read at a time.
const PAGE: u32 = 1000;

impl Engine {
    /// Runs every review whose instant has come. Says when the next one's comes.
    pub(super) async fn review_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let mut next: Option<DateTime<Utc>> = None;
        for row in self.review_rows(now).await? {
            let Some(review) = self.config.reviews.iter().find(|review| review.id == row.id) else {
                continue;
            };
            let row = self.run_due(review, row, now).await?;
            next = Some(next.map_or(row.next_at, |next| next.min(row.next_at)));
        }
        Ok(next)
    }

    /// The rows as the configuration has them now: new and changed reviews start from here, gone ones go.
    async fn review_rows(&self, now: DateTime<Utc>) -> Result<Vec<ReviewRow>, DaemonError> {
        let stored = self.store.review_rows().await?;
        let zone = self.config.almanac.timing.zone.name();
        let mut rows = Vec::new();
        let mut changed = Vec::new();
        for review in &self.config.reviews {
            let row = stored
                .iter()
                .find(|row| row.id == review.id && row.cron == review.cron && row.zone == zone);
            match row {
                Some(row) => {
                    let present = self.as_now(review, row, now);
                    if present == *row {
                        rows.push(present);
                    } else {
                        changed.push(present);
                    }
                }
                None => changed.extend(self.next_row(review, now)),
            }
        }
        let gone: Vec<ReviewId> = stored
            .iter()
            .filter(|row| !self.config.reviews.iter().any(|review| review.id == row.id))
            .map(|row| row.id.clone())
            .collect();
        if !changed.is_empty() || !gone.is_empty() {
            self.store.save_review_rows(&changed, &gone).await?;
        }
        rows.extend(changed);
        Ok(rows)
    }

    /// A row that is not due yet, as days off and what is said of them are now.
    fn as_now(&self, review: &Review, row: &ReviewRow, now: DateTime<Utc>) -> ReviewRow {
        let never = DateTime::<Utc>::MAX_UTC.timestamp_millis();
        if row.next_at <= now || row.next_at.timestamp_millis() == never {
            return row.clone();
        }
        ReviewRow {
            next_at: cron::review_at(&self.config.almanac, review, row.nominal),
            ..row.clone()
        }
    }

    /// The first run after `after`; none where the cron text never fires again.
    fn next_row(&self, review: &Review, after: DateTime<Utc>) -> Option<ReviewRow> {
        let zone = self.config.almanac.timing.zone;
        let nominal = match cron::next_after(&review.cron, zone, after) {
            Ok(nominal) => nominal,
            Err(error) => {
                tracing::error!(review.id = %review.id, "review {} has no next time: {error}", review.id);
                return None;
            }
        };
        let next_at = cron::review_at(&self.config.almanac, review, nominal);
        Some(ReviewRow {
            id: review.id.clone(),
            cron: review.cron.clone(),
            zone: zone.name().to_owned(),
            nominal,
            next_at,
        })
    }

    /// Runs what is due of one review. Of several runs that were missed, the last alone takes place, within its limit:
    /// it says all that the others would have said. Returns the review's next row.
    async fn run_due(&self, review: &Review, row: ReviewRow, now: DateTime<Utc>) -> Result<ReviewRow, DaemonError> {
        let almanac = &self.config.almanac;
        let mut last = None;
        let mut ahead = row.clone();
        while ahead.next_at <= now {
            if !cron::is_skipped(almanac, review, ahead.next_at) {
                last = Some((ahead.nominal, almanac.today(ahead.next_at)));
            }
            ahead = self.row_after(review, &ahead);
        }
        let mut row = row;
        let mut recorded = None;
        while row.next_at <= now {
            let day = almanac.today(row.next_at);
            let is_last = last == Some((row.nominal, day));
            // Days off can move several onto one day: those are one run, not a missed one and one that comes too late.
            let is_same_day = recorded == Some(day) || last.is_some_and(|(_, last)| last == day);
            if is_last || !is_same_day {
                row = self.run_review(review, &row, is_last, now).await?;
            } else {
                row = self.row_after(review, &row);
            }
            recorded = Some(day);
        }
        Ok(row)
    }

    /// The row that follows; far away where the cron text never fires again.
    fn row_after(&self, review: &Review, row: &ReviewRow) -> ReviewRow {
        self.next_row(review, row.nominal).unwrap_or_else(|| ReviewRow {
            next_at: DateTime::<Utc>::MAX_UTC,
            ..row.clone()
        })
    }

    /// Runs one review, or records that it was skipped or missed. Returns its next row.
    async fn run_review(
        &self,
        review: &Review,
        row: &ReviewRow,
        is_last: bool,
        now: DateTime<Utc>,
    ) -> Result<ReviewRow, DaemonError> {
        let almanac = &self.config.almanac;
        let day = almanac.today(row.next_at);
        let next = self.row_after(review, row);
        let limit = almanac.after(row.next_at, review.late_limit).unwrap_or(row.next_at);
        let state = if cron::is_skipped(almanac, review, row.next_at) {
            RunState::Skipped
        } else if now > limit || !is_last {
            RunState::Missed
        } else {
            RunState::Sent
        };
        let mut run = ReviewRun {
            review: review.id.clone(),
            day,
            nominal: row.nominal,
            at: now,
            state,
            figures: json!({}),
            seq: self.last_seq().await?,
        };
        let mut messages = Vec::new();
        if state == RunState::Sent {
            let (sent, figures) = self.review_messages(review, &run, now).await?;
            messages = sent;
            run.figures = Value::Object(figures);
        }
        let word = state.as_str();
        let data = json!({"review": review.id, "day": day.to_string(), "messages": messages.len()});
        let entry = Draft {
            at: now,
            task: None,
            kind: format!("review-{word}"),
            by: BY.to_owned(),
            data,
        };
        let recorded = self
            .store
            .record_run(now, &run, &messages, Some(&next), vec![entry])
            .await?;
        if recorded {
            tracing::info!(review.id = %review.id, "review {} of {day}: {word}, {} messages", review.id, messages.len());
        }
        Ok(next)
    }

    /// The messages of a review, and the figures by which the next one says what changed.
    async fn review_messages(
        &self,
        review: &Review,
        run: &ReviewRun,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Message>, Map<String, Value>), DaemonError> {
        let mut messages = Vec::new();
        let mut figures = Map::new();
        let day = run.day.to_string();
        for (reader, mut summary) in self.summaries_to(review, run.nominal, now, run.seq).await? {
            let recipient = &reader.recipient;
            figures.insert(summary.key(), json!(summary.figures));
            let Some(target) = self.review_target(recipient) else {
                tracing::error!(review.id = %review.id, "review {} cannot reach {}: no channel", review.id, recipient.id);
                continue;
            };
            if self.on_trial(&target) != target {
                summary.trial_for = Some(format!("{} ({})", recipient.name, target.channel));
            }
            let words = self.renderer.review(&summary);
            let parts = [review.id.as_str(), &day, recipient.id.as_str()];
            let mut message = self.plain_letter(MessageKind::Review, &target, &parts, words, now);
            message.content.figures = Some(summary.figures);
            messages.extend(self.in_parts(&message));
        }
        Ok((messages, figures))
    }

    /// What a review says to each of its recipients at `now`.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn summaries(
        &self,
        review: &Review,
        nominal: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Reader, Summary)>, DaemonError> {
        let seq = self.last_seq().await?;
        self.summaries_to(review, nominal, now, seq).await
    }

    /// The number of the last journal entry; 0 where there is none.
    async fn last_seq(&self) -> Result<u64, DaemonError> {
        Ok(self.store.head().await?.map_or(0, |head| head.seq))
    }

    /// The journal's entries after one, up to another.
    async fn entries_after(&self, mut seq: u64, last: u64) -> Result<Vec<Entry>, DaemonError> {
        let mut all = Vec::new();
        while seq < last {
            let page = self.store.entries(seq, PAGE).await?;
            let Some(end) = page.last() else {
                break;
            };
            seq = end.seq;
            all.extend(page.into_iter().filter(|entry| entry.seq <= last));
        }
        Ok(all)
    }

    /// [`Engine::summaries`] with what the journal says up to the entry `seq`.
    async fn summaries_to(
        &self,
        review: &Review,
        nominal: DateTime<Utc>,
        now: DateTime<Utc>,
        seq: u64,
    ) -> Result<Vec<(Reader, Summary)>, DaemonError> {
        let stored = self.store.tasks().await?;
        let last = self.store.last_run(&review.id).await?;
        let since = last.as_ref().map(|run| run.at);
        let entries = match &last {
            Some(last) => self.entries_after(last.seq, seq).await?,
            None => Vec::new(),
        };
        let previous: BTreeMap<String, Figures> = last
            .and_then(|run| serde_json::from_value(run.figures).ok())
            .unwrap_or_default();
        let mismatches: Vec<Mismatch> = stored
            .iter()
            .flat_map(|stored| intake::mismatches(&stored.task, &stored.state))
            .collect();
        let tasks: Vec<(Task, TaskState)> = stored.into_iter().map(|stored| (stored.task, stored.state)).collect();
        let input = ReviewInput {
            review,
            tasks: &tasks,
            since,
            entries: &entries,
            previous: &previous,
            undelivered: &self.undelivered(since.is_none(), &entries).await?,
            mismatches: &mismatches,
            people: &self.config.people,
            almanac: &self.config.almanac,
            now,
            nominal,
        };
        let readers = summary::recipients(&input);
        Ok(readers
            .into_iter()
            .map(|reader| {
                let summary = summary::summary(&input, &reader);
                (reader, summary)
            })
            .collect())
    }

    /// Whom messages did not reach, each with how many: those that were given up since the last run, and before the
    /// first run all.
    async fn undelivered(&self, is_first: bool, entries: &[Entry]) -> Result<Vec<Undelivered>, DaemonError> {
        let messages = if is_first {
            self.store
                .messages(&[MessageState::Undeliverable], UNDELIVERABLE_MAX)
                .await?
        } else {
            self.given_up(entries).await?
        };
        let mut all: Vec<Undelivered> = Vec::new();
        for message in &messages {
            let recipient = message.content.recipient.name.clone();
            let channel = message.channel.to_string();
            match all
                .iter_mut()
                .find(|known| known.recipient == recipient && known.channel == channel)
            {
                Some(known) => known.messages += 1,
                None => all.push(Undelivered {
                    recipient,
                    channel,
                    why: message.last_outcome.clone().unwrap_or_default(),
                    messages: 1,
                }),
            }
        }
        Ok(all)
    }

    /// The messages that these entries say were given up, and that have not arrived by another way since.
    async fn given_up(&self, entries: &[Entry]) -> Result<Vec<Message>, DaemonError> {
        let mut ids: Vec<MessageId> = entries
            .iter()
            .filter(|entry| entry.kind == "undeliverable")
            .filter_map(|entry| entry.data.get("message")?.as_str())
            .map(MessageId::new)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut messages = Vec::new();
        for id in ids.iter().take(UNDELIVERABLE_MAX as usize) {
            let message = self.store.message(id).await?;
            messages.extend(message.filter(|message| message.state == MessageState::Undeliverable));
        }
        Ok(messages)
    }

    fn review_target(&self, recipient: &Recipient) -> Option<Target> {
        match recipient.kind {
            RecipientKind::Channel => Some(Target {
                recipient: recipient.clone(),
                channel: ChannelId::new(&*recipient.id),
            }),
            RecipientKind::Person => {
                let person = self.config.people.persons.get(&PersonId::new(&*recipient.id))?;
                let target = self.target_of(person, &recipient.role)?;
                Some(Target {
                    recipient: recipient.clone(),
                    channel: target.channel,
                })
            }
        }
    }
}
