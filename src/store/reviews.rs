//! Reviews: when each is due next, and the runs that took place.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::id::ReviewId;
use crate::domain::journal::Draft;
use crate::domain::message::Message;

use super::cell::{instant, json, ms, parse, word};
use super::kept::{self, KeptReview};
use super::sqlite::Link;
use super::{Instant, Result, Store, journal, outbox};

/// When a review is due next, and the schedule this was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// Which review.
    pub id: ReviewId,
    /// Its cron text.
    pub cron: String,
    /// The zone in which it was read.
    pub zone: String,
    /// The instant that the cron text names.
    pub nominal: Instant,
    /// When it takes place: `nominal`, or later where that is a day off.
    pub next_at: Instant,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its messages were put into the outbox.
    Sent,
    /// It was due while nothing ran, and its late limit has passed.
    Missed,
    /// Its day was a day off.
    Skipped,
}

impl RunState {
    /// The word in JSON and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
        }
    }
}

/// One run of a review. A review runs once for each local day.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewRun {
    /// Which review.
    pub review: ReviewId,
    /// The local day for which it counts.
    pub day: NaiveDate,
    /// The instant that the cron text named.
    pub nominal: Instant,
    /// When it took place.
    pub at: Instant,
    /// How it ended.
    pub state: RunState,
    /// Its figures, for comparison by the next.
    pub figures: Value,
    /// The last journal entry of which it tells; the next goes on from here. Acts carry the time at which they began,
    /// so that by time one could fall between two reviews.
    pub seq: u64,
}

/// What becomes of a run where the review already ran for its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It is left out.
    Refused,
    /// It takes the place of the one before, whose words stay kept beside its own.
    Replaces,
}

type Cells = (String, String, i64, i64, String, String, i64);

impl Store {
    /// When each review is due next.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn review_rows(&self) -> Result<Vec<ReviewRow>> {
        let rows: Vec<(String, String, String, i64, i64)> =
            sqlx::query_as("SELECT id, cron, zone, nominal, next_at FROM reviews ORDER BY next_at, id")
                .fetch_all(self.read())
                .await?;
        rows.into_iter()
            .map(|(id, cron, zone, nominal, next_at)| {
                Ok(ReviewRow {
                    id: ReviewId::new(id),
                    cron,
                    zone,
                    nominal: instant(nominal)?,
                    next_at: instant(next_at)?,
                })
            })
            .collect()
    }

    /// Saves rows and removes those of reviews that are gone; their runs stay.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn save_review_rows(&self, rows: &[ReviewRow], gone: &[ReviewId]) -> Result<()> {
        let mut tx = self.begin().await?;
        for row in rows {
            save(&mut tx, row).await?;
        }
        for id in gone {
            sqlx::query("DELETE FROM reviews WHERE id = $1")
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Records a run with its messages, what each recipient was told, and entries, and moves the review on, in one
    /// transaction. Where the review already ran for that local day and may not run again, only `next` is stored and
    /// `false` returned.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn record_run(
        &self,
        run: &ReviewRun,
        repeat: Repeat,
        messages: &[Message],
        kept: &[KeptReview],
        next: Option<&ReviewRow>,
        entries: Vec<Draft>,
    ) -> Result<bool> {
        let sql = match repeat {
            Repeat::Refused => {
                "INSERT INTO runs (review, day, nominal, at, state, figures, seq) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (review, day) DO NOTHING"
            }
            Repeat::Replaces => {
                "INSERT INTO runs (review, day, nominal, at, state, figures, seq) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (review, day) DO UPDATE SET nominal = excluded.nominal, at = excluded.at, \
                 state = excluded.state, figures = excluded.figures, seq = excluded.seq"
            }
        };
        let mut tx = self.begin().await?;
        let new = sqlx::query(sql)
            .bind(run.review.as_str())
            .bind(run.day.to_string())
            .bind(ms(run.nominal))
            .bind(ms(run.at))
            .bind(run.state.as_str())
            .bind(json(&run.figures)?)
            .bind(i64::try_from(run.seq).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?
            .rows_affected()
            > 0;
        if new {
            for message in messages {
                outbox::put_one(&mut tx, message, &[]).await?;
            }
            kept::keep(&mut tx, kept).await?;
            journal::append(&mut tx, entries).await?;
        }
        if let Some(next) = next {
            save(&mut tx, next).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// The run of a review for a local day, however it ended.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn run_of(&self, review: &ReviewId, day: NaiveDate) -> Result<Option<ReviewRun>> {
        let cells: Option<Cells> = sqlx::query_as(
            "SELECT review, day, nominal, at, state, figures, seq FROM runs WHERE review = $1 AND day = $2",
        )
        .bind(review.as_str())
        .bind(day.to_string())
        .fetch_optional(self.read())
        .await?;
        cells.map(run).transpose()
    }

    /// The last run of a review whose messages went out: the one that the next is compared with.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn last_run(&self, review: &ReviewId) -> Result<Option<ReviewRun>> {
        let cells: Option<Cells> = sqlx::query_as(
            "SELECT review, day, nominal, at, state, figures, seq FROM runs WHERE review = $1 AND state = 'sent' \
             ORDER BY at DESC, day DESC LIMIT 1",
        )
        .bind(review.as_str())
        .fetch_optional(self.read())
        .await?;
        cells.map(run).transpose()
    }

    /// The last `limit` runs, of one review or of all, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn runs(&self, review: Option<&ReviewId>, limit: u32) -> Result<Vec<ReviewRun>> {
        let rows: Vec<Cells> = match review {
            Some(review) => {
                sqlx::query_as(
                    "SELECT review, day, nominal, at, state, figures, seq FROM runs WHERE review = $1 \
                     ORDER BY at DESC, day DESC LIMIT $2",
                )
                .bind(review.as_str())
                .bind(i64::from(limit))
                .fetch_all(self.read())
                .await?
            }
            None => sqlx::query_as(
                "SELECT review, day, nominal, at, state, figures, seq FROM runs ORDER BY at DESC, day DESC, review LIMIT $1",
            )
            .bind(i64::from(limit))
            .fetch_all(self.read())
            .await?,
        };
        rows.into_iter().map(run).collect()
    }
}

async fn save(link: &mut Link, row: &ReviewRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO reviews (id, cron, zone, nominal, next_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET cron = excluded.cron, zone = excluded.zone, nominal = excluded.nominal, \
         next_at = excluded.next_at",
    )
    .bind(row.id.as_str())
    .bind(&row.cron)
    .bind(&row.zone)
    .bind(ms(row.nominal))
    .bind(ms(row.next_at))
    .execute(link)
    .await?;
    Ok(())
}

fn run((review, day, nominal, at, state, figures, seq): Cells) -> Result<ReviewRun> {
    Ok(ReviewRun {
        day: word(day)?,
        nominal: instant(nominal)?,
        at: instant(at)?,
        state: word(state)?,
        figures: parse(&format!("the figures of review {review}"), &figures)?,
        seq: u64::try_from(seq).unwrap_or(0),
        review: ReviewId::new(review),
    })
}
