//! Microsoft Teams: a Workflows webhook ("When a Teams webhook request is received").
//!
//! Source: learn.microsoft.com, "create incoming webhooks with Workflows", "format cards" and "user mention". The payload is
//! the same whatever the host: Microsoft has moved the addresses before.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;

use super::Room;
use super::http::{Call, Url};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Vendor, between, disarmed, full_width, is_retired_connector, lookalikes,
    paragraphs, put,
};

/// UTF-8 bytes of a body; "about 28 KB" is posted, so a tenth is left over.
const BODY_BYTES_MAX: usize = 25_200;
/// "Too many requests" without a wait.
const REST_SECONDS: i64 = 60;

/// A Teams workflow; its URL's signature is the secret.
pub(super) struct Teams;

impl Vendor for Teams {
    fn body(&self, post: &Post<'_>) -> Value {
        let rung = rung(post);
        let content = match post.form {
            Form::Rich => rich(post, &rung),
            Form::Plain => plain(post, &rung),
        };
        // Without an attachment the flow fails, after it has answered that all is well.
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": content,
            }],
        })
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        vec![Room::new(body.to_string().len(), BODY_BYTES_MAX, "bytes")]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn refuses(&self, url: &Url) -> Option<&'static str> {
        is_retired_connector(url).then_some(
            "this is the address of an Office 365 connector, which Microsoft has retired: create a workflow for the channel \
             (\"When a Teams webhook request is received\") and use its address",
        )
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // The trigger takes posts only, and refuses a question before the flow begins.
        Probe {
            call: Call::get(url.clone()),
            judge: |said| match said.status() {
                _ if code(said) == "TriggerRequestMethodNotValid" => said.delivered(THERE),
                405 => said.delivered(THERE),
                400 if code(said) != NOT_ENABLED => said.unknown(),
                _ => outcome(said),
            },
            untried: "whether the signature in the URL is right, and that the flow can post into the channel: it answers before it \
                      posts, so look for a test there",
        }
    }
}

/// By the status; 2xx says only that the flow was told to begin.
fn outcome(said: &Said<'_>) -> Outcome {
    match said.status() {
        200..300 if said.is_page() => said.unknown(),
        200..300 => said.accepted(),
        _ if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Endpoint),
        408 | 500.. => said.backoff(),
        _ if code(said) == NOT_ENABLED => said.endpoint_refused(),
        400 | 413 => said.message_refused(),
        _ => said.endpoint_refused(),
    }
}

/// What a refusal of the question shows.
const THERE: &str = "the flow is there, and a mere question was refused as such";

/// The flow was switched off or deleted.
const NOT_ENABLED: &str = "WorkflowTriggerIsNotEnabled";

fn code<'a>(said: &'a Said<'_>) -> &'a str {
    let code = said.json().and_then(|json| json.pointer("/error/code")?.as_str());
    code.unwrap_or_default()
}

fn rich(post: &Post<'_>, rung: &[Rung<'_>]) -> Value {
    let dialect = Markdown { rung, is_plain: false };
    let title = json!({
        "type": "TextBlock",
        "text": dialect.line(dialect.text(&post.chat.heading())),
        "weight": "Bolder",
        "size": "Large",
        "wrap": true,
    });
    let head = json!({"type": "Container", "style": style(post.chat.light), "bleed": true, "items": [title]});
    let texts = paragraphs(&dialect, post.chat).into_iter();
    let texts = texts.map(|lines| json!({"type": "TextBlock", "text": lines.join("\n\n"), "wrap": true}));
    let body: Vec<Value> = [head].into_iter().chain(texts).collect();
    card(&body, json!({"width": "Full"}), rung)
}

/// Only text, in one block.
fn plain(post: &Post<'_>, rung: &[Rung<'_>]) -> Value {
    let dialect = Markdown { rung, is_plain: true };
    let title = dialect.line(dialect.text(&post.chat.heading()));
    let lines = paragraphs(&dialect, post.chat).into_iter().flatten();
    let lines: Vec<String> = [title].into_iter().chain(lines).collect();
    let text = json!({"type": "TextBlock", "text": lines.join("\n\n"), "wrap": true});
    card(&[text], json!({}), rung)
}

/// `teams` is what only Teams reads of a card; who is mentioned is added to it.
fn card(body: &[Value], mut teams: Value, rung: &[Rung<'_>]) -> Value {
    let entities = rung
        .iter()
        .map(|rung| json!({"type": "mention", "text": rung.text(), "mentioned": {"id": rung.user, "name": rung.name}}));
    let entities: Vec<Value> = entities.collect();
    if !entities.is_empty() {
        put(&mut teams, "entities", json!(entities));
    }
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "msteams": teams,
    })
}

fn style(light: Option<Light>) -> &'static str {
    match light {
        Some(Light::Red) => "attention",
        Some(Light::Yellow) => "warning",
        Some(Light::Green) => "good",
        Some(Light::Blue) => "accent",
        Some(Light::Grey) | None => "emphasis",
    }
}

/// Somebody whom Teams can ring.
struct Rung<'a> {
    person: &'a PersonId,
    user: &'a str,
    name: String,
}

impl Rung<'_> {
    /// What stands in the card is the same, letter by letter, in the list of mentions.
    fn text(&self) -> String {
        format!("<at>{}</at>", self.name)
    }
}

/// Everybody once; two of one name are told apart, because a mention is found by its text.
fn rung<'a>(post: &Post<'a>) -> Vec<Rung<'a>> {
    let mut rung: Vec<Rung<'a>> = Vec::new();
    for (person, name) in post.chat.mentioned() {
        let Some(user) = post.handle(person) else {
            continue;
        };
        let name = unlike(safe(name), &rung);
        rung.push(Rung { person, user, name });
    }
    rung
}

/// The name, with a number where somebody before has the same.
fn unlike(name: String, rung: &[Rung<'_>]) -> String {
    let is_free = |name: &String| rung.iter().all(|known| known.name != *name);
    let numbered = (2..).map(|number| format!("{name}（{number}）"));
    let free = [name.clone()].into_iter().chain(numbered).find(is_free);
    free.unwrap_or(name)
}

/// No way to escape is documented.
fn safe(text: &str) -> String {
    lookalikes(text, "<>[]*_~`&\\|")
}

/// The markdown of a text block: bold, italics, lists and links.
struct Markdown<'a> {
    rung: &'a [Rung<'a>],
    is_plain: bool,
}

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        safe(text)
    }

    fn strong(&self, written: &str) -> String {
        if self.is_plain {
            written.to_owned()
        } else {
            between("**", written)
        }
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.rung.iter().find(|rung| rung.person == person) {
            Some(rung) => rung.text(),
            None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, full_width)
    }
}

#[cfg(test)]
mod tests;
