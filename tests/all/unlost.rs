//! What was said once and waits is not lost by what an administrator changes meanwhile, nor by an outage.

use std::collections::BTreeSet;

use duban::daemon::{FirstLoad, TakenIn};
use duban::domain::id::TaskId;
use duban::domain::message::{MessageKind, MessageState};
use duban::rules::progress::Act;
use duban::store::{Deed, DeskAct};

use crate::audits::by_hand::sql;
use crate::office::Office;
use crate::servers::Server;
use crate::world::{TOWN, World, at, ledger};

const MEETING: &str = r#"
[reviews.weekly]
cron = "30 8 * * MON"
to = ["office"]
[reviews.weekly.meeting]
starts = "09:30"
length = "90m"
organiser = "cat"
invite = ["office", "heads"]
call_for_agenda = "2d"
"#;

/// The town with a meeting and its mail over a server.
fn town_on(server: &Server) -> String {
    let mail = format!("smtp://127.0.0.1:{}", server.port);
    format!("{TOWN}{MEETING}").replace("file:mail", &mail)
}

fn subjects(server: &Server, who: &str) -> Vec<String> {
    server.mails_to(who).into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn a_quiet_first_load_silences_no_task_that_is_added_later() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-02-20")]));
    world.first_load = FirstLoad::Quiet;
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T08:10:00+08:00").await;
    assert_eq!(world.heard("1", "ann").await, [""; 0]);
    world.write("ledger.csv", ledger(&[("1", "2026-02-20"), ("2", "2026-02-20")]));
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(2)));
    world.run_until("2026-03-02T08:30:00+08:00").await;
    assert_eq!(world.heard("2", "ann").await.len(), 1, "added while it runs");
    let rows = [("1", "2026-02-20"), ("2", "2026-02-20"), ("3", "2026-02-20")];
    world.write("ledger.csv", ledger(&rows));
    world.restart("2026-03-02T08:40:00+08:00").await;
    world.run_until("2026-03-02T08:50:00+08:00").await;
    assert_eq!(world.heard("3", "ann").await.len(), 1, "added before a restart");
    assert_eq!(world.heard("1", "ann").await, [""; 0]);
}

#[tokio::test]
async fn an_invitation_that_an_outage_held_up_arrives_as_long_as_the_meeting_is_to_come() {
    let invitation = "Invitation: Supervision meeting, 2026-03-02 09:30-11:00";
    for (back, is_wanted) in [
        ("2026-02-27T20:00:00+08:00", true),
        ("2026-03-02T09:31:00+08:00", false),
    ] {
        let mut server = Server::smtp().await;
        server.go_away();
        let mut world = World::new(&town_on(&server), &ledger(&[("1", "2026-06-30")]));
        world.start("2026-02-24T10:00:00+08:00").await;
        world.run_until(back).await;
        server.come_back().await;
        world.run_to(at(back) + chrono::TimeDelta::minutes(40)).await;
        let heard = subjects(&server, "ben");
        assert_eq!(
            heard.iter().any(|subject| subject == invitation),
            is_wanted,
            "{heard:?}"
        );
        let called = heard.iter().any(|subject| subject.starts_with("Agenda items wanted"));
        assert_eq!(called, is_wanted, "{heard:?}");
    }
}

#[tokio::test]
async fn a_cancellation_that_an_outage_held_up_arrives_until_the_meeting_would_have_ended() {
    for (back, is_wanted) in [
        ("2026-03-02T10:00:00+08:00", true),
        ("2026-03-02T11:01:00+08:00", false),
    ] {
        let mut server = Server::smtp().await;
        let mut world = World::new(&town_on(&server), &ledger(&[("1", "2026-06-30")]));
        world.start("2026-02-24T10:00:00+08:00").await;
        world.run_until("2026-02-24T10:10:00+08:00").await;
        assert_eq!(subjects(&server, "ben").len(), 1);
        server.go_away();
        world.edit(MEETING, "");
        world.restart("2026-02-25T10:00:00+08:00").await;
        world.run_until(back).await;
        server.come_back().await;
        world.run_to(at(back) + chrono::TimeDelta::minutes(40)).await;
        let heard = subjects(&server, "ben");
        let told = heard.iter().any(|subject| subject.starts_with("Cancelled: "));
        assert_eq!(told, is_wanted, "{heard:?}");
    }
}

#[tokio::test]
async fn what_carries_no_notices_goes_by_another_channel_where_a_reload_takes_its_own_away() {
    let mut server = Server::smtp().await;
    server.go_away();
    let config = town_on(&server).replace("channels = [\"mail\", \"hook\"]", "channels = [\"mail\"]");
    let mut world = World::new(&config, &ledger(&[("1", "2026-06-30")]));
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-02-24T10:10:00+08:00").await;
    world.edit("[channels.mail]", "[channels.post]");
    world.edit("channels = [\"mail\"]", "channels = [\"post\"]");
    world.edit(&format!("smtp://127.0.0.1:{}", server.port), "file:mail");
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(1)));
    world.run_until("2026-02-24T10:20:00+08:00").await;
    let words = world.words_to_office().await;
    assert!(words.iter().any(|word| word.contains("new store")), "{words:?}");
    for who in ["office", "ben", "cat"] {
        let mails = world.mails_to(who);
        let asked = mails.iter().filter(|mail| mail.subject.starts_with("Invitation: "));
        assert_eq!(asked.count(), 1, "{who}");
    }
    let left = world.messages(MessageKind::Review, MessageState::Waiting).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_carries_no_notices_follows_its_person_to_another_channel() {
    let mut server = Server::smtp().await;
    server.go_away();
    let config = town_on(&server).replace("channels = [\"mail\", \"hook\"]", "channels = [\"mail\"]");
    let mut world = World::new(&config, &ledger(&[("1", "2026-06-30")]));
    world.start("2026-02-24T10:00:00+08:00").await;
    world.run_until("2026-02-24T10:10:00+08:00").await;
    world.edit("channels = [\"mail\"]", "channels = [\"hook\"]");
    server.come_back().await;
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(1)));
    world.run_until("2026-02-24T11:00:00+08:00").await;
    let posts = world.posts("hook");
    let of = |kind: &str, part: &str| {
        let said = posts
            .iter()
            .filter(|post| post["type"] == kind && post["data"]["subject"].as_str().unwrap().contains(part));
        said.count()
    };
    assert_eq!(of("duban.system", "new store"), 1, "{posts:#?}");
    assert_eq!(of("duban.review", "Invitation: "), 1, "{posts:#?}");
    assert_eq!(server.mails_to("office").len(), 0);
}

#[tokio::test]
async fn a_message_whose_channel_is_not_configured_is_not_tried_again_and_nothing_is_changed() {
    let office = Office::running().await;
    let waiting = || office.json(&["outbox", "list", "--state", "waiting", "--format", "json"]);
    let columns = "kind, priority, content, state, created, next_attempt, attempts, frozen, last_outcome, climb, \
                   recipient, plain, position";
    sql(
        &office.path("duban.db"),
        &format!(
            "INSERT INTO messages (id, channel, {columns}) \
             SELECT '0123456789abcdef0123456789abcdef', 'gone', {columns} FROM messages WHERE recipient = 'ann'"
        ),
    );
    let all = office.json(&["outbox", "list", "--format", "json"]);
    let rows = all.as_array().unwrap();
    let gone: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row["channel"] == "gone")
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert!(!gone.is_empty() && gone.len() < rows.len(), "{rows:?}");
    for words in [
        &["outbox", "retry", "--again", gone.first().unwrap()][..],
        &["outbox", "retry", "--again", "--channel", "gone"],
    ] {
        let ran = office.duban(words);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(
            ran.err.contains("not in the configuration any more: channel gone") && ran.err.contains("hint: "),
            "{}",
            ran.err
        );
        assert_eq!(waiting().as_array().unwrap().len(), 0);
    }
    let ran = office.duban(&["outbox", "retry", "--again", "--state", "delivered"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("left as it is: "), "{}", ran.err);
    let again = waiting();
    let again = again.as_array().unwrap();
    assert_eq!(again.len(), rows.len() - gone.len());
    assert!(again.iter().all(|row| row["channel"] == "mail"), "{again:?}");
}

#[tokio::test]
async fn what_was_delivered_counts_as_told_though_it_is_asked_for_again_when_it_is_no_longer_true() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T09:10:00+08:00").await;
    let sent = world.messages(MessageKind::Notice, MessageState::Delivered).await;
    let told = world.store().told(&TaskId::new("1")).await.unwrap();
    assert!(told.iter().any(|row| row.sent), "{told:?}");
    world.act("1", &Act::Close { on: None }).await;
    let act = DeskAct {
        deed: Deed::Retry { again: true },
        by: "clerk".to_owned(),
        note: None,
    };
    let now = at("2026-03-02T09:20:00+08:00");
    world
        .store()
        .desk(now, &[sent[0].id.clone()], &act)
        .await
        .unwrap()
        .unwrap();
    world.run_until("2026-03-02T09:30:00+08:00").await;
    let dropped = world.messages(MessageKind::Notice, MessageState::Dropped).await;
    assert_eq!(dropped.len(), 1, "it is not true any more");
    assert_eq!(world.store().told(&TaskId::new("1")).await.unwrap(), told);
}
