//! What the files say of scores.

use crate::config::faults::{Faults, Placed};
use crate::rules::score::Measure;

use super::keys;
use super::section::Section;

/// `[scores]`: numbers as they stand.
#[derive(Debug, Default)]
pub(in crate::config) struct RawScores {
    pub(in crate::config) weights: Vec<(Measure, Placed<i64>)>,
    pub(in crate::config) worst: Vec<(Measure, Placed<i64>)>,
}

impl RawScores {
    /// Reads the table; one that stands already is an error naming both places.
    pub(super) fn put(faults: &mut Faults, slot: &mut Option<Placed<Self>>, section: &Section<'_>) {
        if let Some(first) = slot {
            let text = format!("`scores` is set twice, first at {}", faults.at(first.place));
            faults.error(section.place(), text);
            return;
        }
        let read = |faults: &mut Faults, section: &Section<'_>| -> Vec<(Measure, Placed<i64>)> {
            let number = |measure: Measure| Some((measure, section.integer(faults, measure.as_str())?));
            Measure::ALL.into_iter().filter_map(number).collect()
        };
        let weights = read(faults, section);
        let worst = section
            .section(faults, "worst", keys::SCORES_WORST)
            .map(|worst| read(faults, &worst))
            .unwrap_or_default();
        *slot = Some(Placed::new(Self { weights, worst }, section.place()));
    }
}
