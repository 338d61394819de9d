//! Word to the office: about Duban itself, and about messages that could not be delivered.

use serde::{Deserialize, Serialize};

use super::audit::FindingKind;
use super::when::When;

/// Something that the office must know about Duban itself; each is told once for each cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum SystemWord {
    /// A store was made: where one was lost, everybody would be told everything again.
    NewStore {
        /// Where it is.
        path: String,
        /// How many tasks it holds.
        tasks: u32,
        /// How many notices are caught up late.
        late: u32,
    },
    /// A channel's endpoint does not answer or refuses us: its messages wait.
    EndpointStopped {
        /// The channel.
        channel: String,
        /// What the other side said, or what failed.
        cause: String,
        /// How many tasks wait in its messages.
        waiting_tasks: u32,
    },
    /// A stopped endpoint works again.
    EndpointRecovered {
        /// The channel.
        channel: String,
    },
    /// The files are broken, or a load was refused: the last good load stays in force.
    LoadRefused {
        /// What is wrong, each as `file:line: text`.
        problems: Vec<String>,
        /// Since when, local.
        since: String,
    },
    /// The files are in order again.
    LoadAccepted,
    /// Rows are missing from the files: these tasks are silent from now on.
    Withdrawn {
        /// Their ids and titles.
        tasks: Vec<(String, String)>,
    },
    /// The clock jumped: nothing goes out until somebody confirms it.
    ClockHeld {
        /// What the clock shows, local.
        shown: String,
        /// What it showed when it was last read, local.
        before: String,
    },
    /// The clock was confirmed, or is right again.
    ClockReleased,
    /// A message template failed; the built-in text stands instead.
    TemplateFailed {
        /// The template.
        file: String,
        /// What failed.
        text: String,
    },
    /// The self-audit found that something is not as it should be.
    AuditProblems {
        /// What, at most so many that a mail can hold.
        problems: Vec<AuditProblem>,
        /// How many there are.
        total: u32,
        /// Whether the office was told of all of them before.
        again: bool,
    },
    /// The self-audit is clean.
    AuditClean {
        /// How many tasks were recounted.
        tasks: u32,
        /// How many notices the journal tells of.
        notices: u32,
        /// How many entries of the journal were verified.
        entries: u32,
        /// Whether it was not before.
        mended: bool,
    },
    /// The store was put back from a backup: what was told since then is not known any more.
    Restored {
        /// When the last entry in it was written, local.
        until: String,
        /// Its number.
        seq: u32,
    },
    /// A calendar year was loaded, and notices that were provisional have moved.
    CalendarLoaded {
        /// What moved, one line each.
        moved: Vec<String>,
    },
    /// Somebody asks for a later deadline; the office answers.
    ExtensionAsked {
        /// The task's id.
        task: String,
        /// Its title.
        title: String,
        /// The id of its unit.
        unit: String,
        /// Who asks.
        by: String,
        /// The deadline in force.
        due: When,
        /// The wanted deadline.
        to: When,
        /// Why.
        note: String,
    },
    /// A request for a later deadline was answered; the owner and the head of the unit are told.
    ExtensionAnswered {
        /// The task's id.
        task: String,
        /// Its title.
        title: String,
        /// The id of its unit.
        unit: String,
        /// Who answers.
        by: String,
        /// The deadline that was wanted.
        asked: When,
        /// The deadline in force from now on.
        due: When,
        /// Whether it is a later one.
        granted: bool,
        /// What is said with it.
        note: Option<String>,
    },
}

/// One thing that a self-audit found, for the office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditProblem {
    /// Of which kind.
    pub kind: FindingKind,
    /// The task, where it is about one.
    pub task: Option<String>,
    /// The step, where it is about one.
    pub step: Option<String>,
    /// The recipient or the role.
    pub who: Option<String>,
}

/// Word to the office that a message could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndeliverableWord {
    /// The subject of the message.
    pub subject: String,
    /// Whom it was for.
    pub recipient_name: String,
    /// Through which channel.
    pub channel: String,
    /// What the other side said, or why it was given up.
    pub why: String,
    /// Who gets it instead, by name.
    pub told_instead: Option<String>,
    /// The ids and titles of the tasks in it.
    pub tasks: Vec<(String, String)>,
}
