//! The contract: each case takes an empty store, whichever database is under it.

use std::collections::BTreeSet;

use crate::domain::notice::NoticeState;
use crate::domain::system::SystemWord;

use crate::domain::review::Edition;

use super::super::{
    ActError, KeptReview, LaneRow, Load, PendingWord, Repeat, ReviewRow, ReviewRun, RunState, StoreError,
};
use super::*;

/// Runs each case on a store in memory and on one in a file.
/// All notices that no message carries yet.
async fn waiting(store: &Store, now: Instant) -> Vec<Notice> {
    let mut notices = Vec::new();
    for recipient in store.waiting_recipients(now).await.expect("recipients") {
        notices.extend(
            store
                .waiting_notices_of(&recipient.recipient, now)
                .await
                .expect("notices"),
        );
    }
    notices
}

macro_rules! suite {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {
        mod cases {
            use super::*;
            $($(#[$doc])* pub(super) async fn $name($store: Store) $body)*
        }
        mod in_memory {
            use super::*;
            $(#[tokio::test] async fn $name() {
                cases::$name(Store::memory(at(0)).await.expect("a store in memory opens")).await;
            })*
        }
        mod in_a_file {
            use super::*;
            $(#[tokio::test] async fn $name() {
                let folder = tempfile::tempdir().expect("a folder");
                let opened = Store::open(&folder.path().join("duban.db"), crate::store::Access::Run, at(0))
                    .await
                    .expect("a store in a file opens");
                cases::$name(opened.store).await;
            })*
        }
    };
}

suite! {
    async fn tasks_come_back_in_ledger_order_as_they_were_stored(store: Store) {
        let (b, a) = (change("b", 1, None), change("a", 2, Some(at(5))));
        load(&store, vec![a.clone(), b.clone()]).await;
        let tasks = store.tasks().await.expect("tasks");
        assert_eq!(
            tasks.iter().map(|stored| (&stored.task, &stored.state, stored.next_at)).collect::<Vec<_>>(),
            [(&b.task, &b.state, None), (&a.task, &a.state, Some(at(5)))]
        );
    }

    async fn a_refused_load_leaves_nothing(store: Store) {
        let refused = store.intake(at(0), |_| Err::<Intake, _>("half of it is gone")).await.expect("the store is well");
        assert_eq!(refused, Err("half of it is gone"));
        assert_eq!(store.head().await.expect("the journal"), None);
    }

    async fn ten_thousand_tasks_are_loaded_at_once(store: Store) {
        let changes = (0..10_000).map(|n| change(&n.to_string(), n, Some(at(0)))).collect();
        load(&store, changes).await;
        assert_eq!(store.tasks().await.expect("tasks").len(), 10_000);
        assert_eq!(store.verify().await.expect("the chain holds").entries, 10_000);
    }

    async fn a_tick_claims_what_is_due_and_nothing_else(store: Store) {
        load(&store, vec![change("late", 0, Some(at(1))), change("now", 1, Some(at(2))), change("later", 2, Some(at(3)))]).await;
        let mut seen = Vec::new();
        let claimed = store
            .plan_due(at(2), 10, &mut |stored, _| {
                seen.push(stored.task.id.to_string());
                Planned::default()
            })
            .await
            .expect("it is planned");
        assert_eq!((claimed, seen), (2, vec!["late".to_owned(), "now".to_owned()]));
        assert_eq!(store.next_task_at().await.expect("an instant"), Some(at(3)));
    }

    async fn a_next_instant_that_is_not_after_now_is_a_second_after_it(store: Store) {
        load(&store, vec![change("1", 0, Some(at(0)))]).await;
        store
            .plan_due(at(0), 1, &mut |_, _| Planned { next_at: Some(at(-5)), ..Planned::default() })
            .await
            .expect("it is planned");
        assert_eq!(store.next_task_at().await.expect("an instant"), Some(at(1)));
    }

    async fn planning_twice_stores_a_notice_and_its_entry_once(store: Store) {
        one_notice(&store).await;
        store.wake_tasks(None, at(1)).await.expect("it wakes");
        let again = store
            .plan_due(at(1), 10, &mut |_, _| Planned {
                notices: vec![(notice("n", "1", at(1)), draft("notice", Some("1")))],
                ..Planned::default()
            })
            .await
            .expect("it is planned");
        assert_eq!(again, 1);
        let kinds: Vec<String> = store.entries(0, 10).await.expect("entries").into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, ["loaded", "notice"]);
        assert_eq!(waiting(&store, at(9)).await, [notice("n", "1", at(0))]);
    }

    async fn the_planner_is_given_what_was_told_and_marks_only_rise(store: Store) {
        load(&store, vec![change("1", 0, Some(at(0)))]).await;
        for (second, occurrence, level) in [(0, 2, Level::Overdue), (1, 1, Level::Summon)] {
            store
                .plan_due(at(second), 1, &mut |_, _| Planned {
                    told: vec![told(occurrence, level)],
                    next_at: Some(at(second + 1)),
                    ..Planned::default()
                })
                .await
                .expect("it is planned");
        }
        let mut given = Vec::new();
        store.plan_due(at(2), 1, &mut |_, rows| { given = rows.to_vec(); Planned::default() }).await.expect("it is planned");
        assert_eq!(given, store.told(&TaskId::from("1")).await.expect("told"));
        let row = given.first().expect("one row");
        assert_eq!(given.len(), 1);
        assert_eq!((row.occurrence, row.level, row.reason.as_str(), row.at), (2, Level::Summon, "occurrence 2", at(0)));
    }

    async fn what_is_untold_is_planned_again_at_once(store: Store) {
        one_notice(&store).await;
        store.untell(at(7), &[(TaskId::from("1"), key(), 0)]).await.expect("it is untold");
        assert_eq!(store.all_told().await.expect("told").len(), 0);
        assert_eq!(store.next_task_at().await.expect("an instant"), Some(at(7)));
    }

    async fn a_dropped_notice_that_is_wanted_again_waits_again(store: Store) {
        one_notice(&store).await;
        let batch = QueueBatch { dropped: vec![(NoticeId::from("n"), "the person is gone".to_owned())], ..QueueBatch::default() };
        store.queue(at(0), batch).await.expect("it is dropped");
        assert_eq!(waiting(&store, at(9)).await, []);
        store.wake_tasks(None, at(1)).await.expect("it wakes");
        store
            .plan_due(at(1), 10, &mut |_, _| Planned {
                notices: vec![(notice("n", "1", at(1)), draft("notice", Some("1")))],
                ..Planned::default()
            })
            .await
            .expect("it is planned");
        assert_eq!(waiting(&store, at(9)).await, [notice("n", "1", at(1))]);
    }

    async fn an_act_stores_state_and_entry_and_wakes_the_task(store: Store) {
        load(&store, vec![change("1", 0, None)]).await;
        let done = store
            .act::<()>(&TaskId::from("1"), at(4), |stored| {
                let mut state = stored.state.clone();
                state.phase = Phase::Submitted;
                Ok(Change { task: stored.task.clone(), state, entries: vec![draft("submitted", Some("1"))], next_at: None })
            })
            .await
            .expect("the store is well")
            .expect("the act is done");
        assert_eq!(store.task(&TaskId::from("1")).await.expect("a task"), Some(done.clone()));
        assert_eq!((done.state.phase, done.next_at), (Phase::Submitted, Some(at(4))));
        assert_eq!(store.entries_of(&TaskId::from("1")).await.expect("entries").len(), 2);
    }

    async fn an_act_on_an_unknown_task_names_near_ids(store: Store) {
        load(&store, vec![change("edu-12", 0, None), change("health-7", 1, None)]).await;
        let refused = store
            .act::<&str>(&TaskId::from("edu-21"), at(0), |_| Err("not asked"))
            .await
            .expect("the store is well");
        let near = vec![TaskId::from("edu-12")];
        assert_eq!(refused, Err(ActError::Unknown { id: TaskId::from("edu-21"), near }));
    }

    async fn waking_all_leaves_silent_tasks_alone(store: Store) {
        let mut gone = change("gone", 1, None);
        gone.state.withdrawn = true;
        load(&store, vec![change("1", 0, None), gone]).await;
        assert_eq!(store.wake_tasks(None, at(3)).await.expect("it wakes"), 1);
        assert_eq!(store.task(&TaskId::from("gone")).await.expect("a task").expect("it is there").next_at, None);
    }

    async fn a_queued_notice_waits_no_more_and_is_found_in_its_message(store: Store) {
        one_message(&store).await;
        assert_eq!(waiting(&store, at(9)).await, []);
        assert_eq!(store.notices_of(&MessageId::from("m")).await.expect("notices"), [notice("n", "1", at(0))]);
        assert_eq!(store.message(&MessageId::from("m")).await.expect("a message"), Some(mail("m")));
        assert_eq!(store.last_notices().await.expect("instants").get(&TaskId::from("1")), Some(&at(0)));
    }

    async fn a_message_composed_again_keeps_its_id_and_takes_the_new_words(store: Store) {
        one_message(&store).await;
        queue(&store, vec![(message("m", "mail", MessageKind::Notice, "second"), vec![NoticeId::from("n")])]).await;
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!(stored.content.words.text, "second");
    }

    async fn a_message_that_may_have_arrived_does_not_change(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        let unknown = Settled { frozen: true, ..settled("m", "unknown", MessageState::Waiting) };
        store.settle(at(1), vec![unknown]).await.expect("it is settled");
        queue(&store, vec![(message("m", "mail", MessageKind::Notice, "second"), vec![NoticeId::from("n")])]).await;
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!((stored.content.words.text.as_str(), stored.frozen, stored.next_attempt), ("first", true, at(60)));
    }

    async fn a_replaced_message_is_dropped_and_what_it_alone_carried_waits_again(store: Store) {
        one_message(&store).await;
        let batch = QueueBatch {
            messages: vec![(mail("other"), Vec::new())],
            replaced: vec![MessageId::from("m")],
            ..QueueBatch::default()
        };
        assert_eq!(store.queue(at(1), batch).await.expect("it is queued"), 1);
        assert_eq!(waiting(&store, at(9)).await.len(), 1);
        let old = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!(old.state, MessageState::Dropped);
    }

    async fn two_handles_never_claim_the_same_message(store: Store) {
        let messages = (0..40).map(|n| (mail(&format!("m{n:02}")), Vec::new())).collect();
        queue(&store, messages).await;
        let other = store.clone();
        let take = |store: Store| async move {
            let mut mine = Vec::new();
            loop {
                let claimed = claim(&store, at(0), 3).await;
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed);
            }
        };
        let (one, two) = tokio::join!(take(store), take(other));
        let all: BTreeSet<&String> = one.iter().chain(&two).collect();
        assert_eq!((all.len(), one.len() + two.len()), (40, 40));
    }

    async fn word_to_the_office_is_claimed_before_all_else_and_then_the_longest_due(store: Store) {
        let mut older = mail("older");
        older.next_attempt = at(-5);
        let mut later = mail("later");
        later.next_attempt = at(5);
        let office = message("office", "mail", MessageKind::System, "a stopped endpoint");
        let elsewhere = message("elsewhere", "hook", MessageKind::Notice, "another lane");
        let all = [mail("newer"), older, later, office, elsewhere];
        queue(&store, all.into_iter().map(|message| (message, Vec::new())).collect()).await;
        let lanes = [ChannelId::from("mail"), ChannelId::from("hook")];
        assert_eq!(store.next_message_at(&lanes).await.expect("an instant"), Some(at(-5)));
        assert_eq!(claim(&store, at(0), 2).await, ["office", "older"]);
        assert_eq!(claim(&store, at(0), 9).await, ["newer"]);
    }

    async fn a_delivery_carries_over_to_the_notices_and_leaves_its_attempt(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        store.settle(at(1), vec![settled("m", "delivered", MessageState::Delivered)]).await.expect("it is settled");
        let notices = store.notices_of_task(&TaskId::from("1")).await.expect("notices");
        assert_eq!(notices.iter().map(|(_, state, _)| *state).collect::<Vec<_>>(), [NoticeState::Delivered]);
        let attempts = store.attempts(&MessageId::from("m")).await.expect("attempts");
        assert_eq!(attempts.iter().map(|row| (row.number, row.at, row.outcome.as_str())).collect::<Vec<_>>(), [(1, at(1), "delivered")]);
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!((stored.state, stored.attempts, stored.last_outcome.as_deref()), (MessageState::Delivered, 1, Some("delivered: their words")));
        assert_eq!(store.head().await.expect("the journal").expect("an entry").kind, "delivered");
    }

    async fn what_cannot_be_delivered_goes_up_in_the_same_commit(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        let mut up = settled("m", "permanent/recipient", MessageState::Undeliverable);
        up.follow = vec![(message("up", "hook", MessageKind::Notice, "instead"), vec![NoticeId::from("n")])];
        store.settle(at(1), vec![up]).await.expect("it is settled");
        let notices = store.notices_of_task(&TaskId::from("1")).await.expect("notices");
        let (_, state, carrier) = notices.first().expect("one notice");
        assert_eq!((*state, carrier.clone()), (NoticeState::Queued, Some(MessageId::from("up"))));
        let counts = store.counts().await.expect("numbers");
        assert_eq!((counts.waiting, counts.undeliverable), (1, 1));
        assert_eq!(counts.waiting_by_channel.get(&ChannelId::from("hook")), Some(&(1, at(0))));
    }

    async fn a_message_dropped_while_it_was_sent_stays_dropped_unless_it_arrived(store: Store) {
        queue(&store, vec![(mail("a"), Vec::new()), (mail("b"), Vec::new())]).await;
        claim(&store, at(0), 2).await;
        let drop = ["a", "b"].map(|id| Settled { counts: false, ..settled(id, "dropped", MessageState::Dropped) });
        store.settle(at(1), drop.to_vec()).await.expect("they are dropped");
        let late = vec![settled("a", "backoff", MessageState::Waiting), settled("b", "delivered", MessageState::Delivered)];
        store.settle(at(2), late).await.expect("they are settled");
        let states: Vec<MessageState> = store.messages(&[], 9).await.expect("messages").into_iter().map(|message| message.state).collect();
        assert_eq!(states, [MessageState::Dropped, MessageState::Delivered]);
    }

    async fn a_released_message_waits_without_an_attempt(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        store.release(&[MessageId::from("m")], at(900)).await.expect("it is released");
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!((stored.state, stored.attempts, stored.next_attempt), (MessageState::Waiting, 0, at(900)));
    }

    async fn what_was_being_sent_at_a_stop_counts_as_unknown(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        assert_eq!(store.recover(at(9)).await.expect("it recovers"), 1);
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!((stored.state, stored.attempts, stored.frozen, stored.next_attempt), (MessageState::Waiting, 1, true, at(9)));
        let outcomes: Vec<String> = store.attempts(&stored.id).await.expect("attempts").into_iter().map(|row| row.outcome).collect();
        assert_eq!(outcomes, ["unknown"]);
    }

    async fn messages_are_listed_by_state_the_oldest_first(store: Store) {
        queue(&store, ["a", "b", "c"].map(|id| (mail(id), Vec::new())).to_vec()).await;
        claim(&store, at(0), 1).await;
        let ids = |messages: Vec<Message>| messages.into_iter().map(|message| message.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(store.messages(&[MessageState::Waiting], 9).await.expect("messages")), ["b", "c"]);
        assert_eq!(ids(store.messages(&[], 2).await.expect("messages")), ["b", "c"]);
        assert_eq!(ids(store.messages(&[MessageState::Sending], 9).await.expect("messages")), ["a"]);
    }

    async fn a_failed_settlement_leaves_nothing_half(store: Store) {
        one_message(&store).await;
        claim(&store, at(0), 1).await;
        sqlx::query("DROP TABLE attempts").execute(store.raw()).await.expect("the table goes");
        let failed = store.settle(at(1), vec![settled("m", "delivered", MessageState::Delivered)]).await;
        assert!(failed.is_err());
        let stored = store.message(&MessageId::from("m")).await.expect("a message").expect("it is there");
        assert_eq!((stored.state, stored.attempts), (MessageState::Sending, 0));
    }

    async fn a_transaction_that_is_dropped_leaves_nothing(store: Store) {
        load(&store, vec![change("1", 0, Some(at(0)))]).await;
        let before = store.head().await.expect("the journal");
        let mut tx = store.begin().await.expect("it begins");
        crate::store::journal::append(&mut tx, vec![draft("reported", Some("1"))]).await.expect("it is written");
        drop(tx);
        assert_eq!(store.head().await.expect("the journal"), before);
    }

    async fn the_journal_is_chained_and_found_by_time(store: Store) {
        let mut later = draft("later", None);
        later.at = at(10);
        store.append(vec![draft("first", None), later]).await.expect("it is appended");
        store.append(vec![draft("third", Some("1"))]).await.expect("it is appended");
        let entries = store.entries(0, 9).await.expect("entries");
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(entries[2].prev, entries[1].hash);
        assert_eq!(store.entries(2, 9).await.expect("entries"), [entries[2].clone()]);
        assert_eq!(store.entries_between(at(10), at(11)).await.expect("entries"), [entries[1].clone()]);
        let verified = store.verify().await.expect("the chain holds");
        assert_eq!((verified.entries, &verified.head), (3, &entries[2].hash));
    }

    async fn a_changed_byte_in_the_journal_is_found(store: Store) {
        store.append(vec![draft("first", None), draft("second", None), draft("third", None)]).await.expect("it is appended");
        let refused = sqlx::query("UPDATE journal SET who = 'Ledger' WHERE seq = 2").execute(store.raw()).await;
        assert!(refused.is_err(), "the journal is append-only");
        for sql in ["DROP TRIGGER journal_is_not_changed", "UPDATE journal SET who = 'Ledger' WHERE seq = 2"] {
            sqlx::query(sql).execute(store.raw()).await.expect("the database is tampered with");
        }
        assert!(matches!(store.verify().await, Err(StoreError::Broken { seq: 2, .. })));
    }

    async fn an_entry_taken_out_of_the_journal_is_found(store: Store) {
        store.append(vec![draft("first", None), draft("second", None), draft("third", None)]).await.expect("it is appended");
        for sql in ["DROP TRIGGER journal_is_not_shortened", "DELETE FROM journal WHERE seq = 2"] {
            sqlx::query(sql).execute(store.raw()).await.expect("the database is tampered with");
        }
        assert!(matches!(store.verify().await, Err(StoreError::Broken { seq: 2, .. })));
    }

    async fn a_review_runs_once_for_each_day(store: Store) {
        let row = |seconds| ReviewRow { id: "weekly".into(), cron: "30 8 * * MON".to_owned(), zone: "Asia/Shanghai".to_owned(), nominal: at(seconds), next_at: at(seconds) };
        store.save_review_rows(&[row(0)], &[]).await.expect("it is saved");
        let run = ReviewRun { review: "weekly".into(), day: "2021-12-13".parse().expect("a date"), nominal: at(0), at: at(1), state: RunState::Sent, figures: json!({"red": 2}), seq: 1 };
        let messages = [message("r", "mail", MessageKind::Review, "summary")];
        let kept = |at| KeptReview { review: "weekly".into(), day: run.day, at, recipient: "person:ann".to_owned(), name: "Ann".to_owned(), edition: Edition::UnitHead, locale: Locale::En, channel: "mail".into(), message: "r".into(), figures: json!({"red": 2, "sections": {"overdue": 2}}), subject: "2 overdue".to_owned(), text: "two".to_owned() };
        assert!(store.record_run(&run, Repeat::Refused, &messages, &[kept(at(1))], Some(&row(100)), vec![draft("review", None)]).await.expect("it runs"));
        let again = ReviewRun { at: at(2), ..run.clone() };
        assert!(!store.record_run(&again, Repeat::Refused, &[mail("twice")], &[kept(at(2))], Some(&row(200)), vec![draft("review", None)]).await.expect("it is refused"));
        assert_eq!(store.kept_reviews(&"weekly".into(), run.day).await.expect("what was said"), [kept(at(1))]);
        assert_eq!(store.last_run(&"weekly".into()).await.expect("a run"), Some(run.clone()));
        assert_eq!(store.runs(None, 9).await.expect("runs"), [run]);
        assert_eq!(store.messages(&[], 9).await.expect("messages").len(), 1);
        assert_eq!(store.review_rows().await.expect("rows"), [row(200)]);
        store.save_review_rows(&[], &["weekly".into()]).await.expect("it is removed");
        assert_eq!(store.review_rows().await.expect("rows"), []);
    }

    async fn a_review_that_runs_again_by_hand_takes_the_place_of_the_one_before_and_both_are_kept(store: Store) {
        let day = "2021-12-13".parse().expect("a date");
        for seconds in [1, 2] {
            let run = ReviewRun { review: "weekly".into(), day, nominal: at(0), at: at(seconds), state: RunState::Sent, figures: json!({"red": seconds}), seq: 1 };
            let kept = KeptReview { review: "weekly".into(), day, at: at(seconds), recipient: "person:ann".to_owned(), name: "Ann".to_owned(), edition: Edition::Office, locale: Locale::ZhCn, channel: "mail".into(), message: "r".into(), figures: json!({}), subject: String::new(), text: seconds.to_string() };
            assert!(store.record_run(&run, Repeat::Replaces, &[], &[kept], None, Vec::new()).await.expect("it runs"));
        }
        assert_eq!(store.run_of(&"weekly".into(), day).await.expect("a run").map(|run| run.at), Some(at(2)));
        let said: Vec<String> = store.kept_reviews(&"weekly".into(), day).await.expect("what was said").into_iter().map(|one| one.text).collect();
        assert_eq!(said, ["2", "1"]);
    }

    async fn the_last_telling_of_a_task_is_those_of_its_last_time(store: Store) {
        let notice = |seconds, who: &str| Draft { at: at(seconds), task: Some("1".into()), kind: "notice".to_owned(), by: "duban".to_owned(), data: json!({"recipient": who}) };
        store.append(vec![notice(1, "ann"), notice(2, "ben"), notice(2, "cat")]).await.expect("they are appended");
        let told = async |until| store.told_last(until).await.expect("notices").into_iter().map(|entry| entry.data["recipient"].clone()).collect::<Vec<_>>();
        assert_eq!(told(3).await, ["ben", "cat"]);
        assert_eq!(told(1).await, ["ann"]);
    }

    async fn a_lane_is_found_again_as_it_was_saved(store: Store) {
        let mut row = LaneRow { channel: "mail".into(), stopped_since: Some(at(1)), cause: "unreachable".to_owned(), told: true, next_try: Some(at(900)), paused_until: None };
        store.save_lane(&row).await.expect("it is saved");
        row.stopped_since = None;
        store.save_lane(&row).await.expect("it is saved");
        assert_eq!(store.lanes().await.expect("lanes"), [row]);
    }

    async fn a_cause_turns_together_with_its_messages(store: Store) {
        let letter = |id: &str| vec![(message(id, "mail", MessageKind::System, "word"), Vec::new())];
        assert!(store.turn_cause(at(1), Some("load:a"), &[], &letter("a")).await.expect("it begins"));
        let open = ["load:a".to_owned()];
        assert!(!store.turn_cause(at(2), Some("load:a"), &open, &letter("again")).await.expect("it holds"));
        assert!(store.turn_cause(at(3), Some("load:b"), &open, &letter("b")).await.expect("another begins"));
        assert_eq!(store.causes().await.expect("causes"), [("load:b".to_owned(), at(3))]);
        assert!(store.turn_cause(at(4), None, &["load:b".to_owned()], &letter("end")).await.expect("it ends"));
        assert!(!store.turn_cause(at(5), None, &["load:b".to_owned()], &letter("end again")).await.expect("it is over"));
        assert_eq!(store.messages(&[], 9).await.expect("messages").len(), 3);
    }

    async fn what_a_load_tells_is_stored_with_it(store: Store) {
        let word = PendingWord { name: "withdrawn:1".to_owned(), word: SystemWord::Withdrawn { tasks: vec![("1".to_owned(), "t".to_owned())] } };
        let intake = Intake {
            changes: vec![change("1", 0, None)],
            told: vec![("1".into(), told(2, Level::Warn))],
            words: vec![word.clone()],
            load: Some(Load { print: "p".to_owned(), text: "files".to_owned() }),
            ..Intake::default()
        };
        store.intake::<()>(at(0), |_| Ok(intake)).await.expect("it is stored").expect("it is not refused");
        assert_eq!(store.told(&"1".into()).await.expect("told").first().map(|row| row.occurrence), Some(2));
        assert_eq!(store.last_load().await.expect("a load"), Some((at(0), "files".to_owned())));
        assert_eq!(store.pending_words().await.expect("words"), [word]);
        store.tell_word("withdrawn:1", &[(message("w", "mail", MessageKind::System, "word"), Vec::new())]).await.expect("it is told");
        assert_eq!(store.pending_words().await.expect("words"), []);
        assert_eq!(store.messages(&[], 9).await.expect("messages").len(), 1);
    }

    async fn a_cause_is_new_once_and_ends_once(store: Store) {
        assert!(store.begin_cause("load", at(1)).await.expect("it begins"));
        assert!(!store.begin_cause("load", at(2)).await.expect("it holds"));
        assert_eq!(store.causes().await.expect("causes"), [("load".to_owned(), at(1))]);
        assert_eq!(store.end_cause("load", at(3)).await.expect("it ends"), Some(at(1)));
        assert_eq!(store.end_cause("load", at(4)).await.expect("it is over"), None);
    }

    async fn ten_good_loads_are_kept_and_the_same_is_kept_once(store: Store) {
        for n in 0..12 {
            assert!(store.save_load(at(n), &n.to_string(), &format!("load {n}")).await.expect("it is kept"));
        }
        assert!(!store.save_load(at(20), "11", "load 11").await.expect("it is the same"));
        assert_eq!(store.last_load().await.expect("a load"), Some((at(11), "load 11".to_owned())));
        let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM loads").fetch_one(store.read()).await.expect("a number");
        assert_eq!(kept, 10);
    }

    async fn a_file_is_kept_with_the_message_that_names_it(store: Store) {
        let file = FileBytes::new(b"PK\x03\x04\0\xff".to_vec());
        let message = enclosing("m", &file);
        let batch = QueueBatch {
            messages: vec![(message.clone(), Vec::new())],
            files: vec![file.clone()],
            ..QueueBatch::default()
        };
        store.queue(at(0), batch).await.expect("it is queued");
        let stored = store.message(&message.id).await.expect("a message").expect("it is there");
        assert_eq!(store.files_of(&stored.content).await.expect("files"), [file]);
    }

    async fn a_file_that_is_not_kept_is_not_made_up(store: Store) {
        let message = enclosing("m", &FileBytes::new(b"a".to_vec()));
        assert_eq!(store.files_of(&message.content).await.expect("files"), []);
        assert_eq!(store.file("00").await.expect("no fault"), None);
    }

    async fn the_same_file_is_kept_once(store: Store) {
        let file = FileBytes::new(b"a".to_vec());
        store.keep_files(at(0), &[file.clone(), file.clone()]).await.expect("it is kept");
        store.keep_files(at(1), std::slice::from_ref(&file)).await.expect("it is kept");
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM files").fetch_one(store.read()).await.expect("a number");
        assert_eq!(rows, 1);
    }

    async fn a_file_is_forgotten_after_thirty_days_unless_a_message_may_still_need_it(store: Store) {
        let (needed, idle) = (FileBytes::new(b"needed".to_vec()), FileBytes::new(b"idle".to_vec()));
        let (again, last) = (FileBytes::new(b"again".to_vec()), FileBytes::new(b"last".to_vec()));
        store.keep_files(at(0), &[needed.clone(), idle.clone(), again.clone()]).await.expect("they are kept");
        queue(&store, vec![(enclosing("m", &needed), Vec::new())]).await;
        let day = 24 * 3600;
        store.keep_files(at(20 * day), std::slice::from_ref(&again)).await.expect("it is kept");
        store.keep_files(at(31 * day), std::slice::from_ref(&last)).await.expect("it is kept");
        let mut kept = Vec::new();
        for file in [&needed, &idle, &again, &last] {
            kept.push(store.file(&file.hash).await.expect("no fault").is_some());
        }
        assert_eq!(kept, [true, false, true, true]);
    }
}
