//! The journal's rows: appended in the transaction of what they tell, read in order, proven from end to end.

use chrono::SecondsFormat;

use crate::domain::id::TaskId;
use crate::domain::journal::{Draft, Entry, FIRST_PREV, canonical};

use super::cell::{instant, ms, parse};
use super::sqlite::{self, Link};
use super::{Instant, Result, Store, StoreError};

/// Entries that `verify` holds in memory at a time.
const PAGE: u32 = 1000;

/// A journal whose chain holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last; 64 zeros where there is none.
    pub head: String,
}

pub(super) type Cells = (i64, i64, Option<String>, String, String, String, String, String);

/// Continues `SELECT … FROM journal`.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT seq, at, task, kind, who, data, prev, hash FROM journal ", $rest)
    };
}

impl Store {
    /// Appends entries that belong to no other change.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn append(&self, entries: Vec<Draft>) -> Result<()> {
        let mut tx = self.begin().await?;
        append(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// At most `limit` entries after the one numbered `after_seq`, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn entries(&self, after_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("WHERE seq > $1 ORDER BY seq LIMIT $2"))
            .bind(i64::try_from(after_seq).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(entry).collect()
    }

    /// All entries of a task, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn entries_of(&self, task: &TaskId) -> Result<Vec<Entry>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("WHERE task = $1 ORDER BY seq"))
            .bind(task.as_str())
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(entry).collect()
    }

    /// All entries of a kind, in order: for kinds of which there are few.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn entries_of_kind(&self, kind: &str) -> Result<Vec<Entry>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("WHERE kind = $1 ORDER BY seq"))
            .bind(kind)
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(entry).collect()
    }

    /// The entries of [from, until), in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn entries_between(&self, from: Instant, until: Instant) -> Result<Vec<Entry>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("WHERE at >= $1 AND at < $2 ORDER BY seq"))
            .bind(ms(from))
            .bind(ms(until))
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(entry).collect()
    }

    /// The last entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn head(&self) -> Result<Option<Entry>> {
        let row: Option<Cells> = sqlx::query_as(select!("ORDER BY seq DESC LIMIT 1"))
            .fetch_optional(self.read())
            .await?;
        row.map(entry).transpose()
    }

    /// Computes the chain again from the first entry to the last.
    ///
    /// # Errors
    ///
    /// [`StoreError::Broken`] at the first entry that does not fit; others where the database fails.
    pub async fn verify(&self) -> Result<Verified> {
        let mut seen = Verified {
            entries: 0,
            head: FIRST_PREV.to_owned(),
        };
        loop {
            let rows: Vec<Cells> = sqlx::query_as(select!("WHERE seq > $1 ORDER BY seq LIMIT $2"))
                .bind(i64::try_from(seen.entries).unwrap_or(i64::MAX))
                .bind(i64::from(PAGE))
                .fetch_all(self.read())
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                prove(row, &mut seen)?;
            }
        }
        self.prove_end(&seen).await?;
        Ok(seen)
    }

    /// The last entry that was written is still there. It may have been followed by others, of an older program.
    async fn prove_end(&self, seen: &Verified) -> Result<()> {
        let Some(head) = self.written_head().await? else {
            return Ok(());
        };
        let broken = |what: &str| StoreError::Broken {
            seq: head.0,
            what: what.to_owned(),
        };
        if head.0 > seen.entries {
            // Written since we began, or cut off.
            return match self.hash_of(head.0).await? {
                Some(_) => Ok(()),
                None => Err(broken("it was written and is missing, with all that followed it")),
            };
        }
        match self.hash_of(head.0).await? {
            Some(hash) if hash == head.1 => Ok(()),
            Some(_) | None => Err(broken("it is another one than was written")),
        }
    }

    /// What was noted of the last entry when it was written: its number and its hash.
    async fn written_head(&self) -> Result<Option<(u64, String)>> {
        let noted: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'head'")
            .fetch_optional(self.read())
            .await?;
        let Some(noted) = noted else { return Ok(None) };
        let head = noted
            .split_once(':')
            .and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.to_owned())));
        head.map(Some).ok_or_else(|| StoreError::Damaged {
            what: "a note of the journal's last entry".to_owned(),
        })
    }

    /// The hash of one entry; none where there is no such entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn hash_of(&self, seq: u64) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT hash FROM journal WHERE seq = $1")
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .fetch_optional(self.read())
            .await?)
    }
}

/// Proves that a row follows what was seen, and moves on.
fn prove(row: Cells, seen: &mut Verified) -> Result<()> {
    let next = seen.entries + 1;
    let found = row.0;
    let broken = |what: String| StoreError::Broken { seq: next, what };
    if i64::try_from(next).ok() != Some(found) {
        return Err(broken(format!("it is missing; the next one is {found}")));
    }
    let written = row.5.clone();
    let entry = entry(row).map_err(|error| broken(error.to_string()))?;
    if canonical(&entry.data) != written {
        return Err(broken("its data is not written as it was".to_owned()));
    }
    if entry.prev != seen.head {
        return Err(broken("it does not follow the entry before it".to_owned()));
    }
    if entry.digest() != entry.hash {
        return Err(broken("its content does not give its hash".to_owned()));
    }
    seen.entries = next;
    seen.head = entry.hash;
    Ok(())
}

/// Gives drafts their places. The head is read within the transaction, because commands in other processes append too.
pub(super) async fn append(link: &mut Link, drafts: Vec<Draft>) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let head: Option<(i64, String)> = sqlx::query_as("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *link)
        .await?;
    let (mut seq, mut prev) = match head {
        Some((seq, hash)) => (u64::try_from(seq).unwrap_or(0), hash),
        None => (0, FIRST_PREV.to_owned()),
    };
    let mut entries = Vec::with_capacity(drafts.len());
    for draft in drafts {
        seq += 1;
        let at = ms(draft.at);
        // What is read back has milliseconds; the hash must not depend on more.
        let entry = Entry::chain(
            Draft {
                at: instant(at)?,
                ..draft
            },
            seq,
            &prev,
        );
        prev.clone_from(&entry.hash);
        entries.push((at, entry));
    }
    sqlite::insert_entries(link, &entries).await?;
    // Beside the chain, so that an entry cut off its end is missed.
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES ('head', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(format!("{seq}:{prev}"))
    .execute(link)
    .await?;
    Ok(())
}

pub(super) fn entry((seq, at, task, kind, by, data, prev, hash): Cells) -> Result<Entry> {
    Ok(Entry {
        seq: u64::try_from(seq).unwrap_or(0),
        at: instant(at)?.to_rfc3339_opts(SecondsFormat::Millis, true),
        task: task.map(TaskId::new),
        kind,
        by,
        data: parse(&format!("journal entry {seq}"), &data)?,
        prev,
        hash,
    })
}
