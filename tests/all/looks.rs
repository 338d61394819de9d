//! Commands that look: `status`, `why`, `task show`, `review`, `outbox`, `journal`, `send-test`.

use std::fs;
use std::net::TcpListener;

use chrono::{DateTime, Utc};
use duban::domain::id::ChannelId;
use duban::store::{Access, LaneRow, Store};
use serde_json::{Value, json};

use crate::office::{BEGINNING, Office};

const TUESDAY: &str = "2021-12-14T10:00";

#[tokio::test]
async fn status_tells_scripts_how_each_task_stands() {
    let office = Office::running().await;
    let status = office.json(&["status", "--now", TUESDAY, "--format", "json"]);
    assert_eq!(
        status[1],
        json!({
            "id": "bridge-2",
            "title": "Repair the south bridge",
            "area": "roads",
            "unit": "works",
            "lead": "office",
            "due": "2021-12-16",
            "state": "open",
            "light": "yellow",
            "progress": "",
            "days_left": 2,
            "working_days_left": 2,
            "last_notice": "2021-12-13T09:00:00+08:00",
            "next_notice": "2021-12-17T09:00:00+08:00",
            "batch": "",
            "part_of": Value::Null,
            "extension_asked": Value::Null,
        })
    );
    assert_eq!(
        (&status[0]["id"], &status[0]["last_notice"]),
        (&"bridge-1".into(), &Value::Null)
    );
}

#[tokio::test]
async fn a_closed_task_has_no_days_left_and_nothing_to_come() {
    let office = Office::running().await;
    office.duban(&["task", "close", "bridge-1"]);
    let status = office.json(&["status", "--format", "json"]);
    let row = &status[0];
    assert_eq!((&row["state"], &row["light"]), (&"closed".into(), &"grey".into()));
    for key in ["days_left", "working_days_left", "next_notice"] {
        assert_eq!(row[key], Value::Null, "{key}");
    }
}

#[test]
fn status_without_a_store_says_so_and_shows_a_first_load() {
    let office = Office::new();
    let ran = office.duban(&["status", "--now", TUESDAY, "--format", "csv"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("there is no store at"), "{}", ran.err);
    assert!(
        ran.out
            .contains("bridge-2,Repair the south bridge,roads,works,office,2021-12-16,open,yellow,,2,2,,"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn status_tells_where_ledger_and_journal_disagree() {
    let office = Office::running().await;
    office.duban(&["task", "submit", "bridge-1"]);
    office.duban(&["task", "return", "bridge-1", "--due", "2191-01-15"]);
    let ran = office.duban(&["status"]);
    assert!(
        ran.err
            .contains("task bridge-1: the ledger says due 2190-06-15, the journal 2191-01-15"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn status_tells_of_a_stopped_channel_and_of_a_refused_load() {
    let office = Office::running().await;
    let since: DateTime<Utc> = BEGINNING.parse().unwrap();
    let store = Store::open(&office.path("duban.db"), Access::Act, since)
        .await
        .unwrap()
        .store;
    let lane = LaneRow {
        channel: ChannelId::new("hook"),
        stopped_since: Some(since),
        cause: "no connection".to_owned(),
        told: true,
        next_try: None,
        paused_until: None,
    };
    store.save_lane(&lane).await.unwrap();
    store.begin_cause("load:0f1e", since).await.unwrap();
    store.close().await;
    let ran = office.duban(&["status"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.err,
        "note: channel hook is stopped since 2021-12-13T09:00:00+08:00: no connection; nothing waits for it\n\
         note: degraded since 2021-12-13T09:00:00+08:00: the files are broken or were refused, and the last good load \
         is in force\n"
    );
}

#[tokio::test]
async fn status_tells_of_rows_that_were_edited_and_not_loaded_yet() {
    let office = Office::running().await;
    office.write(
        "ledger.csv",
        "id,title,area,unit,lead,opened,due\nbridge-1,Repair the north bridge,roads,works,office,2021-11-01,2190-07-01\n",
    );
    let ran = office.duban(&["status"]);
    assert!(
        ran.err.contains("2 rows of the files are not loaded yet"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn broken_files_leave_looks_to_the_last_good_load() {
    let office = Office::running().await;
    office.write("ledger.csv", "id,title\n1\n");
    let ran = office.duban(&["status", "--now", TUESDAY]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("by the last good load"), "{}", ran.err);
    assert!(ran.out.contains("bridge-2"), "{}", ran.out);
}

#[tokio::test]
async fn why_tells_what_was_said_and_which_step_speaks_next() {
    let office = Office::running().await;
    let ran = office.duban(&["why", "bridge-2", "--now", TUESDAY]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for words in [
        "2021-12-13T09:00:00+08:00  due-3wd/remind  Ann  owner  mail     delivered",
        "3 working days before 2021-12-16",
        "waits: the task was not submitted yet",
        "Next: 2021-12-17T09:00:00+08:00 due+1wd/overdue to",
    ] {
        assert!(ran.out.contains(words), "`{words}` is missing:\n{}", ran.out);
    }
}

#[test]
fn why_works_without_a_store_and_knows_near_ids() {
    let office = Office::new();
    let ran = office.duban(&["why", "bridge-2", "--now", TUESDAY]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("Told: nothing yet"), "{}", ran.out);
    let ran = office.duban(&["why", "bridge-3"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("did you mean `bridge-1` or `bridge-2`?"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn the_outbox_lists_messages_and_shows_one_by_the_beginning_of_its_id() {
    let office = Office::running().await;
    let list = office.json(&["outbox", "list", "--format", "json"]);
    let keys: Vec<&String> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    assert_eq!(
        (
            &list[0]["state"],
            &list[0]["channel"],
            &list[0]["attempts"],
            &list[0]["next_attempt"]
        ),
        (&"delivered".into(), &"mail".into(), &1.into(), &Value::Null)
    );
    let id = list[0]["id"].as_str().unwrap();
    let shown = office.json(&["outbox", "show", id.get(..8).unwrap(), "--format", "json"]);
    assert_eq!(
        (&shown["id"], &shown["tries"][0]["number"]),
        (&list[0]["id"], &1.into())
    );
    assert_eq!(shown["contents"][0]["step"], "due-3wd/remind");
    assert!(shown["text"].as_str().unwrap().contains("Repair the south bridge"));
}

#[tokio::test]
async fn a_beginning_that_fits_no_message_fails() {
    let office = Office::running().await;
    for beginning in ["zz", "", "%"] {
        assert_eq!(
            office.duban(&["outbox", "show", beginning]).code,
            Some(1),
            "{beginning}"
        );
    }
}

#[test]
fn an_outbox_without_a_store_names_where_it_looked() {
    let office = Office::new();
    let ran = office.duban(&["outbox", "list"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("there is no store at"), "{}", ran.err);
}

#[tokio::test]
async fn a_review_is_listed_shown_and_previewed() {
    let office = Office::running().await;
    let list = office.json(&["review", "list", "--now", TUESDAY, "--format", "json"]);
    assert_eq!(
        (&list[0]["id"], &list[0]["next"], &list[0]["last"]),
        (&"weekly".into(), &"2021-12-20T08:30:00+08:00".into(), &Value::Null)
    );
    let ran = office.duban(&["review", "preview", "weekly", "--now", TUESDAY, "--to", "ann"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("To: Ann (ann)\nSubject: "), "{}", ran.out);
    assert!(
        ran.out.contains("Repair the south bridge") && !ran.out.contains("To: Office"),
        "{}",
        ran.out
    );
}

#[test]
fn a_review_is_previewed_without_a_store() {
    let office = Office::new();
    let ran = office.duban(&["review", "preview", "weekly", "--now", TUESDAY]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("To: Office (office)") && ran.out.contains("To: Ann (ann)"),
        "{}",
        ran.out
    );
    assert!(!office.path("duban.db").exists() && !office.path("outbox").exists());
}

#[test]
fn a_review_that_is_none_fails_with_near_ones() {
    let ran = Office::new().duban(&["review", "show", "weekyl"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("did you mean `weekly`?"), "{}", ran.err);
}

#[tokio::test]
async fn a_journal_that_nobody_touched_holds_and_is_exported_as_it_is_chained() {
    let office = Office::running().await;
    office.duban(&["task", "ack", "bridge-1"]);
    let ran = office.duban(&["journal", "verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines: Vec<Value> = office
        .duban(&["journal", "export"])
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["prev"], "0".repeat(64));
    assert!(lines.windows(2).all(|pair| pair[0]["hash"] == pair[1]["prev"]));
    let last = lines.last().unwrap();
    assert_eq!(
        ran.out,
        format!(
            "the journal holds: {} entries, 2 tasks follow from them, head {}\n",
            lines.len(),
            last["hash"].as_str().unwrap()
        )
    );
}

#[tokio::test]
async fn an_entry_that_was_changed_behind_its_back_is_found() {
    let office = Office::running().await;
    office.duban(&["task", "ack", "bridge-1", "--by", "Section-Chief-Wang"]);
    office.tamper("Section-Chief-Wang", "Section-Chief-Yang");
    let ran = office.duban(&["journal", "verify"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("the journal is broken at entry "), "{}", ran.err);
}

#[tokio::test]
async fn a_stored_state_that_does_not_follow_from_the_journal_is_found() {
    let office = Office::running().await;
    office.duban(&["task", "report", "bridge-1", "--progress", "forty percent"]);
    office.tamper(
        "\"progress\":\"forty percent\",\"returns\"",
        "\"progress\":\"sixty percent\",\"returns\"",
    );
    let ran = office.duban(&["journal", "verify"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err
            .contains("task bridge-1: its stored state is not what its entries say"),
        "{}",
        ran.err
    );
}

#[test]
fn a_test_to_a_person_goes_by_their_first_channel_at_once() {
    let office = Office::new();
    let ran = office.duban(&["send-test", "ann"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert!(ran.out.starts_with("Ann by mail: "), "{}", ran.out);
    assert_eq!(fs::read_dir(office.path("outbox")).unwrap().count(), 1);
    assert!(!office.path("duban.db").exists());
}

#[test]
fn a_test_of_a_webhook_is_posted_to_it() {
    let office = Office::new();
    let ran = office.duban(&["send-test", "channel:hook"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert_eq!(fs::read_dir(office.path("posts")).unwrap().count(), 1);
}

#[test]
fn a_test_of_a_mail_channel_needs_a_person() {
    let ran = Office::new().duban(&["send-test", "mail"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("`duban send-test person:ann`"), "{}", ran.err);
}

#[test]
fn a_test_that_does_not_arrive_fails_in_the_words_of_the_outcome() {
    let office = Office::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    office.edit("file:outbox", &format!("smtp://127.0.0.1:{port}"));
    let ran = office.duban(&["send-test", "person:ann"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.starts_with("Ann by mail: unreachable: "), "{}", ran.out);
}

#[test]
fn in_a_trial_a_test_goes_to_the_person_of_the_trial_marked_for_whom() {
    let office = Office::new();
    office.edit("defaults.ladder", "delivery.trial = \"person:office\"\ndefaults.ladder");
    let ran = office.duban(&["send-test", "ann"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert!(ran.out.starts_with("Office by mail: "), "{}", ran.out);
    assert!(
        ran.err.contains("what is for Ann (mail) goes to Office by mail"),
        "{}",
        ran.err
    );
}

#[test]
fn a_test_to_nobody_fails_with_near_ids() {
    let ran = Office::new().duban(&["send-test", "offcie"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("did you mean `office`?"), "{}", ran.err);
}

#[tokio::test]
async fn a_present_before_the_store_began_ignores_it_and_says_so() {
    let office = Office::running().await;
    let ran = office.duban(&["status", "--now", "2021-12-01", "--format", "csv"]);
    assert_eq!(
        ran.err,
        "note: the store begins after 2021-12-01T00:00:00+08:00: it is ignored\nnote: this is how a first load would have \
         it\n"
    );
    assert!(
        ran.out.contains(",open,green,,15,11,,2021-12-13T09:00:00+08:00"),
        "{}",
        ran.out
    );
}

#[test]
fn the_next_notice_in_status_is_the_first_in_the_plan() {
    let office = Office::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/config/langfang/duban.toml");
    let now = "2021-12-20T10:00";
    let status = office.json(&["status", "-c", sample, "--now", now, "--format", "json"]);
    let plan = office.json(&[
        "plan", "-c", sample, "--now", now, "--until", "400d", "--format", "json",
    ]);
    let plan = plan.as_array().unwrap();
    for row in status.as_array().unwrap() {
        let first = plan.iter().find(|notice| notice["task"] == row["id"]);
        assert_eq!(row["next_notice"], first.unwrap()["at"], "task {}", row["id"]);
    }
}

#[tokio::test]
async fn broken_files_that_may_hide_a_trial_leave_the_live_store_alone() {
    let office = Office::running().await;
    office.edit("ledger =", "include = \"more.toml\"\nledger =");
    office.write("more.toml", "[delivery\ntrial = \"person:ann\"\n");
    for words in [["run"].as_slice(), &["status"], &["task", "ack", "bridge-1"]] {
        let ran = office.duban(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("nor whether a trial is on"), "{}", ran.err);
    }
}

#[test]
fn a_store_that_is_a_folder_is_named() {
    let office = Office::new();
    fs::create_dir(office.path("duban.db")).unwrap();
    for words in [
        ["status"].as_slice(),
        &["check"],
        &["run"],
        &["task", "ack", "bridge-1"],
    ] {
        let ran = office.duban(words);
        assert_eq!(ran.code, Some(1), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("duban.db is a folder"), "{words:?}: {}", ran.err);
    }
}
