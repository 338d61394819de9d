//! The store in numbers.

use super::super::{Alike, Audited, LaneRow, Pile};
use super::*;
use crate::clock::Stopwatch;
use crate::domain::audit::FindingKind;
use crate::domain::task::Phase;

async fn store() -> Store {
    Store::memory(at(0)).await.expect("a store in memory opens")
}

async fn figures(store: &Store, now: Instant) -> super::super::Figures {
    store.figures(now).await.expect("figures")
}

fn pile(count: u64, oldest: Option<i64>) -> Pile {
    Pile {
        count,
        oldest: oldest.map(at),
    }
}

#[tokio::test]
async fn an_empty_store_has_nothing_due_and_no_audit() {
    let found = figures(&store().await, at(0)).await;
    assert_eq!((found.tasks_due, found.notices_due), (Pile::default(), Pile::default()));
    assert_eq!(
        (found.messages, found.audit, found.size_bytes),
        (Vec::new(), None, None)
    );
}

#[tokio::test]
async fn tasks_and_notices_are_due_once_their_instant_has_come() {
    let store = store().await;
    let changes = [Some(at(5)), Some(at(9)), None].into_iter().zip(1..);
    load(
        &store,
        changes.map(|(next, n)| change(&n.to_string(), n, next)).collect(),
    )
    .await;
    assert_eq!(figures(&store, at(4)).await.tasks_due, Pile::default());
    assert_eq!(figures(&store, at(5)).await.tasks_due, pile(1, Some(5)));
    assert_eq!(figures(&store, at(9)).await.tasks_due, pile(2, Some(5)));
    assert_eq!(figures(&store, at(9)).await.notices_due, Pile::default());
    let store = self::store().await;
    one_notice(&store).await;
    assert_eq!(figures(&store, at(9)).await.notices_due, pile(1, Some(0)));
}

#[tokio::test]
async fn messages_that_are_not_over_are_counted_by_channel_and_state() {
    let store = store().await;
    let other = message("o", "leaders", MessageKind::Test, "first");
    let made = [mail("a"), mail("b"), mail("c"), mail("d"), other];
    queue(&store, made.into_iter().map(|message| (message, Vec::new())).collect()).await;
    assert_eq!(claim(&store, at(1), 3).await, ["a", "b", "c"]);
    let over = [("a", MessageState::Delivered), ("b", MessageState::Undeliverable)];
    let over = over.map(|(id, state)| settled(id, "word", state));
    store.settle(at(2), over.to_vec()).await.expect("it is settled");
    let found: Vec<(String, MessageState, u64)> = figures(&store, at(3))
        .await
        .messages
        .into_iter()
        .map(|(channel, state, pile)| (channel.to_string(), state, pile.count))
        .collect();
    let row = |channel: &str, state, count| (channel.to_owned(), state, count);
    assert_eq!(
        found,
        [
            row("leaders", MessageState::Sending, 0),
            row("leaders", MessageState::Undeliverable, 0),
            row("leaders", MessageState::Waiting, 1),
            row("mail", MessageState::Sending, 1),
            row("mail", MessageState::Undeliverable, 1),
            row("mail", MessageState::Waiting, 1),
        ]
    );
}

#[tokio::test]
async fn a_stopped_channel_is_told_with_since_when() {
    let store = store().await;
    for (channel, stopped_since) in [("mail", Some(at(7))), ("leaders", None)] {
        let row = LaneRow {
            channel: ChannelId::from(channel),
            stopped_since,
            cause: String::new(),
            told: true,
            next_try: None,
            paused_until: None,
        };
        store.save_lane(&row).await.expect("it is saved");
    }
    assert_eq!(figures(&store, at(9)).await.stopped, [(ChannelId::from("mail"), at(7))]);
}

#[tokio::test]
async fn the_newest_audit_counts_and_one_that_does_not_say_that_it_is_clean_is_not() {
    let store = store().await;
    let audit = |seconds, data| Draft {
        at: at(seconds),
        task: None,
        kind: "audit".to_owned(),
        by: "duban".to_owned(),
        data,
    };
    let first = audit(1, json!({ "clean": true, "missing": 0, "extra": 0 }));
    store
        .append(vec![first, draft("loaded", None)])
        .await
        .expect("they are appended");
    let found = figures(&store, at(9)).await;
    let clean = Audited {
        at: at(1),
        clean: true,
        found: FindingKind::ALL.map(|kind| (kind, 0)),
    };
    assert_eq!((found.audit, found.journal_entries), (Some(clean), 2));
    let second = audit(2, json!({ "missing": 3, "extra": 1 }));
    store.append(vec![second]).await.expect("it is appended");
    let found = figures(&store, at(9)).await.audit.expect("an audit");
    assert_eq!((found.at, found.clean), (at(2), false));
    let counted: Vec<_> = found.found.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [&(FindingKind::Missing, 3), &(FindingKind::Extra, 1)]);
}

#[tokio::test]
async fn the_census_tells_a_deadline_only_where_it_matters() {
    let store = store().await;
    let mut closed = change("3", 3, None);
    closed.state.phase = Phase::Closed;
    load(&store, vec![change("1", 1, None), change("2", 2, None), closed]).await;
    let alike = |standing, due, count| Alike { standing, due, count };
    assert_eq!(
        store.census().await.expect("a census"),
        [alike(Phase::Closed, None, 1), alike(Phase::Open, Some(day()), 2)]
    );
}

#[tokio::test]
async fn a_store_in_a_file_tells_its_size_with_what_is_not_folded_in_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, crate::store::Access::Run, at(0))
        .await
        .expect("it opens")
        .store;
    let on_disk = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |facts| facts.len());
    let size = figures(&store, at(0)).await.size_bytes;
    assert_eq!(size, Some(on_disk("duban.db") + on_disk("duban.db-wal")));
    store.close().await;
}

/// A store of so many messages, nearly all delivered, and as many tasks and journal entries.
async fn crowd(store: &Store, count: i64) {
    load(store, vec![change("1", 0, Some(at(0)))]).await;
    queue(store, vec![(mail("m"), Vec::new())]).await;
    let numbers = format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let columns = "kind, recipient, priority, created, next_attempt, attempts, frozen, climb, content, plain, position";
    for sql in [
        format!(
            "INSERT INTO messages (id, channel, state, {columns}) {numbers} SELECT 'x' || i, 'c' || (i % 8), \
             CASE WHEN i % 100 = 0 THEN 'waiting' WHEN i % 100 = 1 THEN 'undeliverable' ELSE 'delivered' END, {columns} \
             FROM messages, n WHERE id = 'm'"
        ),
        format!(
            "INSERT INTO tasks (id, position, standing, task, state, next_at) {numbers} \
             SELECT 'x' || i, i, standing, task, json_set(state, '$.due', date('2026-01-01', (i % 700) || ' days')), \
             next_at + i * 1000 FROM tasks, n WHERE id = '1'"
        ),
        format!(
            "INSERT INTO journal (seq, at, task, kind, who, data, prev, hash) {numbers} \
             SELECT 1000 + i, i, NULL, CASE i % 1000 WHEN 0 THEN 'audit' ELSE 'delivered' END, 'duban', '{{}}', '', '' FROM n"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(store.raw())
            .await
            .expect("rows are made");
    }
}

#[tokio::test]
async fn a_hundred_thousand_messages_and_tasks_are_asked_for_in_little_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, crate::store::Access::Run, at(0))
        .await
        .expect("it opens")
        .store;
    crowd(&store, 100_000).await;
    // The first of each warms the connection.
    figures(&store, at(3600)).await;
    let asked = Stopwatch::start();
    let found = figures(&store, at(3600)).await;
    let (figures_took, counted) = (asked.elapsed(), Stopwatch::start());
    let census = store.census().await.expect("a census");
    let census_took = counted.elapsed();
    println!("figures {figures_took:?}, census {census_took:?}");
    assert_eq!(found.messages.iter().map(|(_, _, pile)| pile.count).sum::<u64>(), 2001);
    assert_eq!(
        (census.len(), found.tasks_due.count, found.journal_entries),
        (701, 3601, 101_000)
    );
    // Many times what it takes on an idle machine.
    assert!(figures_took.as_millis() < 500, "{figures_took:?}");
    assert!(census_took.as_secs() < 5, "{census_took:?}");
    store.close().await;
}
