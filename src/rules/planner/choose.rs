//! One instant, one person, one task: of what falls together the loudest is sent, the others are covered by it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::domain::ladder::{Level, Role};
use crate::domain::notice::{Notice, RecipientKind, Told};
use crate::rules::planner::occurrence::{Candidate, LATE_AFTER};
use crate::rules::planner::{Ground, Plan, earliest, notice_id, reason};
use crate::rules::roles::{Addressee, addressees};

/// Turns candidates into notices and told marks within `[.., until)`; what is held until later only moves `next`.
pub(super) fn choose(
    ground: &Ground<'_>,
    candidates: Vec<Candidate<'_>>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    plan: &mut Plan,
) {
    let (past, coming): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| candidate.past);
    let mut instants: BTreeMap<DateTime<Utc>, Vec<Bundle<'_>>> = BTreeMap::new();
    // Decided once, at `now`, so that slices and one stretch agree.
    let (caught_up, held): (Vec<_>, Vec<_>) = by_role(past).into_values().partition(|bundle| bundle.winner.at <= now);
    let heard = if now < until {
        heard(ground, &caught_up)
    } else {
        BTreeMap::new()
    };
    for bundle in held {
        match covering(ground, &bundle, &heard) {
            Some(by) => plan
                .told
                .extend(bundle.into_all().map(|candidate| covered(&candidate, by))),
            None => instants.entry(bundle.winner.at).or_default().push(bundle),
        }
    }
    if !caught_up.is_empty() {
        instants.entry(now).or_default().extend(caught_up);
    }
    for candidate in coming {
        instants.entry(candidate.at).or_default().push(Bundle {
            winner: candidate,
            covered: Vec::new(),
        });
    }
    // What waits for the next opening is covered where its role is told something before.
    let mut spoken: BTreeMap<Role, String> = BTreeMap::new();
    for (at, bundles) in instants {
        if at >= until {
            plan.next = earliest(plan.next, Some(at));
            continue;
        }
        let (held, mut bundles): (Vec<_>, Vec<_>) = bundles
            .into_iter()
            .partition(|bundle| bundle.winner.past && at > now && spoken.contains_key(&bundle.winner.role));
        for bundle in held {
            let by = spoken.get(&bundle.winner.role).cloned().unwrap_or_default();
            for candidate in bundle.into_all() {
                plan.told.push(covered(&candidate, &by));
            }
        }
        bundles = merge(bundles);
        for bundle in &bundles {
            spoken.insert(bundle.winner.role.clone(), name(&bundle.winner));
        }
        speak(ground, bundles, plan);
    }
    plan.notices.sort_by(|a, b| {
        (a.at, Reverse(a.level), &a.recipient, &a.channel).cmp(&(b.at, Reverse(b.level), &b.recipient, &b.channel))
    });
}

/// What each recipient of a catch-up hears, the loudest of it, with its name.
type Heard = BTreeMap<(RecipientKind, String), (Level, String)>;

fn heard(ground: &Ground<'_>, bundles: &[Bundle<'_>]) -> Heard {
    let mut heard = Heard::new();
    for bundle in bundles {
        let level = bundle.winner.step.step.level;
        for who in holders(ground, &bundle.winner) {
            let known = heard.entry(who).or_insert_with(|| (level, name(&bundle.winner)));
            if level > known.0 {
                *known = (level, name(&bundle.winner));
            }
        }
    }
    heard
}

/// What covers a catch-up that waits for the next opening: everybody whom it is for hears something as loud in another
/// role now.
fn covering<'h>(ground: &Ground<'_>, bundle: &Bundle<'_>, heard: &'h Heard) -> Option<&'h str> {
    let level = bundle.winner.step.step.level;
    let mut by = None;
    for who in holders(ground, &bundle.winner) {
        let (_, name) = heard.get(&who).filter(|(loudest, _)| *loudest >= level)?;
        by = Some(name.as_str());
    }
    by
}

fn name(candidate: &Candidate<'_>) -> String {
    candidate.step.step.occurrence_name(candidate.count.k)
}

/// Who would hear a candidate when it goes out.
fn holders(ground: &Ground<'_>, candidate: &Candidate<'_>) -> Vec<(RecipientKind, String)> {
    let day = ground.almanac.today(candidate.at);
    addressees(ground.people, ground.task, &candidate.role, candidate.step.step, day)
        .into_iter()
        .map(|addressee| (addressee.recipient.kind, addressee.recipient.id))
        .collect()
}

/// What goes out to a role at an instant, and what it covers.
struct Bundle<'a> {
    winner: Candidate<'a>,
    covered: Vec<Candidate<'a>>,
}

impl<'a> Bundle<'a> {
    fn into_all(self) -> impl Iterator<Item = Candidate<'a>> {
        std::iter::once(self.winner).chain(self.covered)
    }
}

/// The louder, of equals the later, of equals by name, so that the file's order does not matter.
fn loudness<'c>(candidate: &'c Candidate<'_>) -> (Level, DateTime<Utc>, Reverse<&'c str>, u32) {
    (
        candidate.step.step.level,
        candidate.count.at,
        Reverse(candidate.step.name()),
        candidate.count.k,
    )
}

fn by_role(candidates: Vec<Candidate<'_>>) -> BTreeMap<Role, Bundle<'_>> {
    let mut roles: BTreeMap<Role, Bundle<'_>> = BTreeMap::new();
    for candidate in candidates {
        match roles.get_mut(&candidate.role) {
            None => {
                roles.insert(
                    candidate.role.clone(),
                    Bundle {
                        winner: candidate,
                        covered: Vec::new(),
                    },
                );
            }
            Some(bundle) if loudness(&candidate) > loudness(&bundle.winner) => {
                let quieter = std::mem::replace(&mut bundle.winner, candidate);
                bundle.covered.push(quieter);
            }
            Some(bundle) => bundle.covered.push(candidate),
        }
    }
    roles
}

fn merge(bundles: Vec<Bundle<'_>>) -> Vec<Bundle<'_>> {
    by_role(bundles.into_iter().flat_map(Bundle::into_all).collect())
        .into_values()
        .collect()
}

/// Tells everybody who holds the roles, each person once.
fn speak(ground: &Ground<'_>, mut bundles: Vec<Bundle<'_>>, plan: &mut Plan) {
    // Loudest first; within one step, in the order in which it names its roles.
    let position = |bundle: &Bundle<'_>| {
        bundle
            .winner
            .step
            .roles()
            .iter()
            .position(|role| *role == bundle.winner.role)
    };
    bundles.sort_by(|a, b| {
        loudness(&b.winner)
            .cmp(&loudness(&a.winner))
            .then_with(|| position(a).cmp(&position(b)))
            .then_with(|| a.winner.role.cmp(&b.winner.role))
    });
    let mut reached: BTreeMap<(RecipientKind, String), String> = BTreeMap::new();
    for bundle in bundles {
        let winner = &bundle.winner;
        let day = ground.almanac.today(winner.at);
        let told = addressees(ground.people, ground.task, &winner.role, winner.step.step, day);
        if told.is_empty() {
            continue;
        }
        let name = name(winner);
        let mut sent = false;
        let mut covering = String::new();
        let mut channels = BTreeSet::new();
        for addressee in told {
            let who = (addressee.recipient.kind, addressee.recipient.id.clone());
            if let Some(by) = reached.get(&who) {
                covering.clone_from(by);
                continue;
            }
            reached.insert(who, name.clone());
            sent = true;
            for channel in &addressee.channels {
                if channels.insert((addressee.recipient.id.clone(), channel.clone())) {
                    plan.notices.push(notice(ground, winner, &addressee, channel.clone()));
                }
            }
        }
        let key = winner.step.told_key(&winner.role);
        let level = winner.step.step.level;
        let reason = if sent {
            why(winner)
        } else {
            covered_for_the_same_person(&covering)
        };
        plan.told.push(Told {
            key,
            occurrence: winner.mark,
            level,
            reason,
            sent,
        });
        for candidate in &bundle.covered {
            plan.told.push(covered(candidate, &name));
        }
    }
}

/// Why a role counts as told whose holder was told in another role.
pub(super) fn covered_for_the_same_person(step: &str) -> String {
    format!("covered by {step}, told to the same person")
}

fn is_late(candidate: &Candidate<'_>) -> bool {
    candidate.at - candidate.count.at > LATE_AFTER
}

fn why(candidate: &Candidate<'_>) -> String {
    reason::reason(candidate.step, &candidate.count, is_late(candidate))
}

fn covered(candidate: &Candidate<'_>, by: &str) -> Told {
    Told {
        key: candidate.step.told_key(&candidate.role),
        occurrence: candidate.mark,
        level: candidate.step.step.level,
        reason: format!("covered by {by}"),
        sent: false,
    }
}

fn notice(
    ground: &Ground<'_>,
    winner: &Candidate<'_>,
    addressee: &Addressee,
    channel: crate::domain::id::ChannelId,
) -> Notice {
    let key = winner.step.told_key(&winner.role);
    let who = format!("{}:{}", addressee.recipient.kind.as_str(), addressee.recipient.id);
    Notice {
        id: notice_id(ground, &key, winner.count.k, &who, channel.as_str()),
        at: winner.at,
        scheduled: winner.count.at,
        task: ground.task.id.clone(),
        round: key.round,
        anchor: key.anchor,
        anchor_value: key.anchor_value,
        step: key.step,
        occurrence: winner.count.k,
        level: winner.step.step.level,
        recipient: addressee.recipient.clone(),
        for_person: addressee.for_person.clone(),
        channel,
        late: is_late(winner),
        provisional: winner.count.provisional,
        reason: why(winner),
    }
}
