//! The recount of one task: what the journal says was told against what the planner says should have been, and against
//! what the store holds. It trusts none of the marks by which the loops find their work: those are what is checked.
//!
//! What is owed is judged on the present, by the planner and by marks made anew from the journal: so an outage, a moved
//! deadline, another ladder, quiet hours or an absence owe nothing but what the planner itself would still say. What went
//! out is planned again at its own instant, as far back as the configuration in force reaches.

mod book;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::audit::{DISCARDED, Dossier, Finding, FindingKind, HeldNotice};
use crate::domain::id::{LadderId, NoticeId};
use crate::domain::ladder::Ladder;
use crate::domain::message::MessageState;
use crate::domain::notice::{NoticeState, ToldKey};
use crate::domain::people::People;
use crate::rules::calendar::Almanac;
use crate::rules::planner::{self, Ground};

use self::book::Book;

/// What is due has so long to be planned: an act or a load of a moment ago is nothing to be alarmed at.
const GRACE: TimeDelta = TimeDelta::minutes(10);
/// A notice that is due has so long to be put into a message.
const COMPOSED_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What all tasks are recounted by: the configuration in force, and the span.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// Working days and times of day.
    pub almanac: &'a Almanac,
    /// Who and how.
    pub people: &'a People,
    /// By id.
    pub ladders: &'a BTreeMap<LadderId, Ladder>,
    /// What was told from here on is planned again.
    pub from: DateTime<Utc>,
    /// Since when the configuration is in force: what was told before cannot be judged by it.
    pub in_force: DateTime<Utc>,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What the recount of one task gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How many notices its journal tells of.
    pub notices: u64,
    /// How many of them could not be planned again.
    pub unjudged: u64,
}

/// Recounts one task.
#[must_use]
pub fn recount(bench: &Bench<'_>, dossier: &Dossier) -> Recount {
    let book = Book::read(bench, dossier);
    let mut recount = Recount {
        notices: u64::try_from(book.notices.len()).unwrap_or(u64::MAX),
        unjudged: book.unjudged,
        findings: book.extra.clone(),
    };
    let findings = &mut recount.findings;
    if book.state.as_ref() != Some(&dossier.state) {
        let what = "its stored state is not what its journal says";
        findings.push(finding(dossier, FindingKind::Journal, None, None, what));
    }
    rows(bench, dossier, &book, findings);
    twice(dossier, &book, findings);
    marks(dossier, &book, findings);
    owed(bench, dossier, &book, findings);
    findings.sort();
    findings.dedup();
    recount
}

/// What is owed by now, and whether the task would be looked at when something is owed next.
fn owed(bench: &Bench<'_>, dossier: &Dossier, book: &Book, findings: &mut Vec<Finding>) {
    let Some(ladder) = bench.ladders.get(&dossier.task.ladder) else {
        return;
    };
    let ground = Ground {
        task: &dossier.task,
        state: &dossier.state,
        ladder,
        almanac: bench.almanac,
        people: bench.people,
    };
    let alive: BTreeSet<&NoticeId> = dossier
        .notices
        .iter()
        .filter(|held| held.state != NoticeState::Dropped)
        .map(|held| &held.notice.id)
        .collect();
    let due = bench.now - GRACE;
    let is_fresh = book.changed.max(Some(bench.in_force)).is_some_and(|at| at > due);
    if !is_fresh {
        let plan = planner::plan(&ground, &book.told, due, due + TimeDelta::milliseconds(1));
        let missing = plan.notices.iter().filter(|notice| !alive.contains(&notice.id));
        findings.extend(missing.map(|notice| {
            let day = bench.almanac.local(notice.scheduled).format("%Y-%m-%d %H:%M");
            let what = format!("was to be told at {day}: {}", notice.reason);
            let who = format!("{} ({})", notice.recipient.id, notice.recipient.role);
            finding(dossier, FindingKind::Missing, Some(notice.step_name()), Some(who), what)
        }));
    }
    let plan = planner::plan(&ground, &book.told, bench.now, bench.now + TimeDelta::milliseconds(1));
    let next = if plan.notices.is_empty() { plan.next } else { None };
    if let Some(next) = next
        && dossier.next_at.is_none_or(|at| at > next)
    {
        let local = |at: DateTime<Utc>| bench.almanac.local(at).format("%Y-%m-%d %H:%M").to_string();
        let until = dossier
            .next_at
            .map_or_else(|| "something happens to it".to_owned(), local);
        let what = format!(
            "something is to be told at {}, and it sleeps until {until}",
            local(next)
        );
        findings.push(finding(dossier, FindingKind::Asleep, None, None, what));
    }
}

/// Each stored notice stands where it can stand, and each that the journal tells of is stored.
fn rows(bench: &Bench<'_>, dossier: &Dossier, book: &Book, findings: &mut Vec<Finding>) {
    let stored: BTreeSet<&NoticeId> = dossier.notices.iter().map(|held| &held.notice.id).collect();
    for (id, told) in book.notices.iter().filter(|(id, _)| !stored.contains(id)) {
        let what = format!("its notice {id} was planned and is not in the store any more");
        let step = Some(told.step_name.clone());
        findings.push(finding(dossier, FindingKind::Lost, step, Some(told.who.clone()), what));
    }
    for held in &dossier.notices {
        let notice = &held.notice;
        let fault = match book.notices.get(&notice.id) {
            None => Some((
                FindingKind::Extra,
                "its notice is stored, and the journal does not tell of it".to_owned(),
            )),
            Some(told) if !told.is_of(notice) || planner::id_of(notice) != notice.id => Some((
                FindingKind::Extra,
                "its notice is stored otherwise than the journal tells".to_owned(),
            )),
            Some(_) => standing(bench, held),
        };
        if let Some((kind, what)) = fault {
            let who = Some(notice.recipient.id.clone());
            findings.push(finding(dossier, kind, Some(notice.step_name()), who, what));
        }
    }
}

/// What is wrong with where a notice stands.
fn standing(bench: &Bench<'_>, held: &HeldNotice) -> Option<(FindingKind, String)> {
    let message = || {
        held.message
            .as_ref()
            .map_or_else(|| "none".to_owned(), ToString::to_string)
    };
    match (held.state, held.message_state) {
        (NoticeState::Waiting, _) if held.notice.at + COMPOSED_WITHIN < bench.now => {
            Some((FindingKind::Stuck, "its notice is in no message".to_owned()))
        }
        (NoticeState::Queued | NoticeState::Delivered, None) => Some((
            FindingKind::Lost,
            format!("its notice is in a message that is not in the store ({})", message()),
        )),
        (NoticeState::Queued, Some(MessageState::Delivered | MessageState::Dropped)) => Some((
            FindingKind::Stuck,
            format!("its notice waits in message {}, which has ended", message()),
        )),
        (NoticeState::Dropped | NoticeState::Undeliverable, _) if held.why.is_none() => Some((
            FindingKind::Stuck,
            format!("its notice is {} without a reason", held.state.as_str()),
        )),
        _ => None,
    }
}

/// One fact goes to one person once, or at one time by several channels (`via = "all"`).
fn twice(dossier: &Dossier, book: &Book, findings: &mut Vec<Finding>) {
    let mut heard: BTreeMap<_, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for held in dossier
        .notices
        .iter()
        .filter(|held| held.state == NoticeState::Delivered)
    {
        let notice = &held.notice;
        let Some(told) = book.notices.get(&notice.id) else {
            continue;
        };
        let fact = (
            notice.round,
            notice.anchor,
            notice.anchor_value,
            notice.step_name(),
            notice.recipient.id.clone(),
        );
        heard.entry(fact).or_default().insert(told.at);
    }
    for ((_, _, _, step, who), times) in heard.into_iter().filter(|(_, times)| times.len() > 1) {
        let what = format!("told {} times under different ids", times.len());
        findings.push(finding(dossier, FindingKind::Twice, Some(step), Some(who), what));
    }
}

/// What counts as told is what the journal tells: no less, or it is told again; no more, or it is never told.
fn marks(dossier: &Dossier, book: &Book, findings: &mut Vec<Finding>) {
    let stored: BTreeMap<&ToldKey, u32> = dossier.told.iter().map(|told| (&told.key, told.occurrence)).collect();
    for (key, mark) in &book.marks {
        let held = stored.get(key).copied();
        if held.is_some_and(|held| held >= mark.occurrence) || mark.is_hushed || forgotten(dossier, key, mark) {
            continue;
        }
        let what = "it was told, and does not count as told: it might be told again";
        let step = Some(planner::occurrence_name(&key.step, mark.occurrence));
        findings.push(finding(dossier, FindingKind::Mark, step, Some(key.role.clone()), what));
    }
    for told in dossier.told.iter().filter(|told| !book.explains(told)) {
        let what = "it counts as told, and the journal does not tell of it: it would never be told";
        let step = Some(planner::occurrence_name(&told.key.step, told.occurrence));
        let role = Some(told.key.role.clone());
        findings.push(finding(dossier, FindingKind::Mark, step, role, what));
    }
}

/// Whether a mark was taken back with a dropped notice, so that what it meant is planned again.
fn forgotten(dossier: &Dossier, key: &ToldKey, mark: &book::Mark) -> bool {
    dossier.notices.iter().filter(|held| is_forgotten(held)).any(|held| {
        let notice = &held.notice;
        let is_own = notice.step == key.step
            && notice.recipient.role == key.role
            && (notice.round, notice.anchor_value) == (key.round, key.anchor_value)
            && notice.occurrence <= mark.occurrence;
        let covering = planner::covered_for_the_same_person(&notice.step_name());
        is_own || mark.covered.as_ref() == Some(&covering)
    })
}

/// Whether a notice was dropped so that it is planned again where it still holds; a discarded one counts as told.
fn is_forgotten(held: &HeldNotice) -> bool {
    let is_discarded = held.why.as_ref().is_some_and(|why| why.starts_with(DISCARDED));
    held.state == NoticeState::Dropped && !is_discarded
}

fn finding(
    dossier: &Dossier,
    kind: FindingKind,
    step: Option<String>,
    who: Option<String>,
    what: impl Into<String>,
) -> Finding {
    Finding {
        kind,
        task: Some(dossier.task.id.clone()),
        step,
        who,
        what: what.into(),
    }
}
