//! Groups of a chat: what its people see, and what they never see twice.

use std::sync::Arc;

use duban::domain::message::{MessageKind, MessageState};
use duban::domain::notice::NoticeState;
use duban::rules::progress::Act;

use crate::vendors::wecom::WeCom;
use crate::vendors::{Reply, VendorServer};
use crate::world::{HEADER, TOWN, World, at, ledger};

/// A town whose works have a group; leaders and owners are rung there.
fn with_group(channel: &str) -> String {
    TOWN.replace("[people.office]", &format!("{channel}\n[people.office]"))
        .replace("name = \"Ann\"", "name = \"Ann\"\nwecom = \"ann-w\"")
        .replace("name = \"Ben\"", "name = \"Ben\"\nwecom = \"ben-w\"")
        .replace("[units.works]", "[units.works]\ngroup = \"group\"")
        .replace("to = [\"owner\"] }", "to = [\"group\"] }")
        .replace("to = [\"owner\"],", "to = [\"group\"],")
}

async fn wecom(world: &World) -> VendorServer<WeCom> {
    VendorServer::start(WeCom::new("k3y-of-the-group"), Arc::new(world.clock.clone())).await
}

fn channel(server: &VendorServer<WeCom>, more: &str) -> String {
    let url = server.url(&server.vendor().target());
    format!("[channels.group]\ntype = \"wecom\"\nurl = \"{url}\"\n{more}")
}

/// A world whose group is this server's.
async fn grouped(tasks: &str, more: &str) -> (World, VendorServer<WeCom>) {
    let world = World::new("", tasks);
    let server = wecom(&world).await;
    world.write("duban.toml", with_group(&channel(&server, more)));
    (world, server)
}

#[tokio::test]
async fn a_group_gets_one_post_for_all_its_tasks_and_those_concerned_are_rung() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10"), ("2", "2026-03-10")]), "").await;
    world.start("2026-03-09T08:00:00+08:00").await;
    world.run_until("2026-03-10T12:00:00+08:00").await;
    let posts = server.posts();
    assert_eq!(posts.len(), 2, "a late reminder, and the deadline: {posts:#?}");
    let last = &posts[1];
    assert!(
        last.text.contains("Task 1") && last.text.contains("Task 2"),
        "{}",
        last.text
    );
    assert_eq!(last.rings, ["ann-w", "ben-w"]);
    assert_eq!(
        world
            .messages(MessageKind::Undeliverable, MessageState::Delivered)
            .await,
        []
    );
}

#[tokio::test]
async fn three_hundred_notices_at_nine_arrive_in_order_the_worst_first_and_within_the_vendors_limits() {
    let mut rows = HEADER.to_owned();
    for n in 0..300 {
        // A third each is three days late, due today, or due in three working days.
        let due = ["2026-03-05", "2026-03-10", "2026-03-13"][n % 3];
        rows.push_str(&format!(
            "{n},第{n}号整改任务：完善台账并报送佐证材料,works,cat,2026-01-01,{due}\n"
        ));
    }
    let (mut world, server) = grouped(&rows, "").await;
    world.start("2026-03-10T08:59:00+08:00").await;
    world.run_until("2026-03-10T09:30:00+08:00").await;
    let posts = server.posts();
    let all: String = posts.iter().map(|post| post.text.as_str()).collect();
    for n in 0..300 {
        assert!(all.contains(&format!("第{n}号")), "task {n} was lost");
    }
    assert!(posts.iter().all(|post| post.size <= 4096));
    let rung = |post: &crate::vendors::Post| post.rings.contains(&"ann-w".to_owned());
    assert!(
        posts.iter().all(rung),
        "whom a post concerns is rung in its short form too"
    );
    assert_eq!(server.requests().len(), posts.len(), "nothing was refused");
    let at_nine: Vec<_> = posts
        .iter()
        .filter(|post| post.at >= at("2026-03-10T09:00:00+08:00"))
        .collect();
    let place = |word: &str| at_nine.iter().position(|post| post.text.contains(word));
    assert!(
        place("(1/").is_some() && place("(1/") < place("(2/"),
        "parts are numbered and in order"
    );
    assert!(
        world
            .messages(MessageKind::Notice, MessageState::Waiting)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_refused_form_goes_as_plain_text_under_its_own_id_and_once() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10")]), "").await;
    let refusal = serde_json::json!({"errcode": 40008, "errmsg": "invalid message type"});
    server.vendor().answer_next(Reply::json(200, &refusal));
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:10:00+08:00").await;
    let posts = server.posts();
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert_eq!(posts[0].raw["msgtype"], "text");
    assert_eq!(posts[0].rings, ["ann-w", "ben-w"]);
    let delivered = world.messages(MessageKind::Notice, MessageState::Delivered).await;
    assert_eq!(delivered.len(), 1);
    assert!(delivered[0].plain, "it is recorded");
    let attempts = world.store().attempts(&delivered[0].id).await.unwrap();
    let outcomes: Vec<&str> = attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(outcomes, ["permanent/message", "delivered"]);
}

#[tokio::test]
async fn what_is_refused_in_both_forms_goes_up_to_somebody_who_can_be_told() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10")]), "").await;
    for _ in 0..2 {
        let refusal = serde_json::json!({"errcode": 40058, "errmsg": "exceed max length"});
        server.vendor().answer_next(Reply::json(200, &refusal));
    }
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:10:00+08:00").await;
    assert_eq!(server.posts(), []);
    let office = world.mails_to("office");
    assert!(office.iter().any(|mail| mail.text.contains("Task 1")), "{office:#?}");
}

#[tokio::test]
async fn a_robot_that_was_removed_stops_its_lane_and_the_office_hears_of_it_once() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10")]), "").await;
    server.vendor().is_removed = true;
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    assert_eq!(server.posts(), []);
    let words = world.words_to_office().await;
    assert_eq!(
        words.iter().filter(|word| word.contains("group")).count(),
        1,
        "{words:?}"
    );
    server.vendor().is_removed = false;
    world.run_until("2026-03-10T11:00:00+08:00").await;
    assert_eq!(server.posts().len(), 1, "what waited is told when the robot is back");
}

#[tokio::test]
async fn a_pause_of_one_robot_holds_no_other() {
    let world = World::new("", &ledger(&[("1", "2026-03-10")]));
    let (one, two) = (wecom(&world).await, wecom(&world).await);
    let second = channel(&two, "").replace("channels.group", "channels.second");
    let config = with_group(&format!("{}\n{second}", channel(&one, "")));
    world.write(
        "duban.toml",
        config.replace("to = [\"group\"]", "to = [\"group\", \"channel:second\"]"),
    );
    let mut world = world;
    let busy = serde_json::json!({"errcode": 45009, "errmsg": "api freq out of limit"});
    one.vendor().answer_next(Reply::json(200, &busy));
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:05:00+08:00").await;
    let (first, second) = (one.posts(), two.posts());
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(
        first[0].at >= second[0].at + chrono::TimeDelta::seconds(60),
        "the first one rests a minute"
    );
}

#[tokio::test]
async fn people_whom_a_group_reaches_are_told_there_in_one_post_and_elsewhere_where_it_is_gone() {
    let (mut world, server) = grouped(
        &ledger(&[("1", "2026-03-10"), ("2", "2026-03-10")]),
        "members = [\"ann\", \"ben\"]",
    )
    .await;
    world.edit("to = [\"group\"] }", "to = [\"owner\", \"head\"] }");
    world.edit("to = [\"group\"],", "to = [\"owner\", \"head\"],");
    for person in ["ann", "ben"] {
        let email = format!("email = \"{person}@example.org\"");
        world.edit(&email, &format!("{email}\nchannels = [\"group\", \"mail\"]"));
    }
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:10:00+08:00").await;
    let posts = server.posts();
    assert_eq!(posts.len(), 1, "{posts:#?}");
    let mut rings = posts[0].rings.clone();
    rings.sort();
    assert_eq!(rings, ["ann-w", "ben-w"]);
    assert!(posts[0].text.contains("Task 1") && posts[0].text.contains("Task 2"));
    for who in ["ann", "ben"] {
        assert_eq!(world.heard("1", who).await.len(), 1, "{who}");
    }
    server.vendor().is_removed = true;
    world.run_until("2026-03-11T12:00:00+08:00").await;
    for who in ["ann", "ben"] {
        assert_eq!(
            world.mails_to(who).len(),
            1,
            "{who} hears by mail what the group cannot take"
        );
        assert_eq!(world.heard("1", who).await.len(), 2, "{who}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_once_more_and_then_somebody_else_is_told() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10")]), "").await;
    for _ in 0..2 {
        server.fault_next(crate::vendors::Fault::CutAfter);
    }
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T12:00:00+08:00").await;
    assert_eq!(server.posts().len(), 2, "twice at most");
    let office = world.mails_to("office");
    assert!(
        office.iter().any(|mail| mail.text.contains("may have arrived")),
        "{office:#?}"
    );
}

#[tokio::test]
async fn the_budget_is_kept_over_a_restart() {
    let mut rows = HEADER.to_owned();
    for n in 0..200 {
        rows.push_str(&format!(
            "{n},{},works,cat,2026-01-01,2026-03-05\n",
            "很长的整改任务名称".repeat(4)
        ));
    }
    let (mut world, server) = grouped(&rows, "").await;
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:00:40+08:00").await;
    let before = server.posts().len();
    assert!(before > 5, "{before}");
    world.restart("2026-03-10T09:00:41+08:00").await;
    world.run_until("2026-03-10T09:10:00+08:00").await;
    assert_eq!(server.requests().len(), server.posts().len(), "nothing was refused");
    assert!(
        world
            .messages(MessageKind::Notice, MessageState::Waiting)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn what_is_settled_while_it_waits_for_the_budget_is_not_posted() {
    let (mut world, server) = grouped(&ledger(&[("1", "2026-03-10")]), "").await;
    let busy = serde_json::json!({"errcode": 45009, "errmsg": "api freq out of limit"});
    server.vendor().answer_next(Reply::json(200, &busy));
    world.start("2026-03-10T09:00:00+08:00").await;
    world.act("1", &Act::Submit).await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    assert_eq!(server.posts(), []);
    let notices = world.store().notices_of_task(&"1".into()).await.unwrap();
    assert!(notices.iter().all(|(_, state, _)| *state != NoticeState::Waiting));
}

#[tokio::test]
async fn parts_that_wait_for_a_robot_that_is_away_are_told_once_when_it_is_back() {
    let mut rows = HEADER.to_owned();
    for n in 100..160 {
        rows.push_str(&format!(
            "{n},完善第{n}号台账并报送佐证材料,works,cat,2026-01-01,2026-03-10\n"
        ));
    }
    let (mut world, mut server) = grouped(&rows, "").await;
    world.start("2026-03-10T08:00:00+08:00").await;
    server.go_away();
    world.run_until("2026-03-10T09:40:00+08:00").await;
    server.come_back().await;
    let before = server.posts().len();
    world.run_until("2026-03-10T11:00:00+08:00").await;
    let posts = server.posts();
    assert!(posts.len() > before + 1, "{} posts", posts.len());
    let all: String = posts.iter().skip(before).map(|post| post.text.as_str()).collect();
    for n in 100..160 {
        assert_eq!(all.matches(&format!("第{n}号")).count(), 1, "task {n}");
    }
    assert_eq!(world.messages(MessageKind::Notice, MessageState::Waiting).await, []);
}

#[tokio::test]
async fn a_crash_between_two_parts_loses_none_and_repeats_at_most_the_one_under_way() {
    let mut rows = HEADER.to_owned();
    for n in 100..160 {
        rows.push_str(&format!(
            "{n},完善第{n}号台账并报送佐证材料,works,cat,2026-01-01,2026-03-10\n"
        ));
    }
    let (mut world, server) = grouped(&rows, "").await;
    world.start("2026-03-10T08:50:00+08:00").await;
    world.run_until("2026-03-10T09:00:07+08:00").await;
    world.crash();
    world.start("2026-03-10T09:00:10+08:00").await;
    world.run_until("2026-03-10T10:00:00+08:00").await;
    let posts = server.posts();
    let at_nine = posts.iter().filter(|post| post.at >= at("2026-03-10T09:00:00+08:00"));
    let all: String = at_nine.map(|post| post.text.as_str()).collect();
    for n in 100..160 {
        assert_eq!(all.matches(&format!("第{n}号")).count(), 1, "task {n}");
    }
}
