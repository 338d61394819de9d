//! Files that change while the daemon runs: put in force as a whole, or refused as a whole.

use std::fs;
use std::time::Duration;

use chrono::TimeDelta;
use duban::clock::Clock;
use duban::daemon::{Gather, TakenIn};
use duban::domain::message::{MessageKind, MessageState};

use crate::servers::Server;
use crate::world::{TOWN, World, at, ledger};

const START: &str = "2026-03-02T08:00:00+08:00";

async fn running(config: &str, tasks: &[(&str, &str)]) -> World {
    let mut world = World::new(config, &ledger(tasks));
    world.start(START).await;
    world.run_until("2026-03-02T08:10:00+08:00").await;
    world
}

fn degraded(world: &World) -> Vec<String> {
    world.engine().health().standing().degraded
}

#[tokio::test]
async fn a_changed_ledger_and_a_changed_configuration_are_in_force_without_a_restart() {
    let mut world = running(TOWN, &[("1", "2026-03-20")]).await;
    world.write("ledger.csv", ledger(&[("1", "2026-03-20"), ("2", "2026-03-05")]));
    world.edit("contacts = [\"ann\"]", "contacts = [\"cat\"]");
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(2)));
    world.run_until("2026-03-02T12:00:00+08:00").await;
    assert_eq!(world.heard("2", "cat").await, ["due-3wd/remind"]);
    assert_eq!(world.mails_to("ann").len(), 0);
    assert_eq!(world.look_at_files().await, None, "nothing changed since");
}

#[tokio::test]
async fn a_file_that_was_touched_and_says_the_same_is_no_load() {
    let mut world = running(TOWN, &[("1", "2026-03-20")]).await;
    let text = fs::read(world.path("duban.toml")).unwrap();
    fs::remove_file(world.path("duban.toml")).unwrap();
    world.write("duban.toml", text);
    assert_eq!(world.look_at_files().await, Some(TakenIn::Unchanged));
}

#[tokio::test]
async fn a_new_file_that_a_pattern_matches_is_taken_in() {
    let config = format!("include = [\"conf.d/*.toml\"]\n{TOWN}");
    let mut world = running(&config, &[("1", "2026-03-20")]).await;
    fs::create_dir(world.path("conf.d")).unwrap();
    let more = "[[tasks]]\nid = \"9\"\ntitle = \"Nine\"\nunit = \"works\"\nlead = \"cat\"\ndue = 2026-03-20\n";
    world.write("conf.d/more.toml", more);
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(2)));
    fs::remove_file(world.path("conf.d/more.toml")).unwrap();
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(1)));
}

/// What an administrator may do to files by mistake.
type Damage = fn(&World);

const DAMAGES: [(&str, Damage); 6] = [
    ("garbage", |world| world.write("duban.toml", [0xFF, 0x00, 0xFE, 0x13])),
    ("emptied", |world| world.write("duban.toml", "")),
    ("deleted", |world| fs::remove_file(world.path("duban.toml")).unwrap()),
    ("an unknown key", |world| world.edit("locale", "lokale")),
    ("a ledger without rows", |world| {
        world.write("ledger.csv", crate::world::HEADER);
    }),
    ("a certificate authority that is none", |world| {
        world.write("ca.pem", "none");
        world.edit(
            "server = \"file:mail\"",
            "server = \"smtps://127.0.0.1:9\"\nca_file = \"ca.pem\"",
        );
    }),
];

#[tokio::test]
async fn a_bad_file_never_replaces_a_good_one_and_is_told_and_shown_until_it_is_mended() {
    for (what, damage) in DAMAGES {
        let mut world = running(TOWN, &[("1", "2026-03-05")]).await;
        let good = fs::read(world.path("duban.toml")).unwrap();
        let before = world.words_to_office().await.len();
        damage(&world);
        for _ in 0..2 {
            let taken = world.reload().await;
            assert!(matches!(taken, TakenIn::Refused(_)), "{what}: {taken:?}");
        }
        world.run_until("2026-03-02T10:00:00+08:00").await;
        assert!(!degraded(&world).is_empty(), "{what}");
        assert_eq!(world.words_to_office().await.len(), before + 1, "{what}: told once");
        assert_eq!(
            world.heard("1", "ann").await,
            ["due-3wd/remind"],
            "{what}: nobody is silenced"
        );
        world.write("duban.toml", good);
        world.write("ledger.csv", ledger(&[("1", "2026-03-05")]));
        assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(1)), "{what}");
        assert_eq!(degraded(&world), Vec::<String>::new(), "{what}");
        assert_eq!(
            world.words_to_office().await.len(),
            before + 2,
            "{what}: told that it is well"
        );
    }
}

#[tokio::test]
async fn what_cannot_change_while_it_runs_is_refused_with_what_to_do() {
    let changes: [(&str, &str, &str); 2] = [
        ("sqlite:duban.db", "sqlite:other.db", "[store] url cannot change"),
        (
            "[store]",
            "[delivery]\ntrial = \"person:office\"\n[store]",
            "[delivery] trial cannot be turned on",
        ),
    ];
    for (from, to, expected) in changes {
        let mut world = running(TOWN, &[("1", "2026-03-20")]).await;
        world.edit(from, to);
        let Some(TakenIn::Refused(problems)) = world.look_at_files().await else {
            panic!("{expected}: it is taken in");
        };
        assert!(
            problems[0].contains(expected) && problems[0].contains("restart Duban"),
            "{problems:?}"
        );
        assert!(!world.path("other.db").exists());
    }
}

#[tokio::test]
async fn a_reload_that_withdraws_too_much_is_refused_and_withdraws_nothing() {
    let rows: Vec<(String, &str)> = (0..20).map(|n| (n.to_string(), "2026-05-20")).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(id, due)| (id.as_str(), *due)).collect();
    let mut world = running(TOWN, &rows).await;
    world.write("ledger.csv", ledger(&rows[..10]));
    let Some(TakenIn::Refused(problems)) = world.look_at_files().await else {
        panic!("it is taken in");
    };
    assert!(problems[0].contains("--accept-removals"), "{problems:?}");
    let tasks = world.store().tasks().await.unwrap();
    assert!(tasks.iter().all(|stored| !stored.state.withdrawn));
}

#[tokio::test]
async fn while_files_stay_broken_the_office_is_told_once_a_day_whatever_the_restarts() {
    let mut world = running(TOWN, &[("1", "2026-05-20")]).await;
    let before = world.words_to_office().await.len();
    world.write("duban.toml", "x = ");
    world.look_at_files().await;
    for (now, words) in [
        ("2026-03-02T20:00:00+08:00", 1),
        ("2026-03-03T08:59:00+08:00", 1),
        ("2026-03-03T09:01:00+08:00", 2),
        ("2026-03-03T23:00:00+08:00", 2),
        ("2026-03-04T12:00:00+08:00", 3),
    ] {
        // The path of the store cannot be told from broken files, so that a restart needs the good ones' place.
        world.run_until(now).await;
        for _ in 0..3 {
            world.engine().tell_of_load_daily(at(now)).await.unwrap();
        }
        world.run_to(at(now) + TimeDelta::seconds(5)).await;
        assert_eq!(world.words_to_office().await.len(), before + words, "{now}");
    }
}

#[tokio::test]
async fn a_password_that_was_changed_in_its_file_is_read_anew_and_the_stopped_channel_tried_at_once() {
    let server = Server::smtp().await;
    server.seen().refusals.insert("ann".into(), "535 5.7.8 not you".into());
    let config = TOWN
        .replace("file:mail", &format!("smtp://127.0.0.1:{}", server.port))
        .replace(
            "from = \"Duban",
            "username = \"duban\"\npassword = { file = \"password\" }\nfrom = \"Duban",
        );
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.write("password", "old");
    world.start(START).await;
    world.run_until("2026-03-02T08:10:00+08:00").await;
    world.write("password", "new and longer");
    assert_eq!(
        world.look_at_files().await,
        Some(TakenIn::InForce(1)),
        "the secret is part of the files"
    );
    assert_eq!(world.look_at_files().await, None);
}

#[tokio::test]
async fn a_stopped_channel_is_tried_at_once_after_a_reload() {
    let mut server = Server::http().await;
    let config = TOWN
        .replace("file:hook", &format!("http://127.0.0.1:{}/x", server.port))
        .replace("name = \"Ann\"", "name = \"Ann\"\nchannels = [\"hook\"]");
    server.go_away();
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start(START).await;
    world.run_until("2026-03-02T09:02:00+08:00").await;
    assert!(world.store().lanes().await.unwrap()[0].stopped_since.is_some());
    server.come_back().await;
    world.run_until("2026-03-02T09:03:00+08:00").await;
    assert_eq!(server.seen().posts.len(), 0, "its next try is not due");
    assert!(matches!(world.reload().await, TakenIn::InForce(1)));
    world.run_until("2026-03-02T09:03:01+08:00").await;
    assert!(!server.seen().posts.is_empty());
    assert!(world.store().lanes().await.unwrap()[0].stopped_since.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_sent_while_files_are_loaded_arrives_once_and_is_settled() {
    let server = Server::smtp().await;
    server.seen().delay = Duration::from_millis(300);
    let config = TOWN.replace("file:mail", &format!("smtp://127.0.0.1:{}", server.port));
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05"), ("2", "2026-03-20")]));
    world.start(START).await;
    world.clock.set(at("2026-03-02T09:00:10+08:00"));
    let helm = world.helm();
    helm.decide(Gather::Done).await.unwrap();
    let sending = tokio::spawn(async move { helm.deliver_all().await.unwrap() });
    world.edit("name = \"Ben\"", "name = \"Benjamin\"");
    let taken = world.look_at_files().await;
    assert_eq!(taken, Some(TakenIn::InForce(2)));
    sending.await.unwrap();
    world.run_until("2026-03-02T09:30:00+08:00").await;
    assert_eq!(server.mails_to("ann").len(), 1);
    let left = world.messages(MessageKind::Notice, MessageState::Sending).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_waits_for_a_channel_that_a_reload_takes_away_goes_by_the_one_that_is_left() {
    let mut server = Server::http().await;
    let config = TOWN
        .replace("file:hook", &format!("http://127.0.0.1:{}/x", server.port))
        .replace("name = \"Ann\"", "name = \"Ann\"\nchannels = [\"hook\"]");
    server.go_away();
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-05")]));
    world.start(START).await;
    world.run_until("2026-03-02T09:02:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), 0);
    world.edit("name = \"Ann\"\nchannels = [\"hook\"]", "name = \"Ann\"");
    world.edit("channels = [\"mail\", \"hook\"]", "channels = [\"mail\"]");
    world.edit(
        &format!(
            "[channels.hook]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{}/x\"\n",
            server.port
        ),
        "",
    );
    assert_eq!(world.look_at_files().await, Some(TakenIn::InForce(1)));
    world.run_until("2026-03-02T09:10:00+08:00").await;
    assert_eq!(world.mails_to("ann").len(), 1);
    assert!(
        world.store().causes().await.unwrap().is_empty(),
        "the gone channel is no news any more"
    );
}

#[tokio::test]
async fn a_crash_right_after_a_load_loses_nothing_of_it() {
    let mut world = running(TOWN, &[("1", "2026-03-20"), ("2", "2026-03-20")]).await;
    world.write("ledger.csv", ledger(&[("1", "2026-03-20")]));
    assert_eq!(world.reload().await, TakenIn::InForce(1));
    let now = world.clock.now();
    world.crash();
    world.start_at(now).await;
    world.run_to(now + TimeDelta::minutes(1)).await;
    let withdrawn: Vec<String> = world.words_to_office().await;
    let told = withdrawn
        .iter()
        .filter(|subject| subject.contains("missing from the ledger"))
        .count();
    assert_eq!(told, 1, "{withdrawn:?}");
}
