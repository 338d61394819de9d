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

/// Today's schema and one migration more.
fn tomorrow() -> Migrator {
    let mut migrations: Vec<Migration> = schema().iter().cloned().collect();
    let next = migrations.iter().map(|migration| migration.version).max().unwrap_or(0) + 1;
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
        matches!(early, Some(StoreError::Older { found: 1, known: 2, .. })),
        "{early:?}"
    );

    let opened = open_with(&path, Access::Run, at(1), &tomorrow())
        .await
        .expect("it is brought up");
    assert_eq!((opened.created, opened.migrated_from), (false, Some(1)));
    assert_eq!(opened.store.tasks().await.expect("tasks").len(), 1);
    let copy = opened.copy.expect("a copy");
    assert_eq!(copy.file_name().and_then(|name| name.to_str()), Some("duban.db.v1.bak"));
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
            matches!(error, StoreError::Newer { found: 2, known: 1, .. }),
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
        .execute(store.read_write())
        .await
        .expect("a limit");
    let changes = (0..2000).map(|n| change(&format!("more-{n}"), n, None)).collect();
    let intake = Intake {
        changes,
        entries: Vec::new(),
    };
    let refused = store.intake::<()>(at(0), |_| Ok(intake)).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(store.tasks().await.expect("tasks").len(), 1);
    assert_eq!(store.verify().await.expect("the chain holds").entries, 1);
}
