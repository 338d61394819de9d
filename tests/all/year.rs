//! A year of accidents, from a seed: acts, crashes, servers that go away, changed files, clocks that jump. Nothing is early,
//! nothing is lost, nothing comes twice under another id, and at the end it is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use duban::clock::Clock;
use duban::daemon::{Gather, forecast};
use duban::domain::notice::NoticeState;
use duban::domain::task::Phase;
use duban::rules::progress::Act;

use crate::servers::Server;
use crate::world::{TOWN, World, at, ledger};

const TASKS: usize = 8;

struct Year {
    world: World,
    mail: Server,
    hook: Server,
    is_mail_away: bool,
    is_hook_away: bool,
    seed: u64,
    dues: Vec<DateTime<Utc>>,
}

impl Year {
    async fn new(seed: u64) -> Self {
        let (mail, hook) = (Server::smtp().await, Server::http().await);
        let config = TOWN
            .replace("file:mail", &format!("smtp://127.0.0.1:{}", mail.port))
            .replace("file:hook", &format!("http://127.0.0.1:{}/x", hook.port))
            .replace("name = \"Ann\"", "name = \"Ann\"\nchannels = [\"hook\", \"mail\"]")
            .replace("name = \"Ben\"", "name = \"Ben\"\nchannels = [\"hook\"]")
            .replace(
                "{ at = \"0d\", level = \"due\"",
                "{ from = \"reported\", at = \"+10wd\", level = \"warn\", to = [\"owner\"], every = \"5wd\" },\n  \
                 { from = \"submitted\", at = \"+2wd\", level = \"remind\", to = [\"lead\"], every = \"2wd\" },\n  \
                 { at = \"0d\", level = \"due\"",
            );
        let start = at("2026-01-05T08:00:00+08:00");
        let mut year = Self {
            world: World::new(&config, ""),
            mail,
            hook,
            is_mail_away: false,
            is_hook_away: false,
            seed,
            dues: Vec::new(),
        };
        for _ in 0..TASKS {
            let days = year.below(300);
            year.dues.push(start + TimeDelta::days(days.cast_signed()));
        }
        year.write_ledger();
        year.world.start_at(start).await;
        year
    }

    fn below(&mut self, end: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % end
    }

    fn write_ledger(&self) {
        let rows: Vec<(String, String)> = self
            .dues
            .iter()
            .enumerate()
            .map(|(n, due)| (n.to_string(), due.date_naive().to_string()))
            .collect();
        let rows: Vec<(&str, &str)> = rows.iter().map(|(id, due)| (id.as_str(), due.as_str())).collect();
        self.world.write("ledger.csv", ledger(&rows));
    }

    /// Lets time go on, with whatever comes to mind.
    async fn step(&mut self) {
        if self.below(3) > 0 {
            self.all_servers_come_back().await;
        }
        match self.below(12) {
            0..=3 => self.somebody_acts().await,
            4 => self.crash_while_sending().await,
            5 => {
                self.world.crash();
                let now = self.world.clock.now();
                self.world.start_at(now).await;
            }
            6 | 7 => self.a_server_comes_or_goes().await,
            8 => {
                let (task, days) = (self.below(TASKS as u64), self.below(60));
                let due = self.world.clock.now() + TimeDelta::days(days.cast_signed());
                if let Some(old) = self.dues.get_mut(usize::try_from(task).unwrap()) {
                    *old = due;
                }
                self.write_ledger();
                self.world.stop().await;
                let away = TimeDelta::hours(self.below(72).cast_signed());
                self.world.start_at(self.world.clock.now() + away).await;
            }
            9 => {
                // The clock is set back a little.
                let back = TimeDelta::minutes(self.below(180).cast_signed());
                self.world.clock.set(self.world.clock.now() - back);
            }
            _ => {}
        }
        let days = if self.is_mail_away || self.is_hook_away { 1 } else { 6 };
        let on = TimeDelta::minutes(self.below(days * 24 * 60).cast_signed());
        self.world.run_to(self.world.clock.now() + on).await;
    }

    async fn somebody_acts(&mut self) {
        let acts = [
            Act::Acknowledge,
            Act::Report {
                progress: "more".into(),
            },
            Act::Submit,
            Act::Return { due: None },
            Act::Close { on: None },
            Act::Reopen { due: None },
        ];
        let act = acts[usize::try_from(self.below(acts.len() as u64)).unwrap()].clone();
        let id = self.below(TASKS as u64).to_string();
        let stored = self.world.store().task(&id.as_str().into()).await.unwrap().unwrap();
        if duban::rules::progress::decide(&stored.state, &act).is_ok() {
            self.world.act(&id, &act).await;
        }
    }

    /// Power goes in the middle of sending.
    async fn crash_while_sending(&mut self) {
        let now = self.world.clock.now() + TimeDelta::hours(25);
        self.world.clock.set(now);
        for server in [&self.mail, &self.hook] {
            server.seen().delay = Duration::from_millis(10);
        }
        let engine = self.world.engine();
        let life = Duration::from_millis(self.below(60));
        let living = tokio::spawn(async move {
            engine.decide(now, Gather::Done).await.unwrap();
            engine.deliver_all(now).await.unwrap();
        });
        tokio::time::sleep(life).await;
        living.abort();
        drop(living.await);
        for server in [&self.mail, &self.hook] {
            server.seen().delay = Duration::ZERO;
        }
        self.world.crash();
        self.world.start_at(now).await;
    }

    async fn a_server_comes_or_goes(&mut self) {
        let is_mail = self.below(2) == 0;
        match (is_mail, self.is_mail_away, self.is_hook_away) {
            (true, true, _) => self.mail.come_back().await,
            (true, false, _) => self.mail.go_away(),
            (false, _, true) => self.hook.come_back().await,
            (false, _, false) => self.hook.go_away(),
        }
        self.is_mail_away ^= is_mail;
        self.is_hook_away ^= !is_mail;
    }

    async fn all_servers_come_back(&mut self) {
        if std::mem::take(&mut self.is_mail_away) {
            self.mail.come_back().await;
        }
        if std::mem::take(&mut self.is_hook_away) {
            self.hook.come_back().await;
        }
    }

    /// All servers are there; everything is closed; what waits goes out.
    async fn come_to_rest(&mut self) {
        self.all_servers_come_back().await;
        self.world.run_to(self.world.clock.now() + TimeDelta::days(3)).await;
        for stored in self.world.store().tasks().await.unwrap() {
            if stored.state.standing() < Phase::Closed {
                self.world.act(stored.task.id.as_str(), &Act::Close { on: None }).await;
            }
        }
        self.world.run_to(self.world.clock.now() + TimeDelta::days(1)).await;
    }
}

async fn a_year(seed: u64) {
    let mut year = Year::new(seed).await;
    let end = at("2026-12-20T08:00:00+08:00");
    while year.world.clock.now() < end {
        year.step().await;
    }
    year.come_to_rest().await;

    let store = year.world.store();
    let counts = store.counts().await.unwrap();
    assert_eq!(
        (counts.waiting, counts.sending, counts.undeliverable),
        (0, 0, 0),
        "seed {seed}: nothing waits"
    );
    store.verify().await.unwrap();

    // Under which message ids each notice came by webhook.
    let mut came: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, post) in &year.hook.seen().posts {
        for notice in post["data"]["notices"].as_array().unwrap() {
            let notice = notice["id"].as_str().unwrap().to_owned();
            came.entry(notice).or_default().insert(id.clone());
        }
    }
    let twice: Vec<_> = came.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: {twice:?}");

    let mailed: BTreeSet<String> = year.mail.seen().mails.iter().map(|mail| mail.id.clone()).collect();
    let posted: BTreeSet<String> = year.hook.seen().posts.iter().map(|(id, _)| id.clone()).collect();
    let mut delivered = 0;
    for stored in store.tasks().await.unwrap() {
        for (notice, state, message) in store.notices_of_task(&stored.task.id).await.unwrap() {
            assert!(notice.at >= notice.scheduled, "seed {seed}: early: {notice:?}");
            match state {
                NoticeState::Delivered => {
                    delivered += 1;
                    let id = message.unwrap();
                    assert!(
                        posted.contains(id.as_str()) || mailed.iter().any(|mail| mail.contains(id.as_str())),
                        "seed {seed}: lost: {notice:?}"
                    );
                    let attempts = store.attempts(&id).await.unwrap();
                    let last = attempts.last().unwrap();
                    assert!(last.at >= notice.at, "seed {seed}: sent before its time: {notice:?}");
                }
                NoticeState::Dropped => {}
                NoticeState::Waiting | NoticeState::Queued | NoticeState::Undeliverable => {
                    panic!("seed {seed}: {state:?}: {notice:?}")
                }
            }
        }
    }
    assert!(delivered > 50, "seed {seed}: {delivered} notices were delivered");
    let now = year.world.clock.now();
    let owed = forecast(
        year.world.engine().config(),
        &store.tasks().await.unwrap(),
        &store.all_told().await.unwrap(),
        now,
        now + TimeDelta::days(365),
    );
    assert_eq!(owed, [], "seed {seed}: nothing is owed");
    let before = (year.mail.seen().mails.len(), year.hook.seen().posts.len());
    year.world.run_to(now + TimeDelta::days(60)).await;
    assert_eq!(
        (year.mail.seen().mails.len(), year.hook.seen().posts.len()),
        before,
        "seed {seed}: quiet"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_accidents_loses_nothing_and_tells_nothing_twice() {
    a_year(20_260_105).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn eight_years_of_accidents_lose_nothing_and_tell_nothing_twice() {
    for seed in 100..108 {
        a_year(seed).await;
    }
}
