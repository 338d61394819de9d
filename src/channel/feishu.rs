//! 飞书 Feishu and Lark: the webhook of a custom bot. Both are alike but for the host, which stands in the URL.
//!
//! Source: open.feishu.cn, "custom bot guide" and "card JSON 2.0", component markdown.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;
use crate::secret::Secret;

use super::Room;
use super::http::{Call, Url, WAIT_MAX};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Settings, Vendor, between, disarmed, hmac_sha256, lookalikes, page, paragraphs,
    put, without_shortcodes,
};

/// UTF-8 bytes of a body with its signature; "20 KB", which may be 20 480.
const BODY_BYTES_MAX: usize = 20_000;
/// So many bytes are time and signature: 10 digits and 44 letters.
const SIGNATURE_BYTES: usize = 79;
/// A card holds 200 elements.
const ELEMENTS_MAX: usize = 180;
/// The shared pool is empty.
const POOL_SECONDS: i64 = 30;
/// "Too many requests" names no wait.
const REST_SECONDS: i64 = 60;

/// A Feishu or Lark bot; the token stands in its URL.
pub(super) struct Feishu {
    secret: Option<Secret>,
    has_keyword: bool,
}

impl Feishu {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            secret: settings.secret.clone(),
            has_keyword: settings.keyword.is_some(),
        }
    }

    fn signed(&self, mut body: Value, now: DateTime<Utc>) -> Value {
        if let Some(secret) = &self.secret {
            let timestamp = now.timestamp().to_string();
            // Time and secret are the key, and nothing is signed with it.
            let sign = hmac_sha256(&format!("{timestamp}\n{}", secret.reveal()), "");
            put(&mut body, "sign", json!(sign));
            put(&mut body, "timestamp", json!(timestamp));
        }
        body
    }
}

impl Vendor for Feishu {
    fn body(&self, post: &Post<'_>) -> Value {
        match post.form {
            Form::Rich => json!({"msg_type": "interactive", "card": card(post)}),
            Form::Plain => json!({"msg_type": "text", "content": {"text": page(&Text(post), post.chat)}}),
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let signature = self.secret.as_ref().map_or(0, |_| SIGNATURE_BYTES);
        let elements = body.pointer("/card/body/elements").and_then(Value::as_array);
        vec![
            Room::new(body.to_string().len() + signature, BODY_BYTES_MAX, "bytes"),
            Room::new(elements.map_or(0, Vec::len), ELEMENTS_MAX, "elements"),
        ]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), self.signed(body.clone(), now).to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, now: DateTime<Utc>) -> Probe {
        // The token is looked at first, and what says of what kind it is no message.
        Probe {
            call: Call::post(url.clone(), self.signed(json!({}), now).to_string()),
            judge: if self.has_keyword { keyword_untried } else { probed },
            untried: "that a post appears in the group, and that the bot's keyword is the one configured",
        }
    }
}

fn probed(said: &Said<'_>) -> Outcome {
    match said.number("code") {
        Some(19002) => said.delivered("the token is known, and a message of no kind was refused as such"),
        // Nothing is asked twice here.
        Some(19021) => said.endpoint_refused(),
        _ => outcome(said),
    }
}

/// The question holds no keyword, so its absence shows only that all else was right.
fn keyword_untried(said: &Said<'_>) -> Outcome {
    match said.number("code") {
        Some(19024) => said.delivered("the token is known, and a message without the keyword was refused as such"),
        _ => probed(said),
    }
}

/// By `code`, whatever the HTTP status says, unless that says to wait; `StatusCode` is 0 in refusals too.
fn outcome(said: &Said<'_>) -> Outcome {
    match said.number("code") {
        Some(0) => said.delivered("code 0"),
        Some(99_991_400) => said.wait(told(said), Reach::Account),
        _ if said.is_told_to_wait() => said.wait(told(said), Reach::Account),
        Some(19001 | 19007 | 19022 | 19024) => said.endpoint_refused(),
        Some(19021) if said.same_before("code") == 0 => said.backoff(),
        Some(19021) => said.endpoint_refused(),
        Some(9499) if said.says("too many request") => said.backoff_at_least(REST_SECONDS),
        Some(11232) => said.backoff_at_least(POOL_SECONDS),
        Some(9499 | 19002 | 11246) => said.message_refused(),
        _ if said.status() >= 500 => said.backoff(),
        Some(_) if said.same_before("code") > 0 => said.message_refused(),
        Some(_) => said.backoff(),
        None if said.answer.is_success() => said.unknown(),
        None if said.status() == 413 => said.message_refused(),
        None => said.endpoint_refused(),
    }
}

/// The gateway's own header, in seconds, before the common one.
fn told(said: &Said<'_>) -> TimeDelta {
    let reset = said.answer.header("x-ogw-ratelimit-reset");
    let seconds = reset.and_then(|text| text.trim().parse::<i64>().ok());
    let wait = seconds.filter(|seconds| *seconds > 0);
    let wait = wait.map(|seconds| TimeDelta::try_seconds(seconds).unwrap_or(WAIT_MAX).min(WAIT_MAX));
    wait.or_else(|| said.answer.retry_after(said.now))
        .unwrap_or(TimeDelta::seconds(REST_SECONDS))
}

fn card(post: &Post<'_>) -> Value {
    let template = match post.chat.light {
        Some(Light::Yellow) => "orange",
        Some(light) => color(light),
        None => "indigo",
    };
    let heading = post.chat.heading();
    let dialect = Markdown(post);
    let paragraphs = paragraphs(&dialect, post.chat);
    let mut contents: Vec<String> = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
    if contents.is_empty() {
        contents.push(dialect.strong(&dialect.text(&heading)));
    }
    let elements = contents.into_iter();
    let elements: Vec<Value> = elements
        .map(|content| json!({"tag": "markdown", "content": content}))
        .collect();
    json!({
        "schema": "2.0",
        "header": {"title": {"tag": "plain_text", "content": lookalikes(&heading, "<>")}, "template": template},
        "body": {"elements": elements},
    })
}

fn color(light: Light) -> &'static str {
    match light {
        Light::Red => "red",
        Light::Yellow => "orange",
        Light::Green => "green",
        Light::Blue => "blue",
        Light::Grey => "grey",
    }
}

/// The markdown of a card of JSON 2.0; markup characters have documented escapes, by their numbers.
struct Markdown<'a>(&'a Post<'a>);

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        // These three end an address that Feishu would link by itself: a number within it might be shown as it stands.
        for c in lookalikes(&without_shortcodes(text), "<>|").chars() {
            if "&*_~`[]\\#$!".contains(c) {
                written.push_str(&number(c));
            } else {
                written.push(c);
            }
        }
        written
    }

    fn strong(&self, written: &str) -> String {
        between("**", written)
    }

    fn lit(&self, light: Light, written: &str) -> String {
        format!("<font color='{}'>{written}</font>", color(light))
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.0.handle(person) {
            Some(user) => format!("<at id={user}></at>"),
            None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, number)
    }
}

fn number(c: char) -> String {
    format!("&#{};", u32::from(c))
}

/// Plain text, in which `<at>` still rings; no way to escape is documented.
struct Text<'a>(&'a Post<'a>);

impl Dialect for Text<'_> {
    fn text(&self, text: &str) -> String {
        lookalikes(text, "<>[]*")
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.0.handle(person) {
            Some(user) => format!("<at user_id=\"{user}\">{}</at>", self.text(name)),
            None => self.text(name),
        }
    }
}

#[cfg(test)]
mod tests;
