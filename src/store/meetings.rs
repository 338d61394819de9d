//! Meetings of reviews, and what was put on their agenda.

use chrono::NaiveDate;

use crate::domain::id::{ReviewId, TaskId};
use crate::domain::journal::Draft;
use crate::domain::meeting::{AgendaItem, Meeting};
use crate::domain::message::Message;

use super::cell::{instant, json, ms, parse};
use super::{Instant, Result, Store, journal, outbox};

type AgendaCells = (i64, String, Option<String>, String);

impl Store {
    /// The meeting of one round of a review, as people were last told of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn meeting(&self, review: &ReviewId, day: NaiveDate) -> Result<Option<Meeting>> {
        let text: Option<String> = sqlx::query_scalar("SELECT meeting FROM meetings WHERE review = $1 AND day = $2")
            .bind(review.as_str())
            .bind(day.to_string())
            .fetch_optional(self.read())
            .await?;
        text.map(|text| meeting(&text)).transpose()
    }

    /// The planned meetings that begin after an instant, the first of them first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn meetings_after(&self, now: Instant) -> Result<Vec<Meeting>> {
        let texts: Vec<String> = sqlx::query_scalar(
            "SELECT meeting FROM meetings WHERE starts > $1 AND state = 'planned' ORDER BY starts, review, day",
        )
        .bind(ms(now))
        .fetch_all(self.read())
        .await?;
        texts.iter().map(|text| meeting(text)).collect()
    }

    /// The last `limit` meetings of a review that began at or before an instant and were not called off, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn meetings_before(&self, review: &ReviewId, now: Instant, limit: u32) -> Result<Vec<Meeting>> {
        let texts: Vec<String> = sqlx::query_scalar(
            "SELECT meeting FROM meetings WHERE review = $1 AND starts <= $2 AND state = 'planned' \
             ORDER BY starts DESC, day DESC LIMIT $3",
        )
        .bind(review.as_str())
        .bind(ms(now))
        .bind(i64::from(limit))
        .fetch_all(self.read())
        .await?;
        texts.iter().map(|text| meeting(text)).collect()
    }

    /// Keeps a meeting as people are told of it now, with the messages that tell them, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn record_meeting(&self, meeting: &Meeting, messages: &[Message], entries: Vec<Draft>) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO meetings (review, day, uid, sequence, starts, state, meeting) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (review, day) DO UPDATE SET sequence = excluded.sequence, starts = excluded.starts, \
             state = excluded.state, meeting = excluded.meeting",
        )
        .bind(meeting.review.as_str())
        .bind(meeting.day.to_string())
        .bind(&meeting.uid)
        .bind(i64::from(meeting.sequence))
        .bind(ms(meeting.starts))
        .bind(meeting.state.as_str())
        .bind(json(meeting)?)
        .execute(&mut *tx)
        .await?;
        let messages: Vec<_> = messages.iter().map(|message| (message.clone(), Vec::new())).collect();
        outbox::put(&mut tx, &messages).await?;
        journal::append(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts an item on the agenda of a round of a review.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn add_agenda(&self, item: &AgendaItem, entries: Vec<Draft>) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO agenda (review, day, at, who, task, text) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(item.review.as_str())
            .bind(item.day.to_string())
            .bind(ms(item.at))
            .bind(&item.by)
            .bind(item.task.as_ref().map(TaskId::as_str))
            .bind(&item.text)
            .execute(&mut *tx)
            .await?;
        journal::append(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The agenda of a round of a review, in the order in which it was put there.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn agenda(&self, review: &ReviewId, day: NaiveDate) -> Result<Vec<AgendaItem>> {
        let rows: Vec<AgendaCells> =
            sqlx::query_as("SELECT at, who, task, text FROM agenda WHERE review = $1 AND day = $2 ORDER BY at, rowid")
                .bind(review.as_str())
                .bind(day.to_string())
                .fetch_all(self.read())
                .await?;
        rows.into_iter()
            .map(|(at, by, task, text)| {
                Ok(AgendaItem {
                    review: review.clone(),
                    day,
                    at: instant(at)?,
                    by,
                    task: task.map(TaskId::new),
                    text,
                })
            })
            .collect()
    }
}

fn meeting(text: &str) -> Result<Meeting> {
    parse("a meeting", text)
}
