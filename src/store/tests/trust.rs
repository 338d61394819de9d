//! What an administrator relies on: a chain of which no byte can be changed, backups that prove, words that are forgotten
//! only where nobody needs them, and what is done to messages by hand.

use std::fs;
use std::path::Path;

use super::super::{Deed, DeskAct, PendingWord, StoreError, Wanted, prove, put_back};
use super::*;
use crate::domain::system::SystemWord;

/// The columns of the journal, with a statement that puts other bytes in one.
const COLUMNS: [&str; 5] = ["task", "kind", "who", "data", "prev"];

async fn tamper(store: &Store, sql: &'static str) {
    for statement in [
        "DROP TRIGGER IF EXISTS journal_is_not_changed",
        "DROP TRIGGER IF EXISTS journal_is_not_shortened",
        sql,
    ] {
        sqlx::query(statement)
            .execute(store.raw())
            .await
            .expect("the database is tampered with");
    }
}

async fn journal() -> Store {
    let store = Store::memory(at(0)).await.expect("a store");
    let drafts = vec![
        draft("first", Some("1")),
        Draft {
            data: json!({"note": "a\u{1b}b\n督", "on": true, "n": 12}),
            ..draft("second", Some("1"))
        },
        draft("third", Some("1")),
    ];
    store.append(drafts).await.expect("it is appended");
    store
}

#[tokio::test]
async fn every_single_changed_byte_of_every_field_of_the_journal_is_found() {
    let store = journal().await;
    tamper(&store, "SELECT 1").await;
    let mut flips = 0;
    for column in COLUMNS.into_iter().chain(["hash"]) {
        for seq in 1..=3_i64 {
            let read = format!("SELECT CAST({column} AS BLOB) FROM journal WHERE seq = $1");
            let intact: Vec<u8> = sqlx::query_scalar(sqlx::AssertSqlSafe(read))
                .bind(seq)
                .fetch_one(store.raw())
                .await
                .expect("the cell");
            let write = format!("UPDATE journal SET {column} = CAST($1 AS TEXT) WHERE seq = $2");
            let put = async |bytes: Vec<u8>| {
                sqlx::query(sqlx::AssertSqlSafe(write.clone()))
                    .bind(bytes)
                    .bind(seq)
                    .execute(store.raw())
                    .await
                    .expect("the cell is changed");
            };
            for place in 0..intact.len() {
                for bit in [0x01, 0x20] {
                    let mut bytes = intact.clone();
                    *bytes.get_mut(place).expect("the byte") ^= bit;
                    put(bytes).await;
                    let found = store.verify().await;
                    assert!(found.is_err(), "{column} of {seq}, byte {place}, bit {bit}");
                    flips += 1;
                }
            }
            put(intact).await;
        }
    }
    store.verify().await.expect("as it was, it holds");
    assert!(flips > 1000, "{flips} bytes were changed");
}

#[tokio::test]
async fn a_moved_instant_a_moved_number_and_a_task_taken_away_are_found() {
    for sql in [
        "UPDATE journal SET at = at + 1 WHERE seq = 3",
        "UPDATE journal SET seq = 4 WHERE seq = 3",
        "UPDATE journal SET seq = 0 WHERE seq = 1",
        "UPDATE journal SET task = NULL WHERE seq = 2",
        "UPDATE journal SET data = data || ' ' WHERE seq = 2",
    ] {
        let store = journal().await;
        tamper(&store, sql).await;
        assert!(store.verify().await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn the_last_entry_is_missed_though_the_chain_before_it_holds() {
    let store = journal().await;
    tamper(&store, "DELETE FROM journal WHERE seq = 3").await;
    assert!(matches!(store.verify().await, Err(StoreError::Broken { seq: 3, .. })));
}

#[tokio::test]
async fn a_chain_made_anew_from_its_last_entry_is_found() {
    let store = journal().await;
    tamper(&store, "DELETE FROM journal WHERE seq = 3").await;
    // Somebody who knows the rule writes another last entry, and not what stands beside the chain.
    let noted: String = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'head'")
        .fetch_one(store.raw())
        .await
        .expect("the note");
    store.append(vec![draft("forged", None)]).await.expect("it is appended");
    sqlx::query("UPDATE meta SET value = $1 WHERE name = 'head'")
        .bind(noted)
        .execute(store.raw())
        .await
        .expect("the note is put back");
    assert!(matches!(store.verify().await, Err(StoreError::Broken { seq: 3, .. })));
}

#[tokio::test]
async fn a_journal_that_an_older_program_continued_holds() {
    let store = journal().await;
    let noted = "UPDATE meta SET value = '2:' || (SELECT hash FROM journal WHERE seq = 2) WHERE name = 'head'";
    sqlx::query(noted)
        .execute(store.raw())
        .await
        .expect("the note is older");
    assert_eq!(store.verify().await.expect("it holds").entries, 3);
}

async fn file(folder: &Path) -> Store {
    let opened = Store::open(&folder.join("duban.db"), crate::store::Access::Run, at(0)).await;
    let store = opened.expect("a store").store;
    one_message(&store).await;
    store
}

fn word() -> PendingWord {
    PendingWord {
        name: "restored".to_owned(),
        word: SystemWord::LoadAccepted,
    }
}

async fn put(folder: &Path) -> crate::store::Result<crate::store::Put> {
    put_back(&folder.join("backup.db"), &folder.join("duban.db"), ".old", |_| {
        (draft("store-restored", None), word())
    })
    .await
}

#[tokio::test]
async fn a_backup_of_a_store_in_use_is_proven_and_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    let to = folder.path().join("backup.db");
    let proven = store.back_up(&to).await.expect("it is backed up");
    assert_eq!(proven.entries, 2);
    assert_eq!(proven.head, store.head().await.expect("the head"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&to).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!folder.path().join("backup.db.part").exists());
}

#[tokio::test]
async fn a_backup_that_cannot_be_finished_leaves_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    let to = folder.path().join("backup.db");
    fs::write(&to, "the old one").expect("it is written");
    tamper(&store, "DELETE FROM journal WHERE seq = 1").await;
    assert!(matches!(store.back_up(&to).await, Err(StoreError::Broken { .. })));
    assert_eq!(fs::read(&to).expect("it is there"), b"the old one");
    assert!(!folder.path().join("backup.db.part").exists());
}

#[tokio::test]
async fn a_restored_store_is_the_backup_with_an_entry_and_a_word_and_the_old_one_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    store
        .back_up(&folder.path().join("backup.db"))
        .await
        .expect("it is backed up");
    store
        .append(vec![draft("later", Some("1"))])
        .await
        .expect("it is appended");
    store.close().await;
    let done = put(folder.path()).await.expect("it is put back");
    assert_eq!((done.proven.entries, done.old_head), (2, Some(3)));
    let old = done.old.expect("the old one");
    assert_eq!(prove(&old).await.expect("it proves").entries, 3);
    let opened = Store::open(&folder.path().join("duban.db"), crate::store::Access::Run, at(9)).await;
    let store = opened.expect("the store opens").store;
    let head = store.head().await.expect("the head").expect("an entry");
    assert_eq!((head.seq, head.kind.as_str()), (3, "store-restored"));
    assert_eq!(store.pending_words().await.expect("words"), [word()]);
    assert!(store.verify().await.is_ok());
}

#[tokio::test]
async fn nothing_is_restored_over_a_store_that_a_daemon_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    store
        .back_up(&folder.path().join("backup.db"))
        .await
        .expect("it is backed up");
    assert!(matches!(put(folder.path()).await, Err(StoreError::Locked { .. })));
    assert_eq!(store.head().await.expect("the head").expect("an entry").seq, 2);
}

#[tokio::test]
async fn garbage_another_database_and_a_cut_backup_are_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    let to = folder.path().join("backup.db");
    store.back_up(&to).await.expect("it is backed up");
    store.close().await;
    let whole = fs::read(&to).expect("its bytes");
    let cut = whole.get(..whole.len() / 2).expect("half of it").to_vec();
    for bytes in [b"garbage".to_vec(), Vec::new(), vec![0; 8192], cut] {
        fs::write(&to, &bytes).expect("it is written");
        assert!(put(folder.path()).await.is_err(), "{} bytes", bytes.len());
        assert_eq!(
            prove(&folder.path().join("duban.db"))
                .await
                .expect("the store stands")
                .entries,
            2
        );
    }
}

#[tokio::test]
async fn a_restore_that_broke_off_in_the_middle_is_done_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = file(folder.path()).await;
    store
        .back_up(&folder.path().join("backup.db"))
        .await
        .expect("it is backed up");
    store.close().await;
    fs::write(folder.path().join("duban.db.part"), "half").expect("it is written");
    fs::hard_link(folder.path().join("duban.db"), folder.path().join("duban.db.old")).expect("it is linked");
    assert_eq!(put(folder.path()).await.expect("it is put back").proven.entries, 2);
}

async fn delivered(store: &Store) {
    claim(store, at(1), 9).await;
    store
        .settle(at(2), vec![settled("m", "delivered", MessageState::Delivered)])
        .await
        .expect("it is settled");
}

#[tokio::test]
async fn old_words_are_forgotten_and_what_was_told_to_whom_stays() {
    let store = Store::memory(at(0)).await.expect("a store");
    one_message(&store).await;
    delivered(&store).await;
    assert_eq!(store.forget_words(at(0), 10).await.expect("not older"), 0);
    assert_eq!(store.forget_words(at(1), 10).await.expect("older"), 1);
    assert_eq!(store.forget_words(at(1), 10).await.expect("once"), 0);
    let message = store
        .message(&"m".into())
        .await
        .expect("the store is well")
        .expect("it is there");
    assert_eq!(
        (
            message.content.words.text.as_str(),
            message.content.words.subject.as_str()
        ),
        ("", "督办")
    );
    assert_eq!(store.notices_of(&"m".into()).await.expect("notices").len(), 1);
    assert_eq!(store.attempts(&"m".into()).await.expect("attempts").len(), 1);
    assert!(store.verify().await.is_ok());
}

#[tokio::test]
async fn words_that_may_still_be_sent_are_never_forgotten() {
    for state in [
        MessageState::Waiting,
        MessageState::Undeliverable,
        MessageState::Dropped,
    ] {
        let store = Store::memory(at(0)).await.expect("a store");
        one_message(&store).await;
        claim(&store, at(1), 9).await;
        assert_eq!(store.forget_words(at(9999), 10).await.expect("being sent"), 0);
        let end = settled("m", "backoff", state);
        store.settle(at(2), vec![end]).await.expect("it is settled");
        assert_eq!(
            store.forget_words(at(9999), 10).await.expect("not delivered"),
            0,
            "{state:?}"
        );
    }
}

fn act(deed: Deed) -> DeskAct {
    DeskAct {
        deed,
        by: "clerk".to_owned(),
        note: Some("told by telephone".to_owned()),
    }
}

#[tokio::test]
async fn an_undeliverable_message_is_tried_again_under_its_id_and_the_journal_tells_who_did_it() {
    let store = Store::memory(at(0)).await.expect("a store");
    one_message(&store).await;
    claim(&store, at(1), 9).await;
    let end = settled("m", "permanent", MessageState::Undeliverable);
    store.settle(at(2), vec![end]).await.expect("it is settled");
    let done = store
        .desk(at(50), &["m".into()], &act(Deed::Retry { again: false }))
        .await;
    assert_eq!(done.expect("the store is well"), Ok(()));
    assert_eq!(claim(&store, at(50), 9).await, ["m"]);
    let head = store.head().await.expect("the head").expect("an entry");
    assert_eq!((head.kind.as_str(), head.by.as_str()), ("retried", "clerk"));
    let notices = store.notices_of_task(&"1".into()).await.expect("notices");
    assert_eq!(notices[0].1, crate::domain::notice::NoticeState::Queued);
}

#[tokio::test]
async fn what_is_being_sent_or_was_delivered_is_left_alone_and_then_nothing_else_is_done_either() {
    let store = Store::memory(at(0)).await.expect("a store");
    one_message(&store).await;
    queue(&store, vec![(mail("w"), Vec::new())]).await;
    claim(&store, at(1), 1).await;
    for deed in [Deed::Retry { again: true }, Deed::Discard] {
        let done = store
            .desk(at(5), &["w".into(), "m".into()], &act(deed))
            .await
            .expect("the store is well");
        assert!(done.is_err(), "{deed:?}");
    }
    store
        .settle(at(2), vec![settled("m", "delivered", MessageState::Delivered)])
        .await
        .expect("it is settled");
    for deed in [Deed::Retry { again: false }, Deed::Discard] {
        let done = store
            .desk(at(5), &["w".into(), "m".into()], &act(deed))
            .await
            .expect("the store is well");
        assert!(done.is_err(), "{deed:?}");
    }
    let waits = Wanted {
        state: Some(MessageState::Waiting),
        ..Wanted::default()
    };
    assert_eq!(
        store.wanted_messages(&waits, 9).await.expect("messages").len(),
        1,
        "w still waits"
    );
    let done = store
        .desk(at(5), &["m".into()], &act(Deed::Retry { again: true }))
        .await;
    assert_eq!(done.expect("the store is well"), Ok(()));
}

#[tokio::test]
async fn a_discarded_message_is_dropped_with_its_notices_and_the_reason() {
    let store = Store::memory(at(0)).await.expect("a store");
    one_message(&store).await;
    let done = store.desk(at(5), &["m".into()], &act(Deed::Discard)).await;
    assert_eq!(done.expect("the store is well"), Ok(()));
    assert_eq!(claim(&store, at(50), 9).await, Vec::<String>::new());
    let why = store.undelivered_reasons(&"1".into()).await.expect("reasons");
    assert_eq!(
        why.values().collect::<Vec<_>>(),
        ["discarded by clerk: told by telephone"]
    );
    assert_eq!(
        store.told(&"1".into()).await.expect("marks").len(),
        1,
        "it counts as told"
    );
    let back = store
        .desk(at(9), &["m".into()], &act(Deed::Retry { again: false }))
        .await;
    assert_eq!(back.expect("the store is well"), Ok(()), "somebody changed their mind");
    assert_eq!(claim(&store, at(50), 9).await, ["m"]);
}

#[tokio::test]
async fn what_goes_up_does_not_wake_a_message_that_somebody_discarded() {
    let store = Store::memory(at(0)).await.expect("a store");
    one_message(&store).await;
    let done = store.desk(at(5), &["m".into()], &act(Deed::Discard)).await;
    assert_eq!(done.expect("the store is well"), Ok(()));
    let mut up = mail("m");
    up.climb.origin = Some("ann".to_owned());
    queue(&store, vec![(up, vec!["n".into()])]).await;
    assert_eq!(claim(&store, at(50), 9).await, Vec::<String>::new());
    let notices = store.notices_of_task(&"1".into()).await.expect("notices");
    assert_eq!(notices[0].1, crate::domain::notice::NoticeState::Dropped);
    let why = store.undelivered_reasons(&"1".into()).await.expect("reasons");
    assert!(why.values().all(|why| why.starts_with("discarded by clerk")), "{why:?}");
}

#[tokio::test]
async fn messages_are_found_by_state_channel_and_recipient() {
    let store = Store::memory(at(0)).await.expect("a store");
    queue(
        &store,
        vec![
            (mail("a"), Vec::new()),
            (message("b", "hook", MessageKind::Notice, "x"), Vec::new()),
        ],
    )
    .await;
    let find = async |wanted: Wanted| {
        let found = store.wanted_messages(&wanted, 9).await.expect("messages");
        found
            .into_iter()
            .map(|message| message.id.to_string())
            .collect::<Vec<_>>()
    };
    let by_channel = Wanted {
        channel: Some("hook".into()),
        ..Wanted::default()
    };
    assert_eq!(find(by_channel).await, ["b"]);
    for (to, count) in [("edu-head", 2), ("市教育局局长", 2), ("nobody", 0)] {
        let wanted = Wanted {
            to: Some(to.to_owned()),
            ..Wanted::default()
        };
        assert_eq!(find(wanted).await.len(), count, "{to}");
    }
}
