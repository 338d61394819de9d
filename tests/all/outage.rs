//! Servers that go away, refuse, or fall silent: nobody is forgotten, nobody is told twice, and the office hears of it.

use chrono::TimeDelta;
use duban::domain::message::{MessageKind, MessageState};

use crate::servers::Server;
use crate::world::{TOWN, World, at, ledger};

/// The town with its mail over a server.
fn town_on(server: &Server) -> String {
    TOWN.replace("file:mail", &format!("smtp://127.0.0.1:{}", server.port))
}

fn subjects(posts: &[serde_json::Value], kind: &str) -> Vec<String> {
    posts
        .iter()
        .filter(|post| post["type"] == kind)
        .map(|post| post["data"]["subject"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_mail_server_down_for_three_days_costs_one_word_to_the_office_and_then_one_message_a_person() {
    let mut server = Server::smtp().await;
    // Cat has a channel on another endpoint, Ann and Ben have none.
    let config = town_on(&server)
        .replace("name = \"Cat\"", "name = \"Cat\"\nchannels = [\"mail\", \"hook\"]")
        .replace("to = [\"head\"] }", "to = [\"head\", \"lead\"] }");
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-03"), ("2", "2026-03-03")]));
    world.start("2026-03-03T08:00:00+08:00").await;
    world.run_until("2026-03-03T12:00:00+08:00").await;
    let (ann, office) = (server.mails_to("ann").len(), world.posts("hook").len());
    assert_eq!(office, 0, "everything goes by mail as long as it works");
    server.go_away();
    // From Tuesday noon to Friday noon: overdue on Wednesday, Thursday and Friday, escalated on Friday.
    world.run_until("2026-03-06T12:00:00+08:00").await;
    let posts = world.posts("hook");
    assert_eq!(subjects(&posts, "duban.system").len(), 1, "{posts:#?}");
    assert_eq!(subjects(&posts, "duban.undeliverable"), [""; 0]);
    let to_cat = posts.iter().filter(|post| post["data"]["recipient"]["id"] == "cat");
    assert_eq!(to_cat.count(), 1, "told on another endpoint: {posts:#?}");
    server.come_back().await;
    world.run_until("2026-03-06T13:00:00+08:00").await;
    assert_eq!(server.mails_to("ann").len(), ann + 1);
    assert_eq!(server.mails_to("ben").len(), 1);
    assert_eq!(server.mails_to("cat").len(), 0, "not told twice");
    let last = server.mails_to("ann").pop().unwrap();
    assert!(
        last.text.contains("Task 1") && last.text.contains("Task 2"),
        "{}",
        last.text
    );
    let told = server.mails_to("office");
    assert_eq!(told.iter().filter(|mail| mail.kind == "undeliverable").count(), 0);
    let system = told.iter().filter(|mail| mail.kind == "system").count();
    let posted = subjects(&world.posts("hook"), "duban.system").len();
    // The new store at first, and by mail or post that the server is back.
    assert_eq!(system + posted, 3);
    world.run_until("2026-03-06T23:00:00+08:00").await;
    assert_eq!(server.mails_to("ann").len(), ann + 1, "and quiet");
}

#[tokio::test]
async fn a_recipient_for_whom_the_server_is_busy_is_tried_again_with_growing_waits() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "451 4.3.0 try again later".into());
    let mut world = World::new(&town_on(&server), &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T11:00:00+08:00").await;
    let waiting = world.messages(MessageKind::Notice, MessageState::Waiting).await;
    let all = world.store().messages(&[], 100).await.unwrap();
    assert_eq!(waiting.len(), 1, "{all:#?}");
    // A message that waits is composed anew and keeps its id, because its notices are the same.
    let attempts = world.store().attempts(&waiting[0].id).await.unwrap();
    let waits: Vec<TimeDelta> = attempts.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    let expected = [30, 120, 300, 900, 1800].map(TimeDelta::seconds);
    assert!(waits.len() >= expected.len(), "{waits:?}");
    for (wait, base) in waits.iter().zip(expected) {
        assert!(
            *wait >= base && *wait <= base + base / 10 + TimeDelta::seconds(1),
            "{waits:?}"
        );
    }
    server.seen().refusals.clear();
    world.run_until("2026-03-02T14:00:00+08:00").await;
    assert_eq!(server.mails_to("ann").len(), 1);
}

#[tokio::test]
async fn a_recipient_whom_the_server_greylists_keeps_nobody_else_waiting() {
    let server = Server::smtp().await;
    for who in ["ann", "ben"] {
        server
            .seen()
            .refusals
            .insert(who.into(), "450 4.7.1 greylisted, come back later".into());
    }
    let config = town_on(&server).replace(
        "level = \"remind\", to = [\"owner\"]",
        "level = \"remind\", to = [\"owner\", \"head\", \"lead\"]",
    );
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-02T09:01:00+08:00").await;
    assert_eq!(server.mails_to("cat").len(), 1, "at once");
    server.seen().refusals.clear();
    world.run_until("2026-03-02T09:06:00+08:00").await;
    assert_eq!((server.mails_to("ann").len(), server.mails_to("ben").len()), (1, 1));
}

/// Ann is refused for good; she has no other channel.
#[tokio::test]
async fn a_refused_recipient_s_message_goes_up_to_the_head_and_the_office_is_told() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "550 5.1.1 no such user".into());
    let mut world = World::new(&town_on(&server), &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    let ben = server.mails_to("ben");
    assert_eq!(ben.len(), 1, "the head of the unit");
    assert!(
        ben[0].text.contains("Task 1") && ben[0].text.contains("Ann"),
        "{}",
        ben[0].text
    );
    let office = server.mails_to("office");
    let words: Vec<_> = office.iter().filter(|mail| mail.kind == "undeliverable").collect();
    assert_eq!(words.len(), 1);
    assert!(
        words[0].text.contains("Ann") && words[0].text.contains("Ben"),
        "{}",
        words[0].text
    );
    assert_eq!(
        server.seen().named.iter().filter(|who| *who == "ann").count(),
        1,
        "tried once"
    );
}

#[tokio::test]
async fn a_refused_recipient_is_told_on_the_next_channel_of_their_own_first() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "550 5.1.1 no such user".into());
    let config = town_on(&server).replace("name = \"Ann\"", "name = \"Ann\"\nchannels = [\"mail\", \"hook\"]");
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    let posts = world.posts("hook");
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert_eq!(posts[0]["data"]["recipient"]["id"], "ann");
    assert_eq!(server.mails_to("ben").len(), 0);
}

#[tokio::test]
async fn where_all_are_refused_it_ends_and_stands_in_the_store() {
    let server = Server::smtp().await;
    for who in ["ann", "ben", "office"] {
        server
            .seen()
            .refusals
            .insert(who.into(), "550 5.1.1 no such user".into());
    }
    let config = town_on(&server).replace("channels = [\"mail\", \"hook\"]", "");
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-04T10:00:00+08:00").await;
    let named = server.seen().named.clone();
    let count = |who: &str| named.iter().filter(|named| *named == who).count();
    assert_eq!((count("ann"), count("ben")), (1, 1), "{named:?}");
    assert!(count("office") <= 4, "{named:?}");
    let counts = world.store().counts().await.unwrap();
    assert_eq!((counts.waiting, counts.sending), (0, 0), "nothing loops");
    assert!(counts.undeliverable >= 3, "{counts:?}");
}

#[tokio::test]
async fn a_message_older_than_give_up_goes_up() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "451 4.3.0 try again later".into());
    let config = town_on(&server) + "[delivery]\ngive_up = \"1d\"\n";
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-03T08:59:00+08:00").await;
    assert_eq!(server.mails_to("ben").len(), 0);
    world.run_until("2026-03-03T10:00:00+08:00").await;
    assert_eq!(server.mails_to("ben").len(), 1);
    let named = server.seen().named.iter().filter(|who| *who == "ann").count();
    world.run_until("2026-03-05T08:00:00+08:00").await;
    assert_eq!(
        server.seen().named.iter().filter(|who| *who == "ann").count(),
        named,
        "given up"
    );
}

#[tokio::test]
async fn a_refusal_by_policy_that_only_one_recipient_meets_keeps_nobody_else_waiting() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "550 5.7.1 not wanted here".into());
    let config = town_on(&server).replace(
        "{ at = \"-3wd\", level = \"remind\", to = [\"owner\"] }",
        "{ at = \"-3wd\", level = \"remind\", to = [\"owner\", \"lead\"], every = \"1wd\", times = 3 }",
    );
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-12")]));
    world.start("2026-03-09T08:00:00+08:00").await;
    world.run_until("2026-03-09T12:00:00+08:00").await;
    assert_eq!(server.mails_to("cat").len(), 1);
    assert_eq!(server.mails_to("ben").len(), 1, "what is Ann's went up");
    world.run_until("2026-03-11T12:00:00+08:00").await;
    assert_eq!(server.mails_to("cat").len(), 3);
    for mail in server.mails_to("cat") {
        assert!(mail.date.contains(" 01:0"), "without delay: {}", mail.date);
    }
    let words = world.words_to_office().await;
    assert_eq!(words.len(), 1, "the server never counted as stopped: {words:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_delays_no_other_channel() {
    let server = Server::http().await;
    server.seen().is_silent = true;
    let config = TOWN
        .replace(
            "file:hook",
            &format!("http://127.0.0.1:{}/x\"\ntimeout = \"1s", server.port),
        )
        .replace("name = \"Ben\"", "name = \"Ben\"\nchannels = [\"hook\"]")
        .replace("to = [\"owner\"] },", "to = [\"owner\", \"head\"] },");
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.begin_at(at("2026-03-02T09:00:03+08:00")).await.unwrap();
    let engine = world.engine();
    let now = at("2026-03-02T09:00:10+08:00");
    world.clock.set(now);
    let started = duban::clock::Stopwatch::start();
    let delivering = tokio::spawn(async move {
        engine.decide(now, duban::daemon::Gather::Done).await.unwrap();
        engine.deliver_all(now).await.unwrap();
    });
    while world.mails_to("ann").is_empty() {
        assert!(started.elapsed().as_secs() < 20, "the mail never came");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mailed = started.elapsed();
    delivering.await.unwrap();
    assert_eq!(server.seen().posts.len(), 1);
    assert!(
        mailed < started.elapsed(),
        "the mail did not wait for the other channel's limit"
    );
    assert!(mailed.as_millis() < 900, "{mailed:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_stops_its_channel_alone_and_the_office_hears_of_it() {
    let config = TOWN.replace("to = [\"owner\"] },", "to = [\"owner\", \"channel:hook\"] },");
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.write("hook", "a file in the folder's place");
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), 1);
    let words = world.words_to_office().await;
    assert!(words.iter().any(|words| words.contains("hook")), "{words:?}");
    std::fs::remove_file(world.path("hook")).unwrap();
    world.run_until("2026-03-02T11:00:00+08:00").await;
    assert_eq!(world.posts("hook").len(), 1, "and goes on when it is mended");
}

#[tokio::test]
async fn messages_that_waited_in_hundreds_are_composed_anew_within_seconds() {
    let mut server = Server::smtp().await;
    let mut config = town_on(&server);
    let mut rows = String::from("id,title,unit,lead,owner,opened,due\n");
    for n in 0..500 {
        config.push_str(&format!(
            "[people.p{n}]\nname = \"Person {n}\"\nemail = \"p{n}@example.org\"\n"
        ));
        rows.push_str(&format!("{n},Task {n},works,cat,p{n},2026-01-01,2026-03-05\n"));
    }
    let mut world = World::new(&config, &rows);
    server.go_away();
    world.start("2026-03-02T09:00:00+08:00").await;
    world.run_until("2026-03-02T12:00:00+08:00").await;
    server.come_back().await;
    let started = duban::clock::Stopwatch::start();
    world.run_until("2026-03-02T13:00:00+08:00").await;
    assert_eq!(
        server
            .seen()
            .mails
            .iter()
            .filter(|mail| mail.to.starts_with('p'))
            .count(),
        500
    );
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}
