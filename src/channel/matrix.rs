//! Matrix: a room, by the client-server API v3, under an access token.
//!
//! Source: spec.matrix.org, client-server API: sending events, `m.room.message`, `m.mentions`, rate limiting, error codes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;
use crate::secret::Secret;

use super::Room;
use super::http::{Call, Method, Url, WAIT_MAX, WAIT_MIN, piece, under};
use super::robot::{Dialect, Form, Post, Probe, Said, Settings, Vendor, lookalikes, page};

/// UTF-8 bytes of an event's content. A whole event has 65536, of which servers and signatures take an unknown part.
const CONTENT_BYTES_MAX: usize = 48 * 1024;
/// Where the server says that it was too much and not when it will take more.
const REST_SECONDS: i64 = 5;

/// A user of a homeserver, in one room.
pub(super) struct Matrix {
    token: Option<Secret>,
    room: String,
}

impl Matrix {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone(),
            room: settings.room.clone().unwrap_or_default(),
        }
    }

    /// A request about the room.
    fn ask(&self, method: Method, url: &Url, path: &str, body: String) -> Call {
        let room = piece(&self.room, "");
        let call = Call {
            method,
            ..Call::post(under(url, &format!("/_matrix/client/v3/rooms/{room}{path}")), body)
        };
        match &self.token {
            Some(token) => call.with("authorization", format!("Bearer {}", token.reveal())),
            None => call,
        }
    }
}

impl Vendor for Matrix {
    fn body(&self, post: &Post<'_>) -> Value {
        let mentions = post.chat.mentions();
        let users: Vec<&str> = mentions.iter().filter_map(|person| post.handle(person)).collect();
        // An empty list is said too: it tells servers and clients that nothing in the text rings.
        let mentions = if users.is_empty() {
            json!({})
        } else {
            json!({ "user_ids": users })
        };
        let text = page(&Text, post.chat);
        match post.form {
            Form::Rich => json!({
                "msgtype": "m.text",
                "body": text,
                "format": "org.matrix.custom.html",
                "formatted_body": page(&Html(post), post.chat),
                "m.mentions": mentions,
            }),
            Form::Plain => json!({"msgtype": "m.text", "body": text, "m.mentions": mentions}),
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        vec![Room::new(body.to_string().len(), CONTENT_BYTES_MAX, "bytes")]
    }

    fn call(&self, url: &Url, body: &Value, id: &MessageId, _now: DateTime<Utc>) -> Call {
        // The message id is the transaction id, by which the server knows a repeat and posts nothing again.
        let path = format!("/send/m.room.message/{}", piece(id.as_str(), ""));
        self.ask(Method::PUT, url, &path, body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        let event = said.text("event_id");
        if said.answer.is_success() && !event.is_empty() {
            return said.delivered(&format!("event {event}"));
        }
        refusal(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        Probe {
            // Answered only to somebody who is in the room.
            call: self.ask(Method::GET, url, "/joined_members", String::new()),
            judge: |said| {
                // Of a large room not all is read.
                let is_members = said.answer.body.trim_start().starts_with("{\"joined\"")
                    || said.json().is_some_and(|json| json["joined"].is_object());
                if said.answer.is_success() && is_members {
                    return said.delivered("the token is known, and its user is in the room");
                }
                refusal(said)
            },
            untried: "whether its user may speak in the room, and whether mentions ring",
        }
    }
}

/// By status and `errcode`.
fn refusal(said: &Said<'_>) -> Outcome {
    let status = said.status();
    match said.text("errcode") {
        "M_LIMIT_EXCEEDED" => limited(said),
        "M_TOO_LARGE" => said.message_refused(),
        // Of the path, since the content is no parameter.
        "M_INVALID_PARAM" if status == 400 && said.says("room") => said.endpoint_refused(),
        _ => match status {
            200..=299 => said.unknown(),
            429 => limited(said),
            503 if said.answer.retry_after(said.now).is_some() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
            408 | 500.. => said.backoff(),
            400 | 413 => said.message_refused(),
            _ => said.endpoint_refused(),
        },
    }
}

/// The limit is the user's: it holds in all rooms. Newer servers say the wait in the header, older ones in the body.
fn limited(said: &Said<'_>) -> Outcome {
    match said.number("retry_after_ms") {
        Some(milliseconds) if milliseconds > 0 => {
            let seconds = milliseconds.saturating_add(999) / 1000;
            let wait = TimeDelta::try_seconds(seconds).unwrap_or(WAIT_MAX);
            said.wait(wait.clamp(WAIT_MIN, WAIT_MAX), Reach::Account)
        }
        Some(_) | None => said.wait_as_told_or(REST_SECONDS, Reach::Account),
    }
}

/// The part of HTML that the specification names; colours by `data-mx-color`.
struct Html<'a>(&'a Post<'a>);

impl Dialect for Html<'_> {
    fn text(&self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                _ => escaped.push(c),
            }
        }
        escaped
    }

    fn strong(&self, written: &str) -> String {
        format!("<strong>{written}</strong>")
    }

    fn lit(&self, light: Light, written: &str) -> String {
        let color = match light {
            Light::Red => "#d32f2f",
            Light::Yellow => "#b8860b",
            Light::Green => "#2e7d32",
            Light::Blue => "#1565c0",
            Light::Grey => "#757575",
        };
        format!("<span data-mx-color=\"{color}\"><strong>{written}</strong></span>")
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        let name = self.text(name);
        match self.0.handle(person) {
            Some(user) => format!("<a href=\"https://matrix.to/#/{}\">{name}</a>", piece(user, "@:.")),
            None => name,
        }
    }

    fn line_break(&self) -> &'static str {
        "<br>"
    }

    fn gap(&self) -> &'static str {
        "<br><br>"
    }
}

/// Plain text, in which only servers older than `m.mentions` ring a whole room.
struct Text;

impl Dialect for Text {
    fn text(&self, text: &str) -> String {
        if text.to_lowercase().contains("@room") {
            lookalikes(text, "@")
        } else {
            text.to_owned()
        }
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, _person: &PersonId, name: &str) -> String {
        self.text(name)
    }
}

#[cfg(test)]
mod tests;
