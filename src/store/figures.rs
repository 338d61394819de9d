//! The store in numbers, for those who watch the daemon: asked often, so that every question but the census is answered
//! from an index, and nothing is read of what is done and over.

use serde_json::Value;

use crate::domain::audit::FindingKind;
use crate::domain::id::{ChannelId, ReviewId};
use crate::domain::message::MessageState;
use crate::domain::task::Phase;
use crate::domain::when::When;

use super::cell::{instant, maybe_instant, ms, parse, word};
use super::{Instant, Result, Store, sqlite};

/// How many of something there are, and since when the oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// The instant of the oldest; none where there are none.
    pub oldest: Option<Instant>,
}

/// The store in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Tasks whose instant has come and that are not planned yet.
    pub tasks_due: Pile,
    /// Notices whose time has come and that no message carries yet.
    pub notices_due: Pile,
    /// Messages that wait, are being sent, or could not be delivered, of each channel that ever had one.
    pub messages: Vec<(ChannelId, MessageState, Pile)>,
    /// Channels that are stopped, and since when.
    pub stopped: Vec<(ChannelId, Instant)>,
    /// Entries of the journal, which is the number of the last.
    pub journal_entries: u64,
    /// When the last one was written.
    pub journal_last: Option<Instant>,
    /// What the files of the store take; none for one in memory.
    pub size_bytes: Option<u64>,
    /// The last self-audit.
    pub audit: Option<Audited>,
    /// Reviews, each with when one was last sent and when the next is due.
    pub reviews: Vec<(ReviewId, Option<Instant>, Option<Instant>)>,
}

impl Figures {
    /// The states of messages that are not over.
    pub const UNFINISHED: [MessageState; 3] = [
        MessageState::Waiting,
        MessageState::Sending,
        MessageState::Undeliverable,
    ];
}

/// What a self-audit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When it was written down.
    pub at: Instant,
    /// Whether everything was as it should be.
    pub clean: bool,
    /// How many of each kind it found.
    pub found: [(FindingKind, u64); FindingKind::ALL.len()],
}

/// Tasks that stand alike: one row of the census.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Where they stand.
    pub standing: Phase,
    /// Their deadline, as long as it matters for their light.
    pub due: Option<When>,
    /// How many they are.
    pub count: u64,
}

impl Store {
    /// The store in numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn figures(&self, now: Instant) -> Result<Figures> {
        let (journal_entries, journal_last) = self.journal_end().await?;
        Ok(Figures {
            tasks_due: self
                .pile("SELECT COUNT(*), MIN(next_at) FROM tasks WHERE next_at <= $1", now)
                .await?,
            notices_due: self
                .pile(
                    "SELECT COUNT(*), MIN(at) FROM notices WHERE state = 'waiting' AND at <= $1",
                    now,
                )
                .await?,
            messages: self.unfinished_messages().await?,
            stopped: self
                .lanes()
                .await?
                .into_iter()
                .filter_map(|lane| Some((lane.channel, lane.stopped_since?)))
                .collect(),
            journal_entries,
            journal_last,
            size_bytes: self.size_bytes(),
            audit: self.last_audit().await?,
            reviews: self.review_times().await?,
        })
    }

    /// How many tasks stand alike. Reads every task: ask it seldom.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn census(&self) -> Result<Vec<Alike>> {
        let rows = sqlite::census(self.read()).await?;
        rows.into_iter()
            .map(|(standing, due, count)| {
                Ok(Alike {
                    standing: word(standing)?,
                    due: due.map(word).transpose()?,
                    count: natural(count),
                })
            })
            .collect()
    }

    async fn pile(&self, sql: &'static str, now: Instant) -> Result<Pile> {
        let (count, oldest): (i64, Option<i64>) = sqlx::query_as(sql).bind(ms(now)).fetch_one(self.read()).await?;
        Ok(Pile {
            count: natural(count),
            oldest: maybe_instant(oldest)?,
        })
    }

    /// Steps from channel to channel by the index, so that the many messages that were delivered are not read.
    async fn unfinished_messages(&self) -> Result<Vec<(ChannelId, MessageState, Pile)>> {
        let rows: Vec<(String, String, i64, Option<i64>)> = sqlx::query_as(
            "WITH RECURSIVE lane (channel) AS ( \
               SELECT MIN(channel) FROM messages \
               UNION ALL \
               SELECT (SELECT MIN(channel) FROM messages WHERE channel > lane.channel) FROM lane \
               WHERE lane.channel IS NOT NULL), \
             standing (state) AS (VALUES ('waiting'), ('sending'), ('undeliverable')) \
             SELECT lane.channel, standing.state, COUNT(m.created), MIN(m.created) \
             FROM lane CROSS JOIN standing \
             LEFT JOIN messages m ON m.channel = lane.channel AND m.state = standing.state \
             WHERE lane.channel IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(channel, state, count, oldest)| {
                let pile = Pile {
                    count: natural(count),
                    oldest: maybe_instant(oldest)?,
                };
                Ok((ChannelId::new(channel), word(state)?, pile))
            })
            .collect()
    }

    async fn journal_end(&self) -> Result<(u64, Option<Instant>)> {
        let last: Option<(i64, i64)> = sqlx::query_as("SELECT seq, at FROM journal ORDER BY seq DESC LIMIT 1")
            .fetch_optional(self.read())
            .await?;
        match last {
            Some((seq, at)) => Ok((natural(seq), Some(instant(at)?))),
            None => Ok((0, None)),
        }
    }

    async fn last_audit(&self) -> Result<Option<Audited>> {
        let last: Option<(i64, String)> = sqlx::query_as(
            "SELECT at, data FROM journal WHERE kind = 'audit' AND task IS NULL ORDER BY at DESC, seq DESC LIMIT 1",
        )
        .fetch_optional(self.read())
        .await?;
        let Some((at, data)) = last else { return Ok(None) };
        let data: Value = parse("an entry of an audit", &data)?;
        let number = |key: &str| data.get(key).and_then(Value::as_u64).unwrap_or_default();
        Ok(Some(Audited {
            at: instant(at)?,
            // What does not say that all is well is no proof that it is.
            clean: data.get("clean").and_then(Value::as_bool).unwrap_or_default(),
            found: FindingKind::ALL.map(|kind| (kind, number(kind.as_str()))),
        }))
    }

    async fn review_times(&self) -> Result<Vec<(ReviewId, Option<Instant>, Option<Instant>)>> {
        let rows: Vec<(String, Option<i64>, i64)> = sqlx::query_as(
            "SELECT id, (SELECT MAX(at) FROM runs WHERE review = id AND state = 'sent'), next_at FROM reviews ORDER BY id",
        )
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(id, sent, next)| Ok((ReviewId::new(id), maybe_instant(sent)?, Some(instant(next)?))))
            .collect()
    }

    /// The file and the log that is not folded into it yet.
    fn size_bytes(&self) -> Option<u64> {
        let path = self.path()?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let file = std::fs::metadata(path).ok()?.len();
        Some(file + std::fs::metadata(log).map_or(0, |log| log.len()))
    }
}

/// A count, which is never below zero.
fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
