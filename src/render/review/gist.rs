//! What a leader reads first: what moved since the last review, and with whom the late tasks are.

use crate::domain::message::Figures;
use crate::domain::review::Summary;
use crate::domain::task::Light;
use crate::render::escape::one_line;

/// So many units are named, those with the most late tasks.
const UNITS_MAX: usize = 3;

/// The tasks of each light, red first, and how many more they are than in the last review; 0 where there was none.
pub(super) fn moves(summary: &Summary) -> [(Light, u32, i64); 5] {
    let counts = |figures: &Figures| [figures.red, figures.yellow, figures.green, figures.blue, figures.grey];
    let now = counts(&summary.figures);
    let before = summary.before.as_ref().map_or(now, counts);
    let of = |light, place: usize| {
        let (now, before) = (now.get(place).copied(), before.get(place).copied());
        let (now, before) = (now.unwrap_or_default(), before.unwrap_or_default());
        (light, now, i64::from(now) - i64::from(before))
    };
    [
        of(Light::Red, 0),
        of(Light::Yellow, 1),
        of(Light::Green, 2),
        of(Light::Blue, 3),
        of(Light::Grey, 4),
    ]
}

/// Units by how many late tasks they hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holders {
    /// Those with the most.
    pub(super) first: Vec<(String, u32)>,
    /// How many other units there are, and how many late tasks they hold.
    pub(super) others: (u32, u32),
}

/// With whom the late tasks are; none where that is one unit, or not all of them are known by name.
pub(super) fn holders(summary: &Summary) -> Option<Holders> {
    if summary.overdue.more > 0 {
        return None;
    }
    let mut units: Vec<(String, u32)> = Vec::new();
    for line in &summary.overdue.lines {
        let name = one_line(&line.task.unit.name);
        match units.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => units.push((name, 1)),
        }
    }
    if units.len() < 2 {
        return None;
    }
    // Among equals the unit of the latest task stays first.
    units.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = units.split_off(UNITS_MAX.min(units.len()));
    let others = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    Some(Holders {
        first: units,
        others: (others, rest.iter().map(|(_, count)| count).sum()),
    })
}
