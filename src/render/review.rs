//! A summary as templates see it: lights, then sections of lines, in one order for text, HTML and Markdown.

mod en;
mod gist;
mod zh;

use serde::Serialize;

use super::chart::Picture;
use super::chat::icon;
use super::escape::{one_line, shorten};
use super::notice::light_color;
use super::phrases::{self, Phrases};
use super::plain::Plain;
use crate::domain::people::Locale;
use crate::domain::review::{
    BatchFigures, CalendarGap, ChainHead, Change, Events, Forecast, LastTold, Mismatch, Request, Section, StageOf,
    Summary, SummaryLine, Undelivered,
};
use crate::domain::task::Light;

/// A title in a summary takes at most so many columns.
const TITLE_COLUMNS: usize = 120;
/// Any other cell takes at most so many.
const CELL_COLUMNS: usize = 160;
/// So many bytes of lines and pictures are written in full in all; what is past them is counted. Mail writes both in
/// letters that are a third more, and so a whole mail, its files aside, stays under 100 KB.
const BYTES_MAX: usize = 56_000;
/// So many lines of a section are written however much the sections before it took, as far as there is room at all.
const LINES_SURE: usize = 3;
/// What surrounds the words of one line in text and HTML, in bytes.
const LINE_FRAME: usize = 400;
/// What surrounds the bytes of a picture in a mail and in its HTML, in bytes.
const PICTURE_FRAME: usize = 600;

/// The phrases of a review in one language.
pub(super) trait ReviewPhrases: Sync {
    /// The subject.
    fn headline(&self, summary: &Summary) -> String;
    /// What a light says of a task, in few letters.
    fn meaning(&self, light: Light) -> &'static str;
    /// What it comes to, a sentence each: never empty.
    fn verdict(&self, summary: &Summary) -> Vec<String>;
    /// What stands above a section; `since` is empty in a first review.
    fn heading(&self, part: Part, count: u32, since: &str) -> String;
    /// How a task stands, in the words of its section.
    fn state(&self, part: Part, line: &SummaryLine) -> String;
    /// Who holds a task.
    fn held_by(&self, line: &SummaryLine) -> String;
    /// What happened, and by whom.
    fn change(&self, change: &Change) -> String;
    /// Where row and journal disagree.
    fn mismatch(&self, mismatch: &Mismatch) -> String;
    /// Whom messages did not reach.
    fn undelivered(&self, undelivered: &Undelivered) -> String;
    /// What was not written.
    fn more(&self, count: u32) -> String;
    /// Whose tasks it tells of.
    fn whose(&self, summary: &Summary) -> &'static str;
    /// Who was told last, how loud and when.
    fn told(&self, told: &LastTold) -> String;
    /// Why a task is likely to be late, with the points that each reason counts.
    fn forecast(&self, forecast: &Forecast) -> String;
    /// Why a later deadline is asked for, and since when.
    fn request(&self, request: &Request) -> String;
    /// Of which task a task is a stage.
    fn stage(&self, stage: &StageOf) -> String;
    /// How a batch stands.
    fn batch(&self, batch: &BatchFigures) -> String;
    /// The years that are not published.
    fn calendar(&self, gap: &CalendarGap) -> String;
    /// Where the journal ends.
    fn head(&self, head: &ChainHead) -> String;
    /// Sections of which only the headings are written.
    fn also(&self, headings: &[String]) -> String;
}

/// The sections in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// 逾期
    Overdue,
    /// 临近时限
    DueSoon,
    /// 未报进展
    Silent,
    /// 待审核
    UnderReview,
    /// 延期申请
    Requests,
    /// 延期
    Extensions,
    /// 退回
    Returns,
    /// 回头看
    LookBacks,
    /// 反弹
    Relapses,
    /// 预测
    Forecast,
    /// 批次
    Batches,
    /// 议题
    Agenda,
    /// 办结
    Closed,
    /// 变化
    Changes,
    /// 不一致
    Mismatches,
    /// 未送达
    Undelivered,
    /// 日历
    Calendar,
}

/// What `review.*` templates are given.
#[derive(Debug, Serialize)]
pub(super) struct ReviewPage {
    /// `[试运行 → …] ` or empty.
    pub(super) trial: String,
    /// The subject without `trial`.
    pub(super) headline: String,
    /// Whose tasks it tells of.
    pub(super) whose: &'static str,
    /// Local time.
    pub(super) as_of: String,
    /// Local time of the last one; empty: this is the first.
    pub(super) since: String,
    /// The day off from which it was moved; empty: it was not.
    pub(super) moved_from: String,
    /// When it was to go out; empty: it is in time.
    pub(super) late_from: String,
    /// For whom the reader gets it; empty: for themselves.
    pub(super) for_names: String,
    /// Red first.
    pub(super) lights: Vec<LightPage>,
    /// Sentences.
    pub(super) verdict: Vec<String>,
    /// What the course of the ledger shows.
    pub(super) pictures: Vec<PicturePage>,
    /// Those that are not empty.
    pub(super) sections: Vec<SectionPage>,
    /// What is only counted; empty: nothing.
    pub(super) also: String,
    /// Where the journal ends; empty: it is not told.
    pub(super) head: String,
}

/// A picture.
#[derive(Debug, Serialize)]
pub(super) struct PicturePage {
    /// Its place in a mail: HTML that is written already.
    pub(super) html: String,
    /// What it shows, in words.
    pub(super) alt: String,
}

/// Tasks of one light.
#[derive(Debug, Serialize)]
pub(super) struct LightPage {
    /// The light.
    pub(super) light: Light,
    /// For chats.
    pub(super) icon: &'static str,
    /// The word.
    pub(super) word: &'static str,
    /// What the light says of a task, for those who do not know its colours.
    pub(super) meaning: &'static str,
    /// Its colour.
    pub(super) color: &'static str,
    /// How many.
    pub(super) count: u32,
    /// Against the last review: `+2`, `-1`; empty where nothing changed or there was none.
    pub(super) change: String,
}

/// One section.
#[derive(Debug, Serialize)]
pub(super) struct SectionPage {
    /// For chats.
    pub(super) icon: &'static str,
    /// With its count.
    pub(super) heading: String,
    /// Worst first.
    pub(super) lines: Vec<LinePage>,
    /// What was not written; empty: nothing.
    pub(super) more: String,
    /// How many were not written.
    pub(super) left: u32,
}

/// One line of a section; texts are empty where there is nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct LinePage {
    /// Of the bar.
    pub(super) color: &'static str,
    /// How it stands.
    pub(super) state: String,
    /// The task's title.
    pub(super) title: String,
    /// Who holds it.
    pub(super) held_by: String,
    /// The deadline in force.
    pub(super) due: String,
    /// Whether days of a year that is not published were counted.
    pub(super) provisional: bool,
    /// The last progress.
    pub(super) progress: String,
    /// Who was told last; of a forecast, why.
    pub(super) told: String,
    /// The task's id, and of which task it is a stage.
    pub(super) id: String,
}

/// The phrases of a language.
fn of(locale: Locale) -> &'static dyn ReviewPhrases {
    match locale {
        Locale::ZhCn => &zh::Zh,
        Locale::En => &en::En,
    }
}

impl ReviewPage {
    /// The page of a summary, in its language, with pictures of the course of the ledger: the more they take of a mail,
    /// the less is left for lines.
    pub(super) fn of(summary: &Summary, pictures: &[Picture]) -> Self {
        let common = phrases::of(summary.locale);
        let words = of(summary.locale);
        let since = summary.since.as_deref().unwrap_or_default();
        let tasks = |part, section: &Section| section_page(part, section, since, words);
        let events = |part, events: &Events| {
            let lines = events.lines.iter().map(|change| change_line(change, words)).collect();
            other(part, lines, events.more, since, words)
        };
        let said = |part, lines: Vec<String>| {
            let lines = lines.into_iter().map(LinePage::said).collect();
            other(part, lines, 0, since, words)
        };
        let changes: Vec<LinePage> = summary
            .changes
            .iter()
            .map(|change| change_line(change, words))
            .collect();
        let batches = summary.batches.iter().map(|batch| words.batch(batch)).collect();
        let mismatches = summary.mismatches.iter().map(|one| words.mismatch(one)).collect();
        let undelivered = summary.undelivered.iter().map(|one| words.undelivered(one)).collect();
        let calendar = summary.calendar.iter().map(|gap| words.calendar(gap)).collect();
        let mut sections = vec![
            tasks(Part::Overdue, &summary.overdue),
            tasks(Part::DueSoon, &summary.due_soon),
            tasks(Part::Silent, &summary.silent),
            tasks(Part::UnderReview, &summary.under_review),
            tasks(Part::Requests, &summary.requests),
            events(Part::Extensions, &summary.extensions),
            events(Part::Returns, &summary.returns),
            tasks(Part::LookBacks, &summary.look_backs),
            events(Part::Relapses, &summary.relapses),
            tasks(Part::Forecast, &summary.forecast),
            said(Part::Batches, batches),
            said(Part::Agenda, agenda(summary)),
            tasks(Part::Closed, &summary.closed),
            other(Part::Changes, changes, summary.changes_more, since, words),
            said(Part::Mismatches, mismatches),
            said(Part::Undelivered, undelivered),
            said(Part::Calendar, calendar),
        ];
        let counted: Vec<String> = sections
            .iter()
            .filter(|section| section.lines.is_empty() && section.left > 0)
            .map(|section| section.heading.clone())
            .collect();
        sections.retain(|section| !section.lines.is_empty());
        let room = BYTES_MAX.saturating_sub(pictures.iter().map(picture_bytes).sum());
        fold(&mut sections, room, words);
        Self {
            trial: common.trial(summary.trial_for.as_deref()),
            headline: words.headline(summary),
            whose: words.whose(summary),
            as_of: summary.as_of.clone(),
            since: summary.since.clone().unwrap_or_default(),
            moved_from: summary.moved_from.clone().unwrap_or_default(),
            late_from: summary.late_from.clone().unwrap_or_default(),
            for_names: common.names(&summary.for_names),
            lights: lights(summary, common, words),
            pictures: pictures.iter().map(PicturePage::of).collect(),
            verdict: words.verdict(summary),
            sections,
            also: if counted.is_empty() {
                String::new()
            } else {
                words.also(&counted)
            },
            head: summary.head.as_ref().map_or_else(String::new, |head| words.head(head)),
        }
    }

    /// The built-in plain text.
    pub(super) fn plain(&self) -> Plain {
        let mut lines = Vec::new();
        lines.extend(self.verdict.iter().cloned());
        let lights: Vec<String> = (self.lights.iter())
            .map(|light| format!("{} ({}) {} {}", light.word, light.meaning, light.count, light.change))
            .collect();
        lines.push(lights.join(" | "));
        for section in &self.sections {
            lines.push(String::new());
            lines.push(section.heading.clone());
            for line in &section.lines {
                let parts = [
                    &line.state,
                    &line.title,
                    &line.held_by,
                    &line.told,
                    &line.due,
                    &line.progress,
                    &line.id,
                ];
                let parts: Vec<&str> = parts
                    .into_iter()
                    .map(String::as_str)
                    .filter(|text| !text.is_empty())
                    .collect();
                lines.push(format!("- {}", parts.join(" | ")));
            }
            lines.push(section.more.clone());
        }
        lines.extend(
            [&self.also, &self.head]
                .into_iter()
                .filter(|line| !line.is_empty())
                .cloned(),
        );
        Plain {
            subject: format!("{}{}", self.trial, self.headline),
            lines,
        }
    }
}

impl PicturePage {
    fn of(picture: &Picture) -> Self {
        Self {
            html: picture.html(),
            alt: picture.text().to_owned(),
        }
    }
}

impl LinePage {
    fn said(state: String) -> Self {
        Self {
            color: light_color(Light::Grey),
            state,
            title: String::new(),
            held_by: String::new(),
            due: String::new(),
            provisional: false,
            progress: String::new(),
            told: String::new(),
            id: String::new(),
        }
    }

    /// About how many bytes it takes in text and HTML together.
    fn bytes(&self) -> usize {
        let words = [
            &self.state,
            &self.title,
            &self.held_by,
            &self.due,
            &self.progress,
            &self.told,
            &self.id,
        ];
        2 * words.into_iter().map(String::len).sum::<usize>() + LINE_FRAME
    }
}

/// About how many bytes a picture takes, with what it shows in words in text and HTML.
fn picture_bytes(picture: &Picture) -> usize {
    picture.png.len() + 2 * picture.alt.len() + PICTURE_FRAME
}

/// Leaves each section the lines for which there is room, from the first section on, and counts the others.
fn fold(sections: &mut [SectionPage], room: usize, words: &dyn ReviewPhrases) {
    let taken = |sure: usize| {
        let lines = sections.iter().flat_map(|section| section.lines.iter().take(sure));
        lines.map(LinePage::bytes).sum::<usize>()
    };
    let sure = (0..=LINES_SURE).rev().find(|sure| taken(*sure) <= room).unwrap_or(0);
    let mut room = room.saturating_sub(taken(sure));
    for section in sections {
        let mut kept = 0;
        for line in &section.lines {
            if kept >= sure {
                let Some(left) = room.checked_sub(line.bytes()) else {
                    break;
                };
                room = left;
            }
            kept += 1;
        }
        if kept < section.lines.len() {
            let folded = u32::try_from(section.lines.len() - kept).unwrap_or(u32::MAX);
            section.left = section.left.saturating_add(folded);
            section.lines.truncate(kept);
            section.more = words.more(section.left);
        }
    }
}

fn agenda(summary: &Summary) -> Vec<String> {
    let items = summary.agenda.iter();
    items.map(|item| shorten(&one_line(item), CELL_COLUMNS)).collect()
}

fn change_line(change: &Change, words: &dyn ReviewPhrases) -> LinePage {
    LinePage {
        title: shorten(&one_line(&change.title), TITLE_COLUMNS),
        id: one_line(change.task.as_str()),
        ..LinePage::said(words.change(change))
    }
}

fn section_page(part: Part, section: &Section, since: &str, words: &dyn ReviewPhrases) -> SectionPage {
    let lines = section
        .lines
        .iter()
        .map(|line| LinePage {
            color: light_color(line.task.light),
            state: words.state(part, line),
            title: shorten(&one_line(&line.task.title), TITLE_COLUMNS),
            held_by: words.held_by(line),
            due: line.standing.due.clone(),
            provisional: line.standing.provisional,
            // What was done and what is only looked at need no progress.
            progress: if matches!(part, Part::Closed | Part::LookBacks | Part::Forecast) {
                String::new()
            } else {
                shorten(&one_line(&line.standing.progress), CELL_COLUMNS)
            },
            told: match part {
                Part::Overdue => line.told.as_ref().map(|told| words.told(told)),
                Part::Forecast => line.forecast.as_ref().map(|forecast| words.forecast(forecast)),
                Part::Requests => line.request.as_ref().map(|request| words.request(request)),
                Part::DueSoon
                | Part::Silent
                | Part::UnderReview
                | Part::Extensions
                | Part::Returns
                | Part::LookBacks
                | Part::Relapses
                | Part::Batches
                | Part::Agenda
                | Part::Closed
                | Part::Changes
                | Part::Mismatches
                | Part::Undelivered
                | Part::Calendar => None,
            }
            .unwrap_or_default(),
            id: match &line.stage_of {
                Some(stage) => format!("{}{}", one_line(&line.task.id), words.stage(stage)),
                None => one_line(&line.task.id),
            },
        })
        .collect();
    SectionPage {
        icon: part_icon(part),
        heading: words.heading(part, section.count(), since),
        lines,
        more: more(section.more, words),
        left: section.more,
    }
}

fn other(part: Part, lines: Vec<LinePage>, left: u32, since: &str, words: &dyn ReviewPhrases) -> SectionPage {
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_add(left);
    SectionPage {
        icon: part_icon(part),
        heading: words.heading(part, count, since),
        lines,
        more: more(left, words),
        left,
    }
}

fn part_icon(part: Part) -> &'static str {
    match part {
        Part::Overdue => icon(Light::Red),
        Part::DueSoon => icon(Light::Yellow),
        Part::Silent => "🔕",
        Part::UnderReview => icon(Light::Blue),
        Part::Requests => "🙋",
        Part::Extensions => "⏳",
        Part::Returns => "↩️",
        Part::LookBacks => "👀",
        Part::Relapses => "🔁",
        Part::Forecast => "🌥️",
        Part::Batches => "📦",
        Part::Agenda => "🗓️",
        Part::Closed => "✅",
        Part::Changes => "🔄",
        Part::Mismatches | Part::Undelivered | Part::Calendar => "⚠️",
    }
}

fn more(count: u32, words: &dyn ReviewPhrases) -> String {
    if count == 0 { String::new() } else { words.more(count) }
}

fn lights(summary: &Summary, common: &dyn Phrases, words: &dyn ReviewPhrases) -> Vec<LightPage> {
    gist::moves(summary)
        .into_iter()
        .map(|(light, count, change)| LightPage {
            light,
            icon: icon(light),
            word: common.light(light),
            meaning: words.meaning(light),
            color: light_color(light),
            count,
            change: match change {
                0 => String::new(),
                change => format!("{change:+}"),
            },
        })
        .collect()
}
