//! 中文措辞。

use std::collections::BTreeMap;

use super::escape::{one_line, shorten, when, width};
use super::phrases::{Cause, LIST_MAX, Letter, Phrases, Seat, StepWords, audit_about, clean_path, unmarked};
use crate::domain::audit::FindingKind;
use crate::domain::ladder::{Anchor, Level, TimeUnit};
use crate::domain::message::{Digest, Heard, Item, Nearest, Standing, Topic};
use crate::domain::system::{AuditProblem, SystemWord, UndeliverableWord};
use crate::domain::task::{Light, Phase};

/// Simplified Chinese.
pub(super) struct Zh;

/// A subject is at most so wide: forty Chinese characters.
const SUBJECT_COLUMNS: usize = 80;

impl Phrases for Zh {
    fn level(&self, level: Level, topic: Topic) -> &'static str {
        match (level, topic) {
            (Level::Due, Topic::Silent | Topic::UnderReview | Topic::LookBack | Topic::New) => "提示",
            _ => self.level_name(level),
        }
    }

    fn level_name(&self, level: Level) -> &'static str {
        match level {
            Level::Remind => "提醒",
            Level::Warn => "预警",
            Level::Due => "到期",
            Level::Overdue => "催办",
            Level::Escalate => "督办",
            Level::Summon => "约谈",
        }
    }

    fn light(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "红灯",
            Light::Yellow => "黄灯",
            Light::Green => "绿灯",
            Light::Blue => "蓝灯",
            Light::Grey => "灰灯",
        }
    }

    fn phase(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Open => "未签收",
            Phase::Acknowledged => "办理中",
            Phase::Submitted => "待审核",
            Phase::Closed => "已办结",
            Phase::Cancelled => "已取消",
            Phase::Withdrawn => "已撤出台账",
        }
    }

    fn deadline(&self, standing: &Standing) -> String {
        let (working, days) = (standing.working_days_left, standing.days_left);
        let time = standing.due_time.as_deref().unwrap_or_default();
        match (standing.passed, working, days) {
            (true, ..=-1, _) => format!("逾期{}个工作日", -working),
            (true, _, ..=-1) => format!("逾期{}天", -days),
            (true, _, _) if time.is_empty() => "今天已到期".into(),
            (true, _, _) => format!("今天{time}已到期"),
            (false, _, ..=0) => format!("今天{time}到期"),
            (false, _, 1) => format!("明天{time}到期"),
            (false, ..=0, _) => format!("还剩{days}天（均为休息日）"),
            (false, _, _) => format!("还剩{working}个工作日"),
        }
    }

    fn state(&self, item: &Item) -> String {
        let standing = &item.standing;
        let late = if standing.is_overdue(item.view.task.state) {
            format!("，{}", self.deadline(standing))
        } else {
            String::new()
        };
        match item.topic() {
            Topic::Overdue | Topic::DueToday | Topic::Upcoming => self.deadline(standing),
            Topic::New => format!("新任务，{}", self.deadline(standing)),
            Topic::Silent if standing.silent_working_days == 0 => format!("近日未报进展{late}"),
            Topic::Silent => format!("已{}个工作日未报进展{late}", standing.silent_working_days),
            Topic::UnderReview => match standing.submitted_working_days {
                Some(days @ 1..) => format!("待审核已{days}个工作日"),
                _ => "待审核".into(),
            },
            Topic::LookBack => match standing.closed_days {
                Some(days @ 1..) => format!("回头看（办结已{days}天）"),
                _ => "回头看".into(),
            },
        }
    }

    fn ask(&self, item: &Item) -> String {
        let seat = Seat::of(&item.role);
        let summon = item.view.level == Level::Summon;
        match (item.topic(), seat) {
            (Topic::Overdue, Seat::Head) if summon => "请准备当面说明逾期原因和完成时间，并立即组织办结。",
            (Topic::Overdue, Seat::Lead | Seat::Watcher) if summon => "请安排约谈责任单位，明确完成时间。",
            (Topic::Overdue, Seat::Doer) => "请立即办理，今天报告进展和预计完成时间；已完成的，请报送佐证材料。",
            (Topic::Overdue, Seat::Head) => "请督促抓紧办结，并报告逾期原因和预计完成时间。",
            (Topic::Overdue, Seat::Lead) => "请过问并协调推进。",
            (Topic::Overdue, Seat::Watcher) => "请督促责任单位说明原因，明确完成时间。",
            (Topic::Overdue, Seat::Reader) => "请责任单位抓紧办结并报告进展。",
            (Topic::DueToday, Seat::Doer) => "请今天完成并报送佐证材料；不能按时完成的，请今天说明原因。",
            (Topic::DueToday, Seat::Head) => "请督促今天完成并报送。",
            (Topic::DueToday, Seat::Lead) => "请过问，确保今天完成。",
            (Topic::DueToday, Seat::Watcher | Seat::Reader) => "请关注，确保今天完成并报送。",
            (Topic::Upcoming, Seat::Doer) => "请按期完成并报送佐证材料；有困难的，请尽早报告。",
            (Topic::Upcoming, Seat::Head) => "请掌握进度，确保按期完成。",
            (Topic::Upcoming, Seat::Lead) => "请关注进度，必要时协调。",
            (Topic::Upcoming, Seat::Watcher | Seat::Reader) => "请关注进度，确保按期完成。",
            (Topic::New, Seat::Doer) => "请确认收到，并着手办理。",
            (Topic::New, Seat::Head) => "请安排落实，明确责任人。",
            (Topic::New, Seat::Lead) => "请牵头推进。",
            (Topic::New, Seat::Watcher | Seat::Reader) => "请知悉，并关注落实。",
            (Topic::Silent, Seat::Doer) => "请报告最新进展。",
            (Topic::Silent, Seat::Head) => "请督促报告最新进展。",
            (Topic::Silent, Seat::Lead) => "请过问进展情况。",
            (Topic::Silent, Seat::Watcher | Seat::Reader) => "请催报最新进展。",
            (Topic::UnderReview, Seat::Watcher) => "请审核：合格的办结，不合格的退回。",
            (Topic::UnderReview, Seat::Doer | Seat::Head | Seat::Lead | Seat::Reader) => "材料已报送，请等待审核结果。",
            (Topic::LookBack, Seat::Watcher) => "请回访核查，防止问题反弹；如有反弹，请重新打开任务。",
            (Topic::LookBack, Seat::Doer | Seat::Head | Seat::Lead | Seat::Reader) => "请自查整改成效，防止问题反弹。",
        }
        .into()
    }

    fn forwarded(&self, ask: &str) -> String {
        format!("请协助转达或处理。原通知要求：{ask}")
    }

    fn said(&self, words: &str) -> String {
        unmarked(words, "（地址从略）", "（网址从略）", "（从略）")
    }

    fn role(&self, role: &str) -> String {
        match role.split(':').next().unwrap_or(role) {
            "owner" => "您是责任人",
            "contacts" => "您是责任单位联系人",
            "head" => "您是责任单位负责人",
            "lead" => "您是牵头领导",
            "supervisor" => "您是督导人员",
            "office" => "您在督办办公室",
            "person" => "督办阶梯指定您接收",
            "unit" => "督办阶梯指定贵单位接收",
            "group" | "channel" => "本群接收此类通知",
            _ => "",
        }
        .into()
    }

    fn why(&self, step: &StepWords) -> String {
        let rule = self.rule(step);
        let again = if step.occurrence > 1 {
            format!("，第{}次", step.occurrence)
        } else {
            String::new()
        };
        let day_off = |(from, to): &(String, String)| {
            let way = if to < from { "提前" } else { "顺延" };
            format!("（{from}为休息日，{way}至{to}）")
        };
        let moved = step.moved.as_ref().map_or_else(String::new, day_off);
        let held =
            (step.held.as_ref()).map_or_else(String::new, |(from, to)| format!("（{from}不在发送时段，顺延至{to}）"));
        let late = step
            .scheduled
            .as_ref()
            .map_or_else(String::new, |at| format!("；应于{at}发出，现补发"));
        format!("{rule}{again}{moved}{held}{late}")
    }

    fn headline(&self, digest: &Digest) -> String {
        let Some(first) = digest.items.first() else {
            return "督办通知".into();
        };
        let level = self.level(first.view.level, first.topic());
        let late = if digest.items.iter().all(|item| item.view.late) {
            "（补发）"
        } else {
            ""
        };
        if digest.tally.tasks > 1 {
            return format!("{level}｜{}项任务：{}{late}", digest.tally.tasks, self.worst(digest));
        }
        let state = self.state(first);
        let unit = shorten(&one_line(&first.view.task.unit.name), 24);
        let frame = format!("{level}｜{unit}： {state}{late}");
        let title = one_line(&first.view.task.title);
        let title = shorten(&title, SUBJECT_COLUMNS.saturating_sub(width(&frame)).max(16));
        format!("{level}｜{unit}：{title} {state}{late}")
    }

    fn rest(&self, rest: &BTreeMap<Level, u32>) -> String {
        if rest.is_empty() {
            return String::new();
        }
        let total: u32 = rest.values().sum();
        let levels: Vec<String> = rest
            .iter()
            .rev()
            .map(|(level, count)| format!("{}{count}项", self.level_name(*level)))
            .collect();
        format!("另有{total}项未逐一列出：{}。", levels.join("、"))
    }

    fn names(&self, names: &[String]) -> String {
        names.iter().map(|name| one_line(name)).collect::<Vec<_>>().join("、")
    }

    fn trial(&self, trial_for: Option<&str>) -> String {
        trial_for.map_or_else(String::new, |name| {
            let name = one_line(name);
            // It is given as `NAME (CHANNEL)`.
            let name = (name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")))
                .map_or_else(|| name.clone(), |(name, channel)| format!("{name}（渠道{channel}）"));
            format!("[试运行 → {name}] ")
        })
    }

    #[expect(clippy::too_many_lines, reason = "a table of phrases, one arm for each word")]
    fn system(&self, word: &SystemWord) -> Letter {
        let letter = |subject: String, paragraphs: &[String], list: Vec<String>| Letter {
            subject: format!("督办系统｜{subject}"),
            paragraphs: paragraphs.to_vec(),
            list,
        };
        match word {
            SystemWord::NewStore { path, tasks, late } => letter(
                format!("已新建数据库：{tasks}项任务，补发{late}条通知"),
                &[
                    format!("位置：{}", clean_path(path)),
                    format!("从台账载入{tasks}项任务，其中{late}条已到时间的通知现在补发。"),
                    "如果此前已有数据库，说明它丢失或换了位置：请停止服务，恢复原数据库后再启动。".into(),
                ],
                Vec::new(),
            ),
            SystemWord::EndpointStopped {
                channel,
                cause,
                waiting_tasks,
            } => letter(
                format!("渠道{channel}已停，{waiting_tasks}项任务的消息在等待"),
                &[
                    format!("原因（程序提示原文）：{}", self.said(cause)),
                    "有其他渠道的人员改由其他渠道通知，其余消息等待。每15分钟重试一次，修改配置并重新加载后立即重试。"
                        .into(),
                ],
                Vec::new(),
            ),
            SystemWord::EndpointRecovered { channel } => letter(
                format!("渠道{channel}已恢复"),
                &[format!("渠道{channel}已恢复正常，等待的消息正在发出，无需处理。")],
                Vec::new(),
            ),
            SystemWord::LoadRefused { problems, since } => letter(
                format!("台账或配置有{}处问题，未采用", problems.len()),
                &[format!(
                    "自{since}起仍按上一次正确加载的内容运行。请改正以下问题（程序提示原文）："
                )],
                self.list(problems.iter().map(|problem| one_line(problem)).collect()),
            ),
            SystemWord::LoadAccepted => letter(
                "台账和配置已恢复正常".into(),
                &["新内容已加载并生效。".into()],
                Vec::new(),
            ),
            SystemWord::Withdrawn { tasks } => letter(
                format!("{}项任务已不在台账中", tasks.len()),
                &["这些任务不再发送通知，但没有办结。如属误删，请将该行恢复到台账：".into()],
                self.list(tasks.iter().map(task_line).collect()),
            ),
            SystemWord::ClockHeld { shown, before } => letter(
                "时钟异常，已暂停发送".into(),
                &[
                    format!("时钟现在显示{shown}，上一次为{before}。"),
                    "在时间恢复正常之前，不再安排也不再发送任何通知（本消息除外）。请核对服务器时间，恢复正常后会自动继续；如当前时间无误，请用 --accept-clock 启动一次督办程序予以确认。".into(),
                ],
                Vec::new(),
            ),
            SystemWord::ClockReleased => letter("时钟已恢复".into(), &["已继续发送。".into()], Vec::new()),
            SystemWord::TemplateFailed { file, text } => letter(
                format!("消息模板{file}出错"),
                &[
                    "消息已改用内置文本发出，没有遗漏。请按以下程序提示（原文）改正模板：".into(),
                    text.clone(),
                ],
                Vec::new(),
            ),
            SystemWord::AuditProblems { problems, total, again } => letter(
                format!("自查{}发现{total}个问题", if *again { "仍" } else { "" }),
                &[
                    "每天按台账和日志重新核对应发与已发的通知，以下不符。详情和处理办法：在服务器上运行 duban audit。"
                        .into(),
                ],
                self.list(problems.iter().map(audit_line).collect()),
            ),
            SystemWord::AuditClean {
                tasks,
                notices,
                entries,
                mended,
            } => letter(
                if *mended {
                    "自查问题已消除".into()
                } else {
                    format!("自查正常：{tasks}项任务、{notices}条通知，无遗漏")
                },
                &[format!(
                    "按台账和日志重新核对了{tasks}项任务、{notices}条通知：应发的均已发出或有据可查，没有多发、滞留；日志{entries}条记录完整。"
                )],
                Vec::new(),
            ),
            SystemWord::Restored { until, seq } => letter(
                "已从备份恢复数据库".into(),
                &[
                    format!(
                        "备份截至{until}（日志第{seq}条）。此后的办理记录已丢失，请补录；此后发出的通知可能重复发送。"
                    ),
                    "如收到重复的通知，以任务现状为准。".into(),
                ],
                Vec::new(),
            ),
            SystemWord::CalendarLoaded { moved } => letter(
                format!("日历已更新，{}条暂定通知改期", moved.len()),
                &["已按公布的节假日安排重新计算（任务、阶次：原时间 → 新时间）：".into()],
                self.list(moved.iter().map(|line| one_line(line)).collect()),
            ),
            SystemWord::ExtensionAsked {
                task,
                title,
                unit,
                by,
                due,
                to,
                note,
            } => letter(
                format!("任务{}申请延期至{}", one_line(task), when(*to)),
                &[
                    format!("{}（{}）", one_line(title), one_line(unit)),
                    format!("现时限{}，{}申请延期至{}。", when(*due), one_line(by), when(*to)),
                    format!("理由：{}", one_line(note)),
                    format!(
                        "未答复前仍按原时限督办。同意：duban task grant {id}（另定时限加 --due 日期）；不同意：duban task refuse {id} --note 理由",
                        id = one_line(task)
                    ),
                ],
                Vec::new(),
            ),
            SystemWord::ExtensionAnswered {
                task,
                title,
                unit,
                by,
                asked,
                due,
                granted,
                note,
            } => {
                let (task, by) = (one_line(task), one_line(by));
                let (subject, mut said) = if *granted {
                    (
                        format!("任务{task}同意延期，时限改为{}", when(*due)),
                        format!("{by}同意延期，时限改为{}。", when(*due)),
                    )
                } else {
                    (
                        format!("任务{task}不同意延期，时限仍为{}", when(*due)),
                        format!("{by}不同意延期至{}，时限仍为{}。", when(*asked), when(*due)),
                    )
                };
                if *granted && asked != due {
                    said += &format!("原申请延期至{}。", when(*asked));
                }
                let kind = if *granted { "说明" } else { "理由" };
                let why = note.as_ref().map(|note| format!("{kind}：{}", one_line(note)));
                let head = format!("{}（{}）", one_line(title), one_line(unit));
                let lines: Vec<String> = [head, said].into_iter().chain(why).collect();
                letter(subject, &lines, Vec::new())
            }
        }
    }

    fn undeliverable(&self, word: &UndeliverableWord) -> Letter {
        let told = word.told_instead.as_ref().map_or_else(
            || "暂时没有其他人可以改送，请办公室处理。".into(),
            |name| format!("已改送：{}", one_line(name)),
        );
        let name = one_line(&word.recipient_name);
        let cause = match Cause::of(&word.why) {
            Cause::Address => "对方系统中没有这个收件地址，或该地址已停用。",
            Cause::GivenUp => "多次重试均未成功，已停止重试。",
            Cause::Unclear => "两次均未得到明确答复，消息可能已经送达，请查看确认。",
            Cause::Refused => "对方系统拒收。",
        };
        Letter {
            subject: format!(
                "未送达｜{}：{}",
                one_line(&word.recipient_name),
                one_line(&word.subject)
            ),
            paragraphs: vec![
                format!("消息：{}", one_line(&word.subject)),
                format!(
                    "收件人：{}，渠道：{}",
                    one_line(&word.recipient_name),
                    one_line(&word.channel)
                ),
                format!("原因：{cause}程序提示原文：{}", self.said(&word.why)),
                told,
                if word.recipient_name == word.channel {
                    format!("请核对渠道{name}的设置，并告知群内有关人员。")
                } else {
                    format!("请核对{name}的收件地址和渠道设置，并直接告知本人。")
                },
                if word.tasks.is_empty() {
                    String::new()
                } else {
                    "涉及任务：".into()
                },
            ],
            list: self.list(word.tasks.iter().map(task_line).collect()),
        }
    }

    fn test(&self, channel: &str) -> Letter {
        Letter {
            subject: format!("测试｜渠道{}可用", one_line(channel)),
            paragraphs: vec!["这是一条测试消息，不涉及任何任务，无需处理。".into()],
            list: Vec::new(),
        }
    }

    fn fallback_note(&self) -> &'static str {
        "（消息模板出错，以上为内置文本，内容完整。）"
    }

    fn as_of(&self) -> &'static str {
        "截至"
    }
}

impl Zh {
    /// The rule of a step, before repeats and moves.
    fn rule(&self, step: &StepWords) -> String {
        let anchor = match (step.anchor, step.heard) {
            (Anchor::Due, _) => "完成时限",
            (Anchor::Opened, _) | (Anchor::Reported, Heard::Opening) => "立项",
            (Anchor::Reported, Heard::Report) => "最近一次进展",
            (Anchor::Reported, Heard::Acknowledgement) => "签收",
            (Anchor::Reported, Heard::Reopening) => "重新打开",
            (Anchor::Submitted, _) => "报送",
            (Anchor::Closed, _) => "办结",
        };
        let Some(at) = step.at else {
            return format!("{anchor}当天");
        };
        let unit = match at.unit {
            TimeUnit::WorkingDays => "个工作日",
            TimeUnit::Days => "天",
            TimeUnit::Weeks => "周",
            TimeUnit::Months => "个月",
            TimeUnit::Hours => "小时",
            TimeUnit::Minutes => "分钟",
            TimeUnit::Seconds => "秒",
        };
        let amount = at.amount.unsigned_abs();
        if step.anchor == Anchor::Reported && step.heard != Heard::Report {
            return format!("自{anchor}起{amount}{unit}未报进展");
        }
        let side = if at.amount < 0 { "前" } else { "后" };
        format!("{anchor}{side}{amount}{unit}")
    }

    /// What to say of deadlines that lie ahead.
    fn upcoming(&self, count: u32, nearest: Option<&Nearest>) -> String {
        let Some(nearest) = nearest else {
            return format!("{count}项未到期");
        };
        let when = match nearest.days {
            1 => "明天到期".into(),
            2 => "后天到期".into(),
            _ if nearest.working_days > 0 => {
                return format!("{count}项未到期，最近还剩{}个工作日", nearest.working_days);
            }
            _ => format!("将于{}到期", nearest.on.get(5..).unwrap_or(&nearest.on)),
        };
        if nearest.tasks == count {
            format!("{count}项{when}")
        } else {
            format!("{count}项未到期，其中{}项{when}", nearest.tasks)
        }
    }

    /// What several tasks come to: the late first, then the two most pressing others.
    fn worst(&self, digest: &Digest) -> String {
        let tally = &digest.tally;
        let mut clauses = Vec::new();
        match (tally.overdue, tally.longest_working_days) {
            (0, _) => {}
            (count, 0) if tally.longest_days == 0 => clauses.push(format!("{count}项今天已到期")),
            (count, 0) => clauses.push(format!("{count}项逾期，最长逾期{}天", tally.longest_days)),
            (count, longest) => clauses.push(format!("{count}项逾期，最长逾期{longest}个工作日")),
        }
        for (topic, count) in &tally.topics {
            clauses.push(match topic {
                Topic::Overdue => continue,
                Topic::DueToday => format!("{count}项今天到期"),
                Topic::Upcoming => self.upcoming(*count, tally.nearest.as_ref()),
                Topic::Silent => format!("{count}项未报进展，最长{}个工作日", tally.longest_silence),
                Topic::UnderReview => format!("{count}项待审核"),
                Topic::LookBack => format!("{count}项回头看"),
                Topic::New => format!("{count}项新任务"),
            });
        }
        clauses.truncate(2);
        clauses.join("；")
    }

    fn list(&self, mut lines: Vec<String>) -> Vec<String> {
        let total = lines.len();
        if total > LIST_MAX {
            lines.truncate(LIST_MAX);
            lines.push(format!("……另有{}项", total - LIST_MAX));
        }
        lines
    }
}

fn task_line((id, title): &(String, String)) -> String {
    format!("{}　{}", one_line(id), shorten(&one_line(title), 80))
}

/// One thing that a self-audit found.
fn audit_line(problem: &AuditProblem) -> String {
    let what = match problem.kind {
        FindingKind::Missing => "应通知而未通知",
        FindingKind::Asleep => "到时不会被处理",
        FindingKind::Lost => "日志有记录，数据库中已不存在",
        FindingKind::Mark => "已通知的标记与日志不符",
        FindingKind::Extra => "计划外的通知",
        FindingKind::Twice => "重复通知",
        FindingKind::Stuck => "到时未发出",
        FindingKind::Journal => "日志不完整或任务状态与日志不符",
    };
    let about = audit_about(problem, "任务");
    if about.is_empty() {
        what.into()
    } else {
        format!("{about}：{what}")
    }
}
