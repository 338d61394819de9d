//! A later deadline (延期): asked for, granted or refused, and told wherever somebody looks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use duban::clock::ManualClock;
use duban::config::{self, Environment};
use duban::daemon::{Engine, Gather};
use duban::domain::id::TaskId;
use duban::rules::progress::Act;
use duban::store::{Access, Store};
use serde_json::json;

use crate::eml::{self, Mail};
use crate::office::Office;
use crate::world::{TOWN, World, ledger};

const ASK: [&str; 9] = [
    "task",
    "extend",
    "bridge-1",
    "--to",
    "2190-07-31",
    "--note",
    "the flood took the scaffold",
    "--by",
    "Ann",
];

/// Lets the daemon look at the store once, a moment after `task` was last acted on, and gives the mails about extensions.
async fn told(office: &Office, now: DateTime<Utc>) -> Vec<Mail> {
    let config = config::load(&office.path("duban.toml"), &Environment::default()).unwrap();
    let store = Store::open(&config.store, Access::Run, now).await.unwrap().store;
    let clock = Arc::new(ManualClock::new(now));
    let engine = Arc::new(Engine::open(config, store.clone(), clock).await.unwrap());
    engine.decide(now, Gather::Done).await.unwrap();
    engine.deliver_all(now).await.unwrap();
    drop(engine);
    store.close().await;
    let mut mails = eml::read_folder(&office.path("outbox"));
    mails.retain(|mail| mail.subject.contains("extension"));
    mails
}

/// The mails of [`told`] to the office.
async fn told_to_office(office: &Office, now: DateTime<Utc>) -> Vec<Mail> {
    let mut mails = told(office, now).await;
    mails.retain(|mail| mail.to == "office@example.org");
    mails
}

/// When more time was last asked for.
fn asked_at(office: &Office) -> DateTime<Utc> {
    let shown = office.json(&["task", "show", "bridge-1", "--format", "json"]);
    shown["extension"]["asked"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_request_moves_nothing_and_is_told_wherever_somebody_looks() {
    let office = Office::running().await;
    let asked = office.duban(&ASK);
    assert_eq!(asked.code, Some(0), "{}", asked.err);
    let expected = "task bridge-1 is open, due 2190-06-15, asked to be extended to 2190-07-31; next notice";
    assert!(asked.out.starts_with(expected), "{}", asked.out);
    let rows = office.json(&["status", "--format", "json"]);
    assert_eq!(
        (
            &rows[0]["due"],
            &rows[0]["extension_asked"],
            &rows[1]["extension_asked"]
        ),
        (&json!("2190-06-15"), &json!("2190-07-31"), &json!(null))
    );
    let status = office.duban(&["status"]);
    let said = "task bridge-1 asks for an extension until 2190-07-31";
    assert!(
        status.err.contains(said) && status.err.contains("the flood took the scaffold"),
        "{}",
        status.err
    );
    for words in [["why", "bridge-1"].as_slice(), &["task", "show", "bridge-1"]] {
        let ran = office.duban(words);
        assert!(
            ran.out.contains("2190-07-31") && ran.out.contains("the flood took the scaffold"),
            "{words:?}: {}",
            ran.out
        );
    }
    let preview = office.duban(&["review", "preview", "weekly", "--to", "office"]);
    assert!(
        preview.out.contains("asks for an extension until 2190-07-31"),
        "{}",
        preview.out
    );
}

#[tokio::test]
async fn a_grant_moves_the_deadline_once_and_counts_once() {
    let office = Office::running().await;
    office.duban(&ASK);
    let granted = office.duban(&["task", "grant", "bridge-1", "--due", "2190-06-29", "--by", "chief"]);
    let expected = "task bridge-1 is open, due 2190-06-29; next notice 2190-06-24T09:00:00+08:00 due-3wd/remind";
    assert!(granted.out.starts_with(expected), "{}{}", granted.out, granted.err);
    // The office writes the new date into its spreadsheet as well: that is no second extension.
    office.write("ledger.csv", crate::office::LEDGER.replace("2190-06-15", "2190-06-29"));
    office.reload().await;
    let shown = office.json(&["task", "show", "bridge-1", "--format", "json"]);
    assert_eq!((&shown["extension"], &shown["mismatches"]), (&json!(null), &json!([])));
    let entries = shown["history"].as_array().unwrap();
    let last = entries.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["by"], &last["data"]),
        (
            &json!("extension-granted"),
            &json!("chief"),
            &json!({"from": "2190-06-15", "asked": "2190-07-31", "to": "2190-06-29"})
        )
    );
    let score = office.json(&[
        "score",
        "--from",
        "2021-01-01",
        "--to",
        "2190-12-31",
        "--now",
        "2191-01-10",
        "--format",
        "json",
    ]);
    let text = score.to_string();
    let lines = score["rows"][0]["lines"].as_array().unwrap_or_else(|| panic!("{text}"));
    let extensions = lines.iter().find(|line| line["measure"] == "extensions").unwrap();
    assert_eq!(extensions["count"], 1, "{text}");
    assert_eq!(office.duban(&["journal", "verify"]).code, Some(0));
}

#[tokio::test]
async fn a_refusal_needs_a_reason_and_leaves_the_deadline() {
    let office = Office::running().await;
    office.duban(&ASK);
    for words in [
        ["task", "refuse", "bridge-1"].as_slice(),
        &["task", "refuse", "bridge-1", "--note", " "],
    ] {
        assert_eq!(office.duban(words).code, Some(2), "{words:?}");
    }
    let refused = office.duban(&["task", "refuse", "bridge-1", "--note", "the mayor promised it"]);
    assert!(
        refused.out.starts_with("task bridge-1 is open, due 2190-06-15; next"),
        "{}",
        refused.out
    );
    let again = office.duban(&["task", "refuse", "bridge-1", "--note", "no"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("hint: nobody asks for one"), "{}", again.err);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_what_can_be_done() {
    let office = Office::running().await;
    let ask = |to: &str| office.duban(&["task", "extend", "bridge-1", "--to", to, "--note", "rain"]);
    assert_eq!(ask("2200-01-01").code, Some(2), "no calendar reaches so far");
    let earlier = ask("2190-06-15");
    assert_eq!(earlier.code, Some(1));
    assert!(earlier.err.contains("hint: give a later --to"), "{}", earlier.err);
    assert_eq!(ask("2190-07-01").code, Some(0));
    let twice = ask("2190-08-01");
    assert!(twice.err.contains("asked for already"), "{}", twice.err);
    office.duban(&["task", "close", "bridge-1"]);
    let shown = office.json(&["task", "show", "bridge-1", "--format", "json"]);
    assert_eq!(shown["extension"], json!(null), "what is closed needs no more time");
    let closed = ask("2190-08-01");
    assert_eq!(closed.code, Some(1), "{}", closed.out);
}

#[tokio::test]
async fn the_office_hears_of_a_request_at_once_and_only_once() {
    let office = Office::running().await;
    office.duban(&ASK);
    let now = asked_at(&office);
    let mails = told_to_office(&office, now).await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(
        mail.subject,
        "Duban | task bridge-1 asks for an extension until 2190-07-31"
    );
    for said in [
        "Repair the north bridge (Public Works)",
        "It is due 2190-06-15; Ann asks for an extension until 2190-07-31.",
        "Why: the flood took the scaffold",
        "duban task grant bridge-1",
    ] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    assert_eq!(told_to_office(&office, now).await.len(), 1);
}

#[tokio::test]
async fn a_request_that_was_answered_before_anybody_heard_of_it_is_no_news() {
    let office = Office::running().await;
    office.duban(&ASK);
    let now = asked_at(&office);
    office.duban(&["task", "refuse", "bridge-1", "--note", "no"]);
    assert_eq!(told_to_office(&office, now).await.len(), 0);
}

#[tokio::test]
async fn whoever_is_answerable_hears_the_answer_at_once_and_only_once() {
    let answers: [(&[&str], &str, &[&str]); 3] = [
        (
            &["grant", "bridge-1", "--by", "Office"],
            "Duban | task bridge-1: the extension is granted, due 2190-07-31",
            &["Office grants the extension: it is due 2190-07-31 now."],
        ),
        (
            &[
                "grant",
                "bridge-1",
                "--due",
                "2190-06-29",
                "--by",
                "Office",
                "--note",
                "two weeks must do",
            ],
            "Duban | task bridge-1: the extension is granted, due 2190-06-29",
            &[
                "it is due 2190-06-29 now. Asked for was 2190-07-31.",
                "Why: two weeks must do",
            ],
        ),
        (
            &[
                "refuse",
                "bridge-1",
                "--by",
                "Office",
                "--note",
                "the mayor promised it",
            ],
            "Duban | task bridge-1: the extension is refused, due 2190-06-15",
            &[
                "Repair the north bridge (Public Works)",
                "Office refuses the extension until 2190-07-31: it stays due 2190-06-15.",
                "Why: the mayor promised it",
            ],
        ),
    ];
    for (answer, subject, said) in answers {
        let office = Office::running().await;
        office.duban(&ASK);
        let now = asked_at(&office);
        told(&office, now).await;
        let ran = office.duban(&[&["task"], answer].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for _ in 0..2 {
            let mut mails = told(&office, now).await;
            mails.retain(|mail| mail.to == "ann@example.org");
            assert_eq!(mails.len(), 1, "{answer:?}: she is owner and head, and hears it once");
            assert_eq!(mails[0].subject, subject);
            for text in said {
                assert!(mails[0].text.contains(text), "{text}: {}", mails[0].text);
            }
        }
        assert_eq!(
            told_to_office(&office, now).await.len(),
            1,
            "the office answered itself"
        );
    }
}

#[tokio::test]
async fn nobody_asks_for_a_day_that_is_over() {
    let office = Office::running().await;
    let ask = |to: &str| office.duban(&["task", "extend", "bridge-2", "--to", to, "--note", "rain"]);
    let over = ask("2021-12-17");
    assert_eq!(over.code, Some(1), "{}", over.out);
    assert!(
        over.err.contains("a day that is over") && over.err.contains("hint: give a --to that is today or later"),
        "{}",
        over.err
    );
    let shown = office.json(&["task", "show", "bridge-2", "--format", "json"]);
    assert_eq!(shown["extension"], json!(null));
    let now: DateTime<Utc> = duban::clock::Clock::now(&duban::clock::SystemClock);
    let today = (now + chrono::TimeDelta::hours(8)).date_naive().to_string();
    let asked = ask(&today);
    assert_eq!(asked.code, Some(0), "today is not over: {}", asked.err);
}

#[tokio::test]
async fn the_ladder_follows_a_granted_deadline_and_what_lies_in_the_past_is_not_replayed() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-03-20")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-18T10:00:00+08:00").await;
    assert_eq!(world.heard("1", "ann").await, ["due-3wd/remind"]);
    let (to, note) = ("2026-04-10".parse().unwrap(), "rain".to_owned());
    world.act("1", &Act::Extend { to, note }).await;
    world.act("1", &Act::Grant { due: None }).await;
    world.run_until("2026-04-13T10:00:00+08:00").await;
    assert_eq!(
        world.heard("1", "ann").await,
        ["due-3wd/remind", "due-3wd/remind", "due/due", "due+1wd/overdue"]
    );
    let stored = world.store().task(&TaskId::new("1")).await.unwrap().unwrap();
    assert_eq!(stored.state.due.to_string(), "2026-04-10");
}

#[tokio::test]
async fn a_deadline_written_into_the_ledger_answers_a_request() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-03-20")]));
    world.start("2026-03-02T08:00:00+08:00").await;
    let (to, note) = ("2026-04-10".parse().unwrap(), "rain".to_owned());
    world.act("1", &Act::Extend { to, note }).await;
    world.write("ledger.csv", ledger(&[("1", "2026-03-31")]));
    world.restart("2026-03-03T09:00:00+08:00").await;
    let stored = world.store().task(&TaskId::new("1")).await.unwrap().unwrap();
    assert_eq!(
        (stored.state.due.to_string(), stored.state.asked),
        ("2026-03-31".to_owned(), None)
    );
}
