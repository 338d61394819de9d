//! Notices as `plan` and `timeline.json` show them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::notice::Notice;
use crate::domain::task::{Task, TaskState};
use crate::rules::calendar::Almanac;

/// One notice, in the shape that scripts read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineRow {
    /// The notice's id.
    pub id: String,
    /// When it goes out, RFC 3339 in the configured zone.
    pub at: String,
    /// The task's id.
    pub task: String,
    /// Its title.
    pub title: String,
    /// The responsible unit's id.
    pub unit: String,
    /// The deadline in force, as written.
    pub due: String,
    /// The step with its occurrence.
    pub step: String,
    /// How loud.
    pub level: &'static str,
    /// Who gets it.
    pub recipient: TimelineRecipient,
    /// The person who is away and for whom the recipient gets it.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub for_person: Option<String>,
    /// Through which channel.
    pub channel: String,
    /// Whether it goes out late.
    pub late: bool,
    /// Whether days of an unpublished year were counted; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// Why.
    pub reason: String,
}

/// Who gets a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineRecipient {
    /// `person` or `channel`.
    pub kind: &'static str,
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The role that led to them.
    pub role: String,
}

impl TimelineRow {
    /// A notice of a task.
    #[must_use]
    pub fn new(notice: &Notice, task: &Task, state: &TaskState, almanac: &Almanac) -> Self {
        Self {
            id: notice.id.to_string(),
            at: local_time(almanac, notice.at),
            task: task.id.to_string(),
            title: task.title.clone(),
            unit: task.unit.to_string(),
            due: state.due.to_string(),
            step: notice.step_name(),
            level: notice.level.as_str(),
            recipient: TimelineRecipient {
                kind: notice.recipient.kind.as_str(),
                id: notice.recipient.id.clone(),
                name: notice.recipient.name.clone(),
                role: notice.recipient.role.clone(),
            },
            for_person: notice.for_person.as_ref().map(ToString::to_string),
            channel: notice.channel.to_string(),
            late: notice.late,
            provisional: notice.provisional,
            reason: notice.reason.clone(),
        }
    }
}

/// An instant as JSON shows it: RFC 3339 in the configured zone, to the second.
#[must_use]
pub fn local_time(almanac: &Almanac, at: DateTime<Utc>) -> String {
    almanac.local(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}
