//! Workbooks, read back by calamine, which shares nothing with their writer.

use std::io::{Cursor, Read as _};

use calamine::{Data, DataType, Reader, Xlsx};
use chrono::NaiveDate;

use super::*;

fn as_of() -> NaiveDateTime {
    day().and_hms_opt(8, 30, 0).expect("a time")
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 12, 20).expect("a day")
}

fn grid(name: &str, headings: &[&str], rows: Vec<Vec<GridCell>>) -> Grid {
    let columns = headings.iter().map(|heading| GridColumn {
        heading: (*heading).to_owned(),
        width: 12,
    });
    Grid {
        name: name.to_owned(),
        columns: columns.collect(),
        rows,
        tint: None,
    }
}

fn written(grids: &[Grid]) -> Xlsx<Cursor<Vec<u8>>> {
    let bytes = workbook(grids, as_of()).expect("it is written");
    Xlsx::new(Cursor::new(bytes)).expect("it is a workbook")
}

fn text(text: &str) -> GridCell {
    GridCell::Text(text.to_owned())
}

/// The second row of the only sheet.
fn row(cells: Vec<GridCell>) -> Vec<Data> {
    let headings: Vec<String> = (0..cells.len()).map(|at| format!("column {at}")).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut book = written(&[grid("台账", &headings, vec![cells])]);
    let range = book.worksheet_range("台账").expect("a sheet");
    range.rows().nth(1).expect("a row").to_vec()
}

/// A part of the file.
fn part(grids: &[Grid], name: &str) -> String {
    let bytes = workbook(grids, as_of()).expect("it is written");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    let mut part = archive.by_name(name).expect("a part");
    part.read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn sheets_come_back_with_their_names_headers_and_text() {
    let mut book = written(&[
        grid(
            "台账",
            &["编号", "整改任务"],
            vec![vec![text("1"), text("重新规划七年级班级\n第二行")]],
        ),
        grid("本期变化", &["时间"], Vec::new()),
    ]);
    assert_eq!(book.sheet_names(), ["台账", "本期变化"]);
    let range = book.worksheet_range("台账").expect("a sheet");
    let cells: Vec<Vec<String>> = range
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(cells, [["编号", "整改任务"], ["1", "重新规划七年级班级\n第二行"]]);
}

#[test]
fn the_number_of_a_task_is_text_and_keeps_its_zeros() {
    assert_eq!(row(vec![text("001")]), [Data::String("001".to_owned())]);
}

#[test]
fn days_and_times_are_real_dates() {
    let cells = row(vec![GridCell::Day(day()), GridCell::Minute(as_of())]);
    assert_eq!(cells[0].as_date(), Some(day()));
    assert_eq!(cells[1].as_datetime(), Some(as_of()));
}

#[test]
fn a_number_is_a_number_and_nothing_is_nothing() {
    assert_eq!(
        row(vec![GridCell::Number(-3), GridCell::Empty, text("x")]),
        [Data::Float(-3.0), Data::Empty, Data::String("x".to_owned())]
    );
}

#[test]
fn text_that_looks_like_a_formula_or_a_link_stays_text() {
    let all = [
        "=1+1",
        "{=1+1}",
        "+86",
        "-1",
        "@SUM(A1)",
        "http://example.com/",
        "mailto:a@b",
        "1",
        "2021-12-16",
        "TRUE",
    ];
    let mut book = written(&[grid("s", &all, vec![all.iter().map(|cell| text(cell)).collect()])]);
    let range = book.worksheet_range("s").expect("a sheet");
    let cells: Vec<Data> = range.rows().nth(1).expect("a row").to_vec();
    assert_eq!(cells, all.map(|cell| Data::String(cell.to_owned())));
    let formulas = book.worksheet_formula("s").expect("a sheet");
    assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()));
}

#[test]
fn markup_and_escapes_of_the_format_itself_come_back_as_they_were() {
    for cell in ["<b>&amp;</b>", "_x0041_", "a\u{1F600}b", "]]>", "\"quoted\""] {
        assert_eq!(row(vec![text(cell)]), [Data::String(cell.to_owned())], "{cell}");
    }
}

#[test]
fn a_text_longer_than_a_cell_is_cut_and_says_so() {
    let cells = row(vec![text(&"长".repeat(40_000))]);
    let kept = cells[0].to_string();
    assert_eq!(kept.chars().count(), CELL_UNITS_MAX);
    assert!(kept.ends_with('…'));
}

#[test]
fn a_cut_is_never_within_a_character_of_two_units() {
    let cells = row(vec![text(&"😀".repeat(20_000))]);
    let kept = cells[0].to_string();
    assert!(kept.encode_utf16().count() <= CELL_UNITS_MAX && kept.ends_with("😀…"));
}

#[test]
fn the_same_ledger_is_the_same_bytes() {
    let grids = [grid("台账", &["编号"], vec![vec![text("1")]])];
    assert_eq!(
        workbook(&grids, as_of()).expect("it is written"),
        workbook(&grids, as_of()).expect("it is written")
    );
}

#[test]
fn the_header_stays_in_sight_and_filters_and_the_colours_follow_the_lights() {
    let mut ledger = grid(
        "台账",
        &["编号", "灯"],
        vec![vec![text("1"), text("红灯")], vec![text("2"), text("绿灯")]],
    );
    ledger.tint = Some(Tint {
        by: 1,
        words: vec![("红灯".to_owned(), Light::Red), ("绿灯".to_owned(), Light::Green)],
        columns: vec![0, 1],
    });
    let sheet = part(&[ledger], "xl/worksheets/sheet1.xml");
    for wanted in [
        "ySplit=\"1\"",
        "state=\"frozen\"",
        "<autoFilter ref=\"A1:B3\"",
        "<conditionalFormatting sqref=\"A2:A3\">",
        "<formula>$B2=\"红灯\"</formula>",
        "<formula>$B2=\"绿灯\"</formula>",
    ] {
        assert!(sheet.contains(wanted), "{wanted} in {sheet}");
    }
}

#[test]
fn a_row_is_as_high_as_its_longest_text_needs() {
    let rows = [text("一二三四五六七八九十"), text("短"), text("一\n二\n三")].map(|cell| vec![cell]);
    let sheet = part(&[grid("s", &["a"], rows.into())], "xl/worksheets/sheet1.xml");
    let heights: Vec<bool> = [("2", "30"), ("4", "45")]
        .map(|(row, height)| sheet.contains(&format!("<row r=\"{row}\" spans=\"1:1\" ht=\"{height}\"")))
        .into();
    assert_eq!(
        (heights, sheet.contains("<row r=\"3\" spans=\"1:1\">")),
        (vec![true, true], true),
        "{sheet}"
    );
}

#[test]
fn a_ledger_without_a_task_is_a_header_alone() {
    let mut book = written(&[grid("台账", &["编号", "灯"], Vec::new())]);
    assert_eq!(book.worksheet_range("台账").expect("a sheet").height(), 1);
}
