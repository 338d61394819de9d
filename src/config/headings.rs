//! The header of a table: which column each of its cells names.

use std::collections::HashMap;

use crate::domain::sheet::COMPUTED;
use crate::files::date;
use crate::files::table::Cell;

use super::faults::{Faults, Place, Placed};
use super::raw::keys::{COLUMNS, Column};

/// The headers of all tables that were read, to tell which of `[ledger_columns]` none has.
#[derive(Default)]
pub(super) struct Headers {
    names: Vec<String>,
    /// Required columns that were reported as missing.
    pub(super) missing: Vec<Column>,
    /// The columns of each table, in their order, with their words.
    tables: Vec<Vec<(Column, String)>>,
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

    /// How the office lays its ledger out: key and word of each column; empty where there is no table, or tables differ.
    pub(super) fn layout(&self) -> Vec<(String, String)> {
        let Some((first, others)) = self.tables.split_first() else {
            return Vec::new();
        };
        if others.iter().any(|other| other != first) {
            return Vec::new();
        }
        first
            .iter()
            .map(|(column, word)| (column.key().to_owned(), word.clone()))
            .collect()
    }
}

fn is_header(header: &str, name: &str) -> bool {
    header == name || header.to_lowercase() == name || plain(header) == plain(name)
}

/// The words that name columns.
pub(super) struct Names<'a> {
    by_word: HashMap<String, Column>,
    mapped: &'a [(Column, Placed<String>)],
}

impl<'a> Names<'a> {
    /// Those of the contract, and those that the configuration maps.
    pub(super) fn new(mapped: &'a [(Column, Placed<String>)]) -> Self {
        let mut by_word = HashMap::new();
        for column in Column::ALL {
            by_word.insert(column.key().to_owned(), column);
            by_word.extend(column.headers().iter().map(|name| ((*name).to_owned(), column)));
        }
        for (column, name) in mapped {
            by_word.insert(plain(&name.value), *column);
            by_word.insert(name.value.clone(), *column);
        }
        Self { by_word, mapped }
    }

    /// The column that a cell of a header names.
    pub(super) fn column(&self, name: &str) -> Option<Column> {
        let word = |word: &str| self.by_word.get(word).copied();
        word(name).or_else(|| word(&plain(name)))
    }

    /// Which column each cell of a header names; none where one is unknown, twice or missing: rows would only repeat that.
    pub(super) fn header(
        &self,
        faults: &mut Faults,
        place: Place,
        cells: &[(&Cell, Place)],
        headers: &mut Headers,
    ) -> Option<Vec<Option<Column>>> {
        let named = cells.iter().filter(|(cell, _)| !cell.text.is_empty());
        headers.names.extend(named.map(|(cell, _)| cell.text.clone()));
        let mut columns = Vec::new();
        let mut right = true;
        let mut guessed = Vec::new();
        for (cell, place) in cells {
            let name = cell.text.as_str();
            let column = self.column(name);
            if let Some(column) = column {
                if columns.contains(&Some(column)) {
                    right = false;
                    faults.error(*place, format!("column `{}` ({name}) stands twice", column.key()));
                }
            } else if !name.is_empty() && !is_computed(name) {
                right = false;
                guessed.extend(self.unknown(faults, *place, name));
            }
            columns.push(column);
        }
        for column in Column::REQUIRED {
            if !columns.contains(&Some(column)) && !guessed.contains(&column) {
                right = false;
                self.lacks(faults, place, column);
                headers.missing.push(column);
            }
        }
        let words = columns.iter().zip(cells);
        let words = words.filter_map(|(column, (cell, _))| Some(((*column)?, cell.text.clone())));
        headers.tables.push(words.collect());
        right.then_some(columns)
    }

    /// A name that is no column's; the column that it may mean.
    fn unknown(&self, faults: &mut Faults, place: Place, name: &str) -> Option<Column> {
        let guess = faults
            .similar(name, self.by_word.keys().map(String::as_str))
            .map(str::to_owned);
        let hint = match &guess {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => format!(
                "map it: [ledger_columns] COLUMN = \"{name}\", COLUMN one of {}",
                COLUMNS.iter().map(|key| key.name).collect::<Vec<_>>().join(" ")
            ),
        };
        faults.error_hint(place, format!("unknown column `{name}`"), hint);
        self.by_word.get(&guess?).copied()
    }

    fn lacks(&self, faults: &mut Faults, place: Place, column: Column) {
        let text = format!(
            "the ledger has no column `{}` ({})",
            column.key(),
            column.headers().join(" or ")
        );
        let hint = match self.mapped.iter().find(|(known, _)| *known == column) {
            Some((_, name)) => format!(
                "[ledger_columns] maps it to `{}`, which no cell of the header is",
                name.value
            ),
            None => format!("add it, or map it: [ledger_columns] {} = \"…\"", column.key()),
        };
        faults.error_hint(place, text, hint);
    }
}

/// Whether a column is one that Duban adds to a ledger that it writes.
pub(super) fn is_computed(name: &str) -> bool {
    COMPUTED
        .iter()
        .any(|(zh, en)| *zh == name || en.eq_ignore_ascii_case(name))
}

/// A name as it is meant: `序 号`, `责任\n单位` and `责任单位*` are theirs.
fn plain(name: &str) -> String {
    let plain = date::plain(name).to_lowercase();
    let plain = plain.trim_matches(['*', ':', ' ']);
    plain.chars().filter(|letter| !letter.is_whitespace()).collect()
}
