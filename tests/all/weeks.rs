//! Every weekly review of the campaign, with people who act: their figures counted again by a script that shares no code
//! with Duban, their sizes, and their texts, which say all that the HTML says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use duban::clock::Clock;
use duban::rules::progress::Act;
use duban::store::{KeptReview, ReviewRun};
use serde_json::{Value, json};

use crate::campaign::langfang;
use crate::eml::Mail;
use crate::world::{TOWN, World};

/// A whole mail, with its pictures, stays under so much.
const MAIL_BYTES_MAX: usize = 100_000;
/// Red, yellow, green, blue, grey: the order in which a review counts.
const LIGHTS: [&str; 5] = ["red", "yellow", "green", "blue", "grey"];

/// What the journal gives again, by day and reader; none where there is no Python, which is said loudly.
pub(crate) fn counted_again(journal: &Path, ledger: &Path, people: &Path) -> Option<Value> {
    if Command::new("python3").arg("--version").output().is_err() {
        let words = b"NOT TESTED: there is no python3, so no figures were counted again\n";
        io::stderr().write_all(words).unwrap();
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(root.join("tests/fixtures/recount_reviews.py"))
        .arg(ledger)
        .arg(root.join("src/config/calendars/cn-mainland.toml"))
        .arg(people)
        .stdin(File::open(journal).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The figures of one run are those counted again, of the same readers; returns how many they are.
pub(crate) fn agree(day: &str, figures: &Value, counted: &Value) -> usize {
    let (figures, counted) = (figures.as_object().unwrap(), counted[day].as_object().unwrap());
    let readers = |of: &serde_json::Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(readers(figures), readers(counted), "{day}");
    for (reader, said) in figures {
        let again = &counted[reader];
        let lights = LIGHTS.map(|light| said[light].clone());
        assert_eq!(json!(lights), again["lights"], "{day}: {reader}");
        for (section, count) in again["sections"].as_object().unwrap() {
            assert_eq!(said["sections"][section], *count, "{day}: {section} of {reader}");
        }
    }
    figures.len()
}

/// The campaign; the office, one leader and one head are told in English, others in Chinese.
fn town_in_two_languages() -> World {
    let world = langfang();
    let edit = |name: &str, changes: &[(&str, &str)]| {
        let mut text = fs::read_to_string(world.path(name)).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        world.write(name, text);
    };
    edit(
        "people.toml",
        &[
            (
                "contacts = [\"office-clerk\"]",
                "contacts = [\"office-clerk\", \"office-english\"]",
            ),
            (
                "[people.lead-disc]\n",
                "[people.office-english]\nname = \"Office in English\"\nemail = \"office-english@example.org\"\n\
                 locale = \"en\"\n\n[people.lead-disc]\nlocale = \"en\"\n",
            ),
            (
                "[people.discipline-head]\n",
                "[people.discipline-head]\nlocale = \"en\"\n",
            ),
        ],
    );
    edit(
        "reviews.toml",
        &[
            ("late_limit = \"2d\"", "late_limit = \"2d\"\npictures = false"),
            ("late_limit = \"1w\"", "late_limit = \"1w\"\npictures = false"),
        ],
    );
    world
}

/// Somebody edits the ledger's row of a task, or the reviews, and the daemon starts on it.
async fn edit(world: &mut World, file: &str, row: &str, from: &str, to: &str) {
    let text = fs::read_to_string(world.path(file)).unwrap();
    let old = text.lines().find(|line| line.starts_with(row)).unwrap();
    assert!(old.contains(from), "{old}");
    world.write(file, text.replacen(old, &old.replace(from, to), 1));
    let now = world.clock.now();
    world.stop().await;
    world.start_at(now + TimeDelta::seconds(1)).await;
}

/// What people do in forty weeks: reports, submissions, returns with and without a later deadline, closings in time and
/// late, reopenings, one task called off.
fn life() -> Vec<(&'static str, &'static str, Act)> {
    let say = |text: &str| Act::Report { progress: text.into() };
    let close = || Act::Close { on: None };
    let back = |due: Option<&str>| Act::Return {
        due: due.map(|due| due.parse().unwrap()),
    };
    let again = |due: Option<&str>| Act::Reopen {
        due: due.map(|due| due.parse().unwrap()),
    };
    vec![
        ("2021-11-18T10:00:00+08:00", "1", Act::Acknowledge),
        (
            "2021-12-01T09:30:00+08:00",
            "1",
            say("已新增3个班，班额全部降至55人以下"),
        ),
        ("2021-12-14T10:00:00+08:00", "1", Act::Submit),
        ("2021-12-15T10:00:00+08:00", "1", close()),
        ("2021-12-17T16:00:00+08:00", "8", say("10个县（市、区）均已设立主体办")),
        ("2021-12-17T19:00:00+08:00", "8", close()),
        ("2021-12-28T10:00:00+08:00", "4", Act::Submit),
        ("2021-12-29T10:00:00+08:00", "4", back(Some("2022-01-14"))),
        ("2022-01-05T10:00:00+08:00", "18.4", Act::Cancel),
        ("2022-01-12T10:05:00+08:00", "4", Act::Submit),
        ("2022-01-13T10:00:00+08:00", "4", close()),
        ("2022-01-20T10:00:00+08:00", "7", close()),
        ("2022-02-10T10:00:00+08:00", "2", close()),
        ("2022-02-15T10:00:00+08:00", "1", again(None)),
        ("2022-02-25T10:00:00+08:00", "3", Act::Submit),
        ("2022-02-25T11:00:00+08:00", "8", again(Some("2022-03-18"))),
        ("2022-02-27T11:00:00+08:00", "8", close()),
        ("2022-03-15T11:00:00+08:00", "3", back(None)),
        ("2022-03-16T11:00:00+08:00", "3", Act::Submit),
        ("2022-04-11T11:00:00+08:00", "3", back(Some("2022-05-20"))),
        ("2022-04-12T11:00:00+08:00", "10", close()),
        ("2022-04-13T11:00:00+08:00", "10", again(None)),
        ("2022-04-14T11:00:00+08:00", "10", close()),
        ("2022-05-10T11:00:00+08:00", "15", Act::Submit),
        ("2022-06-06T11:00:00+08:00", "15", close()),
        (
            "2022-06-20T11:00:00+08:00",
            "17.1",
            say("跨界道路对接4条，其中2条已通车"),
        ),
        ("2022-06-28T11:00:00+08:00", "17.1", Act::Submit),
        ("2022-06-29T11:00:00+08:00", "17.1", close()),
        ("2022-07-20T11:00:00+08:00", "12", Act::Submit),
        ("2022-08-23T11:00:00+08:00", "12", back(None)),
        ("2022-08-25T11:00:00+08:00", "6", close()),
    ]
}

async fn lived() -> World {
    let mut world = town_in_two_languages();
    world.start("2021-11-14T08:00:00+08:00").await;
    for (at, task, act) in life() {
        world.run_until(at).await;
        world.act(task, &act).await;
        match (task, at.get(..7)) {
            // Later, later once more, another later, and one earlier.
            ("18.4", _) => edit(&mut world, "ledger.csv", "13,", "2022-01-31", "2022-02-18").await,
            ("7", _) => edit(&mut world, "ledger.csv", "17.6,", "2022-08-31", "2022-09-30").await,
            ("2", _) => edit(&mut world, "ledger.csv", "13,", "2022-02-18", "2022-03-31").await,
            ("15", Some("2022-06")) => edit(&mut world, "ledger.csv", "18.6,", "2022-06-30", "2022-06-10").await,
            ("12", Some("2022-07")) => edit(&mut world, "reviews.toml", "pictures", "false", "true").await,
            _ => {}
        }
    }
    world.run_until("2022-08-30T10:00:00+08:00").await;
    world
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn all_forty_weeks_say_what_the_journal_gives_again_within_a_mail_and_in_text_as_in_html() {
    let mut world = lived().await;
    let store = world.store();
    let mut runs = store.runs(Some(&"weekly".into()), 1000).await.unwrap();
    runs.sort_by_key(|run| run.day);
    assert_eq!(runs.len(), 41, "Mondays, two of them moved to one day");
    let mut kept = Vec::new();
    for run in &runs {
        kept.push(store.kept_reviews(&run.review, run.day).await.unwrap());
    }
    let mails: Vec<Mail> = world.mails().into_iter().filter(|mail| mail.kind == "review").collect();
    world.stop().await;
    let journal = Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(["journal", "export", "-c"])
        .arg(world.path("duban.toml"))
        .env_clear()
        .output()
        .unwrap();
    world.write("journal.jsonl", journal.stdout);
    let counted = counted_again(
        &world.path("journal.jsonl"),
        &world.path("ledger.csv"),
        &world.path("people.toml"),
    );
    if let Some(counted) = &counted {
        figures_and_words_agree(&runs, &kept, &mails, counted);
    }
    for mail in &mails {
        is_small(mail);
        assert_eq!(missing_from_text(mail), [""; 0], "{} of {}", mail.to, mail.date);
        reads_well(mail);
    }
    let pictured = mails.iter().filter(|mail| mail.html.contains("<img ")).count();
    let largest = mails.iter().map(|mail| mail.bytes).max().unwrap();
    println!(
        "{} mails, {pictured} with pictures, the largest of {largest} bytes",
        mails.len()
    );
}

fn figures_and_words_agree(runs: &[ReviewRun], kept: &[Vec<KeptReview>], mails: &[Mail], counted: &Value) {
    let by_id: BTreeMap<&str, &Mail> = mails.iter().map(|mail| (mail.id.as_str(), mail)).collect();
    let mut checked = 0;
    for (run, kept) in runs.iter().zip(kept) {
        let day = run.day.to_string();
        assert_eq!(agree(&day, &run.figures, counted), kept.len(), "{day}");
        for one in kept {
            let again = &counted[&day][&one.recipient];
            assert_eq!(run.figures[&one.recipient], one.figures);
            assert_eq!(lights_in(&one.text), lights_of(again), "{day}: {}", one.text);
            let id = format!("<{}@", one.message);
            let (_, mail) = by_id.range(id.as_str()..).next().unwrap();
            assert!(mail.id.starts_with(&id), "{id} is not in the folder");
            assert_eq!(lights_in(&mail.text), lights_of(again), "{day}: {}", mail.to);
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked} reviews");
    let moved = |section: &str| {
        let days = counted.as_object().unwrap().values();
        days.filter(|day| day["person:office-clerk"]["sections"][section] != 0)
            .count()
    };
    for section in ["overdue", "under_review", "extensions", "returns", "relapses", "closed"] {
        assert!(moved(section) >= 3, "{section} moves in {} weeks", moved(section));
    }
}

/// The counts of a text with their changes: `红灯（逾期）16 (+2) | …`.
fn lights_in(text: &str) -> Vec<(i64, i64)> {
    let line = text.lines().find(|line| line.matches(" | ").count() == 4).unwrap();
    line.split(" | ")
        .map(|part| {
            let change = part.strip_suffix(')').and_then(|part| part.rsplit_once(" ("));
            let (rest, change) = match change.filter(|(_, change)| change.starts_with(['+', '-'])) {
                Some((rest, change)) => (rest, change.parse().unwrap()),
                None => (part, 0),
            };
            let count = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            (count.parse().unwrap(), change)
        })
        .collect()
}

fn lights_of(again: &Value) -> Vec<(i64, i64)> {
    let number = |name: &str, place: usize| again[name][place].as_i64().unwrap_or(0);
    (0..5)
        .map(|place| (number("lights", place), number("changes", place)))
        .collect()
}

fn is_small(mail: &Mail) {
    assert!(mail.bytes < MAIL_BYTES_MAX, "{} bytes to {}", mail.bytes, mail.to);
}

/// What stands in the HTML and not in the text.
fn missing_from_text(mail: &Mail) -> Vec<String> {
    let words = |text: &str| {
        text.replace('\u{a0}', " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let text = words(&mail.text);
    let (_, body) = mail.html.split_once("<body").unwrap();
    let mut shown: Vec<String> = Vec::new();
    for piece in body.split('<').skip(1) {
        let (tag, said) = piece.split_once('>').unwrap();
        shown.push(words(&unescaped(said)));
        if let Some((_, alt)) = tag.split_once(" alt=\"") {
            shown.push(words(&unescaped(alt.split('"').next().unwrap())));
        }
    }
    shown.retain(|said| !text.contains(said.as_str()));
    shown
}

fn unescaped(text: &str) -> String {
    [
        ("&#160;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// No trace of a program: values that are none, counts below nothing, sections of nothing, two blanks in a line.
fn reads_well(mail: &Mail) {
    for line in mail.text.lines() {
        let words = line.trim_start();
        for trace in [
            "None",
            "null",
            "undefined",
            "{{",
            "}}",
            "（0项）",
            "(0)",
            "（）",
            "()",
            "  ",
            "还剩-",
            " 1 tasks",
            "逾期-",
        ] {
            assert!(!words.contains(trace), "`{trace}` in `{line}` to {}", mail.to);
        }
    }
}

#[tokio::test]
async fn three_hundred_late_tasks_with_long_words_fit_into_a_mail() {
    let title = "全面排查并整治辖区内各类问题线索，逐一建立台账、明确责任人和完成时限，确保按期整改到位、不留死角";
    let mut rows = String::from("id,title,unit,lead,opened,due\n");
    for id in 0..300 {
        rows.push_str(&format!(
            "{id},第{id}项{title},works,cat,2026-01-01,2026-02-0{}\n",
            id % 9 + 1
        ));
    }
    let config = format!("{TOWN}[reviews.weekly]\ncron = \"0 9 * * MON\"\nto = [\"office\", \"leads\", \"heads\"]\n");
    let mut world = World::new(&config.replace("locale = \"en\"", "locale = \"zh-CN\""), &rows);
    world.start("2026-02-23T08:00:00+08:00").await;
    world.run_until("2026-03-02T10:00:00+08:00").await;
    let mails: Vec<Mail> = world.mails().into_iter().filter(|mail| mail.kind == "review").collect();
    assert_eq!(mails.len(), 6);
    for mail in mails {
        is_small(&mail);
        assert!(mail.text.contains("逾期）300"), "{}", mail.text);
        assert_eq!(missing_from_text(&mail), [""; 0], "{}", mail.to);
    }
}
