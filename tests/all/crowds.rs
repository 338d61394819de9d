//! Many people, tasks and channels around one group: nobody is forgotten, nobody is told twice, nothing is left away.

use std::fmt::Write as _;
use std::sync::Arc;

use duban::domain::message::{MessageKind, MessageState};

use crate::vendors::telegram::Telegram;
use crate::vendors::wecom::WeCom;
use crate::vendors::{Fault, Reply, VendorServer};
use crate::world::{HEADER, TOWN, World, ledger};

async fn wecom(world: &World) -> VendorServer<WeCom> {
    VendorServer::start(WeCom::new("k3y"), Arc::new(world.clock.clone())).await
}

fn channel(server: &VendorServer<WeCom>, id: &str, more: &str) -> String {
    let url = server.url(&server.vendor().target());
    format!("[channels.{id}]\ntype = \"wecom\"\nurl = \"{url}\"\n{more}\n[people.office]")
}

/// Ann and Ben hear of their tasks in a group, and by mail where that is gone.
async fn shared(tasks: &str) -> (World, VendorServer<WeCom>) {
    let world = World::new("", tasks);
    let server = wecom(&world).await;
    let config = TOWN
        .replace(
            "[people.office]",
            &channel(&server, "group", "members = [\"ann\", \"ben\"]"),
        )
        .replace("to = [\"owner\"] }", "to = [\"owner\", \"head\"] }")
        .replace(
            "email = \"ann@example.org\"",
            "email = \"ann@example.org\"\nwecom = \"ann-w\"\nchannels = [\"group\", \"mail\"]",
        )
        .replace(
            "email = \"ben@example.org\"",
            "email = \"ben@example.org\"\nwecom = \"ben-w\"\nchannels = [\"group\", \"mail\"]",
        );
    world.write("duban.toml", config);
    (world, server)
}

/// So many tasks that are due on the tenth of March, with numbers that are found in texts.
fn many(count: usize) -> String {
    let mut rows = HEADER.to_owned();
    for n in 100..100 + count {
        writeln!(
            rows,
            "{n},完善第{n}号台账并报送佐证材料,works,cat,2026-01-01,2026-03-10"
        )
        .unwrap();
    }
    rows
}

fn refusal() -> Reply {
    Reply::json(
        200,
        &serde_json::json!({"errcode": 40058, "errmsg": "exceed max length"}),
    )
}

#[tokio::test]
async fn a_channel_that_shares_its_robot_with_one_that_has_nothing_to_say_is_served() {
    let mut world = World::new("", &ledger(&[("1", "2026-03-10")]));
    let bot = VendorServer::start(Telegram::new("12:abc", -1001), Arc::new(world.clock.clone())).await;
    let chat = |id: &str, chat: i64| {
        let url = bot.url("");
        format!("[channels.{id}]\ntype = \"telegram\"\nurl = \"{url}\"\ntoken = \"12:abc\"\nchat_id = {chat}\n")
    };
    let robot = wecom(&world).await;
    let mut channels = chat("a-quiet", -9) + &chat("b-busy", -1001);
    channels += &channel(&robot, "c-quiet", "").replace("[people.office]", "");
    channels += &channel(&robot, "d-busy", "");
    let config = TOWN
        .replace("[people.office]", &channels)
        .replace("to = [\"owner\"] }", "to = [\"channel:b-busy\", \"channel:d-busy\"] }");
    world.write("duban.toml", config);
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:05:00+08:00").await;
    assert_eq!((bot.posts().len(), robot.posts().len()), (1, 1));
}

#[tokio::test]
async fn a_refused_form_leaves_no_task_away_though_plain_posts_hold_less() {
    let (mut world, server) = shared(&many(60)).await;
    server.vendor().refuse_markdown = true;
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    let posts = server.posts();
    let all: String = posts.iter().map(|post| post.text.as_str()).collect();
    for n in 100..160 {
        assert_eq!(all.matches(&format!("第{n}号")).count(), 1, "task {n}");
    }
    assert!(
        posts
            .iter()
            .all(|post| post.raw["msgtype"] == "text" && post.size <= 2048)
    );
    assert_eq!(
        world
            .messages(MessageKind::Undeliverable, MessageState::Delivered)
            .await,
        []
    );
    assert_eq!(world.messages(MessageKind::Notice, MessageState::Waiting).await, []);
}

#[tokio::test]
async fn what_a_group_refuses_goes_to_each_by_mail_and_not_there_again() {
    let (mut world, server) = shared(&ledger(&[("1", "2026-03-10")])).await;
    for _ in 0..9 {
        server.vendor().answer_next(refusal());
    }
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    assert_eq!(server.requests().len(), 2, "once in each form");
    for who in ["ann", "ben"] {
        let mails = world.mails_to(who);
        assert_eq!(mails.len(), 1, "{who}");
        assert!(
            !mails[0].text.contains("could not reach"),
            "it is their own: {}",
            mails[0].text
        );
    }
}

#[tokio::test]
async fn what_may_have_arrived_in_a_group_is_there_twice_at_most() {
    let (mut world, server) = shared(&ledger(&[("1", "2026-03-10")])).await;
    for _ in 0..9 {
        server.fault_next(Fault::CutAfter);
    }
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T20:00:00+08:00").await;
    assert_eq!(server.posts().len(), 2);
    assert_eq!((world.mails_to("ann").len(), world.mails_to("ben").len()), (1, 1));
}

#[tokio::test]
async fn a_daemon_that_dies_in_posting_again_and_again_posts_it_twice_at_most() {
    let (mut world, server) = shared(&ledger(&[("1", "2026-03-10")])).await;
    world.start("2026-03-09T09:00:00+08:00").await;
    world.run_until("2026-03-10T08:59:59+08:00").await;
    let before = server.posts().len();
    for minute in 0..6 {
        // The post is claimed, and the power is cut before its answer is written down.
        let now = crate::world::at("2026-03-10T09:00:05+08:00") + chrono::TimeDelta::minutes(minute * 10);
        world.clock.set(now);
        world.engine().decide(now, duban::daemon::Gather::Done).await.unwrap();
        let lanes = [("group".into(), 1)];
        world.store().claim(now, &lanes).await.unwrap();
        world.crash();
        world.begin_at(now).await.unwrap();
    }
    world.run_until("2026-03-10T12:00:00+08:00").await;
    assert!(
        server.posts().len() - before <= 1,
        "it was never answered and counts as posted"
    );
    assert_eq!((world.mails_to("ann").len(), world.mails_to("ben").len()), (1, 1));
}

#[tokio::test]
async fn fifty_people_of_one_group_hear_in_one_message_each_task_once() {
    let mut people = String::new();
    let mut units = String::new();
    let mut rows = HEADER.to_owned();
    for n in 100..150 {
        writeln!(
            people,
            "[people.p{n}]\nname = \"P{n}\"\nwecom = \"w{n}\"\nchannels = [\"group\"]"
        )
        .unwrap();
        writeln!(
            units,
            "[units.u{n}]\nname = \"U{n}\"\ncontacts = [\"p{n}\"]\nhead = \"p{}\"",
            (n + 1 - 100) % 50 + 100
        )
        .unwrap();
        writeln!(rows, "{n},完善第{n}号台账,u{n},cat,2026-01-01,2026-03-10").unwrap();
    }
    let mut world = World::new("", &rows);
    let server = wecom(&world).await;
    let members: Vec<String> = (100..150).map(|n| format!("\"p{n}\"")).collect();
    let group = channel(&server, "group", &format!("members = [{}]", members.join(", ")));
    let config = TOWN
        .replace("[people.office]", &format!("{people}{units}{group}"))
        .replace("to = [\"owner\"] }", "to = [\"owner\", \"head\"] }");
    world.write("duban.toml", config);
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:30:00+08:00").await;
    let posts = server.posts();
    let all: String = posts.iter().map(|post| post.text.as_str()).collect();
    for n in 100..150 {
        assert_eq!(all.matches(&format!("第{n}号")).count(), 1, "task {n}");
        assert!(
            posts.iter().any(|post| post.rings.contains(&format!("w{n}"))),
            "p{n} is rung"
        );
    }
    let parts: Vec<bool> = (1..=posts.len())
        .map(|n| posts[n - 1].text.contains(&format!("({n}/{})", posts.len())))
        .collect();
    assert!(parts.iter().all(|is_so| *is_so), "one message, its parts in order");
}

#[tokio::test]
async fn in_a_group_the_deputy_is_rung_for_who_is_away() {
    let world = World::new("", &ledger(&[("1", "2026-03-10")]));
    let server = wecom(&world).await;
    let config = TOWN
        .replace("[people.office]", &channel(&server, "group", ""))
        .replace(
            "name = \"Ann\"",
            "name = \"Ann\"\nwecom = \"ann-w\"\ndeputy = \"cat\"\naway = [{ from = 2026-03-01, until = 2026-03-20 }]",
        )
        .replace("name = \"Cat\"", "name = \"Cat\"\nwecom = \"cat-w\"")
        .replace("to = [\"owner\"] }", "to = [\"channel:group\"] }");
    world.write("duban.toml", config);
    let mut world = world;
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:05:00+08:00").await;
    assert_eq!(server.posts()[0].rings, ["cat-w"]);
}

#[tokio::test]
async fn a_pause_that_the_robot_asked_for_holds_after_a_restart() {
    let (mut world, server) = shared(&ledger(&[("1", "2026-03-10")])).await;
    let busy = serde_json::json!({"errcode": 45009, "errmsg": "api freq out of limit"});
    server.vendor().answer_next(Reply::json(200, &busy));
    world.start("2026-03-10T09:00:00+08:00").await;
    world.restart("2026-03-10T09:00:20+08:00").await;
    world.run_until("2026-03-10T09:00:50+08:00").await;
    assert_eq!(server.requests().len(), 1);
    world.run_until("2026-03-10T09:02:00+08:00").await;
    assert_eq!(server.posts().len(), 1);
}

#[tokio::test]
async fn a_long_review_whose_group_is_gone_goes_by_mail_once() {
    let (mut world, server) = shared(&many(80)).await;
    world.edit(
        "[units.works]",
        "[reviews.weekly]\ncron = \"0 10 * * *\"\nto = [\"person:ann\"]\non_day_off = \"send\"\n[units.works]",
    );
    world.start("2026-03-09T09:00:00+08:00").await;
    server.vendor().is_removed = true;
    world.run_until("2026-03-09T11:00:00+08:00").await;
    let reviews = world.messages(MessageKind::Review, MessageState::Delivered).await;
    assert_eq!(
        reviews.len(),
        1,
        "{:?}",
        reviews.iter().map(|m| (&m.id, &m.channel)).collect::<Vec<_>>()
    );
    let mails = world.mails_to("ann");
    let about = mails.iter().filter(|mail| mail.text.contains("第100号"));
    assert!(about.count() >= 1);
}
