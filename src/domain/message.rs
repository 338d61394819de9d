//! A message (消息): what one recipient gets through one channel at one time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::chat::Chat;
use super::id::{ChannelId, MessageId, NoticeId, PersonId, TaskId};
use super::ladder::{Anchor, Level};
use super::notice::Recipient;
use super::people::Locale;
use super::task::{Light, Phase};

pub use super::attachment::{Attachment, Calendar, FileBytes};

/// What a message is about; the `type` of a webhook without its `duban.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Notices of tasks.
    Notice,
    /// A scheduled summary.
    Review,
    /// Word to the office that a message could not be delivered.
    Undeliverable,
    /// Word to the office about Duban itself.
    System,
    /// A marked test.
    Test,
}

impl MessageKind {
    /// The word in the store; after `duban.` in webhooks.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Review => "review",
            Self::Undeliverable => "undeliverable",
            Self::System => "system",
            Self::Test => "test",
        }
    }
}

/// Where a message stands in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// For its time, its lane or its next attempt.
    Waiting,
    /// Claimed; found so after a restart it counts as `unknown`.
    Sending,
    /// The other side has it.
    Delivered,
    /// Permanently refused, or given up: it went up.
    Undeliverable,
    /// Not sent, for a recorded reason.
    Dropped,
}

impl MessageState {
    /// The word in JSON and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Undeliverable => "undeliverable",
            Self::Dropped => "dropped",
        }
    }
}

/// An id with the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// What a message says of a task, as of the time it was composed; the shape that webhooks carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// The task's id.
    pub id: String,
    /// 整改任务
    pub title: String,
    /// 方面
    pub area: String,
    /// 责任单位
    pub unit: Named,
    /// 牵头领导
    pub lead: Named,
    /// The deadline in force, as written.
    pub due: String,
    /// Where it stands.
    pub state: Phase,
    /// Its light.
    pub light: Light,
}

/// A notice within a message; the shape that webhooks carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeView {
    /// The notice's id.
    pub id: NoticeId,
    /// How loud.
    pub level: Level,
    /// The step's name with its occurrence.
    pub step: String,
    /// When it goes out, RFC 3339 in the configured zone.
    pub at: String,
    /// Whether it goes out late.
    pub late: bool,
    /// Why.
    pub reason: String,
    /// The task as of now.
    pub task: TaskView,
}

/// How a task's present stands to what a notice is about: the figures from which its words are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The deadline in force after any move off a day off, local: `2021-12-16`, or `2021-12-16 17:00` where it has a time.
    pub due: String,
    /// The time of day of a deadline that has one: `17:00`.
    pub due_time: Option<String>,
    /// Whether the deadline was moved off a day off.
    pub due_moved: bool,
    /// Whether the deadline has passed.
    pub passed: bool,
    /// Working days in (today, due], negative for (due, today].
    pub working_days_left: i64,
    /// Civil days from today to the deadline, negative after it.
    pub days_left: i64,
    /// Working days since the last report, acknowledgement or opening.
    pub silent_working_days: i64,
    /// Working days since the submission, where it is under review.
    pub submitted_working_days: Option<i64>,
    /// Civil days since the closing, where it is closed.
    pub closed_days: Option<i64>,
    /// What was heard last, from which the silence counts.
    pub heard: Heard,
    /// The local date of the last report in this round.
    pub reported_on: Option<String>,
    /// The last progress text; empty where there is none.
    pub progress: String,
    /// Whether days of a year that is not published were counted.
    pub provisional: bool,
}

impl Standing {
    /// Whether the deadline passed without the task being handed in or closed.
    #[must_use]
    pub fn is_overdue(&self, state: Phase) -> bool {
        self.passed && matches!(state, Phase::Open | Phase::Acknowledged)
    }
}

/// The last that was heard of a task in this round: a silence counts from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// A report of progress.
    Report,
    /// That it was taken note of.
    Acknowledgement,
    /// That it was reopened.
    Reopening,
    /// Nothing since it was opened.
    Opening,
}

/// What a notice is about, judged on the present: it chooses the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// The deadline has passed.
    Overdue,
    /// It is today and has not passed.
    DueToday,
    /// It lies ahead.
    Upcoming,
    /// Nobody has reported for long.
    Silent,
    /// It was handed in and waits for review.
    UnderReview,
    /// It is closed and is looked at again (回头看).
    LookBack,
    /// It is new, or nobody has taken note of it yet.
    New,
}

/// One task in a digest, with the loudest of its notices for this recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The notice and its task.
    #[serde(flatten)]
    pub view: NoticeView,
    /// What the notice's step counts from: together with the level it chooses the words.
    pub anchor: Anchor,
    /// Where the task stands now.
    pub standing: Standing,
    /// The part that the recipient plays for this task, as configuration writes it.
    pub role: String,
    /// When its step wanted it to go out, local: `2021-12-13 09:00`.
    pub scheduled: String,
    /// The day off, local, from which its step's day was moved; none: it was not.
    pub moved_from: Option<String>,
    /// When it would have gone out but for quiet hours, local; none: they did not hold it.
    pub held_from: Option<String>,
    /// The names of those for whom the recipient gets it (absence); empty: for themselves.
    pub for_names: Vec<String>,
    /// For groups: everyone concerned, with their names.
    pub concerned: Vec<(PersonId, String)>,
    /// 佐证要求
    pub evidence: String,
    /// 问题
    pub problem: String,
}

impl Item {
    /// What it is about, judged on the present.
    #[must_use]
    pub fn topic(&self) -> Topic {
        let state = self.view.task.state;
        match (self.anchor, state) {
            (_, Phase::Closed | Phase::Cancelled | Phase::Withdrawn) | (Anchor::Closed, _) => Topic::LookBack,
            (_, Phase::Submitted) => Topic::UnderReview,
            (Anchor::Reported, _) => Topic::Silent,
            (Anchor::Opened, Phase::Open) if !self.standing.passed => Topic::New,
            (Anchor::Due | Anchor::Opened | Anchor::Submitted, _) if self.standing.passed => Topic::Overdue,
            (Anchor::Due | Anchor::Opened | Anchor::Submitted, _) if self.standing.days_left <= 0 => Topic::DueToday,
            (Anchor::Due | Anchor::Opened | Anchor::Submitted, _) => Topic::Upcoming,
        }
    }
}

/// What a message says, before it has words: worst first, each task once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Who gets it.
    pub recipient: Recipient,
    /// In which language.
    pub locale: Locale,
    /// As of when, local: `2021-12-13 09:00`.
    pub as_of: String,
    /// The worst, in full; at most [`ITEMS_MAX`].
    pub items: Vec<Item>,
    /// The others, counted by level.
    pub rest: BTreeMap<Level, u32>,
    /// All tasks, those of `rest` included, counted by what they are about.
    pub tally: Tally,
    /// Why this message is here though it was meant for another: whom it could not reach, by name.
    pub instead_of: Option<String>,
    /// In a trial: whom it would have gone to, by name and channel.
    pub trial_for: Option<String>,
}

/// Counts over all tasks of a digest, for its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many tasks.
    pub tasks: u32,
    /// How many of them are past their deadline and not handed in.
    pub overdue: u32,
    /// The most working days that one of those is late.
    pub longest_working_days: i64,
    /// The most civil days that one of those is late.
    pub longest_days: i64,
    /// Among those whose deadline lies ahead and who are told of that: the nearest; none: there are none.
    pub nearest: Option<Nearest>,
    /// The longest silence in working days among the silent.
    pub longest_silence: i64,
    /// How many are about what.
    pub topics: BTreeMap<Topic, u32>,
}

impl Tally {
    /// Adds a task.
    pub fn add(&mut self, item: &Item) {
        let topic = item.topic();
        let standing = &item.standing;
        self.tasks += 1;
        *self.topics.entry(topic).or_default() += 1;
        if standing.is_overdue(item.view.task.state) {
            self.overdue += 1;
            self.longest_working_days = self.longest_working_days.max(-standing.working_days_left);
            self.longest_days = self.longest_days.max(-standing.days_left);
        }
        if topic == Topic::Upcoming {
            match &mut self.nearest {
                Some(nearest) if nearest.days == standing.days_left => nearest.tasks += 1,
                Some(nearest) if nearest.days < standing.days_left => {}
                nearest => *nearest = Some(Nearest::of(standing)),
            }
        }
        if topic == Topic::Silent {
            self.longest_silence = self.longest_silence.max(standing.silent_working_days);
        }
    }
}

/// The nearest deadline that lies ahead, and how many tasks have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Its local date: `2021-12-16`.
    pub on: String,
    /// Civil days from today.
    pub days: i64,
    /// Working days from today.
    pub working_days: i64,
    /// How many tasks.
    pub tasks: u32,
}

impl Nearest {
    fn of(standing: &Standing) -> Self {
        Self {
            on: standing.due.chars().take_while(|c| *c != ' ').collect(),
            days: standing.days_left,
            working_days: standing.working_days_left,
            tasks: 1,
        }
    }
}

/// The worst so many notices of a message are written in full, the rest counted.
pub const ITEMS_MAX: usize = 100;

/// In a message to a group, so many are named, the worst [`ITEMS_MAX`] of them in full, and the rest counted.
pub const GROUP_ITEMS_MAX: usize = 500;

/// Tasks by light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Figures {
    /// On track.
    pub green: u32,
    /// Near.
    pub yellow: u32,
    /// Late.
    pub red: u32,
    /// Under review.
    pub blue: u32,
    /// Closed, cancelled, withdrawn.
    pub grey: u32,
}

/// A message's words, rendered once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// One line; understood on a lock screen.
    pub subject: String,
    /// Plain text, complete in itself.
    pub text: String,
    /// HTML of the same content in the same order.
    pub html: String,
    /// Markdown of the same content.
    pub markdown: String,
    /// The same content for chats, before it takes a vendor's dialect.
    #[serde(default)]
    pub chat: Chat,
    /// Set where a template failed and the built-in plain text stands instead: what failed.
    pub fallback: Option<String>,
}

/// Everything needed to send, and no address and no secret: kept in the outbox until it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Who gets it.
    pub recipient: Recipient,
    /// In which language.
    pub locale: Locale,
    /// What it says.
    pub words: Words,
    /// The notices it carries; empty for other kinds.
    pub notices: Vec<NoticeView>,
    /// A review's figures.
    pub figures: Option<Figures>,
    /// The task whose thread it belongs to: set where it is about one task.
    pub thread: Option<TaskId>,
    /// Whether it is overdue or louder.
    pub urgent: bool,
    /// As of when: the date of the mail, the timestamp of the webhook.
    pub as_of: DateTime<Utc>,
    /// Where it is one part of a message without notices: the id of that message. All but its form for chats is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<MessageId>,
    /// Files that go with it, their bytes kept beside it by hash; only mail carries them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// An invitation; only mail carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// From when on it is of no use to its recipient any more, as an invitation to a meeting that has begun; none: it is
    /// always of some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Derived from what it carries; the same for every attempt.
    pub id: MessageId,
    /// What it is about.
    pub kind: MessageKind,
    /// Through which channel.
    pub channel: ChannelId,
    /// What it says.
    pub content: Content,
    /// Where it stands.
    pub state: MessageState,
    /// When it was queued.
    pub created: DateTime<Utc>,
    /// When it is to be tried next.
    pub next_attempt: DateTime<Utc>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether an attempt ended `unknown` or better: from then on its bytes do not change.
    pub frozen: bool,
    /// Whether its rich form was refused, so that it goes as plain text.
    pub plain: bool,
    /// The last answer: `backoff: 451 4.3.0 try again later`.
    pub last_outcome: Option<String>,
    /// How it came here: how many times it already went up, and from whom.
    pub climb: Climb,
}

/// The way of a message that could not be delivered: whom it was for, and who was tried since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climb {
    /// The person for whom it was meant first; none: nobody was tried before.
    pub origin: Option<String>,
    /// Recipients and channels already tried in vain, as `person/channel`.
    pub tried: Vec<String>,
    /// When what it carries was first tried on this channel; none: not yet, or only as this message. It is given up so
    /// long after that, not after it was queued: a message that waits for a stopped endpoint does not age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_since: Option<DateTime<Utc>>,
}
