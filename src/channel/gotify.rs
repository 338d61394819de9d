//! Gotify: the messages of one application, under its token.
//!
//! Source: gotify.net/api-docs and the server's `api/message.go`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::ladder::Level;
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;
use crate::secret::Secret;

use super::Room;
use super::http::{Call, Url, under};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Settings, Unstyled, Vendor, behind_backslash, disarmed, under_title,
};

/// UTF-8 bytes of a message. None is documented; a server on `MySQL` keeps 65535.
const MESSAGE_BYTES_MAX: usize = 58_000;
/// Where somebody in front of the server says that it was too much and not when it will be less.
const REST_SECONDS: i64 = 60;

/// An application of a Gotify server.
pub(super) struct Gotify {
    token: Option<Secret>,
}

impl Gotify {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone(),
        }
    }

    fn message(&self, url: &Url, body: &Value) -> Call {
        let call = Call::post(under(url, "/message"), body.to_string());
        match &self.token {
            Some(token) => call.with("x-gotify-key", token.reveal()),
            None => call,
        }
    }
}

impl Vendor for Gotify {
    fn body(&self, post: &Post<'_>) -> Value {
        let (kind, message) = match post.form {
            Form::Rich => ("text/markdown", said_under_title(&CommonMark, post)),
            Form::Plain => ("text/plain", said_under_title(&Unstyled, post)),
        };
        json!({
            "title": post.chat.heading(),
            "message": message,
            "priority": priority(post),
            "extras": {"client::display": {"contentType": kind}},
        })
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let bytes = |key: &str| body.get(key).and_then(Value::as_str).map_or(0, str::len);
        vec![Room::new(bytes("message") + bytes("title"), MESSAGE_BYTES_MAX, "bytes")]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        self.message(url, body)
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        Probe {
            // The token is looked at first; then a message without words is refused, because words are required.
            call: self.message(url, &json!({"message": ""})),
            judge: |said| {
                let is_gotify = said.number("errorCode") == Some(400);
                if said.status() == 400 && is_gotify {
                    said.delivered("the token is known, and an empty message was refused as such")
                } else {
                    outcome(said)
                }
            },
            untried: "whether a client shows what arrives",
        }
    }
}

/// By the status; a success is one only with the message's `id`.
fn outcome(said: &Said<'_>) -> Outcome {
    match said.status() {
        200..=299 => match said.number("id") {
            Some(id) => said.delivered(&format!("id {id}")),
            None => said.unknown(),
        },
        _ if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
        408 | 500.. => said.backoff(),
        400 | 413 => said.message_refused(),
        _ => said.endpoint_refused(),
    }
}

/// From 0 to 10; its Android client makes a noise from 4 on and insists from 8 on.
fn priority(post: &Post<'_>) -> u8 {
    match loudest(post) {
        Level::Summon => 10,
        Level::Escalate => 9,
        Level::Overdue => 8,
        Level::Due => 6,
        Level::Warn => 5,
        Level::Remind => 4,
    }
}

/// The loudest level in a post; where none is said, what its urgency and light come to.
pub(super) fn loudest(post: &Post<'_>) -> Level {
    let told = post.chat.blocks.iter().filter_map(|block| block.level).max();
    told.unwrap_or(match post.chat.light {
        _ if post.is_urgent => Level::Overdue,
        Some(Light::Red) => Level::Overdue,
        Some(Light::Yellow) => Level::Warn,
        Some(Light::Green | Light::Blue | Light::Grey) | None => Level::Remind,
    })
}

/// What stands under the title; the title where nothing does, because a message must have words.
pub(super) fn said_under_title(dialect: &dyn Dialect, post: &Post<'_>) -> String {
    let rest = under_title(dialect, post.chat);
    if rest.is_empty() {
        dialect.text(&post.chat.heading())
    } else {
        rest
    }
}

/// Markdown by `CommonMark` with GitHub's additions, where a backslash makes any punctuation a character only. There are no
/// mentions.
pub(super) struct CommonMark;

/// What may begin markup wherever it stands.
const MARKS: &str = "\\`*_[]<>&~|";

impl Dialect for CommonMark {
    fn text(&self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            if MARKS.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    }

    fn strong(&self, written: &str) -> String {
        // Marks that touch a space are no marks.
        let inner = written.trim();
        if inner.is_empty() {
            return written.to_owned();
        }
        let start = written.len() - written.trim_start().len();
        let end = written.trim_end().len();
        let (before, after) = (written.get(..start), written.get(end..));
        format!("{}**{inner}**{}", before.unwrap_or_default(), after.unwrap_or_default())
    }

    fn mention(&self, _person: &PersonId, name: &str) -> String {
        self.text(name)
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, behind_backslash)
    }

    fn line_break(&self) -> &'static str {
        // Without the two spaces the lines would be joined.
        "  \n"
    }
}

#[cfg(test)]
mod tests;
