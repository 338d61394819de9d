//! What every database under the store must do (`contract`), how files are opened (`opening`), and what an
//! administrator relies on (`trust`).

mod contract;
mod figures;
mod opening;
mod trust;

use chrono::TimeDelta;
use serde_json::json;

use crate::domain::chat::Chat;
use crate::domain::id::{ChannelId, LadderId, MessageId, NoticeId, TaskId, UnitId};
use crate::domain::journal::Draft;
use crate::domain::ladder::{Anchor, Level};
use crate::domain::message::{Climb, Content, FileBytes, Message, MessageKind, MessageState, Words};
use crate::domain::notice::{Notice, Recipient, RecipientKind, Told, ToldKey};
use crate::domain::people::{Locale, Party};
use crate::domain::task::{Phase, Task, TaskState};
use crate::domain::when::When;

use super::{Change, Instant, Intake, Planned, QueueBatch, Settled, Store};

/// So many seconds after a fixed instant.
fn at(seconds: i64) -> Instant {
    Instant::from_timestamp_millis(1_639_357_200_000).expect("the instant exists") + TimeDelta::seconds(seconds)
}

fn day() -> When {
    "2021-12-16".parse().expect("a date")
}

fn draft(kind: &str, task: Option<&str>) -> Draft {
    Draft {
        at: at(0),
        task: task.map(TaskId::from),
        kind: kind.to_owned(),
        by: "ledger".to_owned(),
        data: json!({"progress": "已完成 40%", "n": 3}),
    }
}

fn change(id: &str, order: u32, next_at: Option<Instant>) -> Change {
    let task = Task {
        id: TaskId::from(id),
        order,
        title: "重新规划七年级班级".to_owned(),
        area: "整改任务落实".to_owned(),
        problem: String::new(),
        measures: String::new(),
        lead: Party::Person("vm-edu".into()),
        lead_copies: Vec::new(),
        unit: UnitId::from("edu"),
        assisting: String::new(),
        owner: Vec::new(),
        supervisor: None,
        opened: None,
        due: day(),
        kind: String::new(),
        evidence: String::new(),
        ladder: LadderId::from("standard"),
        status: None,
        progress: String::new(),
        closed: None,
        batch: String::new(),
        note: String::new(),
    };
    let state = TaskState {
        phase: Phase::Open,
        withdrawn: false,
        round: 0,
        due: day(),
        opened: day(),
        first_seen: at(0),
        acknowledged: None,
        reported: None,
        submitted: None,
        reviewed: None,
        closed: None,
        reopened: None,
        reopened_with_due: false,
        due_since: None,
        opened_since: None,
        ladder_since: None,
        ladder_print: String::new(),
        progress: String::new(),
        returns: 0,
        asked: None,
    };
    Change {
        entries: vec![draft("loaded", Some(id))],
        task,
        state,
        next_at,
    }
}

fn recipient() -> Recipient {
    Recipient {
        kind: RecipientKind::Person,
        id: "edu-head".to_owned(),
        name: "市教育局局长".to_owned(),
        role: "head".to_owned(),
    }
}

fn notice(id: &str, task: &str, when: Instant) -> Notice {
    Notice {
        id: NoticeId::from(id),
        at: when,
        scheduled: when,
        task: TaskId::from(task),
        round: 0,
        anchor: Anchor::Due,
        anchor_value: day(),
        step: "due-3wd/warn".to_owned(),
        occurrence: 0,
        level: Level::Warn,
        recipient: recipient(),
        for_person: None,
        channel: ChannelId::from("mail"),
        late: false,
        provisional: false,
        reason: "3 working days before 2021-12-16".to_owned(),
    }
}

fn key() -> ToldKey {
    ToldKey {
        round: 0,
        anchor: Anchor::Due,
        anchor_value: day(),
        step: "due-3wd/warn".to_owned(),
        role: "head".to_owned(),
    }
}

fn told(occurrence: u32, level: Level) -> Told {
    Told {
        key: key(),
        occurrence,
        level,
        reason: format!("occurrence {occurrence}"),
        sent: true,
    }
}

fn message(id: &str, channel: &str, kind: MessageKind, text: &str) -> Message {
    Message {
        id: MessageId::from(id),
        kind,
        channel: ChannelId::from(channel),
        content: Content {
            recipient: recipient(),
            locale: Locale::ZhCn,
            words: Words {
                chat: Chat::default(),
                subject: "督办".to_owned(),
                text: text.to_owned(),
                html: String::new(),
                markdown: String::new(),
                fallback: None,
            },
            notices: Vec::new(),
            figures: None,
            thread: None,
            urgent: false,
            as_of: at(0),
            whole: None,
            attachments: Vec::new(),
            calendar: None,
            until: None,
        },
        state: MessageState::Waiting,
        created: at(0),
        next_attempt: at(0),
        attempts: 0,
        frozen: false,
        plain: false,
        last_outcome: None,
        climb: Climb::default(),
    }
}

fn mail(id: &str) -> Message {
    message(id, "mail", MessageKind::Notice, "first")
}

/// Message `id` with a file attached.
fn enclosing(id: &str, file: &FileBytes) -> Message {
    let mut message = mail(id);
    message.content.attachments = vec![file.attached("台账.xlsx", "application/zip")];
    message
}

fn settled(id: &str, outcome: &str, state: MessageState) -> Settled {
    Settled {
        id: MessageId::from(id),
        outcome: outcome.to_owned(),
        words: "their words".to_owned(),
        state,
        next_attempt: at(60),
        frozen: false,
        plain: false,
        counts: true,
        entries: vec![draft(outcome, Some("1"))],
        follow: Vec::new(),
        untell: Vec::new(),
    }
}

async fn load(store: &Store, changes: Vec<Change>) {
    let intake = Intake {
        changes,
        ..Intake::default()
    };
    store
        .intake::<()>(at(0), |_| Ok(intake))
        .await
        .expect("the load is stored")
        .expect("the load is not refused");
}

/// Loads task 1 and plans notice `n` for it.
async fn one_notice(store: &Store) {
    load(store, vec![change("1", 0, Some(at(0)))]).await;
    let claimed = store
        .plan_due(at(0), 10, &mut |_, _| Planned {
            notices: vec![(notice("n", "1", at(0)), draft("notice", Some("1")))],
            told: vec![told(0, Level::Warn)],
            entries: Vec::new(),
            next_at: Some(at(3600)),
        })
        .await
        .expect("it is planned");
    assert_eq!(claimed, 1);
}

/// The same, and puts it into message `m`.
async fn one_message(store: &Store) {
    one_notice(store).await;
    queue(store, vec![(mail("m"), vec![NoticeId::from("n")])]).await;
}

async fn queue(store: &Store, messages: Vec<(Message, Vec<NoticeId>)>) {
    let batch = QueueBatch {
        messages,
        ..QueueBatch::default()
    };
    store.queue(at(0), batch).await.expect("it is queued");
}

/// Claims at most so many of the lane `mail`, and returns their ids.
async fn claim(store: &Store, now: Instant, limit: u32) -> Vec<String> {
    store
        .claim(now, &[(ChannelId::from("mail"), limit)])
        .await
        .expect("it is claimed")
        .into_iter()
        .map(|message| message.id.to_string())
        .collect()
}
