//! The ledger as it stands, as rows and cells: what a workbook is made from.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use super::id::TaskId;
use super::journal::Fact;
use super::people::Locale;
use super::task::{Light, Phase};

/// A task as it stands now: the ledger's columns and, behind them, what only Duban knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// 编号
    pub id: TaskId,
    /// 方面
    pub area: String,
    /// 问题
    pub problem: String,
    /// 整改任务
    pub title: String,
    /// 整改措施
    pub measures: String,
    /// 牵头领导 and further leads: names by which a ledger finds each of them again, else ids.
    pub lead: Vec<String>,
    /// 责任单位, likewise.
    pub unit: String,
    /// 配合单位
    pub assisting: String,
    /// 责任人 as the row names them; empty where the unit answers.
    pub owner: Vec<String>,
    /// 督导组; the unit's where the row names none.
    pub supervisor: Option<String>,
    /// 立项日期 in force; none where the row leaves it to the day of loading, and a load is to find that again.
    pub opened: Option<Moment>,
    /// 完成时限 in force; none: the row repeats.
    pub due: Option<Moment>,
    /// 周期, as the row says it.
    pub repeat: String,
    /// 类型
    pub kind: String,
    /// 佐证要求
    pub evidence: String,
    /// 督办阶梯
    pub ladder: String,
    /// Where it stands.
    pub phase: Phase,
    /// 状态: the same in a ledger's words; none where the row says none and nothing has happened.
    pub status: Option<Phase>,
    /// 进度: the last report, else what the row says.
    pub progress: String,
    /// 办结日期
    pub closed: Option<Moment>,
    /// 批次
    pub batch: String,
    /// 备注
    pub note: String,
    /// Its light.
    pub light: Light,
    /// Civil days past the deadline, where it is past it and not handed in.
    pub days_late: Option<i64>,
    /// When it was last reported on in this round, local.
    pub reported: Option<NaiveDateTime>,
    /// When somebody was last told of it, local.
    pub noticed: Option<NaiveDateTime>,
}

/// Something that happened to a task since the last review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetChange {
    /// When, local.
    pub at: NaiveDateTime,
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

/// What one reader's workbook holds, before it has words.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// In which language.
    pub locale: Locale,
    /// As of when, local.
    pub as_of: NaiveDateTime,
    /// The reader's tasks in ledger order; those that are not in the ledger any more are left out.
    pub rows: Vec<&'a SheetRow>,
    /// What happened to the reader's tasks, the latest first.
    pub changes: Vec<&'a SheetChange>,
}

/// A point on the calendar in the precision in which it is known, local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day.
    Day(NaiveDate),
    /// A day and a time.
    Minute(NaiveDateTime),
    /// To the second, or with an offset of its own: what no cell of a spreadsheet holds but as text.
    Exact(Exact),
}

/// A point in time that is written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exact {
    /// Local, to the second.
    Second(NaiveDateTime),
    /// With its offset.
    Instant(DateTime<FixedOffset>),
}

impl Moment {
    /// Its first moment, by which it is put in order.
    #[must_use]
    pub fn start(self) -> NaiveDateTime {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN),
            Self::Minute(at) | Self::Exact(Exact::Second(at)) => at,
            Self::Exact(Exact::Instant(at)) => at.naive_local(),
        }
    }
}

/// The columns that a ledger does not have and that a load of an exported one passes over, in Chinese and English.
pub const COMPUTED: [(&str, &str); 5] = [
    ("督办状态", "state"),
    ("灯", "light"),
    ("逾期天数", "days late"),
    ("最近报告", "last report"),
    ("最近通知", "last notice"),
];

/// A table with its words: one sheet of a workbook, or a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The sheet's name.
    pub name: String,
    /// From the left.
    pub columns: Vec<GridColumn>,
    /// Each as wide as `columns`.
    pub rows: Vec<Vec<GridCell>>,
    /// What its colours mean; none: it has none.
    pub tint: Option<Tint>,
}

/// A column of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridColumn {
    /// What stands above it.
    pub heading: String,
    /// How wide it is, in letters; a Chinese character takes two.
    pub width: u32,
}

/// A cell of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GridCell {
    /// Nothing.
    Empty,
    /// Text, whatever it looks like.
    Text(String),
    /// A day.
    Day(NaiveDate),
    /// A day and a time.
    Minute(NaiveDateTime),
    /// A whole number.
    Number(i64),
}

/// Colours by light: where the cell of column `by` says a light's word, the cells of `columns` have its colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tint {
    /// The column of the lights.
    pub by: usize,
    /// Each light's word.
    pub words: Vec<(String, Light)>,
    /// The columns that are coloured.
    pub columns: Vec<usize>,
}
