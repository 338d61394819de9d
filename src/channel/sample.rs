//! A message for this room's tests.

use chrono::{DateTime, TimeZone, Utc};

use crate::domain::id::{MessageId, NoticeId, TaskId};
use crate::domain::ladder::Level;
use crate::domain::message::{Content, MessageKind, Named, NoticeView, TaskView, Words};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::Locale;
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
    }
}

pub(super) fn parcel<'a>(id: &'a MessageId, content: &'a Content) -> Parcel<'a> {
    Parcel {
        id,
        kind: MessageKind::Notice,
        content,
        address: Some("zhang@example.com"),
        now: as_of(),
    }
}
