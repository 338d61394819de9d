//! What `status` and `check` say of files that were edited since they were loaded.

use crate::office::{LEDGER, Office};

#[tokio::test]
async fn rows_that_only_moved_are_no_news_and_are_shown_in_their_new_order() {
    let office = Office::running().await;
    let (head, rows) = LEDGER.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    office.write("ledger.csv", format!("{head}\n{}\n", rows.join("\n")));
    let ran = office.duban(&["status"]);
    assert!(!ran.err.contains("not loaded yet"), "{}", ran.err);
    let entries = office.duban(&["journal", "export"]).out.lines().count();
    office.reload().await;
    let status = office.json(&["status", "--format", "json"]);
    assert_eq!(
        (&status[0]["id"], &status[1]["id"]),
        (&"bridge-2".into(), &"bridge-1".into())
    );
    assert_eq!(office.duban(&["journal", "export"]).out.lines().count(), entries);
}

#[tokio::test]
async fn after_a_withdrawal_the_other_tasks_stand_in_ledger_order() {
    let office = Office::running().await;
    let (head, rows) = LEDGER.split_once('\n').unwrap();
    let south = rows.lines().nth(1).unwrap();
    let new = south.replace("bridge-2", "bridge-3");
    office.write("ledger.csv", format!("{head}\n{new}\n{south}\n"));
    office.reload().await;
    let status = office.json(&["status", "--format", "json"]);
    let rows = status.as_array().unwrap().iter();
    let open: Vec<&str> = rows
        .filter(|row| row["state"] != "withdrawn")
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(open, ["bridge-3", "bridge-2"]);
}

#[tokio::test]
async fn status_and_check_tell_of_a_load_that_the_daemon_would_refuse() {
    let office = Office::running().await;
    office.duban(&["task", "close", "bridge-2"]);
    office.write(
        "ledger.csv",
        LEDGER.replace(
            "Repair the south bridge,roads,works,office,2021-11-01",
            "Paint it,roads,works,office,2021-11-02",
        ),
    );
    let ran = office.duban(&["status"]);
    assert!(
        ran.err
            .contains("the daemon would refuse this load: task bridge-2 is closed"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("not loaded yet"), "{}", ran.err);
    let ran = office.duban(&["check"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    let error = "ledger.csv:3:1: error: the daemon would refuse this load: task bridge-2 is closed";
    assert!(ran.out.contains(error), "{}", ran.out);
    assert!(
        ran.out.contains("hint: an id belongs to one task for ever"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn check_warns_where_row_and_journal_disagree() {
    let office = Office::running().await;
    office.duban(&["task", "submit", "bridge-1"]);
    office.duban(&["task", "return", "bridge-1", "--due", "2191-01-15"]);
    let ran = office.duban(&["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let warning = "ledger.csv:2:1: warning: task `bridge-1`: the ledger says due 2190-06-15, the journal 2191-01-15";
    assert!(ran.out.contains(warning), "{}", ran.out);
    assert_eq!(office.duban(&["check", "--deny-warnings"]).code, Some(2));
}

#[test]
fn check_makes_no_store() {
    let office = Office::new();
    // Whether a font is there is the machine's affair.
    office.edit(
        "to = [\"office\", \"heads\"]",
        "to = [\"office\", \"heads\"], pictures = false",
    );
    let ran = office.duban(&["check"]);
    assert!(ran.code == Some(0) && ran.out.contains("no problems"), "{}", ran.out);
    assert!(!office.path("duban.db").exists());
}
