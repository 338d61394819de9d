//! Ledgers.

use super::{BASE, Fixture, TASK, check, says, with};

/// A configuration with a CSV ledger.
fn csv(text: &str) -> Fixture {
    csv_with("", text)
}

fn csv_with(lines: &str, text: &str) -> Fixture {
    Fixture::new(&[
        ("duban.toml", &format!("ledger = \"l.csv\"\n{lines}\n{BASE}")),
        ("l.csv", text),
    ])
}

const HEADER: &str = "id,title,unit,lead,opened,due\n";

/// What is said about one row.
#[track_caller]
fn row(row: &str, expected: &[&str]) {
    check(&csv(&format!("{HEADER}{row}\n")), expected);
}

#[test]
fn an_undefined_unit_is_refused_with_a_suggestion_at_its_cell() {
    let fixture = csv(&format!("{HEADER}1,T,市教育居,boss,,2026-06-30\n"));
    check(&fixture, &["l.csv:2:5: error: unit `市教育居` is not defined"]);
    says(&fixture, "did you mean `市教育局`?");
}

#[test]
fn a_task_without_lead_unit_or_due_is_refused() {
    row(
        "1,T,,,,",
        &[
            "l.csv:2:1: error: task `1` has no due (完成时限 or 截止日期)",
            "l.csv:2:1: error: task `1` has no lead (牵头领导)",
            "l.csv:2:1: error: task `1` has no unit (责任单位)",
        ],
    );
}

#[test]
fn a_date_that_does_not_exist_is_refused() {
    row(
        "1,T,edu,boss,,2026-02-30",
        &["l.csv:2:15: error: due: `2026-02-30` is a date that does not exist"],
    );
}

#[test]
fn a_deadline_beyond_the_calendar_or_before_the_opening_is_refused() {
    row(
        "1,T,edu,boss,,2200-01-01",
        &["l.csv:2:15: error: due: 2200-01-01 is not within 1970 to 2199"],
    );
    row(
        "1,T,edu,boss,2026-07-01,2026-06-30",
        &["l.csv:2:25: error: the task is due on 2026-06-30, before it is opened on 2026-07-01"],
    );
}

#[test]
fn a_row_that_is_wider_or_narrower_than_the_header_is_refused() {
    row(
        "1,T,edu,boss,2026-06-30",
        &["l.csv:2:1: error: the row has 5 cells, the header has 6"],
    );
    row(
        "1,T,edu,boss,,2026-06-30,x",
        &["l.csv:2:1: error: the row has 7 cells, the header has 6"],
    );
}

#[test]
fn an_id_that_stands_twice_names_both_places_across_files() {
    let fixture = csv_with(TASK, &format!("{HEADER}1,T,edu,boss,,2026-06-30\n"));
    check(
        &fixture,
        &["l.csv:2:1: error: task id `1` stands twice, first at duban.toml:2"],
    );
}

#[test]
fn a_missing_required_column_is_named_in_both_languages_and_rows_are_not() {
    check(
        &csv("id,title,unit,lead\n1,T,nowhere,boss\n"),
        &["l.csv:1:1: error: the ledger has no column `due` (完成时限 or 截止日期)"],
    );
}

#[test]
fn an_unknown_column_is_refused_with_a_suggestion_and_is_not_also_missing() {
    let fixture = csv("id,title,unit,lead,完成时线\n1,T,edu,boss,2026-06-30\n");
    check(&fixture, &["l.csv:1:20: error: unknown column `完成时线`"]);
    says(&fixture, "did you mean `完成时限`?");
}

#[test]
fn a_header_of_ones_own_is_mapped() {
    let fixture = csv_with(
        "ledger_columns.due = \"要求时间\"",
        "id,title,unit,lead,要求时间\n1,T,edu,boss,2026.6.30\n",
    );
    assert_eq!(fixture.config().tasks[0].due.to_string(), "2026-06-30");
}

#[test]
fn a_ledger_with_a_header_and_no_row_and_an_empty_one_are_refused() {
    check(&csv(HEADER), &["l.csv:1:1: error: the ledger has a header and no row"]);
    check(&csv(""), &["l.csv:1:1: error: the file is empty"]);
}

#[test]
fn a_missing_ledger_and_a_pattern_without_a_match_are_refused() {
    check(
        &with("ledger = \"none.csv\""),
        &["duban.toml:1:10: error: `none.csv`: the file does not exist"],
    );
    check(
        &with("ledger = \"none/*.csv\""),
        &["duban.toml:1:10: error: no file matches `none/*.csv`"],
    );
}

#[test]
fn a_workbook_of_another_kind_is_refused_with_what_to_do() {
    check(
        &with("ledger = \"a.xls\""),
        &["duban.toml:1:10: error: `a.xls` is a workbook of another kind"],
    );
    says(
        &with("ledger = \"a.ods\""),
        "save it as an Excel workbook (.xlsx), or as CSV",
    );
}

#[test]
fn a_ledger_in_toml_holds_tasks_and_nothing_else() {
    let files = [
        ("duban.toml", format!("ledger = \"l.toml\"\n{BASE}")),
        ("l.toml", format!("locale = \"en\"\n{TASK}")),
    ];
    let fixture = Fixture::new(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    check(&fixture, &["l.toml:1:1: error: unknown key `locale`"]);
}

#[test]
fn further_units_assist_and_further_leads_get_copies() {
    let lines = "units.wat = { name = \"市水利局\", head = \"ann\" }";
    let fixture = csv_with(
        lines,
        "id,title,unit,lead,assisting,due\n1,T,教育局、市水利局,局长；联系人,香河县政府,2026-06-30\n",
    );
    let task = fixture.config().tasks.remove(0);
    assert_eq!(
        (task.unit.as_str(), task.assisting.as_str()),
        ("edu", "市水利局、香河县政府")
    );
    assert_eq!(task.lead_copies.len(), 1);
}

#[test]
fn an_ambiguous_name_is_refused_with_the_candidates() {
    let fixture = csv_with(
        "units.edu2 = { name = \"教育局\", head = \"ann\" }",
        &format!("{HEADER}1,T,教育局,boss,,2026-06-30\n"),
    );
    check(
        &fixture,
        &["l.csv:2:5: error: `教育局` is ambiguous: unit `edu`, unit `edu2`"],
    );
}

#[test]
fn a_person_in_the_place_of_a_unit_is_told_so() {
    says(
        &csv(&format!("{HEADER}1,T,boss,boss,,2026-06-30\n")),
        "`boss` is a person; a unit is wanted here",
    );
}

#[test]
fn status_words_are_read_in_both_languages_and_unknown_ones_refused() {
    let text = "id,title,unit,lead,due,status\n1,T,edu,boss,2026-06-30,已办结\n2,T,edu,boss,2026-06-30,Submitted\n";
    let words: Vec<_> = csv(text).config().tasks.iter().map(|task| task.status).collect();
    assert_eq!(
        words,
        [
            Some(crate::domain::task::Status::Closed),
            Some(crate::domain::task::Status::Submitted)
        ]
    );
    says(&csv(&text.replace("已办结", "已办给")), "did you mean `已办结`?");
}

#[test]
fn a_task_without_any_ladder_is_refused() {
    let text = BASE.replace("defaults.ladder = \"standard\"", "");
    check(
        &Fixture::new(&[("duban.toml", &format!("{TASK}\n{text}"))]),
        &["duban.toml:1:10: error: the task has no ladder"],
    );
}

#[test]
fn a_ledger_in_gb18030_is_read() {
    let fixture = csv("x");
    let (bytes, _, _) =
        encoding_rs::GB18030.encode("编号,任务,责任单位,牵头领导,截止日期\r\n1,班额,市教育局,局长,2026年6月30日\r\n");
    std::fs::write(fixture.path("l.csv"), bytes).expect("written");
    assert_eq!(fixture.config().tasks[0].title, "班额");
}

/// The base with one ledger in CSV.
fn table(lines: &str, text: &str) -> Fixture {
    let root = format!("ledger = \"ledger.csv\"\n{lines}\n{BASE}");
    Fixture::new(&[("duban.toml", &root), ("ledger.csv", text)])
}

#[test]
fn an_unquoted_day_that_does_not_exist_is_told_once() {
    check(
        &with(&TASK.replace("2026-06-30", "2026-02-30")),
        &["duban.toml:1:70: error: invalid date, expected day between 01 and 28"],
    );
}

#[test]
fn tasks_under_a_misspelt_key_in_a_ledger_are_one_error() {
    let root = format!("ledger = \"ledger.toml\"\n{BASE}");
    let fixture = Fixture::new(&[("duban.toml", &root), ("ledger.toml", "[[task]]\nid = \"1\"\n")]);
    check(&fixture, &["ledger.toml:1:3: error: unknown key `task`"]);
    says(&fixture, "did you mean `tasks`?");
}

#[test]
fn commas_of_chinese_width_between_cells_are_told_as_such() {
    let header = "id,title,unit,lead,due\n";
    for (text, error) in [
        (
            "id，title，unit，lead，due\n1，T，edu，boss，2026-06-30\n".to_owned(),
            "the header has one cell",
        ),
        (
            format!("{header}1，T，edu，boss，2026-06-30\n"),
            "the row has 1 cells, the header has 5",
        ),
    ] {
        let fixture = table("", &text);
        says(&fixture, error);
        says(&fixture, "separated by `，`: save it with `,`");
        assert_eq!(fixture.printed().matches("error: ").count(), 1, "{}", fixture.printed());
    }
}

#[test]
fn a_column_that_is_mapped_and_in_no_ledger_is_told_with_those_that_are() {
    let rows = "id,title,unit,lead,due\n1,T,edu,boss,2026-06-30\n";
    let fixture = table("ledger_columns.note = \"说明\"", rows);
    check(&fixture, &["duban.toml:2:23: error: no ledger has a column `说明`"]);
    says(&fixture, "the columns are: id, title, unit, lead, due");
    let fixture = table(
        "ledger_columns.due = \"要求时间\"",
        "id,title,unit,lead\n1,T,edu,boss\n",
    );
    check(
        &fixture,
        &["ledger.csv:1:1: error: the ledger has no column `due` (完成时限 or 截止日期)"],
    );
}

#[test]
fn ids_that_look_alike_are_warned_of() {
    let rows = "id,title,unit,lead,due\n1,T,edu,boss,2026-06-30\n１,U,edu,boss,2026-06-30\n";
    let fixture = table("", rows);
    says(&fixture, "warning: task ids `１` and `1`, at ");
    assert_eq!(fixture.config().tasks.len(), 2);
}

#[test]
fn a_control_character_in_a_cell_is_refused() {
    let fixture = table("", "id,title,unit,lead,due\n1,T\u{1b}[31m,edu,boss,2026-06-30\n");
    check(
        &fixture,
        &["ledger.csv:2:3: error: the text holds the control character U+001B"],
    );
}
