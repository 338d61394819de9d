//! What a review says beyond how tasks stand: who was told, why a task is likely to be late, what the journal ends with.

use serde::{Deserialize, Serialize};

use super::Change;
use crate::domain::ladder::Level;
use crate::domain::message::Figures;

/// Events of one sort since the last review, the latest first; at most [`LINES_MAX`](super::LINES_MAX) in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// The latest first.
    pub lines: Vec<Change>,
    /// How many more there are.
    pub more: u32,
}

impl Events {
    /// How many, those not written included.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.lines.len())
            .unwrap_or(u32::MAX)
            .saturating_add(self.more)
    }
}

/// Who was told last of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTold {
    /// By name.
    pub names: Vec<String>,
    /// How loud.
    pub level: Level,
    /// When, local: `2021-12-20 09:00`.
    pub at: String,
    /// The loudest that it was ever told in this round, and when last, where that is louder than the last.
    #[serde(default)]
    pub loudest: Option<(Level, String)>,
}

/// Why a task is likely to be late, each reason with its points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// Its unit was late before: of `due` tasks of the last twelve months `late` were.
    Unit {
        /// Tasks that were closed or came due.
        due: u32,
        /// Of them late.
        late: u32,
        /// What it counts.
        points: u32,
    },
    /// Nothing was heard for so many working days.
    Silent {
        /// Working days.
        days: i64,
        /// What it counts.
        points: u32,
    },
    /// No progress was reported, and less time is left than tasks of its kind took.
    Short {
        /// Working days left.
        left: i64,
        /// Working days that half of those took at most.
        needed: i64,
        /// How many those are.
        of: u32,
        /// What it counts.
        points: u32,
    },
    /// It has taken longer than tasks of its kind did.
    Slow {
        /// Working days since its opening.
        elapsed: i64,
        /// Working days that half of those took at most.
        needed: i64,
        /// How many those are.
        of: u32,
        /// What it counts.
        points: u32,
    },
    /// No progress was reported, and most of its time has passed; told where there are too few of its kind to compare with.
    Spent {
        /// Working days since its opening.
        elapsed: i64,
        /// Working days from its opening to its deadline.
        whole: i64,
        /// What it counts.
        points: u32,
    },
    /// A submission of it was sent back.
    Returned {
        /// How often.
        times: u32,
        /// What it counts.
        points: u32,
    },
}

impl Reason {
    /// What it counts.
    #[must_use]
    pub fn points(&self) -> u32 {
        match self {
            Self::Unit { points, .. }
            | Self::Silent { points, .. }
            | Self::Short { points, .. }
            | Self::Slow { points, .. }
            | Self::Spent { points, .. }
            | Self::Returned { points, .. } => *points,
        }
    }
}

/// That a task is likely to be late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// The sum of the reasons' points.
    pub score: u32,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A later deadline that was asked for and waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The wanted deadline, as people read it.
    pub to: String,
    /// When it was asked for, local: `2021-12-20 15:30`.
    pub at: String,
    /// For how many working days it has waited.
    pub working_days: i64,
    /// Why.
    pub note: String,
}

/// The tasks of one batch (批次) by light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFigures {
    /// Its name; empty: the tasks of no batch.
    pub batch: String,
    /// Its tasks by light.
    pub figures: Figures,
}

/// The task of which another is a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageOf {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its deadline in force, local.
    pub due: String,
}

/// Years whose calendar is not published and that tasks reach into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarGap {
    /// The last day that is known, `2026-12-31`.
    pub known_until: String,
    /// How many days from the review's day until then, negative after it.
    #[serde(default)]
    pub days_left: i64,
    /// How many open tasks are due beyond, by year; empty: none is yet.
    pub years: Vec<(i32, u32)>,
}

/// Where the journal ended when the review was written: with it anybody can prove that nothing was taken out since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The number of the last entry.
    pub seq: u64,
    /// The first 12 hexadecimal digits of its hash.
    pub hash: String,
}
