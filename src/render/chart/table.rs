//! The numbers under the columns of a picture, a row for each kind, and the days above them.

use super::canvas::{At, Canvas, FAINT, INK, LINE, WIDTH, on_pixel};

/// Left of the columns stand the names of the rows.
pub(super) const LEFT: f64 = 124.0;
/// Free at the right.
const RIGHT: f64 = 12.0;
/// Height of a row.
pub(super) const ROW: f64 = 30.0;
/// Height of the line of days.
pub(super) const DAYS: f64 = 32.0;
/// Letters, where there is room.
const SIZE: f64 = 19.0;
/// How wide a digit is, of its height; with a little air.
const DIGIT: f64 = 0.68;
/// A day takes so much room.
const DAY_WIDTH: f64 = 84.0;

/// Columns side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    count: usize,
    /// Of one column.
    pub(super) width: f64,
}

/// A row: what stands before its name, its name, its numbers.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    /// Empty: no number.
    pub(super) cells: Vec<String>,
}

impl Columns {
    pub(super) fn new(count: usize) -> Self {
        let width = (f64::from(WIDTH) - LEFT - RIGHT) / number(count.max(1));
        Self {
            count,
            // Whole pixels, so that all columns look alike.
            width: on_pixel(width.floor()),
        }
    }

    /// The middle of a column.
    pub(super) fn middle(self, index: usize) -> f64 {
        LEFT + self.width * (number(index) + 0.5)
    }

    /// The left edge of a column; of the one past the last, the right end.
    pub(super) fn edge(self, index: usize) -> f64 {
        LEFT + self.width * number(index)
    }

    /// How large letters may be so that this many fit into a column.
    pub(super) fn size(self, letters: usize) -> f64 {
        SIZE.min(self.width / (number(letters.max(1)) * DIGIT)).floor()
    }

    /// Days under the columns, as many as have room, that of `anchor` among them.
    pub(super) fn days(self, canvas: &mut Canvas<'_>, y: f64, days: &[String], anchor: usize) {
        let step = (1..=self.count)
            .find(|step| number(*step) * self.width >= DAY_WIDTH)
            .unwrap_or(1);
        for (index, day) in days.iter().enumerate() {
            if index.abs_diff(anchor) % step == 0 {
                let half = DAY_WIDTH / 2.0;
                let middle = self.middle(index).min(f64::from(WIDTH) - half - 2.0);
                canvas.text(middle, y + 22.0, At::Middle, (17.0, FAINT), day);
            }
        }
    }

    /// Rows of numbers from `y` down; `mark` draws what stands before the name of a row, in a box of 16 by 16.
    pub(super) fn rows(
        self,
        canvas: &mut Canvas<'_>,
        y: f64,
        rows: &[Row<'_>],
        mark: impl Fn(&mut Canvas<'_>, usize, f64),
    ) {
        let letters = rows
            .iter()
            .flat_map(|row| &row.cells)
            .map(|cell| cell.chars().count())
            .max();
        let size = self.size(letters.unwrap_or(1));
        for (index, row) in rows.iter().enumerate() {
            let top = y + ROW * number(index);
            let base = top + 22.0;
            canvas.line(
                &[(12.0, top), (f64::from(WIDTH) - RIGHT, top)],
                &format!("stroke=\"{LINE}\" stroke-width=\"1\""),
            );
            mark(canvas, index, top + 7.0);
            canvas.text(34.0, base, At::Start, (15.0, INK), row.name);
            for (column, cell) in row.cells.iter().enumerate() {
                let ink = if cell == "0" { FAINT } else { INK };
                canvas.text(self.middle(column), base, At::Middle, (size, ink), cell);
            }
        }
    }
}

/// Counts in a picture are small.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
