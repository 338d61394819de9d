//! A message for this room's tests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeZone, Utc};

use crate::domain::chat::{Block, Chat, Line, Span};
use crate::domain::id::{MessageId, NoticeId, PersonId, TaskId};
use crate::domain::ladder::Level;
use crate::domain::message::{Content, MessageKind, Named, NoticeView, TaskView, Words};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{Locale, Party, People, Person};
use crate::domain::task::{Light, Phase};

use super::Parcel;

/// 09:00 in Shanghai.
pub(super) fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2021, 12, 17, 1, 0, 0).unwrap()
}

pub(super) fn id() -> MessageId {
    MessageId::new("00112233445566778899aabbccddeeff")
}

/// One overdue task for one head.
pub(super) fn content() -> Content {
    Content {
        recipient: Recipient {
            kind: RecipientKind::Person,
            id: "edu-head".to_owned(),
            name: "张伟（值班）".to_owned(),
            role: "head".to_owned(),
        },
        locale: Locale::ZhCn,
        words: Words {
            subject: "督办｜市教育局：重新规划七年级班级 逾期1个工作日".to_owned(),
            text: "请办理。\n.单点开头\n".to_owned(),
            html: "<p>请办理。</p>".to_owned(),
            markdown: "**请办理。**".to_owned(),
            chat: chat(),
            fallback: None,
        },
        notices: vec![NoticeView {
            id: NoticeId::new("ffeeddccbbaa99887766554433221100"),
            level: Level::Overdue,
            step: "due+1wd/overdue".to_owned(),
            at: "2021-12-17T09:00:00+08:00".to_owned(),
            late: false,
            reason: "1 working day after 2021-12-16".to_owned(),
            task: TaskView {
                id: "1".to_owned(),
                title: "重新规划七年级班级".to_owned(),
                area: "整改任务落实".to_owned(),
                unit: Named {
                    id: "edu".to_owned(),
                    name: "市教育局".to_owned(),
                },
                lead: Named {
                    id: "vm-edu".to_owned(),
                    name: "分管副市长".to_owned(),
                },
                due: "2021-12-16".to_owned(),
                state: Phase::Open,
                light: Light::Red,
            },
        }],
        figures: None,
        thread: Some(TaskId::new("1")),
        urgent: true,
        as_of: as_of(),
        whole: None,
        attachments: Vec::new(),
        calendar: None,
        until: None,
    }
}

/// Two tasks, the first with somebody to be rung; their texts hold what a ledger may hold.
pub(super) fn chat() -> Chat {
    let plain = |text: &str| Span::Plain(text.to_owned());
    let block = |task: &str, level: Level, light: Light, title: &str, mentions: &[&str]| {
        let mut last = vec![plain("相关人员：")];
        for (number, id) in mentions.iter().enumerate() {
            if number > 0 {
                last.push(plain("、"));
            }
            last.push(Span::Mention(PersonId::new(*id), (*id).to_uppercase()));
        }
        Block {
            task: task.to_owned(),
            level: Some(level),
            lines: vec![
                Line(vec![
                    plain("🔴 "),
                    Span::Lit(light, "逾期3个工作日".to_owned()),
                    plain(" "),
                    Span::Strong(title.to_owned()),
                ]),
                Line::plain("市教育局｜时限 2021-12-16"),
                Line(last),
            ],
            brief: Line(vec![plain("🔴 逾期3个工作日 "), plain(title)]),
            ..Block::default()
        }
    };
    Chat {
        title: "督办｜2项任务逾期".to_owned(),
        light: Some(Light::Red),
        intro: vec![Line::plain("截至 2021-12-17 09:00")],
        blocks: vec![
            block("1", Level::Overdue, Light::Red, "重新规划七年级班级", &["zhang", "li"]),
            block("2", Level::Warn, Light::Yellow, NASTY, &["wang"]),
        ],
        outro: Vec::new(),
        part: None,
    }
}

/// What somebody may paste into a cell.
pub(super) const NASTY: &str = "<font color=\"info\">x</font> @all <@all> <!channel> [a](http://evil.example) *_~`|# & &amp; \\ 👨‍👩‍👧 <at id=all></at>";

/// Three people: Zhang has a handle with every vendor and a mobile, Li only a mobile, Wang nothing.
pub(super) fn people() -> People {
    let person = |id: &str, handles: &[(&str, &str)]| Person {
        id: PersonId::new(id),
        name: id.to_uppercase(),
        email: None,
        locale: Locale::ZhCn,
        channels: Vec::new(),
        handles: handles
            .iter()
            .map(|(vendor, handle)| ((*vendor).to_owned(), (*handle).to_owned()))
            .collect(),
        deputy: None,
        away: Vec::new(),
    };
    let zhang = [
        ("wecom", "zhangsan"),
        ("dingtalk", "user001"),
        ("feishu", "ou_zhang"),
        ("slack", "U012AB3CD"),
        ("teams", "zhang@contoso.example"),
        ("discord", "123456789012345678"),
        ("telegram", "42"),
        ("mattermost", "zhangsan"),
        ("rocketchat", "zhangsan"),
        ("matrix", "@zhang:chat.test"),
        ("mobile", "13800001111"),
    ];
    let persons = [
        person("zhang", &zhang),
        person("li", &[("mobile", "13800002222")]),
        person("wang", &[]),
    ];
    People {
        persons: persons.into_iter().map(|person| (person.id.clone(), person)).collect(),
        units: BTreeMap::new(),
        channels: BTreeMap::new(),
        office: Party::Person(PersonId::new("zhang")),
        default_group: None,
        locale: Locale::ZhCn,
    }
}

static PEOPLE: LazyLock<People> = LazyLock::new(people);

pub(super) fn parcel<'a>(id: &'a MessageId, content: &'a Content) -> Parcel<'a> {
    Parcel {
        id,
        kind: MessageKind::Notice,
        content,
        files: &[],
        address: Some("zhang@example.com"),
        people: &PEOPLE,
        is_plain: false,
        before: &[],
        now: as_of(),
    }
}
