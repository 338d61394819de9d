//! The meeting around a review (调度会): as configured, as it stands, and what people are told of it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::id::{PersonId, ReviewId, TaskId};
use super::ladder::Span;
use super::review::Audience;

/// `[reviews.ID.meeting]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingPlan {
    /// Its title; none: one in the language of who reads it.
    pub title: Option<String>,
    /// At what local time, on the day of the review.
    pub starts: NaiveTime,
    /// How long it takes.
    pub length: TimeDelta,
    /// Where; may be empty.
    pub place: String,
    /// Who answers for it; has a mail address.
    pub organiser: PersonId,
    /// Who is asked to come; persons only, not empty.
    pub invite: Vec<Audience>,
    /// How long before it begins agenda items are called for; none: never.
    pub call_for_agenda: Option<Span>,
    /// How long before it begins what was collected goes out.
    pub agenda_closes: Span,
    /// Whether the task sheets of what is to be talked about go with the agenda.
    pub papers: bool,
}

/// Whether a meeting takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeetingState {
    /// People were invited.
    Planned,
    /// It was called off.
    Cancelled,
}

impl MeetingState {
    /// The word in JSON and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Somebody who was invited, or who invites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    pub id: PersonId,
    /// By what name.
    pub name: String,
    /// Their mail address; none: they are told, but no calendar of theirs is.
    pub address: Option<String>,
}

/// A meeting as people were last told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Of which review.
    pub review: ReviewId,
    /// The local day that the review's cron text names: a day off moves the meeting and not this.
    pub day: NaiveDate,
    /// The same for its whole life.
    pub uid: String,
    /// Raised with each change.
    pub sequence: u32,
    /// When the review takes place.
    pub review_at: DateTime<Utc>,
    /// When it begins.
    pub starts: DateTime<Utc>,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// As configured then.
    pub title: Option<String>,
    /// Where; may be empty.
    pub place: String,
    /// Who answers for it.
    pub organiser: Attendee,
    /// Who was invited, the organiser among them.
    pub attendees: Vec<Attendee>,
    /// What stood on the agenda, a line for each item.
    pub agenda: Vec<String>,
    /// Whether it takes place.
    pub state: MeetingState,
    /// Whether agenda items were called for.
    pub is_called: bool,
    /// Whether what was collected went out.
    pub is_collected: bool,
}

/// Something for the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaItem {
    /// Of the meeting of which review.
    pub review: ReviewId,
    /// The local day that the review's cron text names.
    pub day: NaiveDate,
    /// When it was put there.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// About which task, where it is about one.
    pub task: Option<TaskId>,
    /// What, on one line.
    pub text: String,
}

impl AgendaItem {
    /// The line that stands on the agenda: `12: text (who)`.
    #[must_use]
    pub fn line(&self) -> String {
        let task = self.task.as_ref().map(|task| format!("{task}: ")).unwrap_or_default();
        format!("{task}{} ({})", self.text, self.by)
    }
}

/// What people are told of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is planned.
    Invited,
    /// It is at another time or place.
    Changed,
    /// This is its agenda.
    Agenda,
    /// It is called off.
    Cancelled,
    /// It takes place without the reader.
    Withdrawn,
    /// Items for its agenda are called for, until this local time.
    Call {
        /// `2026-03-01 09:30`
        until: String,
        /// Whether the reader is of the office, which enters them.
        to_office: bool,
    },
}

/// A meeting in local time, and what is new about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingWord {
    /// What is new.
    pub news: News,
    /// The review's id.
    pub review: String,
    /// As configured; none: a title in the reader's language.
    pub title: Option<String>,
    /// `2026-03-02 09:30-10:30`
    pub when: String,
    /// Where; may be empty.
    pub place: String,
    /// By name.
    pub organiser: String,
    /// A line for each item.
    pub agenda: Vec<String>,
    /// So many task sheets are attached.
    pub papers: usize,
}
