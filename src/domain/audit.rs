//! The self-audit (自查): what is known of a task's notices, and what a recount of them finds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::id::{MessageId, TaskId};
use super::journal::{Entry, hex};
use super::message::MessageState;
use super::notice::{Notice, NoticeState, Told};
use super::task::{Task, TaskState};

/// What a recount finds to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingKind {
    /// Somebody should have been told, and was not.
    Missing,
    /// A task would not be looked at when it next matters.
    Asleep,
    /// The journal tells of it, and the store does not hold it any more.
    Lost,
    /// What counts as told is not what the journal tells.
    Mark,
    /// Something is there, or went out, that was not planned.
    Extra,
    /// One fact went to one person under two ids.
    Twice,
    /// It did not go on when its time had come.
    Stuck,
    /// The journal does not hold, or a task does not follow from it.
    Journal,
}

impl FindingKind {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Journal,
        Self::Missing,
        Self::Asleep,
        Self::Lost,
        Self::Stuck,
        Self::Extra,
        Self::Twice,
        Self::Mark,
    ];

    /// The word in JSON and in the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Asleep => "asleep",
            Self::Lost => "lost",
            Self::Mark => "mark",
            Self::Extra => "extra",
            Self::Twice => "twice",
            Self::Stuck => "stuck",
            Self::Journal => "journal",
        }
    }

    /// What to do about it, in English.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Missing | Self::Asleep => {
                "start the daemon again: it then looks at every task; if it comes back, `duban why ID` tells the rule"
            }
            Self::Lost => {
                "somebody changed the store by hand: compare with the last backup, and tell the person yourself"
            }
            Self::Mark => "somebody changed the store by hand: `duban why ID` tells what will be said next",
            Self::Extra => "`duban why ID` tells by which rule; somebody may have changed the store by hand",
            Self::Twice => "the person got it twice; `duban why ID` shows both",
            Self::Stuck => "look at the channel with `duban check --connect`, then `duban outbox retry ID`",
            Self::Journal => {
                "keep a copy of the store's file, and compare with the last backup and the heads in the weekly mails"
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Of which kind.
    pub kind: FindingKind,
    /// The task, where it is about one.
    pub task: Option<TaskId>,
    /// The step with its occurrence, where it is about one.
    pub step: Option<String>,
    /// The recipient or the role.
    pub who: Option<String>,
    /// What is wrong, in English.
    pub what: String,
}

impl Finding {
    /// One that is about no task.
    #[must_use]
    pub fn of_all(kind: FindingKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            task: None,
            step: None,
            who: None,
            what: what.into(),
        }
    }

    /// What tells it from another from one day to the next: lower hex, 16 characters.
    #[must_use]
    pub fn key(&self) -> String {
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let parts = [
            self.kind.as_str().to_owned(),
            text(self.task.as_ref().map(TaskId::as_str)),
            text(self.step.as_deref()),
            text(self.who.as_deref()),
            self.what.clone(),
        ];
        hex(&Sha256::digest(parts.join("\n").as_bytes()))
            .chars()
            .take(16)
            .collect()
    }
}

/// A recount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// From when on what was sent was planned again; before that only what is owed now was.
    pub from: Option<DateTime<Utc>>,
    /// How many tasks were recounted.
    pub tasks: u64,
    /// How many notices the journal tells of.
    pub notices: u64,
    /// How many journal entries were verified.
    pub entries: u64,
    /// The last of them: its number and hash.
    pub head: (u64, String),
    /// What is wrong, by kind; empty: clean.
    pub findings: Vec<Finding>,
    /// How many findings were left out because somebody accepted them.
    pub accepted: u64,
    /// How many notices could not be planned again, because the configuration has changed since.
    pub unjudged: u64,
}

impl Audit {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many findings are of a kind.
    #[must_use]
    pub fn count(&self, kind: FindingKind) -> u64 {
        let found = self.findings.iter().filter(|finding| finding.kind == kind).count();
        u64::try_from(found).unwrap_or(u64::MAX)
    }

    /// The data of its journal entry.
    #[must_use]
    pub fn data(&self) -> Value {
        let mut data = json!({
            "clean": self.is_clean(),
            "tasks": self.tasks,
            "notices": self.notices,
            "entries": self.entries,
            "accepted": self.accepted,
            "unjudged": self.unjudged,
        });
        if let Value::Object(fields) = &mut data {
            for kind in FindingKind::ALL {
                fields.insert(kind.as_str().to_owned(), self.count(kind).into());
            }
        }
        data
    }
}

/// A stored notice, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldNotice {
    /// What it says.
    pub notice: Notice,
    /// Where it stands.
    pub state: NoticeState,
    /// The message that carries it.
    pub message: Option<MessageId>,
    /// Where that message stands; none: there is no such message.
    pub message_state: Option<MessageState>,
    /// Why it was not delivered.
    pub why: Option<String>,
}

/// Everything that the store holds of one task, at one moment.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The row as last loaded.
    pub task: Task,
    /// The state as stored.
    pub state: TaskState,
    /// When it next matters.
    pub next_at: Option<DateTime<Utc>>,
    /// Its journal, in order.
    pub entries: Vec<Entry>,
    /// Its notices.
    pub notices: Vec<HeldNotice>,
    /// What counts as told.
    pub told: Vec<Told>,
}

/// The beginning of why a notice was dropped that somebody at the outbox desk discarded: it counts as told.
pub const DISCARDED: &str = "discarded by ";
