//! The text of a workbook's cells in one piece, and which byte of it stands in which cell.

use std::ops::Range;

use crate::files::text::FILE_BYTES_MAX;

/// The text of all cells, one after the other.
#[derive(Clone, Debug)]
pub struct Places {
    text: String,
    marks: Vec<Mark>,
    sheets: Vec<String>,
}

/// Where a cell's text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    start: u32,
    row: u32,
    sheet: u16,
    column: u16,
}

/// The first byte belongs to no cell, so that it can stand for the file as a whole.
impl Default for Places {
    fn default() -> Self {
        Self {
            text: "\n".to_owned(),
            marks: Vec::new(),
            sheets: Vec::new(),
        }
    }
}

impl Places {
    /// The text at a place; nothing where there is none.
    #[must_use]
    pub fn text(&self, place: &Range<usize>) -> &str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// The cell in which a byte stands: `整改台账!H12`; none for the file as a whole.
    #[must_use]
    pub fn locate(&self, byte: usize) -> Option<String> {
        let after = self.marks.partition_point(|mark| index(mark.start) <= byte);
        let mark = self.marks.get(after.checked_sub(1)?)?;
        let sheet = self.sheets.get(usize::from(mark.sheet)).map_or("", String::as_str);
        Some(format!("{}!{}", quoted(sheet), cell_name(mark.row, mark.column.into())))
    }

    /// The place of a cell, also of an empty one within the table.
    #[must_use]
    pub fn at(&self, sheet: u16, row: u32, column: u32) -> Option<Range<usize>> {
        let key = |mark: &Mark| (mark.sheet, mark.row, u32::from(mark.column));
        let found = self.marks.binary_search_by_key(&(sheet, row, column), key).ok()?;
        let start = index(self.marks.get(found)?.start);
        let end = self
            .marks
            .get(found + 1)
            .map_or(self.text.len(), |next| index(next.start));
        // Behind each text stands a line break.
        Some(start..end.saturating_sub(1).max(start))
    }

    pub(super) fn add_sheet(&mut self, name: &str) -> u16 {
        self.sheets.push(name.to_owned());
        u16::try_from(self.sheets.len() - 1).unwrap_or(u16::MAX)
    }

    /// How much more text it takes.
    pub(super) fn bytes_left(&self) -> usize {
        usize::try_from(FILE_BYTES_MAX)
            .unwrap_or(usize::MAX)
            .saturating_sub(self.text.len())
    }

    /// Adds a cell; cells come in order.
    pub(super) fn add(&mut self, sheet: u16, row: u32, column: u32, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.marks.push(Mark {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            row,
            sheet,
            column: u16::try_from(column).unwrap_or(u16::MAX),
        });
        self.text.push_str(text);
        let place = start..self.text.len();
        self.text.push('\n');
        place
    }

    /// Adds cells without text.
    pub(super) fn add_blanks(&mut self, sheet: u16, row: u32, columns: Range<u32>) {
        for column in columns {
            self.add(sheet, row, column, "");
        }
    }
}

fn index(start: u32) -> usize {
    usize::try_from(start).unwrap_or(usize::MAX)
}

/// `H12` for row 11 and column 7, both from 0.
#[must_use]
pub fn cell_name(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", row + 1)
}

/// A sheet's name as it stands before a cell: in quotes where Excel would put it into them.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    if is_plain && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_in_excel() {
        for (row, column, name) in [
            (0, 0, "A1"),
            (11, 7, "H12"),
            (0, 25, "Z1"),
            (0, 26, "AA1"),
            (1_048_575, 16_383, "XFD1048576"),
        ] {
            assert_eq!(cell_name(row, column), name);
        }
    }

    #[test]
    fn a_byte_is_found_in_its_cell_and_the_first_in_none() {
        let mut places = Places::default();
        let sheet = places.add_sheet("整改台账");
        let first = places.add(sheet, 2, 0, "编号");
        places.add_blanks(sheet, 2, 1..3);
        let last = places.add(sheet, 2, 3, "x\ny");
        assert_eq!(places.locate(0), None);
        assert_eq!(places.locate(first.start).as_deref(), Some("整改台账!A3"));
        assert_eq!(places.locate(last.start + 2).as_deref(), Some("整改台账!D3"));
        let blank = places.at(sheet, 2, 2).expect("it has a place");
        assert_eq!(places.locate(blank.start).as_deref(), Some("整改台账!C3"));
        assert!(blank.is_empty());
        assert_eq!(places.at(sheet, 2, 3), Some(last));
        assert_eq!(places.at(sheet, 3, 0), None);
    }

    #[test]
    fn names_of_sheets_are_quoted_as_in_excel() {
        assert_eq!(quoted("台账_1"), "台账_1");
        assert_eq!(quoted("2021年"), "'2021年'");
        assert_eq!(quoted("Wen's! list"), "'Wen''s! list'");
    }
}
