//! The papers of a meeting, as blocks.

use chrono::NaiveDate;

use super::*;
use crate::domain::document::plain as words_of;
use crate::domain::dossier::Story;
use crate::domain::journal::Fact;
use crate::domain::ladder::Level;
use crate::domain::task::Light;
use crate::render::sheet::tests::row;

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time")
}

fn text(document: &Document) -> String {
    let line = |block: &Block| match block {
        Block::Title(text)
        | Block::Addressee(text)
        | Block::Heading(text)
        | Block::Subheading(text)
        | Block::Paragraph(text)
        | Block::Item { text, .. }
        | Block::Signature(text) => words_of(text),
        Block::Table(rows) | Block::Grid(Grid { rows, .. }) => {
            let cells = |row: &Vec<Vec<Span>>| row.iter().map(|cell| words_of(cell)).collect::<Vec<_>>().join("|");
            rows.iter().map(cells).collect::<Vec<_>>().join("\n")
        }
        Block::NewPage => "---".to_owned(),
    };
    document.blocks.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn papers(locale: Locale, row: &SheetRow) -> Document {
    let happened = |minute: &str, what: Happening, note: &str| Happened {
        at: at(minute),
        by: "ledger".to_owned(),
        what,
        note: note.to_owned(),
    };
    document(&Dossier {
        locale,
        title: None,
        when: "2021-12-20 09:30-10:30".to_owned(),
        place: String::new(),
        organiser: "王主任".to_owned(),
        as_of: at("2021-12-20 07:30"),
        agenda: vec!["1: 谁出钱？ (吴)".to_owned()],
        sheets: vec![TaskSheet {
            row,
            story: &Story {
                items: vec!["谁出钱？ (吴)".to_owned()],
                happened: vec![
                    happened(
                        "2021-12-17 09:00",
                        Happening::Told {
                            level: Level::Escalate,
                            names: vec!["甲".to_owned(), "乙".to_owned()],
                        },
                        "",
                    ),
                    happened(
                        "2021-12-18 09:00",
                        Happening::Fact(Fact::Returned { due: None }),
                        "缺照片",
                    ),
                    happened("2021-12-20 07:00", Happening::Decided("月底前办结".to_owned()), ""),
                ],
                earlier: 3,
            },
        }],
        more: 2,
    })
}

#[test]
fn each_task_begins_a_page_after_the_agenda_and_all_tasks_at_a_glance() {
    let row = SheetRow {
        light: Light::Red,
        days_late: Some(4),
        ..row()
    };
    let zh = text(&papers(Locale::ZhCn, &row));
    let order = [
        "督办调度会材料",
        "一、会议议题",
        "二、任务督办单（1项）",
        "编号|任务|责任单位|完成时限|灯",
        "另有2项",
        "---",
    ];
    let places: Vec<usize> = order.iter().map(|part| zh.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "{zh}");
    for part in [
        "会议议题|谁出钱？ (吴)",
        "逾期4天",
        "此前另有3条记录。",
        "2021-12-17 09:00|督办：通知甲、乙|台账",
        "审核退回（缺照片）",
        "会议决定：月底前办结",
    ] {
        assert!(zh.contains(part), "{part}\n{zh}");
    }
    // Nothing stands for what the ledger does not say.
    assert!(!zh.contains("|\n") && !zh.contains("地点"), "{zh}");
}

#[test]
fn the_papers_are_complete_in_english_too() {
    let row = SheetRow {
        light: Light::Red,
        days_late: Some(1),
        ..row()
    };
    let en = text(&papers(Locale::En, &row));
    for part in [
        "Papers: Supervision meeting",
        "Task sheets (1)",
        "2 more late or nearly due tasks have no sheet here",
        "1 day late",
        "3 earlier entries are left out.",
        "(缺照片)",
        "The meeting decided: 月底前办结",
    ] {
        assert!(en.contains(part), "{part}\n{en}");
    }
}

#[test]
fn a_long_cell_is_cut_and_no_line_break_is_left_in_it() {
    let row = SheetRow {
        measures: "长\n".repeat(5000),
        ..row()
    };
    let zh = text(&papers(Locale::ZhCn, &row));
    let line = zh.lines().find(|line| line.starts_with("整改措施|")).expect("measures");
    assert!(line.chars().count() <= CELL_MAX + 5 && line.ends_with('…'), "{line}");
}

#[test]
fn the_file_is_named_for_the_day_of_the_meeting() {
    let row = row();
    let story = Story::default();
    let day: NaiveDate = "2026-03-02".parse().expect("a date");
    for (locale, name) in [(Locale::ZhCn, "会议材料-2026-03-02"), (Locale::En, "Papers-2026-03-02")] {
        let dossier = Dossier {
            locale,
            title: None,
            when: String::new(),
            place: String::new(),
            organiser: String::new(),
            as_of: at("2021-12-20 07:30"),
            agenda: Vec::new(),
            sheets: vec![TaskSheet {
                row: &row,
                story: &story,
            }],
            more: 0,
        };
        assert_eq!(file_name(&dossier, day), name);
    }
}
