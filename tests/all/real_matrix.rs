//! Group posts against Synapse: the daemon is killed while it posts, and is told to slow down, and each post stands in its
//! room exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;

use duban::clock::{Clock, Stopwatch, SystemClock};
use duban::domain::message::MessageState;
use duban::store::{Access, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::homeserver::{FAST, Homeserver, Pace};
use crate::process::{Seed, folder, start, terminate, until, until_sent};
use crate::wire::Wire;
use crate::world::{HEADER, TOWN};

/// Where all posts stand.
const ROOMS: usize = 3;

/// A server, its users and rooms, the wire to it, and a Duban that posts there.
struct Stage {
    server: Homeserver,
    wire: Wire,
    bot: String,
    zhang: String,
    rooms: Vec<String>,
    dir: TempDir,
    groups: usize,
    tasks: usize,
}

impl Stage {
    /// As many groups, in three rooms; there is no task yet.
    async fn set(pace: &Pace, groups: usize) -> Self {
        let server = Homeserver::start(pace).await;
        let (bot, zhang) = (server.register("bot"), server.register("zhang"));
        let rooms: Vec<String> = (0..ROOMS).map(|_| server.room(&bot, "zhang", &zhang)).collect();
        let wire = Wire::to(server.port).await;
        let head = TOWN.split_once("[ladders.standard]").unwrap().0;
        let mut config = head.to_owned()
            + "[ladders.standard]\nsteps = [{ at = \"+1wd\", level = \"overdue\", to = [\"group\"] }]\n\
               [delivery]\ngather = \"0s\"\n";
        for group in 0..groups {
            config += &format!(
                "[channels.g{group}]\ntype = \"matrix\"\nurl = \"http://127.0.0.1:{}\"\ntoken = \"{bot}\"\nroom = \"{}\"\n\
                 budget = \"1000/min\"\n[units.u{group}]\nname = \"Unit {group}\"\nhead = \"ben\"\ngroup = \"g{group}\"\n",
                wire.port,
                rooms[group % ROOMS],
            );
        }
        Self {
            server,
            wire,
            bot,
            zhang,
            rooms,
            dir: folder(&config, HEADER),
            groups,
            tasks: 0,
        }
    }

    /// One more overdue task for each group.
    fn add_tasks(&mut self) {
        let mut ledger = File::options()
            .append(true)
            .open(self.path().join("ledger.csv"))
            .unwrap();
        for group in 0..self.groups {
            let task = self.tasks;
            let due = format!("2026-{:02}-{:02}", 1 + task % 6, 5 + task % 17);
            writeln!(ledger, "{task},{},u{group},cat,2025-12-01,{due}", title(task)).unwrap();
            self.tasks += 1;
        }
    }

    /// Whether all is sent that there is.
    fn is_all_begun(&self) -> bool {
        self.begun() == self.tasks
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// How many of the messages the server was asked to post, each counted once.
    fn begun(&self) -> usize {
        let seen = self.wire.seen();
        seen.asked.iter().collect::<BTreeSet<_>>().len()
    }

    /// Waits until nothing is left to send, and says what became of each attempt.
    async fn until_sent(&self) -> BTreeMap<String, usize> {
        let path = self.path().join("duban.db");
        let store = Store::open(&path, Access::Look, SystemClock.now()).await.unwrap().store;
        until_sent(&store).await;
        store.verify().await.unwrap();
        let mut outcomes = BTreeMap::new();
        for message in store.messages(&[MessageState::Delivered], 10_000).await.unwrap() {
            for attempt in store.attempts(&message.id).await.unwrap() {
                *outcomes.entry(attempt.outcome).or_default() += 1;
            }
        }
        outcomes
    }

    /// Zhang reads each post once, each under an id of its own, and each task once.
    fn check_what_zhang_reads(&self) {
        let read = |token: &str| -> Vec<Value> {
            let rooms = self.rooms.iter();
            rooms.flat_map(|room| self.server.messages(token, room)).collect()
        };
        let posts = read(&self.zhang);
        let bodies: BTreeSet<&str> = posts
            .iter()
            .map(|post| post["content"]["body"].as_str().unwrap())
            .collect();
        assert_eq!((posts.len(), bodies.len()), (self.tasks, self.tasks));
        // Only who sent a post sees under which id.
        let ids: BTreeSet<String> = read(&self.bot)
            .iter()
            .map(|post| post["unsigned"]["transaction_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), self.tasks);
        assert_eq!(ids, self.wire.seen().asked.iter().cloned().collect());
        for task in 0..self.tasks {
            let told = bodies.iter().filter(|body| body.contains(&title(task))).count();
            assert_eq!(told, 1, "{}", title(task));
        }
    }
}

/// A running program, which ends with its test.
struct Daemon(Option<Child>);

impl Daemon {
    fn start(dir: &Path) -> Self {
        Self(Some(start(dir, &[])))
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn terminate(mut self) {
        terminate(self.0.take().unwrap());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Drop for Stage {
    #[expect(clippy::print_stderr, reason = "a failed test shows what the daemon said")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.path().join("log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().skip(log.lines().count().saturating_sub(40)).collect();
            eprintln!("what the daemon logged last:\n{}", last.join("\n"));
        }
    }
}

fn title(task: usize) -> String {
    format!("整改{task:03}号事项")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs matrix-synapse"]
async fn killed_fifty_times_while_it_posts_every_post_stands_in_its_room_exactly_once() {
    const KILLS: usize = 50;
    let mut stage = Stage::set(&FAST, 6).await;
    let mut seed = Seed(20_261_123);
    for kill in 0..KILLS {
        // Something new to say, beside what the last kill left.
        stage.add_tasks();
        let some = usize::try_from(seed.below(4)).unwrap();
        let mut daemon = Daemon::start(stage.path());
        match kill % 3 {
            0 => {
                // The server takes it, and its answer never comes: the worst moment.
                let goal = stage.wire.hold_after(some);
                until("an answer to hold back", || stage.wire.seen().held > goal).await;
            }
            1 => {
                let goal = stage.wire.seen().asked.len() + some;
                until("a post", || stage.wire.seen().asked.len() > goal).await;
            }
            _ => {
                let goal = stage.wire.seen().answered.len() + some;
                until("an answer", || stage.wire.seen().answered.len() > goal).await;
            }
        }
        daemon.kill();
        stage.wire.seen().hold_from = None;
    }
    let begun = stage.begun();
    let repeats = stage.wire.seen().asked.len() - begun;
    assert!(repeats >= KILLS, "only {repeats} posts were asked for again");
    let last = Daemon::start(stage.path());
    until("the last post", || stage.is_all_begun()).await;
    let outcomes = stage.until_sent().await;
    last.terminate();
    stage.check_what_zhang_reads();
    assert_eq!(
        outcomes["delivered"],
        stage.tasks + 1,
        "with the word of the new store: {outcomes:?}"
    );
    assert!(outcomes["unknown"] >= KILLS, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs matrix-synapse"]
async fn told_to_slow_down_it_posts_everything_later_and_nothing_twice() {
    let pace = Pace {
        per_second: "0.5",
        at_once: 3,
    };
    let mut stage = Stage::set(&pace, 9).await;
    stage.add_tasks();
    let began = Stopwatch::start();
    let daemon = Daemon::start(stage.path());
    until("the last post", || stage.is_all_begun()).await;
    let outcomes = stage.until_sent().await;
    daemon.terminate();
    stage.check_what_zhang_reads();
    assert!(stage.wire.seen().answered.contains(&429), "{outcomes:?}");
    assert!(outcomes["retry-after"] >= 1, "{outcomes:?}");
    // Three at once, and then one in two seconds.
    assert!(began.elapsed().as_secs() >= 10, "{:?}", began.elapsed());
}
