//! Tables: figures under headings, and grids for reading.

use docx_rs::{
    AlignmentType, LineSpacing, LineSpacingType, Paragraph, Shading, ShdType, Table, TableAlignmentType, TableCell,
    TableCellMargins, TableRow, VAlignType, WidthType,
};

use super::{Look, paragraph_id, runs};
use crate::domain::document::{Grid, Span};

/// Behind what names rows and columns.
const SHADE: &str = "F2F2F2";

/// The first column takes two parts of the width, each other one part.
pub(super) fn table(rows: &[Vec<Vec<Span>>], look: &Look, number: u32) -> Table {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let part = look.width / (columns + 1);
    let widths: Vec<usize> = (0..columns)
        .map(|column| if column == 0 { part * 2 } else { part })
        .collect();
    let mut id = 0;
    let rows = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let cells = widths.iter().enumerate().map(|(column, width)| {
                id += 1;
                let text = row.get(column).map_or(&[][..], Vec::as_slice);
                let align = if column == 0 && index > 0 {
                    AlignmentType::Left
                } else {
                    AlignmentType::Center
                };
                let is_chinese = look.indent.is_some();
                let face = if index == 0 && is_chinese {
                    look.heading
                } else {
                    look.body
                };
                let stands_out = index == 0 && !is_chinese;
                let text: Vec<Span> = text
                    .iter()
                    .map(|span| Span {
                        text: span.text.clone(),
                        is_bold: span.is_bold || stands_out,
                    })
                    .collect();
                let paragraph = runs(Paragraph::new(), &text, face, look.table_size)
                    .id(paragraph_id(number, id))
                    .align(align);
                TableCell::new()
                    .width(*width, WidthType::Dxa)
                    .vertical_align(VAlignType::Center)
                    .add_paragraph(paragraph)
            });
            TableRow::new(cells.collect()).cant_split()
        })
        .collect();
    Table::new(rows)
        .set_grid(widths)
        .width(look.width, WidthType::Dxa)
        .margins(TableCellMargins::new().margin(40, 20, 40, 20))
        .align(TableAlignmentType::Center)
}

/// The columns share the width as the grid says; what names rows or columns is shaded.
pub(super) fn grid(grid: &Grid, look: &Look, number: u32) -> Table {
    let total = grid.shares.iter().sum::<usize>().max(1);
    let widths: Vec<usize> = grid.shares.iter().map(|share| look.width * share / total).collect();
    let is_chinese = look.indent.is_some();
    let mut id = 0;
    let mut rows = Vec::with_capacity(grid.rows.len());
    for (index, row) in grid.rows.iter().enumerate() {
        let mut cells = Vec::with_capacity(widths.len());
        for (column, (text, width)) in row.iter().zip(&widths).enumerate() {
            id += 1;
            let names = if grid.has_head { index == 0 } else { column == 0 };
            let face = if names && is_chinese { look.heading } else { look.body };
            let text: Vec<Span> = text
                .iter()
                .map(|span| Span {
                    text: span.text.clone(),
                    is_bold: span.is_bold || (names && !is_chinese),
                })
                .collect();
            let paragraph = runs(Paragraph::new(), &text, face, look.grid_size)
                .id(paragraph_id(number, id))
                .align(AlignmentType::Left)
                .line_spacing(LineSpacing::new().line_rule(LineSpacingType::Auto).line(264));
            let cell = TableCell::new()
                .width(*width, WidthType::Dxa)
                .vertical_align(VAlignType::Center)
                .add_paragraph(paragraph);
            cells.push(if names {
                cell.shading(Shading::new().shd_type(ShdType::Clear).color("auto").fill(SHADE))
            } else {
                cell
            });
        }
        rows.push(TableRow::new(cells).cant_split());
    }
    Table::new(rows)
        .set_grid(widths)
        .width(look.width, WidthType::Dxa)
        .margins(TableCellMargins::new().margin(40, 80, 40, 80))
        .align(TableAlignmentType::Center)
}
