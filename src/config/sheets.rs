//! Rows of a workbook: where its tables begin, and which column each cell stands in.
//!
//! A sheet's table begins at the first of its first twenty rows that names enough columns; what stands above is a title.
//! Cells that were merged downwards count in every row, those merged across in their first column; a row of one cell
//! across the table is a caption. Hidden rows are read, hidden sheets are not.

mod header;

use std::collections::BTreeMap;

use crate::files::table::Cell;
use crate::files::workbook::{Book, BookCell, Kind, Merged, Sheet};

use super::faults::{Faults, Place, Placed};
use super::headings::{Headers, Names, is_computed};
use super::raw::RawTask;
use super::raw::keys::Column;
use header::{Header, listed, tell_of_others};

/// The rows of all sheets with a header, in their order.
pub(super) fn book_rows(
    faults: &mut Faults,
    source: u32,
    book: &Book,
    mapped: &[(Column, Placed<String>)],
    headers: &mut Headers,
) -> Vec<RawTask> {
    let names = Names::new(mapped);
    let filled = book.sheets.iter().filter(|sheet| !sheet.cells.is_empty());
    let found: Vec<(&Sheet, Option<Header>)> = filled.map(|sheet| (sheet, Header::find(book, sheet, &names))).collect();
    tell_of_others(faults, source, book, &found, &names);
    let mut rows = Vec::new();
    for (sheet, header) in found {
        let Some(header) = header.filter(|_| !sheet.hidden) else {
            continue;
        };
        let cells: Vec<(&Cell, Place)> = header
            .cells
            .iter()
            .map(|(_, cell)| (cell, Place::new(source, &cell.place)))
            .collect();
        let place = cells.first().map_or(Place::whole(source), |(_, place)| *place);
        let Some(columns) = names.header(faults, place, &cells, headers) else {
            continue;
        };
        let (before, last_row) = (rows.len(), header.last_row);
        let mut table = Table {
            source,
            book,
            sheet,
            columns: header.cells.iter().map(|(at, _)| *at).zip(columns).collect(),
            downwards: downwards(sheet, header.last_row),
            header,
            captions: Vec::new(),
        };
        for row in sheet
            .rows()
            .filter(|row| row.first().is_some_and(|cell| cell.row > last_row))
        {
            rows.extend(table.task(faults, row));
        }
        table.tell_of_captions(faults, place);
        if rows.len() == before {
            let text = format!("sheet `{}` has a header and no row", sheet.name);
            let hint = "an empty table must not silence anybody: put the rows back, or delete the sheet";
            faults.error_hint(place, text, hint);
        }
    }
    rows
}

/// What was merged over several rows below the header, by its first column, from the top.
fn downwards(sheet: &Sheet, header: u32) -> BTreeMap<u32, Vec<Merged>> {
    let mut found: BTreeMap<u32, Vec<Merged>> = BTreeMap::new();
    for region in &sheet.merged {
        if region.first_row > header && region.last_row > region.first_row {
            found.entry(region.first_column).or_default().push(*region);
        }
    }
    for regions in found.values_mut() {
        regions.sort_by_key(|region| region.first_row);
    }
    found
}

/// A sheet whose header is understood.
struct Table<'a> {
    source: u32,
    book: &'a Book,
    sheet: &'a Sheet,
    header: Header,
    columns: BTreeMap<u32, Option<Column>>,
    downwards: BTreeMap<u32, Vec<Merged>>,
    captions: Vec<u32>,
}

impl Table<'_> {
    /// The task of a row; none where it is a caption or its number is wrong beyond use.
    fn task(&mut self, faults: &mut Faults, row: &[BookCell]) -> Option<RawTask> {
        let first = row.first()?;
        if self.is_caption(row) {
            self.captions.push(first.row);
            return None;
        }
        let mut task = RawTask {
            place: self.place(first),
            cells: vec![None; Column::ALL.len()],
            excused: Vec::new(),
            blanks: Vec::new(),
            milestones: Vec::new(),
        };
        for cell in row {
            match self.columns.get(&cell.column) {
                Some(Some(column)) => self.fill(faults, &mut task, *column, cell),
                // What Duban itself put into a file that it wrote is not the ledger's.
                Some(None) if self.is_computed(cell.column) => {}
                Some(None) | None => faults.error(self.place(cell), "the cell stands in a column without a header"),
            }
        }
        let columns: Vec<(u32, Column)> = self
            .columns
            .iter()
            .filter_map(|(at, column)| Some((*at, (*column)?)))
            .collect();
        for (at, column) in columns {
            if task.cell(column).is_some() || task.excused.contains(&column) {
                continue;
            }
            match self.merged_into(first.row, at) {
                Some((region, _)) if column == Column::Id => {
                    self.refuse_shared_id(faults, region);
                    return None;
                }
                Some((_, cell)) => self.fill(faults, &mut task, column, cell),
                None if Column::REQUIRED.contains(&column) => {
                    let place = self.book.places.at(self.sheet.number, first.row, at);
                    task.blanks
                        .extend(place.map(|place| (column, Place::new(self.source, &place))));
                }
                None => {}
            }
        }
        self.is_task(faults, &task).then_some(task)
    }

    /// A row without title, unit and deadline is no task: that is one mistake, and not one for each cell that it lacks.
    fn is_task(&self, faults: &mut Faults, task: &RawTask) -> bool {
        let lacks = |column: Column| task.cell(column).is_none() && !task.excused.contains(&column);
        let is_none = [Column::Title, Column::Unit, Column::Due].into_iter().all(lacks);
        if is_none {
            let hint = "a note below the table belongs on another sheet, or in one cell merged across the table";
            faults.error_hint(
                task.place,
                "the row is no task: it has neither title nor unit nor deadline",
                hint,
            );
        }
        !is_none
    }

    fn fill(&self, faults: &mut Faults, task: &mut RawTask, column: Column, cell: &BookCell) {
        let place = self.place(cell);
        let text = self.book.text(cell);
        let is_date = matches!(column, Column::Opened | Column::Due | Column::Closed);
        let value = match cell.kind {
            Kind::Error => {
                let hint = "mend the formula, or write its value in its place";
                faults.error_hint(
                    place,
                    format!("{}: the formula gives the error `{text}`", column.key()),
                    hint,
                );
                None
            }
            Kind::Uncomputed => {
                let hint =
                    "the program that wrote the file does not compute: open it in Excel or LibreOffice and save it";
                faults.error_hint(place, format!("{}: the formula has no value", column.key()), hint);
                None
            }
            Kind::Date if column == Column::Id => {
                let text = format!("id: the cell is the date {text}, which Excel makes of numbers such as 1-2");
                faults.error_hint(place, text, "format the column as text, and write the number again");
                None
            }
            Kind::Number if is_date => Some(self.book.date_of(text).unwrap_or_else(|| text.to_owned())),
            Kind::Text | Kind::Number | Kind::Date => Some(text.to_owned()),
        };
        match value {
            None => task.excused.push(column),
            Some(value) => {
                faults.refuse_control(place, &value);
                if let Some(slot) = task.cells.get_mut(column.index()) {
                    *slot = Some(Placed::new(value, place));
                }
            }
        }
    }

    /// The region that reaches down into a row, with its cell.
    fn merged_into(&self, row: u32, column: u32) -> Option<(Merged, &BookCell)> {
        let regions = self.downwards.get(&column)?;
        let after = regions.partition_point(|region| region.first_row <= row);
        let region = regions.get(after.checked_sub(1)?)?;
        let cell = self.sheet.cell(region.first_row, column)?;
        (region.first_row < row && region.last_row >= row).then_some((*region, cell))
    }

    fn refuse_shared_id(&self, faults: &mut Faults, region: Merged) {
        let Some(cell) = self.sheet.cell(region.first_row, region.first_column) else {
            return;
        };
        let text = format!(
            "task `{}` is merged over rows {} to {}, which hold text of their own",
            self.book.text(cell),
            region.first_row + 1,
            region.last_row + 1
        );
        faults.error_hint(
            self.place(cell),
            text,
            "a task is one row: split the cell, and give each row a number, or join the rows",
        );
    }

    /// One cell across most of the table.
    fn is_caption(&self, row: &[BookCell]) -> bool {
        let [cell] = row else { return false };
        let across = self.sheet.merged.iter().find(|region| {
            (region.first_row, region.first_column) == (cell.row, cell.column)
                && region.last_column > region.first_column
        });
        let half = u32::try_from(self.header.width() / 2).unwrap_or(u32::MAX);
        across.is_some_and(|region| region.last_column - region.first_column + 1 >= half.max(2))
    }

    fn is_computed(&self, column: u32) -> bool {
        self.header
            .cells
            .iter()
            .any(|(at, cell)| *at == column && is_computed(&cell.text))
    }

    fn place(&self, cell: &BookCell) -> Place {
        Place::new(self.source, &cell.place)
    }

    fn tell_of_captions(&self, faults: &mut Faults, place: Place) {
        if self.captions.is_empty() {
            return;
        }
        let rows: Vec<String> = self.captions.iter().map(|row| (row + 1).to_string()).collect();
        let (word, is) = if rows.len() == 1 {
            ("row", "is")
        } else {
            ("rows", "are")
        };
        let text = format!(
            "sheet `{}`: {word} {} {is} read as captions: one cell across the table",
            self.sheet.name,
            listed(&rows)
        );
        faults.warning_hint(place, text, "where one is meant as a task, unmerge its cells");
    }
}
