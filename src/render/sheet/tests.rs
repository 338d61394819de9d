use chrono::{NaiveDate, NaiveDateTime};

use super::*;
use crate::domain::id::TaskId;

fn at() -> NaiveDateTime {
    day().and_hms_opt(8, 30, 0).expect("a time")
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 12, 20).expect("a day")
}

pub(in crate::render) fn row() -> SheetRow {
    SheetRow {
        id: TaskId::new("1"),
        area: "整改任务落实".into(),
        problem: "大班额".into(),
        title: "重新规划七年级班级".into(),
        measures: "新增3个班".into(),
        lead: vec!["副市长".into(), "秘书长".into()],
        unit: "市教育局".into(),
        assisting: "市财政局".into(),
        owner: Vec::new(),
        supervisor: None,
        opened: Some(Moment::Day(day())),
        due: Some(Moment::Minute(at())),
        repeat: String::new(),
        kind: "限期整改".into(),
        evidence: "文件".into(),
        ladder: "standard".into(),
        phase: Phase::Acknowledged,
        status: Some(Phase::Acknowledged),
        progress: "已完成一半".into(),
        closed: None,
        batch: String::new(),
        note: String::new(),
        light: Light::Red,
        days_late: Some(4),
        reported: Some(at()),
        noticed: None,
    }
}

fn change(fact: Fact) -> SheetChange {
    SheetChange {
        at: at(),
        task: TaskId::new("1"),
        title: "重新规划七年级班级".into(),
        by: "ledger".into(),
        fact,
        note: "附照片".into(),
    }
}

fn grids_of(row: &SheetRow, change: &SheetChange, locale: Locale) -> [Grid; 2] {
    grids(&Sheet {
        locale,
        as_of: at(),
        rows: vec![row],
        changes: vec![change],
    })
}

fn cell(grid: &Grid, heading: &str) -> GridCell {
    let place = grid.columns.iter().position(|column| column.heading == heading);
    grid.rows[0][place.expect("a column")].clone()
}

fn word(text: &str) -> GridCell {
    GridCell::Text(text.to_owned())
}

#[test]
fn a_chinese_reader_reads_chinese_headers_states_and_lights() {
    let [ledger, changes] = grids_of(&row(), &change(Fact::Submitted), Locale::ZhCn);
    assert_eq!((ledger.name.as_str(), changes.name.as_str()), ("台账", "本期变化"));
    assert_eq!(cell(&ledger, "状态"), word("进行中"));
    assert_eq!(cell(&ledger, "督办状态"), word("办理中"));
    assert_eq!(cell(&ledger, "灯"), word("红灯"));
    assert_eq!(cell(&ledger, "牵头领导"), word("副市长、秘书长"));
    assert_eq!(cell(&changes, "变化"), word("报送待审核"));
    assert_eq!(cell(&changes, "经办"), word("台账"));
}

#[test]
fn an_english_reader_reads_english_headers_states_and_lights() {
    let [ledger, changes] = grids_of(&row(), &change(Fact::Submitted), Locale::En);
    assert_eq!((ledger.name.as_str(), changes.name.as_str()), ("Ledger", "Changes"));
    assert_eq!(cell(&ledger, "status"), word("open"));
    assert_eq!(cell(&ledger, "state"), word("in progress"));
    assert_eq!(cell(&ledger, "light"), word("red"));
    assert_eq!(cell(&changes, "what"), word("submitted for review"));
}

#[test]
fn dates_and_counts_stay_what_they_are() {
    let [ledger, changes] = grids_of(&row(), &change(Fact::Submitted), Locale::ZhCn);
    assert_eq!(cell(&ledger, "立项日期"), GridCell::Day(day()));
    assert_eq!(cell(&ledger, "完成时限"), GridCell::Minute(at()));
    assert_eq!(cell(&ledger, "逾期天数"), GridCell::Number(4));
    assert_eq!(cell(&ledger, "最近报告"), GridCell::Minute(at()));
    assert_eq!(cell(&ledger, "最近通知"), GridCell::Empty);
    assert_eq!(cell(&changes, "时间"), GridCell::Minute(at()));
}

#[test]
fn the_colours_follow_the_lights_and_are_on_number_deadline_and_light() {
    for locale in [Locale::ZhCn, Locale::En] {
        let [ledger, changes] = grids_of(&row(), &change(Fact::Submitted), locale);
        let tint = ledger.tint.expect("colours");
        let is_plain = |names: [&str; 2]| {
            tint.columns
                .iter()
                .all(|place| ledger.columns[*place].heading != names[0] && ledger.columns[*place].heading != names[1])
        };
        assert_eq!(ledger.rows[0][tint.by], word(&tint.words[0].0));
        assert!(is_plain(["备注", "note"]) && !is_plain(["完成时限", "due"]) && !is_plain(["编号", "id"]));
        assert_eq!(changes.tint, None);
    }
}

#[test]
fn every_row_is_as_wide_as_the_header() {
    for locale in [Locale::ZhCn, Locale::En] {
        for grid in grids_of(&row(), &change(Fact::Acknowledged), locale) {
            assert_eq!(grid.rows[0].len(), grid.columns.len(), "{}", grid.name);
        }
    }
}

#[test]
fn a_column_has_room_for_two_columns_of_each_chinese_character_and_is_never_endless() {
    let mut row = row();
    row.problem = "很长的问题".repeat(50);
    let [ledger, _] = grids_of(&row, &change(Fact::Acknowledged), Locale::ZhCn);
    let width = |heading: &str| {
        let column = ledger.columns.iter().find(|column| column.heading == heading);
        column.expect("a column").width
    };
    assert_eq!(width("整改任务"), 20);
    assert_eq!(width("问题"), 34);
    assert_eq!(width("备注"), 8);
}

#[test]
fn what_no_table_can_hold_is_left_out_of_ledger_text() {
    let mut row = row();
    row.note = "一\r\n二\t三\u{7}\u{202E}四\0".into();
    let [ledger, _] = grids_of(&row, &change(Fact::Acknowledged), Locale::ZhCn);
    assert_eq!(cell(&ledger, "备注"), word("一\n二 三四"));
}

#[test]
fn every_column_that_a_load_passes_over_is_in_both_languages() {
    for (locale, place) in [(Locale::ZhCn, 0), (Locale::En, 1)] {
        let [ledger, _] = grids_of(&row(), &change(Fact::Acknowledged), locale);
        let last: Vec<&str> = ledger
            .columns
            .iter()
            .skip(19)
            .map(|column| column.heading.as_str())
            .collect();
        let wanted = COMPUTED.map(|(zh, en)| if place == 0 { zh } else { en });
        assert_eq!(last, wanted);
    }
}

#[test]
fn a_changed_column_is_named_as_its_header_is() {
    let fact = Fact::Changed {
        columns: vec!["note".into(), "measures".into()],
    };
    let [_, changes] = grids_of(&row(), &change(fact.clone()), Locale::ZhCn);
    assert_eq!(cell(&changes, "变化"), word("修改了备注、整改措施"));
    let [_, changes] = grids_of(&row(), &change(fact), Locale::En);
    assert_eq!(cell(&changes, "what"), word("changed: note, measures"));
}

#[test]
fn a_file_is_named_for_its_day_in_the_readers_language() {
    for (locale, name) in [
        (Locale::ZhCn, "督办台账-2021-12-20"),
        (Locale::En, "duban-ledger-2021-12-20"),
    ] {
        let sheet = Sheet {
            locale,
            as_of: at(),
            rows: Vec::new(),
            changes: Vec::new(),
        };
        assert_eq!(file_name(&sheet), name);
    }
}
