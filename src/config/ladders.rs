//! Ladders: each step proven, and no two of one ladder the same.

use std::collections::{BTreeMap, HashMap};

use crate::domain::id::LadderId;
use crate::domain::ladder::{Anchor, Ladder, Level, Offset, Role, Roll, Span, Step, TimeUnit, Until, Via};
use crate::domain::people::Party;

use super::faults::{Faults, Place, Placed};
use super::names::{Names, Wanted};
use super::people::{channel, group};
use super::raw::{Raw, RawStep};
use super::settings::{one_of, span};

/// A ladder and the places of its steps.
pub(super) struct PlacedLadder {
    pub(super) ladder: Ladder,
    pub(super) places: Vec<Place>,
}

/// All ladders; a step that is wrong is left out and reported.
pub(super) fn settle(faults: &mut Faults, raw: &Raw, names: &Names) -> BTreeMap<LadderId, PlacedLadder> {
    let mut ladders = BTreeMap::new();
    let mut kinds: HashMap<&str, (&str, Place)> = HashMap::new();
    for (id, entry) in &raw.ladders {
        let mut steps: Vec<Step> = Vec::new();
        let mut places = Vec::new();
        let mut seen: HashMap<(Anchor, String, Level), Place> = HashMap::new();
        for raw_step in &entry.value.steps {
            let Some(step) = step(faults, raw, names, raw_step) else {
                continue;
            };
            if let Some(first) = seen.insert((step.from, same_length(step.at), step.level), raw_step.place) {
                let text = format!(
                    "step `{}` stands twice in ladder `{id}`, first at {}",
                    step.name(),
                    faults.at(first)
                );
                faults.error_hint(
                    raw_step.place,
                    text,
                    "join their recipients, or change the offset or the level of one",
                );
            }
            steps.push(step);
            places.push(raw_step.place);
        }
        warn_of_covered(faults, &steps, &places);
        if steps.is_empty() && entry.value.steps.is_empty() {
            faults.error(entry.place, format!("ladder `{id}` has no step"));
        }
        for kind in &entry.value.kinds {
            if let Some((other, first)) = kinds.insert(&kind.value, (id, kind.place)) {
                let text = format!(
                    "kind `{}` belongs to ladder `{other}` too, at {}",
                    kind.value,
                    faults.at(first)
                );
                faults.error(kind.place, text);
            }
        }
        let ladder = Ladder {
            id: LadderId::new(id.as_str()),
            kinds: entry.value.kinds.iter().map(|kind| kind.value.clone()).collect(),
            steps,
        };
        ladders.insert(ladder.id.clone(), PlacedLadder { ladder, places });
    }
    ladders
}

/// Says of each step that a louder one at the same points covers for all of its roles.
fn warn_of_covered(faults: &mut Faults, steps: &[Step], places: &[Place]) {
    let is_once = |step: &Step| step.every.is_none() || step.times == Some(1);
    for (quiet, place) in steps.iter().zip(places) {
        let covers = |loud: &&Step| {
            let repeats_alike = loud.every == quiet.every && loud.times == quiet.times;
            loud.level > quiet.level
                && (loud.from, same_length(loud.at), loud.roll) == (quiet.from, same_length(quiet.at), quiet.roll)
                && loud.until == quiet.until
                && (repeats_alike || is_once(quiet))
                && quiet.to.iter().all(|role| loud.to.contains(role))
        };
        if let Some(loud) = steps.iter().find(covers) {
            let text = format!(
                "step `{}` is unreachable: it is always covered by `{}`, which goes to the same at the same time",
                quiet.name(),
                loud.name()
            );
            faults.warning_hint(*place, text, "take it out, or change its offset or its recipients");
        }
    }
}

/// Equal for offsets that always reach the same point: `7d` and `1w`, `0d` and `0wd`.
fn same_length(at: Offset) -> String {
    match at.unit {
        _ if at.amount == 0 => "0".to_owned(),
        TimeUnit::Weeks => format!("{}d", i64::from(at.amount) * 7),
        TimeUnit::Days => format!("{}d", at.amount),
        TimeUnit::WorkingDays | TimeUnit::Months => at.to_string(),
        TimeUnit::Hours | TimeUnit::Minutes | TimeUnit::Seconds => {
            format!("{}s", i64::from(at.amount) * at.unit.seconds().unwrap_or(1))
        }
    }
}

fn step(faults: &mut Faults, raw: &Raw, names: &Names, step: &RawStep) -> Option<Step> {
    let anchors = Anchor::ALL.map(|anchor| (anchor.as_str(), anchor));
    let levels = Level::ALL.map(|level| (level.as_str(), level));
    let untils = Until::ALL.map(|until| (until.as_str(), until));
    let from = match &step.from {
        Some(_) => one_of(faults, step.from.as_ref(), "anchor", &anchors),
        None => Some(Anchor::Due),
    };
    let at = step.at.as_ref().and_then(|text| offset(faults, text));
    let level = one_of(faults, step.level.as_ref(), "level", &levels);
    let until = match &step.until {
        Some(_) => one_of(faults, step.until.as_ref(), "`until`", &untils),
        None => from.map(Anchor::default_until),
    };
    let roll = one_of(
        faults,
        step.roll.as_ref(),
        "roll",
        &[("none", Roll::None), ("working-day", Roll::WorkingDay)],
    );
    let via = one_of(
        faults,
        step.via.as_ref(),
        "`via`",
        &[("first", Via::First), ("all", Via::All)],
    );
    let every = repeat(faults, step, at);
    let to = roles(faults, raw, names, step);
    let channels = step
        .channels
        .iter()
        .filter_map(|name| channel(faults, raw, name))
        .collect();
    let step_place = step.place;
    let (every, times) = every?;
    let step = Step {
        from: from?,
        at: at?,
        level: level?,
        to: to?,
        every,
        times,
        until: until?,
        roll: roll.unwrap_or_default(),
        via: via.unwrap_or_default(),
        channels,
    };
    refuse_unreachable(faults, &step, step_place);
    Some(step)
}

fn offset(faults: &mut Faults, text: &Placed<String>) -> Option<Offset> {
    let hint = "for example -3wd, 0d, +1wd, +1mo, -90m";
    text.value
        .parse()
        .map_err(|error| faults.error_hint(text.place, format!("{error}"), hint))
        .ok()
}

/// `every` and `times`; the outer none where they are wrong.
fn repeat(faults: &mut Faults, step: &RawStep, at: Option<Offset>) -> Option<(Option<Span>, Option<u32>)> {
    let mut right = true;
    let every = step.every.as_ref().map(|text| {
        let every = span(faults, text);
        right &= every.is_some();
        if every.is_some_and(|every| every.amount == 0) {
            faults.error(text.place, "`every` must be more than nothing");
        }
        let at_is_exact = at.filter(|at| at.amount != 0).map(|at| at.unit.is_exact());
        if let (Some(every), Some(exact)) = (every, at_is_exact)
            && every.unit.is_exact() != exact
        {
            let wrong = "`at` and `every` mix exact time (h, m, s) and days (wd, d, w, mo) in one step";
            faults.error_hint(text.place, wrong, "write both in one of them");
        }
        every
    });
    let times = step.times.as_ref().and_then(|times| {
        let found = u32::try_from(times.value).ok().filter(|times| *times > 0);
        match found {
            None => {
                right = false;
                faults.error_hint(times.place, "`times` must be at least 1", "it counts all occurrences");
            }
            Some(2..) if step.every.is_none() => {
                faults.error_hint(
                    times.place,
                    "`times` without `every`",
                    "say how far apart, for example every = \"1wd\"",
                );
            }
            Some(_) => {}
        }
        found
    });
    right.then_some((every.flatten(), times))
}

fn roles(faults: &mut Faults, raw: &Raw, names: &Names, step: &RawStep) -> Option<Vec<Role>> {
    let texts = step.to.as_ref()?;
    if texts.is_empty() {
        faults.error(step.place, "the step goes to nobody: `to` is empty");
    }
    let mut roles = Vec::new();
    for text in texts {
        let role = match text.value.parse::<Role>() {
            Ok(Role::Person(id)) => party(faults, names, id.as_str(), text.place, Wanted::Person).map(role_of),
            Ok(Role::Unit(id)) => party(faults, names, id.as_str(), text.place, Wanted::Unit).map(role_of),
            Ok(Role::Channel(id)) => {
                group(faults, raw, &Placed::new(id.as_str().to_owned(), text.place)).map(Role::Channel)
            }
            Ok(role) => Some(role),
            Err(error) => {
                let known = ["owner", "contacts", "head", "lead", "supervisor", "office", "group"];
                let hint = "owner, contacts, head, lead, supervisor, office, group, person:ID, unit:ID or channel:ID";
                faults.unknown(text.place, error.to_string(), &text.value, known, Some(hint.into()));
                None
            }
        };
        match role {
            Some(role) if roles.contains(&role) => faults.warning(text.place, format!("`{role}` stands twice in `to`")),
            role => roles.extend(role),
        }
    }
    (!roles.is_empty()).then_some(roles)
}

pub(super) fn party(faults: &mut Faults, names: &Names, id: &str, place: Place, wanted: Wanted) -> Option<Party> {
    names.find(faults, id.trim(), place, wanted)
}

fn role_of(party: Party) -> Role {
    match party {
        Party::Person(id) => Role::Person(id),
        Party::Unit(id) => Role::Unit(id),
    }
}

/// A step before an anchor that is only known once it has passed, or one that is settled from the start.
fn refuse_unreachable(faults: &mut Faults, step: &Step, place: Place) {
    let name = step.name();
    if step.at.amount < 0 && step.from != Anchor::Due {
        let text = format!(
            "step `{name}` lies before `{}`, which is known only when it has come",
            step.from.as_str()
        );
        faults.error_hint(place, text, "only steps from `due` may lie before their anchor");
    }
    if step.at.amount < 0 && step.from == Anchor::Due && step.level >= Level::Overdue {
        let text = format!("step `{name}` goes out before the deadline, when nothing is overdue");
        faults.warning_hint(place, text, "before the deadline the levels are remind and warn");
    }
    let settled = match step.until {
        Until::Acknowledged | Until::Submitted => matches!(step.from, Anchor::Submitted | Anchor::Closed),
        Until::Reported | Until::Reviewed | Until::Closed => step.from == Anchor::Closed,
        Until::Reopened => step.from != Anchor::Closed,
    };
    if settled {
        let text = format!(
            "step `{name}` can never be sent: from `{}` it is settled by `{}` at once or never",
            step.from.as_str(),
            step.until.as_str()
        );
        let hint = format!(
            "leave `until` out (then it is `{}`)",
            step.from.default_until().as_str()
        );
        faults.error_hint(place, text, hint);
    }
}
