//! Ways that stop, go, or refuse: whatever happens to them, nobody is forgotten for good and nobody hears twice.

use chrono::TimeDelta;
use duban::domain::message::{MessageKind, MessageState};
use duban::rules::progress::Act;

use crate::servers::Server;
use crate::world::{TOWN, World, at, ledger};

/// The town with its mail at a server.
fn mailed(server: &Server) -> String {
    TOWN.replace("file:mail", &format!("smtp://127.0.0.1:{}", server.port))
}

/// Everybody has the webhook as their second channel.
fn with_second_channels(town: &str) -> String {
    let mut town = town.to_owned();
    for person in ["ann", "ben", "cat"] {
        let email = format!("email = \"{person}@example.org\"");
        town = town.replace(&email, &format!("{email}\nchannels = [\"mail\", \"hook\"]"));
    }
    town
}

#[tokio::test]
async fn a_stopped_lane_is_tried_again_though_everybody_has_another_channel() {
    let mut server = Server::smtp().await;
    server.go_away();
    let mut world = World::new(&with_second_channels(&mailed(&server)), &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:00:00+08:00").await;
    world.run_until("2026-03-10T12:00:00+08:00").await;
    assert!(
        world
            .store()
            .lanes()
            .await
            .unwrap()
            .iter()
            .any(|lane| lane.stopped_since.is_some())
    );
    server.come_back().await;
    world.run_until("2026-03-12T12:00:00+08:00").await;
    assert!(
        world
            .store()
            .lanes()
            .await
            .unwrap()
            .iter()
            .all(|lane| lane.stopped_since.is_none())
    );
    assert!(!server.mails_to("ann").is_empty(), "mail is used again");
}

#[tokio::test]
async fn what_waits_for_a_channel_that_is_gone_goes_by_those_there_are() {
    let mut server = Server::smtp().await;
    server.go_away();
    let mut world = World::new(&mailed(&server), &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:00:00+08:00").await;
    world.run_until("2026-03-10T12:00:00+08:00").await;
    world.edit("[channels.mail]", "[channels.post]");
    world.edit(&format!("smtp://127.0.0.1:{}", server.port), "file:mail");
    world.edit("channels = [\"mail\", \"hook\"]", "channels = [\"post\", \"hook\"]");
    world.restart("2026-03-10T13:00:00+08:00").await;
    world.run_until("2026-03-10T23:00:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), 1);
    assert_eq!(world.messages(MessageKind::Notice, MessageState::Waiting).await, []);
}

#[tokio::test]
async fn what_was_dropped_as_settled_is_told_when_the_task_comes_back() {
    let mut server = Server::smtp().await;
    server.go_away();
    let mut world = World::new(&mailed(&server), &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-09T08:00:00+08:00").await;
    // The escalation to Ben is planned, and waits for the server.
    world.run_until("2026-03-13T10:00:00+08:00").await;
    world.act("1", &Act::Submit).await;
    world.run_until("2026-03-13T11:00:00+08:00").await;
    server.come_back().await;
    world.run_until("2026-03-14T13:00:00+08:00").await;
    assert_eq!(server.mails_to("ben").len(), 0, "the task is submitted");
    world.act("1", &Act::Return { due: None }).await;
    world.run_until("2026-03-16T13:00:00+08:00").await;
    assert_eq!(server.mails_to("ben").len(), 1);
}

#[tokio::test]
async fn who_is_put_off_every_day_is_given_up_though_new_notices_come() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "452 4.2.2 mailbox full".into());
    let town = mailed(&server).replace("times = 5", "times = 50");
    let mut world = World::new(&town, &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:00:00+08:00").await;
    world.run_until("2026-03-20T12:00:00+08:00").await;
    let given_up = world.messages(MessageKind::Notice, MessageState::Undeliverable).await;
    assert!(given_up.iter().any(|message| message.content.recipient.id == "ann"));
    assert!(
        server.mails_to("ben").iter().any(|mail| mail.text.contains("Ann")),
        "it went up to the head"
    );
}

#[tokio::test]
async fn a_message_does_not_age_while_its_endpoint_stands() {
    let mut server = Server::smtp().await;
    server.go_away();
    let mut world = World::new(&mailed(&server), &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:00:00+08:00").await;
    world.run_until("2026-03-19T10:00:00+08:00").await;
    for who in ["ann", "ben"] {
        server
            .seen()
            .refusals
            .insert(who.into(), "451 4.3.0 try again later".into());
    }
    server.come_back().await;
    world.run_until("2026-03-19T20:00:00+08:00").await;
    assert_eq!(
        world.messages(MessageKind::Notice, MessageState::Undeliverable).await,
        []
    );
    server.seen().refusals.clear();
    world.run_until("2026-03-20T08:00:00+08:00").await;
    assert_eq!((server.mails_to("ann").len(), server.mails_to("ben").len()), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_delivered_waits_for_a_way_up_that_is_stopped() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "550 5.1.1 no such user".into());
    let mut hook = Server::http().await;
    hook.go_away();
    // Everybody but Ann is on the webhook alone.
    let town = mailed(&server)
        .replace("file:hook", &format!("http://127.0.0.1:{}/x", hook.port))
        .replace("channels = [\"mail\", \"hook\"]", "channels = [\"hook\"]")
        .replace("email = \"ben@example.org\"", "channels = [\"hook\"]");
    let mut world = World::new(&town, &ledger(&[("1", "2026-03-10"), ("2", "2026-03-05")]));
    world.start("2026-03-10T08:00:00+08:00").await;
    world.run_until("2026-03-10T12:00:00+08:00").await;
    hook.come_back().await;
    world.run_until("2026-03-10T20:00:00+08:00").await;
    let posts = hook.seen().posts.clone();
    let to_ben = posts.iter().any(|(_, post)| {
        post["data"]["recipient"]["id"] == "ben" && post["data"]["text"].as_str().unwrap().contains("Ann")
    });
    assert!(to_ben, "Ann's head hears in her place: {posts:?}");
}

#[tokio::test]
async fn who_is_told_by_all_channels_is_told_once_by_each_though_one_refuses() {
    let server = Server::smtp().await;
    server
        .seen()
        .refusals
        .insert("ann".into(), "550 5.1.1 no such user".into());
    let due = "{ at = \"0d\", level = \"due\", to = [\"owner\"] }";
    let town = with_second_channels(&mailed(&server)).replace(due, &due.replace(" }", ", via = \"all\" }"));
    let mut world = World::new(&town, &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:59:00+08:00").await;
    world.run_until("2026-03-10T20:00:00+08:00").await;
    let due = |post: &serde_json::Value| {
        post["data"]["notices"]
            .as_array()
            .is_some_and(|all| all.iter().any(|notice| notice["step"] == "due/due"))
    };
    let posts = world.posts("hook");
    let to_ann = posts
        .iter()
        .filter(|post| post["data"]["recipient"]["id"] == "ann" && due(post))
        .count();
    assert_eq!(to_ann, 1);
}

#[tokio::test]
async fn both_roles_of_somebody_who_is_gone_are_told_to_those_who_hold_them_now() {
    let mut server = Server::smtp().await;
    server.go_away();
    let due = "{ at = \"0d\", level = \"due\", to = [\"owner\"] }";
    let town = mailed(&server)
        .replace("head = \"ben\"", "head = \"ann\"")
        .replace(due, &due.replace("[\"owner\"]", "[\"owner\", \"head\"]"));
    let mut world = World::new(&town, &ledger(&[("1", "2026-03-10")]));
    world.start("2026-03-10T08:30:00+08:00").await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    world.edit("[people.ann]", "[people.yan]");
    world.edit("contacts = [\"ann\"]", "contacts = [\"yan\"]");
    world.edit("head = \"ann\"", "head = \"ben\"");
    server.come_back().await;
    world.restart("2026-03-10T11:00:00+08:00").await;
    world.run_until("2026-03-10T20:00:00+08:00").await;
    for who in ["yan", "ben"] {
        assert_eq!(world.heard("1", who).await, ["due/due"], "{who}");
    }
}

#[tokio::test]
async fn a_notice_gets_into_one_message_whichever_loop_takes_it() {
    let mut server = Server::http().await;
    server.go_away();
    let mut town = TOWN.replace("file:hook", &format!("http://127.0.0.1:{}/x", server.port));
    let mut rows = crate::world::HEADER.to_owned();
    for n in 0..30 {
        town.push_str(&format!(
            "[people.p{n}]\nchannels = [\"hook\"]\n[units.u{n}]\ncontacts = [\"p{n}\"]\nhead = \"ben\"\n"
        ));
        rows.push_str(&format!("{n},T{n},u{n},cat,2026-01-01,2026-03-10\n"));
    }
    let mut world = World::new(&town, &rows);
    world.start("2026-03-11T09:00:00+08:00").await;
    world.run_until("2026-03-12T08:59:00+08:00").await;
    server.come_back().await;
    let now = at("2026-03-12T09:00:03+08:00");
    world.clock.set(now);
    let (decides, delivers) = (world.engine(), world.engine());
    let deciding = tokio::spawn(async move { decides.decide(now, duban::daemon::Gather::Done).await.map(|_| ()) });
    let delivering = tokio::spawn(async move { delivers.deliver_all(now).await.map(|_| ()) });
    deciding.await.unwrap().unwrap();
    delivering.await.unwrap().unwrap();
    world.run_to(now + TimeDelta::hours(2)).await;
    let mut seen = std::collections::BTreeMap::new();
    for (message, post) in &server.seen().posts {
        for notice in post["data"]["notices"].as_array().into_iter().flatten() {
            let id = notice["id"].as_str().unwrap().to_owned();
            let first = seen.entry(id).or_insert_with(|| message.clone());
            assert_eq!(first, message, "a notice went out in two messages");
        }
    }
    assert!(seen.len() >= 30);
}
