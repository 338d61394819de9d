//! Made-up messages in which everything occurs that templates can meet: they are proven on these when they are loaded.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::phrases::{Letter, Phrases};
use crate::domain::audit::FindingKind;
use crate::domain::id::{NoticeId, ReviewId, TaskId};
use crate::domain::journal::Fact;
use crate::domain::ladder::{Anchor, Level};
use crate::domain::message::{Digest, Figures, Heard, ITEMS_MAX, Item, Named, NoticeView, Standing, Tally, TaskView};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::Locale;
use crate::domain::review::{
    BatchFigures, CalendarGap, ChainHead, Change, Edition, Events, Forecast, LastTold, Mismatch, Reason, Request,
    Section, Summary, SummaryLine, Undelivered,
};
use crate::domain::system::{AuditProblem, SystemWord, UndeliverableWord};
use crate::domain::task::{Light, Phase};
use crate::domain::when::When;

/// When samples are made.
pub(super) const AS_OF: &str = "2021-12-21 09:00";

/// How a sample's deadline stands: passed, working days left, days left.
const STANDINGS: [(bool, i64, i64); 6] = [
    (true, -3, -5),
    (true, 0, -1),
    (true, 0, 0),
    (false, 0, 0),
    (false, 1, 1),
    (false, 3, 5),
];

/// Every anchor, level and standing; late, absent, provisional, trial, redirected; one, several and too many tasks.
pub(super) fn digests(locale: Locale) -> Vec<Digest> {
    let mut digests = Vec::new();
    for (index, (passed, working, days)) in STANDINGS.into_iter().enumerate() {
        for anchor in Anchor::ALL {
            for level in Level::ALL {
                let mut item = item(locale, anchor, level, index);
                item.standing = Standing {
                    passed,
                    working_days_left: working,
                    days_left: days,
                    ..item.standing
                };
                item.view.task.light = if passed { Light::Red } else { Light::Green };
                digests.push(digest(locale, vec![phased(item)]));
            }
        }
    }
    let mut full = item(locale, Anchor::Due, Level::Summon, 0);
    full.view.late = true;
    full.for_names = vec![person(locale, "张三")];
    full.concerned = ["张三", "李四"]
        .map(|name| (name.into(), person(locale, name)))
        .to_vec();
    full.standing.provisional = true;
    full.standing.due_moved = true;
    full.moved_from = Some("2021-12-18".into());
    full.held_from = Some("2021-12-18 05:00".into());
    let mut bare = item(locale, Anchor::Reported, Level::Warn, 0);
    bare.standing.progress = String::new();
    bare.standing.reported_on = None;
    bare.standing.heard = Heard::Opening;
    bare.evidence = String::new();
    bare.problem = String::new();
    bare.view.task.area = String::new();
    bare.role = String::new();
    let mut marked = digest(locale, vec![full.clone(), bare.clone()]);
    marked.trial_for = Some(person(locale, "李四"));
    marked.instead_of = Some(person(locale, "王五"));
    let mut folded = digest(locale, vec![full; ITEMS_MAX]);
    folded.rest = BTreeMap::from([(Level::Overdue, 3), (Level::Remind, 1)]);
    digests.extend([marked, folded, digest(locale, vec![bare]), digest(locale, Vec::new())]);
    digests
}

/// The state that goes with an item's anchor.
fn phased(mut item: Item) -> Item {
    item.view.task.state = match item.anchor {
        Anchor::Due => Phase::Acknowledged,
        Anchor::Opened | Anchor::Reported => Phase::Open,
        Anchor::Submitted => Phase::Submitted,
        Anchor::Closed => Phase::Closed,
    };
    match item.view.task.state {
        Phase::Submitted => item.view.task.light = Light::Blue,
        Phase::Closed | Phase::Cancelled | Phase::Withdrawn => item.view.task.light = Light::Grey,
        Phase::Open | Phase::Acknowledged => {}
    }
    item
}

/// A digest for one person.
pub(super) fn digest(locale: Locale, items: Vec<Item>) -> Digest {
    let mut tally = Tally::default();
    for item in &items {
        tally.add(item);
    }
    Digest {
        recipient: Recipient {
            kind: RecipientKind::Person,
            id: "vm-edu".into(),
            name: person(locale, "分管教育副市长"),
            role: "lead".into(),
        },
        locale,
        as_of: AS_OF.into(),
        items,
        rest: BTreeMap::new(),
        tally,
        instead_of: None,
        trial_for: None,
    }
}

/// A task of the first real ledger, three working days late.
pub(super) fn item(locale: Locale, anchor: Anchor, level: Level, index: usize) -> Item {
    let text = |zh: &str, en: &str| match locale {
        Locale::ZhCn => zh.to_owned(),
        Locale::En => en.to_owned(),
    };
    let roles = ["owner", "head", "lead", "supervisor", "channel:leaders", "office"];
    let named = |id: &str, zh: &str, en: &str| Named {
        id: id.into(),
        name: text(zh, en),
    };
    phased(Item {
        view: NoticeView {
            id: NoticeId::new("0123456789abcdef0123456789abcdef"),
            level,
            step: format!("{}+3wd/{}", anchor.as_str(), level.as_str()),
            at: "2021-12-21T09:00:00+08:00".into(),
            late: false,
            reason: "3 working days after 2021-12-16".into(),
            task: TaskView {
                id: "1".into(),
                title: text("班额整改", "Class size"),
                area: text("整改任务落实", "Earlier findings"),
                unit: named("edu", "市教育局", "Education Bureau"),
                lead: named("vm-edu", "分管教育副市长", "Vice-Mayor for Education"),
                due: "2021-12-16".into(),
                state: Phase::Acknowledged,
                light: Light::Red,
            },
        },
        anchor,
        standing: Standing {
            due: "2021-12-16".into(),
            due_time: None,
            due_moved: false,
            passed: true,
            working_days_left: -3,
            days_left: -5,
            silent_working_days: 10,
            submitted_working_days: Some(3),
            closed_days: Some(30),
            heard: Heard::Report,
            reported_on: Some("2021-12-10".into()),
            progress: text(
                "已增设2个班，第3个班正在腾挪教室",
                "Two classes added, a room is being cleared for the third",
            ),
            provisional: false,
        },
        role: roles.get(index % roles.len()).copied().unwrap_or("owner").into(),
        scheduled: AS_OF.into(),
        moved_from: None,
        held_from: None,
        for_names: Vec::new(),
        concerned: Vec::new(),
        evidence: text("班额统计表；新建教室验收单", "Class list; acceptance of the new rooms"),
        problem: text(
            "市第六中学大班额问题仍然存在",
            "Classes at No. 6 School are still too large",
        ),
    })
}

fn person(locale: Locale, name: &str) -> String {
    match (locale, name) {
        (Locale::ZhCn, name) => name,
        (Locale::En, "张三") => "Zhang San",
        (Locale::En, "李四") => "Li Si",
        (Locale::En, "王五") => "Wang Wu",
        (Locale::En, _) => "Vice-Mayor",
    }
    .to_owned()
}

/// One letter of every sort.
pub(super) fn letters(words: &dyn Phrases) -> Vec<Letter> {
    let tasks = vec![("1".to_owned(), "班额整改".to_owned())];
    let mut letters: Vec<Letter> = system_words().iter().map(|word| words.system(word)).collect();
    letters.push(words.test("mail"));
    for told_instead in [None, Some("李四".to_owned())] {
        letters.push(words.undeliverable(&UndeliverableWord {
            subject: "督办｜市教育局：班额整改 逾期3个工作日".into(),
            recipient_name: "张三".into(),
            channel: "mail".into(),
            why: "550 5.1.1 no such user".into(),
            told_instead,
            tasks: tasks.clone(),
        }));
    }
    letters
}

/// One of each.
pub(super) fn system_words() -> Vec<SystemWord> {
    let tasks = vec![("1".to_owned(), "班额整改".to_owned())];
    vec![
        SystemWord::NewStore {
            path: "/var/lib/duban/duban.db".into(),
            tasks: 29,
            late: 12,
        },
        SystemWord::EndpointStopped {
            channel: "mail".into(),
            cause: "535 5.7.8 authentication failed".into(),
            waiting_tasks: 7,
        },
        SystemWord::EndpointRecovered { channel: "mail".into() },
        SystemWord::LoadRefused {
            problems: vec!["ledger.csv:3: unit 市教育居 is not defined".into()],
            since: AS_OF.into(),
        },
        SystemWord::LoadAccepted,
        SystemWord::Withdrawn { tasks },
        SystemWord::ClockHeld {
            shown: "2031-01-01 00:00".into(),
            before: AS_OF.into(),
        },
        SystemWord::ClockReleased,
        SystemWord::TemplateFailed {
            file: "zh-CN/notice.html".into(),
            text: "undefined value".into(),
        },
        SystemWord::AuditProblems {
            problems: FindingKind::ALL.map(audit_problem).to_vec(),
            total: 8,
            again: false,
        },
        SystemWord::AuditClean {
            tasks: 29,
            notices: 1312,
            entries: 4711,
            mended: false,
        },
        SystemWord::AuditClean {
            tasks: 29,
            notices: 1312,
            entries: 4711,
            mended: true,
        },
        SystemWord::Restored {
            until: AS_OF.into(),
            seq: 4711,
        },
        SystemWord::CalendarLoaded {
            moved: vec!["1 due-3wd/warn: 2027-02-18 → 2027-02-15".into()],
        },
        SystemWord::ExtensionAsked {
            task: "1".into(),
            title: "班额整改".into(),
            unit: "市教育局".into(),
            by: "张三".into(),
            due: day(2021, 12, 16),
            to: day(2022, 1, 31),
            note: "教室未验收".into(),
        },
        answered(true, Some("仅此一次")),
        answered(false, Some("市领导已承诺")),
    ]
}

fn day(year: i32, month: u32, day: u32) -> When {
    When::Date(NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default())
}

fn answered(granted: bool, note: Option<&str>) -> SystemWord {
    SystemWord::ExtensionAnswered {
        task: "1".into(),
        title: "班额整改".into(),
        unit: "市教育局".into(),
        by: "李四".into(),
        asked: day(2022, 1, 31),
        due: if granted { day(2022, 1, 14) } else { day(2021, 12, 16) },
        granted,
        note: note.map(str::to_owned),
    }
}

fn audit_problem(kind: FindingKind) -> AuditProblem {
    AuditProblem {
        kind,
        task: Some("1".into()),
        step: Some("due-3wd/warn".into()),
        who: Some("edu-head".into()),
    }
}

/// A full summary, an all-green one, one of nothing, and one for a group.
pub(super) fn summaries(locale: Locale) -> Vec<Summary> {
    let full = summary(locale);
    let empty = Summary {
        figures: Figures::default(),
        before: None,
        since: None,
        moved_from: None,
        late_from: None,
        for_names: Vec::new(),
        overdue: Section::default(),
        due_soon: Section::default(),
        silent: Section::default(),
        under_review: Section::default(),
        requests: Section::default(),
        batches: Vec::new(),
        agenda: Vec::new(),
        extensions: Events::default(),
        returns: Events::default(),
        look_backs: Section::default(),
        relapses: Events::default(),
        forecast: Section::default(),
        fine: 0,
        closed: Section::default(),
        changes: Vec::new(),
        changes_more: 0,
        mismatches: Vec::new(),
        undelivered: Vec::new(),
        calendar: None,
        head: None,
        trial_for: None,
        ..full.clone()
    };
    let green = Summary {
        figures: Figures {
            green: 8,
            ..Figures::default()
        },
        since: Some("2021-12-13 08:30".into()),
        ..empty.clone()
    };
    let mut group = full.clone();
    group.edition = Edition::Group;
    for section in [
        &mut group.due_soon,
        &mut group.silent,
        &mut group.requests,
        &mut group.forecast,
    ] {
        section.more = section.count();
        section.lines.clear();
    }
    vec![full, green, empty, group]
}

#[expect(clippy::too_many_lines, reason = "one value written out in full")]
fn summary(locale: Locale) -> Summary {
    let section = |anchor: Anchor, light: Light, standings: &[(bool, i64, i64)], more: u32| Section {
        lines: standings
            .iter()
            .map(|(passed, working, days)| {
                let mut item = item(locale, anchor, Level::Remind, 0);
                item.view.task.light = light;
                SummaryLine {
                    task: item.view.task,
                    holders: vec![person(locale, "张三")],
                    standing: Standing {
                        passed: *passed,
                        working_days_left: *working,
                        days_left: *days,
                        provisional: *working > 3,
                        ..item.standing
                    },
                    told: Some(LastTold {
                        names: vec![person(locale, "张三")],
                        level: Level::Escalate,
                        at: "2021-12-20 09:00".into(),
                        loudest: Some((Level::Summon, "2021-12-13 09:00".into())),
                    }),
                    reviewers: vec![person(locale, "李四")],
                    look_back: Some("2021-12-28".into()),
                    forecast: Some(forecast()),
                    request: Some(Request {
                        to: "2022-01-31".into(),
                        at: "2021-12-17 10:00".into(),
                        working_days: 1,
                        note: said(locale, "教室未验收", "the rooms are not inspected yet"),
                    }),
                    stage_of: None,
                }
            })
            .collect(),
        more,
    };
    let change = |fact: Fact, note: &str| Change {
        at: "2021-12-20 15:30".into(),
        task: TaskId::new("1"),
        title: item(locale, Anchor::Due, Level::Remind, 0).view.task.title,
        by: person(locale, "张三"),
        fact,
        note: note.into(),
    };
    let (from, to) = (AS_OF.parse(), "2022-01-31".parse());
    let moved = from.ok().zip(to.ok()).map(|(from, to)| Fact::DueChanged { from, to });
    Summary {
        review: ReviewId::new("weekly"),
        recipient: digest(locale, Vec::new()).recipient,
        locale,
        edition: Edition::Office,
        parts: Vec::new(),
        as_of: AS_OF.into(),
        since: Some("2021-12-13 08:30".into()),
        moved_from: Some("2021-12-19".into()),
        late_from: Some("2021-12-20 08:30".into()),
        for_names: vec![person(locale, "李四")],
        figures: Figures {
            green: 8,
            yellow: 3,
            red: 2,
            blue: 1,
            grey: 15,
        },
        before: Some(Figures {
            green: 9,
            yellow: 4,
            red: 1,
            blue: 1,
            grey: 14,
        }),
        overdue: section(Anchor::Due, Light::Red, &[(true, -12, -16), (true, -3, -5)], 2),
        due_soon: section(Anchor::Due, Light::Yellow, &[(false, 0, 0), (false, 3, 5)], 0),
        silent: section(Anchor::Reported, Light::Green, &[(false, 20, 28)], 0),
        under_review: section(Anchor::Submitted, Light::Blue, &[(true, -1, -1)], 0),
        requests: section(Anchor::Due, Light::Yellow, &[(false, 3, 5)], 0),
        batches: [("第一批", "First batch", 2), ("", "", 0)]
            .map(|(zh, en, red)| BatchFigures {
                batch: said(locale, zh, en),
                figures: Figures {
                    green: 4,
                    red,
                    ..Figures::default()
                },
            })
            .into(),
        agenda: vec![said(
            locale,
            "1: 教室验收（张三）",
            "1: inspection of the rooms (Zhang San)",
        )],
        extensions: Events {
            lines: moved
                .iter()
                .cloned()
                .chain(answers())
                .map(|fact| change(fact, ""))
                .collect(),
            more: 0,
        },
        returns: Events {
            lines: vec![change(Fact::Returned { due: None }, "")],
            more: 1,
        },
        look_backs: section(Anchor::Closed, Light::Grey, &[(true, -1, -1)], 0),
        relapses: Events {
            lines: vec![change(Fact::Reopened { due: None }, "")],
            more: 0,
        },
        forecast: section(Anchor::Due, Light::Green, &[(false, 20, 28)], 0),
        fine: 5,
        closed: section(Anchor::Closed, Light::Grey, &[(true, -1, -1)], 0),
        changes: std::iter::once(change(
            Fact::Submitted,
            if locale == Locale::ZhCn {
                "材料齐全"
            } else {
                "all papers in"
            },
        ))
        .chain(moved.map(|fact| change(fact, "")))
        .collect(),
        changes_more: 1,
        mismatches: vec![Mismatch {
            task: TaskId::new("1"),
            column: "due".into(),
            row: "2021-12-16".into(),
            journal: "2022-01-31".into(),
        }],
        undelivered: vec![Undelivered {
            recipient: person(locale, "王五"),
            channel: "mail".into(),
            why: "550 5.1.1 no such user".into(),
            messages: 2,
        }],
        calendar: Some(CalendarGap {
            known_until: "2026-12-31".into(),
            days_left: 1837,
            years: vec![(2027, 2)],
        }),
        head: Some(ChainHead {
            seq: 1204,
            hash: "408213907715".into(),
        }),
        trial_for: None,
    }
}

/// Extensions: granted as asked for, granted otherwise, refused.
fn answers() -> [Fact; 3] {
    let (from, asked) = (day(2021, 12, 16), day(2022, 1, 31));
    let granted = |to| Fact::ExtensionGranted { from, asked, to };
    [
        granted(asked),
        granted(day(2022, 1, 15)),
        Fact::ExtensionRefused { asked },
    ]
}

/// A text in one of two languages.
fn said(locale: Locale, zh: &str, en: &str) -> String {
    match locale {
        Locale::ZhCn => zh.into(),
        Locale::En => en.into(),
    }
}

/// Every reason.
fn forecast() -> Forecast {
    let reasons = vec![
        Reason::Unit {
            due: 8,
            late: 5,
            points: 2,
        },
        Reason::Silent { days: 22, points: 2 },
        Reason::Short {
            left: 20,
            needed: 45,
            of: 7,
            points: 2,
        },
        Reason::Slow {
            elapsed: 60,
            needed: 45,
            of: 7,
            points: 1,
        },
        Reason::Spent {
            elapsed: 60,
            whole: 65,
            points: 2,
        },
        Reason::Returned { times: 1, points: 1 },
    ];
    Forecast { score: 10, reasons }
}
