//! 调度通报的中文措辞。

use super::gist::{self, Holders};
use super::{Part, ReviewPhrases};
use crate::domain::journal::Fact;
use crate::domain::message::Figures;
use crate::domain::review::{
    BatchFigures, CalendarGap, ChainHead, Change, DUE_SOON_DAYS, Edition, Forecast, LastTold, Mismatch, Reason,
    Request, SILENT_WORKING_DAYS, StageOf, Summary, SummaryLine, Undelivered,
};
use crate::domain::task::Light;
use crate::render::escape::{one_line, shorten, when};
use crate::render::phrases::Phrases;
use crate::render::zh::Zh as Common;

/// Simplified Chinese.
pub(super) struct Zh;

impl ReviewPhrases for Zh {
    fn headline(&self, summary: &Summary) -> String {
        let name = match summary.review.as_str() {
            "weekly" => "每周调度",
            "monthly" => "每月调度",
            "quarterly" => "每季度调度",
            _ => "定期调度",
        };
        let late = if summary.late_from.is_some() {
            "（补发）"
        } else {
            ""
        };
        let Figures {
            green,
            yellow,
            red,
            blue,
            ..
        } = summary.figures;
        let open = green + yellow + red + blue;
        if summary.is_idle() {
            return format!("{name}｜没有在办任务{late}");
        }
        if summary.is_all_green() && summary.due_soon.lines.is_empty() && summary.silent.lines.is_empty() {
            return format!("{name}｜{open}项任务进展正常{late}");
        }
        let mut clauses = Vec::new();
        if red > 0 {
            clauses.push(format!("{red}项逾期"));
        }
        if !summary.due_soon.lines.is_empty() {
            clauses.push(format!("{}项{DUE_SOON_DAYS}天内到期", summary.due_soon.count()));
        }
        if clauses.len() < 2 && !summary.silent.lines.is_empty() {
            clauses.push(format!("{}项久未报进展", summary.silent.count()));
        }
        if clauses.len() < 2 && blue > 0 {
            clauses.push(format!("{blue}项待审核"));
        }
        if clauses.is_empty() {
            clauses.push(format!("{yellow}项临近时限"));
        }
        format!("{name}｜{open}项任务：{}{late}", clauses.join("，"))
    }

    fn meaning(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "逾期",
            Light::Yellow => "临期",
            Light::Green => "正常",
            Light::Blue => "待审",
            Light::Grey => "结束",
        }
    }

    fn verdict(&self, summary: &Summary) -> Vec<String> {
        let mut verdict = Vec::new();
        if summary.is_idle() {
            verdict.push("目前没有在办任务。".into());
        } else if summary.is_all_green() {
            let mut near = Vec::new();
            if !summary.due_soon.lines.is_empty() {
                near.push(format!("{}项{DUE_SOON_DAYS}天内到期", summary.due_soon.count()));
            }
            if !summary.silent.lines.is_empty() {
                near.push(format!("{}项久未报进展", summary.silent.count()));
            }
            verdict.push(if near.is_empty() {
                "在办任务全部为绿灯，没有逾期，也没有临近时限的任务。".into()
            } else {
                format!("在办任务全部为绿灯，没有逾期；但{}。", near.join("，"))
            });
        } else if summary.figures.red == 0 {
            verdict.push("没有逾期任务。".into());
        } else {
            verdict.push(format!("共{}项任务逾期，请优先处理。", summary.figures.red));
        }
        verdict.extend(gist::holders(summary).map(|holders| self::holders(&holders)));
        verdict.extend(moved(summary));
        if summary.since.is_some() && summary.is_quiet() {
            verdict.push("自上次调度以来，没有进展报告、报送和台账变更的记录。".into());
        }
        if summary.fine > 0 && !summary.is_all_green() {
            verdict.push(format!("其余{}项进展正常，不再列出。", summary.fine));
        }
        verdict
    }

    fn heading(&self, part: Part, count: u32, since: &str) -> String {
        match part {
            Part::Overdue => format!("逾期（{count}项）"),
            Part::DueSoon => format!("{DUE_SOON_DAYS}天内到期（{count}项）"),
            Part::Silent => format!("{SILENT_WORKING_DAYS}个工作日以上未报进展（{count}项）"),
            Part::UnderReview => format!("待审核（{count}项）"),
            Part::Requests => format!("延期申请待答复（{count}项）"),
            Part::Extensions => format!("上次调度以来延期办理情况（{count}项）"),
            Part::Returns => format!("上次调度以来审核退回（{count}项）"),
            Part::LookBacks => format!("{DUE_SOON_DAYS}天内回头看（{count}项）"),
            Part::Relapses => format!("问题反弹，办结后重新打开（{count}项）"),
            Part::Forecast => format!("预计可能逾期（{count}项）"),
            Part::Batches => format!("各批次情况（{count}批）"),
            Part::Agenda => format!("本次会议议题（{count}项）"),
            Part::Closed if since.is_empty() => format!("近期办结（{count}项）"),
            Part::Closed => format!("上次调度以来办结（{count}项）"),
            Part::Changes if since.is_empty() => format!("近期变化（{count}条）"),
            Part::Changes => format!("上次调度以来的变化（{count}条）"),
            Part::Mismatches => format!("台账与记录不一致（{count}处）"),
            Part::Undelivered => format!("消息未能送达（{count}人）"),
            Part::Calendar => "日历提示".into(),
        }
    }

    fn state(&self, part: Part, line: &SummaryLine) -> String {
        let standing = &line.standing;
        match part {
            Part::Silent => format!(
                "已{}个工作日未报进展，{}",
                standing.silent_working_days,
                Common.deadline(standing)
            ),
            Part::UnderReview => {
                let reviewers = Common.names(&line.reviewers);
                let by = if reviewers.is_empty() {
                    reviewers
                } else {
                    format!("，审核：{reviewers}")
                };
                match standing.submitted_working_days {
                    Some(days @ 1..) => format!("待审核已{days}个工作日{by}"),
                    _ => format!("待审核{by}"),
                }
            }
            Part::Requests => line.request.as_ref().map_or_else(
                || Common.deadline(standing),
                |request| {
                    let waited = match request.working_days {
                        1.. => format!("，已等待{}个工作日", request.working_days),
                        _ => String::new(),
                    };
                    format!("申请延期至{}{waited}；{}", request.to, Common.deadline(standing))
                },
            ),
            Part::LookBacks => format!("{}回头看", line.look_back.as_deref().unwrap_or_default()),
            // Working days and civil days: a holiday between hides in the one and not in the other.
            Part::Overdue if standing.passed && standing.working_days_left < 0 => {
                format!("{}（{}天）", Common.deadline(standing), -standing.days_left)
            }
            Part::Closed => match standing.closed_days {
                Some(days @ 1..) => format!("{days}天前办结"),
                _ => "今天办结".into(),
            },
            Part::Overdue
            | Part::DueSoon
            | Part::Extensions
            | Part::Returns
            | Part::Relapses
            | Part::Forecast
            | Part::Batches
            | Part::Agenda
            | Part::Changes
            | Part::Mismatches
            | Part::Undelivered
            | Part::Calendar => Common.deadline(standing),
        }
    }

    fn held_by(&self, line: &SummaryLine) -> String {
        let mut held = one_line(&line.task.unit.name);
        let holders = Common.names(&line.holders);
        if !holders.is_empty() && holders != held {
            held = format!("{held}（{holders}）");
        }
        format!("{held}，牵头：{}", one_line(&line.task.lead.name))
    }

    fn change(&self, change: &Change) -> String {
        let what = match &change.fact {
            Fact::Loaded { due, .. } => format!("新列入台账，时限{}", when(*due)),
            Fact::Acknowledged => "签收".into(),
            Fact::Reported { progress } => format!("报告进展：{}", shorten(&one_line(progress), 120)),
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
                let columns: Vec<&str> = columns.iter().map(|column| column_name(column)).collect();
                format!("修改了{}", columns.join("、"))
            }
        };
        let by = match change.by.as_str() {
            "ledger" => "台账".into(),
            "duban" => "系统".into(),
            name => one_line(name),
        };
        let note = one_line(&change.note);
        let note = if note.is_empty() {
            note
        } else {
            format!("（{}）", shorten(&note, 120))
        };
        format!("{} {by}：{what}{note}", change.at)
    }

    fn mismatch(&self, mismatch: &Mismatch) -> String {
        format!(
            "任务{}的{}：台账为“{}”，记录为“{}”，以记录为准",
            one_line(mismatch.task.as_str()),
            column_name(&mismatch.column),
            shorten(&one_line(&mismatch.row), 80),
            shorten(&one_line(&mismatch.journal), 80)
        )
    }

    fn undelivered(&self, undelivered: &Undelivered) -> String {
        format!(
            "{}（渠道{}）：{}条消息未送达；程序提示原文：{}",
            one_line(&undelivered.recipient),
            one_line(&undelivered.channel),
            undelivered.messages,
            shorten(&Common.said(&undelivered.why), 200)
        )
    }

    fn more(&self, count: u32) -> String {
        format!("另有{count}项未列出。")
    }

    fn whose(&self, summary: &Summary) -> &'static str {
        match summary.parts.as_slice() {
            [] => "全部任务",
            [one] if summary.for_names.is_empty() => match one {
                Edition::Owner => "您负责的任务",
                Edition::UnitHead => "本单位的任务",
                Edition::Supervisor => "您督导的任务",
                Edition::Lead => "您牵头的任务",
                Edition::Office | Edition::Group => "全部任务",
            },
            _ => "与您有关的任务",
        }
    }

    fn told(&self, told: &LastTold) -> String {
        let loudest = told.loudest.as_ref().map_or_else(String::new, |(level, at)| {
            format!("；最高已至{}（{at}）", Common.level_name(*level))
        });
        format!(
            "最近告知：{}（{}，{}）{loudest}",
            told_names(&told.names),
            Common.level_name(told.level),
            told.at
        )
    }

    fn forecast(&self, forecast: &Forecast) -> String {
        let reasons: Vec<String> = forecast.reasons.iter().map(reason).collect();
        format!("理由：{}；合计{}分", reasons.join("；"), forecast.score)
    }

    fn request(&self, request: &Request) -> String {
        format!("理由：{}（{}申请）", shorten(&one_line(&request.note), 160), request.at)
    }

    fn stage(&self, stage: &StageOf) -> String {
        format!("（任务{}的阶段，全项时限{}）", one_line(&stage.id), stage.due)
    }

    fn batch(&self, batch: &BatchFigures) -> String {
        let Figures {
            green,
            yellow,
            red,
            blue,
            grey,
        } = batch.figures;
        let name = match one_line(&batch.batch) {
            name if name.is_empty() => "未分批次".to_owned(),
            name => name,
        };
        format!(
            "{name}（共{}项）：逾期{red}，临近时限{yellow}，正常{green}，待审核{blue}，办结或取消{grey}",
            green + yellow + red + blue + grey
        )
    }

    fn calendar(&self, gap: &CalendarGap) -> String {
        if gap.years.is_empty() {
            let when = match gap.days_left {
                0.. => format!("还有{}天", gap.days_left),
                _ => format!("已过{}天", -gap.days_left),
            };
            return format!(
                "放假安排只载至{}（{when}）；其后按周末推算，请及时更新日历",
                gap.known_until
            );
        }
        let years: Vec<String> = gap
            .years
            .iter()
            .map(|(year, tasks)| format!("{year}年{tasks}项"))
            .collect();
        format!(
            "放假安排只载至{}；时限在其后的任务，按周末推算、日期暂定：{}",
            gap.known_until,
            years.join("，")
        )
    }

    fn head(&self, head: &ChainHead) -> String {
        format!("日志截至第{}条，校验值前{}位：{}", head.seq, head.hash.len(), head.hash)
    }

    fn also(&self, headings: &[String]) -> String {
        format!("另有：{}。", headings.join("；"))
    }
}

/// The first three by name, the others counted.
fn told_names(names: &[String]) -> String {
    match names {
        [first, second, third, _, ..] => {
            let first = [first, second, third].map(|name| one_line(name)).join("、");
            format!("{first}等{}方", names.len())
        }
        names => one_line(&Common.names(names)),
    }
}

fn holders(holders: &Holders) -> String {
    let mut first: Vec<String> = holders
        .first
        .iter()
        .map(|(unit, count)| format!("{unit}{count}项"))
        .collect();
    if let (others @ 1.., tasks) = holders.others {
        first.push(format!("另有{others}个单位{tasks}项"));
    }
    format!("逾期任务的责任单位：{}。", first.join("，"))
}

fn moved(summary: &Summary) -> Option<String> {
    let moves: Vec<String> = gist::moves(summary)
        .into_iter()
        .filter(|(_, _, change)| *change != 0)
        .map(|(light, _, change)| {
            let way = if change > 0 { "增加" } else { "减少" };
            format!("{}{way}{}项", Zh.meaning(light), change.abs())
        })
        .collect();
    (!moves.is_empty()).then(|| format!("与上次调度相比：{}。", moves.join("，")))
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Unit { due, late, points } => format!("该单位近12个月{due}项中{late}项逾期（{points}分）"),
        Reason::Silent { days, points } => format!("已{days}个工作日未报进展（{points}分）"),
        Reason::Short {
            left,
            needed,
            of,
            points,
        } => format!("尚未报过进展，只剩{left}个工作日，而同类已办结的{of}项中位用时{needed}个工作日（{points}分）"),
        Reason::Slow {
            elapsed,
            needed,
            of,
            points,
        } => format!("已用{elapsed}个工作日，同类已办结的{of}项中位用时{needed}个工作日（{points}分）"),
        Reason::Spent { elapsed, whole, points } => {
            format!("尚未报过进展，办理时限{whole}个工作日已过{elapsed}个（{points}分）")
        }
        Reason::Returned { times, points } => format!("审核退回过{times}次（{points}分）"),
    }
}

fn column_name(column: &str) -> &str {
    match column {
        "id" => "编号",
        "area" => "方面",
        "problem" => "问题",
        "title" => "整改任务",
        "measures" => "整改措施",
        "lead" => "牵头领导",
        "unit" => "责任单位",
        "assisting" => "配合单位",
        "owner" => "责任人",
        "supervisor" => "督导组",
        "opened" => "立项日期",
        "due" => "完成时限",
        "kind" => "类型",
        "evidence" => "佐证要求",
        "ladder" => "督办阶梯",
        "status" => "状态",
        "progress" => "进度",
        "closed" => "办结日期",
        "note" => "备注",
        other => other,
    }
}
