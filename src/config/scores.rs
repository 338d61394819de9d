//! `[scores]`: how much each measure counts, and what is the worst of it.

use std::collections::BTreeMap;

use super::faults::{Faults, Placed};
use super::raw::{Raw, RawScores};
use crate::rules::score::{Measure, WEIGHTS_SUM, Weights};

/// More than this as the worst average means nothing.
const WORST_MAX: u32 = 10_000;

/// The weights that are configured, over the usual ones; the usual ones where they are wrong, which is told.
pub(super) fn settle(faults: &mut Faults, raw: &Raw) -> Weights {
    let usual = Weights::default();
    let Some(scores) = &raw.scores else { return usual };
    let RawScores { weights, worst } = &scores.value;
    let set = Set {
        weight: numbers(faults, weights, "weight", 0..=WEIGHTS_SUM),
        worst: numbers(faults, worst, "worst average", 1..=WORST_MAX),
    };
    let (Some(mut weight), Some(mut least)) = (set.weight, set.worst) else {
        return usual;
    };
    for measure in Measure::ALL {
        weight.entry(measure).or_insert(measure.usual_weight());
        least.entry(measure).or_insert(measure.usual_worst());
    }
    let sum: u32 = weight.values().sum();
    if sum != WEIGHTS_SUM {
        let all: Vec<String> = weight
            .iter()
            .map(|(measure, weight)| format!("{} {weight}", measure.as_str()))
            .collect();
        let text = format!("the weights of `scores` sum to {sum}, not to {WEIGHTS_SUM}");
        let hint = format!(
            "they are, with the usual ones where none is written: {}",
            all.join(", ")
        );
        faults.error_hint(scores.place, text, hint);
        return usual;
    }
    Weights { weight, worst: least }
}

struct Set {
    weight: Option<BTreeMap<Measure, u32>>,
    worst: Option<BTreeMap<Measure, u32>>,
}

/// Each number where it is within the range; none where one is not.
fn numbers(
    faults: &mut Faults,
    written: &[(Measure, Placed<i64>)],
    what: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Option<BTreeMap<Measure, u32>> {
    let mut found = BTreeMap::new();
    for (measure, number) in written {
        match u32::try_from(number.value).ok().filter(|number| range.contains(number)) {
            Some(number) => {
                found.insert(*measure, number);
            }
            None => {
                let text = format!("`{}` is no {what} of `{}`", number.value, measure.as_str());
                let hint = format!("a whole number from {} to {}", range.start(), range.end());
                faults.error_hint(number.place, text, hint);
            }
        }
    }
    (found.len() == written.len()).then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{TASK, check, says, with};
    use crate::rules::score::{Measure, Weights};

    #[test]
    fn without_the_table_the_usual_weights_hold() {
        assert_eq!(with(TASK).config().scores, Weights::default());
    }

    #[test]
    fn a_weight_that_is_not_written_is_the_usual_one() {
        let config = with(&format!(
            "{TASK}\nscores = {{ on_time = 30, lateness = 30, worst = {{ lateness = 40 }} }}"
        ))
        .config();
        let of = |measure| config.scores.weight.get(&measure).copied();
        assert_eq!((of(Measure::OnTime), of(Measure::Returns)), (Some(30), Some(10)));
        assert_eq!(config.scores.worst.get(&Measure::Lateness), Some(&40));
    }

    #[test]
    fn weights_that_do_not_sum_to_a_hundred_are_refused_with_their_place_and_all_of_them() {
        let fixture = with(&format!("{TASK}\nscores.on_time = 50"));
        check(
            &fixture,
            &["duban.toml:2:1: error: the weights of `scores` sum to 110, not to 100"],
        );
        says(&fixture, "on_time 50, lateness 20, returns 10");
    }

    #[test]
    fn a_weight_or_a_worst_that_cannot_be_is_refused_in_its_line() {
        for (line, text) in [
            ("on_time = -1", "duban.toml:2:18: error: `-1` is no weight of `on_time`"),
            ("on_time = 101", "`101` is no weight of `on_time`"),
            (
                "worst.returns = 0",
                "duban.toml:2:24: error: `0` is no worst average of `returns`",
            ),
            ("worst.on_time = 1", "unknown key `on_time` in `scores.worst`"),
            ("ontime = 40", "did you mean `on_time`?"),
            (
                "on_time = \"40\"",
                "`scores.on_time` must be a whole number, not a text",
            ),
        ] {
            says(&with(&format!("{TASK}\nscores.{line}")), text);
        }
    }
}
