//! Data for people and scripts: tables that line up by display width, CSV, and JSON.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use thiserror::Error;
use unicode_width::UnicodeWidthStr;

/// Data could not be written.
#[derive(Debug, Error)]
pub enum TableError {
    /// Standard output is gone or full.
    #[error("the output cannot be written")]
    Write(#[from] io::Error),
    /// The CSV writer refused a row.
    #[error("the output cannot be written as CSV")]
    Csv(#[from] csv::Error),
    /// The value has no JSON.
    #[error("the output cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

impl Colour {
    /// Colours if standard output is a terminal and `no_color`, the value of `NO_COLOR`, is absent or empty.
    #[must_use]
    pub fn for_stdout(no_color: Option<&str>) -> Self {
        if io::stdout().is_terminal() && no_color.is_none_or(str::is_empty) {
            Self::Always
        } else {
            Self::Never
        }
    }
}

/// How a cell looks on a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// As the rest.
    #[default]
    None,
    /// Headings.
    Bold,
    /// What matters less.
    Dim,
    /// On track.
    Green,
    /// Near.
    Yellow,
    /// Late.
    Red,
    /// Under review.
    Blue,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "31",
            Self::Blue => "34",
        }
    }
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text; line breaks and tabs become blanks in a table.
    pub text: String,
    /// Its look.
    pub paint: Paint,
}

impl Cell {
    /// A cell with a look.
    pub fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self {
            text: text.into(),
            paint,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Paint::None)
    }
}

/// Rows below a header. A row shorter than the header ends with empty cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|name| Cell::painted(*name, Paint::Bold)).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it as columns that line up, two blanks between them, none at the end of a line.
    ///
    /// # Errors
    ///
    /// [`TableError::Write`] if `out` does.
    pub fn write(&self, out: &mut impl Write, colour: Colour) -> Result<(), TableError> {
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| lines().filter_map(|row| row.get(column)).map(width).max().unwrap_or(0))
            .collect();
        for row in lines() {
            let mut line = String::new();
            let mut owed = 0;
            for (cell, column) in row.iter().zip(&widths) {
                let text = flat(&cell.text);
                if !text.is_empty() {
                    line.push_str(&" ".repeat(owed));
                    owed = 0;
                    line.push_str(&painted(&text, cell.paint, colour));
                }
                owed += column + 2 - text.width();
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Writes it as CSV, the header first; texts as they are.
    ///
    /// # Errors
    ///
    /// [`TableError::Csv`] if `out` does, or a row is longer than the header.
    pub fn write_csv(&self, out: &mut impl Write) -> Result<(), TableError> {
        let mut writer = csv::Writer::from_writer(out);
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let missing = self.header.len().saturating_sub(row.len());
            let texts = row.iter().map(|cell| cell.text.as_str());
            writer.write_record(texts.chain(std::iter::repeat_n("", missing)))?;
        }
        writer.flush()?;
        Ok(())
    }
}

/// Writes any value as JSON on several lines, with a line break at the end.
///
/// # Errors
///
/// [`TableError`] if `out` fails or the value has no JSON.
pub fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<(), TableError> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| match error.io_error_kind() {
        Some(_) => TableError::Write(error.into()),
        None => TableError::Json(error),
    })?;
    writeln!(out)?;
    Ok(())
}

fn width(cell: &Cell) -> usize {
    flat(&cell.text).width()
}

/// One line, without what a terminal would obey.
fn flat(text: &str) -> String {
    text.split(char::is_control)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn painted(text: &str, paint: Paint, colour: Colour) -> String {
    if colour == Colour::Never || paint == Paint::None {
        return text.to_owned();
    }
    format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["id", "unit", "title"]);
        table.push(vec!["1".into(), "市教育局".into(), "班额".into()]);
        table.push(vec!["22".into(), "edu".into(), "a, \"b\"".into()]);
        table
    }

    fn written(table: &Table, colour: Colour) -> String {
        let mut out = Vec::new();
        table.write(&mut out, colour).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn chinese_characters_take_two_columns() {
        assert_eq!(
            written(&table(), Colour::Never),
            "id  unit      title\n1   市教育局  班额\n22  edu       a, \"b\"\n"
        );
    }

    #[test]
    fn an_empty_cell_at_the_end_leaves_no_blanks() {
        let mut table = Table::new(&["a", "b", "c"]);
        table.push(vec!["1".into(), "".into(), "3".into()]);
        table.push(vec!["1".into(), "".into(), "".into()]);
        table.push(vec!["1".into()]);
        assert_eq!(written(&table, Colour::Never), "a  b  c\n1     3\n1\n1\n");
    }

    #[test]
    fn colours_do_not_shift_columns() {
        let mut table = Table::new(&["light", "id"]);
        table.push(vec![Cell::painted("red", Paint::Red), "1".into()]);
        assert_eq!(
            written(&table, Colour::Always),
            "\u{1b}[1mlight\u{1b}[0m  \u{1b}[1mid\u{1b}[0m\n\u{1b}[31mred\u{1b}[0m    1\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        let mut table = Table::new(&["a"]);
        table.push(vec!["b\u{1b}[31mc\n\td".into()]);
        assert_eq!(written(&table, Colour::Never), "a\nb [31mc d\n");
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let mut out = Vec::new();
        table().write_csv(&mut out).expect("memory takes everything");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "id,unit,title\n1,市教育局,班额\n22,edu,\"a, \"\"b\"\"\"\n"
        );
    }

    #[test]
    fn a_short_row_is_filled_up_in_csv() {
        let mut table = Table::new(&["a", "b"]);
        table.push(vec!["1".into()]);
        let mut out = Vec::new();
        table.write_csv(&mut out).expect("memory takes everything");
        assert_eq!(String::from_utf8(out).expect("text"), "a,b\n1,\n");
    }

    #[test]
    fn json_ends_with_a_line_break() {
        let mut out = Vec::new();
        write_json(&mut out, &["督办"]).expect("memory takes everything");
        assert_eq!(String::from_utf8(out).expect("text"), "[\n  \"督办\"\n]\n");
    }
}
