//! A task's journal read from its first entry to its last: what it was told of, and what follows from that.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::audit::{Dossier, Finding, FindingKind};
use crate::domain::id::NoticeId;
use crate::domain::journal::Entry;
use crate::domain::ladder::{Anchor, Level};
use crate::domain::notice::{Notice, Told, ToldKey};
use crate::domain::task::TaskState;
use crate::rules::audit::{Bench, finding, is_forgotten};
use crate::rules::planner::{self, Ground, QUIET, ToldBook};
use crate::rules::progress;

/// A notice that the journal tells of.
#[derive(Clone, Debug)]
pub(super) struct ToldNotice {
    /// When it was planned, last.
    pub(super) at: DateTime<Utc>,
    pub(super) step_name: String,
    pub(super) who: String,
    channel: String,
}

impl ToldNotice {
    /// Whether it is that stored notice.
    pub(super) fn is_of(&self, notice: &Notice) -> bool {
        self.step_name == notice.step_name()
            && self.who == notice.recipient.id
            && self.channel == notice.channel.as_str()
    }
}

/// Up to which occurrence one step counts as told to one role.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) occurrence: u32,
    /// Why it was covered; none: it was sent.
    pub(super) covered: Option<String>,
    /// Whether it lay in the past of a quiet first load.
    pub(super) is_hushed: bool,
}

/// What a task's journal tells.
#[derive(Default)]
pub(super) struct Book {
    /// The state that follows from it.
    pub(super) state: Option<TaskState>,
    /// When something last happened to the task.
    pub(super) changed: Option<DateTime<Utc>>,
    pub(super) notices: BTreeMap<NoticeId, ToldNotice>,
    /// What counts as told: all but what was dropped to be planned again.
    pub(super) told: ToldBook,
    pub(super) marks: BTreeMap<ToldKey, Mark>,
    /// What was ever told, dropped or not.
    ever: ToldBook,
    /// What the planner would not have told.
    pub(super) extra: Vec<Finding>,
    pub(super) unjudged: u64,
    /// What the planner says was to be told at the instant of the last entries.
    group: Option<(DateTime<Utc>, Vec<NoticeId>)>,
}

impl Book {
    /// Reads it.
    pub(super) fn read(bench: &Bench<'_>, dossier: &Dossier) -> Self {
        let mut book = Self::default();
        for entry in &dossier.entries {
            let Ok(at) = entry.at.parse::<DateTime<Utc>>() else {
                continue;
            };
            match entry.kind.as_str() {
                "notice" => book.notice(bench, dossier, entry, at),
                "covered" => book.cover(bench, dossier, entry, at),
                "hushed" => book.hush(bench, dossier, at),
                _ => {
                    if let Some(fact) = entry.fact() {
                        book.state = progress::apply(book.state.take(), &fact, at);
                        book.changed = Some(at);
                        book.group = None;
                    }
                }
            }
        }
        book
    }

    /// Whether the journal tells why something counts as told.
    pub(super) fn explains(&self, told: &Told) -> bool {
        // The notice of a reopening without a deadline settles what lay before it too.
        let is_reopening = told.key.round > 0 && told.key.anchor == Anchor::Due;
        told.reason == QUIET || (self.ever.mark(&told.key)).is_some_and(|mark| mark >= told.occurrence || is_reopening)
    }

    fn notice(&mut self, bench: &Bench<'_>, dossier: &Dossier, entry: &Entry, at: DateTime<Utc>) {
        let text = |name: &str| {
            entry
                .data
                .get(name)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
        };
        let id = NoticeId::new(text("id"));
        let step_name = text("step").to_owned();
        let who = text("recipient").to_owned();
        let planned_for = text("at").parse::<DateTime<Utc>>().ok();
        self.judge(bench, dossier, at);
        let is_again = self.notices.contains_key(&id);
        let fault = match &self.group {
            _ if planned_for.is_none_or(|planned_for| planned_for > at) => Some("it was told before its time"),
            Some((_, planned)) if !is_again && !planned.contains(&id) => {
                Some("it was told, and by the configuration in force it was not to be")
            }
            Some(_) | None => None,
        };
        // What comes while it is counted is looked at the next time.
        let is_in_span = (bench.from..=bench.now).contains(&at);
        if is_in_span && let Some(what) = fault {
            let step = Some(step_name.clone());
            let extra = finding(dossier, FindingKind::Extra, step, Some(who.clone()), what);
            self.extra.push(extra);
        }
        if is_in_span && self.group.is_none() {
            self.unjudged += 1;
        }
        let is_dropped = dossier
            .notices
            .iter()
            .any(|held| held.notice.id == id && is_forgotten(held));
        if let Some((key, occurrence)) = self.key(&step_name, text("role")) {
            let level = level(entry);
            self.ever.note(key.clone(), occurrence, level);
            if !is_dropped {
                self.mark(key, occurrence, level, None, false);
            }
        }
        let told = ToldNotice {
            at,
            step_name,
            who,
            channel: text("channel").to_owned(),
        };
        self.notices.insert(id, told);
    }

    fn cover(&mut self, bench: &Bench<'_>, dossier: &Dossier, entry: &Entry, at: DateTime<Utc>) {
        let text = |name: &str| {
            entry
                .data
                .get(name)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
        };
        self.judge(bench, dossier, at);
        let number = entry.data.get("occurrence").and_then(serde_json::Value::as_u64);
        let occurrence = number.and_then(|number| u32::try_from(number).ok()?.checked_sub(1));
        if let (Some((key, _)), Some(occurrence)) = (self.key(text("step"), text("role")), occurrence) {
            let level = level(entry);
            self.ever.note(key.clone(), occurrence, level);
            self.mark(key, occurrence, level, Some(text("reason").to_owned()), false);
        }
    }

    /// What lay in the past of a quiet first load counts as told; by the present ladder, which is what matters now.
    fn hush(&mut self, bench: &Bench<'_>, dossier: &Dossier, at: DateTime<Utc>) {
        let quieted = self
            .ground(bench, dossier)
            .map(|ground| planner::quieted(&ground, at))
            .unwrap_or_default();
        for told in quieted {
            self.ever.note(told.key.clone(), told.occurrence, told.level);
            self.mark(told.key, told.occurrence, told.level, Some(told.reason), true);
        }
    }

    fn mark(&mut self, key: ToldKey, occurrence: u32, level: Level, covered: Option<String>, is_hushed: bool) {
        self.told.note(key.clone(), occurrence, level);
        let mark = Mark {
            occurrence,
            covered,
            is_hushed,
        };
        let known = self.marks.entry(key).or_insert_with(|| mark.clone());
        if mark.occurrence > known.occurrence {
            *known = mark;
        }
    }

    /// Plans again what was told at an instant, where the configuration in force reaches back so far.
    fn judge(&mut self, bench: &Bench<'_>, dossier: &Dossier, at: DateTime<Utc>) {
        if at < bench.from.max(bench.in_force) {
            self.group = None;
            return;
        }
        if self.group.as_ref().is_some_and(|(known, _)| *known == at) {
            return;
        }
        let mut planned = Vec::new();
        if let Some(ground) = self.ground(bench, dossier) {
            // What was dropped since may have counted as told then, or not.
            for told in [&self.told, &self.ever] {
                let plan = planner::plan(&ground, told, at, at + TimeDelta::milliseconds(1));
                planned.extend(plan.notices.into_iter().map(|notice| notice.id));
            }
        }
        self.group = Some((at, planned));
    }

    fn ground<'a>(&'a self, bench: &Bench<'a>, dossier: &'a Dossier) -> Option<Ground<'a>> {
        Some(Ground {
            task: &dossier.task,
            state: self.state.as_ref()?,
            ladder: bench.ladders.get(&dossier.task.ladder)?,
            almanac: bench.almanac,
            people: bench.people,
        })
    }

    /// What a step's name meant in the state that the task was in.
    fn key(&self, step_name: &str, role: &str) -> Option<(ToldKey, u32)> {
        let state = self.state.as_ref()?;
        let (step, occurrence) = match step_name.rsplit_once('#') {
            Some((step, number)) => (step, number.parse::<u32>().ok()?.checked_sub(1)?),
            None => (step_name, 0),
        };
        let anchor = Anchor::ALL
            .into_iter()
            .find(|anchor| step.starts_with(anchor.as_str()))?;
        let key = ToldKey {
            round: state.round,
            anchor,
            anchor_value: planner::stored_anchor(state, anchor)?,
            step: step.to_owned(),
            role: role.to_owned(),
        };
        Some((key, occurrence))
    }
}

fn level(entry: &Entry) -> Level {
    let named = entry.data.get("level").cloned();
    named
        .and_then(|level| serde_json::from_value(level).ok())
        .unwrap_or(Level::Remind)
}
