//! English wording of pictures.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::words::{ChartWords, NAMED_MAX, SAID_COLUMNS, Total};
use crate::domain::chart::{Trend, UnitRate, Week};
use crate::domain::message::Figures;
use crate::domain::task::Light;
use crate::render::escape::{one_line, shorten};

/// English.
pub(super) struct En;

impl ChartWords for En {
    fn day(&self, day: NaiveDate) -> String {
        day.format("%-d %b").to_string()
    }

    fn light(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "red: late",
            Light::Yellow => "yellow: near",
            Light::Green => "green: fine",
            Light::Blue => "blue: review",
            Light::Grey => "grey: ended",
        }
    }

    fn lights_title(&self, weeks: usize) -> String {
        format!("Lights over {weeks} weeks (open tasks on top)")
    }

    fn lights_verdict(&self, first: &Week, last: &Week) -> String {
        let red = moved(first.figures.red, last.figures.red);
        format!("Red {red}; {} open now", last.open())
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
            "Lights over {} weeks: red {}, open tasks {}. \
             Now {red} red, {yellow} yellow, {blue} blue, {green} green; {grey} ended.",
            weeks.len(),
            moved(first.figures.red, red),
            moved(first.open(), last.open()),
        )
    }

    fn burn_down_title(&self) -> &'static str {
        "Open tasks against plan"
    }

    fn burn_down_verdict(&self, now: &Week) -> String {
        format!(
            "{} open, {} planned by first deadlines: {}",
            now.open(),
            now.planned,
            behind(now)
        )
    }

    fn burn_down_rows(&self) -> [&'static str; 3] {
        ["open", "plan", "difference"]
    }

    fn ahead(&self) -> &'static str {
        "plan ahead"
    }

    fn burn_down_alt(&self, trend: &Trend) -> String {
        let (Some(first), Some(now)) = (trend.weeks.first(), trend.weeks.last()) else {
            return String::new();
        };
        let ahead = trend
            .ahead
            .last()
            .map(|ahead| format!(" The plan leaves {} open on {}.", ahead.planned, self.day(ahead.day)));
        format!(
            "Open tasks against plan: over {} weeks open tasks {}; first deadlines would leave {} open now, so the work is {}.{}",
            trend.weeks.len(),
            moved(first.open(), now.open()),
            now.planned,
            behind(now),
            ahead.unwrap_or_default()
        )
    }

    fn on_time_title(&self) -> &'static str {
        "On-time rate by unit"
    }

    fn on_time_verdict(&self, total: Total) -> String {
        format!(
            "By first deadlines: {} of {} on time, {}%",
            total.on_time,
            total.judged,
            total.percent()
        )
    }

    fn rate(&self, unit: &UnitRate) -> String {
        format!("{}% ({}/{})", unit.percent(), unit.on_time, unit.judged)
    }

    fn more_units(&self, count: usize) -> String {
        match count {
            1 => "1 more unit with no lower rate is not drawn".to_owned(),
            _ => format!("{count} more units with no lower rates are not drawn"),
        }
    }

    fn on_time_alt(&self, units: &[UnitRate]) -> String {
        let total = Total::of(units);
        let sum = format!(
            "On-time rate by unit, against first deadlines: {}% in all, {} of {} tasks",
            total.percent(),
            total.on_time,
            total.judged
        );
        let late: Vec<String> = units
            .iter()
            .filter(|unit| unit.on_time < unit.judged)
            .take(NAMED_MAX)
            .map(|unit| format!("{} {}", shorten(&one_line(&unit.name), SAID_COLUMNS), self.rate(unit)))
            .collect();
        if late.is_empty() {
            format!("{sum}.")
        } else {
            format!("{sum}; lowest: {}.", late.join(", "))
        }
    }
}

fn moved(from: u32, to: u32) -> String {
    match to.cmp(&from) {
        Ordering::Greater => format!("up from {from} to {to}"),
        Ordering::Less => format!("down from {from} to {to}"),
        Ordering::Equal => format!("still {to}"),
    }
}

fn behind(now: &Week) -> String {
    match now.open().cmp(&now.planned) {
        Ordering::Greater => format!("{} behind", now.open().abs_diff(now.planned)),
        Ordering::Less => format!("{} ahead", now.open().abs_diff(now.planned)),
        Ordering::Equal => "on plan".to_owned(),
    }
}
