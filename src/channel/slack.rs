//! Slack: an incoming webhook.
//!
//! Source: docs.slack.dev, "incoming webhooks", "formatting message text", "block kit" and "rate limits".

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};

use super::Room;
use super::http::{Call, Url};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Vendor, between, lookalikes, page, paragraphs, without_shortcodes,
};

/// Characters of a header; 150, but how Slack counts an emoji is not said, so a tenth is left over everywhere.
const HEADER_UNITS_MAX: usize = 135;
/// Characters of a section; 3000.
const SECTION_UNITS_MAX: usize = 2700;
/// Blocks of a message; 50.
const BLOCKS_MAX: usize = 45;
/// Characters of all blocks: there is an error for too many, and no number.
const ALL_UNITS_MAX: usize = 12_000;
/// Characters of a text alone; 40 000, what is above is cut off.
const TEXT_UNITS_MAX: usize = 36_000;
/// "Too many requests" without a wait; one post a second is allowed.
const REST_SECONDS: i64 = 30;

/// A Slack webhook; all of its URL is the secret.
pub(super) struct Slack;

impl Vendor for Slack {
    fn body(&self, post: &Post<'_>) -> Value {
        let heading = post.chat.heading();
        match post.form {
            // The text is what a notification shows.
            Form::Rich => json!({
                "text": Mrkdwn(post).text(&heading),
                "blocks": blocks(post, &heading),
                "unfurl_links": false,
                "unfurl_media": false,
            }),
            Form::Plain => json!({
                "text": page(&Text(post), post.chat),
                "unfurl_links": false,
                "unfurl_media": false,
            }),
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let blocks = body.get("blocks").and_then(Value::as_array).map(Vec::as_slice);
        let blocks = blocks.unwrap_or_default();
        let of = |block: &Value| block.pointer("/text/text").and_then(Value::as_str).map_or(0, units);
        let limit = |block: &Value| match block.get("type").and_then(Value::as_str) {
            Some("header") => HEADER_UNITS_MAX,
            _ => SECTION_UNITS_MAX,
        };
        let text = body.get("text").and_then(Value::as_str).map_or(0, units);
        let mut rooms = vec![
            Room::new(text, TEXT_UNITS_MAX, "characters"),
            Room::new(blocks.len(), BLOCKS_MAX, "blocks"),
            Room::new(blocks.iter().map(of).sum(), ALL_UNITS_MAX, "characters"),
        ];
        rooms.extend(
            blocks
                .iter()
                .map(|block| Room::new(of(block), limit(block), "characters")),
        );
        rooms
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // A message without a text is refused as such only where the webhook is known.
        Probe {
            call: Call::post(url.clone(), json!({}).to_string()),
            judge: |said| match (said.status(), word(said)) {
                (400, "no_text" | "missing_text_or_fallback_or_attachments" | "invalid_payload") => {
                    said.delivered("the webhook is known, and an empty message was refused as such")
                }
                _ => outcome(said),
            },
            untried: "that a post appears in the channel",
        }
    }
}

/// By the status, and by the word that is the whole body of a 400.
fn outcome(said: &Said<'_>) -> Outcome {
    match (said.status(), word(said)) {
        // Nothing of Slack's: the post did not get there, or nobody can know.
        (200..300, _) if said.is_page() => said.unknown(),
        // Whatever else the body says: another try of a message that was taken would be a second post.
        (200..300, "ok") => said.delivered("ok"),
        (200..300, _) => said.delivered("with an answer of its own"),
        _ if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
        (408 | 500.., _) => said.backoff(),
        (
            400,
            "invalid_token" | "user_not_found" | "channel_not_found" | "no_service" | "no_active_hooks" | "no_team",
        ) => said.endpoint_refused(),
        (400 | 413, _) => said.message_refused(),
        _ => said.endpoint_refused(),
    }
}

fn word<'a>(said: &Said<'a>) -> &'a str {
    said.answer.body.trim()
}

fn blocks(post: &Post<'_>, heading: &str) -> Vec<Value> {
    let dialect = Mrkdwn(post);
    let title = lookalikes(&without_shortcodes(heading), "&<>");
    let mut blocks = Vec::new();
    if units(&title) <= HEADER_UNITS_MAX {
        blocks.push(json!({"type": "header", "text": {"type": "plain_text", "text": title}}));
    } else {
        blocks.push(section(&dialect.strong(&dialect.text(heading))));
    }
    let paragraphs = paragraphs(&dialect, post.chat);
    blocks.extend(
        paragraphs
            .iter()
            .flat_map(|lines| sections(lines))
            .map(|text| section(&text)),
    );
    blocks
}

/// As few sections as hold the lines of a paragraph; a line is never divided.
fn sections(lines: &[String]) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        match sections.last_mut() {
            Some(last) if units(last) + 1 + units(line) <= SECTION_UNITS_MAX => {
                last.push('\n');
                last.push_str(line);
            }
            Some(_) | None => sections.push(line.clone()),
        }
    }
    sections
}

/// Verbatim: what is not written as a link or a mention does not become one.
fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

/// The larger of the counts that may be meant.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// `&`, `<` and `>` have escapes; nothing else has.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    lookalikes(&without_shortcodes(&text), "*_~`")
}

/// A quote begins with an escaped `>` too; lines begin nothing else here.
fn not_a_quote(line: &str) -> String {
    let line = line.trim_start_matches([' ', '\t']);
    match line.strip_prefix("&gt;") {
        Some(rest) => format!("＞{rest}"),
        None => line.to_owned(),
    }
}

fn mention(post: &Post<'_>, person: &PersonId, name: &str) -> String {
    match post.handle(person) {
        Some(user) => format!("<@{user}>"),
        None => escaped(name),
    }
}

/// Slack's own markup.
struct Mrkdwn<'a>(&'a Post<'a>);

impl Dialect for Mrkdwn<'_> {
    fn text(&self, text: &str) -> String {
        escaped(text)
    }

    fn strong(&self, written: &str) -> String {
        between("*", written)
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        mention(self.0, person, name)
    }

    fn line(&self, written: String) -> String {
        not_a_quote(&written)
    }
}

/// A text alone: without markup of ours, but Slack reads it as markup all the same.
struct Text<'a>(&'a Post<'a>);

impl Dialect for Text<'_> {
    fn text(&self, text: &str) -> String {
        // Names are linked in a text; nothing forbids that but another letter.
        lookalikes(&escaped(text), "@")
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        mention(self.0, person, name)
    }

    fn line(&self, written: String) -> String {
        not_a_quote(&written)
    }
}

#[cfg(test)]
mod tests;
