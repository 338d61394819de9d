//! Of tasks, in `duban.toml` or a ledger in TOML.

use super::{Form, Keys, Kind, key, required};

/// Of a ledger in TOML.
pub(in crate::config) const LEDGER: Keys = &[required("tasks", Kind::List(TASK), "The tasks")];
/// Of `[[tasks]]`: the columns, then what no table can hold.
pub(in crate::config) const TASK: Keys = &[
    required("id", Kind::Cell, "编号: belongs to one task for ever"),
    key("area", Kind::Cell, "方面: the part of the ledger that it belongs to"),
    key("problem", Kind::Cell, "问题: what was found"),
    required("title", Kind::Cell, "整改任务: what is to be done"),
    key("measures", Kind::Cell, "整改措施: how"),
    required(
        "lead",
        Kind::Cell,
        "牵头领导: the leader answerable for it; further names get copies",
    ),
    required(
        "unit",
        Kind::Cell,
        "责任单位: the unit that must do it; further units assist",
    ),
    key("assisting", Kind::Cell, "配合单位: free text"),
    key(
        "owner",
        Kind::Cell,
        "责任人: a person. Default: the unit's contacts, else its head",
    ),
    key("supervisor", Kind::Cell, "督导组: who watches it. Default: the unit's"),
    key(
        "opened",
        Kind::Form(Form::When),
        "立项日期: the day on which it was opened",
    ),
    key(
        "due",
        Kind::Form(Form::When),
        "完成时限: the deadline, a date, or a date and time; required without `repeat`",
    ),
    key(
        "repeat",
        Kind::Cell,
        "周期, in place of `due`: `last working day of each quarter`, a yearly date such as `12-31`, or cron",
    ),
    key(
        "kind",
        Kind::Cell,
        "类型: what kind of task it is; ladders may be for a kind",
    ),
    key("evidence", Kind::Cell, "佐证要求: what proves that it is done"),
    key(
        "ladder",
        Kind::Cell,
        "督办阶梯. Default: that of the kind, else `[defaults] ladder`",
    ),
    key(
        "status",
        Kind::Cell,
        "状态: open 未开始 进行中 整改中, submitted 待审核 已报送, closed 已办结 已完成 已销号, cancelled 已取消",
    ),
    key("progress", Kind::Cell, "进度: a changed text is a report"),
    key(
        "closed",
        Kind::Form(Form::When),
        "办结日期: the day on which it was closed",
    ),
    key("batch", Kind::Cell, "批次: in which round it was handed down"),
    key("note", Kind::Cell, "备注"),
    key(
        "milestones",
        Kind::List(MILESTONE),
        "Its stages, each a task of its own with its own deadline",
    ),
];
/// Of one milestone of a task.
pub(in crate::config) const MILESTONE: Keys = &[
    key(
        "id",
        Kind::Number,
        "The task is called `TASK/ID`. Default: its number in the list",
    ),
    required("title", Kind::Text, "What is to be reached by then"),
    required("due", Kind::Form(Form::When), "The date by which it is to be reached"),
    key("status", Kind::Text, "Where it stands, as of a task"),
    key("progress", Kind::Number, "A changed text is a report"),
    key("closed", Kind::Form(Form::When), "The day on which it was closed"),
];
/// Of `[ledger_columns]`: every column.
pub(in crate::config) const COLUMNS: Keys = TASK.split_at(TASK.len() - 1).0;
