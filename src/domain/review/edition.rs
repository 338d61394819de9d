//! For whom a review is written, and how much of it they read.

use serde::{Deserialize, Serialize};

use super::LINES_MAX;

/// The part that a reader plays, from the narrowest to the widest: somebody with several reads the widest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edition {
    /// Those who do the work: their own tasks, without a forecast of others' making.
    #[default]
    Owner,
    /// Who answers for a unit: its tasks.
    UnitHead,
    /// Who watches units: their tasks.
    Supervisor,
    /// Who leads tasks, or was named to read everything.
    Lead,
    /// Who runs Duban: everything, with whom nothing reaches, the calendar's gaps and the journal's head.
    Office,
    /// A channel that many read: lights, the worst, and counts of the rest.
    Group,
}

impl Edition {
    /// The word in JSON and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::UnitHead => "unit-head",
            Self::Supervisor => "supervisor",
            Self::Lead => "lead",
            Self::Office => "office",
            Self::Group => "group",
        }
    }

    /// So many overdue tasks are written in full.
    #[must_use]
    pub fn overdue_max(self) -> usize {
        match self {
            Self::Group => 10,
            Self::Owner | Self::UnitHead | Self::Supervisor | Self::Lead | Self::Office => LINES_MAX,
        }
    }

    /// So many lines of any other section are written in full.
    #[must_use]
    pub fn lines_max(self) -> usize {
        match self {
            Self::Group => 0,
            Self::Owner | Self::UnitHead | Self::Supervisor | Self::Lead | Self::Office => LINES_MAX,
        }
    }

    /// Whether it says which tasks are likely to be late.
    #[must_use]
    pub fn has_forecast(self) -> bool {
        self != Self::Owner
    }
}
