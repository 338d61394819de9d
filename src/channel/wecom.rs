//! 企业微信 WeCom: the webhook of a message push (群机器人).
//!
//! Source: developer.work.weixin.qq.com, document 91770 (message push) and 90455 (error codes).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::domain::task::Light;

use super::Room;
use super::http::{Call, Url};
use super::robot::{Dialect, Form, Post, Probe, Said, Vendor, disarmed, full_width, lookalikes, page, put};

/// UTF-8 bytes of a markdown's `content`.
const MARKDOWN_BYTES_MAX: usize = 4096;
/// UTF-8 bytes of a text's `content`.
const TEXT_BYTES_MAX: usize = 2048;
/// After "too often" the robot rests so many seconds.
const REST_SECONDS: i64 = 60;
/// "Busy" is asked again at most so often.
const BUSY_TRIES: usize = 3;

/// A WeCom robot; the key stands in its URL, and nothing is signed.
pub(super) struct Wecom;

impl Vendor for Wecom {
    fn body(&self, post: &Post<'_>) -> Value {
        match post.form {
            Form::Rich => json!({"msgtype": "markdown", "markdown": {"content": page(&Markdown(post), post.chat)}}),
            Form::Plain => {
                let mentions = post.chat.mentions();
                let users: Vec<&str> = mentions.iter().filter_map(|person| post.handle(person)).collect();
                let mobiles: Vec<&str> = mentions
                    .iter()
                    .filter(|person| post.handle(person).is_none())
                    .filter_map(|person| post.handle_of(person, "mobile"))
                    .collect();
                let mut text = json!({"content": page(&Text, post.chat)});
                if !users.is_empty() {
                    put(&mut text, "mentioned_list", json!(users));
                }
                if !mobiles.is_empty() {
                    put(&mut text, "mentioned_mobile_list", json!(mobiles));
                }
                json!({"msgtype": "text", "text": text})
            }
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        let limits = [
            ("/markdown/content", MARKDOWN_BYTES_MAX),
            ("/text/content", TEXT_BYTES_MAX),
        ];
        let rooms = limits.into_iter().filter_map(|(place, limit)| {
            let content = body.pointer(place)?.as_str()?;
            Some(Room::new(content.len(), limit, "bytes"))
        });
        rooms.collect()
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, _now: DateTime<Utc>) -> Call {
        Call::post(url.clone(), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, _now: DateTime<Utc>) -> Probe {
        // An empty text is refused as such only where the key is known.
        let empty = json!({"msgtype": "text", "text": {"content": ""}});
        Probe {
            call: Call::post(url.clone(), empty.to_string()),
            judge: |said| match said.number("errcode") {
                Some(44004) => said.delivered("the key is known, and an empty text was refused as such"),
                _ => outcome(said),
            },
            untried: "that a post appears in the group",
        }
    }
}

/// By `errcode`, whatever the HTTP status says, unless that says to wait; `errmsg` may change.
fn outcome(said: &Said<'_>) -> Outcome {
    match said.number("errcode") {
        Some(0) => said.delivered("errcode 0"),
        Some(45009) => said.wait(chrono::TimeDelta::seconds(REST_SECONDS), Reach::Account),
        _ if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Account),
        Some(-1) if said.same_before("errcode") >= BUSY_TRIES => said.given_up(),
        Some(-1 | 6000) => said.backoff(),
        Some(45033) => said.backoff_at_least(5),
        Some(93000 | 93004 | 93005 | 93008 | 49008) => said.endpoint_refused(),
        Some(40004..=40009 | 40033 | 40058 | 44004 | 45001 | 45002 | 45008) => said.message_refused(),
        Some(_) if said.same_before("errcode") > 0 => said.message_refused(),
        Some(_) => said.backoff(),
        None if said.status() == 503 && said.answer.retry_after(said.now).is_some() => {
            said.wait_as_told_or(REST_SECONDS, Reach::Account)
        }
        None if said.status() >= 500 => said.backoff(),
        None if said.answer.is_success() => said.unknown(),
        None => said.endpoint_refused(),
    }
}

/// The documented subset: bold, links, code, quotes, three colours, `<@userid>`; no way to escape is documented.
struct Markdown<'a>(&'a Post<'a>);

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        lookalikes(text, "<>[]*`_@\\")
    }

    fn strong(&self, written: &str) -> String {
        format!("**{written}**")
    }

    fn lit(&self, light: Light, written: &str) -> String {
        let color = match light {
            Light::Red | Light::Yellow => "warning",
            Light::Green | Light::Blue => "info",
            Light::Grey => "comment",
        };
        format!("<font color=\"{color}\">{written}</font>")
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        match self.0.handle(person) {
            Some(user) => format!("<@{user}>"),
            None => self.text(name),
        }
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, full_width)
    }
}

/// Plain text. The lists beside it ring; `<@userid>` would ring here too, so that none of its marks are left.
struct Text;

impl Dialect for Text {
    fn text(&self, text: &str) -> String {
        lookalikes(text, "<>@")
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
