//! Lights over the weeks: a column for each, red at the bottom, and all numbers below.

use super::canvas::{At, Canvas, INK, LINE, Png, WIDTH, fill};
use super::table::{Columns, DAYS, ROW, Row, number};
use super::words::ChartWords;
use crate::domain::chart::Week;
use crate::domain::message::Figures;
use crate::domain::task::Light;

/// The top of the highest column, its number above it.
const TOP: f64 = 118.0;
/// The foot of all columns.
const FOOT: f64 = 318.0;
/// Of a column's room its bar takes so much.
const BAR: f64 = 0.7;

/// In the order of the table; in a column from the bottom up, all but the last.
const ORDER: [Light; 5] = [Light::Red, Light::Yellow, Light::Blue, Light::Green, Light::Grey];

pub(super) fn draw(mut canvas: Canvas<'_>, weeks: &[Week], words: &dyn ChartWords) -> Option<Png> {
    let (first, last) = (weeks.first()?, weeks.last()?);
    if weeks.len() < 2 {
        return None;
    }
    canvas.head(&words.lights_title(weeks.len()), &words.lights_verdict(first, last));
    let columns = Columns::new(weeks.len());
    let most = weeks.iter().map(Week::open).max().unwrap_or(0).max(1);
    let unit = (FOOT - TOP) / f64::from(most);
    let letters = most.to_string().len();
    for (index, week) in weeks.iter().enumerate() {
        let width = columns.width * BAR;
        let left = columns.middle(index) - width / 2.0;
        let mut foot = FOOT;
        for light in ORDER.into_iter().filter(|light| *light != Light::Grey) {
            let height = unit * f64::from(count(&week.figures, light));
            if height > 0.0 {
                foot -= height;
                canvas.rect(left, foot, (width, height), fill(light));
            }
        }
        let total = week.open().to_string();
        canvas.text(
            columns.middle(index),
            foot - 7.0,
            At::Middle,
            (columns.size(letters), INK),
            &total,
        );
    }
    canvas.line(
        &[(12.0, FOOT), (f64::from(WIDTH) - 12.0, FOOT)],
        &format!("stroke=\"{LINE}\""),
    );
    let days: Vec<String> = weeks.iter().map(|week| words.day(week.day)).collect();
    columns.days(&mut canvas, FOOT, &days, weeks.len() - 1);
    let rows: Vec<Row<'_>> = ORDER
        .iter()
        .map(|light| Row {
            name: words.light(*light),
            cells: weeks
                .iter()
                .map(|week| count(&week.figures, *light).to_string())
                .collect(),
        })
        .collect();
    columns.rows(&mut canvas, FOOT + DAYS, &rows, |canvas, index, y| {
        let light = ORDER.get(index).copied().unwrap_or(Light::Grey);
        canvas.rect(12.0, y, (16.0, 16.0), fill(light));
    });
    canvas.finish(pixels(FOOT + DAYS + ROW * number(rows.len()) + 10.0))
}

fn count(figures: &Figures, light: Light) -> u32 {
    match light {
        Light::Red => figures.red,
        Light::Yellow => figures.yellow,
        Light::Green => figures.green,
        Light::Blue => figures.blue,
        Light::Grey => figures.grey,
    }
}

/// A height in whole units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture is some hundred units high"
)]
pub(super) fn pixels(height: f64) -> u32 {
    height.ceil() as u32
}
