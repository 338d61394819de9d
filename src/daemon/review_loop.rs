//! Reviews: rows with an instant in the store. A day off moves them, an outage delays them within their limit, and two
//! runs on one day are one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::daemon::clock_watch::CORRECTION_MAX;
use crate::daemon::gallery::Gallery;
use crate::daemon::letters::Target;
use crate::daemon::plan_loop::BY;
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, PersonId, ReviewId, TaskId};
use crate::domain::journal::{Draft, Entry};
use crate::domain::ladder::Level;
use crate::domain::meeting::{AgendaItem, MeetingState};
use crate::domain::message::{Figures, Message, MessageKind, MessageState};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::review::{ChainHead, LastTold, Mismatch, Reader, Review, Scope, Summary, Undelivered};
use crate::domain::task::{Task, TaskState};
use crate::rules::cron;
use crate::rules::forecast::History;
use crate::rules::intake;
use crate::rules::summary::{Board, ReviewInput};
use crate::store::{KeptReview, Repeat, ReviewRow, ReviewRun, RunState, StoredTask};

/// Undeliverable messages named in a review.
const UNDELIVERABLE_MAX: u32 = 100;
/// Journal entries read at a time.
const PAGE: u32 = 1000;
/// So many digits of the journal's last hash stand in a review.
const HASH_DIGITS: usize = 12;

/// A review in words: what goes out, what is kept of it, and its figures by recipient.
#[derive(Default)]
struct Said {
    messages: Vec<Message>,
    kept: Vec<KeptReview>,
    figures: Map<String, Value>,
}

/// The agenda of a meeting, a line for each item, and who was invited.
#[derive(Default)]
struct Agenda {
    lines: Vec<String>,
    attendees: BTreeSet<PersonId>,
}

impl Agenda {
    /// What a reader sees of it: who comes, and the office, all; others nothing.
    fn of(&self, reader: &Reader) -> Vec<String> {
        let is_invited = match reader.recipient.kind {
            RecipientKind::Person => self.attendees.contains(&PersonId::new(&*reader.recipient.id)),
            RecipientKind::Channel => false,
        };
        if is_invited || reader.is_office {
            self.lines.clone()
        } else {
            Vec::new()
        }
    }
}

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

    /// A row that is not due yet, as days off and what is said of them are now. One that lies beyond the next time of its
    /// cron text was written by a clock that was ahead.
    fn as_now(&self, review: &Review, row: &ReviewRow, now: DateTime<Utc>) -> ReviewRow {
        let never = DateTime::<Utc>::MAX_UTC.timestamp_millis();
        if row.next_at <= now || row.next_at.timestamp_millis() == never {
            return row.clone();
        }
        let next = self.next_row(review, now + CORRECTION_MAX);
        if next.is_some_and(|next| row.nominal > next.nominal) {
            return self.next_row(review, now).unwrap_or_else(|| row.clone());
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
            seq: self.head().await?.map_or(0, |head| head.seq),
        };
        let mut said = Said::default();
        if state == RunState::Sent {
            said = self.review_messages(review, &run, now).await?;
            run.figures = Value::Object(std::mem::take(&mut said.figures));
        }
        let entry = run_entry(&run, BY, said.messages.len());
        // What a clock that was ahead wrote down for this day was no run.
        let before = self.store.run_of(&review.id, day).await?;
        let repeat = match before.is_some_and(|before| before.at > now + CORRECTION_MAX) {
            true => Repeat::Replaces,
            false => Repeat::Refused,
        };
        let recorded = self
            .store
            .record_run(&run, repeat, &said.messages, &said.kept, Some(&next), vec![entry])
            .await?;
        if recorded {
            tracing::info!(
                review.id = %review.id,
                "review {} of {day}: {}, {} messages",
                review.id,
                state.as_str(),
                said.messages.len()
            );
        }
        Ok(next)
    }

    /// Sends a review at once as the run of today, whatever its schedule says; `by` is who asked for it. Returns how many
    /// messages were put into the outbox; none where today's run was sent already and `repeat` refuses another.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn send_review(
        &self,
        review: &Review,
        repeat: Repeat,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, DaemonError> {
        let mut run = ReviewRun {
            review: review.id.clone(),
            day: self.config.almanac.today(now),
            nominal: now,
            at: now,
            state: RunState::Sent,
            figures: json!({}),
            seq: self.head().await?.map_or(0, |head| head.seq),
        };
        let before = self.store.run_of(&review.id, run.day).await?;
        if repeat == Repeat::Refused && before.as_ref().is_some_and(|run| run.state == RunState::Sent) {
            return Ok(None);
        }
        let mut said = self.review_messages(review, &run, now).await?;
        run.figures = Value::Object(std::mem::take(&mut said.figures));
        let entry = run_entry(&run, by, said.messages.len());
        // A run that was missed or skipped today gives way to what is sent now; one that somebody else sends in the same
        // moment does not.
        let repeat = match before {
            Some(_) => Repeat::Replaces,
            None => repeat,
        };
        let recorded = self
            .store
            .record_run(&run, repeat, &said.messages, &said.kept, None, vec![entry])
            .await?;
        if !recorded {
            return Ok(None);
        }
        Ok(Some(said.messages.len()))
    }

    /// The messages of a review, what they say, and the figures by which the next one says what changed.
    async fn review_messages(&self, review: &Review, run: &ReviewRun, now: DateTime<Utc>) -> Result<Said, DaemonError> {
        let mut said = Said::default();
        let day = run.day.to_string();
        // A run by hand may be the second of its day: its messages are others.
        let again = self
            .store
            .run_of(&review.id, run.day)
            .await?
            .map(|_| now.timestamp_millis().to_string());
        let mut papers = self.papers(review, run.seq, now).await?;
        let summaries = self.summaries_to(review, run.nominal, now, run.seq).await?;
        let viewers = summaries.iter().filter(|(reader, _)| self.sees_pictures(reader));
        let seen_in = viewers.map(|(reader, _)| reader.locale).collect();
        let gallery = self.gallery(review, seen_in, run.seq, now).await?;
        for (reader, mut summary) in summaries {
            self.health().tally().beat(Loop::Deciding);
            let recipient = &reader.recipient;
            let mut figures = json!(summary.figures);
            if let Value::Object(fields) = &mut figures {
                fields.insert("sections".to_owned(), json!(summary.counts()));
            }
            said.figures.insert(summary.key(), figures.clone());
            let Some(target) = self.review_target(recipient) else {
                tracing::error!(review.id = %review.id, "review {} cannot reach {}: no channel", review.id, recipient.id);
                continue;
            };
            if self.on_trial(&target) != target {
                summary.trial_for = Some(format!("{} ({})", recipient.name, target.channel));
            }
            let pictures = if self.sees_pictures(&reader) {
                gallery.in_language(reader.locale)
            } else {
                &[]
            };
            let words = self.renderer.review_with(&summary, pictures);
            let mut parts = vec![review.id.as_str(), &day, recipient.id.as_str()];
            parts.extend(again.as_deref());
            let (subject, text) = (words.subject.clone(), words.text.clone());
            let mut message = self.plain_letter(MessageKind::Review, &target, &parts, words, now);
            message.content.figures = Some(summary.figures);
            said.kept.push(KeptReview {
                review: review.id.clone(),
                day: run.day,
                at: now,
                recipient: summary.key(),
                name: recipient.name.clone(),
                edition: reader.edition,
                locale: reader.locale,
                channel: message.channel.clone(),
                message: message.id.clone(),
                figures,
                subject,
                text,
            });
            if let Some(papers) = papers.as_mut().filter(|_| self.carries_files(&message.channel)) {
                papers.enclose(&reader, &mut message.content);
            }
            Gallery::hang(pictures, &mut message.content);
            said.messages.extend(self.in_parts(&message));
        }
        // Before the messages that name them; without those they are forgotten again.
        self.store.keep_files(now, &gallery.files()).await?;
        if let Some(papers) = papers {
            self.store.keep_files(now, &papers.files).await?;
        }
        Ok(said)
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
        let seq = self.head().await?.map_or(0, |head| head.seq);
        self.summaries_to(review, nominal, now, seq).await
    }

    /// The last journal entry; none where there is none.
    async fn head(&self) -> Result<Option<Entry>, DaemonError> {
        Ok(self.store.head().await?)
    }

    /// The journal's entry of that number, as a review shows it.
    async fn chain_head(&self, seq: u64) -> Result<Option<ChainHead>, DaemonError> {
        let Some(before) = seq.checked_sub(1) else {
            return Ok(None);
        };
        let entry = self.store.entries(before, 1).await?.pop();
        Ok(entry.map(|entry| ChainHead {
            seq: entry.seq,
            hash: entry.hash.chars().take(HASH_DIGITS).collect(),
        }))
    }

    /// Who was told last of each task, up to the entry `seq`.
    async fn last_told(&self, tasks: &[StoredTask], seq: u64) -> Result<BTreeMap<TaskId, LastTold>, DaemonError> {
        let mut all: BTreeMap<TaskId, LastTold> = BTreeMap::new();
        let rounds: BTreeMap<&TaskId, u32> = tasks.iter().map(|one| (&one.task.id, one.state.round)).collect();
        for entry in self.store.told_last(seq).await? {
            let text = |name: &str| entry.data.get(name).and_then(Value::as_str);
            let level = text("level").and_then(|word| Level::ALL.into_iter().find(|level| level.as_str() == word));
            let at = text("at").and_then(|at| at.parse::<DateTime<Utc>>().ok());
            let (Some(task), Some(level), Some(id), Some(at)) = (entry.task.clone(), level, text("recipient"), at)
            else {
                continue;
            };
            let person = self.config.people.persons.get(&PersonId::new(id));
            let name = person.map_or_else(|| id.to_owned(), |person| person.name.clone());
            let told = all.entry(task).or_insert_with(|| LastTold {
                names: Vec::new(),
                level,
                at: self.as_of(at),
                loudest: None,
            });
            told.level = told.level.max(level);
            if !told.names.contains(&name) {
                told.names.push(name);
            }
        }
        for (task, rows) in self.store.all_told().await? {
            let of_round = rows
                .iter()
                .filter(|row| row.sent && rounds.get(&task) == Some(&row.key.round));
            let loudest = of_round.max_by_key(|row| (row.level, row.at));
            if let (Some(told), Some(loudest)) = (all.get_mut(&task), loudest)
                && loudest.level > told.level
            {
                told.loudest = Some((loudest.level, self.as_of(loudest.at)));
            }
        }
        Ok(all)
    }

    /// The journal's entries after one, up to another.
    pub(super) async fn entries_after(&self, mut seq: u64, last: u64) -> Result<Vec<Entry>, DaemonError> {
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
        let told = self.last_told(&stored, seq).await?;
        let tasks: Vec<(Task, TaskState)> = stored.into_iter().map(|stored| (stored.task, stored.state)).collect();
        let head = self.chain_head(seq).await?;

        let milestones = self.store.milestones(seq).await?;
        let history = History::of(
            tasks.iter().map(|(task, _)| task),
            &milestones,
            &self.config.almanac,
            now,
        );
        let input = ReviewInput {
            review,
            tasks: &tasks,
            history: &history,
            told: &told,
            ladders: &self.config.ladders,
            head: head.as_ref(),
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
        let board = Board::of(&input);
        let agenda = self.agenda_of(review, nominal).await?;
        Ok(board
            .readers()
            .into_iter()
            .map(|reader| {
                let mut summary = board.summary(&reader);
                summary.agenda = agenda.of(&reader);
                (reader, summary)
            })
            .collect())
    }

    /// What is on the agenda of the meeting that belongs to the review of that time, and who comes to it.
    async fn agenda_of(&self, review: &Review, nominal: DateTime<Utc>) -> Result<Agenda, DaemonError> {
        let day = self.config.almanac.today(nominal);
        let items = self.store.agenda(&review.id, day).await?;
        if items.is_empty() {
            return Ok(Agenda::default());
        }
        let meeting = self.store.meeting(&review.id, day).await?;
        let meeting = meeting.filter(|meeting| meeting.state == MeetingState::Planned);
        Ok(Agenda {
            attendees: meeting
                .into_iter()
                .flat_map(|meeting| meeting.attendees)
                .map(|attendee| attendee.id)
                .collect(),
            lines: items.iter().map(AgendaItem::line).collect(),
        })
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

    /// Pictures show the whole ledger, and go within a mail.
    fn sees_pictures(&self, reader: &Reader) -> bool {
        matches!(reader.scope, Scope::Everything)
            && self
                .review_target(&reader.recipient)
                .is_some_and(|target| self.carries_files(&self.on_trial(&target).channel))
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

fn run_entry(run: &ReviewRun, by: &str, messages: usize) -> Draft {
    Draft {
        at: run.at,
        task: None,
        kind: format!("review-{}", run.state.as_str()),
        by: by.to_owned(),
        data: json!({"review": run.review, "day": run.day.to_string(), "messages": messages}),
    }
}
