//! Mattermost: an incoming webhook.
//!
//! Source: mattermost/docs, and the server's `webhook.go`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};

use super::Room;
use super::discord::backslashed;
use super::http::{Call, Url};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Vendor, behind_backslash, disarmed, full_width, lookalikes, page, unlinked,
    without_shortcodes,
};

/// Characters of a text; a server splits at 16 383 where nobody changed that, and what it split it may keep in part.
const TEXT_CHARS_MAX: usize = 15_999;
/// Where a 429 does not say how long.
const REST_SECONDS: i64 = 10;
/// What broke inside the server is tried so often; it may have been posted.
const TRIES: usize = 6;
/// No channel can be called so, as spaces are not allowed in names.
const NO_CHANNEL: &str = "no channel has this name";

/// A Mattermost hook; its id stands in its URL, and nothing is signed.
pub(super) struct Mattermost;

impl Vendor for Mattermost {
    fn body(&self, post: &Post<'_>) -> Value {
        let is_rich = post.form == Form::Rich;
        json!({"text": page(&Markdown { post, is_rich }, post.chat)})
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
        vec![Room::new(text.chars().count(), TEXT_CHARS_MAX, "characters")]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // An empty text is refused before the hook is looked up; a channel that cannot be, after. There is nothing to be
        // seen in it, so that it could not show even where no channel may be named.
        let nothing = json!({"text": "", "attachments": [{"fallback": ""}], "channel": NO_CHANNEL});
        Probe {
            call: Call::post(url.clone(), nothing.to_string()),
            judge: |said| match said.text("id") {
                "web.incoming_webhook.channel.app_error" | "web.incoming_webhook.channel_locked.app_error" => {
                    said.delivered("the hook is known")
                }
                _ if said.answer.is_success() => said.unknown(),
                _ => outcome(said),
            },
            untried: "that the hook's owner may post in its channel",
        }
    }
}

fn outcome(said: &Said<'_>) -> Outcome {
    match said.status() {
        200 if said.answer.is_whole && said.answer.body.trim() == "ok" => said.delivered("ok"),
        200..300 => said.unknown(),
        _ if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
        400 => refused(said.text("id"), said),
        413 => said.message_refused(),
        501 => said.endpoint_refused(),
        500 if is_its_own(said) && said.same_status_before() + 1 >= TRIES => said.given_up(),
        408 | 500.. => said.backoff(),
        _ => said.endpoint_refused(),
    }
}

/// An error of the server, not a page of what stands in front of it.
fn is_its_own(said: &Said<'_>) -> bool {
    !said.text("id").is_empty() && said.number("status_code").is_some()
}

/// By the error's id; a 400 without one is not the server's own.
fn refused(id: &str, said: &Said<'_>) -> Outcome {
    let is_place = [
        "incoming_webhook.invalid",
        "incoming_webhook.user",
        "incoming_webhook.channel",
    ];
    if id.is_empty() || is_place.iter().any(|place| id.contains(place)) {
        said.endpoint_refused()
    } else {
        said.message_refused()
    }
}

/// Mattermost's markdown, in which a backslash makes a mark a character; there is no form without it.
struct Markdown<'a> {
    post: &'a Post<'a>,
    is_rich: bool,
}

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        // `<…>` and `@` are read by the server before any markdown, and `&amp;`, `$` and short names know no backslash.
        let text = lookalikes(&unlinked(&without_shortcodes(text)), "<@&$");
        backslashed(&text, "\\`*_~|[]#>")
    }

    fn strong(&self, written: &str) -> String {
        if self.is_rich && !written.is_empty() {
            format!("**{written}**")
        } else {
            written.to_owned()
        }
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.post.handle(person) {
            Some(user) => format!("{EDGE}@{}{EDGE}", user.trim_start_matches('@')),
            None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        // The server takes letters of any script that touch a name for a part of it.
        let is_word = |c: char| c.is_alphanumeric() || ":.-_@".contains(c);
        disarmed(&set_apart(&written, is_word, is_word), |mark| match mark {
            // A line of these would make a heading of the line above, whatever stands before them.
            '=' => full_width(mark),
            _ => behind_backslash(mark),
        })
    }
}

/// The edges of a mention, where there may have to be a space.
pub(super) const EDGE: char = '\u{E000}';

/// Each [`EDGE`] becomes a space where the character before it, or after it, would spoil the mention, and else nothing.
pub(super) fn set_apart(written: &str, before: impl Fn(char) -> bool, after: impl Fn(char) -> bool) -> String {
    let mut line = String::with_capacity(written.len());
    let mut is_open = false;
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        if c != EDGE {
            line.push(c);
            continue;
        }
        let is_spoilt = if is_open {
            rest.clone().find(|c| *c != EDGE).is_some_and(&after)
        } else {
            line.chars().next_back().is_some_and(&before)
        };
        is_open = !is_open;
        if is_spoilt {
            line.push(' ');
        }
    }
    line
}

#[cfg(test)]
mod tests;
