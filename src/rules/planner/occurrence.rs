//! When a step speaks: its occurrences, and which of them are due for a role.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::domain::ladder::{Anchor, Level, Role, Step};
use crate::domain::notice::ToldKey;
use crate::domain::task::Phase;
use crate::domain::when::When;
use crate::rules::planner::{
    Anchored, Ground, OCCURRENCES_MAX, REOPENING_ROLES, StepStanding, ToldBook, anchored, is_reopening_step,
    is_settled, reason,
};
use crate::rules::roles;

/// A late notice goes out more than this after its instant.
pub(super) const LATE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// One occurrence of a step: when it speaks, and how that came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// From 0.
    pub k: u32,
    /// When it goes out, quiet hours applied.
    pub at: DateTime<Utc>,
    /// When it would go out without quiet hours.
    pub unheld: DateTime<Utc>,
    /// Whether it stands before its anchor.
    pub before: bool,
    /// The day before it was moved off a day off.
    pub unrolled: Option<NaiveDate>,
    /// The day it falls on.
    pub day: NaiveDate,
    /// Whether days of an unpublished year were counted.
    pub provisional: bool,
}

/// A step of a task whose anchor has a value.
#[derive(Clone, Debug)]
pub struct Occurrences<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) step: &'a Step,
    pub(super) anchored: Anchored,
    name: String,
    from: NaiveDate,
    opened: DateTime<Utc>,
}

/// An occurrence that is to be told to a role, unless a louder one covers it.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) step: &'a Occurrences<'a>,
    pub(super) role: Role,
    /// What goes out.
    pub(super) count: Count,
    /// Up to here it counts as told.
    pub(super) mark: u32,
    /// When it goes out: its own instant, or now where it is caught up.
    pub(super) at: DateTime<Utc>,
    /// Whether it lies in the past.
    pub(super) past: bool,
}

/// What a step has for a role.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) due: Vec<Candidate<'a>>,
    pub(super) next: Option<DateTime<Utc>>,
    pub(super) cut: bool,
}

/// The unsettled steps whose anchors have a value, in an order that does not hang on the file's.
pub(super) fn steps<'a>(ground: &'a Ground<'a>) -> Vec<Occurrences<'a>> {
    let mut steps: Vec<_> = ground
        .ladder
        .steps
        .iter()
        .filter_map(|step| Occurrences::of(ground, step))
        .filter(|step| !step.is_settled())
        .collect();
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    steps
}

/// Whether a step of the task has nothing more to say now.
pub(super) fn is_step_settled(ground: &Ground<'_>, step: &Step) -> bool {
    Occurrences::of(ground, step).is_none_or(|step| step.is_settled())
}

impl<'a> Occurrences<'a> {
    /// A closed task is spoken of only by what counts from its closing.
    fn is_settled(&self) -> bool {
        let state = self.ground.state;
        is_settled(self.step.until, state, self.count(0).at)
            || (state.phase == Phase::Closed && self.step.from != Anchor::Closed)
    }

    fn of(ground: &'a Ground<'a>, step: &'a Step) -> Option<Self> {
        let anchored = anchored(ground.almanac, ground.state, step.from)?;
        Some(Self {
            ground,
            step,
            anchored,
            name: step.name(),
            from: ground.almanac.date_of(anchored.value),
            opened: ground.almanac.anchor_instant(Anchor::Opened, ground.state.opened),
        })
    }

    pub(super) fn roles(&self) -> &'a [Role] {
        &self.step.to
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn told_key(&self, role: &Role) -> ToldKey {
        ToldKey {
            round: self.ground.state.round,
            anchor: self.step.from,
            anchor_value: self.anchored.stored,
            step: self.name.clone(),
            role: role.to_string(),
        }
    }

    /// The last occurrence that the step can ever have.
    fn last(&self) -> u32 {
        match (self.step.every, self.step.times) {
            (None, _) => 0,
            (Some(_), Some(times)) => times.saturating_sub(1),
            (Some(_), None) => u32::MAX,
        }
    }

    /// Occurrence `k`; later ones are never earlier.
    pub(super) fn count(&self, k: u32) -> Count {
        let almanac = self.ground.almanac;
        let mut count = if self.step.at.unit.is_exact() {
            self.exact(k)
        } else {
            self.on_a_day(k)
        };
        // A step before its anchor never goes out later than the anchor; one at or after it that counts from an act,
        // never before the act.
        if count.before {
            count.unheld = count.unheld.min(self.anchored.instant);
        } else if matches!(self.anchored.stored, When::Instant(_)) && self.step.from != Anchor::Due {
            count.unheld = count.unheld.max(self.anchored.instant);
        }
        count.at = count.unheld;
        if self.step.level < Level::Escalate {
            let opening = almanac.opening(count.unheld);
            if !(count.before && opening >= self.anchored.instant) {
                count.at = opening;
            }
        }
        count
    }

    fn on_a_day(&self, k: u32) -> Count {
        let almanac = self.ground.almanac;
        let repeat = self.step.every.map(|every| (every, k));
        let reached = almanac.reach(self.step.from, self.from, self.step.at, repeat, self.step.roll);
        let at = almanac.instant(reached.day.and_time(almanac.timing.send_at));
        Count {
            k,
            at,
            unheld: at,
            before: reached.unrolled < self.from,
            unrolled: (reached.unrolled != reached.day).then_some(reached.unrolled),
            day: reached.day,
            provisional: reached.provisional,
        }
    }

    fn exact(&self, k: u32) -> Count {
        let seconds = |amount: i64, unit: Option<i64>| amount.saturating_mul(unit.unwrap_or(0));
        let first = seconds(self.step.at.amount.into(), self.step.at.unit.seconds());
        let repeat = self
            .step
            .every
            .map_or(0, |every| seconds(every.amount.into(), every.unit.seconds()));
        let distance = first.saturating_add(repeat.saturating_mul(k.into()));
        let at = TimeDelta::try_seconds(distance)
            .and_then(|distance| self.anchored.instant.checked_add_signed(distance))
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let day = self
            .ground
            .almanac
            .today(at.min(self.anchored.instant + TimeDelta::days(365_000)));
        Count {
            k,
            at,
            unheld: at,
            before: distance < 0,
            unrolled: None,
            day,
            provisional: false,
        }
    }

    /// The last occurrence at or before `now`.
    pub(super) fn last_at(&self, now: DateTime<Utc>) -> Option<u32> {
        if self.count(0).at > now {
            return None;
        }
        let (mut low, mut high) = (0, 1);
        while high < self.last() && self.count(high).at <= now {
            low = high;
            high = high.saturating_mul(2);
        }
        high = high.min(self.last());
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.count(middle).at <= now {
                low = middle
            } else {
                high = middle - 1
            }
        }
        Some(low)
    }

    /// Since when the present values hold: what lay before is not replayed.
    fn since(&self) -> Option<DateTime<Utc>> {
        let state = self.ground.state;
        let moved = match self.step.from {
            Anchor::Due => state.due_since,
            Anchor::Opened => state.opened_since,
            Anchor::Reported | Anchor::Submitted | Anchor::Closed => None,
        };
        moved
            .max(state.ladder_since)
            .max(state.reopened.filter(|_| self.step.from != Anchor::Closed))
    }

    /// Whether this round began without a deadline of its own, after the old one had passed, and none was given since.
    fn reopened_past_due(&self) -> Option<DateTime<Utc>> {
        let state = self.ground.state;
        let reopened = state.reopened.filter(|_| !state.reopened_with_due)?;
        let given_since = state.due_since.is_some_and(|since| since > reopened);
        (!given_since && self.ground.almanac.due_instant(state.due) <= reopened).then_some(reopened)
    }

    /// Whether a past occurrence may be caught up for a role: not where the values it was counted from changed after
    /// it, unless it is louder than anything that the role was told in this round.
    fn may_catch_up(&self, count: &Count, role: &str, told: &ToldBook) -> bool {
        if count.at < self.opened || self.reopened_past_due().is_some_and(|reopened| count.at < reopened) {
            return false;
        }
        match self.since() {
            Some(since) if count.at < since => told
                .loudest(self.ground.state.round, role)
                .is_none_or(|loudest| self.step.level > loudest),
            Some(_) | None => true,
        }
    }

    pub(super) fn candidates(
        &'a self,
        role: &Role,
        told: &ToldBook,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Found<'a> {
        let mut found = Found::default();
        let key = self.told_key(role);
        let mark = told.mark(&key);
        let past = self.last_at(now);
        if let Some(k) = past.filter(|k| mark.is_none_or(|mark| *k > mark)) {
            let count = self.count(k);
            if self.may_catch_up(&count, &key.role, told) {
                let at = self.caught_up_at(&count, now);
                found.due.push(Candidate {
                    step: self,
                    role: role.clone(),
                    count,
                    mark: k,
                    at,
                    past: true,
                });
            }
        }
        let Some(mut k) = past.max(mark).map_or(Some(0), |k| k.checked_add(1)) else {
            return found;
        };
        let end = k.saturating_add(OCCURRENCES_MAX);
        while k <= self.last() {
            let count = self.count(k);
            if count.at >= until || k >= end {
                found.cut = count.at < until;
                found.next = Some(count.at);
                break;
            }
            if count.at > now && count.at >= self.opened {
                let at = count.at;
                found.due.push(Candidate {
                    step: self,
                    role: role.clone(),
                    count,
                    mark: k,
                    at,
                    past: false,
                });
            }
            let Some(next) = k.checked_add(1) else { break };
            k = next;
        }
        found
    }

    /// Now, or at the next opening where the level keeps quiet hours and waiting does not carry it past its anchor.
    fn caught_up_at(&self, count: &Count, now: DateTime<Utc>) -> DateTime<Utc> {
        if now - count.at <= LATE_AFTER {
            return count.at;
        }
        if self.step.level >= Level::Escalate {
            return now;
        }
        let opening = self.ground.almanac.opening(now);
        let past_anchor = count.before && now < self.anchored.instant && opening >= self.anchored.instant;
        if past_anchor { now } else { opening }
    }

    /// The one notice of a reopening without a new deadline: the first overdue step of the ladder, to owner and
    /// supervisor. What else lies in the past of that round is not replayed.
    pub(super) fn reopening_candidates(
        &'a self,
        all: &[Self],
        told: &ToldBook,
        now: DateTime<Utc>,
    ) -> Vec<Candidate<'a>> {
        let Some(reopened) = self.reopened_past_due() else {
            return Vec::new();
        };
        let first = all
            .iter()
            .filter(|step| is_reopening_step(step.step))
            .min_by_key(|step| (step.count(0).at, step.name.clone()));
        let count = self.count(0);
        if first.is_none_or(|first| first.name != self.name) || count.at >= reopened {
            return Vec::new();
        }
        let mark = self.last_at(reopened).unwrap_or(0);
        REOPENING_ROLES
            .into_iter()
            .filter(|role| told.mark(&self.told_key(role)).is_none())
            .map(|role| {
                let at = self.caught_up_at(&count, now);
                Candidate {
                    step: self,
                    role,
                    count: count.clone(),
                    mark,
                    at,
                    past: true,
                }
            })
            .collect()
    }
}

/// How each step stands, in the order of the ladder.
pub(super) fn standings(ground: &Ground<'_>, now: DateTime<Utc>) -> Vec<StepStanding> {
    let silent = matches!(ground.state.standing(), Phase::Cancelled | Phase::Withdrawn);
    ground
        .ladder
        .steps
        .iter()
        .map(|step| {
            let mut standing = StepStanding {
                step: step.name(),
                to: step.to.iter().map(ToString::to_string).collect(),
                anchor_value: None,
                standing: String::new(),
                next: None,
            };
            let Some(occurrences) = Occurrences::of(ground, step) else {
                standing.standing = format!("waits: the task was not {} yet", step.from.as_str());
                return standing;
            };
            standing.anchor_value = Some(occurrences.anchored.stored);
            let first = occurrences.count(0);
            if silent {
                standing.standing = format!("silent: the task is {}", ground.state.standing().as_str());
            } else if occurrences.is_settled() {
                standing.standing = format!(
                    "settled: the task is {} (until {})",
                    ground.state.standing().as_str(),
                    step.until.as_str()
                );
            } else {
                let past = occurrences.last_at(now);
                let next = past
                    .map_or(Some(0), |k| k.checked_add(1))
                    .filter(|k| *k <= occurrences.last());
                let next = next.map(|k| occurrences.count(k));
                standing.next = next.as_ref().map(|count| count.at);
                standing.standing = match next {
                    Some(count) => reason::reason(&occurrences, &count, false),
                    None => "over: no further occurrence".to_owned(),
                };
                if first.at < occurrences.opened {
                    standing
                        .standing
                        .push_str("; before the task was opened nothing is sent");
                }
            }
            if step.to.iter().all(|role| {
                roles::holders(ground.people, ground.task, role).is_empty()
                    && roles::role_channel(ground.people, ground.task, role).is_none()
            }) {
                standing.standing.push_str("; nobody holds this role now");
            }
            standing
        })
        .collect()
}
