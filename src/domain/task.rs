//! One promise with a deadline: what the ledger says of it, and what has become of it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{LadderId, TaskId, UnitId};
use super::people::Party;
use super::when::When;

/// A ledger row, proven: every name in it resolves. Compared with the row as last loaded, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// 编号
    pub id: TaskId,
    /// Its place in the ledger, from 0.
    pub order: u32,
    /// 整改任务
    pub title: String,
    /// 方面
    #[serde(default)]
    pub area: String,
    /// 问题
    #[serde(default)]
    pub problem: String,
    /// 整改措施
    #[serde(default)]
    pub measures: String,
    /// 牵头领导: the first named leads.
    pub lead: Party,
    /// Further leads, who get copies of what the lead gets.
    #[serde(default)]
    pub lead_copies: Vec<Party>,
    /// 责任单位: the first named answers.
    pub unit: UnitId,
    /// 配合单位, free text; further responsible units are joined to it.
    #[serde(default)]
    pub assisting: String,
    /// 责任人; empty: the unit's contacts, else its head.
    #[serde(default)]
    pub owner: Vec<Party>,
    /// 督导组; none: the unit's.
    #[serde(default)]
    pub supervisor: Option<Party>,
    /// 立项日期; none: the day on which the task was first loaded.
    #[serde(default)]
    pub opened: Option<When>,
    /// 完成时限
    pub due: When,
    /// 类型
    #[serde(default)]
    pub kind: String,
    /// 佐证要求
    #[serde(default)]
    pub evidence: String,
    /// The ladder that the row, its kind or the default names.
    pub ladder: LadderId,
    /// 状态; none: the cell is empty or absent.
    #[serde(default)]
    pub status: Option<Status>,
    /// 进度
    #[serde(default)]
    pub progress: String,
    /// 办结日期
    #[serde(default)]
    pub closed: Option<When>,
    /// 批次: the batch in which it was handed down; empty: none.
    #[serde(default)]
    pub batch: String,
    /// 备注
    #[serde(default)]
    pub note: String,
}

/// What a ledger's status cell can say (状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// 未开始, 进行中, 整改中
    Open,
    /// 待审核, 已报送
    Submitted,
    /// 已办结, 已完成, 已销号
    Closed,
    /// 已取消
    Cancelled,
}

impl Status {
    /// The word in TOML ledgers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Submitted => "submitted",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where a task stands; withdrawal is kept beside it, so that a task that returns goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nobody has answered yet.
    Open,
    /// Somebody took note, or reported, or a submission was returned.
    Acknowledged,
    /// Handed in, under review.
    Submitted,
    /// Approved and closed.
    Closed,
    /// Called off; silent.
    Cancelled,
    /// Missing from the files; silent.
    Withdrawn,
}

impl Phase {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Submitted => "submitted",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [
            Self::Open,
            Self::Acknowledged,
            Self::Submitted,
            Self::Closed,
            Self::Cancelled,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == text)
        .ok_or(())
    }
}

/// 灯
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Light {
    /// Past the deadline.
    Red,
    /// Near the deadline.
    Yellow,
    /// On track.
    Green,
    /// Under review.
    Blue,
    /// Closed, cancelled or withdrawn.
    Grey,
}

impl Light {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Grey => "grey",
        }
    }
}

impl fmt::Display for Light {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the journal says of a task, folded by `rules::progress`; stored with the task in the same transaction as the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    /// Where it stands, withdrawal aside.
    pub phase: Phase,
    /// Whether it is missing from the files now.
    pub withdrawn: bool,
    /// Counts reopenings, from 0.
    pub round: u32,
    /// The deadline in force.
    pub due: When,
    /// The opening in force.
    pub opened: When,
    /// When Duban first loaded it.
    pub first_seen: DateTime<Utc>,
    /// When somebody first took note, in this round.
    pub acknowledged: Option<DateTime<Utc>>,
    /// The last report in this round.
    pub reported: Option<DateTime<Utc>>,
    /// The last submission in this round.
    pub submitted: Option<DateTime<Utc>>,
    /// When the last submission was returned or closed.
    pub reviewed: Option<DateTime<Utc>>,
    /// The closing, where it is closed.
    pub closed: Option<When>,
    /// When this round began; none in round 0.
    pub reopened: Option<DateTime<Utc>>,
    /// Whether this round began with a deadline of its own.
    pub reopened_with_due: bool,
    /// When the deadline last changed: what lay before is not replayed.
    pub due_since: Option<DateTime<Utc>>,
    /// When the opening date last changed.
    pub opened_since: Option<DateTime<Utc>>,
    /// When the ladder or the kind last changed.
    pub ladder_since: Option<DateTime<Utc>>,
    /// The steps of the ladder as last seen, in one text, so that a change is found.
    pub ladder_print: String,
    /// The last progress text.
    pub progress: String,
    /// How often a submission was returned.
    pub returns: u32,
    /// A later deadline that was asked for and waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// A later deadline that somebody asks for (延期申请).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The wanted deadline.
    pub to: When,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Why.
    pub note: String,
}

impl TaskState {
    /// Where the task stands, withdrawal included.
    #[must_use]
    pub fn standing(&self) -> Phase {
        if self.withdrawn { Phase::Withdrawn } else { self.phase }
    }
}
