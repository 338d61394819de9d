//! Reviews as they were sent: what each recipient was told, word for word and in figures; and what a review asks of the
//! journal.

use chrono::NaiveDate;
use serde_json::Value;

use crate::domain::id::{ChannelId, MessageId, ReviewId};
use crate::domain::journal::Entry;
use crate::domain::people::Locale;
use crate::domain::review::Edition;

use super::cell::{instant, json, ms, parse, word};
use super::journal::{self, Cells as EntryCells};
use super::sqlite::Link;
use super::{Instant, Result, Store};

/// What one recipient of a review was told.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptReview {
    /// Which review.
    pub review: ReviewId,
    /// The local day of its run.
    pub day: NaiveDate,
    /// When it was written.
    pub at: Instant,
    /// Whom it was for: `person:ID` or `channel:ID`.
    pub recipient: String,
    /// By name.
    pub name: String,
    /// How it was written.
    pub edition: Edition,
    /// In which language.
    pub locale: Locale,
    /// Through which channel it went first.
    pub channel: ChannelId,
    /// The message that carried it, the first of its parts.
    pub message: MessageId,
    /// Tasks by light, and under `sections` how many each section held.
    pub figures: Value,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
}

type Cells = (
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
);

impl Store {
    /// What the recipients of a run were told, in order of recipient; of several runs on one day the last comes first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn kept_reviews(&self, review: &ReviewId, day: NaiveDate) -> Result<Vec<KeptReview>> {
        let rows: Vec<Cells> = sqlx::query_as(
            "SELECT review, day, at, recipient, name, edition, locale, channel, message, figures, subject, body \
             FROM kept_reviews WHERE review = $1 AND day = $2 ORDER BY at DESC, recipient",
        )
        .bind(review.as_str())
        .bind(day.to_string())
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(kept).collect()
    }

    /// Every notice by which a task was told last, by task and then in order: one task may have been told to several at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn told_last(&self, until_seq: u64) -> Result<Vec<Entry>> {
        let rows: Vec<EntryCells> = sqlx::query_as(
            "SELECT j.seq, j.at, j.task, j.kind, j.who, j.data, j.prev, j.hash FROM journal j \
             JOIN (SELECT task, MAX(at) AS at FROM journal WHERE kind = 'notice' AND task IS NOT NULL AND seq <= $1 \
             GROUP BY task) l ON l.task = j.task AND l.at = j.at WHERE j.kind = 'notice' AND j.seq <= $1 \
             ORDER BY j.task, j.seq",
        )
        .bind(i64::try_from(until_seq).unwrap_or(i64::MAX))
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(journal::entry).collect()
    }

    /// What decides whether tasks were in time: loadings, submissions, returns, closings, deadlines and the like, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn milestones(&self, until_seq: u64) -> Result<Vec<Entry>> {
        let rows: Vec<EntryCells> = sqlx::query_as(
            "SELECT seq, at, task, kind, who, data, prev, hash FROM journal WHERE seq <= $1 AND task IS NOT NULL \
             AND kind IN ('loaded', 'submitted', 'returned', 'closed', 'reopened', 'cancelled', 'withdrawn', 'restored', \
             'due-changed', 'extension-granted', 'opened-changed') ORDER BY seq",
        )
        .bind(i64::try_from(until_seq).unwrap_or(i64::MAX))
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(journal::entry).collect()
    }
}

/// Keeps what was told, within the transaction of the run.
pub(super) async fn keep(link: &mut Link, all: &[KeptReview]) -> Result<()> {
    for one in all {
        sqlx::query(
            "INSERT INTO kept_reviews (review, day, at, recipient, name, edition, locale, channel, message, figures, \
             subject, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (review, day, at, recipient) DO NOTHING",
        )
        .bind(one.review.as_str())
        .bind(one.day.to_string())
        .bind(ms(one.at))
        .bind(&one.recipient)
        .bind(&one.name)
        .bind(one.edition.as_str())
        .bind(one.locale.as_str())
        .bind(one.channel.as_str())
        .bind(one.message.as_str())
        .bind(json(&one.figures)?)
        .bind(&one.subject)
        .bind(&one.text)
        .execute(&mut *link)
        .await?;
    }
    Ok(())
}

fn kept(
    (review, day, at, recipient, name, edition, locale, channel, message, figures, subject, text): Cells,
) -> Result<KeptReview> {
    Ok(KeptReview {
        day: word(day)?,
        at: instant(at)?,
        edition: word(edition)?,
        locale: word(locale)?,
        channel: ChannelId::new(channel),
        message: MessageId::new(message),
        figures: parse(&format!("the figures of review {review}"), &figures)?,
        review: ReviewId::new(review),
        recipient,
        name,
        subject,
        text,
    })
}
