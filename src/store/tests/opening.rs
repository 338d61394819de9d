//! Opening files.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::super::open::{open_with, schema};
use super::super::{Access, Opened, StoreError};
use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state/duban.db");
    (folder, path)
}

async fn open(path: &Path, access: Access) -> Result<Opened, StoreError> {
    Store::open(path, access, at(0)).await
}

/// The version of today's schema.
fn today() -> i64 {
    let versions = schema().iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

/// Today's schema and one migration more.
fn tomorrow() -> Migrator {
    let mut migrations: Vec<Migration> = schema().iter().cloned().collect();
    let next = today() + 1;
    let sql = SqlStr::from_static("CREATE TABLE added (id TEXT PRIMARY KEY NOT NULL)");
    migrations.push(Migration::new(
        next,
        Cow::from("added"),
        MigrationType::Simple,
        sql,
        false,
    ));
    Migrator::with_migrations(migrations)
}

#[tokio::test]
async fn run_makes_folders_and_file_and_says_so_once() {
    let (_folder, path) = place();
    let opened = open(&path, Access::Run).await.expect("it is made");
    assert!(opened.created);
    let instance = opened.store.instance().await.expect("an instance");
    opened.store.close().await;
    let again = Store::open(&path, Access::Run, at(99)).await.expect("it opens again");
    assert!(!again.created);
    assert_eq!(again.store.instance().await.expect("an instance"), instance);
    assert_eq!(again.store.path(), Some(path.as_path()));
}

#[tokio::test]
async fn acts_and_looks_make_no_store() {
    let (_folder, path) = place();
    for access in [Access::Act, Access::Look] {
        assert!(matches!(open(&path, access).await, Err(StoreError::Missing { .. })));
    }
    assert!(!path.exists());
}

#[tokio::test]
async fn a_second_daemon_is_refused_with_the_process_that_holds_it() {
    let (_folder, path) = place();
    let first = open(&path, Access::Run).await.expect("it is made");
    let Err(StoreError::Locked { pid, .. }) = open(&path, Access::Run).await else {
        panic!("the second is not refused");
    };
    assert_eq!(pid, Some(std::process::id()));
    first.store.close().await;
    assert!(open(&path, Access::Run).await.is_ok());
}

#[tokio::test]
async fn a_dropped_store_gives_up_its_lock() {
    let (_folder, path) = place();
    drop(open(&path, Access::Run).await.expect("it is made"));
    assert!(open(&path, Access::Run).await.is_ok());
}

#[tokio::test]
async fn an_act_beside_a_daemon_is_seen_by_it() {
    let (_folder, path) = place();
    let daemon = open(&path, Access::Run).await.expect("it is made").store;
    load(&daemon, vec![change("1", 0, None)]).await;
    let before = daemon.data_version().await.expect("a number");
    load(&daemon, vec![change("2", 1, None)]).await;
    assert_eq!(
        daemon.data_version().await.expect("a number"),
        before,
        "our own commits do not count"
    );

    let beside = open(&path, Access::Act).await.expect("it opens beside").store;
    assert_eq!(beside.wake_tasks(None, at(5)).await.expect("it wakes"), 2);
    assert_ne!(daemon.data_version().await.expect("a number"), before);
    assert_eq!(daemon.next_task_at().await.expect("an instant"), Some(at(5)));
    beside
        .append(vec![draft("reported", Some("1"))])
        .await
        .expect("it is appended");
    daemon
        .append(vec![draft("reported", Some("2"))])
        .await
        .expect("it is appended");
    assert_eq!(daemon.verify().await.expect("the chain holds").entries, 4);
}

#[tokio::test]
async fn a_store_opened_to_look_cannot_be_written() {
    let (_folder, path) = place();
    let daemon = open(&path, Access::Run).await.expect("it is made").store;
    load(&daemon, vec![change("1", 0, None)]).await;
    let look = open(&path, Access::Look).await.expect("it opens").store;
    assert_eq!(look.tasks().await.expect("tasks").len(), 1);
    let refused = look.append(vec![draft("reported", None)]).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly(_))), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    let text = "id,title\n".repeat(2000);
    std::fs::write(&path, &text).expect("it is written");
    for access in [Access::Run, Access::Act, Access::Look] {
        let refused = open(&path, access).await.err();
        assert!(
            matches!(refused, Some(StoreError::NotAStore { .. })),
            "{access:?}: {refused:?}"
        );
    }
    assert_eq!(std::fs::read_to_string(&path).expect("it is read"), text);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused() {
    use sqlx::{ConnectOptions, Connection};
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut other = options.connect().await.expect("it is made");
    sqlx::query("CREATE TABLE places (id TEXT)")
        .execute(&mut other)
        .await
        .expect("a table");
    other.close().await.expect("it is closed");
    assert!(matches!(
        open(&path, Access::Run).await,
        Err(StoreError::NotAStore { .. })
    ));
}

#[tokio::test]
async fn an_older_store_is_brought_up_by_the_daemon_alone_and_a_copy_is_kept() {
    let (_folder, path) = place();
    let old = open(&path, Access::Run).await.expect("it is made").store;
    load(&old, vec![change("1", 0, None)]).await;
    old.close().await;

    let early = open_with(&path, Access::Act, at(1), &tomorrow()).await.err();
    assert!(
        matches!(early, Some(StoreError::Older { found, known, .. }) if (found, known) == (today(), today() + 1)),
        "{early:?}"
    );

    let opened = open_with(&path, Access::Run, at(1), &tomorrow())
        .await
        .expect("it is brought up");
    assert_eq!((opened.created, opened.migrated_from), (false, Some(today())));
    assert_eq!(opened.store.tasks().await.expect("tasks").len(), 1);
    let copy = opened.copy.expect("a copy");
    assert_eq!(
        copy.file_name().and_then(|name| name.to_str()),
        Some(format!("duban.db.v{}.bak", today()).as_str())
    );
    let kept = open(&copy, Access::Look).await.expect("the copy is a store").store;
    assert_eq!(kept.tasks().await.expect("tasks").len(), 1);
}

#[tokio::test]
async fn a_newer_store_is_refused_with_both_versions() {
    let (_folder, path) = place();
    let newer = open_with(&path, Access::Run, at(0), &tomorrow())
        .await
        .expect("it is made");
    newer.store.close().await;
    for access in [Access::Run, Access::Act, Access::Look] {
        let Err(error) = open(&path, access).await else {
            panic!("it is not refused");
        };
        assert!(
            matches!(error, StoreError::Newer { found, known, .. } if (found, known) == (today() + 1, today())),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_what_was_there() {
    let (_folder, path) = place();
    let store = open(&path, Access::Run).await.expect("it is made").store;
    load(&store, vec![change("1", 0, None)]).await;
    sqlx::query("PRAGMA max_page_count = 1")
        .execute(store.raw())
        .await
        .expect("a limit");
    let changes = (0..2000).map(|n| change(&format!("more-{n}"), n, None)).collect();
    let intake = Intake {
        changes,
        ..Intake::default()
    };
    let refused = store.intake::<()>(at(0), |_| Ok(intake)).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(store.tasks().await.expect("tasks").len(), 1);
    assert_eq!(store.verify().await.expect("the chain holds").entries, 1);
}

#[tokio::test]
async fn a_crash_leaves_what_was_committed_and_nothing_half() {
    let (folder, path) = place();
    let store = open(&path, Access::Run).await.expect("it is made").store;
    one_message(&store).await;
    let mut tx = store.begin().await.expect("it begins");
    sqlx::query("UPDATE messages SET state = 'delivered'")
        .execute(&mut *tx)
        .await
        .expect("it is written");
    // What a process that is killed here leaves on the disk.
    let left = folder.path().join("left.db");
    std::fs::copy(&path, &left).expect("it is copied");
    std::fs::copy(path.with_extension("db-wal"), left.with_extension("db-wal")).expect("its log is copied");
    let after = open(&left, Access::Run).await.expect("it opens").store;
    let stored = after
        .message(&MessageId::from("m"))
        .await
        .expect("a message")
        .expect("it is there");
    assert_eq!(stored.state, MessageState::Waiting);
    assert_eq!(after.verify().await.expect("the chain holds").entries, 2);
    drop(tx);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_is_held_by_the_same_lock() {
    let (folder, path) = place();
    let _first = open(&path, Access::Run).await.expect("it is made");
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    assert!(matches!(open(&link, Access::Run).await, Err(StoreError::Locked { .. })));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let (folder, _path) = place();
    std::fs::write(folder.path().join("file"), "").expect("a file");
    let error = open(&folder.path().join("file/duban.db"), Access::Run).await.err();
    assert!(
        matches!(
            error,
            Some(StoreError::File {
                doing: "create the folder",
                ..
            })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let (_folder, path) = place();
    let store = open(&path, Access::Run).await.expect("it is made").store;
    load(&store, vec![change("1", 0, None)]).await;
    sqlx::query("UPDATE tasks SET state = '{}'")
        .execute(store.raw())
        .await
        .expect("it is tampered with");
    let error = store.tasks().await.expect_err("it cannot be read").to_string();
    assert!(error.starts_with("the store holds the state of task 1"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged() {
    use std::io::{Seek, SeekFrom, Write};
    let (_folder, path) = place();
    let store = open(&path, Access::Run).await.expect("it is made").store;
    load(&store, (0..500).map(|n| change(&n.to_string(), n, None)).collect()).await;
    store.close().await;
    let length = std::fs::metadata(&path).expect("its length").len();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.seek(SeekFrom::Start(length / 2)).expect("its middle");
    let rest = usize::try_from(length - length / 2).expect("a small file");
    file.write_all(&vec![0xAB; rest]).expect("it is overwritten");
    let store = open(&path, Access::Run).await.expect("its first pages are whole").store;
    let (tasks, entries) = (store.tasks().await.map(drop), store.verify().await.map(drop));
    let corrupt = |result: &Result<(), StoreError>| matches!(result, Err(StoreError::Corrupt(_)));
    assert!(corrupt(&tasks) || corrupt(&entries), "{tasks:?} {entries:?}");
}

#[tokio::test]
async fn the_store_works_from_spawned_tasks() {
    let store = Store::memory(at(0)).await.expect("a store in memory opens");
    let work = async move {
        load(&store, vec![change("1", 0, Some(at(0)))]).await;
        store
            .plan_due(at(0), 1, &mut |_, _| Planned::default())
            .await
            .expect("it is planned");
        let refused = store
            .act(&TaskId::from("1"), at(1), |_| Err("no"))
            .await
            .expect("the store is well");
        store
            .settle(at(1), vec![settled("none", "backoff", MessageState::Waiting)])
            .await
            .expect("it is settled");
        refused
    };
    let refused = tokio::spawn(work).await.expect("it ends");
    assert_eq!(refused.err().map(|error| error.to_string()).as_deref(), Some("no"));
}

/// As root, whom no permission stops, this shows less.
#[cfg(unix)]
#[tokio::test]
async fn a_resting_store_can_be_looked_at_where_nothing_can_be_written() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let (folder, _path) = place();
    let path = folder.path().join("duban.db");
    let store = open(&path, Access::Run).await.expect("it is made").store;
    load(&store, vec![change("1", 0, None)]).await;
    store.close().await;
    set_permissions(&path, Permissions::from_mode(0o444)).expect("the file is closed to writers");
    set_permissions(folder.path(), Permissions::from_mode(0o555)).expect("the folder is closed to writers");
    let looked = open(&path, Access::Look).await;
    let tasks = match &looked {
        Ok(opened) => opened.store.tasks().await.map(|tasks| tasks.len()),
        Err(_) => Ok(0),
    };
    set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("the folder is opened again");
    assert!(matches!(tasks, Ok(1)), "{:?} {tasks:?}", looked.err());
}

#[tokio::test]
async fn a_store_of_the_first_version_is_brought_up_with_all_that_waits_in_it() {
    let (_folder, path) = place();
    let first = Migrator::with_migrations(schema().iter().take(1).cloned().collect());
    let old = open_with(&path, Access::Run, at(0), &first)
        .await
        .expect("it is made")
        .store;
    let insert = "INSERT INTO messages (id, kind, channel, recipient, priority, state, created, next_attempt, attempts, \
                  frozen, climb, content) VALUES ('m', 'notice', 'mail', 'ann', 1, 'waiting', 0, 0, 0, FALSE, '{}', $1)";
    let content = serde_json::to_value(mail("m").content).expect("it is JSON");
    let mut content = content.as_object().expect("an object").clone();
    // The first version knew no form for chats.
    content
        .get_mut("words")
        .and_then(|words| words.as_object_mut())
        .expect("words")
        .remove("chat");
    let content = serde_json::to_string(&content).expect("text");
    let climb = r#"{"origin":null,"tried":[]}"#;
    let mut tx = old.begin().await.expect("a transaction");
    sqlx::query(sqlx::AssertSqlSafe(insert.replace("'{}'", &format!("'{climb}'"))))
        .bind(content)
        .execute(&mut *tx)
        .await
        .expect("a message");
    tx.commit().await.expect("it is committed");
    old.close().await;

    let opened = open(&path, Access::Run).await.expect("it is brought up");
    assert_eq!(opened.migrated_from, Some(1));
    let claimed = claim(&opened.store, at(0), 9).await;
    assert_eq!(claimed, ["m"]);
}

#[tokio::test]
async fn a_store_of_the_second_version_is_brought_up_and_keeps_files() {
    let (_folder, path) = place();
    let second = Migrator::with_migrations(schema().iter().take(2).cloned().collect());
    let old = open_with(&path, Access::Run, at(0), &second)
        .await
        .expect("it is made")
        .store;
    old.close().await;

    let opened = open(&path, Access::Run).await.expect("it is brought up");
    assert_eq!(opened.migrated_from, Some(2));
    let file = FileBytes::new(b"bytes".to_vec());
    opened
        .store
        .keep_files(at(0), std::slice::from_ref(&file))
        .await
        .expect("it is kept");
    assert_eq!(
        opened.store.file(&file.hash).await.expect("a file"),
        Some(b"bytes".to_vec())
    );
}

#[tokio::test]
async fn a_transaction_that_the_database_undid_by_itself_as_on_a_full_disk_is_not_the_last() {
    let (_folder, path) = place();
    let store = open(&path, Access::Run).await.expect("it is made").store;
    let mut undone = store.begin().await.expect("a transaction");
    sqlx::query("ROLLBACK").execute(&mut *undone).await.expect("undone");
    drop(undone);
    store.append(vec![draft("after", None)]).await.expect("it is written");
    assert_eq!(store.verify().await.expect("the journal holds").entries, 1);
}
