//! What pictures say: one implementation for each language.

use chrono::NaiveDate;

use super::en::En;
use super::zh::Zh;
use crate::domain::chart::{Trend, UnitRate, Week, percent};
use crate::domain::people::Locale;
use crate::domain::task::Light;

/// The words of the pictures in one language.
pub(super) trait ChartWords: Sync {
    /// A day on the axis: short.
    fn day(&self, day: NaiveDate) -> String;
    /// The word for a light in a table.
    fn light(&self, light: Light) -> &'static str;
    /// Above the first picture.
    fn lights_title(&self, weeks: usize) -> String;
    /// What it comes to.
    fn lights_verdict(&self, first: &Week, last: &Week) -> String;
    /// The first picture in words.
    fn lights_alt(&self, weeks: &[Week]) -> String;
    /// Above the second picture.
    fn burn_down_title(&self) -> &'static str;
    /// What it comes to.
    fn burn_down_verdict(&self, now: &Week) -> String;
    /// The rows of the table: open, planned, behind.
    fn burn_down_rows(&self) -> [&'static str; 3];
    /// Marks the weeks to come.
    fn ahead(&self) -> &'static str;
    /// The second picture in words.
    fn burn_down_alt(&self, trend: &Trend) -> String;
    /// Above the third picture.
    fn on_time_title(&self) -> &'static str;
    /// What it comes to.
    fn on_time_verdict(&self, total: Total) -> String;
    /// Of how many it was.
    fn rate(&self, unit: &UnitRate) -> String;
    /// Units that are not drawn.
    fn more_units(&self, count: usize) -> String;
    /// The third picture in words.
    fn on_time_alt(&self, units: &[UnitRate]) -> String;
}

/// The words of a language.
pub(super) fn of(locale: Locale) -> &'static dyn ChartWords {
    match locale {
        Locale::ZhCn => &Zh,
        Locale::En => &En,
    }
}

/// All units together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    pub(super) on_time: u32,
    pub(super) judged: u32,
}

impl Total {
    pub(super) fn of(units: &[UnitRate]) -> Self {
        Self {
            on_time: units.iter().map(|unit| unit.on_time).sum(),
            judged: units.iter().map(|unit| unit.judged).sum(),
        }
    }

    pub(super) fn percent(self) -> u32 {
        percent(self.on_time, self.judged)
    }
}

/// So many units are named in a sentence.
pub(super) const NAMED_MAX: usize = 3;
/// A unit's name in a sentence takes at most so many columns.
pub(super) const SAID_COLUMNS: usize = 44;
