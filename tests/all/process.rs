//! The program itself: killed at random moments, acted upon from outside, started twice, and listened to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use duban::clock::{Clock, Stopwatch, SystemClock};
use duban::rules::progress::Act;
use duban::store::{Access, Store};
use tempfile::TempDir;

use crate::servers::Server;
use crate::world::{HEADER, TOWN, act_on, posts};

/// Starts the program on a folder; what it logs goes to a file there.
pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Child {
    let log = File::options().create(true).append(true).open(dir.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_duban"))
        .arg("run")
        .arg("-c")
        .arg(dir.join("duban.toml"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn logged(dir: &Path) -> String {
    fs::read_to_string(dir.join("log")).unwrap()
}

/// Asks a program to end, and waits until it has.
pub(crate) fn terminate(mut child: Child) {
    let asked = Command::new("kill")
        .arg("-TERM")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success());
    assert!(child.wait().unwrap().success());
}

/// Waits until something holds, for as long as a slow machine may take.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = Stopwatch::start();
    while !holds() {
        assert!(waited.elapsed().as_secs() < 120, "{what} never came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until nothing is left to send; what was under way at a kill is sent once more, under its own id.
pub(crate) async fn until_sent(store: &Store) {
    let waited = Stopwatch::start();
    loop {
        let counts = store.counts().await.unwrap();
        if (counts.waiting, counts.sending) == (0, 0) {
            assert_eq!(counts.undeliverable, 0);
            return;
        }
        assert!(waited.elapsed().as_secs() < 120, "{counts:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A folder with a configuration and a ledger.
pub(crate) fn folder(config: &str, ledger: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("duban.toml"), config).unwrap();
    fs::write(dir.path().join("ledger.csv"), ledger).unwrap();
    dir
}

/// Numbers that are the same in every run.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// As many people, half of them told by mail and half by webhook, each with a task that is long overdue.
fn crowd(people: usize, mail: u16, hook: u16) -> (String, String) {
    let head = TOWN.split_once("[ladders.standard]").unwrap().0;
    let mut config = head
        .replace("file:mail", &format!("smtp://127.0.0.1:{mail}"))
        .replace("file:hook", &format!("http://127.0.0.1:{hook}/hook"))
        + "[ladders.standard]\nsteps = [{ at = \"+1wd\", level = \"overdue\", to = [\"owner\"] }]\n[delivery]\ngather = \"0s\"\n";
    let mut ledger = "id,title,unit,lead,owner,opened,due\n".to_owned();
    for n in 0..people {
        let channel = if n % 2 == 0 { "mail" } else { "hook" };
        config += &format!(
            "[people.p{n}]\nname = \"Person {n}\"\nemail = \"p{n}@example.org\"\nchannels = [\"{channel}\"]\n"
        );
        ledger += &format!("{n},Task {n},works,cat,p{n},2026-01-01,2026-03-05\n");
    }
    (config, ledger)
}

/// Kills the program so often at random moments while it tells a crowd; then lets it finish.
async fn kill_while_telling(people: usize, kills: usize, life: u64, delay: u64) {
    let (mail, hook) = (Server::smtp().await, Server::http().await);
    for server in [&mail, &hook] {
        server.seen().delay = Duration::from_millis(delay);
    }
    let (config, ledger) = crowd(people, mail.port, hook.port);
    let dir = folder(&config, &ledger);
    let mut seed = Seed(20_260_302);
    let mut in_flight = 0;
    for kill in 0..kills {
        let arrivals = || mail.seen().mails.len() + hook.seen().posts.len();
        let before = arrivals();
        let mut child = start(dir.path(), &[]);
        if kill % 2 == 0 {
            // While messages go out.
            until("a message", || {
                arrivals() > before || told(&mail, &hook).len() == people
            })
            .await;
            tokio::time::sleep(Duration::from_millis(seed.below(life / 4))).await;
            in_flight += usize::from(told(&mail, &hook).len() < people);
        } else {
            // At any time, the start included.
            tokio::time::sleep(Duration::from_millis(seed.below(life))).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = start(dir.path(), &[]);
    until("the last message", || told(&mail, &hook).len() == people).await;
    let path = dir.path().join("duban.db");
    let opened = Store::open(&path, Access::Look, SystemClock.now()).await.unwrap();
    until_sent(&opened.store).await;
    terminate(last);

    let told = told(&mail, &hook);
    let twice: Vec<_> = told.iter().filter(|(_, ids)| ids.len() != 1).collect();
    assert!(twice.is_empty(), "a repeat carries another id: {twice:?}");
    opened.store.verify().await.unwrap();
    assert!(
        in_flight * 4 >= kills,
        "only {in_flight} of {kills} kills fell while messages went out"
    );
}

/// For each person, the ids under which something came.
fn told(mail: &Server, hook: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in mail.seen().mails.iter().filter(|mail| mail.kind == "notice") {
        let who = mail.to.split('@').next().unwrap().to_owned();
        told.entry(who).or_default().insert(mail.id.clone());
    }
    for (id, post) in hook
        .seen()
        .posts
        .iter()
        .filter(|(_, post)| post["type"] == "duban.notice")
    {
        let who = post["data"]["recipient"]["id"].as_str().unwrap().to_owned();
        told.entry(who).or_default().insert(id.clone());
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times_while_messages_go_out_it_loses_none_and_repeats_keep_their_ids() {
    kill_while_telling(400, 20, 900, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn killed_two_hundred_times_while_two_thousand_messages_go_out_it_loses_none_and_repeats_keep_their_ids() {
    kill_while_telling(2000, 200, 1500, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_the_same_store_is_refused_and_told_who_holds_it() {
    let dir = folder(
        TOWN,
        &(HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2026-03-05\n"),
    );
    let first = start(dir.path(), &[]);
    until("the first mail", || !posts_or_mails(dir.path()).is_empty()).await;
    let second = Command::new(env!("CARGO_BIN_EXE_duban"))
        .arg("run")
        .arg("-c")
        .arg(dir.path().join("duban.toml"))
        .env_clear()
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{words}");
    assert!(words.contains(&first.id().to_string()), "{words}");
    terminate(first);
}

fn posts_or_mails(dir: &Path) -> Vec<String> {
    let mails = crate::eml::read_folder(&dir.join("mail"))
        .into_iter()
        .map(|mail| mail.subject);
    let posts = posts(&dir.join("hook"));
    mails.chain(posts.iter().map(ToString::to_string)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_beside_a_running_daemon_changes_what_it_does_within_two_seconds() {
    // A report is followed by a word to the lead one second later.
    let steps =
        "steps = [{ from = \"reported\", at = \"+1s\", level = \"remind\", to = [\"lead\"], until = \"closed\" }]";
    let (head, _) = TOWN.split_once("[ladders.standard]").unwrap();
    let config = format!("{head}[ladders.standard]\n{steps}\n[delivery]\ngather = \"0s\"\n");
    let dir = folder(
        &config,
        &(HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2099-03-05\n"),
    );
    let child = start(dir.path(), &["--first-load", "quiet"]);
    let to_cat = || {
        let mut mails = crate::eml::read_folder(&dir.path().join("mail"));
        mails.retain(|mail| mail.to == "cat@example.org");
        mails.len()
    };
    until("the word of the new store", || !posts_or_mails(dir.path()).is_empty()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let before = to_cat();
    let now = SystemClock.now();
    let beside = Store::open(&dir.path().join("duban.db"), Access::Act, now)
        .await
        .unwrap()
        .store;
    let acted = Stopwatch::start();
    act_on(
        &beside,
        "1",
        &Act::Report {
            progress: "begun".into(),
        },
        now,
    )
    .await;
    until("what follows from the report", || to_cat() > before).await;
    // One second of the ladder, and less than two for the daemon to notice.
    assert!(acted.elapsed() < Duration::from_secs(3), "{:?}", acted.elapsed());
    terminate(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_logged_holds_an_address_a_password_or_a_token() {
    const PASSWORD: &str = "correct-horse-battery";
    const TOKEN: &str = "tok-5f3a9c";
    for format in ["text", "json"] {
        let (mail, hook) = (Server::smtp().await, Server::http().await);
        mail.seen()
            .refusals
            .insert("ann".into(), "550 5.1.1 <ann@example.org> is unknown".into());
        mail.seen()
            .refusals
            .insert("ben".into(), "451 4.3.0 <ben@example.org> later".into());
        let gone = Server::http().await.port;
        let config = TOWN
            .replace(
                "file:mail\"",
                &format!(
                    "smtp://127.0.0.1:{}\"\nusername = \"duban-login\"\npassword = \"{PASSWORD}\"",
                    mail.port
                ),
            )
            .replace("file:hook", &format!("http://127.0.0.1:{}/{TOKEN}", hook.port))
            .replace(
                "to = [\"owner\"], every",
                "to = [\"owner\", \"head\", \"lead\", \"channel:gone\"], every",
            )
            + &format!(
                "[channels.gone]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{gone}/{TOKEN}\"\n[delivery]\ngather = \"0s\"\n"
            );
        let dir = folder(
            &config,
            &(HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2026-03-05\n"),
        );
        let filter = "debug";
        let child = start(dir.path(), &["--log-format", format, "--log", filter]);
        until("the refusals", || {
            mail.seen().named.iter().any(|who| who == "ann") && mail.seen().named.iter().any(|who| who == "ben")
        })
        .await;
        until("a message that arrives", || !mail.mails_to("cat").is_empty()).await;
        tokio::time::sleep(Duration::from_millis(800)).await;
        terminate(child);
        let log = logged(dir.path());
        assert!(log.contains("undeliverable"), "{format}: something is logged: {log}");
        for secret in [PASSWORD, TOKEN, "example.org", "duban-login", "Task 1"] {
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(lines.is_empty(), "{format}: {secret} is logged: {lines:#?}");
        }
    }
}

/// Sends a signal to a program.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_loads_changed_files_by_itself_and_at_a_hangup_and_survives_garbage_and_a_storm() {
    let rows = HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2099-03-05\n";
    let dir = folder(TOWN, &rows);
    let child = start(dir.path(), &[]);
    let counted = |text: &str| logged(dir.path()).matches(text).count();
    until("the first pass", || {
        dir.path().join("log").exists() && counted("ready: 1 tasks, in order") == 1
    })
    .await;

    // An editor puts a new file in the place of the old one.
    fs::write(
        dir.path().join(".ledger.swp"),
        rows.clone() + "2,Task 2,works,cat,2026-01-01,2099-03-05\n",
    )
    .unwrap();
    fs::rename(dir.path().join(".ledger.swp"), dir.path().join("ledger.csv")).unwrap();
    until("the new row", || counted("the files are in force: 2 tasks") == 1).await;

    fs::write(dir.path().join("duban.toml"), [0xFF, 0x00, 0x13]).unwrap();
    until("the word that the files are broken", || {
        counted("degraded: on the last good load") == 1
    })
    .await;
    fs::remove_file(dir.path().join("duban.toml")).unwrap();
    until("the word that the file is gone", || {
        counted("degraded: on the last good load") == 2
    })
    .await;
    fs::write(dir.path().join("duban.toml"), TOWN).unwrap();
    until("the files in force again", || {
        counted("the files are in force: 2 tasks") == 2
    })
    .await;

    for _ in 0..200 {
        signal(&child, "HUP");
    }
    until("a reload after the storm", || {
        counted("the files are in force: 2 tasks") > 2
    })
    .await;
    let path = dir.path().join("duban.db");
    let opened = Store::open(&path, Access::Look, SystemClock.now()).await.unwrap();
    opened.store.verify().await.unwrap();
    terminate(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_hangs_while_it_is_read_does_not_hold_up_the_end() {
    let dir = folder(
        TOWN,
        &(HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2099-03-05\n"),
    );
    let mut child = start(dir.path(), &["--first-load", "quiet"]);
    until("the first pass", || {
        dir.path().join("log").exists() && logged(dir.path()).contains("ready: 1 tasks, in order")
    })
    .await;
    // As a network mount whose server is gone: whoever opens it waits for somebody who writes.
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::rename(&pipe, dir.path().join("ledger.csv")).unwrap();
    // This end opens when the other one does, and the daemon then waits for bytes as long as it is held.
    let pipe = dir.path().join("ledger.csv");
    let holder = std::thread::spawn(move || File::options().write(true).open(pipe).unwrap());
    signal(&child, "HUP");
    until("a reader of the pipe", || holder.is_finished()).await;
    let held = holder.join().unwrap();
    signal(&child, "TERM");
    let waited = Stopwatch::start();
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        if waited.elapsed().as_secs() > 25 {
            child.kill().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(ended.success(), "{ended}: {}", logged(dir.path()));
    drop(held);
    let opened = Store::open(&dir.path().join("duban.db"), Access::Look, SystemClock.now())
        .await
        .unwrap();
    opened.store.verify().await.unwrap();
}
