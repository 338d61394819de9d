//! ntfy: a topic of ntfy.sh or of a server of one's own.
//!
//! Source: docs.ntfy.sh (publish as JSON) and the server's `server.go`, `errors.go` and `util/peek.go`.

use chrono::{DateTime, Days, NaiveTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::MessageId;
use crate::domain::ladder::Level;
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;
use crate::secret::Secret;

use super::Room;
use super::gotify::{CommonMark, loudest, said_under_title};
use super::http::{Call, Url, WAIT_MIN};
use super::robot::{Form, Post, Probe, Said, Settings, Unstyled, Vendor};

/// UTF-8 bytes of a message: one of 4096 already becomes a file, since the limit counts as reached.
const MESSAGE_BYTES_MAX: usize = 4095;
/// UTF-8 bytes of the whole JSON, in the same way.
const JSON_BYTES_MAX: usize = 8191;
/// One request more is allowed after so many seconds.
const REFILL_SECONDS: i64 = 5;

/// A topic.
pub(super) struct Ntfy {
    token: Option<Secret>,
    topic: String,
}

impl Ntfy {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone(),
            topic: settings.topic.clone().unwrap_or_default(),
        }
    }

    /// To the root of the server: to a topic's own address the JSON would be the message.
    fn publish(&self, url: &Url, body: &Value) -> Call {
        let call = Call::post(url.clone(), body.to_string());
        match &self.token {
            Some(token) => call.with("authorization", format!("Bearer {}", token.reveal())),
            None => call,
        }
    }
}

impl Vendor for Ntfy {
    fn body(&self, post: &Post<'_>) -> Value {
        let (is_markdown, message) = match post.form {
            Form::Rich => (true, said_under_title(&CommonMark, post)),
            Form::Plain => (false, said_under_title(&Unstyled, post)),
        };
        let mut body = json!({
            "topic": self.topic,
            "title": post.chat.heading(),
            "message": message,
            "markdown": is_markdown,
            "priority": priority(post),
        });
        if let (Some(light), Some(fields)) = (post.chat.light, body.as_object_mut()) {
            fields.insert("tags".to_owned(), json!([tag(light)]));
        }
        body
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let message = body.get("message").and_then(Value::as_str).map_or(0, str::len);
        vec![
            Room::new(message, MESSAGE_BYTES_MAX, "bytes"),
            Room::new(body.to_string().len(), JSON_BYTES_MAX, "bytes"),
        ]
    }

    fn call(&self, url: &Url, body: &Value, id: &MessageId, _now: DateTime<Utc>) -> Call {
        let call = self.publish(url, body);
        let id = id.as_str();
        let is_sequence = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_sequence {
            // Servers from 2.16 on put a repeat in the place of the first; older ones do not look at it.
            call.with("x-sequence-id", id)
        } else {
            call
        }
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // The right to write is looked at first; then it is refused, for its priority, and would be for its delay.
        let impossible = json!({"topic": self.topic, "message": "?", "priority": 99, "delay": "never"});
        Probe {
            call: self.publish(url, &impossible),
            judge: |said| match said.number("code") {
                Some(40004..=40007) if said.status() == 400 => {
                    said.delivered("the topic may be written to, and an impossible message was refused as such")
                }
                _ => outcome(said),
            },
            untried: "whether anybody has subscribed to the topic",
        }
    }
}

/// By ntfy's own code, else by the status; a success is one only with the message's `id`.
fn outcome(said: &Said<'_>) -> Outcome {
    if said.answer.is_success() {
        let id = said.text("id");
        return if id.is_empty() {
            said.unknown()
        } else {
            said.delivered(&format!("id {id}"))
        };
    }
    match said.number("code") {
        // The topic's name is wrong: no message will ever pass.
        Some(40009 | 40010 | 42909 | 50701) => return said.endpoint_refused(),
        Some(42908) => return said.wait(until_midnight(said.now), Reach::Account),
        Some(_) | None => {}
    }
    match said.status() {
        429 | 503 if said.answer.retry_after(said.now).is_some() => {
            said.wait_as_told_or(REFILL_SECONDS, Reach::Account)
        }
        429 => said.backoff_at_least(REFILL_SECONDS),
        507 => said.endpoint_refused(),
        408 | 500.. => said.backoff(),
        400 | 413 => said.message_refused(),
        _ => said.endpoint_refused(),
    }
}

/// The daily numbers begin anew at midnight, UTC.
fn until_midnight(now: DateTime<Utc>) -> chrono::TimeDelta {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1));
    let midnight = tomorrow.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    midnight.map_or(WAIT_MIN, |midnight| midnight - now).max(WAIT_MIN)
}

/// From 1 to 5; 3 is usual, 4 insists, 5 insists for long.
fn priority(post: &Post<'_>) -> u8 {
    match loudest(post) {
        Level::Summon => 5,
        Level::Escalate | Level::Overdue => 4,
        Level::Due | Level::Warn | Level::Remind => 3,
    }
}

/// The name of an emoji, which stands before the title.
fn tag(light: Light) -> &'static str {
    match light {
        Light::Red => "red_circle",
        Light::Yellow => "yellow_circle",
        Light::Green => "green_circle",
        Light::Blue => "large_blue_circle",
        Light::Grey => "white_circle",
    }
}

#[cfg(test)]
mod tests;
