//! The meeting around a review, as those who are invited hear of it and as commands see it.

use chrono::NaiveDate;
use duban::domain::id::{ReviewId, TaskId};
use duban::domain::meeting::{AgendaItem, Meeting, MeetingState};
use duban::rules::progress::Act;

use crate::office::Office;
use crate::world::{TOWN, World, at, ledger};

const MEETING: &str = r#"
[reviews.weekly]
cron = "30 8 * * MON"
to = ["office"]
[reviews.weekly.meeting]
starts = "09:30"
length = "90m"
place = "Room 301"
organiser = "cat"
invite = ["office", "heads"]
call_for_agenda = "2d"
"#;

fn town() -> World {
    World::new(&format!("{TOWN}{MEETING}"), &ledger(&[("1", "2026-06-30")]))
}

fn monday() -> NaiveDate {
    "2026-03-02".parse().unwrap()
}

async fn meeting(world: &World) -> Meeting {
    let weekly = ReviewId::new("weekly");
    world.store().meeting(&weekly, monday()).await.unwrap().unwrap()
}

/// The subjects of the mails to a person that tell of meetings.
fn heard(world: &World, who: &str) -> Vec<String> {
    let mails = world.mails_to(who).into_iter().map(|mail| mail.subject);
    mails
        .filter(|subject| subject.contains("Supervision meeting"))
        .collect()
}

#[tokio::test]
async fn an_invitation_is_changed_by_a_day_off_and_called_off_with_its_review() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-02-24T10:10:00+08:00").await;
    let first = meeting(&world).await;
    for who in ["office", "ben", "cat"] {
        assert_eq!(
            heard(&world, who),
            ["Invitation: Supervision meeting, 2026-03-02 09:30-11:00"]
        );
    }
    world.edit("[store]", "calendar_days.off = [2026-03-02]\n[store]");
    world.restart("2026-02-24T11:00:00+08:00").await;
    let moved = meeting(&world).await;
    assert_eq!((moved.sequence, moved.starts), (1, at("2026-03-03T09:30:00+08:00")));
    assert_eq!(
        heard(&world, "ben")[1],
        "Changed: Supervision meeting, 2026-03-03 09:30-11:00"
    );
    world.edit(MEETING, "");
    world.restart("2026-02-24T12:00:00+08:00").await;
    let gone = meeting(&world).await;
    assert_eq!((gone.sequence, gone.state), (2, MeetingState::Cancelled));
    assert_eq!((&gone.uid, &gone.attendees), (&first.uid, &first.attendees));
    assert_eq!(
        heard(&world, "ben")[2],
        "Cancelled: Supervision meeting, 2026-03-03 09:30-11:00"
    );
    world.edit("[channels.mail]", &format!("{MEETING}\n[channels.mail]"));
    world.restart("2026-02-24T13:00:00+08:00").await;
    let again = meeting(&world).await;
    assert_eq!(
        (again.sequence, again.state, &again.uid),
        (3, MeetingState::Planned, &first.uid)
    );
}

#[tokio::test]
async fn items_are_called_for_collected_and_sent_before_the_meeting_which_outlives_its_review() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-02-27T09:29:00+08:00").await;
    assert_eq!(heard(&world, "ben").len(), 1);
    world.run_until("2026-02-27T09:31:00+08:00").await;
    let call = &world.mails_to("ben")[1];
    assert!(call.subject.starts_with("Agenda items wanted: "), "{}", call.subject);
    let item = AgendaItem {
        review: ReviewId::new("weekly"),
        day: monday(),
        at: at("2026-02-27T12:00:00+08:00"),
        by: "Ann".to_owned(),
        task: Some(TaskId::new("1")),
        text: "who pays?".to_owned(),
    };
    world.store().add_agenda(&item, Vec::new()).await.unwrap();
    world.run_until("2026-03-02T07:31:00+08:00").await;
    let collected = meeting(&world).await;
    assert_eq!(
        (collected.sequence, collected.agenda),
        (1, vec!["1: who pays? (Ann)".to_owned()])
    );
    let agenda = world.mails_to("ben").pop().unwrap();
    assert!(agenda.subject.starts_with("Agenda: "), "{}", agenda.subject);
    assert!(agenda.text.contains("1: who pays? (Ann)"), "{}", agenda.text);
    // At half past eight the review takes place and the next round is planned; today's meeting stands.
    world.run_until("2026-03-02T09:00:00+08:00").await;
    assert_eq!(meeting(&world).await.state, MeetingState::Planned);
    assert_eq!(
        heard(&world, "ben").last().unwrap(),
        "Invitation: Supervision meeting, 2026-03-09 09:30-11:00"
    );
}

#[tokio::test]
async fn a_meeting_that_is_moved_after_its_review_took_place_is_told_with_its_new_time() {
    let config = format!("{TOWN}{}", MEETING.replace("09:30", "14:00"));
    let mut world = World::new(&config, &ledger(&[("1", "2026-06-30")]));
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    world.edit("\"14:00\"", "\"16:00\"");
    world.reload().await;
    world.run_until("2026-03-02T10:01:00+08:00").await;
    let moved = meeting(&world).await;
    assert_eq!(moved.starts, at("2026-03-02T16:00:00+08:00"));
    assert_eq!(moved.ends, at("2026-03-02T17:30:00+08:00"));
    let changed = "Changed: Supervision meeting, 2026-03-02 16:00-17:30".to_owned();
    assert!(heard(&world, "ben").contains(&changed), "{:?}", heard(&world, "ben"));
    world.edit("Room 301", "Room 302");
    world.reload().await;
    world.run_until("2026-03-02T10:02:00+08:00").await;
    let told = heard(&world, "ben").into_iter().filter(|subject| *subject == changed);
    assert_eq!(told.count(), 2);
    // A time that is over today is a word about the next meetings.
    world.edit("\"16:00\"", "\"09:00\"");
    world.reload().await;
    world.run_until("2026-03-02T10:03:00+08:00").await;
    assert_eq!(meeting(&world).await.starts, moved.starts);
}

#[tokio::test]
async fn who_need_not_come_any_more_and_who_is_new_are_told_and_nobody_else() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.edit("head = \"ben\"", "head = \"ann\"");
    world.restart("2026-02-24T11:00:00+08:00").await;
    let changed = meeting(&world).await;
    let who: Vec<&str> = changed.attendees.iter().map(|who| who.id.as_str()).collect();
    assert_eq!((changed.sequence, who), (1, vec!["office", "cat", "ann"]));
    assert_eq!(
        heard(&world, "ben")[1..],
        ["No need to come: Supervision meeting, 2026-03-02 09:30-11:00"]
    );
    assert_eq!(
        heard(&world, "ann"),
        ["Invitation: Supervision meeting, 2026-03-02 09:30-11:00"]
    );
    for who in ["office", "cat"] {
        assert_eq!(heard(&world, who).len(), 1);
    }
    // Back again, he is asked again.
    world.edit("head = \"ann\"", "head = \"ben\"");
    world.restart("2026-02-24T12:00:00+08:00").await;
    assert_eq!(meeting(&world).await.sequence, 2);
    assert_eq!((heard(&world, "ben").len(), heard(&world, "ann").len()), (3, 2));
    assert!(world.store().verify().await.is_ok());
}

#[tokio::test]
async fn nobody_is_sent_away_because_their_last_task_is_done() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.act("1", &Act::Close { on: None }).await;
    world.run_until("2026-02-26T10:00:00+08:00").await;
    world.restart("2026-02-26T11:00:00+08:00").await;
    assert_eq!(heard(&world, "ben").len(), 1);
    assert_eq!(meeting(&world).await.attendees.len(), 3);
}

#[tokio::test]
async fn another_address_gets_an_invitation_of_its_own() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.edit("email = \"ben@example.org\"", "email = \"head@example.org\"");
    world.restart("2026-02-24T11:00:00+08:00").await;
    assert_eq!(
        heard(&world, "head"),
        ["Invitation: Supervision meeting, 2026-03-02 09:30-11:00"]
    );
    assert_eq!(meeting(&world).await.sequence, 1);
}

/// The papers that came with the last mail to a person.
fn papers_of(world: &World, who: &str) -> Vec<String> {
    let mail = world.mails_to(who).pop().unwrap();
    mail.files.into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn papers_go_to_those_who_have_late_tasks_though_no_item_was_given() {
    let late = ledger(&[("1", "2026-02-20"), ("2", "2026-06-30")]);
    let mut world = World::new(&format!("{TOWN}{MEETING}"), &late);
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-03-02T07:31:00+08:00").await;
    for who in ["office", "ben"] {
        assert_eq!(
            heard(&world, who).last().unwrap(),
            "Papers: Supervision meeting, 2026-03-02 09:30-11:00"
        );
        // Nothing of the meeting changed: no calendar is bothered.
        assert_eq!(papers_of(&world, who), ["Papers-2026-03-02.docx"]);
    }
    // Cat calls the meeting and has no part of the ledger: she is a lead, and leads are not invited.
    assert_eq!(heard(&world, "cat").len(), 2);
    assert_eq!(meeting(&world).await.sequence, 0);
    assert!(meeting(&world).await.is_collected);
}

#[tokio::test]
async fn without_papers_and_items_nothing_goes_out_before_the_meeting() {
    let late = ledger(&[("1", "2026-02-20")]);
    let config = format!(
        "{TOWN}{}",
        MEETING.replace("call_for_agenda = \"2d\"", "papers = false")
    );
    let mut world = World::new(&config, &late);
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-03-02T08:00:00+08:00").await;
    assert_eq!(heard(&world, "ben").len(), 1);
    // The first item goes out whenever it comes.
    let item = AgendaItem {
        review: ReviewId::new("weekly"),
        day: monday(),
        at: at("2026-03-02T08:00:00+08:00"),
        by: "Ann".to_owned(),
        task: None,
        text: "who pays?".to_owned(),
    };
    world.store().add_agenda(&item, Vec::new()).await.unwrap();
    world.run_until("2026-03-02T08:01:00+08:00").await;
    assert!(heard(&world, "ben")[1].starts_with("Agenda: "));
}

#[tokio::test]
async fn items_given_before_the_call_go_out_and_a_meeting_moved_after_it_gets_its_agenda_again() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    let item = AgendaItem {
        review: ReviewId::new("weekly"),
        day: monday(),
        at: at("2026-02-25T12:00:00+08:00"),
        by: "Ann".to_owned(),
        task: Some(TaskId::new("1")),
        text: "who pays?".to_owned(),
    };
    world.store().add_agenda(&item, Vec::new()).await.unwrap();
    world.run_until("2026-03-02T07:31:00+08:00").await;
    assert!(heard(&world, "ben").last().unwrap().starts_with("Agenda: "));
    assert!(papers_of(&world, "cat").contains(&"Papers-2026-03-02.docx".to_owned()));
    world.edit("[store]", "calendar_days.off = [2026-03-02]\n[store]");
    world.restart("2026-03-02T08:00:00+08:00").await;
    assert!(heard(&world, "ben").last().unwrap().starts_with("Changed: "));
    world.run_until("2026-03-03T07:31:00+08:00").await;
    assert!(heard(&world, "ben").last().unwrap().starts_with("Agenda: "));
}

#[tokio::test]
async fn a_restart_tells_nobody_again() {
    let mut world = town();
    world.start("2026-02-24T10:00:00+08:00").await;
    world.restart("2026-02-24T11:00:00+08:00").await;
    world.run_until("2026-02-24T12:00:00+08:00").await;
    assert_eq!(heard(&world, "ben").len(), 1);
}

#[tokio::test]
async fn the_office_enters_items_and_decisions_and_lists_them() {
    let office = Office::running().await;
    let add = [
        "review",
        "agenda",
        "add",
        "weekly",
        "Who pays?",
        "--task",
        "bridge-1",
        "--by",
        "Wu",
    ];
    let ran = office.duban(&add);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let items = office.json(&["review", "agenda", "list", "weekly", "--format", "json"]);
    assert_eq!(items[0]["day"], "2021-12-20");
    assert_eq!(
        (&items[0]["text"], &items[0]["task"]),
        (&"Who pays?".into(), &"bridge-1".into())
    );
    office.write(
        "minutes.txt",
        "bridge-1: extended to 31 March\n\nThe office asks the builders\n",
    );
    let minutes = ["review", "minutes", "weekly", "--day", "2021-12-20"];
    let file = office.path("minutes.txt");
    let ran = office.duban(&[&minutes[..], &["--file", file.to_str().unwrap(), "--by", "Zhao"]].concat());
    assert!(
        ran.out
            .contains("2 decisions of review weekly of 2021-12-20 entered into the journal"),
        "{}{}",
        ran.out,
        ran.err
    );
    let listed = office.json(&[&minutes[..], &["--format", "json"]].concat());
    assert_eq!(listed[0]["task"], "bridge-1");
    assert_eq!(listed[1]["text"], "The office asks the builders");
    // A decision moves no deadline, and the journal holds.
    let verified = office.duban(&["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert_eq!(office.json(&["status", "--format", "json"])[0]["due"], "2190-06-15");
}

#[tokio::test]
async fn an_unknown_review_task_or_empty_item_is_refused() {
    let office = Office::running().await;
    for (words, code) in [
        (&["review", "agenda", "add", "weakly", "x"][..], Some(1)),
        (
            &["review", "agenda", "add", "weekly", "x", "--task", "bridge-9"][..],
            Some(1),
        ),
        (&["review", "agenda", "add", "weekly", "  "][..], Some(2)),
        (&["review", "minutes", "weekly", "--file", "none.txt"][..], Some(1)),
    ] {
        assert_eq!(office.duban(words).code, code, "{words:?}");
    }
}

#[tokio::test]
async fn minutes_are_read_in_the_encodings_of_the_house_and_entered_once() {
    let office = Office::running().await;
    let minutes = |name: &str| {
        let file = office.path(name);
        let words = [
            "review",
            "minutes",
            "weekly",
            "--day",
            "2021-12-20",
            "--by",
            "Zhao",
            "--file",
        ];
        office.duban(&[&words[..], &[file.to_str().unwrap()]].concat())
    };
    // "bridge-1：月底前办结" in GB18030, as Windows saves it, with its line ends.
    let mut bytes = b"bridge-1".to_vec();
    bytes.extend([
        0xA3, 0xBA, 0xD4, 0xC2, 0xB5, 0xD7, 0xC7, 0xB0, 0xB0, 0xEC, 0xBD, 0xE1, b'\r', b'\n',
    ]);
    office.write("gb.txt", &bytes);
    let ran = minutes("gb.txt");
    assert!(ran.out.starts_with("1 decision "), "{}{}", ran.out, ran.err);
    let listed = office.json(&["review", "minutes", "weekly", "--format", "json"]);
    assert_eq!(
        (&listed[0]["text"], &listed[0]["task"]),
        (&"bridge-1：月底前办结".into(), &"bridge-1".into())
    );
    // Again, with one more and one about a task that there is not.
    office.write(
        "more.txt",
        "\u{feff}bridge-1：月底前办结\nbridge-99: who is it?\nNote: nothing\n",
    );
    let ran = minutes("more.txt");
    assert!(ran.out.starts_with("2 decisions "), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("1 decision stood there already"), "{}", ran.err);
    assert!(ran.err.contains("none with this id: bridge-99\n"), "{}", ran.err);
    assert_eq!(
        office.json(&["review", "minutes", "weekly", "--format", "json"])[1]["task"],
        serde_json::Value::Null
    );
}

#[tokio::test]
async fn minutes_that_are_no_minutes_are_refused_whole_with_what_to_do() {
    let office = Office::running().await;
    office.write("empty.txt", "\n \n\t\n");
    office.write("huge.txt", vec![b'a'; 50 << 20]);
    office.write("word.docx", b"PK\x03\x04\x00\x00\xff\xfe\xff");
    office.write("zeros.txt", vec![0; 100]);
    office.write("ok.txt", "a decision");
    for (file, code, told) in [
        ("empty.txt", 2, "holds no decision"),
        ("huge.txt", 1, "has more than 1048576 bytes"),
        ("word.docx", 1, "hint:"),
        ("zeros.txt", 1, "is no text file"),
    ] {
        let path = office.path(file);
        let ran = office.duban(&[
            "review",
            "minutes",
            "weekly",
            "--day",
            "2021-12-20",
            "--file",
            path.to_str().unwrap(),
        ]);
        assert_eq!(ran.code, Some(code), "{file}: {}", ran.err);
        assert!(ran.err.contains(told), "{file}: {}", ran.err);
    }
    let ran = office.duban(&["review", "minutes", "weakly", "--day", "2021-12-20", "--file", "ok.txt"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        office.json(&["review", "minutes", "weekly", "--format", "json"]),
        serde_json::json!([])
    );
}

#[tokio::test]
async fn the_office_prints_papers_for_all_or_as_one_participant_gets_them() {
    let office = Office::running().await;
    let papers = |words: &[&str]| office.duban(&[&["review", "papers", "weekly"], words].concat());
    let file = office.path("papers.docx");
    let ran = papers(&["-o", file.to_str().unwrap(), "--now", "2021-12-20T08:00:00+08:00"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(std::fs::read(&file).unwrap().starts_with(b"PK"));
    let page = office.path("papers.html");
    let ran = papers(&[
        "-o",
        page.to_str().unwrap(),
        "--to",
        "Ann",
        "--locale",
        "en",
        "--now",
        "2021-12-20T08:00:00+08:00",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("bridge-2 Repair the south bridge"), "{html}");
    assert!(!html.contains("bridge-1 Repair"), "{html}");
    for (words, code, told) in [
        (&["-o", "papers.pdf"][..], Some(1), "FILE.docx or FILE.html"),
        (&["--to", "Bob", "-o", "x.docx"][..], Some(1), "participant"),
        (&["--day", "2021-02-30"][..], Some(2), "2021-02-30"),
    ] {
        let ran = papers(words);
        assert_eq!(ran.code, code, "{words:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{words:?}: {}", ran.err);
    }
}
