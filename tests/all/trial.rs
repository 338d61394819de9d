//! A trial: everything goes to one person, and going live begins clean.

use crate::world::{TOWN, World, ledger};

#[tokio::test]
async fn a_trial_sends_everything_to_one_person_marked_for_whom_and_going_live_begins_clean() {
    let live = TOWN.replace("to = [\"owner\"], every", "to = [\"owner\", \"head\"], every");
    let trial = format!("{live}[delivery]\ntrial = \"person:cat\"\n");
    let mut world = World::new(&trial, &ledger(&[("1", "2026-03-03"), ("2", "2026-03-03")]));
    world.start("2026-03-04T10:00:00+08:00").await;
    world.run_until("2026-03-06T12:00:00+08:00").await;
    let mails = world.mails();
    assert!(mails.iter().all(|mail| mail.to == "cat@example.org"), "{mails:#?}");
    for who in ["Ann", "Ben"] {
        let marked = mails
            .iter()
            .filter(|mail| mail.kind == "notice" && mail.text.contains(who));
        assert!(marked.count() >= 3, "{who}: {mails:#?}");
    }
    assert!(world.path("duban.trial.db").exists() && !world.path("duban.db").exists());
    world.stop().await;

    let in_trial = mails.len();
    world.write("duban.toml", live);
    world.start("2026-03-06T13:00:00+08:00").await;
    world.run_until("2026-03-06T14:00:00+08:00").await;
    let mails = world.mails();
    let new: Vec<_> = mails
        .iter()
        .skip(in_trial)
        .filter(|mail| mail.kind == "notice")
        .collect();
    let mut readers: Vec<&str> = new.iter().map(|mail| mail.to.as_str()).collect();
    readers.sort_unstable();
    assert_eq!(
        readers,
        ["ann@example.org", "ben@example.org"],
        "each of them for the first time"
    );
    assert!(
        new.iter()
            .all(|mail| mail.text.contains("Task 1") && mail.text.contains("Task 2"))
    );
}
