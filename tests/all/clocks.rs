//! Clocks that jump, by law or by accident.

use chrono::TimeDelta;
use duban::clock::Clock;

use crate::servers::Server;
use crate::world::{self, TOWN, World, at, ledger};

/// Berlin, with a review and a sending time in the hour that is missing in March and double in October.
fn berlin() -> String {
    TOWN.replace("Asia/Shanghai", "Europe/Berlin")
        .replace("calendar = \"mon-fri\"", "calendar = \"every-day\"")
        .replace("[defaults]", "[defaults]\nsend_at = \"02:30\"")
        + "[reviews.daily]\ncron = \"30 2 * * *\"\nto = [\"office\"]\non_day_off = \"send\"\nlate_limit = \"2h\"\n"
}

/// When the daily reviews and the notices to Ann went out.
async fn nights(from: &str, until: &str, due: &str) -> (Vec<String>, Vec<String>) {
    let mut world = World::new(&berlin(), &ledger(&[("1", due)]));
    world.start(from).await;
    world.run_until(until).await;
    let mut runs = world.store().runs(None, 100).await.unwrap();
    runs.sort_by_key(|run| run.at);
    let reviews = runs.iter().map(|run| run.at.to_rfc3339()).collect();
    let notices = world.store().notices_of_task(&"1".into()).await.unwrap();
    let told = notices
        .iter()
        .filter(|(notice, _, _)| notice.recipient.id == "ann")
        .map(|(notice, _, _)| notice.at.to_rfc3339())
        .collect();
    (reviews, told)
}

#[tokio::test]
async fn what_falls_into_the_missing_hour_goes_out_later_by_the_gap() {
    let (reviews, told) = nights("2026-03-28T01:00:00+01:00", "2026-03-30T12:00:00+02:00", "2026-03-27").await;
    let expected = [
        "2026-03-28T01:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ];
    assert_eq!(reviews, expected);
    assert_eq!(told[told.len() - 3..], expected);
}

#[tokio::test]
async fn what_falls_into_the_double_hour_goes_out_once_in_the_earlier() {
    let (reviews, told) = nights("2026-10-24T01:00:00+02:00", "2026-10-26T12:00:00+01:00", "2026-10-23").await;
    let expected = [
        "2026-10-24T00:30:00+00:00",
        "2026-10-25T00:30:00+00:00",
        "2026-10-26T01:30:00+00:00",
    ];
    assert_eq!(reviews, expected);
    assert_eq!(told[told.len() - 3..], expected);
}

const TASKS: [(&str, &str); 3] = [("1", "2026-03-04"), ("2", "2026-03-06"), ("3", "2026-03-10")];
const WITH_REVIEW: &str = "[reviews.daily]\ncron = \"0 9 * * *\"\nto = [\"office\"]\non_day_off = \"send\"\nlate_limit = \"12h\"\npictures = false\n";

#[tokio::test]
async fn a_clock_that_is_set_back_two_hours_tells_nothing_twice_and_loses_nothing() {
    let config = TOWN.to_owned() + WITH_REVIEW;
    let mut steady = World::new(&config, &ledger(&TASKS));
    let mut set_back = World::new(&config, &ledger(&TASKS));
    for world in [&mut steady, &mut set_back] {
        world.start("2026-03-02T08:00:00+08:00").await;
        world.run_until("2026-03-05T09:30:00+08:00").await;
    }
    set_back.clock.set(at("2026-03-05T07:30:00+08:00"));
    for world in [&steady, &set_back] {
        world.run_until("2026-03-31T12:00:00+08:00").await;
    }
    assert_eq!(steady.told().await, set_back.told().await);
    assert_eq!(steady.mails().len(), set_back.mails().len());
}

#[tokio::test]
async fn a_clock_that_runs_a_year_ahead_and_comes_back_tells_each_person_once() {
    let mut world = World::new(TOWN, &ledger(&TASKS));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T12:00:00+08:00").await;
    let before = (world.mails_to("ann").len(), world.mails_to("ben").len());
    world.clock.set(at("2027-03-02T12:00:00+08:00"));
    let now = world.clock.now();
    world.run_to(now + TimeDelta::minutes(10)).await;
    assert_eq!(
        (world.mails_to("ann").len(), world.mails_to("ben").len()),
        (before.0 + 1, before.1 + 1)
    );
    let told = world.told().await;
    world.clock.set(at("2026-03-02T12:30:00+08:00"));
    world.run_until("2026-04-30T12:00:00+08:00").await;
    assert_eq!(world.told().await, told);
}

#[tokio::test]
async fn after_an_outage_one_review_goes_out_and_says_what_changed_since_the_last_that_was_sent() {
    let config = TOWN.to_owned() + &WITH_REVIEW.replace("12h", "3d");
    let mut world = World::new(&config, &ledger(&TASKS));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-03T12:00:00+08:00").await;
    world.act("2", &duban::rules::progress::Act::Close { on: None }).await;
    let reviews = |world: &World| world.mails().iter().filter(|mail| mail.kind == "review").count();
    assert_eq!(reviews(&world), 2);
    world.restart("2026-03-06T12:00:00+08:00").await;
    world.run_until("2026-03-06T13:00:00+08:00").await;
    assert_eq!(reviews(&world), 3, "one for three that were missed");
    let last = world.mails().into_iter().rfind(|mail| mail.kind == "review").unwrap();
    assert!(
        last.text.contains("Task 2"),
        "closed since the last review: {}",
        last.text
    );
}

#[tokio::test]
async fn a_review_that_is_missed_beyond_its_limit_is_recorded_and_not_sent() {
    let config = TOWN.to_owned() + WITH_REVIEW;
    let mut world = World::new(&config, &ledger(&TASKS));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T12:00:00+08:00").await;
    world.restart("2026-03-05T23:00:00+08:00").await;
    let runs = world.store().runs(None, 100).await.unwrap();
    let states: Vec<(String, &str)> = runs
        .iter()
        .rev()
        .map(|run| (run.day.to_string(), run.state.as_str()))
        .collect();
    let expected = [
        ("2026-03-02", "sent"),
        ("2026-03-03", "missed"),
        ("2026-03-04", "missed"),
        ("2026-03-05", "missed"),
    ];
    assert_eq!(
        states
            .iter()
            .map(|(day, state)| (day.as_str(), *state))
            .collect::<Vec<_>>(),
        expected
    );
}

/// The town with a review on Mondays.
fn mondays() -> String {
    TOWN.to_owned() + "[reviews.weekly]\ncron = \"0 9 * * MON\"\nto = [\"office\"]\nlate_limit = \"3d\"\n"
}

#[tokio::test]
async fn a_review_that_is_still_to_come_moves_with_the_days_off() {
    let mut world = World::new(&mondays(), &ledger(&TASKS));
    world.start("2026-03-06T12:00:00+08:00").await;
    world.edit("[store]", "[calendar_days]\noff = [2026-03-09]\n[store]");
    world.restart("2026-03-06T13:00:00+08:00").await;
    world.run_until("2026-03-06T14:00:00+08:00").await;
    world.edit("off = [2026-03-09]", "off = [2026-03-09, 2026-03-10]");
    world.restart("2026-03-07T13:00:00+08:00").await;
    world.run_until("2026-03-12T12:00:00+08:00").await;
    let runs = world.store().runs(None, 9).await.unwrap();
    let days: Vec<_> = runs.iter().map(|run| run.at.to_rfc3339()).collect();
    assert_eq!(days, ["2026-03-11T01:00:00+00:00"]);
}

/// The text of the last review.
fn last_review(world: &World) -> String {
    world
        .mails()
        .into_iter()
        .rfind(|mail| mail.kind == "review")
        .unwrap()
        .text
}

#[tokio::test]
async fn an_act_that_began_before_a_review_and_was_stored_after_it_stands_in_the_next() {
    let mut world = World::new(&mondays(), &ledger(&TASKS));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T09:00:01+08:00").await;
    let close = duban::rules::progress::Act::Close { on: None };
    world::act_on(&world.store(), "3", &close, at("2026-03-02T08:59:59+08:00")).await;
    world.run_until("2026-03-09T09:10:00+08:00").await;
    assert!(last_review(&world).contains("Task 3"), "{}", last_review(&world));
}

#[tokio::test]
async fn a_message_that_is_given_up_stands_in_the_next_review_however_old_it_is() {
    let server = Server::smtp().await;
    let busy = "451 4.3.0 try again later";
    server.seen().refusals.insert("ann".into(), busy.into());
    let config = mondays()
        .replace("0 9 * * MON", "0 10 * * MON")
        .replace("[store]", "[delivery]\ngive_up = \"6h\"\n[store]")
        .replace(
            "server = \"file:mail\"",
            &format!("server = \"smtp://127.0.0.1:{}\"", server.port),
        );
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05"), ("2", "2026-03-12")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-09T10:10:00+08:00").await;
    let reviews: Vec<_> = server
        .mails_to("office")
        .into_iter()
        .filter(|mail| mail.kind == "review")
        .collect();
    assert_eq!(reviews.len(), 2);
    assert!(reviews[1].text.contains("try again later"), "{}", reviews[1].text);
}

/// Nothing of them is due before nine.
const COMING: [(&str, &str); 3] = [("1", "2026-03-05"), ("2", "2026-03-06"), ("3", "2026-03-10")];

/// The town with a task whose reminder is due on the second of March at nine, running since eight.
async fn watched() -> World {
    let mut world = World::new(&(TOWN.to_owned() + WITH_REVIEW), &ledger(&COMING));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T08:30:00+08:00").await;
    world.round().await;
    assert_eq!(sent(&world), 0);
    world
}

fn held(world: &World) -> Option<String> {
    world.engine().health().standing().held
}

/// What went out but for word to the office about Duban itself.
fn sent(world: &World) -> usize {
    world.mails().iter().filter(|mail| mail.kind != "system").count()
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_ahead_holds_everything_until_it_is_right() {
    let world = watched().await;
    let before = world.store().head().await.unwrap().unwrap().seq;
    world.clock.jump(at("2027-03-02T08:30:10+08:00"));
    for _ in 0..3 {
        world.round().await;
    }
    assert_eq!(sent(&world), 0, "nothing is planned, reviewed or sent");
    assert!(held(&world).unwrap().contains("the clock gained 365 days at once"));
    let words = world.words_to_office().await;
    assert!(words.last().unwrap().contains("the clock looks wrong"), "{words:?}");
    let entries = world.store().entries(before, 100).await.unwrap();
    assert!(
        entries.iter().all(|entry| entry.at.starts_with("2026-03-02")),
        "{entries:?}"
    );

    world.clock.jump(at("2026-03-02T08:31:00+08:00"));
    world.round().await;
    assert_eq!(held(&world), None);
    world.run_until("2026-03-02T09:10:00+08:00").await;
    assert_eq!(
        world.heard("1", "ann").await.len(),
        1,
        "what was due in its own time goes out in its own time"
    );
    let words = world.words_to_office().await;
    assert!(words.last().unwrap().contains("the clock is right again"), "{words:?}");
    world.store().verify().await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_two_hours_holds_everything_until_it_has_caught_up() {
    let world = watched().await;
    world.run_until("2026-03-02T08:59:00+08:00").await;
    world.act("3", &duban::rules::progress::Act::Acknowledge).await;
    let before = sent(&world);
    world.clock.jump(at("2026-03-02T06:59:00+08:00"));
    world.round().await;
    assert!(held(&world).unwrap().contains("before the newest journal entry"));
    world.clock.set(at("2026-03-02T08:53:00+08:00"));
    world.round().await;
    assert!(held(&world).is_some());
    world.clock.set(at("2026-03-02T08:58:00+08:00"));
    world.round().await;
    assert_eq!((held(&world), sent(&world)), (None, before), "five minutes are no jump");
}

#[tokio::test]
async fn a_machine_that_slept_for_a_month_is_not_held() {
    let world = watched().await;
    world.clock.set(at("2026-04-02T08:30:00+08:00"));
    world.round().await;
    assert_eq!(held(&world), None);
    assert!(!world.heard("1", "ann").await.is_empty());
}

#[tokio::test]
async fn a_restart_does_not_end_a_hold_and_an_operator_does() {
    let mut world = watched().await;
    let wrong = "2027-03-02T08:30:10+08:00";
    world.clock.jump(at(wrong));
    world.round().await;
    let before = sent(&world);
    world.stop().await;
    world.begin_at(at(wrong)).await.unwrap();
    world.round().await;
    assert!(held(&world).is_some(), "it is as wrong as before");
    assert_eq!(sent(&world), before);

    world.stop().await;
    world.clock_trust = duban::daemon::ClockTrust::Accepted;
    world.start("2027-03-02T08:31:00+08:00").await;
    world.run_until("2027-03-02T08:40:00+08:00").await;
    assert_eq!(held(&world), None);
    assert!(sent(&world) > before, "what became due in that year is caught up");
    let kinds: Vec<String> = world
        .store()
        .entries(0, 1000)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "clock-accepted").count(), 1);
}

#[tokio::test]
async fn at_a_start_with_a_clock_before_the_journal_nothing_is_taken_in_until_it_is_right() {
    let mut world = watched().await;
    world.stop().await;
    world.write(
        "ledger.csv",
        ledger(&[
            ("1", "2026-03-05"),
            ("2", "2026-03-06"),
            ("3", "2026-03-10"),
            ("4", "2026-03-05"),
        ]),
    );
    world.begin_at(at("2026-03-02T05:00:00+08:00")).await.unwrap();
    world.round().await;
    assert!(held(&world).is_some());
    assert_eq!(world.store().tasks().await.unwrap().len(), 3);

    world.clock.set(at("2026-03-02T09:30:00+08:00"));
    world.round().await;
    assert_eq!(sent(&world), 0, "first the files, then what is due");
    assert_eq!(world.reload().await, duban::daemon::TakenIn::InForce(4));
    world.round().await;
    world.run_until("2026-03-02T09:40:00+08:00").await;
    assert_eq!(held(&world), None);
    assert_eq!(world.heard("4", "ann").await.len(), 1);
}

#[tokio::test]
async fn files_that_change_while_the_clock_is_wrong_are_taken_in_when_it_is_right() {
    let mut world = watched().await;
    world.clock.jump(at("2027-03-02T08:30:10+08:00"));
    world.round().await;
    world.write(
        "ledger.csv",
        ledger(&[("1", "2026-03-05"), ("2", "2026-03-06"), ("3", "2026-03-12")]),
    );
    assert_eq!(world.reload().await, duban::daemon::TakenIn::Later);
    world.clock.jump(at("2026-03-02T08:31:00+08:00"));
    world.round().await;
    assert_eq!(world.reload().await, duban::daemon::TakenIn::InForce(3));
}

#[tokio::test]
async fn an_answer_that_comes_while_the_clock_is_wrong_is_not_judged_by_it() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "451 4.3.0 try again later".into());
    let config = TOWN.replace("file:mail", &format!("smtp://127.0.0.1:{}", server.port));
    let mut world = World::new(&config, &ledger(&COMING));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T09:00:10+08:00").await;
    world.clock.jump(at("2027-03-02T09:00:20+08:00"));
    world.round().await;
    let counts = world.store().counts().await.unwrap();
    assert_eq!((counts.undeliverable, counts.sending), (0, 0));
    server.seen().refusals.clear();
    world.clock.jump(at("2026-03-02T09:01:00+08:00"));
    world.round().await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    assert_eq!(world.heard("1", "ann").await.len(), 1);
}

#[tokio::test]
async fn what_a_clock_that_was_a_year_ahead_put_off_comes_in_its_own_time_once_the_clock_is_accepted() {
    let meeting = "[reviews.weekly.meeting]\nstarts = \"14:00\"\nlength = \"1h\"\norganiser = \"cat\"\n\
                   place = \"Room 301\"\ninvite = [\"office\"]\n";
    let mut world = World::new(&(mondays() + meeting), &ledger(&COMING));
    world.start("2026-02-25T08:00:00+08:00").await;
    world.run_until("2026-02-25T08:10:00+08:00").await;
    world.stop().await;
    // The machine boots with a wrong clock, and nobody can tell by how much.
    world.start("2027-03-03T08:00:00+08:00").await;
    world.run_until("2027-03-03T08:10:00+08:00").await;
    assert!(world.engine().nightly_due(world.clock.now()).await.unwrap().is_some());
    let ahead = at("2027-03-10T08:00:00+08:00");
    let mail = [duban::domain::id::ChannelId::new("mail")];
    world.store().pause_lanes(&mail, ahead).await.unwrap();
    world.stop().await;
    world.clock_trust = duban::daemon::ClockTrust::Accepted;
    world.start("2026-02-27T08:00:00+08:00").await;
    let store = world.store();
    let now = at("2026-02-27T08:00:00+08:00");
    let lanes = store.lanes().await.unwrap();
    assert!(
        lanes
            .iter()
            .all(|lane| lane.paused_until.is_none_or(|until| until <= now))
    );
    world.run_until("2026-03-09T09:10:00+08:00").await;
    let sent: Vec<String> = store
        .runs(None, 200)
        .await
        .unwrap()
        .iter()
        .filter(|run| run.state == duban::store::RunState::Sent && run.at < at("2026-12-31T00:00:00Z"))
        .map(|run| run.day.to_string())
        .collect();
    assert_eq!(sent, ["2026-03-09", "2026-03-02"]);
    let weekly = duban::domain::id::ReviewId::new("weekly");
    let day = "2026-03-16".parse().unwrap();
    let next = store.meeting(&weekly, day).await.unwrap().unwrap();
    assert_eq!(next.starts, at("2026-03-16T14:00:00+08:00"));
    let audit = world.engine().nightly_due(world.clock.now()).await.unwrap();
    assert!(audit.is_some(), "it does not wait for the next year");
}
