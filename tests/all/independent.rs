//! What leaves the house for calendars, word processors and spreadsheets, read by libraries that share nothing with
//! Duban: Python's `icalendar`, `python-docx` and `openpyxl`.

use std::path::Path;
use std::process::Command;

use duban::domain::id::{ReviewId, TaskId};
use duban::domain::meeting::AgendaItem;
use duban::rules::progress::Act;
use serde_json::{Value, json};

use crate::eml::Mail;
use crate::world::{TOWN, World, at, ledger};

const MEETING: &str = r#"
[people.dan]
name = "丹，市局"
email = "dan@example.org"
locale = "zh-CN"
[reviews.weekly]
cron = "30 8 * * MON"
to = ["office"]
attach = ["xlsx"]
pictures = false
[reviews.weekly.meeting]
starts = "09:30"
length = "90m"
place = "301; 东楼, 三层"
organiser = "cat"
invite = ["office", "heads", "person:dan"]
"#;

fn python(script: &str, argument: &Path) -> Value {
    let python = crate::real_webhook::python();
    let output = Command::new(&python)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/fixtures")
                .join(script),
        )
        .arg(argument)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{python}: {}\n`.ci/run` makes a Python that has the libraries, for DUBAN_TEST_PYTHON",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn town() -> World {
    let tasks = ledger(&[("1", "2026-02-20"), ("2", "2026-03-03"), ("3", "2026-06-30")]);
    World::new(&format!("{TOWN}{MEETING}"), &tasks)
}

async fn put_on_agenda(world: &World, task: &str, text: &str) {
    let item = AgendaItem {
        review: ReviewId::new("weekly"),
        day: "2026-03-02".parse().unwrap(),
        at: at("2026-02-27T12:00:00+08:00"),
        by: "吴".to_owned(),
        task: Some(TaskId::new(task)),
        text: text.to_owned(),
    };
    world.store().add_agenda(&item, Vec::new()).await.unwrap();
}

/// What the calendars of a person were sent: method, sequence, status, beginning.
fn told(mails: &Value, who: &str) -> Vec<(String, u64, String, String)> {
    let address = format!("{who}@example.org");
    let mails = mails.as_array().unwrap().iter();
    let of = mails.filter(|mail| mail["to"] == address.as_str());
    let text = |mail: &Value, name: &str| mail[name].as_str().unwrap().to_owned();
    of.map(|mail| {
        (
            text(mail, "method"),
            mail["sequence"].as_u64().unwrap(),
            text(mail, "status"),
            text(mail, "starts"),
        )
    })
    .collect()
}

fn as_told(rows: &[(&str, u64, &str, &str)]) -> Vec<(String, u64, String, String)> {
    rows.iter()
        .map(|(method, sequence, status, starts)| {
            (
                (*method).to_owned(),
                *sequence,
                (*status).to_owned(),
                (*starts).to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
#[ignore = "needs icalendar"]
async fn a_calendar_that_is_not_ours_enters_moves_leaves_and_cancels_the_meeting() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    // The day becomes a day off; then a head is somebody else; then the review has no meeting.
    world.edit("[store]", "calendar_days.off = [2026-03-02]\n[store]");
    world.restart("2026-02-24T11:00:00+08:00").await;
    world.edit("head = \"ben\"", "head = \"ann\"");
    world.restart("2026-02-24T12:00:00+08:00").await;
    put_on_agenda(&world, "3", "谁出钱？ a, b; c").await;
    world.run_until("2026-03-03T07:31:00+08:00").await;
    let meeting = MEETING.split_once("[reviews.weekly.meeting]").unwrap().1;
    world.edit(&format!("[reviews.weekly.meeting]{meeting}"), "");
    world.restart("2026-03-03T08:00:00+08:00").await;
    let mails = python("read_meeting.py", &world.path("mail"));
    let (first, moved) = ("2026-03-02T01:30:00+00:00", "2026-03-03T01:30:00+00:00");
    assert_eq!(
        told(&mails, "dan"),
        as_told(&[
            ("REQUEST", 0, "CONFIRMED", first),
            ("REQUEST", 1, "CONFIRMED", moved),
            ("REQUEST", 3, "CONFIRMED", moved),
            ("CANCEL", 4, "CANCELLED", moved),
        ])
    );
    // Who need not come is told alone, above what they knew; the meeting itself is not cancelled.
    assert_eq!(
        told(&mails, "ben"),
        as_told(&[
            ("REQUEST", 0, "CONFIRMED", first),
            ("REQUEST", 1, "CONFIRMED", moved),
            ("CANCEL", 2, "", moved),
        ])
    );
    assert_eq!(
        told(&mails, "ann"),
        as_told(&[
            ("REQUEST", 2, "CONFIRMED", moved),
            ("REQUEST", 3, "CONFIRMED", moved),
            ("CANCEL", 4, "CANCELLED", moved),
        ])
    );
    each_mail_is_as_calendars_want_it(&mails);
}

fn each_mail_is_as_calendars_want_it(mails: &Value) {
    let mails = mails.as_array().unwrap();
    let uid = &mails[0]["uid"];
    for mail in mails {
        assert_eq!(&mail["uid"], uid);
        assert_eq!(
            (&mail["charset"], &mail["component"]),
            (&json!("utf-8"), &json!("VEVENT"))
        );
        assert_eq!(mail["organizer"], json!(["cat@example.org", "Cat"]));
        assert_eq!(mail["place"], "301; 东楼, 三层");
        let types: Vec<&str> = mail["types"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            types[..6],
            [
                "multipart/mixed",
                "multipart/alternative",
                "text/plain",
                "text/html",
                "text/calendar",
                "application/ics"
            ]
        );
        let (starts, ends) = (mail["starts"].as_str().unwrap(), mail["ends"].as_str().unwrap());
        assert_eq!((at(ends) - at(starts)).num_minutes(), 90);
    }
    let to = |who: &str, sequence: u64| {
        let address = format!("{who}@example.org");
        let found = mails
            .iter()
            .find(|mail| mail["to"] == address.as_str() && mail["sequence"] == sequence);
        found.unwrap().clone()
    };
    let invited = to("dan", 0);
    assert_eq!(invited["summary"], "督办调度会");
    let attendees = invited["attendees"].as_array().unwrap();
    assert!(attendees.contains(&json!([
        "dan@example.org",
        "丹，市局",
        "REQ-PARTICIPANT",
        "NEEDS-ACTION",
        "TRUE"
    ])));
    assert!(attendees.contains(&json!(["cat@example.org", "Cat", "CHAIR", "ACCEPTED", ""])));
    let left = to("ben", 2);
    assert_eq!(left["attendees"].as_array().unwrap().len(), 1);
    assert_eq!(left["attendees"][0][0], "ben@example.org");
    let agenda = to("dan", 3);
    assert_eq!(agenda["description"], "3: 谁出钱？ a, b; c (吴)");
    assert_eq!(agenda["files"], json!(["invite.ics", "会议材料-2026-03-03.docx"]));
}

#[tokio::test]
#[ignore = "needs python-docx"]
async fn a_word_library_finds_a_page_for_each_task_of_each_participant_in_their_language() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.act("1", &Act::Submit).await;
    world.act("1", &Act::Return { due: None }).await;
    put_on_agenda(&world, "3", "谁出钱？").await;
    world.run_until("2026-03-02T07:31:00+08:00").await;
    let papers = |who: &str| {
        let mail = world.mails_to(who).pop().unwrap();
        let (name, bytes) = mail.files.iter().find(|(name, _)| name.ends_with(".docx")).unwrap();
        world.write(name, bytes);
        python("read_office.py", &world.path(name))
    };
    let zh = papers("dan");
    assert_eq!(
        (&zh["title"], &zh["a4"]),
        (&json!("督办调度会材料"), &json!([210, 297]))
    );
    assert_eq!(
        zh["headings"],
        json!([
            "一、会议议题",
            "二、任务督办单（3项）",
            "3 Task 3",
            "1 Task 1",
            "2 Task 2"
        ])
    );
    // The agenda and its overview, then a page for each task: what the agenda names, what is late, what is near.
    assert_eq!(zh["pages"], 4);
    assert_eq!(
        zh["tables"][1][1],
        json!(["3", "Task 3", "Works", "2026-06-30", "绿灯"])
    );
    let history: Vec<String> = zh["tables"][5]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[1].as_str().unwrap().to_owned())
        .collect();
    for told in ["事项", "报送待审核", "审核退回"] {
        assert!(history.iter().any(|row| row == told), "{told}: {history:?}");
    }
    let en = papers("ben");
    assert_eq!(
        en["headings"],
        json!(["Agenda", "Task sheets (3)", "3 Task 3", "1 Task 1", "2 Task 2"])
    );
}

#[tokio::test]
#[ignore = "needs openpyxl"]
async fn a_spreadsheet_library_finds_filters_colours_and_real_dates_in_the_reviews_workbook() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-03-02T08:31:00+08:00").await;
    let has_book = |mail: &Mail| mail.files.iter().any(|(name, _)| name.ends_with(".xlsx"));
    let mail = world.mails_to("office").into_iter().rfind(has_book).unwrap();
    let (_, bytes) = mail.files.iter().find(|(name, _)| name.ends_with(".xlsx")).unwrap();
    world.write("review.xlsx", bytes);
    let book = python("read_office.py", &world.path("review.xlsx"));
    let ledger = &book["Ledger"];
    assert_eq!((&ledger["rows"], &ledger["formulas"]), (&json!(4), &json!(0)));
    assert!(ledger["filter"].as_str().unwrap().starts_with("A1:"), "{ledger}");
    assert_ne!(ledger["freeze"], Value::Null);
    assert!(ledger["conditional"].as_array().unwrap().len() >= 4, "{ledger}");
    // Opening and deadline of each of three tasks, and when each was told of.
    assert!(ledger["dates"].as_u64().unwrap() >= 6, "{ledger}");
    assert!(book.get("Changes").is_some(), "{book}");
}
