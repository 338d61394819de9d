//! Rows of a ledger, written as a ledger in TOML.

use crate::domain::when::When;
use crate::files::date;

use super::raw::RawTask;
use super::raw::keys::Column;

/// The ledger: every row a table, its cells in the order of the columns, as they were written but for dates.
pub(super) fn of(rows: &[RawTask]) -> String {
    let mut text = String::new();
    for row in rows {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("[[tasks]]\n");
        for column in Column::ALL {
            if let Some(cell) = row.cell(column) {
                text.push_str(&format!("{} = {}\n", column.key(), value(column, &cell.value)));
            }
        }
    }
    text
}

fn value(column: Column, text: &str) -> String {
    let is_date = matches!(column, Column::Opened | Column::Due | Column::Closed);
    let date = is_date.then(|| date::parse(text).ok()).flatten();
    match date {
        Some(When::Date(day)) => day.to_string(),
        Some(When::Local(local)) => local.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Some(When::Instant(instant)) => instant.to_rfc3339(),
        None => toml::Value::String(text.to_owned()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates_and_all_else_is_text() {
        assert_eq!(value(Column::Due, "2022年1月31日"), "2022-01-31");
        assert_eq!(value(Column::Due, "2022/1/31 18:00"), "2022-01-31T18:00:00");
        assert_eq!(value(Column::Id, "2022-01-31"), "\"2022-01-31\"");
        for hostile in ["a\"b", "a\\b", "a\nb\"\"\"c", "\n", "=1+1", "'''"] {
            let line = format!("x = {}", value(Column::Note, hostile));
            let read: toml::Table = line.parse().expect("TOML");
            assert_eq!(read.get("x").and_then(toml::Value::as_str), Some(hostile), "{line}");
        }
    }
}
