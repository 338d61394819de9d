//! What an administrator types to see that all is well, and to mend what is not: `audit`, `outbox`, `backup`, `restore`,
//! `journal`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::audits::by_hand::sql;
use crate::office::Office;

/// Half an hour after its daemon ran.
const LATER: &str = "2021-12-13T09:30";

/// What the independent verifier says of an exported journal.
fn verified(export: &str) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/verify_journal.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(export.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap().trim().to_owned(),
    )
}

#[tokio::test]
async fn an_exported_journal_is_proven_by_an_independent_program() {
    let office = Office::running().await;
    office.duban(&["task", "ack", "bridge-1", "--note", "收到\t\u{7f}\u{1b} \"😀\""]);
    let export = office.duban(&["journal", "export"]).out;
    let last = export.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    let head = format!("{}:{}", last["seq"], last["hash"].as_str().unwrap());
    assert_eq!(verified(&export), (Some(0), head));
    let (code, said) = verified(&export.replacen("收到", "收悉", 1));
    assert_eq!((code, said), (Some(1), format!("entry {} does not fit", last["seq"])));
}

#[tokio::test]
async fn a_head_that_was_kept_elsewhere_is_looked_for_in_the_chain() {
    let office = Office::running().await;
    let entry: serde_json::Value =
        serde_json::from_str(office.duban(&["journal", "export"]).out.lines().nth(1).unwrap()).unwrap();
    let hash = entry["hash"].as_str().unwrap();
    for head in [
        format!("2:{hash}"),
        format!("2:{}", hash.chars().take(16).collect::<String>().to_uppercase()),
    ] {
        let ran = office.duban(&["journal", "verify", "--head", &head]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    for head in [format!("3:{hash}"), format!("999:{hash}")] {
        let ran = office.duban(&["journal", "verify", "--head", &head]);
        assert_eq!(ran.code, Some(1), "{head}");
        assert!(ran.err.contains("the journal does not contain"), "{}", ran.err);
    }
    for head in ["2", "2:abc", "x:0123456789abcdef"] {
        assert_eq!(
            office.duban(&["journal", "verify", "--head", head]).code,
            Some(2),
            "{head}"
        );
    }
}

#[tokio::test]
async fn an_audit_on_demand_is_clean_and_writes_nothing() {
    let office = Office::running().await;
    let before = office.duban(&["journal", "export"]).out;
    let ran = office.duban(&["audit", "--now", LATER]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.starts_with("clean: 2 tasks, "), "{}", ran.out);
    let json = office.json(&["audit", "--now", LATER, "--format", "json"]);
    assert_eq!((&json["clean"], &json["missing"]), (&true.into(), &0.into()));
    assert_eq!(office.duban(&["journal", "export"]).out, before);
}

#[tokio::test]
async fn an_audit_names_what_is_missing_with_a_hint_until_somebody_accepts_it() {
    let office = Office::running().await;
    sql(
        &office.path("duban.db"),
        "DELETE FROM notices WHERE id = (SELECT id FROM notices WHERE recipient = 'person:ann')",
    );
    let ran = office.duban(&["audit", "--now", LATER]);
    assert_eq!(ran.code, Some(1));
    for word in ["lost", "bridge-2", "due-3wd/remind", "ann", "1 finding: "] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(ran.err.contains("compare with the last backup"), "{}", ran.err);
    let ran = office.duban(&["audit", "--accept", "--note", "told by telephone"]);
    // By the clock of today much more is missing: the daemon did not run for years.
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = office.duban(&["audit", "--now", LATER]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.err.contains("1 finding accepted before"), "{}", ran.err);
}

#[tokio::test]
async fn a_daemon_that_did_not_run_is_missing_what_it_should_have_told() {
    let office = Office::running().await;
    let ran = office.duban(&["audit", "--now", "2021-12-20"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        ran.out.contains("missing") && ran.out.contains("was to be told at"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn a_backup_is_put_back_and_says_what_was_lost() {
    let office = Office::running().await;
    let ran = office.duban(&["backup", "b.db"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let head = ran.out.trim().rsplit(' ').next().unwrap().to_owned();
    let ran = office.duban(&["backup", "b.db"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("b.db is there already"), "{}", ran.err);
    assert_eq!(office.duban(&["backup", "b.db", "--force"]).code, Some(0));
    office.duban(&["task", "ack", "bridge-1"]);
    let ran = office.duban(&["restore", "b.db"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("replace it with --force"), "{}", ran.err);
    let ran = office.duban(&["restore", "b.db", "--force"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("1 journal entries after number"), "{}", ran.err);
    assert!(ran.err.contains("people may be told again"), "{}", ran.err);
    let kept = fs::read_dir(office.path("")).unwrap();
    let kept = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("duban.db.replaced-")
    });
    assert_eq!(kept.count(), 1);
    assert_eq!(office.duban(&["journal", "verify", "--head", &head]).code, Some(0));
    let export = office.duban(&["journal", "export"]).out;
    let last: serde_json::Value = serde_json::from_str(export.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["kind"], &last["by"]),
        (&"store-restored".into(), &"clerk".into())
    );
    assert_eq!(last["data"]["lost"], 1);
    assert_eq!(
        office.json(&["task", "show", "bridge-1", "--format", "json"])["state"],
        "open"
    );
}

#[tokio::test]
async fn a_backup_says_where_secrets_stand_in_it() {
    let office = Office::running().await;
    let ran = office.duban(&["backup", "a.db"]);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    let config = fs::read_to_string(office.path("duban.toml")).unwrap();
    let robot = "channels.hook = { type = \"webhook\", secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\",";
    office.write(
        "duban.toml",
        config.replace("channels.hook = { type = \"webhook\",", robot),
    );
    let ran = office.duban(&["backup", "b.db"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("secrets stand in the clear"), "{}", ran.err);
}

#[tokio::test]
async fn a_backup_that_is_none_and_the_store_itself_are_refused() {
    let office = Office::running().await;
    office.write("garbage", "this is no store");
    let ran = office.duban(&["restore", "garbage", "--force"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("is not a store of Duban"), "{}", ran.err);
    for words in [["backup", "duban.db", "--force"], ["restore", "duban.db", "--force"]] {
        let ran = office.duban(&words);
        assert!(
            ran.code == Some(1) && ran.err.contains("is the store itself"),
            "{}",
            ran.err
        );
    }
    assert_eq!(office.duban(&["journal", "verify"]).code, Some(0));
}

#[tokio::test]
async fn messages_are_listed_by_state_and_recipient_and_discarded_only_with_a_reason() {
    let office = Office::running().await;
    let list = |words: &[&str]| {
        let all = [&["outbox", "list", "--format", "json"], words].concat();
        office.json(&all).as_array().unwrap().len()
    };
    let (all, delivered) = (list(&[]), list(&["--state", "delivered"]));
    assert!(all > 0 && all == delivered, "{all} {delivered}");
    assert_eq!(list(&["--to", "nobody"]), 0);
    assert!(list(&["--to", "Ann"]) > 0);
    let ran = office.duban(&["outbox", "discard", "--state", "waiting"]);
    assert!(
        ran.code == Some(2) && ran.err.contains("without a reason"),
        "{}",
        ran.err
    );
    let ran = office.duban(&["outbox", "retry"]);
    assert!(ran.code == Some(2) && ran.err.contains("name messages"), "{}", ran.err);
    let ran = office.duban(&["outbox", "retry", "--to", "Ann"]);
    assert!(
        ran.code == Some(1) && ran.err.contains("--again sends it once more"),
        "{}",
        ran.err
    );
    let ran = office.duban(&["outbox", "retry", "--to", "Ann", "--again"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(list(&["--state", "waiting"]) > 0);
    let ran = office.duban(&["outbox", "discard", "--state", "waiting", "--note", "enough", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = office.duban(&["audit", "--now", LATER]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}
