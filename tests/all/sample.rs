//! A message as the daemon would queue it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeZone, Utc};
use duban::channel::Parcel;
use duban::domain::chat::Chat;
use duban::domain::id::{MessageId, TaskId};
use duban::domain::message::{Content, MessageKind, Words};
use duban::domain::notice::{Recipient, RecipientKind};
use duban::domain::people::{Locale, Party, People};

pub(crate) const SUBJECT: &str = "督办｜市教育局：重新规划七年级班级 逾期3个工作日🔔";
pub(crate) const TEXT: &str = "张三同志：\n\n任务已逾期3个工作日。\n.行首的点\n";
pub(crate) const HTML: &str = "<p>任务已<b>逾期</b>3个工作日。</p>\n";

pub(crate) fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2021, 12, 21, 1, 0, 0).unwrap()
}

pub(crate) fn content() -> Content {
    Content {
        recipient: Recipient {
            kind: RecipientKind::Person,
            id: "edu-head".to_owned(),
            name: "张三（局长）".to_owned(),
            role: "head".to_owned(),
        },
        locale: Locale::ZhCn,
        words: Words {
            chat: Chat::default(),
            subject: SUBJECT.to_owned(),
            text: TEXT.to_owned(),
            html: HTML.to_owned(),
            markdown: "任务已**逾期**3个工作日。".to_owned(),
            fallback: None,
        },
        notices: Vec::new(),
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

/// People without handles.
fn nobody() -> &'static People {
    static NOBODY: LazyLock<People> = LazyLock::new(|| People {
        persons: BTreeMap::new(),
        units: BTreeMap::new(),
        channels: BTreeMap::new(),
        office: Party::Person("office".into()),
        default_group: None,
        locale: Locale::ZhCn,
    });
    &NOBODY
}

pub(crate) fn parcel<'a>(id: &'a MessageId, content: &'a Content, address: &'a str, now: DateTime<Utc>) -> Parcel<'a> {
    Parcel {
        id,
        kind: MessageKind::Notice,
        content,
        files: &[],
        address: Some(address),
        people: nobody(),
        is_plain: false,
        before: &[],
        now,
    }
}
