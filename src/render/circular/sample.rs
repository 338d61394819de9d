//! Made-up circulars in which everything occurs that templates can meet.

use chrono::NaiveDate;
use serde::Serialize;

use super::page::CircularPage;
use crate::domain::id::TaskId;
use crate::domain::people::Locale;
use crate::rules::circular::{Area, Circular, Counts, Done, Remaining, Stands};

/// The pages of a full circular, of one in which all is closed, and of one without a task.
pub(in crate::render) fn pages(locale: Locale) -> Vec<impl Serialize> {
    [full(), finished(), empty()]
        .iter()
        .map(|circular| CircularPage::of(circular, locale))
        .collect()
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, month, day).unwrap_or_default()
}

fn done(on_time: bool, said: &str) -> Done {
    Done {
        task: TaskId::new("1"),
        title: "重新规划班级".into(),
        unit: "市教育局".into(),
        closed: day(1, 12),
        first_due: day(1, 10),
        on_time,
        said: said.into(),
    }
}

fn remaining(stands: Stands) -> Remaining {
    Remaining {
        task: TaskId::new("2"),
        title: "开展警示教育".into(),
        unit: "三河市委".into(),
        lead: "市纪委书记".into(),
        due: day(1, 20),
        extended: stands == Stands::InTime,
        relapsed: stands == Stands::InTime,
        stands,
        said: if stands == Stands::InTime {
            String::new()
        } else {
            "正在办理".into()
        },
    }
}

/// Every kind of task in three areas, one of them unnamed.
pub(super) fn full() -> Circular {
    let counts = Counts {
        tasks: 7,
        closed: 3,
        closed_before: 1,
        on_time: 2,
        extended: 1,
        overdue: 2,
        under_review: 1,
        returned: 1,
    };
    let stands = [
        Stands::InTime,
        Stands::UnderReview,
        Stands::Overdue { working_days: 0 },
        Stands::Overdue { working_days: 7 },
    ];
    Circular {
        title: Some("关于整改情况的通报".into()),
        source: Some("反馈意见".into()),
        addressee: None,
        signed: "督办办公室".into(),
        first: day(1, 1),
        last: day(1, 31),
        areas: vec![
            Area {
                name: "整改|任务".into(),
                counts,
                done: vec![done(true, "已新增3个班"), done(false, "")],
                remaining: stands.map(remaining).into(),
            },
            Area::default(),
            Area {
                name: "教育".into(),
                ..Area::default()
            },
        ],
        total: counts,
    }
}

fn finished() -> Circular {
    let counts = Counts {
        tasks: 1,
        closed: 1,
        on_time: 1,
        ..Counts::default()
    };
    Circular {
        title: None,
        source: None,
        areas: vec![Area {
            counts,
            done: vec![done(true, "")],
            ..Area::default()
        }],
        total: counts,
        ..full()
    }
}

fn empty() -> Circular {
    Circular {
        title: None,
        source: None,
        areas: Vec::new(),
        total: Counts::default(),
        ..full()
    }
}
