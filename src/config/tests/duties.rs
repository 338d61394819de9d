//! Rows that repeat, and milestones.

use chrono::{DateTime, Utc};

use super::{BASE, Fixture, TASK, check, says, with};

fn now() -> DateTime<Utc> {
    "2026-01-05T01:00:00Z".parse().expect("an instant")
}

/// The base with one row.
fn row(cells: &str) -> Fixture {
    let row = format!(r#"tasks = [{{ id = "12", title = "清扫", unit = "edu", lead = "boss", {cells} }}]"#);
    with(&row)
}

fn ids(fixture: &Fixture) -> Vec<String> {
    let tasks = fixture.config().tasks_at(now());
    tasks.iter().map(|task| format!("{} {}", task.id, task.due)).collect()
}

#[test]
fn a_row_that_repeats_is_a_task_for_each_time() {
    let fixture = row(r#"opened = 2026-01-05, repeat = "last working day of each quarter""#);
    check(&fixture, &[]);
    assert_eq!(
        ids(&fixture),
        [
            "12@2026-03-31 2026-03-31",
            "12@2026-06-30 2026-06-30",
            "12@2026-09-30 2026-09-30",
            "12@2026-12-31 2026-12-31"
        ]
    );
}

#[test]
fn a_table_has_a_column_for_it_and_one_for_the_batch() {
    let text = "编号,任务,责任单位,牵头领导,立项日期,完成时限,周期,批次\n\
                1,班额,edu,boss,,2026-06-30,,第一批\n2,盘点,edu,boss,2026-01-05,,每年12月31日,\n";
    let root = format!("ledger = \"l.csv\"\n{BASE}");
    let fixture = Fixture::new(&[("duban.toml", &root), ("l.csv", text)]);
    check(&fixture, &[]);
    assert_eq!(ids(&fixture), ["1 2026-06-30", "2@2026-12-31 2026-12-31"]);
    let config = fixture.config();
    assert_eq!(config.tasks[0].batch, "第一批");
    let occurrence = &config.tasks_at(now())[1];
    assert!(config.place_of(&occurrence.id).expect("a place").ends_with("l.csv:3"));
}

#[test]
fn a_repetition_that_says_nothing_is_refused_with_what_can_be_written() {
    let fixture = row(r#"opened = 2026-01-05, repeat = "now and then""#);
    says(&fixture, "error: repeat: `now and then` says no repetition");
    says(&fixture, "last working day of each quarter");
    says(
        &row(r#"opened = 2026-01-05, repeat = "0 0 * * *""#),
        "error: repeat: `0 0 * * *` comes round more than 60 times in 13 months",
    );
}

#[test]
fn a_row_that_repeats_needs_an_opening_and_has_no_deadline_or_status() {
    says(&row(r#"repeat = "12-31""#), "error: a task that repeats has no opened");
    says(
        &row(r#"opened = 2026-01-05, due = 2026-12-31, repeat = "12-31""#),
        "error: a task that repeats has no due",
    );
    says(
        &row(r#"opened = 2026-01-05, status = "closed", repeat = "12-31""#),
        "error: a task that repeats has no status",
    );
}

#[test]
fn an_id_of_an_occurrence_is_never_written_and_both_rows_are_named() {
    let lines = r#"tasks = [
{ id = "12", title = "T", unit = "edu", lead = "boss", opened = 2026-01-05, repeat = "12-31" },
{ id = "12@2026-12-31", title = "T", unit = "edu", lead = "boss", due = 2026-12-31 },
]"#;
    check(
        &with(lines),
        &["duban.toml:3:8: error: task id `12@2026-12-31` is that of an occurrence of task `12`, at duban.toml:2"],
    );
    let alone = TASK.replace("id = \"1\"", "id = \"1@2026-12-31\"");
    says(&with(&alone), "is written as that of an occurrence");
}

#[test]
fn a_milestone_is_a_task_of_its_own_with_the_cells_of_its_task() {
    let fixture = row(
        r#"due = 2026-12-31, area = "环境", milestones = [{ title = "立项", due = 2026-03-01, status = "closed" }, { id = "b", title = "开工", due = 2026-06-01 }]"#,
    );
    check(&fixture, &[]);
    assert_eq!(ids(&fixture), ["12 2026-12-31", "12/1 2026-03-01", "12/b 2026-06-01"]);
    let tasks = fixture.config().tasks;
    assert_eq!(tasks[1].title, "清扫：立项");
    assert_eq!((tasks[2].area.as_str(), tasks[2].status), ("环境", None));
    assert_eq!(tasks[1].status.map(|status| status.as_str()), Some("closed"));
}

#[test]
fn a_milestone_lacks_neither_title_nor_date_and_clashes_with_no_row() {
    let fixture = row("due = 2026-12-31, milestones = [{ title = \"x\" }]");
    says(&fixture, "`tasks.milestones` has no `due`");
    let lines = r#"tasks = [
{ id = "12", title = "T", unit = "edu", lead = "boss", due = 2026-12-31, milestones = [{ title = "a", due = 2026-06-01 }] },
{ id = "12/1", title = "T", unit = "edu", lead = "boss", due = 2026-12-31 },
]"#;
    says(&with(lines), "task id `12/1` stands twice, first at duban.toml:2");
}
