//! Rows of a table: which column each cell stands in.

use std::collections::HashMap;

use crate::files::table::{self, Row};

use super::faults::{Faults, Place, Placed};
use super::raw::keys::{COLUMNS, Column};
use super::raw::{RawTask, Text};

/// The rows of a table, column by header.
pub(super) fn table_rows(faults: &mut Faults, source: u32, mapped: &[(Column, Placed<String>)]) -> Vec<RawTask> {
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
    let Some(columns) = header(faults, source, &table.header, mapped) else {
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
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        let place = Place::new(source, &row.place);
        if row.cells.len() != width {
            let text = format!("the row has {} cells, the header has {width}", row.cells.len());
            faults.error_hint(
                place,
                text,
                "a cell that holds a separator or a line break stands in quotes",
            );
            continue;
        }
        let mut cells: Vec<Text> = vec![None; Column::ALL.len()];
        for (cell, column) in row.cells.into_iter().zip(&columns) {
            if cell.text.is_empty() {
                continue;
            }
            let place = Place::new(source, &cell.place);
            match column.and_then(|column| cells.get_mut(column.index())) {
                Some(slot) => *slot = Some(Placed::new(cell.text, place)),
                None => faults.error(place, "the cell stands in a column without a header"),
            }
        }
        rows.push(RawTask {
            place,
            cells,
            excused: Vec::new(),
        });
    }
    rows
}

/// Which column each cell of the header names; none where one is unknown, twice or missing: rows would only repeat that.
fn header(
    faults: &mut Faults,
    source: u32,
    header: &Row,
    mapped: &[(Column, Placed<String>)],
) -> Option<Vec<Option<Column>>> {
    let mut names: HashMap<String, Column> = HashMap::new();
    for column in Column::ALL {
        names.insert(column.key().to_owned(), column);
        names.extend(column.headers().iter().map(|name| ((*name).to_owned(), column)));
    }
    names.extend(mapped.iter().map(|(column, name)| (name.value.clone(), *column)));
    let mut columns = Vec::new();
    let mut right = true;
    let mut guessed = Vec::new();
    for cell in &header.cells {
        let place = Place::new(source, &cell.place);
        let name = cell.text.as_str();
        let column = names.get(name).or_else(|| names.get(&name.to_lowercase())).copied();
        if let Some(column) = column {
            if columns.contains(&Some(column)) {
                right = false;
                faults.error(place, format!("column `{}` ({name}) stands twice", column.key()));
            }
        } else if !name.is_empty() {
            right = false;
            let guess = faults
                .similar(name, names.keys().map(String::as_str))
                .map(str::to_owned);
            let hint = match &guess {
                Some(guess) => format!("did you mean `{guess}`?"),
                None => format!(
                    "map it: [ledger_columns] COLUMN = \"{name}\", COLUMN one of {}",
                    COLUMNS.join(" ")
                ),
            };
            guessed.extend(guess.and_then(|guess| names.get(&guess)).copied());
            faults.error_hint(place, format!("unknown column `{name}`"), hint);
        }
        columns.push(column);
    }
    for column in Column::REQUIRED {
        if !columns.contains(&Some(column)) && !guessed.contains(&column) {
            right = false;
            let text = format!(
                "the ledger has no column `{}` ({})",
                column.key(),
                column.headers().join(" or ")
            );
            let hint = format!("add it, or map it: [ledger_columns] {} = \"…\"", column.key());
            faults.error_hint(Place::new(source, &header.place), text, hint);
        }
    }
    right.then_some(columns)
}
