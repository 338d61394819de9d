//! What all robots do alike, and a bench on which each vendor's file tests its own way.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::channel::http::{Answer, Call};
use crate::channel::sample;
use crate::domain::chat::Chat;
use crate::domain::message::Content;
use crate::domain::outcome::Outcome;
use crate::secret::Secret;

use super::*;

/// Settings of a robot at this address, with nothing else.
pub(in crate::channel) fn settings(vendor: VendorKind, url: &str) -> Settings {
    Settings {
        vendor,
        target: Target::Url(Secret::new(url)),
        token: None,
        secret: None,
        keyword: None,
        chat_id: None,
        room: None,
        topic: None,
        lane: Lane::robot(vendor.budgets()),
    }
}

/// The body in which the sample, or another chat, is posted.
pub(in crate::channel) fn body(settings: &Settings, chat: Chat, is_plain: bool) -> Value {
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let mut content = sample::content();
    content.recipient.kind = RecipientKind::Channel;
    content.words.chat = chat;
    let id = sample::id();
    robot.body(&parcel(&id, &content, is_plain))
}

/// The parts into which a chat is divided.
pub(in crate::channel) fn parts(settings: &Settings, chat: Chat, free: Option<u32>) -> Vec<Chat> {
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let mut content = sample::content();
    content.recipient.kind = RecipientKind::Channel;
    content.words.chat = chat;
    robot.divide(&parcel(&sample::id(), &content, false), free)
}

/// The request of an attempt at the sample.
pub(in crate::channel) fn call(settings: &Settings, now: DateTime<Utc>) -> Call {
    let url = match &settings.target {
        Target::Url(url) => Url::parse(url.reveal()).unwrap(),
        Target::Folder(_) | Target::Scratch(_) => panic!("a folder is not called"),
    };
    let body = body(settings, sample::chat(), false);
    vendor(settings).call(&url, &body, &sample::id(), now)
}

/// What an answer means that came to each of the first `attempt` tries, in one line: `retry-after 60 account`,
/// `backoff 5`, `permanent/message`.
pub(in crate::channel) fn outcome(
    settings: &Settings,
    attempt: usize,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let mut before: Vec<String> = Vec::new();
    while before.len() + 1 < attempt {
        before.push(told(settings, &before, status, headers, body).words().to_owned());
    }
    in_one_line(&told(settings, &before, status, headers, body))
}

/// What an answer means after others, of which these words were kept.
pub(in crate::channel) fn outcome_after(settings: &Settings, before: &[&str], status: u16, body: &str) -> String {
    let before: Vec<String> = before.iter().map(|words| (*words).to_owned()).collect();
    in_one_line(&told(settings, &before, status, &[], body))
}

/// What an answer means, in full.
pub(in crate::channel) fn told(
    settings: &Settings,
    before: &[String],
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Outcome {
    let answer = Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
        is_whole: true,
    };
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let answered = Answered::Status(answer);
    robot.judge(&answered, sample::as_of(), before, |said| robot.vendor.outcome(said))
}

/// What an answer to the probe means.
pub(in crate::channel) fn probed(settings: &Settings, status: u16, body: &str) -> String {
    let answer = Answer {
        status,
        body: body.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    let url = Url::parse("https://chat.example/hook").unwrap();
    let probe = vendor(settings).probe(&url, sample::as_of());
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    in_one_line(&robot.judge(&Answered::Status(answer), sample::as_of(), &[], probe.judge))
}

fn in_one_line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::RetryAfter { wait, reach, .. } => {
            format!(
                "retry-after {} {}",
                wait.num_seconds(),
                format!("{reach:?}").to_lowercase()
            )
        }
        Outcome::Backoff {
            minimum: Some(minimum), ..
        } => format!("backoff {}", minimum.num_seconds()),
        Outcome::Delivered(_)
        | Outcome::Accepted(_)
        | Outcome::Backoff { minimum: None, .. }
        | Outcome::PermanentMessage(_)
        | Outcome::PermanentRecipient(_)
        | Outcome::PermanentEndpoint(_)
        | Outcome::Unreachable(_)
        | Outcome::Unknown(_) => outcome.kind().to_owned(),
    }
}

fn parcel<'a>(id: &'a MessageId, content: &'a Content, is_plain: bool) -> Parcel<'a> {
    Parcel {
        is_plain,
        ..sample::parcel(id, content)
    }
}
