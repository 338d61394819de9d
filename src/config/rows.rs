//! Rows of a table: which column each cell stands in.

use std::collections::HashMap;

use crate::domain::sheet::COMPUTED;
use crate::files::table::{self, Cell, Row};

use super::faults::{Faults, Place, Placed};
use super::raw::keys::{COLUMNS, Column};
use super::raw::{RawTask, Text};

/// What to do about commas of Chinese width.
const WIDE_COMMAS: &str = "it is separated by `，`: save it with `,`";

/// The headers of all tables that were read, to tell which of `[ledger_columns]` none has.
#[derive(Default)]
pub(super) struct Headers {
    names: Vec<String>,
    /// Required columns that were reported as missing.
    missing: Vec<Column>,
}

impl Headers {
    /// Says of each column that is mapped to a header which no table has.
    pub(super) fn check(&self, faults: &mut Faults, mapped: &[(Column, Placed<String>)]) {
        for (column, name) in mapped {
            let is_there = self.names.iter().any(|header| is_header(header, &name.value));
            // Where there is no table at all, nothing was read wrongly.
            if self.names.is_empty() || is_there || self.missing.contains(column) {
                continue;
            }
            let text = format!("no ledger has a column `{}`", name.value);
            let found = format!("the columns are: {}", self.names.join(", "));
            let names = self.names.iter().map(String::as_str);
            faults.unknown(name.place, text, &name.value, names, Some(found));
        }
    }
}

fn is_header(header: &str, name: &str) -> bool {
    header == name || header.to_lowercase() == name
}

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
    let Some(columns) = header(faults, source, &table.header, mapped, headers) else {
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
            milestones: Vec::new(),
        });
    }
    rows
}

/// Whether a column is one that Duban adds to a ledger that it writes.
fn is_computed(name: &str) -> bool {
    COMPUTED
        .iter()
        .any(|(zh, en)| *zh == name || en.eq_ignore_ascii_case(name))
}

/// Which column each cell of the header names; none where one is unknown, twice or missing: rows would only repeat that.
fn header(
    faults: &mut Faults,
    source: u32,
    header: &Row,
    mapped: &[(Column, Placed<String>)],
    headers: &mut Headers,
) -> Option<Vec<Option<Column>>> {
    let place = Place::new(source, &header.place);
    if has_wide_commas(&header.cells, 2) && header.cells.len() == 1 {
        headers.missing.extend(Column::ALL);
        faults.error_hint(place, "the header has one cell", WIDE_COMMAS);
        return None;
    }
    let named = header.cells.iter().filter(|cell| !cell.text.is_empty());
    headers.names.extend(named.map(|cell| cell.text.clone()));
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
        } else if !name.is_empty() && !is_computed(name) {
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
            let hint = match mapped.iter().find(|(known, _)| *known == column) {
                Some((_, name)) => format!(
                    "[ledger_columns] maps it to `{}`, which no cell of the header is",
                    name.value
                ),
                None => format!("add it, or map it: [ledger_columns] {} = \"…\"", column.key()),
            };
            headers.missing.push(column);
            faults.error_hint(place, text, hint);
        }
    }
    right.then_some(columns)
}
