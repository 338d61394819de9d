//! Ledgers as workbooks.

use std::path::Path;

use super::{BASE, Fixture, check, says};
use crate::config::{Environment, load, load_from};
use crate::domain::task::Task;
use crate::files::workbook::sample::{Sample, body, sheet, workbook};

const HEADER: &[&str] = &["编号", "方面", "整改任务", "牵头领导", "责任单位", "完成时限"];

fn book(sheets: &[Sample<'_>]) -> Fixture {
    book_with("", sheets)
}

fn book_with(lines: &str, sheets: &[Sample<'_>]) -> Fixture {
    let config = format!("ledger = \"台账.xlsx\"\n{lines}\n{BASE}");
    Fixture::new(&[("duban.toml", &config)]).and("台账.xlsx", &workbook(sheets))
}

/// A table with rows under the usual header.
fn table(rows: &[&[&str]], merged: &[&str]) -> Fixture {
    let rows: Vec<&[&str]> = std::iter::once(HEADER).chain(rows.iter().copied()).collect();
    book(&[sheet("台账", &rows, merged)])
}

fn told(task: &Task) -> String {
    format!("{} {} {} {}", task.id, task.area, task.title, task.due)
}

fn tasks(fixture: &Fixture) -> Vec<String> {
    fixture.config().tasks.iter().map(told).collect()
}

#[test]
fn titles_above_the_header_are_passed_over() {
    let rows: &[&[&str]] = &[
        &["整改任务台账"],
        &["单位：督办办公室", "", "2026年"],
        &[],
        HEADER,
        &["n:1", "甲", "班额", "局长", "教育局", "d:46203"],
    ];
    let fixture = book(&[sheet("台账", rows, &["A1:F1"])]);
    assert_eq!(tasks(&fixture), ["1 甲 班额 2026-06-30"]);
    let config = fixture.config();
    assert!(config.places[&config.tasks[0].id].ends_with("台账.xlsx, 台账!A5"));
}

#[test]
fn a_header_of_two_rows_with_merged_cells_is_read_by_its_lowest_words() {
    let rows: &[&[&str]] = &[
        &["序 号", "整改任务", "责任", "", "完成时限"],
        &["", "", "牵头领导", "责任\n单位*", ""],
        &["1", "班额", "局长", "教育局", "2026.6.30"],
    ];
    let fixture = book(&[sheet("台账", rows, &["A1:A2", "B1:B2", "C1:D1", "E1:E2"])]);
    assert_eq!(tasks(&fixture), ["1  班额 2026-06-30"]);
}

#[test]
fn a_cell_merged_downwards_counts_in_every_row() {
    let rows: &[&[&str]] = &[
        &["1", "甲", "a", "局长", "教育局", "2026-06-30"],
        &["2", "", "b", "局长", "", "2026-06-30"],
        &["3", "", "c", "局长", "", "2026-06-30"],
        &["4", "", "d", "局长", "教育局", "2026-06-30"],
    ];
    let fixture = table(rows, &["B2:B4", "E2:E4"]);
    assert_eq!(
        tasks(&fixture),
        [
            "1 甲 a 2026-06-30",
            "2 甲 b 2026-06-30",
            "3 甲 c 2026-06-30",
            "4  d 2026-06-30"
        ]
    );
}

#[test]
fn a_wrong_cell_that_was_merged_is_told_once() {
    let rows: &[&[&str]] = &[
        &["1", "甲", "a", "局长", "教育居", "2026-06-30"],
        &["2", "甲", "b", "局长", "", "2026-06-30"],
    ];
    check(
        &table(rows, &["E2:E3"]),
        &["台账.xlsx, 台账!E2: error: unit `教育居` is not defined"],
    );
}

#[test]
fn a_number_merged_over_several_rows_is_refused() {
    let rows: &[&[&str]] = &[
        &["1", "甲", "a", "局长", "教育局", "2026-06-30"],
        &["", "甲", "b", "局长", "教育局", "2026-06-30"],
    ];
    check(
        &table(rows, &["A2:A3"]),
        &["台账.xlsx, 台账!A2: error: task `1` is merged over rows 2 to 3, which hold text of their own"],
    );
}

#[test]
fn a_row_of_one_cell_across_the_table_is_a_caption_and_said_to_be() {
    let rows: &[&[&str]] = &[&["一、甲方面"], &["1", "甲", "a", "局长", "教育局", "2026-06-30"], &[]];
    let fixture = table(rows, &["A2:F2"]);
    assert_eq!(fixture.config().tasks.len(), 1);
    check(
        &fixture,
        &["台账.xlsx, 台账!A1: warning: sheet `台账`: row 2 is read as captions: one cell across the table"],
    );
}

#[test]
fn every_wrong_cell_is_named_at_once() {
    let rows: &[&[&str]] = &[
        &["1", "甲", "a", "局长", "教育局", "年底前"],
        &["2", "甲", "", "局长", "教育局", "e:#REF!"],
        &["3", "甲", "c", "", "教育局", "f:TODAY()"],
        &["d:44563", "甲", "d", "局长", "教育局", "n:46203"],
        &["备注：以上"],
    ];
    check(
        &table(rows, &[]),
        &[
            "台账.xlsx, 台账!F2: error: due: `年底前` is not a date",
            "台账.xlsx, 台账!C3: error: task `2` has no title (整改任务 or 任务)",
            "台账.xlsx, 台账!F3: error: due: the formula gives the error `#REF!`",
            "台账.xlsx, 台账!D4: error: task `3` has no lead (牵头领导)",
            "台账.xlsx, 台账!F4: error: due: the formula has no value",
            "台账.xlsx, 台账!A5: error: id: the cell is the date 2022-01-02, which Excel makes of numbers such as 1-2",
            "台账.xlsx, 台账!A6: error: the row is no task: it has neither title nor unit nor deadline",
        ],
    );
}

#[test]
fn a_number_in_a_column_of_dates_is_the_day_that_excel_means() {
    let rows: &[&[&str]] = &[&["p:7", "甲", "a", "局长", "教育局", "n:46203.75"]];
    assert_eq!(tasks(&table(rows, &[])), ["007 甲 a 2026-06-30T18:00"]);
}

#[test]
fn an_id_that_stands_on_two_sheets_names_both_places() {
    let row: &[&str] = &["1", "甲", "a", "局长", "教育局", "2026-06-30"];
    let fixture = book(&[
        sheet("台账", &[HEADER, row], &[]),
        sheet("台账 (2)", &[HEADER, row], &[]),
    ]);
    check(
        &fixture,
        &["台账.xlsx, '台账 (2)'!A2: error: task id `1` stands twice, first at 台账.xlsx, 台账!A2"],
    );
}

#[test]
fn sheets_without_a_header_are_passed_over_and_named_and_empty_ones_are_not() {
    let row: &[&str] = &["1", "甲", "a", "局长", "教育局", "2026-06-30"];
    let old = Sample {
        name: "旧!台账",
        state: "hidden",
        body: body(&[HEADER, row], &[]),
    };
    let list = Sample {
        name: "选项",
        state: "veryHidden",
        body: body(&[&["甲"], &["乙"]], &[]),
    };
    let fixture = book(&[
        sheet("说明", &[&["填报说明"]], &[]),
        sheet("台账", &[HEADER, row], &[]),
        sheet("Sheet3", &[], &[]),
        old,
        list,
    ]);
    assert_eq!(fixture.config().tasks.len(), 1);
    check(
        &fixture,
        &[
            "台账.xlsx: warning: hidden sheets with a ledger are not read: `旧!台账`",
            "台账.xlsx: warning: sheets without the header of a ledger are passed over: `说明`",
        ],
    );
}

#[test]
fn where_the_only_ledger_is_hidden_that_is_said() {
    let row: &[&str] = &["1", "甲", "a", "局长", "教育局", "2026-06-30"];
    let hidden = Sample {
        name: "台账",
        state: "hidden",
        body: body(&[HEADER, row], &[]),
    };
    check(
        &book(&[hidden, sheet("说明", &[&["填报说明"]], &[])]),
        &[
            "台账.xlsx: error: every sheet with a header is hidden",
            "台账.xlsx: warning: hidden sheets with a ledger are not read: `台账`",
        ],
    );
}

#[test]
fn where_no_sheet_has_a_header_the_row_that_comes_nearest_is_named() {
    let rows: &[&[&str]] = &[&["台账"], &["序号", "事项", "领导"], &["1", "a", "局长"]];
    let fixture = book(&[sheet("台账", rows, &[])]);
    check(
        &fixture,
        &["台账.xlsx: error: no sheet has a header: none of the first 20 rows names the columns of a ledger"],
    );
    says(
        &fixture,
        "sheet `台账`, row 2, from A2 on, comes nearest; it lacks title (整改任务 or 任务)",
    );
}

#[test]
fn a_header_without_rows_and_an_empty_workbook_are_refused() {
    check(
        &table(&[], &[]),
        &["台账.xlsx, 台账!A1: error: sheet `台账` has a header and no row"],
    );
    check(
        &book(&[sheet("S", &[], &[])]),
        &["台账.xlsx: error: the workbook is empty"],
    );
}

#[test]
fn mapped_words_name_columns_of_a_workbook_too() {
    let rows: &[&[&str]] = &[
        &["编号", "任务", "牵头领导", "责任单位", "要求时间"],
        &["1", "a", "局长", "教育局", "2026-06-30"],
    ];
    let fixture = book_with("ledger_columns.due = \"要求时间\"", &[sheet("台账", rows, &[])]);
    let layout = fixture.config().layout;
    let due = ("due".to_owned(), "要求时间".to_owned());
    assert_eq!(layout.last(), Some(&due));
}

#[test]
fn the_mark_of_an_open_excel_is_passed_over_in_a_pattern_and_refused_by_name() {
    let row: &[&str] = &["1", "甲", "a", "局长", "教育局", "2026-06-30"];
    let bytes = workbook(&[sheet("台账", &[HEADER, row], &[])]);
    let made = |ledger: &str| {
        Fixture::new(&[("duban.toml", &format!("ledger = \"{ledger}\"\n{BASE}"))])
            .and("台账.xlsx", &bytes)
            .and("~$台账.xlsx", b"\x05Wang")
    };
    check(&made("*.xlsx"), &[]);
    check(&made("~*.xlsx"), &["duban.toml:1:10: error: no file matches `~*.xlsx`"]);
    says(&made("~$台账.xlsx"), "is the mark of an open Excel");
}

#[test]
fn a_file_that_is_no_workbook_is_refused_at_the_file() {
    let made =
        |bytes: &[u8]| Fixture::new(&[("duban.toml", &format!("ledger = \"a.xlsx\"\n{BASE}"))]).and("a.xlsx", bytes);
    check(
        &made(b"id,title\n"),
        &["a.xlsx: error: the file is no .xlsx workbook, but a text file that is called one"],
    );
    check(&made(b""), &["a.xlsx: error: the file is empty"]);
}

#[test]
fn a_kept_load_reads_its_workbook_without_the_file() {
    let row: &[&str] = &["1", "甲", "a", "局长", "教育局", "2026-06-30"];
    let fixture = book(&[sheet("台账", &[HEADER, row], &[])]);
    let kept = serde_json::to_string(&fixture.config().files).expect("written");
    std::fs::remove_file(fixture.path("台账.xlsx")).expect("removed");
    let again = load_from(&serde_json::from_str(&kept).expect("read"), &fixture.env).expect("it loads");
    assert_eq!(again.tasks.iter().map(told).collect::<Vec<_>>(), ["1 甲 a 2026-06-30"]);
}

/// The Langfang configuration with a workbook in place of its table.
fn langfang(fixture: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(root.join("config/langfang")).expect("the sample") {
        let path = entry.expect("a file").path();
        std::fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("copied");
    }
    let book = root.join("tests/fixtures").join(fixture);
    std::fs::copy(book, folder.path().join("台账.xlsx")).expect("copied");
    let main = folder.path().join("duban.toml");
    let text = std::fs::read_to_string(&main)
        .expect("read")
        .replace("ledger.csv", "台账.xlsx");
    std::fs::write(&main, text).expect("written");
    (folder, main)
}

#[test]
fn workbooks_of_openpyxl_and_libreoffice_say_what_the_table_says() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/langfang/duban.toml");
    let table = load(&sample, &Environment::default()).expect("it loads").tasks;
    for fixture in ["langfang-openpyxl.xlsx", "langfang-libreoffice.xlsx"] {
        let (_folder, main) = langfang(fixture);
        let config = load(&main, &Environment::default()).unwrap_or_else(|problems| panic!("{fixture}: {problems}"));
        let mut tasks = config.tasks;
        for task in &mut tasks {
            task.evidence = task.evidence.replace(";\n", ";");
        }
        assert_eq!(tasks, table, "{fixture}");
    }
}

#[test]
fn every_wrong_cell_of_the_langfang_workbook_is_named() {
    let (_folder, main) = langfang("langfang-wrong.xlsx");
    let problems = load(&main, &Environment::default()).expect_err("it is refused");
    let cells: Vec<&str> = problems
        .0
        .iter()
        .filter_map(|problem| problem.cell.as_deref())
        .collect();
    let expected = [
        "J5", "J6", "J7", "J8", "J9", "F10", "E11", "A12", "A13", "D14", "N15", "J16", "J17",
    ];
    assert_eq!(cells, expected.map(|cell| format!("整改台账!{cell}")));
}
