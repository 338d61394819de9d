//! 图表的中文措辞。

use std::cmp::Ordering;

use chrono::{Datelike, NaiveDate};

use super::words::{ChartWords, NAMED_MAX, SAID_COLUMNS, Total};
use crate::domain::chart::{Trend, UnitRate, Week};
use crate::domain::message::Figures;
use crate::domain::task::Light;
use crate::render::escape::{one_line, shorten};

/// Simplified Chinese.
pub(super) struct Zh;

impl ChartWords for Zh {
    fn day(&self, day: NaiveDate) -> String {
        format!("{}月{}日", day.month(), day.day())
    }

    fn light(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "红·逾期",
            Light::Yellow => "黄·临期",
            Light::Green => "绿·正常",
            Light::Blue => "蓝·待审",
            Light::Grey => "灰·结束",
        }
    }

    fn lights_title(&self, weeks: usize) -> String {
        format!("近{weeks}周各色灯（列上为在办数）")
    }

    fn lights_verdict(&self, first: &Week, last: &Week) -> String {
        format!(
            "红灯{}，在办{}项",
            moved(first.figures.red, last.figures.red),
            last.open()
        )
    }

    fn lights_alt(&self, weeks: &[Week]) -> String {
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else {
            return String::new();
        };
        let Figures {
            green,
            yellow,
            red,
            blue,
            grey,
        } = last.figures;
        format!(
            "近{}周各色灯：红灯{}，在办{}。目前红灯{red}项，黄灯{yellow}项，蓝灯{blue}项，绿灯{green}项；已结束{grey}项。",
            weeks.len(),
            moved(first.figures.red, red),
            moved(first.open(), last.open()),
        )
    }

    fn burn_down_title(&self) -> &'static str {
        "在办任务与计划"
    }

    fn burn_down_verdict(&self, now: &Week) -> String {
        format!("在办{}项，按首次时限应余{}项，{}", now.open(), now.planned, behind(now))
    }

    fn burn_down_rows(&self) -> [&'static str; 3] {
        ["在办", "计划", "相差"]
    }

    fn ahead(&self) -> &'static str {
        "今后计划"
    }

    fn burn_down_alt(&self, trend: &Trend) -> String {
        let (Some(first), Some(now)) = (trend.weeks.first(), trend.weeks.last()) else {
            return String::new();
        };
        let ahead = trend
            .ahead
            .last()
            .map(|ahead| format!("按计划，{}应余{}项。", self.day(ahead.day), ahead.planned));
        format!(
            "在办任务与计划：近{}周在办{}；按首次时限现在应余{}项，{}。{}",
            trend.weeks.len(),
            moved(first.open(), now.open()),
            now.planned,
            behind(now),
            ahead.unwrap_or_default()
        )
    }

    fn on_time_title(&self) -> &'static str {
        "各单位按期率"
    }

    fn on_time_verdict(&self, total: Total) -> String {
        format!(
            "对照首次时限，{}项已见分晓，{}项按期，占{}%",
            total.judged,
            total.on_time,
            total.percent()
        )
    }

    fn rate(&self, unit: &UnitRate) -> String {
        format!("{}%（{}/{}）", unit.percent(), unit.on_time, unit.judged)
    }

    fn more_units(&self, count: usize) -> String {
        format!("另有{count}个单位按期率不低于上列，未画出")
    }

    fn on_time_alt(&self, units: &[UnitRate]) -> String {
        let total = Total::of(units);
        let sum = format!(
            "各单位按期率（对照首次时限）：总计{}%，{}项中{}项按期",
            total.percent(),
            total.judged,
            total.on_time
        );
        let late: Vec<String> = units
            .iter()
            .filter(|unit| unit.on_time < unit.judged)
            .take(NAMED_MAX)
            .map(|unit| format!("{}{}", shorten(&one_line(&unit.name), SAID_COLUMNS), self.rate(unit)))
            .collect();
        if late.is_empty() {
            format!("{sum}。")
        } else {
            format!("{sum}；最低的是{}。", late.join("、"))
        }
    }
}

fn moved(from: u32, to: u32) -> String {
    match to.cmp(&from) {
        Ordering::Greater => format!("由{from}项增至{to}项"),
        Ordering::Less => format!("由{from}项减至{to}项"),
        Ordering::Equal => format!("仍为{to}项"),
    }
}

fn behind(now: &Week) -> String {
    match now.open().cmp(&now.planned) {
        Ordering::Greater => format!("落后{}项", now.open().abs_diff(now.planned)),
        Ordering::Less => format!("领先{}项", now.open().abs_diff(now.planned)),
        Ordering::Equal => "与计划持平".to_owned(),
    }
}
