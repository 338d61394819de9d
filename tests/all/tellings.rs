//! What was told is not told again, and what is new is: through outages, rounds, absences and changes.

use duban::rules::progress::Act;

use crate::world::{TOWN, World, ledger};

fn report() -> Act {
    Act::Report {
        progress: "half done".into(),
    }
}

#[tokio::test]
async fn after_forty_days_away_each_person_gets_one_late_message_with_what_still_matters_and_nothing_twice() {
    let tasks = [("1", "2026-03-10"), ("2", "2026-03-20"), ("3", "2026-03-25")];
    let mut world = World::new(TOWN, &ledger(&tasks));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-05T12:00:00+08:00").await;
    world.act("3", &Act::Close { on: None }).await;
    assert_eq!(world.mails_to("ann").len(), 1, "the reminder of task 1");
    world.stop().await;

    world.start("2026-04-14T12:00:00+08:00").await;
    world.run_until("2026-04-14T12:30:00+08:00").await;
    let notices = |who: &str| {
        let mut mails = world.mails_to(who);
        mails.retain(|mail| mail.kind == "notice");
        mails
    };
    let (ann, ben) = (notices("ann"), notices("ben"));
    assert_eq!((ann.len(), ben.len()), (2, 1));
    for mail in [&ann[1], &ben[0]] {
        assert!(
            mail.text.contains("Task 1") && mail.text.contains("Task 2"),
            "{}",
            mail.text
        );
        assert!(!mail.text.contains("Task 3"), "it was closed: {}", mail.text);
    }
    assert_eq!(world.heard("1", "ann").await, ["due-3wd/remind", "due+1wd/overdue#5"]);
    let all = world.told().await;
    world.run_until("2026-05-20T12:00:00+08:00").await;
    assert_eq!(world.told().await, all);
}

const SILENCE: &str = r#"
[ladders.silence]
steps = [{ from = "reported", at = "+3wd", level = "warn", to = ["owner"], every = "5wd", times = 1 }]
"#;

#[tokio::test]
async fn who_reports_twice_and_is_silent_twice_is_chased_twice() {
    let config = TOWN.replace("ladder = \"standard\"", "ladder = \"silence\"") + SILENCE;
    let mut world = World::new(&config, &ledger(&[("1", "2026-12-31")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T08:10:00+08:00").await;
    let before = world.mails_to("ann").len();
    world.act("1", &report()).await;
    world.run_until("2026-03-13T12:00:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), before + 1, "the first silence");
    world.act("1", &report()).await;
    world.run_until("2026-03-31T12:00:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), before + 2, "the second silence");
}

#[tokio::test]
async fn each_round_of_closing_and_reopening_has_notices_of_its_own() {
    const AFTER: &str = r#"  { from = "closed", at = "+7d", level = "remind", to = ["owner"], roll = "none" },
]
"#;
    let config = TOWN.replace("\n]\n", &format!("\n{AFTER}"));
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-04")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.act("1", &Act::Close { on: None }).await;
    world.run_until("2026-03-12T08:00:00+08:00").await;
    let follow_ups = |heard: Vec<String>| heard.iter().filter(|step| step.starts_with("closed")).count();
    assert_eq!(follow_ups(world.heard("1", "ann").await), 1);
    world.act("1", &Act::Reopen { due: None }).await;
    world.run_until("2026-03-12T09:00:00+08:00").await;
    let heard = world.heard("1", "ann").await;
    assert_eq!(
        heard.iter().filter(|step| *step == "due+1wd/overdue").count(),
        1,
        "{heard:?}"
    );
    world.act("1", &Act::Close { on: None }).await;
    world.run_until("2026-03-30T08:00:00+08:00").await;
    let heard = world.heard("1", "ann").await;
    assert_eq!(follow_ups(heard.clone()), 2, "{heard:?}");
}

/// A task that is told daily to its owner, after a week of it.
async fn a_week_of_reminders(config: &str) -> (World, usize) {
    let mut world = World::new(config, &ledger(&[("1", "2026-03-04")]));
    world.start("2026-02-20T08:00:00+08:00").await;
    world.run_until("2026-03-06T12:00:00+08:00").await;
    let count = world.mails().iter().filter(|mail| mail.kind == "notice").count();
    assert_eq!(count, 4, "remind, due, overdue, overdue#2");
    (world, count)
}

#[tokio::test]
async fn who_is_back_from_leave_hears_what_comes_next_and_nothing_old() {
    let away = "name = \"Ann\"\ndeputy = \"ben\"\naway = [{ from = 2026-02-20, until = 2026-03-06 }]";
    let (world, _) = a_week_of_reminders(&TOWN.replace("name = \"Ann\"", away)).await;
    assert_eq!(world.mails_to("ann").len(), 0);
    world.run_until("2026-03-09T12:00:00+08:00").await;
    assert_eq!(world.heard("1", "ann").await, ["due+1wd/overdue#3"]);
    assert_eq!(world.mails_to("ann").len(), 1);
}

#[tokio::test]
async fn a_new_contact_hears_what_comes_next_and_nothing_old() {
    let (mut world, _) = a_week_of_reminders(TOWN).await;
    world.edit("contacts = [\"ann\"]", "contacts = [\"cat\"]");
    world.restart("2026-03-06T13:00:00+08:00").await;
    world.run_until("2026-03-06T18:00:00+08:00").await;
    assert_eq!(world.mails_to("cat").len(), 0);
    world.run_until("2026-03-09T12:00:00+08:00").await;
    assert_eq!(
        world.heard("1", "cat").await[..],
        ["due+1wd/overdue#3", "due+3wd/escalate"][..1]
    );
}

#[tokio::test]
async fn on_another_channel_nothing_old_is_told_again() {
    let (mut world, count) = a_week_of_reminders(TOWN).await;
    world.edit("name = \"Ann\"", "name = \"Ann\"\nchannels = [\"hook\"]");
    world.restart("2026-03-06T13:00:00+08:00").await;
    world.run_until("2026-03-09T12:00:00+08:00").await;
    let posts = world.posts("hook");
    let notices: Vec<_> = posts.iter().filter(|post| post["type"] == "duban.notice").collect();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0]["data"]["notices"][0]["step"], "due+1wd/overdue#3");
    assert_eq!(world.mails_to("ann").len(), count);
}
