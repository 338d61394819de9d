//! `duban score`: how well units and leaders kept their dates in a period, with the arithmetic.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::command::Failure;
use crate::command::cli::{Format, Score, ScoreBy};
use crate::command::desk::Desk;
use crate::command::journal::records;
use crate::command::table::{Cell, Colour, Paint, Table, write_json};
use crate::domain::people::{Party, People};
use crate::domain::task::Task;
use crate::rules::record::Period;
use crate::rules::score::{By, Hundredths, Kept, Measure, Row, TaskScore, scores};

pub(super) async fn score(flag: Option<&Path>, args: &Score) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let period = args.period.seen(&desk.config.almanac, now)?;
    let store = desk.look_in().await?;
    let records = records(&store, period, &desk.config.almanac).await?;
    let tasks: Vec<Task> = store.tasks().await?.into_iter().map(|stored| stored.task).collect();
    let by = match args.by {
        ScoreBy::Unit => By::Unit,
        ScoreBy::Lead => By::Lead,
    };
    let rows = scores(&tasks, &records, &desk.config.scores, by);
    let mut out = io::stdout().lock();
    let sheet = Sheet {
        people: &desk.config.people,
        by: args.by,
        rows: &rows,
    };
    match args.format {
        Format::Json => write_json(&mut out, &sheet.json(period, args.task_lines))?,
        Format::Csv if args.task_lines => sheet.tasks().write_csv(&mut out)?,
        Format::Csv => sheet.csv().write_csv(&mut out)?,
        Format::Table => {
            let colour = Colour::for_stdout(desk.env.get("NO_COLOR"));
            writeln!(
                out,
                "{} to {}, as known {}\n",
                period.first,
                period.last,
                if period.as_of(&desk.config.almanac) < period.last {
                    "today"
                } else {
                    "at its end"
                }
            )?;
            sheet.table().write(&mut out, colour)?;
            sheet.sums().into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
            if args.task_lines {
                writeln!(out)?;
                sheet.tasks().write(&mut out, colour)?;
            }
        }
    }
    Ok(())
}

/// The rows as they are written.
struct Sheet<'a> {
    people: &'a People,
    by: ScoreBy,
    rows: &'a [Row],
}

impl Sheet<'_> {
    fn name(&self, who: &Party) -> String {
        self.people.name_of(who).to_owned()
    }

    fn who(&self) -> &'static str {
        match self.by {
            ScoreBy::Unit => "unit",
            ScoreBy::Lead => "lead",
        }
    }

    fn table(&self) -> Table {
        let header = [
            self.who(),
            "tasks",
            "judged",
            "on time",
            "average late",
            "returns",
            "extensions",
            "chasings",
            "relapses",
            "score",
        ];
        let mut table = Table::new(&header);
        for row in self.rows {
            let (on_time, judged) = row.count(Measure::OnTime);
            let mut cells: Vec<Cell> = vec![
                self.name(&row.who).into(),
                row.tasks.len().to_string().into(),
                judged.to_string().into(),
                on_time.to_string().into(),
                average(row).into(),
            ];
            for measure in [
                Measure::Returns,
                Measure::Extensions,
                Measure::Chasings,
                Measure::Relapses,
            ] {
                cells.push(row.count(measure).0.to_string().into());
            }
            cells.push(Cell::painted(points(row.total), Paint::Bold));
            table.push(cells);
        }
        table
    }

    /// Under the table: each sum, line by line.
    fn sums(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for row in self.rows {
            lines.push(String::new());
            lines.push(format!("{}: {}", self.name(&row.who), points(row.total)));
            lines.extend(
                row.lines
                    .iter()
                    .map(|line| format!("  {:<10}  {line}", line.measure.as_str())),
            );
        }
        lines
    }

    /// For spreadsheets: what was counted, and the points.
    fn csv(&self) -> Table {
        let mut header: Vec<String> = vec![self.who().into(), "name".into(), "tasks".into(), "judged".into()];
        for measure in Measure::ALL {
            let count = match measure {
                Measure::Lateness => "late_working_days",
                Measure::OnTime | Measure::Returns | Measure::Extensions | Measure::Chasings | Measure::Relapses => {
                    measure.as_str()
                }
            };
            header.push(count.into());
            header.push(format!("{}_points", measure.as_str()));
        }
        header.push("score".into());
        let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
        for row in self.rows {
            let mut cells: Vec<Cell> = vec![
                id(&row.who).into(),
                self.name(&row.who).into(),
                row.tasks.len().to_string().into(),
                row.count(Measure::OnTime).1.to_string().into(),
            ];
            for line in &row.lines {
                cells.push(line.count.to_string().into());
                cells.push(number(line.points).into());
            }
            cells.push(number(row.total).into());
            table.push(cells);
        }
        table
    }

    fn tasks(&self) -> Table {
        let header = [
            self.who(),
            "task",
            "title",
            "first_due",
            "closed",
            "on_time",
            "late_working_days",
            "returns",
            "extensions",
            "chasings",
            "relapses",
        ];
        let mut table = Table::new(&header);
        for row in self.rows {
            for task in &row.tasks {
                table.push(vec![
                    self.name(&row.who).into(),
                    task.task.to_string().into(),
                    task.title.clone().into(),
                    task.first_due.to_string().into(),
                    task.closed.map(|day| day.to_string()).unwrap_or_default().into(),
                    on_time(task).map_or("", |is| if is { "yes" } else { "no" }).into(),
                    late(task).map(|days| days.to_string()).unwrap_or_default().into(),
                    task.returns.to_string().into(),
                    task.extensions.to_string().into(),
                    task.chasings.to_string().into(),
                    task.relapses.to_string().into(),
                ]);
            }
        }
        table
    }

    fn json(&self, period: Period, with_tasks: bool) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let lines: Vec<Value> = row
                    .lines
                    .iter()
                    .map(|line| {
                        json!({
                            "measure": line.measure.as_str(),
                            "weight": line.weight,
                            "count": line.count,
                            "tasks": line.tasks,
                            "worst": line.worst,
                            "points": line.points.map(hundredths),
                            "arithmetic": line.to_string(),
                        })
                    })
                    .collect();
                let mut object = json!({
                    "id": id(&row.who),
                    "name": self.name(&row.who),
                    "tasks": row.tasks.len(),
                    "score": row.total.map(hundredths),
                    "lines": lines,
                });
                if let (true, Some(fields)) = (with_tasks, object.as_object_mut()) {
                    fields.insert("task_lines".into(), row.tasks.iter().map(task_json).collect());
                }
                object
            })
            .collect();
        json!({"from": period.first, "to": period.last, "by": self.who(), "rows": rows})
    }
}

fn task_json(task: &TaskScore) -> Value {
    json!({
        "task": task.task,
        "title": task.title,
        "first_due": task.first_due,
        "closed": task.closed,
        "on_time": on_time(task),
        "late_working_days": late(task),
        "returns": task.returns,
        "extensions": task.extensions,
        "chasings": task.chasings,
        "relapses": task.relapses,
    })
}

fn id(who: &Party) -> String {
    match who {
        Party::Person(id) => id.to_string(),
        Party::Unit(id) => id.to_string(),
    }
}

fn on_time(task: &TaskScore) -> Option<bool> {
    task.kept.map(|kept| kept == Kept::OnTime)
}

fn late(task: &TaskScore) -> Option<u32> {
    task.kept.map(|kept| match kept {
        Kept::OnTime => 0,
        Kept::Late { working_days } => working_days,
    })
}

/// Working days late on average, to a tenth: `2.3`.
fn average(row: &Row) -> String {
    let (days, judged) = row.count(Measure::Lateness);
    let tenths = (u64::from(days) * 20 + u64::from(judged)).checked_div(u64::from(judged) * 2);
    tenths.map_or_else(|| "—".to_owned(), |tenths| format!("{}.{}", tenths / 10, tenths % 10))
}

fn points(points: Option<u32>) -> String {
    points.map_or_else(|| "—".to_owned(), |points| Hundredths(points).to_string())
}

fn number(points: Option<u32>) -> String {
    points.map(|points| Hundredths(points).to_string()).unwrap_or_default()
}

fn hundredths(points: u32) -> f64 {
    f64::from(points) / 100.0
}
