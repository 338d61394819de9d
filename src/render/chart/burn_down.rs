//! Open tasks as bars, the plan of the first deadlines as a line over them that goes on into the next weeks.

use super::canvas::{At, Canvas, FAINT, INK, LINE, Png, WIDTH};
use super::lights::pixels;
use super::table::{Columns, DAYS, ROW, Row, number};
use super::words::ChartWords;
use crate::domain::chart::{Trend, Week};

/// The top of the highest bar, its number above it.
const TOP: f64 = 118.0;
/// The foot of all bars.
const FOOT: f64 = 298.0;
/// Of a column's room its bar takes so much.
const BAR: f64 = 0.62;

const OPEN: &str = "fill=\"#64748b\"";
const PLAN: &str = "stroke=\"#9a3412\" stroke-width=\"3\" stroke-linejoin=\"round\"";
const PLAN_AHEAD: &str = "stroke=\"#9a3412\" stroke-width=\"3\" stroke-dasharray=\"5 4\"";
const MARKER: &str = "fill=\"#ffffff\" stroke=\"#9a3412\" stroke-width=\"2\"";

pub(super) fn draw(mut canvas: Canvas<'_>, trend: &Trend, words: &dyn ChartWords) -> Option<Png> {
    let weeks = &trend.weeks;
    let now = weeks.last().filter(|_| weeks.len() >= 2)?;
    canvas.head(words.burn_down_title(), &words.burn_down_verdict(now));
    let columns = Columns::new(weeks.len() + trend.ahead.len());
    let planned = planned(trend);
    let most = weeks
        .iter()
        .map(Week::open)
        .chain(planned.iter().copied())
        .max()
        .unwrap_or(0)
        .max(1);
    let height = |count: u32| (FOOT - TOP) * f64::from(count) / f64::from(most);
    bars(&mut canvas, columns, weeks, &height);
    let points: Vec<(f64, f64)> = planned
        .iter()
        .enumerate()
        .map(|(index, count)| (columns.middle(index), FOOT - height(*count)))
        .collect();
    plan(&mut canvas, &points, weeks.len());
    numbers(&mut canvas, columns, trend, &height);
    canvas.line(
        &[(12.0, FOOT), (f64::from(WIDTH) - 12.0, FOOT)],
        &format!("stroke=\"{LINE}\""),
    );
    let days: Vec<String> = weeks
        .iter()
        .map(|week| week.day)
        .chain(trend.ahead.iter().map(|week| week.day))
        .map(|day| words.day(day))
        .collect();
    columns.days(&mut canvas, FOOT, &days, weeks.len() - 1);
    let rows = rows(trend, words);
    let top = FOOT + DAYS;
    columns.rows(&mut canvas, top, &rows, |canvas, index, y| match index {
        0 => canvas.rect(12.0, y, (16.0, 16.0), OPEN),
        1 => {
            canvas.line(&[(10.0, y + 8.0), (30.0, y + 8.0)], PLAN);
            canvas.rect(16.0, y + 4.0, (8.0, 8.0), MARKER);
        }
        _ => {}
    });
    let foot = top + ROW * number(rows.len());
    if !trend.ahead.is_empty() {
        let x = columns.edge(weeks.len());
        for (from, to) in [(84.0, FOOT), (top, foot)] {
            let paint = format!("stroke=\"{FAINT}\" stroke-dasharray=\"2 4\"");
            canvas.line(&[(x, from), (x, to)], &paint);
        }
        canvas.text(x + 6.0, 98.0, At::Start, (17.0, FAINT), words.ahead());
    }
    canvas.finish(pixels(foot + 10.0))
}

fn bars(canvas: &mut Canvas<'_>, columns: Columns, weeks: &[Week], height: &impl Fn(u32) -> f64) {
    for (index, week) in weeks.iter().enumerate() {
        let (width, height) = (columns.width * BAR, height(week.open()));
        if height > 0.0 {
            canvas.rect(
                columns.middle(index) - width / 2.0,
                FOOT - height,
                (width, height),
                OPEN,
            );
        }
    }
}

/// The line of the plan, broken where it lies ahead.
fn plan(canvas: &mut Canvas<'_>, points: &[(f64, f64)], weeks: usize) {
    let (past, ahead) = points.split_at(weeks.min(points.len()));
    canvas.line(past, PLAN);
    let joined: Vec<(f64, f64)> = past.last().into_iter().chain(ahead).copied().collect();
    canvas.line(&joined, PLAN_AHEAD);
    for (x, y) in points {
        canvas.rect(x - 4.0, y - 4.0, (8.0, 8.0), MARKER);
    }
}

/// How many are open: above the bar, and above the marker of the plan where that would lie under the number.
fn numbers(canvas: &mut Canvas<'_>, columns: Columns, trend: &Trend, height: &impl Fn(u32) -> f64) {
    let open = trend.weeks.iter().map(|week| week.open().to_string());
    let size = columns.size(open.clone().map(|open| open.len()).max().unwrap_or(1));
    for (index, (week, open)) in trend.weeks.iter().zip(open).enumerate() {
        let (bar, plan) = (height(week.open()), height(week.planned));
        let is_under = plan > bar - 6.0 && plan < bar + 26.0;
        let top = if is_under { plan.max(bar) + 4.0 } else { bar };
        canvas.text(columns.middle(index), FOOT - top - 7.0, At::Middle, (size, INK), &open);
    }
}

/// The plan of the weeks that were and of those to come.
fn planned(trend: &Trend) -> Vec<u32> {
    let past = trend.weeks.iter().map(|week| week.planned);
    past.chain(trend.ahead.iter().map(|week| week.planned)).collect()
}

fn rows<'a>(trend: &Trend, words: &'a dyn ChartWords) -> [Row<'a>; 3] {
    let [open, plan, difference] = words.burn_down_rows();
    let weeks = &trend.weeks;
    let row = |name, cells| Row { name, cells };
    let differences = weeks
        .iter()
        .map(|week| match i64::from(week.open()) - i64::from(week.planned) {
            0 => "0".to_owned(),
            difference => format!("{difference:+}"),
        });
    [
        row(open, weeks.iter().map(|week| week.open().to_string()).collect()),
        row(plan, planned(trend).iter().map(u32::to_string).collect()),
        row(difference, differences.collect()),
    ]
}
