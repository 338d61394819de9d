//! Telegram: `sendMessage` of the Bot API.
//!
//! Source: the specification of the Bot API and the source of its server (tdlib/telegram-bot-api).

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::secret::Secret;

use super::Room;
use super::http::{Answer, Call, Url, WAIT_MAX, WAIT_MIN};
use super::mattermost::{EDGE, set_apart};
use super::robot::{Dialect, Form, Post, Probe, Said, Settings, Vendor, lookalikes, page, unlinked};

/// UTF-16 units of a text after its entities are parsed.
const TEXT_UNITS_MAX: usize = 4096;
/// Of 100 entities, as far as is known; further ones are dropped without a word, mentions too.
const ENTITIES_MAX: usize = 90;
/// Where a 429 does not say how long.
const REST_SECONDS: i64 = 60;

/// A bot in one chat.
pub(super) struct Telegram {
    token: Option<Secret>,
    chat_id: String,
    topic: Option<String>,
    /// The supergroup that the configured group became.
    moved: Mutex<Option<i64>>,
}

impl Telegram {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone(),
            chat_id: settings.chat_id.clone().unwrap_or_default(),
            topic: settings.topic.clone(),
            moved: Mutex::new(None),
        }
    }

    fn moved(&self) -> Option<i64> {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chat_id(&self) -> Value {
        self.moved().map_or_else(|| number_or_text(&self.chat_id), Value::from)
    }

    /// The address of a method: the API's, then the token, which is why it is known only here.
    fn method(&self, api: &Url, name: &str) -> Url {
        let token = self.token.as_ref().map_or("", Secret::reveal);
        let mut url = api.clone();
        url.set_path(&format!("{}/bot{token}/{name}", api.path().trim_end_matches('/')));
        url
    }
}

impl Vendor for Telegram {
    fn body(&self, post: &Post<'_>) -> Value {
        let mut body = Map::new();
        body.insert("chat_id".to_owned(), number_or_text(&self.chat_id));
        if let Some(topic) = &self.topic {
            body.insert("message_thread_id".to_owned(), number_or_text(topic));
        }
        let text = match post.form {
            Form::Rich => {
                body.insert("parse_mode".to_owned(), json!("HTML"));
                page(&Html(post), post.chat)
            }
            Form::Plain => page(&Text(post), post.chat),
        };
        body.insert("text".to_owned(), json!(text));
        body.insert("link_preview_options".to_owned(), json!({"is_disabled": true}));
        Value::Object(body)
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
        // Every `@` is one of a user name: those of the ledger are written in another letter.
        let names = text.matches('@').count();
        let (units, entities) = if body.get("parse_mode").is_none() {
            (text.encode_utf16().count(), names)
        } else {
            let tags = text.matches("<b>").count() + text.matches("<a ").count();
            (units_after_parsing(text), tags + names)
        };
        vec![
            Room::new(units, TEXT_UNITS_MAX, "UTF-16 units"),
            Room::new(entities, ENTITIES_MAX, "entities"),
        ]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        let mut body = body.clone();
        if let Some(chat_id) = body.get_mut("chat_id") {
            *chat_id = self.chat_id();
        }
        Call::post(self.method(url, "sendMessage"), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        let outcome = outcome(said);
        let Some(chat_id) = self.moved() else {
            return outcome;
        };
        let words = format!("{}; {}", outcome.words(), advice(chat_id));
        if outcome.is_success() {
            Outcome::Delivered(words)
        } else if outcome.is_endpoint_fault() {
            Outcome::PermanentEndpoint(words)
        } else {
            outcome
        }
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        let body = json!({"chat_id": self.chat_id()});
        Probe {
            call: Call::post(self.method(url, "getChat"), body.to_string()),
            // The answer tells all about the chat: its name, who is in it, how to join.
            judge: |said| {
                let outcome = outcome(said);
                if outcome.is_success() {
                    said.delivered("the chat is known")
                } else {
                    outcome
                }
            },
            untried: "that the bot may write in the chat, and that the topic is there",
        }
    }

    fn learn(&self, answer: &Answer) -> bool {
        let json = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let Some(chat_id) = migrated(&json).filter(|chat_id| self.chat_id() != *chat_id) else {
            return false;
        };
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(chat_id);
        true
    }
}

/// An id is a number; `@channel` is not.
fn number_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

fn migrated(answer: &Value) -> Option<i64> {
    answer.pointer("/parameters/migrate_to_chat_id")?.as_i64()
}

fn advice(chat_id: i64) -> String {
    format!("the group became a supergroup: write chat_id = \"{chat_id}\" into the configuration")
}

/// By `ok` and `error_code`, which is the HTTP status too.
fn outcome(said: &Said<'_>) -> Outcome {
    let ok = said.json().and_then(|json| json.get("ok")?.as_bool());
    let code = said.number("error_code").unwrap_or_else(|| i64::from(said.status()));
    match code {
        200..300 if ok == Some(true) && said.answer.is_success() => said.delivered(&posted(said)),
        200..300 => said.unknown(),
        429 => said.wait(pause(said), Reach::Account),
        400 => refused(said),
        413 => said.message_refused(),
        503 if said.answer.retry_after(said.now).is_some() => said.wait_as_told_or(1, Reach::Endpoint),
        408 | 409 | 500.. => said.backoff(),
        _ => said.endpoint_refused(),
    }
}

/// The message comes back as a whole; only its id is kept.
fn posted(said: &Said<'_>) -> String {
    let id = said
        .json()
        .and_then(|json| json.pointer("/result/message_id")?.as_i64());
    id.map_or_else(String::new, |id| format!("message {id}"))
}

/// The chat, the topic or the bot's rights are wrong, or this text is.
fn refused(said: &Said<'_>) -> Outcome {
    if let Some(chat_id) = said.json().and_then(migrated) {
        return Outcome::PermanentEndpoint(format!("{}; {}", said.words(), advice(chat_id)));
    }
    let description = said.text("description").to_lowercase();
    // A 400 without a word of the server's own is somebody else's.
    let is_ours = !description.is_empty() && !PLACE_FAULTS.iter().any(|fault| description.contains(fault));
    if is_ours {
        said.message_refused()
    } else {
        said.endpoint_refused()
    }
}

const PLACE_FAULTS: &[&str] = &[
    "chat not found",
    "chat_id is empty",
    "peer_id_invalid",
    "topic_closed",
    "topic_deleted",
    "message thread not found",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_admin_required",
    "need administrator rights",
    "group chat was upgraded",
    "group chat was deactivated",
    "user not found",
];

/// In the parameters, in the header, or in the words.
fn pause(said: &Said<'_>) -> TimeDelta {
    let parameter = said
        .json()
        .and_then(|json| json.pointer("/parameters/retry_after")?.as_i64());
    let told = parameter.and_then(TimeDelta::try_seconds);
    let header = || said.answer.retry_after(said.now);
    let worded = || {
        let (_, after) = said.text("description").rsplit_once("retry after ")?;
        TimeDelta::try_seconds(after.trim().parse().ok()?)
    };
    let wait = told.or_else(header).or_else(worded);
    wait.unwrap_or(TimeDelta::seconds(REST_SECONDS))
        .clamp(WAIT_MIN, WAIT_MAX)
}

/// Tags count nothing and an entity counts one; what the ledger wrote is escaped, so that every angle is ours.
fn units_after_parsing(html: &str) -> usize {
    let mut units = 0;
    let mut rest = html.chars();
    while let Some(c) = rest.next() {
        let end = match c {
            '<' => '>',
            '&' => ';',
            _ => {
                units += c.len_utf16();
                continue;
            }
        };
        units += usize::from(c == '&');
        rest.find(|c| *c == end);
    }
    units
}

/// The subset of HTML that a bot may write.
struct Html<'a>(&'a Post<'a>);

impl Dialect for Html<'_> {
    fn text(&self, text: &str) -> String {
        plain(text)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    }

    fn strong(&self, written: &str) -> String {
        if written.is_empty() {
            return String::new();
        }
        format!("<b>{written}</b>")
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        let name = self.text(name);
        match self.0.handle(person) {
            Some(user) if is_id(user) => format!("<a href=\"tg://user?id={user}\">{name}</a>"),
            Some(user) => username(user),
            None => name,
        }
    }

    fn line(&self, written: String) -> String {
        apart(&written)
    }
}

/// Without `parse_mode`; a user name still rings, an id cannot.
struct Text<'a>(&'a Post<'a>);

impl Dialect for Text<'_> {
    fn text(&self, text: &str) -> String {
        plain(text)
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.0.handle(person) {
            Some(user) if !is_id(user) => username(user),
            Some(_) | None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        apart(&written)
    }
}

/// Names and addresses become mentions and links in any form, and no escape is documented.
fn plain(text: &str) -> String {
    lookalikes(&unlinked(text), "@")
}

fn is_id(handle: &str) -> bool {
    handle.bytes().all(|byte| byte.is_ascii_digit())
}

fn username(handle: &str) -> String {
    format!("{EDGE}@{}{EDGE}", handle.trim_start_matches('@'))
}

/// A user name is one only where no word touches it.
fn apart(written: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    set_apart(written, is_word, is_word)
}

#[cfg(test)]
mod tests;
