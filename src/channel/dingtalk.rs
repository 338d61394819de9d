//! 钉钉 DingTalk: the webhook of a custom robot.
//!
//! Source: open.dingtalk.com, "custom robots send group messages", "customize robot security settings" and "call frequency
//! limit".

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::id::{MessageId, PersonId};
use crate::domain::outcome::{Outcome, Reach};
use crate::secret::Secret;

use super::Room;
use super::http::{Call, Url, WAIT_MAX};
use super::robot::{
    Dialect, Form, Post, Probe, Said, Settings, Vendor, between, disarmed, full_width, hmac_sha256, lookalikes, page,
    put,
};

/// UTF-8 bytes of a body; "exceed 20000 bytes" is said in an answer only, so some are left over.
const BODY_BYTES_MAX: usize = 18_000;
/// So many people are rung at most.
const MENTIONS_MAX: usize = 50;
/// After "too fast" the robot is shut for ten minutes.
const REST_SECONDS: i64 = 600;
/// After too many calls from one address all of DingTalk is shut for it.
const BLOCK_SECONDS: i64 = 300;
/// "Busy" is asked again at most so often.
const BUSY_TRIES: usize = 3;

/// A DingTalk robot; the token stands in its URL.
pub(super) struct Dingtalk {
    secret: Option<Secret>,
    has_keyword: bool,
}

impl Dingtalk {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            secret: settings.secret.clone(),
            has_keyword: settings.keyword.is_some(),
        }
    }

    /// The stored URL with time and signature, but for those that somebody left in it.
    fn signed(&self, url: &Url, now: DateTime<Utc>) -> Url {
        let mut url = url.clone();
        let Some(secret) = &self.secret else {
            return url;
        };
        let (secret, timestamp) = (secret.reveal(), now.timestamp_millis());
        let sign = hmac_sha256(secret, &format!("{timestamp}\n{secret}"));
        let sign = sign.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let stored = url.query().unwrap_or_default().split('&');
        let kept =
            stored.filter(|pair| !pair.is_empty() && !pair.starts_with("timestamp=") && !pair.starts_with("sign="));
        let own = [format!("timestamp={timestamp}"), format!("sign={sign}")];
        let pairs: Vec<String> = kept.map(str::to_owned).chain(own).collect();
        url.set_query(Some(&pairs.join("&")));
        url
    }
}

impl Vendor for Dingtalk {
    fn body(&self, post: &Post<'_>) -> Value {
        let rung = rung(post);
        // The same for every attempt, so that a repeat after a lost answer is known as one.
        let (key, at) = (post.id.as_str(), at(&rung));
        match post.form {
            Form::Rich => json!({
                "msgUuid": key,
                "at": at,
                "msgtype": "markdown",
                "markdown": {
                    "title": lookalikes(&post.chat.heading(), "<>@"),
                    "text": page(&Markdown(&rung), post.chat),
                },
            }),
            Form::Plain => json!({
                "msgUuid": key,
                "at": at,
                "msgtype": "text",
                "text": {"content": page(&Text(&rung), post.chat)},
            }),
        }
    }

    fn rooms(&self, body: &Value) -> Vec<Room> {
        vec![Room::new(body.to_string().len(), BODY_BYTES_MAX, "bytes")]
    }

    fn call(&self, url: &Url, body: &Value, _id: &MessageId, now: DateTime<Utc>) -> Call {
        Call::post(self.signed(url, now), body.to_string())
    }

    fn outcome(&self, said: &Said<'_>) -> Outcome {
        outcome(said)
    }

    fn probe(&self, url: &Url, now: DateTime<Utc>) -> Probe {
        // Token, signature and address are looked at before the kind of message, and there is none of this name.
        let none = json!({"msgtype": "none"});
        Probe {
            call: Call::post(self.signed(url, now), none.to_string()),
            judge: if self.has_keyword { keyword_untried } else { probed },
            untried: "that a post appears in the group, and that the robot's keyword is the one configured",
        }
    }
}

/// What a refusal of the question shows.
const NO_KIND: &str = "the token is known, and a message of no kind was refused as such";

fn probed(said: &Said<'_>) -> Outcome {
    match said.number("errcode") {
        Some(40035) if !names_token(said) => said.delivered(NO_KIND),
        Some(400_105) => said.delivered(NO_KIND),
        // Nothing is asked twice here.
        Some(310_000) => said.endpoint_refused(),
        _ => outcome(said),
    }
}

/// The question holds no keyword, so its absence shows only that all else was right.
fn keyword_untried(said: &Said<'_>) -> Outcome {
    let is_keyword = said.says("keywords not in content") || said.says("关键词");
    if said.number("errcode") == Some(310_000) && is_keyword {
        said.delivered("the token is known, and a message without the keyword was refused as such")
    } else {
        probed(said)
    }
}

/// By `errcode`, which is a number or a text, whatever the HTTP status says.
fn outcome(said: &Said<'_>) -> Outcome {
    match said.number("errcode") {
        Some(0) => said.delivered("errcode 0"),
        Some(410_100 | 130_101) => said.wait(TimeDelta::seconds(REST_SECONDS), Reach::Account),
        Some(_) if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Account),
        Some(-1) if said.same_before("errcode") >= BUSY_TRIES => said.given_up(),
        Some(-1 | 90002) => said.backoff(),
        Some(310_000) if is_untimely(said) && said.same_before("errcode") == 0 => said.backoff(),
        Some(310_000 | 300_001 | 300_005 | 400_101 | 400_013 | 400_102 | 400_106) => said.endpoint_refused(),
        Some(40035) if names_token(said) => said.endpoint_refused(),
        // What stands between changed the method or the kind of the body, and will again.
        Some(43002 | 43004) => said.endpoint_refused(),
        Some(40035 | 400_105 | 430_101..=430_104 | 460_101 | 101_002) => said.message_refused(),
        Some(_) if said.status() >= 500 => said.backoff(),
        Some(_) if said.same_before("errcode") > 0 => said.message_refused(),
        Some(_) => said.backoff(),
        None => without_code(said),
    }
}

fn without_code(said: &Said<'_>) -> Outcome {
    let is_block = said.number("status") == Some(1111) || !said.text("punish").is_empty();
    match said.status() {
        _ if is_block => said.wait(blocked_for(said), Reach::Vendor),
        404 | 410 => said.endpoint_refused(),
        413 => said.message_refused(),
        503 if said.is_told_to_wait() => said.wait_as_told_or(REST_SECONDS, Reach::Account),
        500.. => said.backoff(),
        _ if said.is_page() => said.wait_as_told_or(BLOCK_SECONDS, Reach::Vendor),
        429 => said.wait_as_told_or(REST_SECONDS, Reach::Account),
        200..300 => said.unknown(),
        _ => said.endpoint_refused(),
    }
}

/// `wait` is in minutes.
fn blocked_for(said: &Said<'_>) -> TimeDelta {
    let told = said.number("wait").filter(|minutes| *minutes > 0);
    let told = told.map(|minutes| TimeDelta::try_minutes(minutes).unwrap_or(WAIT_MAX).min(WAIT_MAX));
    told.unwrap_or(TimeDelta::seconds(BLOCK_SECONDS))
}

/// Our clock and theirs differ, or the request was long on its way; said in English by the documentation and in Chinese by
/// the server.
fn is_untimely(said: &Said<'_>) -> bool {
    said.says("timestamp") || said.says("签名过期")
}

/// "Something is missing" may mean the URL's token.
fn names_token(said: &Said<'_>) -> bool {
    said.text("errmsg").contains("access_token")
}

/// Somebody whom DingTalk can ring.
struct Rung<'a> {
    person: &'a PersonId,
    user: Option<&'a str>,
    mobile: &'a str,
}

fn rung<'a>(post: &Post<'a>) -> Vec<Rung<'a>> {
    let persons = post.chat.mentions().into_iter();
    let rung = persons.filter_map(|person| {
        let user = post.handle(person);
        let mobile = post.handle_of(person, "mobile").unwrap_or_default();
        (user.is_some() || !mobile.is_empty()).then_some(Rung { person, user, mobile })
    });
    rung.take(MENTIONS_MAX).collect()
}

fn at(rung: &[Rung<'_>]) -> Value {
    let users: Vec<&str> = rung.iter().filter_map(|rung| rung.user).collect();
    let by_mobile = rung.iter().filter(|rung| rung.user.is_none());
    let mobiles: Vec<&str> = by_mobile.map(|rung| rung.mobile).collect();
    let mut at = json!({"isAtAll": false});
    if !users.is_empty() {
        put(&mut at, "atUserIds", json!(users));
    }
    if !mobiles.is_empty() {
        put(&mut at, "atMobiles", json!(mobiles));
    }
    at
}

/// Who is rung must stand in the text too, as they stand in the list.
fn mention(rung: &[Rung<'_>], person: &PersonId) -> Option<String> {
    let rung = rung.iter().find(|rung| rung.person == person)?;
    Some(format!("@{}", rung.user.unwrap_or(rung.mobile)))
}

/// The documented subset: headings, quotes, bold, italics, links, images, lists; no colour and no way to escape.
struct Markdown<'a>(&'a [Rung<'a>]);

impl Dialect for Markdown<'_> {
    fn text(&self, text: &str) -> String {
        lookalikes(text, "<>[]*`_~|@&\\")
    }

    fn strong(&self, written: &str) -> String {
        between("**", written)
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        mention(self.0, person).unwrap_or_else(|| self.text(name))
    }

    fn line(&self, written: String) -> String {
        disarmed(&written, full_width)
    }

    fn line_break(&self) -> &'static str {
        "  \n  "
    }

    fn gap(&self) -> &'static str {
        "  \n  \n  "
    }
}

/// Plain text, in which `@` and a listed id still ring.
struct Text<'a>(&'a [Rung<'a>]);

impl Dialect for Text<'_> {
    fn text(&self, text: &str) -> String {
        lookalikes(text, "@")
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, person: &PersonId, name: &str) -> String {
        mention(self.0, person).unwrap_or_else(|| self.text(name))
    }
}

#[cfg(test)]
mod tests;
