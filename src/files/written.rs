//! A grid as CSV, for Excel and for a load: UTF-8 with its mark, CRLF, and no cell that a spreadsheet would compute.

use crate::domain::sheet::{Grid, GridCell};

/// Excel takes a file without it for one in the machine's own encoding.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a spreadsheet program may take for the beginning of a formula; full-width forms count in some languages.
const BEGINS_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Stands before such a cell, and is taken away again when the file is loaded.
const GUARD: char = '\'';

/// The file.
///
/// # Errors
/// The writer's, which writing to memory does not give.
pub fn csv(grid: &Grid) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(MARK.to_vec());
    writer.write_record(grid.columns.iter().map(|column| guarded(&column.heading)))?;
    for row in &grid.rows {
        writer.write_record(row.iter().map(shown))?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn shown(cell: &GridCell) -> String {
    match cell {
        GridCell::Empty => String::new(),
        GridCell::Text(text) => guarded(text),
        GridCell::Day(day) => day.to_string(),
        GridCell::Minute(at) => at.format("%Y-%m-%d %H:%M").to_string(),
        GridCell::Number(number) => number.to_string(),
    }
}

/// A text with the guard before it, where it needs one.
#[must_use]
pub fn guarded(text: &str) -> String {
    if needs_a_guard(text) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// Whether a spreadsheet program may compute a cell with this text.
#[must_use]
pub fn begins_a_formula(text: &str) -> bool {
    text.starts_with(BEGINS_A_FORMULA)
}

/// So does a text that looks guarded already, or it would lose what it has.
fn needs_a_guard(text: &str) -> bool {
    begins_a_formula(text.trim_start_matches(GUARD))
}

/// A cell without the guard that [`csv()`] put before it.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix(GUARD) {
        Some(rest) if needs_a_guard(rest) => rest,
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::GridColumn;
    use crate::files::{table, text};

    fn written(cells: Vec<GridCell>) -> Vec<u8> {
        let columns = cells.iter().enumerate().map(|(at, _)| GridColumn {
            heading: format!("column {at}"),
            width: 10,
        });
        csv(&Grid {
            name: "台账".to_owned(),
            columns: columns.collect(),
            rows: vec![cells],
            tint: None,
        })
        .expect("it is written")
    }

    fn read_back(cells: &[&str]) -> Vec<String> {
        let bytes = written(cells.iter().map(|cell| GridCell::Text((*cell).to_owned())).collect());
        let table = table::parse(&text::decode(&bytes).expect("it is text")).expect("it is a table");
        let row = table.rows.into_iter().next().expect("a row");
        row.cells.into_iter().map(|cell| cell.text).collect()
    }

    #[test]
    fn a_file_begins_with_its_mark_and_ends_its_lines_as_excel_does() {
        let bytes = written(vec![GridCell::Text("督办".to_owned())]);
        assert_eq!(bytes, "\u{feff}column 0\r\n督办\r\n".as_bytes());
    }

    #[test]
    fn a_cell_that_looks_like_a_formula_is_guarded() {
        let all = ["=1+1", "+86 1", "-1", "@SUM(A1)", "\tx", "＝1", "plain", "a=b"];
        let bytes = written(all.iter().map(|cell| GridCell::Text((*cell).to_owned())).collect());
        let file = String::from_utf8(bytes).expect("UTF-8");
        let line = file.lines().nth(1).expect("a row");
        assert_eq!(line, "'=1+1,'+86 1,'-1,'@SUM(A1),'\tx,'＝1,plain,a=b");
    }

    #[test]
    fn a_guarded_cell_is_loaded_as_it_was() {
        let cells = ["- 第一项已完成\n- 第二项", "=1+1", "'引号", "a,\"b\"", "'=1", "''-"];
        assert_eq!(read_back(&cells), cells);
    }

    #[test]
    fn numbers_and_dates_are_plain() {
        let day = chrono::NaiveDate::from_ymd_opt(2021, 12, 16).expect("a day");
        let at = day.and_hms_opt(18, 0, 0).expect("a time");
        let bytes = written(vec![
            GridCell::Number(-3),
            GridCell::Day(day),
            GridCell::Minute(at),
            GridCell::Empty,
        ]);
        let file = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(file.lines().nth(1), Some("-3,2021-12-16,2021-12-16 18:00,"));
    }
}
