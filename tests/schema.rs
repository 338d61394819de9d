//! The JSON Schema that `duban schema` prints, held against files by a validator that is not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::panic, reason = "a program that does not start ends its test")]
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// The schema as a file in a folder.
fn schema(folder: &Path, of: &str) -> PathBuf {
    let output = run(Command::new(env!("CARGO_BIN_EXE_duban")).args(["schema", of]));
    let path = folder.join(format!("{of}.json"));
    assert!(
        fs::write(&path, output.stdout).is_ok(),
        "the temporary folder can be written"
    );
    path
}

/// What the validator finds wrong with files.
fn wrongs(schema: &Path, files: &[PathBuf]) -> Vec<String> {
    let python = "exec \"${DUBAN_TEST_PYTHON:-python3}\" \"$0\" \"$@\"";
    let script = root().join("tests/fixtures/check_schema.py");
    let output = run(Command::new("sh")
        .args(["-c", python])
        .arg(script)
        .arg(schema)
        .args(files));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The TOML files of a folder below `config`.
fn samples(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("config").join(folder))
        .into_iter()
        .flatten()
        .flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect()
}

#[test]
#[ignore = "needs python3 with jsonschema"]
fn every_sample_is_right_by_the_schema() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let files: Vec<PathBuf> = ["", "langfang", "channels", "duban"]
        .into_iter()
        .flat_map(samples)
        .collect();
    assert!(files.len() >= 18, "{files:?}");
    assert_eq!(
        wrongs(&schema(folder.path(), "configuration"), &files),
        Vec::<String>::new()
    );
    let calendar = root().join("src/config/calendars/cn-mainland.toml");
    assert_eq!(
        wrongs(&schema(folder.path(), "calendar"), &[calendar]),
        Vec::<String>::new()
    );
}

#[test]
#[ignore = "needs python3 with jsonschema"]
fn what_the_reader_refuses_for_its_shape_is_wrong_by_the_schema_too() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = schema(folder.path(), "configuration");
    let path = |number: usize| folder.path().join(format!("{number}.toml"));
    for (number, (wrong, _)) in WRONG.iter().enumerate() {
        assert!(
            fs::write(path(number), wrong).is_ok(),
            "the temporary folder can be written"
        );
    }
    let all: Vec<PathBuf> = (0..WRONG.len()).map(path).collect();
    let said = wrongs(&schema, &all);
    for (number, (wrong, place)) in WRONG.iter().enumerate() {
        let begin = format!("{} ", path(number).display());
        let found: Vec<&String> = said.iter().filter(|line| line.starts_with(&begin)).collect();
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        assert!(found.iter().all(|line| line.contains(place)), "{wrong}: {found:?}");
    }
}

#[test]
#[ignore = "needs python3 with jsonschema"]
fn every_form_that_the_reader_takes_is_right_by_the_schema() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("right.toml");
    assert!(fs::write(&path, RIGHT).is_ok(), "the temporary folder can be written");
    assert_eq!(
        wrongs(&schema(folder.path(), "configuration"), &[path]),
        Vec::<String>::new()
    );
}

/// What is wrong, and where the validator says so.
const WRONG: &[(&str, &str)] = &[
    ("zone = \"UTC\"", "'zone' was unexpected"),
    ("timezone = \"Mars\"", "timezone 'Mars'"),
    ("locale = \"fr\"", "locale 'fr'"),
    ("store.url = \"mysql://x\"", "store.url"),
    ("defaults.send_at = \"25:00\"", "defaults.send_at"),
    ("defaults.hours = \"8-18\"", "defaults.hours"),
    ("defaults.yellow = \"-5wd\"", "defaults.yellow"),
    ("delivery.give_up = \"3wd\"", "delivery.give_up"),
    ("delivery.retry = [\"0s\"]", "delivery.retry"),
    ("delivery.trial = \"ann\"", "delivery.trial"),
    ("calendar_days.off = [\"soon\"]", "calendar_days.off"),
    ("ledger_columns.colour = \"颜色\"", "'colour' was unexpected"),
    (
        "people.ann.away = [{ from = 2026-01-01 }]",
        "'until' is a required property",
    ),
    ("people.\"a:b\" = {}", "people"),
    ("channels.a.type = \"fax\"", "channels.a.type 'fax'"),
    (
        "channels.a = { type = \"email\", server = \"file:x\" }",
        "'from' is a required property",
    ),
    (
        "channels.a = { type = \"email\", server = \"imap://x\", from = \"a\" }",
        "channels.a.server",
    ),
    (
        "channels.a = { type = \"wecom\", url = \"https://x\", chat_id = 1 }",
        "channels.a.chat_id",
    ),
    (
        "channels.a = { type = \"wecom\", url = { env = \"A\", file = \"b\" } }",
        "channels.a.url",
    ),
    (
        "channels.a = { type = \"telegram\", token = { env = \"A\" } }",
        "'chat_id' is a required property",
    ),
    (
        "channels.a = { type = \"webhook\", url = \"x\", concurrency = 65 }",
        "channels.a.concurrency",
    ),
    (
        "channels.a = { type = \"webhook\", url = \"x\", budget = \"fast\" }",
        "channels.a.budget",
    ),
    (
        "ladders.a.steps = [{ at = \"3wd\", level = \"warn\", to = \"owner\" }]",
        "steps.0.at",
    ),
    (
        "ladders.a.steps = [{ at = \"0d\", level = \"loud\", to = \"owner\" }]",
        "steps.0.level",
    ),
    (
        "ladders.a.steps = [{ at = \"0d\", level = \"warn\", to = [\"boss\"] }]",
        "steps.0.to",
    ),
    (
        "ladders.a.steps = [{ at = \"0d\", level = \"warn\", to = \"owner\", times = 0 }]",
        "steps.0.times",
    ),
    ("reviews.a = { cron = \"monday\", to = \"office\" }", "reviews.a.cron"),
    (
        "reviews.a = { cron = \"0 8 * * 1\", to = \"office\", attach = \"pdf\" }",
        "reviews.a.attach",
    ),
    ("scores.on_time = 101", "scores.on_time"),
    (
        "[[tasks]]\nid = 1\ntitle = \"T\"\nunit = \"u\"\nlead = \"l\"\ndue = \"soon\"",
        "tasks.0.due",
    ),
    (
        "[[tasks]]\nid = 1\ntitle = \"T\"\nunit = \"u\"\ndue = 2026-01-01",
        "'lead' is a required property",
    ),
];

const RIGHT: &str = r#"
calendar = "calendars/own.ics"
ledger = "one.csv"
delivery = { gather = "0s", retry = "10s" }
defaults.hours = "8:30 - 18:00"
calendar_days.off = ["2026/9/30", "2026年10月1日", 2026-10-02]
channels.a = { type = "telegram", url = "file:out" }
channels.b = { type = "telegram", token = "1:a", chat_id = -100, topic = 7 }
channels.c = { type = "webhook", url = { env = "A" }, secrets = [{ env = "B" }, "whsec_x"], budget = "18/min, 1/3 s" }
channels."市领导督办群" = { type = "wecom", url = { credential = "a" } }
ladders.a.steps = [{ at = "0wd", level = "due", to = ["person:王 敏", "unit:u", "channel:市领导督办群"], every = "2h" }]
reviews.a = { cron = "0 30 8 L * MON#1", to = ["owners", "unit:u"], meeting = { starts = "9:30", organiser = "王敏" } }
[[tasks]]
id = 7
title = "T"
unit = ["u", "v"]
lead = "l"
due = 2026-06-30T18:00:00+08:00
closed = ""
progress = 60
milestones = [{ title = "half", due = 2026-03-31 }]
"#;
