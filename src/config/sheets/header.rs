//! Where a sheet's table begins, and which sheets have none.

use std::collections::BTreeMap;

use crate::config::faults::{Faults, Place};
use crate::config::headings::Names;
use crate::config::raw::keys::Column;
use crate::files::table::Cell;
use crate::files::workbook::{Book, BookCell, HEADER_ROWS, Merged, Sheet, cell_name};

/// A row with so many names of columns is a header.
const NAMED_MIN: usize = 3;
/// And with so many of those that every ledger has.
const REQUIRED_MIN: usize = 2;
/// A note lists so many rows or sheets.
const LISTED_MAX: usize = 10;

/// The header of a sheet.
pub(super) struct Header {
    /// The lowest of its rows.
    pub(super) last_row: u32,
    /// Its cells with their columns, from the left.
    pub(super) cells: Vec<(u32, Cell)>,
}

impl Header {
    /// The first row that names enough columns, with the rows below it into which its cells reach.
    pub(super) fn find(book: &Book, sheet: &Sheet, names: &Names<'_>) -> Option<Self> {
        let first_rows = sheet
            .rows()
            .take_while(|row| row.first().is_some_and(|cell| cell.row < HEADER_ROWS));
        for row in first_rows {
            let at = row.first()?.row;
            let reaching = sheet
                .merged
                .iter()
                .filter(|region| (region.first_row..=region.last_row).contains(&at) && region.last_row < HEADER_ROWS);
            let is_named = |region: &&Merged| sheet.cell(region.first_row, region.first_column).is_some();
            let last_row = reaching
                .filter(is_named)
                .map(|region| region.last_row)
                .max()
                .unwrap_or(at);
            let header = Self {
                last_row,
                cells: cells_down_to(book, sheet, at, last_row),
            };
            let named = header.cells.iter().filter_map(|(_, cell)| names.column(&cell.text));
            let named: Vec<Column> = named.collect();
            let required = Column::REQUIRED.iter().filter(|column| named.contains(column)).count();
            if named.len() >= NAMED_MIN && required >= REQUIRED_MIN {
                return Some(header);
            }
        }
        None
    }

    /// How many columns it has a word for.
    pub(super) fn width(&self) -> usize {
        self.cells.len()
    }
}

/// The lowest text in each column of a header of several rows; a cell merged over columns names the first of them.
fn cells_down_to(book: &Book, sheet: &Sheet, first: u32, last: u32) -> Vec<(u32, Cell)> {
    let mut lowest: BTreeMap<u32, &BookCell> = BTreeMap::new();
    let from = sheet.cells.partition_point(|cell| cell.row < first);
    let above = sheet
        .merged
        .iter()
        .filter(|region| region.first_row < first && region.last_row >= first);
    let above = above.filter_map(|region| sheet.cell(region.first_row, region.first_column));
    let own = sheet.cells.get(from..).unwrap_or_default();
    for cell in above.chain(own.iter().take_while(|cell| cell.row <= last)) {
        lowest.insert(cell.column, cell);
    }
    let cell = |(column, cell): (u32, &BookCell)| {
        let text = book.text(cell).to_owned();
        let place = cell.place.clone();
        (column, Cell { text, place })
    };
    lowest.into_iter().map(cell).collect()
}

/// Says which sheets are not read, and why; an error where none is left.
pub(super) fn tell_of_others(
    faults: &mut Faults,
    source: u32,
    book: &Book,
    found: &[(&Sheet, Option<Header>)],
    names: &Names<'_>,
) {
    let whole = Place::whole(source);
    let name = |sheet: &Sheet| format!("`{}`", sheet.name);
    let hidden = found.iter().filter(|(sheet, header)| sheet.hidden && header.is_some());
    let hidden: Vec<String> = hidden.map(|(sheet, _)| name(sheet)).collect();
    let bare = found.iter().filter(|(sheet, header)| !sheet.hidden && header.is_none());
    let bare: Vec<&Sheet> = bare.map(|(sheet, _)| *sheet).collect();
    if !hidden.is_empty() {
        let text = format!("hidden sheets with a ledger are not read: {}", listed(&hidden));
        faults.warning_hint(whole, text, "show the sheet in Excel where it counts, or delete it");
    }
    if found.is_empty() {
        faults.error_hint(
            whole,
            "the workbook is empty",
            "an empty file must not silence anybody: put the rows back",
        );
    } else if found.iter().all(|(sheet, header)| sheet.hidden || header.is_none()) {
        let text = if hidden.is_empty() {
            format!("no sheet has a header: none of the first {HEADER_ROWS} rows names the columns of a ledger")
        } else {
            "every sheet with a header is hidden".to_owned()
        };
        let hint = match bare.iter().find_map(|sheet| nearest(book, sheet, names)) {
            _ if !hidden.is_empty() => "show the sheet in Excel".to_owned(),
            Some(nearest) => nearest,
            None => "write a row with the names of the columns: 编号 整改任务 牵头领导 责任单位 完成时限, or id title lead unit due".to_owned(),
        };
        faults.error_hint(whole, text, hint);
    } else if !bare.is_empty() {
        let bare: Vec<String> = bare.into_iter().map(name).collect();
        let text = format!(
            "sheets without the header of a ledger are passed over: {}",
            listed(&bare)
        );
        faults.warning(whole, text);
    }
}

/// The row that comes nearest to a header, and what it lacks.
fn nearest(book: &Book, sheet: &Sheet, names: &Names<'_>) -> Option<String> {
    let first_rows = sheet
        .rows()
        .take_while(|row| row.first().is_some_and(|cell| cell.row < HEADER_ROWS));
    let known =
        |row: &[BookCell]| -> Vec<Column> { row.iter().filter_map(|cell| names.column(book.text(cell))).collect() };
    let best = first_rows.max_by_key(|row| (known(row).len(), row.len()))?;
    let first = best.first()?;
    let known = known(best);
    let lacks = Column::REQUIRED.iter().filter(|column| !known.contains(column));
    let lacks: Vec<String> = lacks
        .map(|column| format!("{} ({})", column.key(), column.headers().join(" or ")))
        .collect();
    Some(format!(
        "sheet `{}`, row {}, from {} on, comes nearest; it lacks {}: write these, or map the words that stand there: \
         [ledger_columns] due = \"…\"",
        sheet.name,
        first.row + 1,
        cell_name(first.row, first.column),
        lacks.join(", ")
    ))
}

/// Some of many.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names.get(..LISTED_MAX.min(names.len())).unwrap_or_default().join(", ");
    match names.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}
