//! Grids as a workbook: real dates, colours that follow the lights, filters, a header that stays in sight. Text is always
//! text, whatever it looks like.

use chrono::NaiveDateTime;
use rust_xlsxwriter::{
    ConditionalFormatFormula, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, IgnoreError,
    Workbook, Worksheet, XlsxError, utility,
};
use unicode_width::UnicodeWidthStr;

use crate::domain::sheet::{Grid, GridCell, GridColumn, Tint};
use crate::domain::task::Light;

use super::written::{begins_a_formula, guarded};

/// Excel holds so many UTF-16 units in one cell.
const CELL_UNITS_MAX: usize = 32_767;
/// A4 in Excel's list of papers.
const A4: u8 = 9;
/// Around a printed page.
const MARGIN_INCHES: f64 = 0.3;
/// How high a line is, in points.
const LINE_POINTS: f64 = 15.0;
/// No row may be higher, in points.
const ROW_POINTS_MAX: f64 = 405.0;
/// How high the header is, in points.
const HEADER_POINTS: f64 = 22.0;

/// The workbook, one sheet for each grid; the same bytes for the same grids and `as_of`.
///
/// # Errors
/// The writer's, where a grid is larger than a sheet may be or its name is none.
pub fn workbook(grids: &[Grid], as_of: NaiveDateTime) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // Without it the present would be written down.
    let made = ExcelDateTime::from_timestamp(as_of.and_utc().timestamp())?;
    workbook.set_properties(&DocProperties::new().set_author("Duban").set_creation_datetime(&made));
    let formats = Formats::new();
    for grid in grids {
        write(workbook.add_worksheet(), grid, &formats)?;
    }
    workbook.save_to_buffer()
}

struct Formats {
    header: Format,
    text: Format,
    /// As `text`, for what would become a formula as soon as somebody edits the cell.
    quoted: Format,
    /// The first column: numbers of tasks stay what they are when they are edited.
    key: Format,
    day: Format,
    minute: Format,
    number: Format,
}

impl Formats {
    fn new() -> Self {
        let cell = Format::new()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Hair)
            .set_border_color(BORDER);
        Self {
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(HEADER_FILL)
                .set_font_color(HEADER_FONT)
                .set_border(FormatBorder::Thin)
                .set_border_color(BORDER),
            text: cell.clone().set_text_wrap(),
            quoted: cell.clone().set_text_wrap().set_quote_prefix(),
            key: cell.clone().set_num_format("@"),
            day: cell.clone().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            minute: cell
                .clone()
                .set_num_format("yyyy-mm-dd hh:mm")
                .set_align(FormatAlign::Left),
            number: cell.set_num_format("0"),
        }
    }
}

const BORDER: u32 = 0x00BF_BFBF;
const HEADER_FILL: u32 = 0x001F_4E78;
const HEADER_FONT: u32 = 0x00FF_FFFF;

/// Fill and letters of a light.
fn colours(light: Light) -> (u32, u32) {
    match light {
        Light::Red => (0x00FF_C7CE, 0x009C_0006),
        Light::Yellow => (0x00FF_EB9C, 0x007F_6000),
        Light::Green => (0x00C6_EFCE, 0x0000_6100),
        Light::Blue => (0x00BD_D7EE, 0x001F_4E78),
        Light::Grey => (0x00E7_E6E6, 0x0059_5959),
    }
}

fn write(sheet: &mut Worksheet, grid: &Grid, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(&grid.name)?;
    let (last_row, last_column) = (
        row_number(grid.rows.len())?,
        column_number(grid.columns.len())?.saturating_sub(1),
    );
    let heading_lines = grid.columns.iter().map(|column| column.heading.lines().count());
    let heading_lines = u32::try_from(heading_lines.max().unwrap_or(1).max(1)).unwrap_or(1);
    sheet.set_row_height(0, HEADER_POINTS * f64::from(heading_lines))?;
    for (at, column) in grid.columns.iter().enumerate() {
        let at = column_number(at)?;
        sheet.write_string_with_format(0, at, cut(&column.heading), &formats.header)?;
        sheet.set_column_width(at, column.width)?;
    }
    for (row, cells) in grid.rows.iter().enumerate() {
        let row = row_number(row + 1)?;
        let lines = cells
            .iter()
            .zip(&grid.columns)
            .map(|(cell, column)| lines(cell, column));
        if let Some(lines @ 2..) = lines.max() {
            // Not every program makes room for wrapped text by itself.
            sheet.set_row_height(row, (LINE_POINTS * f64::from(lines)).min(ROW_POINTS_MAX))?;
        }
        for (column, cell) in cells.iter().enumerate() {
            write_cell(sheet, row, column_number(column)?, cell, formats)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, last_row, last_column)?;
    if last_row > 0 {
        // Numbers of tasks are text on purpose.
        sheet.ignore_error_range(1, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        if let Some(tint) = &grid.tint {
            colour(sheet, tint, last_row)?;
        }
    }
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_margins(
        MARGIN_INCHES,
        MARGIN_INCHES,
        MARGIN_INCHES,
        MARGIN_INCHES,
        MARGIN_INCHES,
        MARGIN_INCHES,
    );
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &GridCell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        GridCell::Empty => sheet.write_blank(row, column, &formats.text)?,
        GridCell::Text(text) => {
            let format = if begins_a_formula(text) {
                &formats.quoted
            } else if column == 0 {
                &formats.key
            } else {
                &formats.text
            };
            // What looks guarded would lose its first letter when it is loaded.
            let text = if text.starts_with('\'') {
                guarded(text)
            } else {
                text.clone()
            };
            sheet.write_string_with_format(row, column, cut(&text), format)?
        }
        GridCell::Day(day) => sheet.write_datetime_with_format(row, column, day, &formats.day)?,
        GridCell::Minute(at) => sheet.write_datetime_with_format(row, column, at, &formats.minute)?,
        GridCell::Number(number) => {
            // Counts of days are far below what a double holds exactly.
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            sheet.write_number_with_format(row, column, number, &formats.number)?
        }
    };
    Ok(())
}

/// How many lines a cell's text takes in its column.
fn lines(cell: &GridCell, column: &GridColumn) -> u32 {
    let GridCell::Text(text) = cell else {
        return 1;
    };
    let room = usize::try_from(column.width).unwrap_or(1).saturating_sub(1).max(1);
    let lines = text
        .lines()
        .map(|line| line.width().div_ceil(room).max(1))
        .sum::<usize>();
    u32::try_from(lines).unwrap_or(u32::MAX)
}

/// Colours follow the words in the lights' column, also when somebody changes them there.
fn colour(sheet: &mut Worksheet, tint: &Tint, last_row: u32) -> Result<(), XlsxError> {
    let by = utility::column_number_to_name(column_number(tint.by)?);
    for (word, light) in &tint.words {
        let (fill, letters) = colours(*light);
        let format = Format::new().set_background_color(fill).set_font_color(letters);
        let rule = Formula::new(format!("=${by}2=\"{}\"", word.replace('"', "\"\"")));
        let condition = ConditionalFormatFormula::new().set_rule(rule).set_format(format);
        for column in &tint.columns {
            let column = column_number(*column)?;
            sheet.add_conditional_format(1, column, last_row, column, &condition)?;
        }
    }
    Ok(())
}

/// As much as a cell holds.
fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= CELL_UNITS_MAX {
        return text.to_owned();
    }
    let mut units = 1;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= CELL_UNITS_MAX
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

fn row_number(at: usize) -> Result<u32, XlsxError> {
    u32::try_from(at).map_err(|_| XlsxError::RowColumnLimitError)
}

fn column_number(at: usize) -> Result<u16, XlsxError> {
    u16::try_from(at).map_err(|_| XlsxError::RowColumnLimitError)
}

#[cfg(test)]
mod tests;
