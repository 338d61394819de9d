//! The ledger as it stands, in words: the sheets of a workbook, in the columns that a ledger is read from.

mod en;
mod zh;

use chrono::SecondsFormat;

use super::escape::width;
use super::phrases;
use crate::domain::journal::Fact;
use crate::domain::people::Locale;
use crate::domain::sheet::{COMPUTED, Exact, Grid, GridCell, GridColumn, Moment, Sheet, SheetChange, SheetRow, Tint};
use crate::domain::task::{Light, Phase};

/// No column is wider; longer text goes on in the next line of its cell.
const WIDTH_MAX: usize = 34;
/// Beside the text stands the button of the filter.
const BUTTON: usize = 4;

/// The words of a workbook in one language.
trait SheetPhrases: Sync {
    /// The name of the sheet with the ledger.
    fn ledger(&self) -> &'static str;
    /// The name of the sheet with the changes.
    fn changes(&self) -> &'static str;
    /// The beginning of the file's name.
    fn file(&self) -> &'static str;
    /// The ledger's own columns, in their order.
    fn columns(&self) -> [&'static str; 21];
    /// The columns of the changes: when, task, its title, by whom, what, note.
    fn change_columns(&self) -> [&'static str; 6];
    /// What only Duban knows, by its place in [`COMPUTED`].
    fn computed(&self, names: (&'static str, &'static str)) -> &'static str;
    /// A word of the status column: one that a ledger may hold.
    fn status(&self, phase: Phase) -> &'static str;
    /// What stands between names.
    fn between(&self) -> &'static str;
    /// What happened.
    fn fact(&self, fact: &Fact) -> String;
    /// Who did it, where it was nobody with a name.
    fn by(&self, by: &str) -> String;
}

fn of(locale: Locale) -> &'static dyn SheetPhrases {
    match locale {
        Locale::ZhCn => &zh::Zh,
        Locale::En => &en::En,
    }
}

/// The sheets of a reader's workbook: the ledger first, from whose columns it can be loaded again, then the changes.
#[must_use]
pub fn grids(sheet: &Sheet<'_>) -> [Grid; 2] {
    [ledger(sheet, &[]), changes(sheet)]
}

/// The ledger alone, in the columns and words of a layout, by key; columns that it lacks and that hold something follow,
/// and what only Duban knows. Without a layout, in the usual columns.
#[must_use]
pub fn ledger(sheet: &Sheet<'_>, layout: &[(String, String)]) -> Grid {
    let phrases = of(sheet.locale);
    let all: Vec<Vec<GridCell>> = sheet.rows.iter().map(|row| cells(row, sheet.locale)).collect();
    let is_used = |at: usize| {
        all.iter()
            .any(|row| !matches!(row.get(at), None | Some(GridCell::Empty)))
    };
    let place = |key: &str| en::COLUMNS.iter().position(|column| *column == key);
    let mut chosen: Vec<(usize, &str)> = layout
        .iter()
        .filter_map(|(key, word)| Some((place(key)?, word.as_str())))
        .collect();
    let own: Vec<usize> = chosen.iter().map(|(at, _)| *at).collect();
    for (at, word) in phrases.columns().into_iter().enumerate() {
        let is_usual = layout.is_empty() && !RARE_COLUMNS.contains(&at);
        // Where no row names a ladder, each is found by its kind, and is to be found so when the kinds change.
        let is_found = Some(at) == place("ladder") && !layout.is_empty();
        if !own.contains(&at) && !is_found && (is_usual || is_used(at)) {
            chosen.push((at, word));
        }
    }
    let computed = COMPUTED.map(|names| phrases.computed(names));
    chosen.extend((en::COLUMNS.len()..).zip(computed));
    let pick = |row: Vec<GridCell>| {
        chosen
            .iter()
            .map(|(at, _)| row.get(*at).cloned().unwrap_or(GridCell::Empty))
            .collect()
    };
    let rows: Vec<Vec<GridCell>> = all.into_iter().map(pick).collect();
    let headings: Vec<&str> = chosen.iter().map(|(_, word)| *word).collect();
    let column = |at: usize| chosen.iter().position(|(chosen, _)| *chosen == at);
    let light = column(en::COLUMNS.len() + 1).unwrap_or_default();
    let lights = [Light::Red, Light::Yellow, Light::Green, Light::Blue, Light::Grey];
    let words = phrases::of(sheet.locale);
    Grid {
        name: phrases.ledger().to_owned(),
        columns: columns(&headings, &rows),
        rows,
        tint: Some(Tint {
            by: light,
            words: lights.map(|light| (words.light(light).to_owned(), light)).to_vec(),
            // Its number stays in sight wherever one looks, and the deadline is what the light is about.
            columns: [column(0), column(DUE_COLUMN), Some(light)]
                .into_iter()
                .flatten()
                .collect(),
        }),
    }
}

/// The name of a reader's file without its ending: `督办台账-2021-12-20`.
#[must_use]
pub fn file_name(sheet: &Sheet<'_>) -> String {
    format!("{}-{}", of(sheet.locale).file(), sheet.as_of.format("%Y-%m-%d"))
}

/// What happened to a task, in words.
pub(super) fn fact(fact: &Fact, locale: Locale) -> String {
    of(locale).fact(fact)
}

/// Who did it.
pub(super) fn by(by: &str, locale: Locale) -> String {
    of(locale).by(by)
}

/// The place of 完成时限 among the columns.
const DUE_COLUMN: usize = 11;
/// 周期 and 批次: many ledgers have neither.
const RARE_COLUMNS: [usize; 2] = [12, 19];

fn cells(row: &SheetRow, locale: Locale) -> Vec<GridCell> {
    let phrases = of(locale);
    let words = phrases::of(locale);
    let names = |names: &[String]| text(&names.join(phrases.between()));
    let minute = |at: &Option<_>| at.map_or(GridCell::Empty, GridCell::Minute);
    vec![
        text(row.id.as_str()),
        text(&row.area),
        text(&row.problem),
        text(&row.title),
        text(&row.measures),
        names(&row.lead),
        text(&row.unit),
        text(&row.assisting),
        names(&row.owner),
        row.supervisor.as_deref().map_or(GridCell::Empty, text),
        row.opened.map_or(GridCell::Empty, moment),
        row.due.map_or(GridCell::Empty, moment),
        text(&row.repeat),
        text(&row.kind),
        text(&row.evidence),
        text(&row.ladder),
        row.status.map_or(GridCell::Empty, |phase| text(phrases.status(phase))),
        text(&row.progress),
        row.closed.map_or(GridCell::Empty, moment),
        text(&row.batch),
        text(&row.note),
        text(words.phase(row.phase)),
        text(words.light(row.light)),
        row.days_late.map_or(GridCell::Empty, GridCell::Number),
        minute(&row.reported),
        minute(&row.noticed),
    ]
}

fn changes(sheet: &Sheet<'_>) -> Grid {
    let phrases = of(sheet.locale);
    let cells = |change: &&SheetChange| {
        vec![
            GridCell::Minute(change.at),
            text(change.task.as_str()),
            text(&change.title),
            text(&phrases.by(&change.by)),
            text(&phrases.fact(&change.fact)),
            text(&change.note),
        ]
    };
    let rows: Vec<Vec<GridCell>> = sheet.changes.iter().map(cells).collect();
    Grid {
        name: phrases.changes().to_owned(),
        columns: columns(&phrases.change_columns(), &rows),
        rows,
        tint: None,
    }
}

/// Ledger text as it is, without what no table can hold and what would show it in another order.
fn text(text: &str) -> GridCell {
    let is_kept = |c: char| match c {
        '\n' => true,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}' => false,
        c => !c.is_control(),
    };
    if text.chars().all(is_kept) {
        return cell(text.to_owned());
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    cell(text.chars().filter(|c| is_kept(*c)).collect())
}

fn cell(text: String) -> GridCell {
    if text.is_empty() {
        GridCell::Empty
    } else {
        GridCell::Text(text)
    }
}

fn moment(moment: Moment) -> GridCell {
    match moment {
        Moment::Day(day) => GridCell::Day(day),
        Moment::Minute(at) => GridCell::Minute(at),
        Moment::Exact(Exact::Second(at)) => GridCell::Text(at.format("%Y-%m-%d %H:%M:%S%.f").to_string()),
        Moment::Exact(Exact::Instant(at)) => GridCell::Text(at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
    }
}

fn columns(headings: &[&str], rows: &[Vec<GridCell>]) -> Vec<GridColumn> {
    let mut widths: Vec<usize> = headings.iter().map(|heading| width(heading) + BUTTON).collect();
    for row in rows {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = (*wide).max(cell_width(cell)).min(WIDTH_MAX);
        }
    }
    let columns = headings.iter().zip(widths).map(|(heading, wide)| GridColumn {
        heading: (*heading).to_owned(),
        width: u32::try_from(wide).unwrap_or_default(),
    });
    columns.collect()
}

fn cell_width(cell: &GridCell) -> usize {
    match cell {
        GridCell::Empty => 0,
        GridCell::Text(text) => text
            .lines()
            .map(|line| {
                if line.len() > 3 * WIDTH_MAX {
                    WIDTH_MAX
                } else {
                    width(line) + 2
                }
            })
            .max()
            .unwrap_or_default(),
        GridCell::Day(_) => "2021-12-16".len() + 2,
        GridCell::Minute(_) => "2021-12-16 18:00".len() + 2,
        GridCell::Number(number) => number.to_string().len() + 2,
    }
}

#[cfg(test)]
pub(super) mod tests;
