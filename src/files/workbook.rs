//! A workbook (XLSX) as it is read: the cells of its sheets, as text, with their places.
//!
//! What a person sees counts: the value that a formula had when the file was saved, dates as dates, whole numbers without
//! a point. Rows that are hidden or filtered out are read like others; cells without text are not kept.

mod package;
mod place;
mod value;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use calamine::{Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use thiserror::Error;

use super::table::ROWS_MAX;
use super::text::FILE_BYTES_MAX;
use value::{Raw, Shape};

pub use place::{Places, cell_name};
pub use value::Kind;

/// So many sheets are read; an office has a handful.
pub const SHEETS_MAX: usize = 200;
/// What is no sheet of Excel's has cells beyond these.
const SHEET_ROWS: u32 = 1_048_576;
const SHEET_COLUMNS: u32 = 16_384;
/// Among so many first rows the header is looked for, and the width of the table with it.
pub const HEADER_ROWS: u32 = 20;
/// Cells without text have a place too, as far as the table is wide, but no further than this.
const WIDTH_MAX: u32 = 256;

/// Why bytes are no workbook that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BookError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is protected by a password.
    #[error("the file is protected by a password")]
    Encrypted,
    /// It is something else under this name.
    #[error("the file is no .xlsx workbook, but {0}")]
    Other(&'static str),
    /// The archive that a workbook is, is cut off or damaged.
    #[error("the file is damaged or not wholly written: {0}")]
    Damaged(String),
    /// It would grow beyond reason when it is unpacked.
    #[error("the file unpacks to more than {0} MiB")]
    TooLarge(u64),
    /// More rows than [`ROWS_MAX`].
    #[error("sheet `{0}` has more than {ROWS_MAX} rows with text")]
    TooLong(String),
    /// More sheets than [`SHEETS_MAX`].
    #[error("the workbook has more than {SHEETS_MAX} sheets")]
    TooManySheets,
    /// A sheet cannot be read to its end.
    #[error("sheet `{sheet}` cannot be read{}: {why}", behind(.after))]
    Sheet {
        /// Its name.
        sheet: String,
        /// The last cell that was read, where there is one.
        after: Option<String>,
        /// What the reader said.
        why: String,
    },
}

fn behind(cell: &Option<String>) -> String {
    cell.as_ref().map(|cell| format!(" after {cell}")).unwrap_or_default()
}

impl BookError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::Damaged(_) => "save it again from Excel, WPS or LibreOffice, and copy it whole",
            Self::Encrypted => "save it without a password, and let the file's mode say who may read it",
            Self::Other(_) => "save it as an Excel workbook (.xlsx), or as CSV",
            Self::TooLarge(_) | Self::TooLong(_) => "keep the ledger, and nothing else, in a file of its own",
            Self::TooManySheets => "keep the sheets of the ledger in a file of their own",
            Self::Sheet { .. } => "open it in Excel or LibreOffice, save it again as .xlsx, or save the sheet as CSV",
        }
    }
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Book {
    /// The text of all cells, and where each stands.
    pub places: Arc<Places>,
    /// In the workbook's order; sheets with charts only are left out.
    pub sheets: Vec<Sheet>,
    is_1904: bool,
}

/// One sheet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// As its tab says.
    pub name: String,
    /// Its number in [`Places`].
    pub number: u16,
    /// Whether nobody sees it.
    pub hidden: bool,
    /// Cells with text, by row and column.
    pub cells: Vec<BookCell>,
    /// Cells that were made one.
    pub merged: Vec<Merged>,
}

/// One cell with text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookCell {
    /// From 0.
    pub row: u32,
    /// From 0.
    pub column: u32,
    /// The bytes of the book's text; trimmed, line breaks are `\n`.
    pub place: Range<usize>,
    /// What it held before it was text.
    pub kind: Kind,
}

/// Cells that were made one; the first holds the text of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// From 0.
    pub first_row: u32,
    /// Included.
    pub last_row: u32,
    /// From 0.
    pub first_column: u32,
    /// Included.
    pub last_column: u32,
}

impl Book {
    /// The text of a cell.
    #[must_use]
    pub fn text(&self, cell: &BookCell) -> &str {
        self.places.text(&cell.place)
    }

    /// The day, or the day and time, that a number is in a column of dates; none where it is none.
    #[must_use]
    pub fn date_of(&self, number: &str) -> Option<String> {
        value::date_of_serial(number.parse().ok()?, self.is_1904)
    }
}

impl Sheet {
    /// The rows that hold text, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[BookCell]> {
        self.cells.chunk_by(|a, b| a.row == b.row)
    }

    /// The cell at a place, where it holds text.
    #[must_use]
    pub fn cell(&self, row: u32, column: u32) -> Option<&BookCell> {
        let at = self
            .cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        self.cells.get(at.ok()?)
    }
}

/// Reads a workbook.
///
/// # Errors
/// [`BookError`].
pub fn read(bytes: &[u8]) -> Result<Book, BookError> {
    package::prove(bytes)?;
    // The library trusts numbers that a damaged or hostile file may hold, and some of its sums panic on them.
    let reading = AssertUnwindSafe(|| read_proven(bytes));
    panic::catch_unwind(reading).unwrap_or_else(|_| Err(BookError::Damaged("the reader gave up on it".to_owned())))
}

fn read_proven(bytes: &[u8]) -> Result<Book, BookError> {
    let mut xlsx = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let listed: Vec<calamine::Sheet> = xlsx.sheets_metadata().to_vec();
    if listed.len() > SHEETS_MAX {
        return Err(BookError::TooManySheets);
    }
    let is_1904 = xlsx.has_1904_epoch();
    let mut places = Places::default();
    let mut sheets = Vec::new();
    for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let number = places.add_sheet(&sheet.name);
        let merged = xlsx.merge_cells_by_sheet_name(&sheet.name);
        let merged = merged.map_err(|error| broken(&sheet.name, None, &error))?;
        let raw = raw_cells(&mut xlsx, &sheet.name, places.bytes_left())?;
        let cells = settle(&mut places, number, raw);
        if cells.chunk_by(|a, b| a.row == b.row).count() > ROWS_MAX {
            return Err(BookError::TooLong(sheet.name.clone()));
        }
        sheets.push(Sheet {
            name: sheet.name.clone(),
            number,
            hidden: sheet.visible != SheetVisible::Visible,
            cells,
            merged: merged.iter().map(merged_of).collect(),
        });
    }
    Ok(Book {
        places: Arc::new(places),
        sheets,
        is_1904,
    })
}

type Found = BTreeMap<(u32, u32), Raw>;

/// The cells of a sheet that hold something, as they stand in the file.
fn raw_cells(xlsx: &mut Xlsx<Cursor<&[u8]>>, name: &str, mut room: usize) -> Result<Found, BookError> {
    let shapes = shapes(xlsx, name)?;
    let mut reader = xlsx
        .worksheet_cells_reader(name)
        .map_err(|error| broken(name, None, &error))?;
    let mut found = Found::new();
    let mut last = None;
    loop {
        let record = match reader.next_cell_with_formula_metadata() {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(found),
            Err(error) => return Err(broken(name, last, &error)),
        };
        let (row, column) = record.pos;
        if row >= SHEET_ROWS || column >= SHEET_COLUMNS {
            continue;
        }
        last = Some(record.pos);
        let shape = shapes.get(&record.pos).copied().unwrap_or_default();
        let Some(raw) = value::raw(&record.value, record.formula.is_some(), shape) else {
            continue;
        };
        room = room
            .checked_sub(raw.text.len() + 1)
            .ok_or(BookError::TooLarge(FILE_BYTES_MAX >> 20))?;
        found.insert(record.pos, raw);
    }
}

/// Numbers that are shown in another shape than their own: only looked for where the workbook has such formats.
fn shapes(xlsx: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<BTreeMap<(u32, u32), Shape>, BookError> {
    let mut reader = xlsx
        .worksheet_cells_reader(name)
        .map_err(|error| broken(name, None, &error))?;
    let format = |style: &calamine::Style| {
        let format = style.number_format.as_ref()?;
        Shape::of(&format.format_code)
    };
    let by_style: Vec<Option<Shape>> = reader.styles().iter().map(format).collect();
    let mut shapes = BTreeMap::new();
    if by_style.iter().all(Option::is_none) {
        return Ok(shapes);
    }
    while let Some((row, column, style)) = reader.next_style_id().map_err(|error| broken(name, None, &error))? {
        if let Some(shape) = by_style.get(style).copied().flatten() {
            shapes.insert((row, column), shape);
        }
    }
    Ok(shapes)
}

/// Writes the cells' text down, with a place for each, and for the empty ones between them.
fn settle(places: &mut Places, sheet: u16, found: Found) -> Vec<BookCell> {
    let first_rows = found.range(..(HEADER_ROWS, 0)).map(|((_, column), _)| *column + 1);
    let width = first_rows.max().unwrap_or(0).min(WIDTH_MAX);
    let mut cells = Vec::with_capacity(found.len());
    // The next place within the row that is being written.
    let mut next = (0, width);
    for ((row, column), raw) in found {
        if row != next.0 {
            places.add_blanks(sheet, next.0, next.1..width);
            next = (row, 0);
        }
        places.add_blanks(sheet, row, next.1..column.min(width));
        let place = places.add(sheet, row, column, &raw.text);
        cells.push(BookCell {
            row,
            column,
            place,
            kind: raw.kind,
        });
        next.1 = column + 1;
    }
    places.add_blanks(sheet, next.0, next.1..width);
    cells
}

fn merged_of(region: &calamine::Dimensions) -> Merged {
    Merged {
        first_row: region.start.0,
        last_row: region.end.0,
        first_column: region.start.1,
        last_column: region.end.1,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn damaged(error: XlsxError) -> BookError {
    if matches!(error, XlsxError::Password) {
        BookError::Encrypted
    } else {
        BookError::Damaged(error.to_string())
    }
}

fn broken(sheet: &str, last: Option<(u32, u32)>, error: &XlsxError) -> BookError {
    BookError::Sheet {
        sheet: sheet.to_owned(),
        after: last.map(|(row, column)| cell_name(row, column)),
        why: error.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
