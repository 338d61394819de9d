//! `duban task …`: what people record, and what follows from it.

use crate::office::Office;

const COMING: [&str; 8] = [
    "plan",
    "--task",
    "bridge-1",
    "--now",
    "2190-06-01",
    "--format",
    "json",
    "--until=30d",
];

fn steps(office: &Office) -> Vec<String> {
    let plan = office.json(&COMING);
    let rows = plan.as_array().unwrap();
    rows.iter()
        .map(|row| row["step"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_submission_takes_the_steps_before_the_deadline_out_of_the_plan() {
    let office = Office::running().await;
    assert!(steps(&office).contains(&"due-3wd/remind".to_owned()));
    let ran = office.duban(&["task", "submit", "bridge-1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(steps(&office), ["submitted+3wd/remind"]);
}

#[tokio::test]
async fn an_act_says_what_is_true_now_and_what_is_said_next() {
    let office = Office::running().await;
    let ran = office.duban(&["task", "ack", "bridge-1"]);
    assert_eq!(
        ran.out,
        "task bridge-1 is acknowledged, due 2190-06-15; next notice 2190-06-10T09:00:00+08:00 due-3wd/remind to Ann \
         by mail\n"
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_reopening_with_a_deadline_counts_from_it() {
    let office = Office::running().await;
    office.duban(&["task", "close", "bridge-1"]);
    let ran = office.duban(&["task", "reopen", "bridge-1", "--due", "2191-06-15", "--note", "relapse"]);
    assert_eq!(
        ran.out,
        "task bridge-1 is open, due 2191-06-15, opened again for the 1st time; next notice 2191-06-10T09:00:00+08:00 \
         due-3wd/remind to Ann by mail\n"
    );
    assert!(ran.err.contains("the ledger still says due 2190-06-15"), "{}", ran.err);
}

#[tokio::test]
async fn a_reopening_without_a_deadline_says_that_the_old_one_stands() {
    let office = Office::running().await;
    office.duban(&["task", "close", "bridge-2"]);
    let ran = office.duban(&["task", "reopen", "bridge-2"]);
    let expected =
        "task bridge-2 is open, due 2021-12-16, the deadline it had, opened again for the 1st time; next notice";
    assert!(ran.out.starts_with(expected), "{}", ran.out);
    assert!(ran.out.contains("due+1wd/overdue"), "{}", ran.out);
}

#[tokio::test]
async fn a_report_with_only_a_note_keeps_the_progress() {
    let office = Office::running().await;
    office.duban(&["task", "report", "bridge-1", "--progress", "60 %"]);
    office.duban(&["task", "report", "bridge-1", "--note", "still so"]);
    let shown = office.json(&["task", "show", "bridge-1", "--format", "json"]);
    assert_eq!(shown["progress"], "60 %");
}

#[tokio::test]
async fn the_history_tells_who_did_it_and_in_which_words() {
    let office = Office::running().await;
    office.duban(&["task", "ack", "bridge-1", "--by", "王科长", "--note", "收到"]);
    office.duban(&["task", "submit", "bridge-1"]);
    let shown = office.json(&["task", "show", "bridge-1", "--format", "json"]);
    let history = shown["history"].as_array().unwrap();
    let last: Vec<_> = history.iter().rev().take(2).collect();
    assert_eq!(
        (&last[1]["kind"], &last[1]["by"]),
        (&"acknowledged".into(), &"王科长".into())
    );
    assert_eq!(last[1]["data"]["note"], "收到");
    assert_eq!(
        (&last[0]["kind"], &last[0]["by"]),
        (&"submitted".into(), &"clerk".into())
    );
}

#[tokio::test]
async fn an_act_that_the_state_does_not_allow_fails_with_what_can_be_done() {
    let office = Office::running().await;
    let ran = office.duban(&["task", "return", "bridge-1"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(
        ran.err,
        "error: the task is open: it cannot be returned\n  hint: only a submission can be returned\n"
    );
}

#[tokio::test]
async fn a_mistyped_id_is_answered_with_near_ones() {
    let office = Office::running().await;
    for words in [["task", "ack", "brigde-1"], ["task", "show", "brigde-1"]] {
        let ran = office.duban(&words);
        assert_eq!(ran.code, Some(1));
        assert!(ran.err.contains("no task has the id `brigde-1`"), "{}", ran.err);
        assert!(ran.err.contains("did you mean `bridge-1`"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_deadline_out_of_all_calendars_is_not_understood() {
    let office = Office::running().await;
    let ran = office.duban(&["task", "reopen", "bridge-1", "--due", "2200-01-01"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("between 1970 and 2199"), "{}", ran.err);
}

#[test]
fn an_act_without_a_store_names_where_it_looked() {
    let office = Office::new();
    let ran = office.duban(&["task", "ack", "bridge-1"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    let path = office.path("duban.db").display().to_string();
    assert!(ran.err.contains(&format!("there is no store at {path}")), "{}", ran.err);
    assert!(!office.path("duban.db").exists());
}

#[tokio::test]
async fn an_act_works_while_the_files_are_broken() {
    let office = Office::running().await;
    office.write("ledger.csv", "id,title\n1\n");
    let ran = office.duban(&["task", "submit", "bridge-1"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "task bridge-1 is submitted, due 2190-06-15\n")
    );
    assert!(ran.err.contains("the files have errors"), "{}", ran.err);
}

#[tokio::test]
async fn a_deadline_before_the_opening_is_refused() {
    let office = Office::running().await;
    office.duban(&["task", "submit", "bridge-1"]);
    let ran = office.duban(&["task", "return", "bridge-1", "--due", "2021-10-31"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err
            .contains("cannot be returned with a deadline before its opening"),
        "{}",
        ran.err
    );
    office.duban(&["task", "close", "bridge-2"]);
    let ran = office.duban(&["task", "reopen", "bridge-2", "--due", "2021-10-31"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("hint: give --due a day after the opening"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_report_that_says_nothing_is_refused() {
    let office = Office::running().await;
    for words in [["--progress", ""], ["--progress", "  "], ["--note", " "]] {
        let ran = office.duban(&["task", "report", "bridge-1", words[0], words[1]]);
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("the report says nothing"), "{words:?}: {}", ran.err);
    }
}
