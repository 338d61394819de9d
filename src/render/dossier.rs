//! The papers of a meeting as a document: what it is, its agenda, its tasks at a glance, then each task on a page.

mod words;

use chrono::NaiveDateTime;

use self::words::DossierWords;
use super::escape::one_line;
use super::phrases;
use super::sheet as sheets;
use crate::domain::document::{Block, Document, Grid, Span};
use crate::domain::dossier::{Dossier, Happened, Happening, TaskSheet};
use crate::domain::people::Locale;
use crate::domain::sheet::{Exact, Moment, SheetRow};

/// A cell of a sheet holds at most so many characters: the ledger has the rest.
const CELL_MAX: usize = 1200;

/// The papers in their language. Without a task there is nothing on paper but the agenda.
#[must_use]
pub fn document(dossier: &Dossier<'_>) -> Document {
    let words = words::of(dossier.locale);
    let meeting = dossier
        .title
        .as_deref()
        .map_or_else(|| words.meeting.to_owned(), one_line);
    let title = (words.title)(&meeting);
    let mut blocks = vec![Block::Title(plain(&title))];
    let facts = [
        (words.when, one_line(&dossier.when)),
        (words.place, one_line(&dossier.place)),
        (words.organiser, one_line(&dossier.organiser)),
        (words.as_of, minute(dossier.as_of)),
    ];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    blocks.push(form(facts.collect()));
    blocks.push(Block::Heading(plain(words.agenda)));
    if dossier.agenda.is_empty() {
        blocks.push(Block::Paragraph(plain(words.no_items)));
    }
    blocks.extend((1..).zip(&dossier.agenda).map(|(number, line)| Block::Item {
        mark: format!("{number}."),
        text: plain(&one_line(line)),
    }));
    blocks.push(Block::Heading(plain(&(words.tasks)(dossier.sheets.len()))));
    if !dossier.sheets.is_empty() {
        blocks.push(overview(dossier, words));
    }
    if dossier.more > 0 {
        blocks.push(Block::Paragraph(plain(&(words.more)(dossier.more))));
    }
    for sheet in &dossier.sheets {
        blocks.push(Block::NewPage);
        blocks.extend(page(sheet, dossier.locale, words));
    }
    Document {
        locale: dossier.locale,
        title,
        author: one_line(&dossier.organiser),
        markdown: String::new(),
        blocks,
    }
}

/// The name of a reader's file without its ending: `会议材料-2026-03-02`.
#[must_use]
pub fn file_name(dossier: &Dossier<'_>, day: chrono::NaiveDate) -> String {
    format!("{}-{day}", words::of(dossier.locale).file)
}

fn overview(dossier: &Dossier<'_>, words: &DossierWords) -> Block {
    let phrases = phrases::of(dossier.locale);
    let head = words.overview.map(plain).to_vec();
    let row = |sheet: &TaskSheet<'_>| {
        let row = sheet.row;
        let cells = [
            row.id.to_string(),
            cell(&row.title),
            cell(&row.unit),
            row.due.map(moment).unwrap_or_default(),
            phrases.light(row.light).to_owned(),
        ];
        cells.map(|text| plain(&text)).to_vec()
    };
    Block::Grid(Grid {
        shares: vec![2, 7, 4, 4, 2],
        has_head: true,
        rows: std::iter::once(head).chain(dossier.sheets.iter().map(row)).collect(),
    })
}

fn page(sheet: &TaskSheet<'_>, locale: Locale, words: &DossierWords) -> Vec<Block> {
    let row = sheet.row;
    let heading = format!("{} {}", row.id, one_line(&row.title));
    let mut blocks = vec![Block::Heading(plain(&heading)), form(lines(sheet, locale, words))];
    blocks.push(Block::Subheading(plain(words.history)));
    if sheet.story.earlier > 0 {
        blocks.push(Block::Paragraph(plain(&(words.earlier)(sheet.story.earlier))));
    }
    if sheet.story.happened.is_empty() {
        blocks.push(Block::Paragraph(plain(words.nothing)));
        return blocks;
    }
    let head = words.events.map(plain).to_vec();
    let event = |event: &Happened| {
        let what = what(event, locale, words);
        let cells = [minute(event.at), what, sheets::by(&event.by, locale)];
        cells.map(|text| plain(&text)).to_vec()
    };
    blocks.push(Block::Grid(Grid {
        shares: vec![5, 11, 3],
        has_head: true,
        rows: std::iter::once(head)
            .chain(sheet.story.happened.iter().map(event))
            .collect(),
    }));
    blocks
}

/// What stands on the sheet, empty cells left out.
fn lines(sheet: &TaskSheet<'_>, locale: Locale, words: &DossierWords) -> Vec<(&'static str, String)> {
    let row = sheet.row;
    let names = |names: &[String]| cell(&names.join(words.between));
    let labels = &words.labels;
    let lines = [
        (labels.items, cell(&sheet.story.items.join(words.between_items))),
        (labels.area, cell(&row.area)),
        (labels.problem, cell(&row.problem)),
        (labels.measures, cell(&row.measures)),
        (labels.lead, names(&row.lead)),
        (labels.unit, cell(&row.unit)),
        (labels.assisting, cell(&row.assisting)),
        (labels.owner, names(&row.owner)),
        (labels.supervisor, cell(row.supervisor.as_deref().unwrap_or_default())),
        (labels.opened, row.opened.map(moment).unwrap_or_default()),
        (labels.due, row.due.map(moment).unwrap_or_default()),
        (labels.light, standing(row, locale, words)),
        (labels.progress, cell(&row.progress)),
        (labels.reported, row.reported.map(minute).unwrap_or_default()),
        (labels.evidence, cell(&row.evidence)),
        (labels.note, cell(&row.note)),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// `红灯，办理中，逾期4天`
fn standing(row: &SheetRow, locale: Locale, words: &DossierWords) -> String {
    let phrases = phrases::of(locale);
    let mut parts = vec![phrases.light(row.light).to_owned(), phrases.phase(row.phase).to_owned()];
    parts.extend(row.days_late.filter(|days| *days > 0).map(words.late));
    parts.join(words.comma)
}

fn what(event: &Happened, locale: Locale, words: &DossierWords) -> String {
    let what = match &event.what {
        Happening::Fact(fact) => sheets::fact(fact, locale),
        Happening::Told { level, names } => {
            let phrases = phrases::of(locale);
            (words.told)(phrases.level_name(*level), &phrases.names(names))
        }
        Happening::Decided(text) => (words.decided)(text),
    };
    let what = if event.note.is_empty() {
        what
    } else {
        (words.noted)(&what, &event.note)
    };
    cell(&what)
}

fn form(lines: Vec<(&str, String)>) -> Block {
    let row = |(label, text): (&str, String)| vec![plain(label), plain(&text)];
    Block::Grid(Grid {
        shares: vec![3, 14],
        has_head: false,
        rows: lines.into_iter().map(row).collect(),
    })
}

fn plain(text: &str) -> Vec<Span> {
    vec![Span {
        text: text.to_owned(),
        is_bold: false,
    }]
}

/// Ledger text on one line, within its limit.
fn cell(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= CELL_MAX {
        return text;
    }
    text.chars().take(CELL_MAX - 1).chain(['…']).collect()
}

fn minute(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn moment(moment: Moment) -> String {
    match moment {
        Moment::Day(day) => day.to_string(),
        Moment::Minute(at) | Moment::Exact(Exact::Second(at)) => minute(at),
        Moment::Exact(Exact::Instant(at)) => minute(at.naive_local()),
    }
}

#[cfg(test)]
mod tests;
