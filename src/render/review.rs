//! A summary as templates see it: lights, then sections of lines, in one order for text, HTML and Markdown.

mod en;
mod zh;

use serde::Serialize;

use super::chat::icon;
use super::escape::{one_line, shorten};
use super::notice::light_color;
use super::phrases::{self, Phrases};
use super::plain::Plain;
use crate::domain::message::Figures;
use crate::domain::people::Locale;
use crate::domain::review::{Change, Mismatch, Section, Summary, SummaryLine, Undelivered};
use crate::domain::task::Light;

/// A title in a summary takes at most so many columns.
const TITLE_COLUMNS: usize = 160;
/// Any other cell takes at most so many.
const CELL_COLUMNS: usize = 300;

/// The phrases of a review in one language.
pub(super) trait ReviewPhrases: Sync {
    /// The subject.
    fn headline(&self, summary: &Summary) -> String;
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
    /// 办结
    Closed,
    /// 变化
    Changes,
    /// 不一致
    Mismatches,
    /// 未送达
    Undelivered,
}

/// What `review.*` templates are given.
#[derive(Debug, Serialize)]
pub(super) struct ReviewPage {
    /// `[试运行 → …] ` or empty.
    pub(super) trial: String,
    /// The subject without `trial`.
    pub(super) headline: String,
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
    /// Those that are not empty.
    pub(super) sections: Vec<SectionPage>,
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
    /// The task's id.
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
    /// The page of a summary, in its language.
    pub(super) fn of(summary: &Summary) -> Self {
        let common = phrases::of(summary.locale);
        let words = of(summary.locale);
        let since = summary.since.as_deref().unwrap_or_default();
        let tasks = [
            (Part::Overdue, &summary.overdue),
            (Part::DueSoon, &summary.due_soon),
            (Part::Silent, &summary.silent),
            (Part::UnderReview, &summary.under_review),
            (Part::Closed, &summary.closed),
        ];
        let changes: Vec<LinePage> = summary
            .changes
            .iter()
            .map(|change| LinePage {
                title: shorten(&one_line(&change.title), TITLE_COLUMNS),
                id: one_line(change.task.as_str()),
                ..LinePage::said(words.change(change))
            })
            .collect();
        let said = |lines: Vec<String>| lines.into_iter().map(LinePage::said).collect();
        let mut sections: Vec<SectionPage> = tasks
            .into_iter()
            .map(|(part, section)| section_page(part, section, since, words))
            .collect();
        sections.push(other(Part::Changes, changes, summary.changes_more, since, words));
        let mismatches = summary
            .mismatches
            .iter()
            .map(|mismatch| words.mismatch(mismatch))
            .collect();
        sections.push(other(Part::Mismatches, said(mismatches), 0, since, words));
        let undelivered = summary.undelivered.iter().map(|one| words.undelivered(one)).collect();
        sections.push(other(Part::Undelivered, said(undelivered), 0, since, words));
        sections.retain(|section| !section.lines.is_empty());
        Self {
            trial: common.trial(summary.trial_for.as_deref()),
            headline: words.headline(summary),
            as_of: summary.as_of.clone(),
            since: summary.since.clone().unwrap_or_default(),
            moved_from: summary.moved_from.clone().unwrap_or_default(),
            late_from: summary.late_from.clone().unwrap_or_default(),
            for_names: common.names(&summary.for_names),
            lights: lights(summary, common),
            verdict: words.verdict(summary),
            sections,
        }
    }

    /// The built-in plain text.
    pub(super) fn plain(&self) -> Plain {
        let mut lines = Vec::new();
        lines.extend(self.verdict.iter().cloned());
        let lights: Vec<String> = (self.lights.iter())
            .map(|light| format!("{} {} {}", light.word, light.count, light.change))
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
        Plain {
            subject: format!("{}{}", self.trial, self.headline),
            lines,
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
            id: String::new(),
        }
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
            progress: shorten(&one_line(&line.standing.progress), CELL_COLUMNS),
            id: one_line(&line.task.id),
        })
        .collect();
    SectionPage {
        icon: part_icon(part),
        heading: words.heading(part, section.count(), since),
        lines,
        more: more(section.more, words),
    }
}

fn other(part: Part, lines: Vec<LinePage>, left: u32, since: &str, words: &dyn ReviewPhrases) -> SectionPage {
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_add(left);
    SectionPage {
        icon: part_icon(part),
        heading: words.heading(part, count, since),
        lines,
        more: more(left, words),
    }
}

fn part_icon(part: Part) -> &'static str {
    match part {
        Part::Overdue => icon(Light::Red),
        Part::DueSoon => icon(Light::Yellow),
        Part::Silent => "🔕",
        Part::UnderReview => icon(Light::Blue),
        Part::Closed => "✅",
        Part::Changes => "🔄",
        Part::Mismatches | Part::Undelivered => "⚠️",
    }
}

fn more(count: u32, words: &dyn ReviewPhrases) -> String {
    if count == 0 { String::new() } else { words.more(count) }
}

fn lights(summary: &Summary, words: &dyn Phrases) -> Vec<LightPage> {
    let counts = |figures: &Figures| [figures.red, figures.yellow, figures.green, figures.blue, figures.grey];
    let lights = [Light::Red, Light::Yellow, Light::Green, Light::Blue, Light::Grey];
    let before = summary.before.as_ref().map_or_else(|| counts(&summary.figures), counts);
    lights
        .into_iter()
        .zip(counts(&summary.figures))
        .zip(before)
        .map(|((light, count), before)| LightPage {
            light,
            icon: icon(light),
            word: words.light(light),
            color: light_color(light),
            count,
            change: match i64::from(count) - i64::from(before) {
                0 => String::new(),
                change => format!("{change:+}"),
            },
        })
        .collect()
}
