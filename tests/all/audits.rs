//! The self-audit: quiet over a whole campaign with all that happens in one, and loud where somebody took something out of
//! the store by hand.

use by_hand::sql;
use chrono::{DateTime, TimeDelta, Utc};
use duban::clock::Clock;
use duban::domain::audit::{Audit, FindingKind};
use duban::domain::when::When;
use duban::rules::progress::Act;

use crate::campaign::langfang;
use crate::world::{TOWN, World, at, ledger};

/// Changes a store by hand, as somebody with the sqlite3 command would.
pub(crate) mod by_hand {
    use std::path::Path;
    use std::process::Command;

    pub(crate) fn sql(store: &Path, statement: &str) -> String {
        let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1],timeout=30)\n\
                      c.execute('DROP TRIGGER IF EXISTS journal_is_not_shortened')\n\
                      c.execute('DROP TRIGGER IF EXISTS journal_is_not_changed')\n\
                      r=c.execute(sys.argv[2])\nprint(r.rowcount if r.description is None else r.fetchall())\nc.commit()\n";
        let output = Command::new("python3")
            .args(["-c", script])
            .arg(store)
            .arg(statement)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

#[track_caller]
fn assert_clean(audit: &Audit) {
    assert!(audit.is_clean(), "{:#?}", audit.findings);
}

fn kinds(audit: &Audit) -> Vec<FindingKind> {
    let mut kinds: Vec<_> = audit.findings.iter().map(|finding| finding.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Lets a world live until an instant, every few days with its self-audit at another hour, which must be clean.
async fn live(world: &World, until: &str) -> u32 {
    live_by(world, until, TimeDelta::hours(61)).await
}

/// [`live`], with a self-audit so often.
async fn live_by(world: &World, until: &str, stride: TimeDelta) -> u32 {
    let until = at(until);
    let mut audits = 0;
    while world.clock.now() < until {
        let next = (world.clock.now() + stride).min(until);
        world.run_to(next).await;
        if let Some(audit) = world.engine().nightly_due(next).await.unwrap() {
            assert!(audit.is_clean(), "at {next}: {:#?}", audit.findings);
            audits += 1;
        }
    }
    audits
}

fn due(text: &str) -> Option<When> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn a_campaign_with_all_that_happens_in_one_gives_no_false_alarm() {
    let mut world = langfang();
    // What reviews draw is no matter of the count, and takes most of the time.
    let reviews = std::fs::read_to_string(world.path("reviews.toml")).unwrap();
    world.write(
        "reviews.toml",
        reviews.replace("late_limit", "pictures   = false\nlate_limit"),
    );
    world.start("2021-11-14T09:00:00+08:00").await;
    let mut audits = live(&world, "2021-12-01T15:00:00+08:00").await;
    for (task, act) in [
        ("1", Act::Acknowledge),
        (
            "2",
            Act::Report {
                progress: "30%".to_owned(),
            },
        ),
        ("3", Act::Submit),
        ("4", Act::Close { on: None }),
        ("5", Act::Cancel),
    ] {
        world.act(task, &act).await;
    }
    audits += live(&world, "2021-12-10T15:00:00+08:00").await;
    world.act("3", &Act::Return { due: due("2022-01-10") }).await;
    world.act("4", &Act::Reopen { due: None }).await;
    world.act("5", &Act::Reopen { due: due("2022-03-01") }).await;
    // An outage of three weeks, in which the ladder and deadlines were edited.
    world.stop().await;
    let ladders = std::fs::read_to_string(world.path("ladders.toml")).unwrap();
    world.write("ladders.toml", ladders.replacen("-3wd", "-4wd", 1));
    let rows = std::fs::read_to_string(world.path("ledger.csv")).unwrap();
    world.write("ledger.csv", rows.replacen("2022-01-31", "2022-02-25", 3));
    world.start("2021-12-31T11:00:00+08:00").await;
    audits += live(&world, "2022-01-20T23:00:00+08:00").await;
    world.act("4", &Act::Submit).await;
    world
        .act(
            "1",
            &Act::Report {
                progress: "60%".to_owned(),
            },
        )
        .await;
    audits += live(&world, "2022-02-10T03:00:00+08:00").await;
    // The power goes.
    world.crash();
    world.start("2022-02-12T02:00:00+08:00").await;
    world.act("4", &Act::Close { on: None }).await;
    world.act("2", &Act::Submit).await;
    audits += live(&world, "2022-03-20T12:00:00+08:00").await;
    world.act("4", &Act::Reopen { due: None }).await;
    world.act("2", &Act::Return { due: None }).await;
    // Little happens to it any more, and each count is of a longer journal.
    audits += live_by(&world, "2022-08-31T00:00:00+08:00", TimeDelta::hours(253)).await;
    assert!(audits > 45, "{audits} audits");
}

#[tokio::test]
async fn absences_quiet_hours_and_a_group_give_no_false_alarm() {
    let town = TOWN
        .replace("[defaults]", "[defaults]\nhours = \"08:30-18:00\"\nsend_at = \"20:00\"")
        .replace(
            "[people.ann]",
            "[people.ann]\ndeputy = \"ben\"\naway = [{ from = 2026-03-01, until = 2026-03-12 }]",
        )
        .replace(
            "to = [\"owner\"] }",
            "to = [\"owner\", \"head\", \"lead\", \"channel:hook\"] }",
        );
    let mut world = World::new(
        &town,
        &ledger(&[("1", "2026-03-10"), ("2", "2026-03-12"), ("3", "2026-04-30")]),
    );
    world.start("2026-02-20T12:00:00+08:00").await;
    live(&world, "2026-03-20T12:00:00+08:00").await;
    world.act("1", &Act::Submit).await;
    world.act("2", &Act::Close { on: None }).await;
    // Ann goes, her channel too; a quiet first load of another store is another test.
    world.stop().await;
    world.edit("contacts = [\"ann\"]", "contacts = [\"cat\"]");
    world.start("2026-03-21T12:00:00+08:00").await;
    let audits = live(&world, "2026-06-01T12:00:00+08:00").await;
    assert!(audits > 25, "{audits}");
}

#[tokio::test]
async fn a_quiet_first_load_gives_no_false_alarm() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-03-10"), ("2", "2026-04-12")]));
    world.first_load = duban::daemon::FirstLoad::Quiet;
    world.start("2026-03-20T12:00:00+08:00").await;
    let audits = live(&world, "2026-05-20T12:00:00+08:00").await;
    assert!(audits > 15, "{audits}");
}

/// A town in which three things were told, and its first audit was clean.
async fn told_town() -> World {
    let mut world = World::new(
        TOWN,
        &ledger(&[("1", "2026-03-10"), ("2", "2026-03-12"), ("3", "2026-05-29")]),
    );
    world.start("2026-03-01T12:00:00+08:00").await;
    world.run_until("2026-03-16T12:00:00+08:00").await;
    assert_clean(&recount(&world).await);
    world
}

async fn recount(world: &World) -> Audit {
    duban::daemon::recount(&world.store(), world.engine().config(), world.clock.now(), None)
        .await
        .unwrap()
}

/// Tampers with one row, and counts again.
async fn tampered(statement: &str) -> Audit {
    let world = told_town().await;
    assert_eq!(sql(&world.path("duban.db"), statement), "1", "{statement}");
    recount(&world).await
}

#[tokio::test]
async fn a_deleted_notice_is_found_and_names_task_step_and_person() {
    let audit =
        tampered("DELETE FROM notices WHERE id = (SELECT id FROM notices WHERE task = '1' ORDER BY at LIMIT 1)").await;
    assert_eq!(kinds(&audit), [FindingKind::Lost], "{:?}", audit.findings);
    let finding = &audit.findings[0];
    assert_eq!(finding.task.as_ref().unwrap().as_str(), "1");
    assert_eq!(finding.step.as_deref(), Some("due-3wd/remind"));
    assert_eq!(finding.who.as_deref(), Some("ann"));
}

#[tokio::test]
async fn a_deleted_message_is_found() {
    let audit =
        tampered("DELETE FROM messages WHERE id = (SELECT message FROM notices WHERE task = '1' LIMIT 1)").await;
    assert_eq!(kinds(&audit), [FindingKind::Lost], "{:?}", audit.findings);
}

#[tokio::test]
async fn a_deleted_mark_of_what_was_told_is_found() {
    let audit = tampered("DELETE FROM told WHERE task = '1' AND step = 'due/due'").await;
    assert_eq!(kinds(&audit), [FindingKind::Mark], "{:?}", audit.findings);
}

#[tokio::test]
async fn a_mark_that_nobody_earned_is_found() {
    let audit = tampered(
        "INSERT INTO told SELECT '3', round, anchor, '2026-05-29', step, role, occurrence, level, sent, reason, at \
         FROM told WHERE task = '1' AND step = 'due-3wd/remind'",
    )
    .await;
    assert!(kinds(&audit).contains(&FindingKind::Mark), "{:?}", audit.findings);
}

#[tokio::test]
async fn a_task_that_was_put_to_sleep_is_found_before_anything_is_missing() {
    let audit = tampered("UPDATE tasks SET next_at = next_at + 400 * 86400000 WHERE id = '3'").await;
    assert_eq!(kinds(&audit), [FindingKind::Asleep], "{:?}", audit.findings);
}

#[tokio::test]
async fn what_a_sleeping_task_should_have_told_is_missing() {
    let world = told_town().await;
    sql(
        &world.path("duban.db"),
        "UPDATE tasks SET next_at = NULL WHERE id = '3'",
    );
    world.run_until("2026-05-27T12:00:00+08:00").await;
    let audit = recount(&world).await;
    assert_eq!(kinds(&audit), [FindingKind::Missing], "{:?}", audit.findings);
    assert_eq!(audit.findings[0].step.as_deref(), Some("due-3wd/remind"));
}

#[tokio::test]
async fn every_single_journal_line_is_missed() {
    let world = told_town().await;
    let entries = world.store().entries(0, 1000).await.unwrap();
    assert!(entries.len() > 10, "{}", entries.len());
    for entry in entries {
        let world = told_town().await;
        sql(
            &world.path("duban.db"),
            &format!("DELETE FROM journal WHERE seq = {}", entry.seq),
        );
        let audit = recount(&world).await;
        assert!(
            kinds(&audit).contains(&FindingKind::Journal),
            "{}: {:?}",
            entry.seq,
            audit.findings
        );
    }
}

#[tokio::test]
async fn a_notice_that_was_put_in_by_hand_is_extra() {
    let audit = tampered(
        "INSERT INTO notices (id, task, at, recipient, late, state, message, why, notice) \
         SELECT 'f' || substr(id, 2), task, at, recipient, late, state, message, why, notice FROM notices \
         WHERE task = '1' ORDER BY at LIMIT 1",
    )
    .await;
    // Its own text still has the id of the true one.
    assert_ne!(audit.findings, [], "{:?}", audit.findings);
}

#[tokio::test]
async fn a_notice_that_was_altered_by_hand_is_extra() {
    let audit = tampered(
        "UPDATE notices SET notice = replace(notice, '\"ann\"', '\"ben\"') WHERE id = \
         (SELECT id FROM notices WHERE task = '1' AND recipient = 'person:ann' ORDER BY at LIMIT 1)",
    )
    .await;
    assert_eq!(kinds(&audit), [FindingKind::Extra], "{:?}", audit.findings);
}

#[tokio::test]
async fn a_message_that_hangs_is_stuck() {
    let audit = tampered(
        "UPDATE messages SET state = 'sending' WHERE id = (SELECT message FROM notices WHERE task = '1' LIMIT 1)",
    )
    .await;
    assert!(kinds(&audit).contains(&FindingKind::Stuck), "{:?}", audit.findings);
}

#[tokio::test]
async fn problems_are_told_once_and_their_end_too_and_the_clean_line_once_a_week() {
    let world = told_town().await;
    let now = |text: &str| at(text);
    let day = |day: u32| now(&format!("2026-03-{day}T07:30:00+08:00"));
    async fn night(world: &World, now: DateTime<Utc>) -> Audit {
        world.run_to(now).await;
        let audit = world.engine().nightly_due(now).await.unwrap().unwrap();
        world.run_to(now + TimeDelta::minutes(1)).await;
        audit
    }
    assert_clean(&night(&world, day(17)).await);
    assert_clean(&night(&world, day(18)).await);
    sql(
        &world.path("duban.db"),
        "UPDATE tasks SET next_at = NULL WHERE id = '3'",
    );
    assert!(!night(&world, day(19)).await.is_clean());
    assert!(!night(&world, day(20)).await.is_clean());
    world.act("3", &Act::Acknowledge).await;
    assert_clean(&night(&world, day(21)).await);
    assert_clean(&night(&world, day(23)).await);
    assert_eq!(world.engine().nightly_due(day(23)).await.unwrap(), None, "once a day");
    let words = world.words_to_office().await;
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| word.contains("audit"))
        .collect();
    let clean = |word: &&str| word.starts_with("Duban | self-audit clean: 3 tasks, ");
    assert_eq!(words.len(), 4, "{words:?}");
    assert!(clean(&words[0]) && clean(&words[3]), "{words:?}");
    assert_eq!(words[1], "Duban | the self-audit found 1 problem");
    assert_eq!(words[2], "Duban | the self-audit is clean again");
    let entries = world.store().entries_of_kind("audit").await.unwrap();
    assert_eq!(entries.len(), 6);
    assert_eq!(entries[2].data["clean"], false);
    assert_eq!(entries[2].data["asleep"], 1);
    assert_eq!(entries[2].data["missing"], 0);
}

#[tokio::test]
async fn days_without_a_daemon_are_made_up_for_once() {
    let mut world = told_town().await;
    world
        .engine()
        .nightly_due(at("2026-03-17T07:30:00+08:00"))
        .await
        .unwrap()
        .unwrap();
    world.stop().await;
    world.start("2026-04-10T12:00:00+08:00").await;
    assert!(world.engine().nightly_due(world.clock.now()).await.unwrap().is_some());
    assert!(world.engine().nightly_due(world.clock.now()).await.unwrap().is_none());
}

/// Answers one call with a status; what it was asked for.
async fn switch(listener: tokio::net::TcpListener, status: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = vec![0; 2048];
    let length = stream.read(&mut asked).await.unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8_lossy(&asked[..length])
        .lines()
        .next()
        .unwrap()
        .to_owned()
}

/// A town with a dead man's switch on a free port.
async fn switched_town() -> (World, tokio::net::TcpListener) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let town = format!("{TOWN}\n[audit]\nheartbeat = \"http://127.0.0.1:{port}/uuid\"\n");
    let mut world = World::new(&town, &ledger(&[("1", "2026-03-10"), ("3", "2026-05-29")]));
    world.start("2026-03-16T12:00:00+08:00").await;
    (world, listener)
}

#[tokio::test]
async fn the_dead_mans_switch_is_called_when_the_count_is_clean() {
    let (world, listener) = switched_town().await;
    let engine = world.engine();
    let (asked, audit) = tokio::join!(switch(listener, "200 OK"), engine.audit(world.clock.now()));
    assert_eq!(asked, "GET /uuid HTTP/1.1");
    assert_clean(&audit.unwrap());
}

#[tokio::test]
async fn the_dead_mans_switch_stays_uncalled_when_something_is_wrong() {
    let (world, listener) = switched_town().await;
    sql(
        &world.path("duban.db"),
        "UPDATE tasks SET next_at = NULL WHERE id = '3'",
    );
    assert!(!world.engine().audit(world.clock.now()).await.unwrap().is_clean());
    let called = tokio::time::timeout(std::time::Duration::from_millis(10), listener.accept()).await;
    assert!(called.is_err(), "it was called");
}

#[tokio::test]
async fn a_switch_that_redirects_or_is_gone_hinders_nothing() {
    let (world, listener) = switched_town().await;
    let engine = world.engine();
    let (_, audit) = tokio::join!(switch(listener, "302 Found"), engine.audit(world.clock.now()));
    assert_clean(&audit.unwrap());
    assert_clean(&engine.audit(world.clock.now()).await.unwrap());
    assert_eq!(world.store().entries_of_kind("audit").await.unwrap().len(), 2);
}
