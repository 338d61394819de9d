//! A notice (通知事项): one fact for one recipient: this task, this step, now.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{ChannelId, NoticeId, PersonId, TaskId};
use super::ladder::{Anchor, Level};
use super::when::When;

/// Whether a recipient is somebody or a place where many read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecipientKind {
    /// A person.
    Person,
    /// A channel itself: a group, a webhook.
    Channel,
}

impl RecipientKind {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Channel => "channel",
        }
    }
}

/// Who gets a notice, and why they.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Recipient {
    /// Person or channel.
    pub kind: RecipientKind,
    /// The person's or the channel's id.
    pub id: String,
    /// How messages name them.
    pub name: String,
    /// The role that led to them, as configuration writes it.
    pub role: String,
}

/// One fact for one recipient, as planned and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Computed from task, round, anchor, the anchor's value, step, occurrence, recipient and channel.
    pub id: NoticeId,
    /// When it goes out.
    pub at: DateTime<Utc>,
    /// When its step wanted it to go out, quiet hours applied; earlier than `at` where it is caught up.
    pub scheduled: DateTime<Utc>,
    /// The task.
    pub task: TaskId,
    /// The task's round, from 0.
    pub round: u32,
    /// What the step counts from.
    pub anchor: Anchor,
    /// The anchor's value as stored.
    pub anchor_value: When,
    /// The step's name without an occurrence.
    pub step: String,
    /// The occurrence, from 0.
    pub occurrence: u32,
    /// How loud.
    pub level: Level,
    /// Who gets it.
    pub recipient: Recipient,
    /// The person who is away and for whom the recipient gets it.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub for_person: Option<PersonId>,
    /// Through which channel.
    pub channel: ChannelId,
    /// Whether it goes out more than a minute after its instant.
    pub late: bool,
    /// Whether it was counted with days of a year that is not published.
    pub provisional: bool,
    /// Why it is sent, in English.
    pub reason: String,
}

impl Notice {
    /// The step's name with its occurrence: `due+1wd/overdue#2`.
    #[must_use]
    pub fn step_name(&self) -> String {
        if self.occurrence == 0 {
            self.step.clone()
        } else {
            format!("{}#{}", self.step, u64::from(self.occurrence) + 1)
        }
    }
}

/// Where a notice stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    /// For its time, or to be put into a message.
    Waiting,
    /// In a message that is on its way.
    Queued,
    /// The other side has it.
    Delivered,
    /// Its message could not be delivered, and nothing further is tried for it.
    Undeliverable,
    /// Not sent, for a recorded reason.
    Dropped,
}

impl NoticeState {
    /// The word in JSON and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Undeliverable => "undeliverable",
            Self::Dropped => "dropped",
        }
    }
}

/// What has been told, for each role, whoever received it: occurrences up to `occurrence` need not be planned again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ToldKey {
    /// The task's round.
    pub round: u32,
    /// What the step counts from.
    pub anchor: Anchor,
    /// The anchor's value as stored.
    pub anchor_value: When,
    /// The step's name without an occurrence.
    pub step: String,
    /// The role as configuration writes it.
    pub role: String,
}

/// One occurrence that was decided for one role: sent, or covered by a louder one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// For whom and what.
    pub key: ToldKey,
    /// The occurrence, from 0; all earlier ones of the key are settled with it.
    pub occurrence: u32,
    /// Its level.
    pub level: Level,
    /// Why: the notice's own reason, or what covered it.
    pub reason: String,
    /// Whether it was sent itself (and not covered).
    pub sent: bool,
}
