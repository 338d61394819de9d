//! The daemon as those see it who watch it: over HTTP, through Prometheus and its rules, and as systemd does.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use duban::clock::{Clock, Stopwatch, SystemClock};
use duban::config::{self, Environment};
use duban::daemon::Engine;
use duban::domain::audit::FindingKind;
use duban::domain::journal::Draft;
use duban::rules::progress::Act;
use duban::store::{Access, Repeat, ReviewRun, RunState, Store};
use serde_json::{Value, json};

use crate::audits::by_hand::sql;
use crate::process::{folder, start, terminate, until};
use crate::servers::Server;
use crate::world::{HEADER, TOWN, act_on};

const LEDGER: &str = "1,Task 1,works,cat,2026-01-01,2026-03-05\n";
const WEB: &str = "[web]\nlisten = \"127.0.0.1:0\"\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Where a daemon listens, once its log says so.
async fn address(dir: &Path) -> SocketAddr {
    let found = || {
        let log = fs::read_to_string(dir.join("log")).ok()?;
        let (_, rest) = log.rsplit_once("listening on http://")?;
        rest.lines().next()?.trim().parse().ok()
    };
    until("a place to listen on", || found().is_some()).await;
    found().unwrap()
}

/// Status and body of an answer; none where nobody answers.
fn ask(address: SocketAddr, method: &str, path: &str, accept: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: duban\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, "GET", path, "*/*").unwrap()
}

fn metrics(address: SocketAddr) -> String {
    let (status, text) = get(address, "/metrics");
    assert_eq!(status, 200, "{text}");
    text
}

async fn until_ready(address: SocketAddr) {
    until("readiness", || {
        ask(address, "GET", "/readyz", "*/*").is_some_and(|(status, _)| status == 200)
    })
    .await;
}

/// The value of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

/// The names of a scrape that have series.
fn names(scrape: &str) -> BTreeSet<String> {
    scrape
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(['{', ' ']).next().unwrap().to_owned())
        .collect()
}

/// The metrics of Duban that a text names.
fn named_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("duban_"))
        .map(str::to_owned)
        .collect()
}

/// A daemon in which everything has happened that there is a metric for.
async fn eventful() -> (tempfile::TempDir, Child, SocketAddr, Server) {
    let mail = Server::smtp().await;
    let refusal = "550 5.1.1 <ann@example.org> is unknown";
    mail.seen().refusals.insert("ann".into(), refusal.into());
    let gone = Server::http().await.port;
    let config = TOWN
        .replace("file:mail", &format!("smtp://127.0.0.1:{}", mail.port))
        .replace("calendar = \"mon-fri\"", "calendar = \"cn-mainland\"")
        .replace("to = [\"owner\"], every", "to = [\"owner\", \"channel:gone\"], every")
        .replace(
            "steps = [",
            "steps = [ { from = \"reported\", at = \"+1s\", level = \"remind\", to = [\"lead\"], until = \"closed\" },",
        );
    let config = format!(
        "{config}[channels.gone]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{gone}/\"\n[delivery]\ngather = \"1h\"\n\
         [reviews.weekly]\ncron = \"30 8 * * MON\"\nto = [\"office\"]\n{WEB}"
    );
    let dir = folder(&config, &(HEADER.to_owned() + LEDGER));
    let child = start(dir.path(), &[]);
    let address = address(dir.path()).await;
    until_ready(address).await;
    let now = SystemClock.now();
    let path = dir.path().join("duban.db");
    let beside = Store::open(&path, Access::Act, now).await.unwrap().store;
    let progress = "begun".to_owned();
    act_on(&beside, "1", &Act::Report { progress }, now).await;
    let audit = Draft {
        at: now,
        task: None,
        kind: "audit".to_owned(),
        by: "duban".to_owned(),
        data: json!({ "clean": true, "missing": 0, "extra": 0 }),
    };
    beside.append(vec![audit]).await.unwrap();
    let run = ReviewRun {
        review: "weekly".into(),
        day: now.date_naive(),
        nominal: now,
        at: now,
        state: RunState::Sent,
        figures: json!({}),
        seq: 1,
    };
    let recorded = beside
        .record_run(&run, Repeat::Replaces, &[], &[], None, Vec::new())
        .await;
    assert!(recorded.unwrap());
    beside.close().await;
    let happened = || {
        let text = metrics(address);
        value(&text, "duban_due{what=\"notice\"}") > Some(0.0)
            && value(&text, "duban_messages{channel=\"mail\",state=\"undeliverable\"}") > Some(0.0)
            && value(&text, "duban_messages{channel=\"gone\",state=\"waiting\"}") > Some(0.0)
    };
    until("all that there is a metric for", happened).await;
    (dir, child, address, mail)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_real_self_audit_finds_is_scraped_by_its_kind() {
    let dir = folder(&format!("{TOWN}{WEB}"), &(HEADER.to_owned() + LEDGER));
    let child = start(dir.path(), &[]);
    let address = address(dir.path()).await;
    until_ready(address).await;
    until("a mail", || {
        fs::read_dir(dir.path().join("mail")).is_ok_and(|mut mails| mails.next().is_some())
    })
    .await;
    assert_eq!(value(&metrics(address), "duban_audit_clean"), None, "none was done yet");

    let one = "DELETE FROM notices WHERE id = (SELECT id FROM notices WHERE message IS NOT NULL LIMIT 1)";
    assert_eq!(sql(&dir.path().join("duban.db"), one), "1");
    let config = config::load(&dir.path().join("duban.toml"), &Environment::default()).unwrap();
    let now = SystemClock.now();
    let beside = Store::open(&config.store, Access::Act, now).await.unwrap().store;
    let clock = Arc::new(SystemClock);
    let engine = Arc::new(Engine::open(config, beside, clock).await.unwrap());
    let audit = engine.audit(now).await.unwrap();
    assert!(audit.count(FindingKind::Lost) > 0, "{:?}", audit.findings);
    until("the audit in a scrape", || {
        value(&metrics(address), "duban_audit_clean") == Some(0.0)
    })
    .await;
    let text = metrics(address);
    for kind in FindingKind::ALL {
        let series = format!("duban_audit_findings{{what=\"{}\"}}", kind.as_str());
        let scraped = value(&text, &series).unwrap_or_else(|| panic!("{series} in\n{text}"));
        assert_eq!(scraped.to_string(), audit.count(kind).to_string(), "{series}");
    }
    terminate(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_answers_those_who_watch_it() {
    let dir = folder(&format!("{TOWN}{WEB}"), &(HEADER.to_owned() + LEDGER));
    let child = start(dir.path(), &[]);
    let address = address(dir.path()).await;
    until_ready(address).await;
    assert_eq!(get(address, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/readyz"), (200, "ready\n".to_owned()));
    let (status, body) = ask(address, "GET", "/readyz", "text/html, application/json;q=0.9").unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, body), (200, json!({ "ready": true, "reasons": [] })));
    assert_eq!(get(address, "/tasks").0, 404);
    assert!(get(address, "/").1.contains("/readyz"));
    assert_eq!(ask(address, "POST", "/healthz", "*/*").unwrap().0, 405);
    let open = ask(
        address,
        "GET",
        "/metrics",
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
    );
    assert!(open.unwrap().1.ends_with("# EOF\n"));
    assert!(!metrics(address).contains("# EOF"));
    terminate(child);
    assert!(
        ask(address, "GET", "/healthz", "*/*").is_none(),
        "nobody listens after the end"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_on_its_last_good_load_is_not_ready_and_says_why_without_quoting_the_files() {
    let config = format!("{TOWN}{WEB}");
    let dir = folder(&config, &(HEADER.to_owned() + LEDGER));
    let child = start(dir.path(), &[]);
    until_ready(address(dir.path()).await).await;
    terminate(child);
    fs::remove_file(dir.path().join("log")).unwrap();
    fs::write(
        dir.path().join("duban.toml"),
        config.replace("office = \"office\"", "office = \"hidden-name\""),
    )
    .unwrap();
    let child = start(dir.path(), &[]);
    let address = address(dir.path()).await;
    until("the first pass", || {
        value(&metrics(address), "duban_pass_timestamp_seconds{loop=\"deciding\"}").is_some()
    })
    .await;
    let (status, body) = get(address, "/readyz");
    assert_eq!(
        (status, body.as_str()),
        (
            503,
            "not ready\ndegraded: the files have a fault, and the last good load is in force; `duban check` tells more\n"
        )
    );
    assert_eq!(get(address, "/healthz").0, 200);
    let text = metrics(address);
    let told = ["duban_degraded", "duban_load_accepted", "duban_ready"].map(|name| value(&text, name));
    assert_eq!(told, [Some(1.0), Some(0.0), Some(0.0)]);
    terminate(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_an_error_in_the_log_that_names_it_and_promises_are_kept_all_the_same() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap();
    let config = format!("{TOWN}[web]\nlisten = \"{place}\"\n");
    let dir = folder(&config, &(HEADER.to_owned() + LEDGER));
    let child = start(dir.path(), &[]);
    let mails = || fs::read_dir(dir.path().join("mail")).map_or(0, Iterator::count);
    until("mail", || mails() > 0).await;
    let log = || fs::read_to_string(dir.path().join("log")).unwrap();
    let told = format!("[web] cannot listen on {place}");
    assert!(log().contains(&told), "{}", log());
    assert!(
        log().contains(&format!("`ss -ltnp sport = :{}`", place.port())),
        "{}",
        log()
    );
    // As soon as it is free, it is had.
    drop(taken);
    assert_eq!(address(dir.path()).await, place);
    until_ready(place).await;
    terminate(child);
    assert_eq!(log().matches(&told).count(), 1, "said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_is_named_anywhere_is_in_a_real_scrape_and_each_is_explained() {
    let (dir, child, address, _mail) = eventful().await;
    let scrape = metrics(address);
    terminate(child);
    let exposed = names(&scrape);
    for name in &exposed {
        assert!(scrape.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert!(scrape.contains(&format!("# TYPE {name} ")), "{name} has no type");
    }
    let readme = text_of("deploy/README.md");
    let rows: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `duban_")?.split_once('`')?.0))
        .map(|name| format!("duban_{name}"))
        .collect();
    assert_eq!(rows, exposed, "the table of deploy/README.md and the scrape differ");
    for file in [
        "deploy/grafana/duban.json",
        "deploy/prometheus/duban.rules.yml",
        "deploy/prometheus/duban.rules.test.yml",
    ] {
        let named = named_in(&text_of(file));
        let unknown: Vec<_> = named.difference(&exposed).collect();
        assert!(unknown.is_empty() && !named.is_empty(), "{file} names {unknown:?}");
    }
    for hidden in [
        "example.org",
        "Task 1",
        "Ann",
        "begun",
        &dir.path().display().to_string(),
    ] {
        assert!(!scrape.contains(hidden), "{hidden} stands in the metrics");
    }
}

#[test]
fn every_alert_is_tested_and_its_runbook_leads_to_a_heading() {
    let (rules, tests, readme) = (
        text_of("deploy/prometheus/duban.rules.yml"),
        text_of("deploy/prometheus/duban.rules.test.yml"),
        text_of("deploy/README.md"),
    );
    let (_, entries) = readme.split_once("\n## When an alert fires\n").unwrap();
    let headings: BTreeSet<&str> = entries.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let mut alerts = BTreeSet::new();
    for rule in rules.split("- alert: ").skip(1) {
        let alert = rule.lines().next().unwrap();
        let runbook = format!(
            "runbook: \"file:///usr/share/doc/duban/README.md#{}\"",
            alert.to_lowercase()
        );
        assert!(rule.contains(&runbook), "{alert} has no runbook");
        for part in ["summary: ", "description: ", "severity: "] {
            assert!(rule.contains(part), "{alert} has no {part}");
        }
        assert!(
            tests.contains(&format!("alertname: {alert}\n        exp_alerts:")),
            "{alert} is never seen to fire"
        );
        assert!(
            tests.contains(&format!("alertname: {alert} }}")),
            "{alert} is never seen to be silent"
        );
        alerts.insert(alert);
    }
    assert_eq!(headings, alerts);
}

#[test]
fn every_panel_of_the_dashboard_asks_something_and_lies_beside_the_others() {
    let board: Value = serde_json::from_str(&text_of("deploy/grafana/duban.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let mut cells = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title} has the id of another"
        );
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            assert!(!named_in(target["expr"].as_str().unwrap()).is_empty(), "{title}");
        }
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title} is cut off");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(cells.insert((x, y)), "{title} covers another");
            }
        }
    }
    assert!(panels.len() > 20);
}

fn promtool(arguments: &[&str], folder: &Path, input: &str) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(arguments != ["check", "metrics"] || said.is_empty(), "{said}");
}

fn prometheus() -> PathBuf {
    root().join("deploy/prometheus")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn promtool_has_no_word_on_a_real_scrape() {
    let (_dir, child, address, _mail) = eventful().await;
    let scrape = metrics(address);
    terminate(child);
    promtool(&["check", "metrics"], root(), &scrape);
}

#[test]
#[ignore = "needs promtool"]
fn promtool_takes_the_rules_and_their_tests_pass() {
    promtool(&["check", "rules", "duban.rules.yml"], &prometheus(), "");
    promtool(&["test", "rules", "duban.rules.test.yml"], &prometheus(), "");
}

/// What a daemon tells systemd, from a socket in its folder.
struct Systemd {
    socket: UnixDatagram,
}

impl Systemd {
    fn listen(dir: &Path) -> Self {
        let socket = UnixDatagram::bind(dir.join("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self { socket }
    }

    /// What was told within so long.
    fn told(&self, within: Duration) -> Vec<String> {
        let (listened, mut told) = (Stopwatch::start(), Vec::new());
        while listened.elapsed() < within {
            let mut bytes = [0; 4096];
            if let Ok(length) = self.socket.recv(&mut bytes) {
                told.extend(String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned));
            }
        }
        told
    }

    /// Waits until something is told.
    fn until(&self, wanted: &str) {
        let waited = Stopwatch::start();
        while !self.told(Duration::from_millis(50)).iter().any(|line| line == wanted) {
            assert!(waited.elapsed().as_secs() < 120, "{wanted} never came");
        }
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn systemd_hears_that_the_daemon_is_ready_how_it_is_and_that_it_lives_while_it_runs() {
    let dir = folder(TOWN, &(HEADER.to_owned() + LEDGER));
    let systemd = Systemd::listen(dir.path());
    let child = Command::new(env!("CARGO_BIN_EXE_duban"))
        .arg("run")
        .arg("-c")
        .arg(dir.path().join("duban.toml"))
        .env_clear()
        .env("NOTIFY_SOCKET", dir.path().join("notify"))
        .env("WATCHDOG_USEC", "400000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    systemd.until("READY=1");
    systemd.until("WATCHDOG=1");
    systemd.until("STATUS=1 open task, 0 messages waiting");
    signal(&child, "-STOP");
    systemd.told(Duration::from_millis(500));
    assert_eq!(
        systemd.told(Duration::from_millis(800)),
        [""; 0],
        "a stopped process is silent"
    );
    signal(&child, "-CONT");
    systemd.until("WATCHDOG=1");
    terminate(child);
}
