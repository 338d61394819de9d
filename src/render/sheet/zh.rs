//! 台账工作簿的中文措辞。

use super::SheetPhrases;
use crate::domain::journal::Fact;
use crate::domain::task::Phase;
use crate::render::escape::when;

/// Simplified Chinese.
pub(super) struct Zh;

const COLUMNS: [&str; 21] = [
    "编号",
    "方面",
    "问题",
    "整改任务",
    "整改措施",
    "牵头领导",
    "责任单位",
    "配合单位",
    "责任人",
    "督导组",
    "立项日期",
    "完成时限",
    "周期",
    "类型",
    "佐证要求",
    "督办阶梯",
    "状态",
    "进度",
    "办结日期",
    "批次",
    "备注",
];

impl SheetPhrases for Zh {
    fn ledger(&self) -> &'static str {
        "台账"
    }

    fn changes(&self) -> &'static str {
        "本期变化"
    }

    fn file(&self) -> &'static str {
        "督办台账"
    }

    fn columns(&self) -> [&'static str; 21] {
        COLUMNS
    }

    fn change_columns(&self) -> [&'static str; 6] {
        ["时间", "编号", "整改任务", "经办", "变化", "说明"]
    }

    fn computed(&self, (zh, _): (&'static str, &'static str)) -> &'static str {
        zh
    }

    fn status(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Open => "未开始",
            Phase::Acknowledged => "进行中",
            Phase::Submitted => "待审核",
            Phase::Closed => "已办结",
            Phase::Cancelled | Phase::Withdrawn => "已取消",
        }
    }

    fn between(&self) -> &'static str {
        "、"
    }

    fn fact(&self, fact: &Fact) -> String {
        match fact {
            Fact::Loaded { due, .. } => format!("新列入台账，时限{}", when(*due)),
            Fact::Acknowledged => "签收".into(),
            Fact::Reported { progress } => format!("报告进展：{progress}"),
            Fact::Submitted => "报送待审核".into(),
            Fact::Returned { due: Some(due) } => format!("审核退回，新时限{}", when(*due)),
            Fact::Returned { due: None } => "审核退回".into(),
            Fact::Closed { on: Some(on) } => format!("办结（{}）", when(*on)),
            Fact::Closed { on: None } => "办结".into(),
            Fact::Reopened { due: Some(due) } => format!("重新打开，新时限{}", when(*due)),
            Fact::Reopened { due: None } => "重新打开".into(),
            Fact::Cancelled => "取消".into(),
            Fact::Withdrawn => "已不在台账中".into(),
            Fact::Restored => "恢复到台账".into(),
            Fact::DueChanged { from, to } => format!("时限由{}改为{}", when(*from), when(*to)),
            Fact::ExtensionAsked { to, .. } => format!("申请延期至{}", when(*to)),
            Fact::ExtensionGranted { from, asked, to } if asked == to => {
                format!("批准延期，时限由{}改为{}", when(*from), when(*to))
            }
            Fact::ExtensionGranted { from, asked, to } => {
                format!(
                    "批准延期，时限由{}改为{}（申请至{}）",
                    when(*from),
                    when(*to),
                    when(*asked)
                )
            }
            Fact::ExtensionRefused { asked } => format!("不同意延期（申请至{}）", when(*asked)),
            Fact::OpenedChanged { from, to } => format!("立项日期由{}改为{}", when(*from), when(*to)),
            Fact::LadderChanged { .. } => "督办阶梯调整".into(),
            Fact::Changed { columns } => {
                let columns: Vec<&str> = columns.iter().map(|column| name(column)).collect();
                format!("修改了{}", columns.join("、"))
            }
        }
    }

    fn by(&self, by: &str) -> String {
        match by {
            "ledger" => "台账".into(),
            "duban" => "系统".into(),
            name => name.into(),
        }
    }
}

fn name(column: &str) -> &str {
    let place = super::en::COLUMNS.iter().position(|key| *key == column);
    place.and_then(|place| COLUMNS.get(place)).copied().unwrap_or(column)
}
