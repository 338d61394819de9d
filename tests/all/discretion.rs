//! A day on which every vendor refuses once and repeats all it was told: nothing of Duban's holds a token, a key, a
//! signature or the secret path of a URL.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use duban::channel::robot::VendorKind;
use duban::clock::SystemClock;
use duban::domain::message::MessageState;
use duban::secret::Secret;
use duban::store::{Access, Store};
use tempfile::TempDir;

use crate::process::{folder, start, terminate, until};
use crate::vendors::all::{AnyVendor, MARK, serve, settings};
use crate::vendors::{Fault, Reply, Request, VendorServer};
use crate::world::{HEADER, TOWN};

/// The vendor whose refusal is for good, so that its lane stops and the office is told.
const STOPPED: VendorKind = VendorKind::Slack;

/// A channel as it stands in a configuration, its secrets in the clear.
fn table(kind: VendorKind, url: &str) -> String {
    let settings = settings(kind, url);
    let line = |key: &str, value: Option<String>| value.map_or(String::new(), |value| format!("{key} = \"{value}\"\n"));
    let clear = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
    let name = kind.as_str();
    format!("[channels.{name}]\ntype = \"{name}\"\n")
        + &line("url", Some(url.trim_end_matches('/').to_owned()))
        + &line("token", clear(&settings.token))
        + &line("secret", clear(&settings.secret))
        + &line("chat_id", settings.chat_id)
        + &line("room", settings.room)
        + &line("topic", settings.topic)
}

/// A refusal that gives back whatever a client may have sent.
fn echo(status: u16, kind: VendorKind, url: &str) -> Reply {
    let settings = settings(kind, url);
    let secrets = [&settings.token, &settings.secret].into_iter().flatten();
    let secrets: Vec<&str> = secrets.map(Secret::reveal).collect();
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let words = format!("no route to {url} or /{path} or {path} with {}", secrets.join(" and "));
    let body =
        serde_json::json!({"errmsg": words, "msg": words, "description": words, "error": words, "message": words});
    Reply::json(status, &body)
}

/// The signatures that went out.
fn signatures(requests: &[Request]) -> Vec<String> {
    let each = requests.iter().flat_map(|request| {
        let raw = request
            .raw_query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("sign="));
        let in_query = request.query.get("sign").cloned();
        let in_body = request.json().and_then(|body| body["sign"].as_str().map(str::to_owned));
        let all = raw.map(str::to_owned).chain(in_query).chain(in_body);
        all.collect::<Vec<_>>()
    });
    each.collect()
}

/// Every file below a folder but the configuration.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("duban.toml") {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// All vendors, and a Duban that posts to a group of each.
struct Day {
    servers: Vec<(VendorKind, VendorServer<AnyVendor>, String)>,
    dir: TempDir,
}

impl Day {
    /// Every vendor refuses the first post.
    async fn begin() -> Self {
        let mut servers = Vec::new();
        let mut channels = String::new();
        let mut to = Vec::new();
        for kind in VendorKind::ALL {
            let (server, url) = serve(kind, Arc::new(SystemClock)).await;
            let status = if kind == STOPPED { 403 } else { 500 };
            server.fault_next(Fault::Instead(echo(status, kind, &url)));
            channels += &table(kind, &url);
            to.push(format!("\"channel:{}\"", kind.as_str()));
            servers.push((kind, server, url));
        }
        let head = TOWN.split_once("[ladders.standard]").unwrap().0;
        let config = format!(
            "{head}{channels}[ladders.standard]\nsteps = [{{ at = \"+1wd\", level = \"overdue\", to = [{}] }}]\n\
             [delivery]\ngather = \"0s\"\nretry = [\"1s\"]\n",
            to.join(", ")
        );
        let dir = folder(
            &config,
            &(HEADER.to_owned() + "1,Task 1,works,cat,2026-01-01,2026-03-05\n"),
        );
        Self { servers, dir }
    }

    /// Whether every group saw its post, and the office the word of the one that is stopped.
    fn is_over(&self) -> bool {
        let posted = |(kind, server, _): &(VendorKind, VendorServer<AnyVendor>, String)| {
            *kind == STOPPED || server.posts().iter().any(|post| post.text.contains("Task 1"))
        };
        self.servers.iter().all(posted) && crate::eml::read_folder(&self.dir.path().join("mail")).len() > 1
    }

    /// What a command prints, as talkative as it can be; whomever it asks refuses.
    fn ask(&self, command: &[String]) -> Vec<u8> {
        for (kind, server, url) in &self.servers {
            if command
                .last()
                .is_some_and(|word| word == kind.as_str() || word == "--connect")
            {
                server.fault_next(Fault::Instead(echo(400, *kind, url)));
            }
        }
        let output = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(command)
            .args(["--log", "trace,duban=trace", "-c"])
            .arg(self.dir.path().join("duban.toml"))
            .env_clear()
            .output()
            .unwrap();
        let bytes = [output.stdout, output.stderr].concat();
        let expected = match command.first().map(String::as_str) {
            // The vendor's own words, so far as they are no secret.
            Some("send-test") => "no route to",
            Some(_) | None => "1",
        };
        assert!(
            holds(&bytes, expected),
            "{command:?}: {}",
            String::from_utf8_lossy(&bytes)
        );
        bytes
    }

    fn signatures(&self) -> BTreeSet<String> {
        let servers = self.servers.iter();
        servers
            .flat_map(|(_, server, _)| signatures(&server.requests()))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_logged_stored_told_or_shown_holds_a_secret_of_any_vendor() {
    let day = Day::begin().await;
    let child = start(day.dir.path(), &["--log", "trace,duban=trace"]);
    until("a post to every group", || day.is_over()).await;
    terminate(child);
    let mut shown = files(day.dir.path());
    let log = shown.iter().find(|(name, _)| name.ends_with("/log")).unwrap();
    assert!(holds(&log.1, "TRACE"), "the log is as talkative as it can be");
    for command in commands(day.dir.path()).await {
        shown.push((command.join(" "), day.ask(&command)));
    }
    let mut secrets = day.signatures();
    assert!(secrets.len() >= 4, "two vendors sign, each twice: {secrets:?}");
    secrets.insert(MARK.to_owned());
    let found: Vec<String> = shown
        .iter()
        .flat_map(|(name, bytes)| {
            let secrets = secrets.iter().filter(|secret| holds(bytes, secret));
            secrets.map(move |secret| format!("{secret} in {name}"))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// A panic tells what it was about as `Debug` writes it.
#[test]
fn what_a_panic_could_tell_of_a_channel_holds_no_secret() {
    for kind in VendorKind::ALL {
        let settings = settings(kind, &format!("http://127.0.0.1/{MARK}"));
        let told = std::panic::catch_unwind(|| std::panic::panic_any(format!("{settings:?} {settings:#?}")));
        let told = told.unwrap_err().downcast::<String>().unwrap();
        assert!(told.contains("<redacted>") && !told.contains(MARK), "{told}");
    }
}

/// What people may ask, and what of it each message makes.
async fn commands(dir: &Path) -> Vec<Vec<String>> {
    let store = Store::open(
        &dir.join("duban.db"),
        Access::Look,
        duban::clock::Clock::now(&SystemClock),
    )
    .await
    .unwrap()
    .store;
    let states = [
        MessageState::Waiting,
        MessageState::Delivered,
        MessageState::Undeliverable,
        MessageState::Dropped,
    ];
    let messages = store.messages(&states, 100).await.unwrap();
    assert!(messages.len() > VendorKind::ALL.len(), "{}", messages.len());
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut commands = vec![
        words("status --format json"),
        words("outbox list --format json"),
        words("outbox list"),
        words("journal export"),
        words("plan --now 2026-03-01 --ignore-store --format json"),
        words("plan --now 2026-03-01 --ignore-store --format csv"),
        words("why 1"),
        words("task show 1 --format json"),
        words("status --format csv"),
        words("outbox list --format csv"),
        words("score --from 2026-01-01 --to 2026-12-31 --by unit --format json"),
        words("check"),
        words("check --connect"),
    ];
    commands.extend(
        messages
            .iter()
            .map(|message| words(&format!("outbox show {}", message.id))),
    );
    commands.extend(
        messages
            .iter()
            .map(|message| words(&format!("outbox show {} --format json", message.id))),
    );
    let previews = VendorKind::ALL.map(|kind| words(&format!("preview 1 --channel {}", kind.as_str())));
    commands.extend(previews);
    commands.extend(VendorKind::ALL.map(|kind| words(&format!("send-test {}", kind.as_str()))));
    commands
}
