//! Rows of a table: which column each cell stands in.

use crate::files::table::{self, Cell};

use super::faults::{Faults, Place, Placed};
use super::headings::{Headers, Names, is_computed};
use super::raw::keys::Column;
use super::raw::{RawTask, Text};

/// What to do about commas of Chinese width.
const WIDE_COMMAS: &str = "it is separated by `，`: save it with `,`";

/// Whether a row is of one cell because somebody typed commas of Chinese width between what should be cells.
fn has_wide_commas(cells: &[Cell], width: usize) -> bool {
    let wide: usize = cells.iter().map(|cell| cell.text.matches('，').count()).sum();
    wide > 0 && cells.len() < width && cells.len() + wide >= width
}

/// The rows of a table, column by header.
pub(super) fn table_rows(
    faults: &mut Faults,
    source: u32,
    mapped: &[(Column, Placed<String>)],
    headers: &mut Headers,
) -> Vec<RawTask> {
    let parsed = match faults.source(source) {
        Some(source) => table::parse(&source.text),
        None => return Vec::new(),
    };
    let table = match parsed {
        Ok(table) => table,
        Err(error) => {
            faults.error(Place::whole(source), error.to_string());
            return Vec::new();
        }
    };
    let place = Place::new(source, &table.header.place);
    if has_wide_commas(&table.header.cells, 2) && table.header.cells.len() == 1 {
        headers.missing.extend(Column::ALL);
        faults.error_hint(place, "the header has one cell", WIDE_COMMAS);
        return Vec::new();
    }
    let cells = table.header.cells.iter();
    let cells: Vec<(&Cell, Place)> = cells.map(|cell| (cell, Place::new(source, &cell.place))).collect();
    let Some(columns) = Names::new(mapped).header(faults, place, &cells, headers) else {
        return Vec::new();
    };
    if table.rows.is_empty() {
        faults.error_hint(
            Place::new(source, &table.header.place),
            "the ledger has a header and no row",
            "an empty file must not silence anybody: put the rows back, or take the file out of `ledger`",
        );
    }
    let width = table.header.cells.len();
    // What Duban itself put into a file that it wrote is not the ledger's.
    let computed = table.header.cells.iter().map(|cell| is_computed(&cell.text));
    let computed: Vec<bool> = computed.collect();
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        let place = Place::new(source, &row.place);
        if row.cells.len() != width {
            let text = format!("the row has {} cells, the header has {width}", row.cells.len());
            let hint = if has_wide_commas(&row.cells, width) {
                WIDE_COMMAS
            } else {
                "a cell that holds a separator or a line break stands in quotes"
            };
            faults.error_hint(place, text, hint);
            continue;
        }
        let mut cells: Vec<Text> = vec![None; Column::ALL.len()];
        for ((cell, column), computed) in row.cells.into_iter().zip(&columns).zip(&computed) {
            if cell.text.is_empty() || (*computed && column.is_none()) {
                continue;
            }
            let place = Place::new(source, &cell.place);
            faults.refuse_control(place, &cell.text);
            match column.and_then(|column| cells.get_mut(column.index())) {
                Some(slot) => *slot = Some(Placed::new(cell.text, place)),
                None => faults.error(place, "the cell stands in a column without a header"),
            }
        }
        rows.push(RawTask {
            place,
            cells,
            excused: Vec::new(),
            blanks: Vec::new(),
            milestones: Vec::new(),
        });
    }
    rows
}
