//! The course of a ledger over weeks, as plain data: what the pictures of a review show.

use chrono::NaiveDate;

use super::id::UnitId;
use super::message::Figures;

/// So many weeks are looked back on, the present one included.
pub const WEEKS: usize = 12;
/// The plan is shown so many weeks ahead.
pub const WEEKS_AHEAD: usize = 4;

/// How one reader's part of the ledger went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trend {
    /// Oldest first, the last one is the present; at most [`WEEKS`]. They begin with the first week in which the store
    /// knew a task of this part.
    pub weeks: Vec<Week>,
    /// The Mondays to come, [`WEEKS_AHEAD`] of them.
    pub ahead: Vec<Ahead>,
    /// Units whose rate can be told, the lowest rate first.
    pub units: Vec<UnitRate>,
}

/// How things stood on a Monday at the time of day of the review, or now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Week {
    /// The local date.
    pub day: NaiveDate,
    /// Tasks by light.
    pub figures: Figures,
    /// How many would be open if each had been closed by its first deadline.
    pub planned: u32,
}

impl Week {
    /// How many tasks were open, those under review included.
    #[must_use]
    pub fn open(&self) -> u32 {
        let Figures {
            green,
            yellow,
            red,
            blue,
            grey: _,
        } = self.figures;
        green + yellow + red + blue
    }
}

/// What is planned for a Monday to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ahead {
    /// The local date.
    pub day: NaiveDate,
    /// How many of the tasks known now have a first deadline after it.
    pub planned: u32,
}

/// How a unit kept its first deadlines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitRate {
    /// The unit.
    pub unit: UnitId,
    /// By name.
    pub name: String,
    /// Tasks done by their first deadline.
    pub on_time: u32,
    /// Tasks of which it can be told: closed ones, and those late against the first deadline; not 0.
    pub judged: u32,
}

impl UnitRate {
    /// In whole percent, rounded down, so that 100 means all.
    #[must_use]
    pub fn percent(&self) -> u32 {
        percent(self.on_time, self.judged)
    }
}

/// A share in whole percent, rounded down; 0 of nothing.
#[must_use]
pub fn percent(part: u32, whole: u32) -> u32 {
    let share = (u64::from(part) * 100).checked_div(u64::from(whole)).unwrap_or(0);
    u32::try_from(share).unwrap_or(u32::MAX)
}
