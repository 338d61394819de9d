//! Units by on-time rate: a bar for each, the lowest first.

use super::canvas::{At, Canvas, FAINT, INK, Png};
use super::lights::pixels;
use super::table::number;
use super::words::{ChartWords, Total};
use crate::domain::chart::UnitRate;
use crate::render::escape::{one_line, shorten};

/// So many units are drawn, those with the lowest rates.
pub(super) const UNITS_MAX: usize = 10;
/// A unit's name beside its bar takes at most so many columns.
const NAME_COLUMNS: usize = 22;
/// Where the first bar stands.
const TOP: f64 = 90.0;
/// Height of a unit's room.
const ROW: f64 = 36.0;
/// Where names end.
const NAMES: f64 = 226.0;
/// Where bars begin.
const LEFT: f64 = 236.0;
/// How long a whole bar is.
const LENGTH: f64 = 260.0;

pub(super) fn draw(mut canvas: Canvas<'_>, units: &[UnitRate], words: &dyn ChartWords) -> Option<Png> {
    if units.is_empty() {
        return None;
    }
    canvas.head(words.on_time_title(), &words.on_time_verdict(Total::of(units)));
    let drawn = units.len().min(UNITS_MAX);
    for (index, unit) in units.iter().take(drawn).enumerate() {
        let top = TOP + ROW * number(index);
        let name = shorten(&one_line(&unit.name), NAME_COLUMNS);
        canvas.text(NAMES, top + 24.0, At::End, (18.0, INK), &name);
        canvas.rect(LEFT, top + 6.0, (LENGTH, 24.0), "fill=\"#ffffff\" stroke=\"#64748b\"");
        let share = LENGTH * f64::from(unit.on_time) / f64::from(unit.judged.max(1));
        if share > 0.0 {
            canvas.rect(LEFT, top + 6.0, (share, 24.0), "fill=\"#64748b\" stroke=\"#64748b\"");
        }
        canvas.text(
            LEFT + LENGTH + 10.0,
            top + 24.0,
            At::Start,
            (18.0, INK),
            &words.rate(unit),
        );
    }
    let mut foot = TOP + ROW * number(drawn);
    if units.len() > drawn {
        canvas.text(
            16.0,
            foot + 24.0,
            At::Start,
            (17.0, FAINT),
            &words.more_units(units.len() - drawn),
        );
        foot += ROW;
    }
    canvas.finish_in_greys(pixels(foot + 12.0))
}
