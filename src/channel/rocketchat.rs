//! Rocket.Chat: an incoming webhook.
//!
//! Source: the server's own `api.ts` and `processWebhookMessage.ts`, and its documentation of the rate limiter.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};

use super::Room;
use super::http::{Call, Url, WAIT_MAX, WAIT_MIN};
use super::mattermost::{EDGE, set_apart};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Vendor, disarmed, full_width, lookalikes, page, unlinked, without_shortcodes,
};

/// UTF-16 units of a text, a tenth below the 5000 that a server allows where nobody changed that.
const TEXT_UNITS_MAX: usize = 4500;
/// Where "too many requests" does not say how long.
const REST_SECONDS: i64 = 60;
/// A 503 is a server that is busy, so often; then it is an integration that is switched off.
const UNAVAILABLE_TRIES: usize = 3;
/// What broke inside the server is tried so often; it may have been posted.
const TRIES: usize = 6;

/// A Rocket.Chat integration; its token stands in its URL, and nothing is signed.
pub(super) struct Rocketchat;

impl Vendor for Rocketchat {
    fn body(&self, post: &Post<'_>) -> Value {
        let is_rich = post.form == Form::Rich;
        json!({"text": page(&Markdown { post, is_rich }, post.chat)})
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
        vec![Room::new(text.encode_utf16().count(), TEXT_UNITS_MAX, "characters")]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // Id and token are looked up, and then there is nothing to post.
        Probe {
            call: Call::post(url.clone(), json!({}).to_string()),
            judge: |said| match said.status() {
                // It was asked once: whether it is busy or switched off cannot be told, and neither is well.
                503 => said.endpoint_refused(),
                _ => outcome(said),
            },
            untried: "that a post appears in the room; an integration with a script of its own may answer as it likes",
        }
    }
}

/// By the body, whatever the HTTP status says.
fn outcome(said: &Said<'_>) -> Outcome {
    let success = said.json().and_then(|json| json.get("success")?.as_bool());
    let status = said.status();
    if success == Some(true) && said.answer.is_success() {
        return everywhere(said);
    }
    if status == 429 || said.says("error-too-many-requests") {
        return said.wait(pause(said), Reach::Endpoint);
    }
    if said.says("invalid integration id or token") {
        return said.endpoint_refused();
    }
    match (status, success) {
        (200..300 | 400, Some(false)) => refused(said),
        (200..300, _) => said.unknown(),
        (413, _) => said.message_refused(),
        (503, _) if said.answer.retry_after(said.now).is_some() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
        (503, _) if said.same_status_before() >= UNAVAILABLE_TRIES => said.endpoint_refused(),
        // The server's own word; a page of what stands in front of it is tried on.
        (500, Some(false)) if said.same_status_before() + 1 >= TRIES => said.given_up(),
        (408 | 500.., _) => said.backoff(),
        _ => said.endpoint_refused(),
    }
}

/// With an answer for each channel, the status is a success even if a channel was not posted to.
fn everywhere(said: &Said<'_>) -> Outcome {
    match failed(said) {
        Some(error) => not_everywhere(said, error),
        None => said.delivered("success true"),
    }
}

/// Where some channel has the post, a repeat would be its second: it goes up, and the lane does not stop. Where none
/// has it, the integration is at fault.
fn not_everywhere(said: &Said<'_>, error: &str) -> Outcome {
    let posted = responses(said).filter(|response| error_of(response).is_none());
    if posted.count() > 0 {
        Outcome::PermanentRecipient(said.in_words(&format!("not posted everywhere: {error}")))
    } else {
        Outcome::PermanentEndpoint(said.in_words(&format!("posted nowhere: {error}")))
    }
}

fn refused(said: &Said<'_>) -> Outcome {
    if let Some(error) = failed(said) {
        return not_everywhere(said, error);
    }
    let error = said.text("error").to_lowercase();
    if PLACE_FAULTS.iter().any(|fault| error.contains(fault)) {
        said.endpoint_refused()
    } else {
        said.message_refused()
    }
}

const PLACE_FAULTS: &[&str] = &[
    "destination",
    "channel",
    "invalid-room",
    "invalid-user",
    "room_is",
    "room is",
    "not-allowed",
    "not-authorized",
    "user-not-found",
    "muted",
];

/// The first error among the answers for each channel: a short word, never the message itself.
fn failed<'a>(said: &'a Said<'_>) -> Option<&'a str> {
    responses(said).find_map(error_of)
}

fn responses<'a>(said: &'a Said<'_>) -> impl Iterator<Item = &'a Value> {
    let responses = said.json().and_then(|json| json.get("responses")?.as_array());
    responses.into_iter().flatten()
}

fn error_of(response: &Value) -> Option<&str> {
    match response.get("error")? {
        Value::String(error) if error.is_empty() => None,
        Value::String(error) if error.len() <= ERROR_BYTES_MAX => Some(error.as_str()),
        Value::Null | Value::Bool(false) => None,
        Value::String(_) | Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some("error"),
    }
}

/// Longer errors than any known one are not shown.
const ERROR_BYTES_MAX: usize = 80;

/// In the words, in the header, or a minute.
fn pause(said: &Said<'_>) -> TimeDelta {
    let worded = said.answer.body.split_once("wait ").and_then(|(_, after)| {
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        TimeDelta::try_seconds(digits.parse().ok()?)
    });
    let wait = worded.or_else(|| said.answer.retry_after(said.now));
    wait.unwrap_or(TimeDelta::seconds(REST_SECONDS))
        .clamp(WAIT_MIN, WAIT_MAX)
}

/// Rocket.Chat's markdown, with one star for bold; it documents no way to escape, and no form without it.
struct Markdown<'a> {
    post: &'a Post<'a>,
    is_rich: bool,
}

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        lookalikes(&unlinked(&without_shortcodes(text)), "<>[]*_~`|@#\\$&")
    }

    fn strong(&self, written: &str) -> String {
        if self.is_rich && !written.is_empty() {
            format!("*{written}*")
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
        // A name rings only after a space.
        let line = set_apart(
            &written,
            |c| !c.is_whitespace(),
            |c| c.is_alphanumeric() || "-_.:@".contains(c),
        );
        disarmed(&line, full_width)
    }
}

#[cfg(test)]
mod tests;
