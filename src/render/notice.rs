//! A digest as templates see it: every phrase ready, nothing left to decide but the layout.

use serde::Serialize;

use super::escape::{one_line, shorten};
use super::phrases::{self, Phrases, StepWords};
use crate::domain::ladder::Level;
use crate::domain::message::{Digest, Item};
use crate::domain::task::Light;

/// A title in a chat takes at most so many columns.
const CHAT_COLUMNS: usize = 60;
/// A cell of the ledger in a mail takes at most so many columns.
const CELL_COLUMNS: usize = 1000;

/// What `notice.*` templates are given.
#[derive(Debug, Serialize)]
pub(super) struct NoticePage {
    /// `[试运行 → …] ` or empty: before the subject and on the first line.
    pub(super) trial: String,
    /// The subject without `trial`.
    pub(super) headline: String,
    /// Local time.
    pub(super) as_of: String,
    /// How many tasks in all.
    pub(super) count: u32,
    /// Whether all of it is late.
    pub(super) late: bool,
    /// Whom the message could not reach; empty: it is where it belongs.
    pub(super) instead_of: String,
    /// Worst first.
    pub(super) items: Vec<ItemPage>,
    /// One sentence on the tasks beyond the limit; empty: there are none.
    pub(super) rest: String,
}

/// One task; texts are empty where there is nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct ItemPage {
    /// From 1.
    pub(super) number: usize,
    /// The task's id.
    pub(super) id: String,
    /// In full.
    pub(super) title: String,
    /// For chats.
    pub(super) short_title: String,
    /// 方面
    pub(super) area: String,
    /// 问题
    pub(super) problem: String,
    /// 责任单位
    pub(super) unit: String,
    /// 牵头领导
    pub(super) lead: String,
    /// `remind` … `summon`.
    pub(super) level: &'static str,
    /// The word for it.
    pub(super) level_word: &'static str,
    /// `red` …
    pub(super) light: &'static str,
    /// The word for it.
    pub(super) light_word: &'static str,
    /// Of the bar and the word: by level and light.
    pub(super) color: &'static str,
    /// Where it stands: 办理中
    pub(super) phase: &'static str,
    /// What the notice says.
    pub(super) state: String,
    /// The deadline in force.
    pub(super) due: String,
    /// How it stands: 逾期3个工作日; empty where the task is handed in or closed.
    pub(super) due_state: String,
    /// Whether it moved off a day off.
    pub(super) due_moved: bool,
    /// Whether days of a year that is not published were counted.
    pub(super) provisional: bool,
    /// What the reader is asked to do.
    pub(super) ask: String,
    /// The last progress text.
    pub(super) progress: String,
    /// Its date.
    pub(super) reported_on: String,
    /// 佐证要求
    pub(super) evidence: String,
    /// For whom the reader gets it.
    pub(super) for_names: String,
    /// For groups.
    pub(super) concerned: String,
    /// The reader's part; empty where the message was meant for another.
    pub(super) role: String,
    /// The step in words.
    pub(super) why: String,
    /// Whether it goes out late.
    pub(super) late: bool,
}

impl NoticePage {
    /// The page of a digest, in its language.
    pub(super) fn of(digest: &Digest) -> Self {
        let words = phrases::of(digest.locale);
        Self {
            trial: words.trial(digest.trial_for.as_deref()),
            headline: words.headline(digest),
            as_of: digest.as_of.clone(),
            count: digest.tally.tasks,
            late: !digest.items.is_empty() && digest.items.iter().all(|item| item.view.late),
            instead_of: digest.instead_of.as_deref().map(one_line).unwrap_or_default(),
            items: digest
                .items
                .iter()
                .enumerate()
                .map(|(index, item)| ItemPage::of(index + 1, item, digest.instead_of.is_some(), words))
                .collect(),
            rest: words.rest(&digest.rest),
        }
    }
}

impl ItemPage {
    fn of(number: usize, item: &Item, is_forwarded: bool, words: &dyn Phrases) -> Self {
        let task = &item.view.task;
        let standing = &item.standing;
        let cell = |text: &str| shorten(&one_line(text), CELL_COLUMNS);
        let title = cell(&task.title);
        let is_open = matches!(task.light, Light::Green | Light::Yellow | Light::Red);
        Self {
            number,
            id: one_line(&task.id),
            short_title: shorten(&title, CHAT_COLUMNS),
            title,
            area: cell(&task.area),
            problem: cell(&item.problem),
            unit: cell(&task.unit.name),
            lead: cell(&task.lead.name),
            level: item.view.level.as_str(),
            level_word: words.level(item.view.level, item.topic()),
            light: task.light.as_str(),
            light_word: words.light(task.light),
            color: color(item.view.level, task.light),
            phase: words.phase(task.state),
            state: words.state(item),
            due: standing.due.clone(),
            due_state: if is_open {
                words.deadline(standing)
            } else {
                String::new()
            },
            due_moved: standing.due_moved,
            provisional: standing.provisional,
            ask: if is_forwarded {
                words.forwarded(&words.ask(item))
            } else {
                words.ask(item)
            },
            progress: cell(&standing.progress),
            reported_on: standing.reported_on.clone().unwrap_or_default(),
            evidence: cell(&item.evidence),
            for_names: if is_forwarded {
                String::new()
            } else {
                words.names(&item.for_names)
            },
            concerned: words.names(&item.concerned.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>()),
            // The part was played by whom the message could not reach.
            role: if is_forwarded {
                String::new()
            } else {
                words.role(&item.role)
            },
            why: words.why(&StepWords::of(item)),
            late: item.view.late,
        }
    }
}

/// Readable on white and as a bar on black; louder is darker red.
fn color(level: Level, light: Light) -> &'static str {
    match (light, level) {
        (Light::Red, Level::Summon) => "#7f1d1d",
        (Light::Red, Level::Escalate) => "#991b1b",
        (Light::Red, Level::Remind | Level::Warn | Level::Due | Level::Overdue) => "#b91c1c",
        (other, _) => light_color(other),
    }
}

/// The colour of a light: dark enough for white letters on it.
pub(super) fn light_color(light: Light) -> &'static str {
    match light {
        Light::Red => "#b91c1c",
        Light::Yellow => "#a16207",
        Light::Green => "#15803d",
        Light::Blue => "#1d4ed8",
        Light::Grey => "#57534e",
    }
}
