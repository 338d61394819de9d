//! The circular as templates see it: names, figures, and dates as they are written in the language.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::privacy::without_addresses;
use crate::domain::people::Locale;
use crate::render::escape::one_line;
use crate::rules::circular::{Area, Circular, Counts, Done, Remaining, Stands};

/// What `circular.md` is given.
#[derive(Debug, Serialize)]
pub(super) struct CircularPage {
    /// The heading.
    title: String,
    /// From what the tasks come; empty: nothing was said.
    source: String,
    /// To whom it is, with its colon; empty: to everybody.
    addressee: String,
    /// Who signs.
    pub(super) signed: String,
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// By area, in ledger order.
    areas: Vec<AreaPage>,
    /// Over all areas.
    total: Figures,
    /// Of all areas, the earliest deadline first.
    remaining: Vec<RemainingPage>,
}

#[derive(Debug, Serialize)]
struct AreaPage {
    /// `一`, `二` …; in English `1`, `2` …
    number: String,
    name: String,
    figures: Figures,
    done: Vec<DonePage>,
}

#[derive(Debug, Serialize)]
struct Figures {
    tasks: u32,
    closed: u32,
    closed_before: u32,
    closed_now: u32,
    open: u32,
    on_time: u32,
    extended: u32,
    overdue: u32,
    under_review: u32,
    returned: u32,
    /// `93.1%`; `—` where there is no task.
    rate: String,
}

#[derive(Debug, Serialize)]
struct DonePage {
    id: String,
    title: String,
    unit: String,
    closed: String,
    first_due: String,
    on_time: bool,
    /// A sentence, or empty.
    said: String,
}

#[derive(Debug, Serialize)]
struct RemainingPage {
    id: String,
    area: String,
    title: String,
    unit: String,
    lead: String,
    due: String,
    extended: bool,
    relapsed: bool,
    under_review: bool,
    overdue: bool,
    /// Working days past the deadline.
    days: u32,
    /// A sentence, or empty.
    said: String,
}

impl CircularPage {
    pub(super) fn of(circular: &Circular, locale: Locale) -> Self {
        let usual = match locale {
            Locale::ZhCn => "关于督办任务办理情况的通报",
            Locale::En => "Progress report on supervised tasks",
        };
        let mut remaining: Vec<(NaiveDate, RemainingPage)> = Vec::new();
        let mut areas = Vec::new();
        for (index, area) in circular.areas.iter().enumerate() {
            let name = name(area, circular, locale);
            remaining.extend(
                area.remaining
                    .iter()
                    .map(|task| (task.due, RemainingPage::of(task, &name, locale))),
            );
            areas.push(AreaPage {
                number: number(index + 1, locale),
                name,
                figures: Figures::of(area.counts),
                done: area.done.iter().map(|task| DonePage::of(task, locale)).collect(),
            });
        }
        remaining.sort_by_key(|(due, _)| *due);
        Self {
            title: circular.title.as_deref().map_or_else(|| usual.to_owned(), line),
            source: circular.source.as_deref().map(line).unwrap_or_default(),
            addressee: addressee(circular.addressee.as_deref(), locale),
            signed: line(&circular.signed),
            from: date(circular.first, locale),
            to: date(circular.last, locale),
            areas,
            total: Figures::of(circular.total),
            remaining: remaining.into_iter().map(|(_, task)| task).collect(),
        }
    }
}

impl Figures {
    fn of(counts: Counts) -> Self {
        Self {
            tasks: counts.tasks,
            closed: counts.closed,
            closed_before: counts.closed_before,
            closed_now: counts.closed.saturating_sub(counts.closed_before),
            open: counts.open(),
            on_time: counts.on_time,
            extended: counts.extended,
            overdue: counts.overdue,
            under_review: counts.under_review,
            returned: counts.returned,
            rate: counts.closed_per_mille().map_or_else(|| "—".to_owned(), percent),
        }
    }
}

impl DonePage {
    fn of(task: &Done, locale: Locale) -> Self {
        Self {
            id: line(task.task.as_str()),
            title: phrase(&task.title),
            unit: line(&task.unit),
            closed: date(task.closed, locale),
            first_due: date(task.first_due, locale),
            on_time: task.on_time,
            said: sentence(&task.said, locale),
        }
    }
}

impl RemainingPage {
    fn of(task: &Remaining, area: &str, locale: Locale) -> Self {
        let days = match task.stands {
            Stands::Overdue { working_days } => Some(working_days),
            Stands::InTime | Stands::UnderReview => None,
        };
        Self {
            id: line(task.task.as_str()),
            area: area.to_owned(),
            title: phrase(&task.title),
            unit: line(&task.unit),
            lead: line(&task.lead),
            due: date(task.due, locale),
            extended: task.extended,
            relapsed: task.relapsed,
            under_review: task.stands == Stands::UnderReview,
            overdue: days.is_some(),
            days: days.unwrap_or(0),
            said: sentence(&task.said, locale),
        }
    }
}

/// `各责任单位：` where nothing was said, as the request at the end is to them; a report in English is to everybody.
fn addressee(given: Option<&str>, locale: Locale) -> String {
    let (usual, colon) = match locale {
        Locale::ZhCn => ("各责任单位", '：'),
        Locale::En => ("", ':'),
    };
    let text = line(given.unwrap_or(usual));
    let text = text.trim_end_matches(['：', ':', ' ']);
    if text.is_empty() {
        return String::new();
    }
    format!("{text}{colon}")
}

/// How an area is called; it stands in a table, whose bars it must not draw.
fn name(area: &Area, circular: &Circular, locale: Locale) -> String {
    let unnamed = match (locale, circular.areas.len()) {
        (Locale::ZhCn, 1) => "督办任务",
        (Locale::ZhCn, _) => "其他",
        (Locale::En, 1) => "All tasks",
        (Locale::En, _) => "Other",
    };
    let name = line(&area.name).replace('|', "｜");
    if name.is_empty() { unnamed.to_owned() } else { name }
}

/// On one line, without private addresses.
fn line(text: &str) -> String {
    without_addresses(&one_line(text))
}

/// Without what would end a sentence.
fn phrase(text: &str) -> String {
    line(text).trim_end_matches(['。', '.', '；', ';', ' ']).to_owned()
}

/// With what ends a sentence.
fn sentence(text: &str, locale: Locale) -> String {
    let text = phrase(text);
    let end = match locale {
        Locale::ZhCn => '。',
        Locale::En => '.',
    };
    if text.is_empty() || text.ends_with(['！', '？', '!', '?', '…']) {
        return text;
    }
    format!("{text}{end}")
}

/// `2022年8月31日`, `31 August 2022`.
fn date(day: NaiveDate, locale: Locale) -> String {
    match locale {
        Locale::ZhCn => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Locale::En => day.format("%-d %B %Y").to_string(),
    }
}

/// `931` as `93.1%`, `1000` as `100%`.
fn percent(per_mille: u32) -> String {
    match per_mille % 10 {
        0 => format!("{}%", per_mille / 10),
        tenth => format!("{}.{tenth}%", per_mille / 10),
    }
}

/// `一` to `九十九`; digits beyond, and in English.
fn number(number: usize, locale: Locale) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    if locale == Locale::En || number > 99 {
        return number.to_string();
    }
    let digit = |digit: usize| DIGITS.get(digit).copied().unwrap_or_default();
    match (number / 10, number % 10) {
        (0, ones) => digit(ones).to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens, ones) => format!("{}十{}", digit(tens), digit(ones)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_ordinals_go_on_past_ten() {
        let written = [1, 10, 11, 20, 29, 100].map(|of| number(of, Locale::ZhCn));
        assert_eq!(written, ["一", "十", "十一", "二十", "二十九", "100"]);
    }

    #[test]
    fn dates_and_rates_are_written_as_the_language_does() {
        let day = NaiveDate::from_ymd_opt(2022, 8, 1).expect("a date");
        assert_eq!(date(day, Locale::ZhCn), "2022年8月1日");
        assert_eq!(date(day, Locale::En), "1 August 2022");
        assert_eq!(
            (percent(931), percent(1000), percent(5)),
            ("93.1%".into(), "100%".into(), "0.5%".into())
        );
    }

    #[test]
    fn an_addressee_stands_before_one_colon_and_can_be_left_out() {
        assert_eq!(addressee(None, Locale::ZhCn), "各责任单位：");
        assert_eq!(addressee(Some("市直各部门："), Locale::ZhCn), "市直各部门：");
        assert_eq!(addressee(Some(""), Locale::ZhCn), "");
        assert_eq!(addressee(None, Locale::En), "");
        assert_eq!(addressee(Some("All units"), Locale::En), "All units:");
    }

    #[test]
    fn a_text_becomes_one_sentence() {
        assert_eq!(sentence("已完成；\n", Locale::ZhCn), "已完成。");
        assert_eq!(sentence("", Locale::ZhCn), "");
        assert_eq!(sentence("Done!", Locale::En), "Done!");
    }
}
