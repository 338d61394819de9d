//! A table as CSV: cells with their places.
//!
//! The separator is the one of `,`, `;` and tab that stands most often in the header outside of quotes. Cells are
//! trimmed; rows without any text are left out.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};
use thiserror::Error;

use super::written::unguarded;

/// More rows than any office has tasks; what is larger is refused, never cut.
pub const ROWS_MAX: usize = 200_000;

/// Why a text is no table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More rows than [`ROWS_MAX`].
    #[error("the table has more than 200000 rows")]
    TooLong,
    /// The reader gave up.
    #[error("the table cannot be read: {0}")]
    Unreadable(String),
}

/// Cells in rows; each row as wide as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The first row that holds text.
    pub header: Row,
    /// The others.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// In order.
    pub cells: Vec<Cell>,
    /// The bytes of the text that it stands on.
    pub place: Range<usize>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Trimmed; line breaks in it are `\n`.
    pub text: String,
    /// The bytes of the text that it stands on, quotes included.
    pub place: Range<usize>,
}

/// Reads a table.
///
/// # Errors
/// [`TableError`].
pub fn parse(text: &str) -> Result<Table, TableError> {
    let separator = separator_of(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut header = None;
    let mut rows = Vec::new();
    while reader
        .read_record(&mut record)
        .map_err(|error| TableError::Unreadable(error.to_string()))?
    {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let byte = record.position().map_or(0, csv::Position::byte);
        let places = cell_places(
            text,
            separator,
            row_start(text, usize::try_from(byte).unwrap_or(text.len())),
        );
        let place = places.first().map_or(0, |first| first.start)..places.last().map_or(0, |last| last.end);
        let cells = record.iter().zip(places);
        let row = Row {
            cells: cells
                .map(|(text, place)| Cell {
                    text: clean(text),
                    place,
                })
                .collect(),
            place,
        };
        if header.is_none() {
            header = Some(row);
        } else if rows.len() == ROWS_MAX {
            return Err(TableError::TooLong);
        } else {
            rows.push(row);
        }
    }
    let header = header.ok_or(TableError::Empty)?;
    Ok(Table { header, rows })
}

/// Where the cells of the row at a byte stand, found in one pass.
fn cell_places(text: &str, separator: u8, row_start: usize) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut start = row_start;
    let mut quoted = false;
    let rest = text.as_bytes().get(row_start..).unwrap_or_default();
    for (at, byte) in rest.iter().enumerate() {
        let at = row_start + at;
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                places.push(start..at);
                return places;
            }
            _ if !quoted && *byte == separator => {
                places.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    places.push(start..text.len());
    places
}

fn clean(cell: &str) -> String {
    let cell = unguarded(cell.trim());
    if cell.contains('\r') {
        cell.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        cell.to_owned()
    }
}

/// The reader counts the line break of the row before to the row: past it.
fn row_start(text: &str, byte: usize) -> usize {
    let rest = text.get(byte..).unwrap_or_default();
    byte + rest.len() - rest.trim_start_matches(['\n', '\r']).len()
}

fn separator_of(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => {
                for (separator, count) in &mut counts {
                    *count += i32::from(*separator == byte);
                }
            }
            _ => {}
        }
    }
    // Of equals the first wins.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = parse(text).expect("the text is a table");
        let rows = std::iter::once(table.header).chain(table.rows);
        rows.map(|row| row.cells.into_iter().map(|cell| cell.text).collect())
            .collect()
    }

    fn place(text: &str, row: usize, column: usize) -> String {
        let table = parse(text).expect("the text is a table");
        text.get(table.rows[row].cells[column].place.clone())
            .expect("a place")
            .to_owned()
    }

    #[test]
    fn comma_semicolon_and_tab_separate() {
        for separator in [",", ";", "\t"] {
            let text = ["id", "due\n1", "2022-01-31"].join(separator);
            assert_eq!(cells(&text), [["id", "due"], ["1", "2022-01-31"]]);
        }
    }

    #[test]
    fn a_quoted_cell_may_hold_separators_quotes_and_line_breaks() {
        assert_eq!(
            cells("a,b\r\n\"x, \"\"y\"\"\r\nz\",2\r\n"),
            [["a", "b"], ["x, \"y\"\nz", "2"]]
        );
    }

    #[test]
    fn cells_are_trimmed_and_rows_without_text_left_out() {
        assert_eq!(cells("a,b\n,\n 1 ,\u{3000}2\n\n,,\n"), [["a", "b"], ["1", "2"]]);
    }

    #[test]
    fn a_cell_is_found_in_its_text_behind_a_multi_line_cell() {
        let text = "a,b,c\r\n\"x\n,y\",2,3\r\n4,市教育局,6";
        assert_eq!(place(text, 0, 1), "2");
        assert_eq!(place(text, 0, 0), "\"x\n,y\"");
        assert_eq!(place(text, 1, 1), "市教育局");
        assert_eq!(place(text, 1, 2), "6");
    }

    #[test]
    fn a_row_keeps_the_width_in_which_it_was_written() {
        let table = parse("a,b\n1\n1,2,3\n").expect("the text is a table");
        assert_eq!(table.rows.iter().map(|row| row.cells.len()).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn nothing_is_no_table() {
        assert_eq!(parse("\n \n"), Err(TableError::Empty));
    }

    #[test]
    fn a_table_past_the_row_limit_is_refused() {
        let text = "a\n".repeat(ROWS_MAX + 2);
        assert_eq!(parse(&text), Err(TableError::TooLong));
    }
}
