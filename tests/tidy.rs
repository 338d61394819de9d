//! Holds by machine what would otherwise be a habit: who may import whom, what is absent where, names, and the top of
//! the project. The tables stand here; `tidy/rules.rs` applies them and proves that each can fail.

#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::Path;

use crate::rules::{Absence, Room};
use crate::source::Source;

/// Which room may import which, from the words up to what people type. Inside a room imports are free.
const ROOMS: &[Room<'_>] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("secret", &[]),
    ("telemetry", &[]),
    ("rules", &["domain"]),
    ("store", &["domain", "clock", "secret", "telemetry", "rules"]),
    ("render", &["domain", "clock", "secret", "telemetry", "rules"]),
    ("channel", &["domain", "clock", "secret", "telemetry", "rules"]),
    ("files", &["domain", "clock", "secret", "telemetry", "rules"]),
    (
        "site",
        &["domain", "clock", "secret", "telemetry", "rules", "store", "render"],
    ),
    (
        "config",
        &[
            "domain",
            "clock",
            "secret",
            "telemetry",
            "rules",
            "files",
            "channel",
            "render",
            "site",
        ],
    ),
    (
        "daemon",
        &[
            "domain",
            "clock",
            "secret",
            "telemetry",
            "rules",
            "store",
            "render",
            "channel",
            "files",
            "site",
            "config",
        ],
    ),
    (
        "simulate",
        &[
            "domain",
            "clock",
            "secret",
            "telemetry",
            "rules",
            "store",
            "render",
            "channel",
            "files",
            "site",
            "config",
            "daemon",
        ],
    ),
    (
        "command",
        &[
            "domain",
            "clock",
            "secret",
            "telemetry",
            "rules",
            "store",
            "render",
            "channel",
            "files",
            "site",
            "config",
            "daemon",
            "simulate",
        ],
    ),
    ("main", &["command", "config", "secret", "telemetry"]),
];

/// What is absent, and where it may stand after all.
const ABSENCES: &[Absence<'_>] = &[
    Absence {
        names: &["sqlx"],
        within: &[],
        only: &["src/store.rs", "src/store/"],
        reason: "only the store knows the database",
    },
    Absence {
        names: &["lettre"],
        within: &[],
        only: &["src/channel/email"],
        reason: "only the email channel knows the mail library",
    },
    Absence {
        names: &["reqwest"],
        within: &[],
        only: &["src/channel/http.rs"],
        reason: "only channel/http.rs knows the HTTP client",
    },
    Absence {
        names: &["tokio_cron_scheduler"],
        within: &[],
        only: &["src/daemon/heartbeat.rs"],
        reason: "only the heartbeat knows the scheduler",
    },
    Absence {
        names: &["calamine", "rust_xlsxwriter", "zip::"],
        within: &[],
        only: &["src/files/workbook", "src/files/xlsx", "src/files/docx"],
        reason: "only files knows the libraries of workbooks and their archives",
    },
    Absence {
        names: &["docx_rs"],
        within: &[],
        only: &["src/files/docx"],
        reason: "only files/docx knows the library of documents",
    },
    Absence {
        names: &["axum", "hyper", "hyper_util", "prometheus_client"],
        within: &[],
        only: &["src/site.rs", "src/site/"],
        reason: "only the site serves the web",
    },
    Absence {
        names: &["Utc::now", "Local::now", "SystemTime::now"],
        within: &[],
        only: &["src/clock.rs"],
        reason: "only clock.rs reads the clock; take `now` as a parameter",
    },
    Absence {
        // `tokio::time::Instant` stays free: it is the runtime's own clock, which tests pause.
        names: &["std::time::Instant"],
        within: &[],
        only: &["src/clock.rs"],
        reason: "measure durations with clock::Stopwatch",
    },
    Absence {
        names: &["std::env"],
        within: &[],
        only: &["src/config.rs", "src/config/"],
        reason: "only config reads the environment",
    },
    Absence {
        names: &["toml::"],
        within: &[],
        only: &["src/config.rs", "src/config/"],
        reason: "only config knows the shape of files",
    },
    Absence {
        names: &["expose_secret", "ExposeSecret"],
        within: &[],
        only: &["src/secret.rs"],
        reason: "only Secret::reveal reveals",
    },
    Absence {
        names: &["rand", "fastrand", "getrandom", "uuid"],
        within: &[],
        only: &[],
        reason: "randomness is an input: compute it from the id and the attempt",
    },
    Absence {
        names: &["anyhow"],
        within: &[],
        only: &["src/main.rs", "src/command.rs", "src/command/"],
        reason: "a room has an error enum of its own",
    },
    Absence {
        names: &["async", "tokio", "tracing", "std::fs", "std::net", "std::process"],
        within: &["src/domain", "src/rules"],
        only: &[],
        reason: "the core is pure: no waiting, no logging, no files, no network",
    },
];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "common", "types", "misc", "manager"];

/// Roots that only gather their children, and their limit in lines of code.
const GATHERING_ROOTS: &[&str] = &["src/lib.rs", "src/domain.rs", "src/rules.rs"];
const GATHERING_LINES_MAX: usize = 40;

/// A day in seconds, or in minutes.
const DAY_LENGTHS: &[&str] = &["86_400", "86400", "24 * 60"];

/// Files whose tests may sleep on the real clock, with the reason.
const SLEEPERS: &[(&str, &str)] = &[
    ("tests/all/outage.rs", "polls for a mail in a folder, within a bound"),
    (
        "tests/all/process.rs",
        "polls for what another process does, within a bound; kills it at random moments",
    ),
    ("tests/all/servers.rs", "a server that is slow on purpose"),
    ("tests/all/vendors/http.rs", "a server that is slow on purpose"),
    ("tests/all/world.rs", "polls until a lock is given up, within a bound"),
    ("tests/all/year.rs", "power goes at a random moment"),
];

/// What may stand at the top of the project, besides dotfiles.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "config",
    "tests",
    "deploy",
    "benches",
    "fuzz",
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "LICENSE*",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(folders: &[&str]) -> Vec<Source> {
    let sources: Vec<Source> = folders
        .iter()
        .flat_map(|folder| source::read(root(), folder).unwrap_or_default())
        .collect();
    assert!(sources.len() > 10, "the scan found only {} files", sources.len());
    sources
}

fn hold(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn imports_point_one_way() {
    hold(&rules::imports(&read(&["src"]), ROOMS));
}

#[test]
fn what_is_absent_is_absent() {
    hold(&rules::absences(&read(&["src"]), ABSENCES));
}

#[test]
fn files_are_named_for_their_noun() {
    hold(&rules::file_names(&read(&["src", "tests"]), EMPTY_NAMES));
}

#[test]
fn a_gathering_root_stays_short() {
    hold(&rules::gathering_roots(
        &read(&["src"]),
        GATHERING_ROOTS,
        GATHERING_LINES_MAX,
    ));
}

#[test]
fn no_day_is_counted_in_seconds() {
    hold(&rules::numbers(&read(&["src"]), DAY_LENGTHS));
}

#[test]
fn no_test_waits_for_luck() {
    hold(&rules::sleeps(&read(&["src", "tests"]), SLEEPERS));
}

#[test]
fn tests_are_named_as_sentences() {
    hold(&rules::sentences(&read(&["src", "tests"])));
}

#[test]
fn only_what_belongs_stands_at_the_top() {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore is there");
    let ignored: Vec<&str> = ignored
        .lines()
        .map(|line| line.trim().trim_start_matches('/').trim_end_matches('/'))
        .collect();
    let names: Vec<String> = fs::read_dir(root())
        .expect("the project's folder is there")
        .map(|entry| {
            entry
                .expect("its entries can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !ignored.contains(&name.as_str()))
        .collect();
    hold(&rules::entries(names.iter().map(String::as_str), TOP));
}
