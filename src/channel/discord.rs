//! Discord: the webhook of a channel.
//!
//! Source: discord/discord-api-docs, webhooks, rate limits and JSON error codes.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;

use super::Room;
use super::http::{Call, Url, WAIT_MAX, WAIT_MIN};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Vendor, behind_backslash, disarmed, lookalikes, page, under_title,
};

/// Of `content`; "characters", counted as UTF-16 units, which are never fewer.
const CONTENT_UNITS_MAX: usize = 2000;
/// Of an embed's `description`; one embed with no other text stays below the 6000 of all embeds.
const DESCRIPTION_UNITS_MAX: usize = 4096;
/// Of each list in `allowed_mentions`.
const MENTIONS_MAX: usize = 100;
/// `SUPPRESS_EMBEDS`: no previews.
const FLAG_NO_PREVIEWS: u32 = 4;
/// A page of Cloudflare says that this address of ours is blocked; where it does not say for how long, so many seconds.
const BLOCKED_SECONDS: i64 = 600;

/// A Discord webhook; its token stands in its URL, and nothing is signed.
pub(super) struct Discord;

impl Vendor for Discord {
    fn body(&self, post: &Post<'_>) -> Value {
        match post.form {
            Form::Rich => rich(post),
            Form::Plain => {
                let users: Vec<&str> = handles(post).into_iter().take(MENTIONS_MAX).collect();
                json!({
                    "content": page(&Plain(post), post.chat),
                    "allowed_mentions": {"parse": [], "users": users},
                    "flags": FLAG_NO_PREVIEWS,
                })
            }
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        vec![
            Room::new(units(body, "/content"), CONTENT_UNITS_MAX, "characters"),
            Room::new(
                units(body, "/embeds/0/description"),
                DESCRIPTION_UNITS_MAX,
                "characters",
            ),
            Room::new(rung(body), MENTIONS_MAX, "mentions"),
        ]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(waiting(url), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        let mut url = url.clone();
        url.set_query(None);
        Probe {
            call: Call::get(url),
            // The answer holds the token, so that none of its words are shown.
            judge: |said| match said.status() {
                200 if is_object_with_id(said) => said.delivered("the webhook is known"),
                _ => outcome(said),
            },
            untried: "that a post appears in the channel, or in the thread that the URL names",
        }
    }
}

/// Title and mentions in the content, which rings and is understood on a lock screen; the rest in an embed in the colour of
/// the worst light, where everybody is named.
///
/// Who does not fit into the content makes several tasks too large for one post; of a single task that cannot be divided
/// they are named and not rung, because the alternative is to take words away.
fn rich(post: &Post<'_>) -> Value {
    let markdown = Markdown(post);
    let mut content = markdown.strong(&markdown.text(&post.chat.heading()));
    let mut users: Vec<&str> = Vec::new();
    let is_divisible = post.chat.blocks.len() > 1;
    for user in handles(post) {
        let gap = if users.is_empty() { "\n" } else { " " };
        let longer = format!("{content}{gap}<@{user}>");
        let is_full = users.len() == MENTIONS_MAX || longer.encode_utf16().count() > CONTENT_UNITS_MAX;
        if is_full && !is_divisible {
            break;
        }
        content = longer;
        users.push(user);
    }
    let allowed = json!({"parse": [], "users": users});
    let description = under_title(&markdown, post.chat);
    match post.chat.light.map(color) {
        _ if description.is_empty() => json!({"content": content, "allowed_mentions": allowed}),
        Some(color) => json!({
            "content": content,
            "allowed_mentions": allowed,
            "embeds": [{"description": description, "color": color}],
        }),
        None => json!({
            "content": content,
            "allowed_mentions": allowed,
            "embeds": [{"description": description}],
        }),
    }
}

/// The ids to be rung, each once, in order.
fn handles<'a>(post: &Post<'a>) -> Vec<&'a str> {
    let mut users: Vec<&str> = Vec::new();
    for user in post
        .chat
        .mentions()
        .into_iter()
        .filter_map(|person| post.handle(person))
    {
        if !users.contains(&user) {
            users.push(user);
        }
    }
    users
}

/// How many are rung.
fn rung(body: &Value) -> usize {
    let users = body.pointer("/allowed_mentions/users").and_then(Value::as_array);
    users.map_or(0, Vec::len)
}

fn color(light: Light) -> u32 {
    match light {
        Light::Red => 0x00E7_4C3C,
        Light::Yellow => 0x00F1_C40F,
        Light::Green => 0x002E_CC71,
        Light::Blue => 0x0034_98DB,
        Light::Grey => 0x0095_A5A6,
    }
}

fn units(body: &Value, path: &str) -> usize {
    let text = body.pointer(path).and_then(Value::as_str);
    text.map_or(0, |text| text.encode_utf16().count())
}

/// With `wait=true`, without which a message that was not saved gives no error.
fn waiting(url: &Url) -> Url {
    let mut waiting = url.clone();
    let kept = url.query_pairs().filter(|(key, _)| key != "wait");
    waiting
        .query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .append_pair("wait", "true");
    waiting
}

fn is_object_with_id(said: &Said<'_>) -> bool {
    !said.text("id").is_empty()
}

fn outcome(said: &Said<'_>) -> Outcome {
    match said.status() {
        204 => said.accepted(),
        // The message comes back as a whole; only its id is kept.
        200..300 if is_object_with_id(said) => said.delivered(&format!("message {}", said.text("id"))),
        200..300 => said.unknown(),
        429 => limited(said),
        503 if said.answer.retry_after(said.now).is_some() => said.wait_as_told_or(1, Reach::Endpoint),
        408 | 500.. => said.backoff(),
        413 => said.message_refused(),
        400 => match said.number("code") {
            // A forum without a thread, a thread that is gone, archived or locked.
            Some(220_001..=220_004 | 10003 | 50083 | 160_005) => said.endpoint_refused(),
            Some(_) => said.message_refused(),
            // Not Discord's own word.
            None => said.endpoint_refused(),
        },
        _ => said.endpoint_refused(),
    }
}

/// In JSON it is Discord's word, for this webhook or for all we send; else it is the front's, which blocks us altogether.
fn limited(said: &Said<'_>) -> Outcome {
    let is_global = said
        .json()
        .is_none_or(|json| json.get("global") == Some(&Value::Bool(true)))
        || said.answer.header("x-ratelimit-scope") == Some("global");
    let reach = if is_global { Reach::Vendor } else { Reach::Endpoint };
    match said.json().and_then(|json| whole_seconds(json.get("retry_after")?)) {
        Some(wait) => said.wait(wait, reach),
        None => said.wait_as_told_or(BLOCKED_SECONDS, reach),
    }
}

/// A wait with a fraction, rounded up to whole seconds.
fn whole_seconds(seconds: &Value) -> Option<TimeDelta> {
    let wait = Duration::try_from_secs_f64(seconds.as_f64()?).ok()?;
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let wait = i64::try_from(whole).ok().and_then(TimeDelta::try_seconds);
    Some(wait.unwrap_or(WAIT_MAX).clamp(WAIT_MIN, WAIT_MAX))
}

/// Discord's markdown, in which a backslash makes any mark a character; who is named by `<@id>` in an embed is not rung.
struct Markdown<'a>(&'a Post<'a>);

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        escaped(text)
    }

    fn strong(&self, written: &str) -> String {
        if written.is_empty() {
            return String::new();
        }
        format!("**{written}**")
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.0.handle(person) {
            Some(user) => format!("<@{user}>"),
            None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, behind_backslash)
    }
}

/// There is no form without markdown; this one has no marks of ours.
struct Plain<'a>(&'a Post<'a>);

impl Dialect for Plain<'_> {
    fn text(&self, text: &str) -> String {
        escaped(text)
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        Markdown(self.0).mention(person, name)
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, behind_backslash)
    }
}

/// Backslashes before marks and before the colon of an address; `@` rings even after one, and a backtick is code in old
/// applications, so that these two become their full-width forms.
fn escaped(text: &str) -> String {
    backslashed(&lookalikes(text, "@`"), "\\*_~|<>[]()#").replace("://", "\\://")
}

/// The text with a backslash before each of `marks`.
pub(super) fn backslashed(text: &str, marks: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        if marks.contains(c) {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

#[cfg(test)]
mod tests;
