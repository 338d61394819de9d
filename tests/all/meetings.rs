//! The meeting around a review, as those who are invited hear of it and as commands see it.

use chrono::NaiveDate;
use duban::domain::id::{ReviewId, TaskId};
use duban::domain::meeting::{AgendaItem, Meeting, MeetingState};

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
        ran.out.contains("2 decisions of review weekly of 2021-12-20"),
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
