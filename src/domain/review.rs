//! A review (调度): a scheduled summary.

mod edition;
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{ChannelId, PersonId, ReviewId, TaskId, UnitId};
use super::journal::Fact;
use super::ladder::{RoleError, Span};
use super::message::{Figures, Standing, TaskView};
use super::notice::{Recipient, RecipientKind};
use super::people::Locale;

pub use self::edition::Edition;
pub use self::said::{BatchFigures, CalendarGap, ChainHead, Events, Forecast, LastTold, Reason, Request, StageOf};

/// Who gets a review, each their own part of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The office: everything.
    Office,
    /// Every lead: the tasks they lead.
    Leads,
    /// Every unit head: their units' tasks.
    Heads,
    /// Every supervisor: the tasks they watch.
    Supervisors,
    /// Every owner: their own tasks.
    Owners,
    /// `person:ID`: everything.
    Person(PersonId),
    /// `unit:ID`: that unit's tasks, to its contacts, else its head.
    Unit(UnitId),
    /// `channel:ID`: everything.
    Channel(ChannelId),
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Office => f.write_str("office"),
            Self::Leads => f.write_str("leads"),
            Self::Heads => f.write_str("heads"),
            Self::Supervisors => f.write_str("supervisors"),
            Self::Owners => f.write_str("owners"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Unit(id) => write!(f, "unit:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
        }
    }
}

impl FromStr for Audience {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Ok(match text {
            "office" => Self::Office,
            "leads" => Self::Leads,
            "heads" => Self::Heads,
            "supervisors" => Self::Supervisors,
            "owners" => Self::Owners,
            _ => match text.split_once(':') {
                Some(("person", id)) if !id.is_empty() => Self::Person(PersonId::new(id)),
                Some(("unit", id)) if !id.is_empty() => Self::Unit(UnitId::new(id)),
                Some(("channel", id)) if !id.is_empty() => Self::Channel(ChannelId::new(id)),
                _ => return Err(RoleError(text.to_owned())),
            },
        })
    }
}

/// What becomes of a review whose day is a day off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDayOff {
    /// It moves to the next working day, at the same time.
    #[default]
    NextWorkingDay,
    /// It does not take place.
    Skip,
    /// It is sent all the same.
    Send,
}

/// A review as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The key under `[reviews]`.
    pub id: ReviewId,
    /// Five fields, or six with seconds first; proven to parse and to have a next occurrence.
    pub cron: String,
    /// Who gets it; not empty.
    pub to: Vec<Audience>,
    /// What a day off does to it.
    pub on_day_off: OnDayOff,
    /// How long after its time a missed one is still sent.
    pub late_limit: Span,
    /// Whether mails to those who see the whole ledger show pictures, where a font is there to write them.
    pub pictures: bool,
    /// In which forms each reader's part of the ledger goes with their mail.
    pub attach: Vec<FileKind>,
}

/// A form of the ledger as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A workbook with colours, filters and a sheet of changes.
    Xlsx,
    /// The ledger alone, for other programs.
    Csv,
}

impl FileKind {
    /// The word in configuration, and the ending of the file's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// What mail calls it.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Which tasks a reader sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The whole ledger.
    Everything,
    /// These.
    Tasks(BTreeSet<TaskId>),
}

impl Scope {
    /// Whether the task is in it.
    #[must_use]
    pub fn holds(&self, task: &TaskId) -> bool {
        match self {
            Self::Everything => true,
            Self::Tasks(tasks) => tasks.contains(task),
        }
    }
}

/// Somebody who gets a review, once, whatever number of audiences they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub recipient: Recipient,
    /// In which language.
    pub locale: Locale,
    /// What they see.
    pub scope: Scope,
    /// How it is written for them.
    pub edition: Edition,
    /// Every part they play in it, the narrowest first; not empty.
    pub parts: Vec<Edition>,
    /// For whom they get it (absence), by name; empty: only for themselves.
    pub for_names: Vec<String>,
    /// Whether they run Duban: only they see disagreements and whom nothing reaches.
    pub is_office: bool,
}

/// A task in a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryLine {
    /// The task as of now.
    pub task: TaskView,
    /// Who holds it: its owners, else the unit's contacts, else its head, by name.
    pub holders: Vec<String>,
    /// How it stands.
    pub standing: Standing,
    /// Who was told last of it; none: nobody yet.
    #[serde(default)]
    pub told: Option<LastTold>,
    /// With whom it waits, by name, where it is under review.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// The day of the next look back (回头看), where it is closed and one comes.
    #[serde(default)]
    pub look_back: Option<String>,
    /// Why it is likely to be late, where it is.
    #[serde(default)]
    pub forecast: Option<Forecast>,
    /// The later deadline that is asked for, where one is.
    #[serde(default)]
    pub request: Option<Request>,
    /// The task of which it is a stage, where it is one.
    #[serde(default)]
    pub stage_of: Option<StageOf>,
}

/// Tasks of one sort; at most [`LINES_MAX`] of them in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Worst first.
    pub lines: Vec<SummaryLine>,
    /// How many more there are.
    pub more: u32,
}

impl Section {
    /// How many tasks, those not written included.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.lines.len())
            .unwrap_or(u32::MAX)
            .saturating_add(self.more)
    }
}

/// Something that happened since the last review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, local: `2021-12-20 15:30`.
    pub at: String,
    /// Of which task.
    pub task: TaskId,
    /// Its title; empty where it is gone.
    pub title: String,
    /// Who did it, as the journal has it.
    pub by: String,
    /// What.
    pub fact: Fact,
    /// What they said to it.
    pub note: String,
}

/// Where a ledger's row and the journal disagree: somebody acted, and the row still says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Of which task.
    pub task: TaskId,
    /// The column: `status`, `due`, `progress` or `closed`.
    pub column: String,
    /// What the row says.
    pub row: String,
    /// What the journal says, which is in force.
    pub journal: String,
}

/// Somebody whom messages did not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// By name.
    pub recipient: String,
    /// Through which channel.
    pub channel: String,
    /// What the other side said last.
    pub why: String,
    /// How many messages.
    pub messages: u32,
}

/// What one review says to one reader, before it has words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The review.
    pub review: ReviewId,
    /// Who gets it.
    pub recipient: Recipient,
    /// In which language.
    pub locale: Locale,
    /// How it is written for them.
    #[serde(default)]
    pub edition: Edition,
    /// The parts by which its tasks are theirs, the narrowest first; empty: it is the whole ledger.
    #[serde(default)]
    pub parts: Vec<Edition>,
    /// As of when, local: `2021-12-20 08:30`.
    pub as_of: String,
    /// Since when changes are counted, local; none: it is the first.
    pub since: Option<String>,
    /// Where a day off moved it: the local date from which.
    pub moved_from: Option<String>,
    /// Where it goes out late: when it was to go out after any such move, local.
    pub late_from: Option<String>,
    /// For whom the reader gets it, by name.
    pub for_names: Vec<String>,
    /// Tasks by light.
    pub figures: Figures,
    /// The same in the last review.
    pub before: Option<Figures>,
    /// Past their deadline, the latest first.
    pub overdue: Section,
    /// Due within [`DUE_SOON_DAYS`] days.
    pub due_soon: Section,
    /// Open, not overdue, and silent for at least [`SILENT_WORKING_DAYS`] working days.
    pub silent: Section,
    /// Waiting for review.
    pub under_review: Section,
    /// Later deadlines that are asked for and wait for an answer, the longest first.
    #[serde(default)]
    pub requests: Section,
    /// Deadlines moved back since the last review, and extensions that were refused.
    #[serde(default)]
    pub extensions: Events,
    /// Submissions sent back since the last review.
    #[serde(default)]
    pub returns: Events,
    /// Closed tasks to be looked at again within [`DUE_SOON_DAYS`] days, the next first.
    #[serde(default)]
    pub look_backs: Section,
    /// Tasks reopened after their closing since the last review.
    #[serde(default)]
    pub relapses: Events,
    /// Tasks likely to be late, the likeliest first.
    #[serde(default)]
    pub forecast: Section,
    /// Open tasks that are green and in no section: only counted.
    #[serde(default)]
    pub fine: u32,
    /// How each batch stands, in the order of the ledger; empty: there are not several.
    #[serde(default)]
    pub batches: Vec<BatchFigures>,
    /// What is on the agenda of the meeting that belongs to it, a line for each item; for those who come to it.
    #[serde(default)]
    pub agenda: Vec<String>,
    /// Closed since the last review.
    pub closed: Section,
    /// What else happened, the latest first; at most [`LINES_MAX`].
    pub changes: Vec<Change>,
    /// How many more there are.
    pub changes_more: u32,
    /// For the office.
    pub mismatches: Vec<Mismatch>,
    /// For the office.
    pub undelivered: Vec<Undelivered>,
    /// For the office; none: no task reaches into a year that is not published, and the calendar does not end soon.
    #[serde(default)]
    pub calendar: Option<CalendarGap>,
    /// For the office.
    #[serde(default)]
    pub head: Option<ChainHead>,
    /// In a trial: whom it would have gone to, by name and channel.
    pub trial_for: Option<String>,
}

/// A section of a summary holds at most so many tasks in full, the rest counted.
pub const LINES_MAX: usize = 100;
/// A task is due soon for so many civil days before its deadline.
pub const DUE_SOON_DAYS: i64 = 14;
/// Tasks due within so many civil days are looked at for a forecast.
pub const FORECAST_DAYS: i64 = 90;
/// The office is warned so many civil days before the calendar ends.
pub const CALENDAR_ENDS_SOON_DAYS: i64 = 60;
/// A task is silent after so many working days without a report.
pub const SILENT_WORKING_DAYS: i64 = 10;

impl Summary {
    /// Under what its figures are kept for the next one: `person:vm-edu`.
    #[must_use]
    pub fn key(&self) -> String {
        key_of(&self.recipient)
    }

    /// Whether no task in it is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let Figures {
            green,
            yellow,
            red,
            blue,
            ..
        } = self.figures;
        green + yellow + red + blue == 0
    }

    /// Whether there is nothing to worry about: tasks are open, and all of them green.
    #[must_use]
    pub fn is_all_green(&self) -> bool {
        let Figures {
            green,
            yellow,
            red,
            blue,
            ..
        } = self.figures;
        green > 0 && yellow + red + blue == 0
    }

    /// Whether nothing happened since the last review.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.changes.is_empty()
            && self.changes_more == 0
            && [&self.extensions, &self.returns, &self.relapses]
                .into_iter()
                .all(|events| events.count() == 0)
            && self.closed.count() == 0
            && !self.has_new_request()
    }

    /// Whether a later deadline was asked for since the last review.
    fn has_new_request(&self) -> bool {
        let since = self.since.as_deref().unwrap_or_default();
        let requests = self.requests.lines.iter().filter_map(|line| line.request.as_ref());
        // Both are local minutes as text, which sort as they pass.
        requests.into_iter().any(|request| request.at.as_str() >= since)
    }

    /// How many tasks or events each of its sections holds, by name: what was said, in numbers.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u32> {
        let changes = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        BTreeMap::from([
            ("overdue", self.overdue.count()),
            ("due_soon", self.due_soon.count()),
            ("silent", self.silent.count()),
            ("under_review", self.under_review.count()),
            ("requests", self.requests.count()),
            ("extensions", self.extensions.count()),
            ("returns", self.returns.count()),
            ("look_backs", self.look_backs.count()),
            ("relapses", self.relapses.count()),
            ("forecast", self.forecast.count()),
            ("fine", self.fine),
            ("closed", self.closed.count()),
            ("changes", changes.saturating_add(self.changes_more)),
        ])
    }
}

/// Under what a reader's figures are kept.
#[must_use]
pub fn key_of(recipient: &Recipient) -> String {
    let kind = match recipient.kind {
        RecipientKind::Person => "person",
        RecipientKind::Channel => "channel",
    };
    format!("{kind}:{}", recipient.id)
}
