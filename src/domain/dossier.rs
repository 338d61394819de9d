//! The papers of a meeting: the sheets of the tasks that it is to talk about, before they have words.

use chrono::NaiveDateTime;

use super::journal::Fact;
use super::ladder::Level;
use super::people::Locale;
use super::sheet::SheetRow;

/// One reader's papers.
#[derive(Clone, Debug)]
pub struct Dossier<'a> {
    /// In which language.
    pub locale: Locale,
    /// As configured; none: a title in the reader's language.
    pub title: Option<String>,
    /// `2026-03-02 09:30-10:30`; empty where no meeting is planned.
    pub when: String,
    /// Where; may be empty.
    pub place: String,
    /// Who answers for it; may be empty.
    pub organiser: String,
    /// As of when, local.
    pub as_of: NaiveDateTime,
    /// A line for each item.
    pub agenda: Vec<String>,
    /// In the order in which they are talked about.
    pub sheets: Vec<TaskSheet<'a>>,
    /// So many more tasks are late or near and have no sheet.
    pub more: usize,
}

/// One task, for a page.
#[derive(Clone, Debug)]
pub struct TaskSheet<'a> {
    /// As it stands.
    pub row: &'a SheetRow,
    /// How it came there.
    pub story: &'a Story,
}

/// What the agenda and the journal say of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What the agenda says of it.
    pub items: Vec<String>,
    /// What happened, the oldest first.
    pub happened: Vec<Happened>,
    /// So much happened before that.
    pub earlier: usize,
}

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When, local.
    pub at: NaiveDateTime,
    /// Who did it, as the journal has it.
    pub by: String,
    /// What.
    pub what: Happening,
    /// What they said to it.
    pub note: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The task changed.
    Fact(Fact),
    /// People were told of it.
    Told {
        /// How loud.
        level: Level,
        /// Whom, by name.
        names: Vec<String>,
    },
    /// A meeting decided something about it.
    Decided(String),
}
