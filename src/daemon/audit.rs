//! The self-audit (自查): once a day what should have been sent is counted again against what was, independently of the
//! marks by which the loops find their work.
//!
//! The office hears of problems at once, and that all is well as often as it wants to; a dead man's switch is called only
//! when the count is clean. A day that was missed is made up for once. The count only looks; what it found is one entry of
//! the journal.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use crate::channel::beat;
use crate::config::{Config, Report};
use crate::daemon::clock_watch::CORRECTION_MAX;
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::audit::{Audit, Finding, FindingKind};
use crate::domain::journal::{Draft, Entry};
use crate::domain::message::MessageState;
use crate::domain::system::{AuditProblem, SystemWord};
use crate::rules::audit::{self, Bench};
use crate::store::{LaneRow, OpenMessage, QueueBatch, Store, StoreError};

/// The kind of the entries that tell what was found.
const KIND: &str = "audit";
/// The kind of the entries by which somebody accepts findings.
pub const ACCEPTED: &str = "audit-accepted";
/// The family of causes under which the office is told of problems.
const CAUSE: &str = "audit";
/// What was sent is planned again no further back.
const BACK_MAX: TimeDelta = TimeDelta::days(400);
/// A message may be so long past its time on a channel where nothing moves …
const STILL: TimeDelta = TimeDelta::hours(1);
/// … on one where answers were recorded within this time, it may just be its turn later …
const MOVING: TimeDelta = TimeDelta::minutes(15);
/// … but not longer than this.
const TURN_MAX: TimeDelta = TimeDelta::days(1);
/// So many findings are named to the office.
const NAMED_MAX: usize = 100;

impl Engine {
    /// Where the day's instant has come: forgets what was said long ago, and does the self-audit.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn nightly_due(&self, now: DateTime<Utc>) -> Result<Option<Audit>, DaemonError> {
        if !self.is_nightly_due(now).await? {
            return Ok(None);
        }
        self.forget_due(now).await?;
        self.audit(now).await.map(Some)
    }

    /// Whether the day's instant has come. While planning is held, what is not sent is not missing; the day is made up for
    /// afterwards.
    pub(super) async fn is_nightly_due(&self, now: DateTime<Utc>) -> Result<bool, DaemonError> {
        Ok(self.health().standing().held.is_none() && self.is_audit_due(now).await?)
    }

    async fn is_audit_due(&self, now: DateTime<Utc>) -> Result<bool, DaemonError> {
        let last = match self.store.last_of_kind(KIND).await? {
            Some(entry) => Some(entry),
            None => self.store.entries(0, 1).await?.pop(),
        };
        let Some(last) = last.and_then(|entry| entry.at.parse::<DateTime<Utc>>().ok()) else {
            return Ok(false);
        };
        // By a clock that was ahead.
        if last > now + CORRECTION_MAX {
            return Ok(true);
        }
        let almanac = &self.config.almanac;
        let on = |day: chrono::NaiveDate| almanac.instant(day.and_time(self.config.audit.at));
        let same_day = on(almanac.today(last));
        let next = if same_day > last {
            same_day
        } else {
            on(almanac.today(last) + chrono::Days::new(1))
        };
        Ok(next <= now)
    }

    /// Counts again, tells who is to be told, and writes it in the journal.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn audit(&self, now: DateTime<Utc>) -> Result<Audit, DaemonError> {
        let audit = self.count(now).await?;
        self.tell_of_count(&audit, now).await?;
        Ok(audit)
    }

    /// Counts again; only looks.
    pub(super) async fn count(&self, now: DateTime<Utc>) -> Result<Audit, DaemonError> {
        let from = last_clean(&self.store).await?;
        recount(&self.store, &self.config, now, from).await
    }

    /// Tells who is to be told how the count came out, and writes it in the journal.
    pub(super) async fn tell_of_count(&self, audit: &Audit, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let before = self.store.last_of_kind(KIND).await?;
        let is_told = self.tell_of_problems(audit, now).await?;
        let letters = if !is_told && self.is_line_due(before.as_ref(), now) {
            self.office_letters("audit", &line(audit), None, now)
        } else {
            Vec::new()
        };
        let batch = QueueBatch {
            messages: letters,
            entries: vec![Draft {
                at: now,
                task: None,
                kind: KIND.to_owned(),
                by: BY.to_owned(),
                data: audit.data(),
            }],
            ..QueueBatch::default()
        };
        self.store.queue(now, batch).await?;
        if audit.is_clean() {
            tracing::info!(
                "the self-audit is clean: {} tasks, {} notices, {} entries",
                audit.tasks,
                audit.notices,
                audit.entries
            );
            self.beat().await;
        } else {
            tracing::error!(
                "the self-audit found {} problems; `duban audit` tells each",
                audit.findings.len()
            );
        }
        Ok(())
    }

    /// Tells the office of problems that it was not told of, and that there are none any more. Whether it was told now.
    async fn tell_of_problems(&self, audit: &Audit, now: DateTime<Utc>) -> Result<bool, DaemonError> {
        let causes = self.store.causes().await?;
        let open: Vec<String> = causes
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.split(':').next() == Some(CAUSE))
            .collect();
        if audit.is_clean() {
            let word = clean(audit, true);
            self.tell_turn(None, &open, &word, now).await?;
            return Ok(!open.is_empty());
        }
        let keys: Vec<String> = audit.findings.iter().map(Finding::key).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let set = crate::rules::compose::message_id(crate::domain::message::MessageKind::System, &keys);
        let cause = format!("{CAUSE}:{set}");
        let is_known = open.contains(&cause);
        self.tell_turn(Some(&cause), &open, &problems(audit, false), now)
            .await?;
        Ok(!is_known)
    }

    /// Whether the office hears today how the count came out.
    fn is_line_due(&self, before: Option<&Entry>, now: DateTime<Utc>) -> bool {
        let almanac = &self.config.almanac;
        let week = |at: DateTime<Utc>| almanac.today(at).iso_week();
        let last = before.and_then(|entry| entry.at.parse::<DateTime<Utc>>().ok());
        match self.config.audit.report {
            Report::Daily => true,
            Report::Weekly => last.is_none_or(|last| week(last) != week(now)),
            Report::Problems => false,
        }
    }

    async fn beat(&self) {
        let Some(url) = &self.config.audit.heartbeat else {
            return;
        };
        match beat::beat(url).await {
            Ok(()) => tracing::info!("the heartbeat of the self-audit was called"),
            Err(why) => tracing::warn!("the heartbeat of the self-audit could not be called: {why}"),
        }
    }
}

/// When the last clean count was; none where there was none yet.
///
/// # Errors
/// Where the store fails.
pub async fn last_clean(store: &Store) -> Result<Option<DateTime<Utc>>, DaemonError> {
    let all = store.entries_of_kind(KIND).await?;
    let is_clean = |entry: &&Entry| entry.data.get("clean").and_then(serde_json::Value::as_bool) == Some(true);
    let last = all.iter().rev().find(is_clean);
    Ok(last.and_then(|entry| entry.at.parse().ok()))
}

/// Since when the configuration is in force that stands in the store; where it changes during a count, that count is by
/// another one and means nothing.
///
/// # Errors
/// Where the store fails.
pub async fn in_force_since(store: &Store) -> Result<DateTime<Utc>, DaemonError> {
    Ok(store.last_load().await?.map_or(DateTime::UNIX_EPOCH, |(at, _)| at))
}

/// Counts again; only looks. What was sent is planned again from `from` on, else as far back as can be.
///
/// # Errors
/// Where the store fails; what cannot be read in it is a finding.
pub async fn recount(
    store: &Store,
    config: &Config,
    now: DateTime<Utc>,
    from: Option<DateTime<Utc>>,
) -> Result<Audit, DaemonError> {
    let from = from
        .filter(|from| *from <= now)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .max(now - BACK_MAX);
    let mut audit = Audit {
        from: Some(from),
        ..Audit::default()
    };
    let mut findings = Vec::new();
    match store.verify().await {
        Ok(verified) => {
            audit.entries = verified.entries;
            audit.head = (verified.entries, verified.head);
        }
        Err(error) => findings.push(unreadable(error)?),
    }
    let in_force = in_force_since(store).await?;
    let bench = Bench {
        almanac: &config.almanac,
        people: &config.people,
        ladders: &config.ladders,
        from,
        in_force,
        now,
    };
    for id in store.task_ids().await? {
        match store.dossier(&id).await {
            Ok(Some(dossier)) => {
                let recount = audit::recount(&bench, &dossier);
                audit.tasks += 1;
                audit.notices += recount.notices;
                audit.unjudged += recount.unjudged;
                findings.extend(recount.findings);
            }
            Ok(None) => {}
            Err(error) => findings.push(Finding {
                task: Some(id),
                ..unreadable(error)?
            }),
        }
        // The loops go first.
        tokio::task::yield_now().await;
    }
    outbox(store, from, now, &mut findings).await?;
    let accepted = accepted(store).await?;
    let found = findings.len();
    findings.retain(|finding| !accepted.contains(&finding.key()));
    audit.accepted = u64::try_from(found - findings.len()).unwrap_or(u64::MAX);
    findings.sort_by_key(|finding| {
        let kind = FindingKind::ALL.iter().position(|kind| *kind == finding.kind);
        (kind, finding.clone())
    });
    findings.dedup();
    audit.findings = findings;
    Ok(audit)
}

/// What the store holds and cannot be read is a finding; that it cannot be asked at all is an error.
fn unreadable(error: StoreError) -> Result<Finding, DaemonError> {
    let is_finding = matches!(
        error,
        StoreError::Broken { .. } | StoreError::Damaged { .. } | StoreError::Corrupt(_)
    );
    if is_finding {
        Ok(Finding::of_all(FindingKind::Journal, error.to_string()))
    } else {
        Err(error.into())
    }
}

async fn accepted(store: &Store) -> Result<BTreeSet<String>, DaemonError> {
    let entries = store.entries_of_kind(ACCEPTED).await?;
    let keys = entries
        .iter()
        .filter_map(|entry| entry.data.get("findings")?.as_array());
    Ok(keys
        .flatten()
        .filter_map(|key| key.as_str().map(str::to_owned))
        .collect())
}

/// What holds of the outbox as a whole.
async fn outbox(
    store: &Store,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) -> Result<(), DaemonError> {
    for id in store.lost_messages(from).await? {
        let what = format!("message {id} was sent or given up, and is not in the store any more");
        findings.push(Finding::of_all(FindingKind::Lost, what));
    }
    for id in store.untold_deliveries(from).await? {
        let what = format!("message {id} counts as delivered, and the journal does not tell of it");
        findings.push(Finding::of_all(FindingKind::Extra, what));
    }
    for id in store.lost_tasks().await? {
        findings.push(Finding {
            task: Some(id),
            ..Finding::of_all(FindingKind::Lost, "it has entries or notices and is not stored")
        });
    }
    let overdue = store.overdue_messages(now - STILL).await?;
    if overdue.is_empty() {
        return Ok(());
    }
    let lanes = store.lanes().await?;
    let moving = store.last_attempts(now - MOVING).await?;
    for message in &overdue {
        let is_moving = moving.contains_key(&message.channel) && message.next_attempt > now - TURN_MAX;
        if !is_moving && !waits_for_lane(message, &lanes, now) {
            let state = if message.state == MessageState::Sending {
                "is being sent since long"
            } else {
                "waits"
            };
            let what = format!(
                "message {} by channel {} {state}, and was to be tried at {}",
                message.id, message.channel, message.next_attempt
            );
            findings.push(Finding {
                who: Some(message.recipient.clone()),
                ..Finding::of_all(FindingKind::Stuck, what)
            });
        }
    }
    Ok(())
}

/// Whether its channel is stopped or paused, and is tried again in time.
fn waits_for_lane(message: &OpenMessage, lanes: &[LaneRow], now: DateTime<Utc>) -> bool {
    lanes.iter().filter(|lane| lane.channel == message.channel).any(|lane| {
        let stopped = lane.next_try.filter(|_| lane.stopped_since.is_some());
        stopped.max(lane.paused_until).is_some_and(|until| until > now - STILL)
    })
}

fn line(audit: &Audit) -> SystemWord {
    if audit.is_clean() {
        clean(audit, false)
    } else {
        problems(audit, true)
    }
}

fn clean(audit: &Audit, mended: bool) -> SystemWord {
    SystemWord::AuditClean {
        tasks: small(audit.tasks),
        notices: small(audit.notices),
        entries: small(audit.entries),
        mended,
    }
}

fn problems(audit: &Audit, again: bool) -> SystemWord {
    let problems = audit.findings.iter().take(NAMED_MAX).map(|finding| AuditProblem {
        kind: finding.kind,
        task: finding.task.as_ref().map(ToString::to_string),
        step: finding.step.clone(),
        who: finding.who.clone(),
    });
    SystemWord::AuditProblems {
        problems: problems.collect(),
        total: u32::try_from(audit.findings.len()).unwrap_or(u32::MAX),
        again,
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
