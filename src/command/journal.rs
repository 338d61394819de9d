//! `duban journal`: proves the chain and what follows from it, and writes it out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::command::Failure;
use crate::command::cli::JournalView;
use crate::command::desk::{Place, failed, hinted};
use crate::command::table::TableError;
use crate::domain::id::TaskId;
use crate::domain::journal::Entry;
use crate::domain::task::TaskState;
use crate::rules::calendar::Almanac;
use crate::rules::progress;
use crate::rules::record::{Period, Records};
use crate::store::{Access, Store};

/// Entries held in memory at a time.
const PAGE: u32 = 1000;
/// A task that a daemon changes while we look is looked at so many times.
const LOOKS: u32 = 5;
/// So many letters of a hash tell it from another.
const HEAD_LETTERS_MIN: usize = 8;
/// So many tasks that do not follow are named.
const NAMED_MAX: usize = 20;

pub(super) async fn journal(flag: Option<&Path>, view: JournalView) -> Result<(), Failure> {
    let store = Place::find(flag)?.open(Access::Look).await?;
    match view {
        JournalView::Verify(args) => verify(&store, &args.head).await,
        JournalView::Export => export(&store).await,
    }
}

async fn verify(store: &Store, heads: &[String]) -> Result<(), Failure> {
    let verified = store.verify().await.map_err(failed)?;
    for head in heads {
        contains(store, head).await?;
    }
    let (tasks, wrong) = folded(store).await?;
    if !wrong.is_empty() {
        let mut lines = wrong.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("\n  ");
        if wrong.len() > NAMED_MAX {
            lines.push_str(&format!("\n  … and {} more", wrong.len() - NAMED_MAX));
        }
        return Err(Failure::Failed(anyhow::anyhow!(
            "the journal's chain holds, but what is stored does not follow from it:\n  {lines}"
        )));
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "the journal holds: {} entries, {tasks} tasks follow from them, head {}",
        verified.entries, verified.head
    )?;
    Ok(())
}

/// The chain contains an entry that was written down elsewhere.
async fn contains(store: &Store, head: &str) -> Result<(), Failure> {
    let parsed = head.split_once(':').and_then(|(seq, hash)| {
        let hash = hash.trim().to_ascii_lowercase();
        let is_hash =
            (HEAD_LETTERS_MIN..=64).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((seq.trim().parse::<u64>().ok()?, hash)).filter(|_| is_hash)
    });
    let Some((seq, hash)) = parsed else {
        return Err(Failure::NotUnderstood(anyhow::anyhow!(
            "`{head}` is no head of a journal\n  hint: write SEQ:HASH with at least {HEAD_LETTERS_MIN} letters of the hash, as the weekly mail has it"
        )));
    };
    match store.hash_of(seq).await.map_err(failed)? {
        Some(found) if found.starts_with(&hash) => Ok(()),
        Some(found) => Err(hinted(
            &format!("the journal does not contain {head}: its entry {seq} has the hash {found}"),
            "the chain was made anew since that head was written down: compare with a backup from before",
        )),
        None => Err(hinted(
            &format!("the journal does not contain {head}: it has no entry {seq}"),
            "it was cut, or an older backup was put back: `duban journal export | grep store-restored` tells",
        )),
    }
}

/// Folds every task again and compares. How many tasks there are, and which of them do not follow.
async fn folded(store: &Store) -> Result<(usize, Vec<String>), Failure> {
    let mut states: BTreeMap<TaskId, Option<TaskState>> = BTreeMap::new();
    let mut seen = 0;
    loop {
        let page = store.entries(seen, PAGE).await.map_err(failed)?;
        let Some(last) = page.last() else { break };
        seen = last.seq;
        for entry in &page {
            if let Some(task) = &entry.task {
                let state = states.entry(task.clone()).or_default();
                *state = applied(state.take(), entry);
            }
        }
    }
    let stored = store.tasks().await.map_err(failed)?;
    let mut wrong = Vec::new();
    for task in &stored {
        let id = &task.task.id;
        let follows = states.remove(id).flatten().as_ref() == Some(&task.state);
        if !follows && !follows_when_still(store, id).await? {
            wrong.push(format!("task {id}: its stored state is not what its entries say"));
        }
    }
    // What is left has entries of a task but no row; one that was loaded just now has both.
    for (id, state) in states {
        if state.is_some() && store.task(&id).await.map_err(failed)?.is_none() {
            wrong.push(format!("task {id}: it has entries and is not stored"));
        }
    }
    Ok((stored.len(), wrong))
}

/// The same for one task, until nobody changed it meanwhile.
async fn follows_when_still(store: &Store, id: &TaskId) -> Result<bool, Failure> {
    for _ in 0..LOOKS {
        let before = store.task(id).await.map_err(failed)?;
        let entries = store.entries_of(id).await.map_err(failed)?;
        let after = store.task(id).await.map_err(failed)?;
        let state = entries.iter().fold(None, applied);
        let stored = before.map(|stored| stored.state);
        if stored == after.map(|stored| stored.state) {
            return Ok(stored == state);
        }
    }
    Ok(false)
}

/// The state after an entry; entries that hold no fact change nothing.
fn applied(state: Option<TaskState>, entry: &Entry) -> Option<TaskState> {
    match (entry.fact(), entry.at.parse::<DateTime<Utc>>()) {
        (Some(fact), Ok(at)) => progress::apply(state, &fact, at),
        (Some(_) | None, _) => state,
    }
}

/// What the journal records of every task up to the end of a period.
pub(super) async fn records<'a>(store: &Store, period: Period, almanac: &'a Almanac) -> Result<Records<'a>, Failure> {
    let mut records = Records::new(period, almanac);
    let mut seen = 0;
    loop {
        let page = store.entries(seen, PAGE).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(records) };
        seen = last.seq;
        for entry in &page {
            records.read(entry);
        }
    }
}

async fn export(store: &Store) -> Result<(), Failure> {
    let mut seen = 0;
    loop {
        let page = store.entries(seen, PAGE).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(()) };
        seen = last.seq;
        let mut out = io::stdout().lock();
        for entry in &page {
            let line = serde_json::to_string(entry).map_err(TableError::Json)?;
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
}
