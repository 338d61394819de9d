//! Pages as chats: the same phrases in the same order, in blocks that a vendor's dialect can be made of.

use super::escape::shorten;
use super::letter::LetterPage;
use super::notice::{ItemPage, NoticePage};
use super::review::{LinePage, ReviewPage};
use crate::domain::chat::{Block, Chat, Line, Span};
use crate::domain::id::PersonId;
use crate::domain::message::{Digest, Item};
use crate::domain::people::Locale;
use crate::domain::task::Light;

/// So many tasks are told in full, those after them in one line each.
const FULL_MAX: usize = 100;
/// The last progress in a chat takes at most so many columns.
const PROGRESS_COLUMNS: usize = 160;
/// A name of a unit or a leader takes at most so many.
const NAME_COLUMNS: usize = 40;
/// A title in one line with all else takes at most so many.
const BRIEF_COLUMNS: usize = 44;

/// What stands between phrases in one language.
struct Labels {
    bar: &'static str,
    colon: &'static str,
    lead: &'static str,
    due: &'static str,
    since: &'static str,
    late: &'static str,
    provisional: &'static str,
    progress: &'static str,
    concerned: &'static str,
    comma: &'static str,
    open: &'static str,
    close: &'static str,
    on_behalf: fn(&str) -> String,
    forwarded: fn(&str) -> String,
    moved: fn(&str) -> String,
    belated: fn(&str) -> String,
    task: &'static str,
}

const ZH: Labels = Labels {
    bar: "｜",
    colon: "：",
    lead: "牵头 ",
    due: "时限 ",
    since: "变化起计 ",
    late: "（补发）",
    provisional: "（暂定）",
    progress: "进展",
    concerned: "相关人员",
    comma: "、",
    open: "（",
    close: "）",
    on_behalf: |names| format!("代{names}接收（本人不在岗）"),
    forwarded: |name| format!("本通知原发{name}，未能送达，现转发。"),
    moved: |day| format!("原定{day}为休息日，顺延。"),
    belated: |at| format!("本次调度应于{at}发出，现补发。"),
    task: "编号",
};

const EN: Labels = Labels {
    bar: " | ",
    colon: ": ",
    lead: "lead ",
    due: "due ",
    since: "changes since ",
    late: " (late notice)",
    provisional: " (provisional)",
    progress: "Progress",
    concerned: "Concerned",
    comma: ", ",
    open: " (",
    close: ")",
    on_behalf: |names| format!("On behalf of {names}, who is away"),
    forwarded: |name| format!("This was for {name}, whom it could not reach; it is forwarded."),
    moved: |day| format!("It was to take place on {day}, which is a day off."),
    belated: |at| format!("It was to go out at {at}."),
    task: "no. ",
};

fn labels(locale: Locale) -> &'static Labels {
    match locale {
        Locale::ZhCn => &ZH,
        Locale::En => &EN,
    }
}

/// A light that everybody sees, whatever the vendor.
pub(super) fn icon(light: Light) -> &'static str {
    match light {
        Light::Red => "🔴",
        Light::Yellow => "🟡",
        Light::Green => "🟢",
        Light::Blue => "🔵",
        Light::Grey => "⚪",
    }
}

/// A digest.
pub(super) fn of_notices(page: &NoticePage, digest: &Digest, as_of: &str) -> Chat {
    let labels = labels(digest.locale);
    let is_trial = digest.trial_for.is_some();
    let is_alone = page.count <= 1;
    let mut intro = vec![Line::plain(format!("{as_of} {}", page.as_of))];
    if !page.instead_of.is_empty() {
        intro.push(Line::plain((labels.forwarded)(&page.instead_of)));
    }
    let items = page.items.iter().zip(&digest.items);
    let blocks = items.map(|(page, item)| {
        let block = block(labels, page, item, is_alone, is_trial);
        Block {
            is_brief: page.number > FULL_MAX,
            ..block
        }
    });
    Chat {
        title: format!("{}{}", page.trial, page.headline),
        light: digest
            .items
            .iter()
            .map(|item| item.view.task.light)
            .min_by_key(|light| severity(*light)),
        intro,
        blocks: blocks.collect(),
        outro: said(&page.rest),
        part: None,
    }
}

/// A summary.
pub(super) fn of_review(page: &ReviewPage, locale: Locale, as_of: &str) -> Chat {
    let labels = labels(locale);
    let (whose, bar) = (page.whose, labels.bar);
    let mut intro = vec![Line::plain(if page.since.is_empty() {
        format!("{whose}{bar}{as_of} {}", page.as_of)
    } else {
        format!("{whose}{bar}{as_of} {}{bar}{}{}", page.as_of, labels.since, page.since)
    })];
    if !page.moved_from.is_empty() {
        intro.push(Line::plain((labels.moved)(&page.moved_from)));
    }
    if !page.late_from.is_empty() {
        intro.push(Line::plain((labels.belated)(&page.late_from)));
    }
    if !page.for_names.is_empty() {
        intro.push(Line::plain((labels.on_behalf)(&page.for_names)));
    }
    let lights = page.lights.iter().map(|light| {
        let change = if light.change.is_empty() {
            String::new()
        } else {
            format!("({})", light.change)
        };
        format!("{} {} {}{change}", light.icon, light.word, light.count)
    });
    let mut verdict = vec![Line(vec![Span::Strong(lights.collect::<Vec<_>>().join("  "))])];
    verdict.extend(page.verdict.iter().map(Line::plain));
    verdict.extend(said(&page.also));
    let mut blocks = vec![Block {
        lines: verdict,
        ..Block::default()
    }];
    for section in &page.sections {
        let heading = Line(vec![Span::Strong(
            format!("{} {}", section.icon, section.heading).trim_start().to_owned(),
        )]);
        let mut heading = Some(heading);
        for line in &section.lines {
            let mut lines: Vec<Line> = heading.take().into_iter().collect();
            let follows = lines.is_empty();
            lines.push(review_line(labels, line));
            blocks.push(Block {
                lines,
                follows,
                ..Block::default()
            });
        }
        if !section.more.is_empty() {
            blocks.push(Block {
                lines: said(&section.more),
                follows: true,
                ..Block::default()
            });
        }
    }
    let red = page.lights.iter().find(|light| light.count > 0);
    Chat {
        title: format!("{}{}", page.trial, page.headline),
        light: red.map(|light| light.light),
        intro,
        blocks,
        outro: said(&page.head),
        part: None,
    }
}

/// A short message.
pub(super) fn of_letter(page: &LetterPage, as_of: &str) -> Chat {
    let paragraphs = page.paragraphs.iter().map(|text| Block {
        lines: text.lines().map(Line::plain).collect(),
        ..Block::default()
    });
    let list = page.list.iter().map(|text| Block {
        lines: vec![Line::plain(format!("• {text}"))],
        follows: true,
        ..Block::default()
    });
    Chat {
        title: page.headline.clone(),
        intro: vec![Line::plain(format!("{as_of} {}", page.as_of))],
        blocks: paragraphs.chain(list).collect(),
        ..Chat::default()
    }
}

fn block(labels: &Labels, page: &ItemPage, item: &Item, is_alone: bool, is_trial: bool) -> Block {
    let light = item.view.task.light;
    let late = if page.late { labels.late } else { "" };
    let number = if is_alone {
        String::new()
    } else {
        format!("{}. ", page.number)
    };
    let unit = shorten(&page.unit, NAME_COLUMNS);
    let lead = shorten(&page.lead, NAME_COLUMNS);
    let due = due(labels, page);
    let bar = labels.bar;
    let mut lines = vec![
        Line(vec![
            Span::Plain(format!("{number}{} ", icon(light))),
            Span::Lit(light, format!("{}{bar}{}{late}", page.level_word, page.state)),
        ]),
        Line(vec![Span::Strong(page.short_title.clone())]),
        Line::plain(format!(
            "{unit}{bar}{}{lead}{bar}{due}{bar}{}{}",
            labels.lead, labels.task, page.id
        )),
    ];
    if !page.for_names.is_empty() {
        lines.push(Line::plain((labels.on_behalf)(&page.for_names)));
    }
    if !page.progress.is_empty() {
        let progress = shorten(&page.progress, PROGRESS_COLUMNS);
        lines.push(Line::plain(format!("{}{}{progress}", labels.progress, labels.colon)));
    }
    lines.push(Line::plain(page.ask.clone()));
    lines.extend(concerned(labels, item, is_trial));
    let title = shorten(&page.short_title, BRIEF_COLUMNS);
    Block {
        task: item.view.task.id.clone(),
        level: Some(item.view.level),
        lines,
        brief: Line(vec![
            Span::Plain(format!("{number}{} ", icon(light))),
            Span::Lit(light, page.state.clone()),
            Span::Plain(format!(
                " {title}{bar}{unit}{bar}{}{}{bar}{}{}",
                labels.due, page.due, labels.task, page.id
            )),
        ]),
        is_brief: false,
        follows: false,
    }
}

fn due(labels: &Labels, page: &ItemPage) -> String {
    let state = if page.due_state.is_empty() || page.due_state == page.state {
        String::new()
    } else {
        format!("{}{}{}", labels.open, page.due_state, labels.close)
    };
    let provisional = if page.provisional { labels.provisional } else { "" };
    format!("{}{}{state}{provisional}", labels.due, page.due)
}

/// In a trial nobody is rung.
fn concerned(labels: &Labels, item: &Item, is_trial: bool) -> Option<Line> {
    let (first, rest) = item.concerned.split_first()?;
    let span = |(id, name): &(PersonId, String)| {
        if is_trial {
            Span::Plain(name.clone())
        } else {
            Span::Mention(id.clone(), name.clone())
        }
    };
    let mut spans = vec![
        Span::Plain(format!("{}{}", labels.concerned, labels.colon)),
        span(first),
    ];
    for person in rest {
        spans.push(Span::Plain(labels.comma.to_owned()));
        spans.push(span(person));
    }
    Some(Line(spans))
}

fn review_line(labels: &Labels, line: &LinePage) -> Line {
    let bar = labels.bar;
    let mut rest = String::new();
    if !line.title.is_empty() {
        rest.push(' ');
        rest.push_str(&line.title);
    }
    if !line.held_by.is_empty() {
        rest.push_str(bar);
        rest.push_str(&line.held_by);
    }
    if !line.due.is_empty() {
        let provisional = if line.provisional { labels.provisional } else { "" };
        rest.push_str(&format!("{bar}{}{}{provisional}", labels.due, line.due));
    }
    if !line.id.is_empty() {
        rest.push_str(&format!("{bar}{}{}", labels.task, line.id));
    }
    if !line.told.is_empty() {
        rest.push_str(&format!("{bar}{}", line.told));
    }
    if !line.progress.is_empty() {
        rest.push_str(&format!("{bar}{}{}{}", labels.progress, labels.colon, line.progress));
    }
    Line(vec![
        Span::Plain("• ".to_owned()),
        Span::Strong(line.state.clone()),
        Span::Plain(rest),
    ])
}

fn said(text: &str) -> Vec<Line> {
    text.lines().filter(|line| !line.is_empty()).map(Line::plain).collect()
}

/// The worst first.
fn severity(light: Light) -> u8 {
    match light {
        Light::Red => 0,
        Light::Yellow => 1,
        Light::Blue => 2,
        Light::Green => 3,
        Light::Grey => 4,
    }
}

#[cfg(test)]
mod tests;
