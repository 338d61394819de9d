//! A custom robot of DingTalk (钉钉): keywords, signatures, ten minutes of silence for who is too fast.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::markup::{Breaks, Dialect, Element, Entities, PLAIN, Seen};
use super::sign;
use super::window::Window;
use super::{Post, Reply, Request, Vendor};

const BODY_BYTES_MAX: usize = 20_000;
const PEOPLE_MAX: usize = 50;
const THROTTLE: TimeDelta = TimeDelta::seconds(600);

/// What Markdown is shown as; an escape is documented nowhere.
const MARKDOWN: Dialect = Dialect {
    marks: &["**", "__", "~~", "*", "_", "`"],
    is_bounded: false,
    escapes: false,
    entities: Entities::None,
    headings: 6,
    quotes: &[">"],
    links: true,
    breaks: Breaks::Spaced,
};

pub(crate) struct DingTalk {
    pub(crate) token: String,
    /// With its `SEC`; then calls must be signed.
    pub(crate) secret: Option<String>,
    /// When there are any, a message must contain one.
    pub(crate) keywords: Vec<String>,
    /// The caller's address is not on the list.
    pub(crate) is_ip_refused: bool,
    pub(crate) is_stopped: bool,
    /// An external group: nobody is rung by a user id.
    pub(crate) is_external: bool,
    /// Whether numbers of errors are written as strings.
    pub(crate) string_errcode: bool,
    /// The number for who is too fast: 130101 or 410100.
    pub(crate) too_fast: i64,
    /// What was wrong with the last signature that did not match, if it is a known mistake.
    pub(crate) mistake: Option<&'static str>,
    page: Option<Reply>,
    busy: usize,
    scripted: VecDeque<Reply>,
    calls: Window,
    throttled_until: Option<DateTime<Utc>>,
    known: BTreeSet<String>,
    posts: Vec<Post>,
}

/// A number and its text.
#[derive(Debug, PartialEq)]
struct Fault(i64, String);

impl DingTalk {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            secret: None,
            keywords: Vec::new(),
            is_ip_refused: false,
            is_stopped: false,
            is_external: false,
            string_errcode: false,
            too_fast: 130_101,
            mistake: None,
            page: None,
            busy: 0,
            scripted: VecDeque::new(),
            calls: Window::new(20, TimeDelta::seconds(60)),
            throttled_until: None,
            known: BTreeSet::new(),
            posts: Vec::new(),
        }
    }

    pub(crate) fn with_secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    pub(crate) fn with_keyword(mut self, keyword: &str) -> Self {
        self.keywords.push(keyword.to_owned());
        self
    }

    /// Where a client posts to, not yet signed.
    pub(crate) fn target(&self) -> String {
        format!("/robot/send?access_token={}", self.token)
    }

    /// The next calls find the system busy.
    pub(crate) fn busy_next(&mut self, calls: usize) {
        self.busy = calls;
    }

    /// The caller's address is banned from every API, until `lift`.
    pub(crate) fn x5_page(&mut self, wait_minutes: u64) {
        self.page = Some(Reply::json(
            200,
            &json!({"status": 1111, "wait": wait_minutes, "source": "x5", "punish": "deny", "uuid": "0b1a2c3d"}),
        ));
    }

    /// As `x5_page`, with the page for people.
    pub(crate) fn x5_html(&mut self) {
        self.page = Some(Reply::html(
            200,
            "<!DOCTYPE html><html><body>亲，访问被拒绝了</body></html>",
        ));
    }

    pub(crate) fn lift(&mut self) {
        self.page = None;
    }

    /// Answers this to the next call, and posts nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    fn judge(&mut self, request: &Request) -> Result<Option<Post>, Fault> {
        let fault = |code, text: &str| Err(Fault(code, text.to_owned()));
        if request.method != "POST" {
            return fault(43002, "require POST method");
        }
        if !request.is_json() {
            return fault(43004, "无效的HTTP HEADER Content-Type");
        }
        if request.query.get("access_token") != Some(&self.token) {
            return fault(300_005, "token is not exist");
        }
        if self.is_stopped {
            return fault(400_102, "机器人已停用");
        }
        self.secure(request)?;
        let missing = || Fault(40035, "缺少参数 json".to_owned());
        let body = request.json().filter(Value::is_object).ok_or_else(missing)?;
        let shown = self.show(&body);
        if let Ok(seen) = &shown
            && !self.keywords.is_empty()
            && !self.keywords.iter().any(|keyword| seen.text.contains(keyword))
        {
            return fault(310_000, "keywords not in content");
        }
        self.slow(request.at)?;
        if self.busy > 0 {
            self.busy -= 1;
            return fault(-1, "系统繁忙");
        }
        if request.body.len() > BODY_BYTES_MAX {
            return fault(460_101, "message too long, exceed 20000 bytes");
        }
        let seen = shown?;
        if let Some(id) = optional(&body["msgUuid"], Value::as_str)?
            && !self.known.insert(id.to_owned())
        {
            return Ok(None);
        }
        Ok(Some(Post {
            at: request.at,
            text: seen.text,
            rings: seen.rings,
            links: seen.links,
            size: request.body.len(),
            raw: body,
        }))
    }

    /// Signature and address.
    fn secure(&mut self, request: &Request) -> Result<(), Fault> {
        let refused = |text: &str| Err(Fault(310_000, text.to_owned()));
        if let Some(secret) = &self.secret {
            let (Some(time), Some(sign)) = (request.query.get("timestamp"), request.query.get("sign")) else {
                return refused("sign not match");
            };
            let is_near = time
                .parse()
                .is_ok_and(|it: i64| (request.at.timestamp_millis() - it).abs() <= 3_600_000);
            if !is_near {
                return refused("invalid timestamp");
            }
            if *sign != sign::dingtalk(secret, time) {
                self.mistake = sign::dingtalk_mistake(secret, time, sign);
                return refused("sign not match");
            }
        }
        if self.is_ip_refused {
            return refused("ip 127.0.0.1 not in whitelist");
        }
        Ok(())
    }

    /// Twenty a minute; the next one costs ten minutes.
    fn slow(&mut self, at: DateTime<Utc>) -> Result<(), Fault> {
        let is_throttled = self.throttled_until.is_some_and(|until| at < until);
        if !is_throttled && self.calls.take(at).is_ok() {
            return Ok(());
        }
        if !is_throttled {
            self.throttled_until = Some(at + THROTTLE);
        }
        let text = match self.too_fast {
            130_101 => "send too fast, exceed 20 times per minute",
            _ => "发送速度太快而限流",
        };
        Err(Fault(self.too_fast, text.to_owned()))
    }

    fn show(&self, body: &Value) -> Result<Seen, Fault> {
        let kind = body["msgtype"].as_str().unwrap_or_default();
        let part = &body[kind];
        let mut seen = Seen::default();
        match kind {
            "text" => {
                PLAIN.show(required(part, "content")?, &mut seen, &mut |_, _| None);
                self.ring(body, 0, &mut seen)?;
            }
            "markdown" => {
                let title = required(part, "title")?;
                seen.show(title);
                MARKDOWN.show(required(part, "text")?, &mut seen, &mut element);
                self.ring(body, title.len(), &mut seen)?;
            }
            "actionCard" => {
                let title = required(part, "title")?;
                seen.show(title);
                MARKDOWN.show(required(part, "text")?, &mut seen, &mut element);
                self.ring(body, title.len(), &mut seen)?;
                if part["singleTitle"].is_string() && part["singleURL"].is_string() {
                    button(part, "singleTitle", "singleURL", &mut seen)?;
                } else {
                    for item in list(&part["btns"])? {
                        button(item, "title", "actionURL", &mut seen)?;
                    }
                }
            }
            "link" => {
                button(part, "title", "messageUrl", &mut seen)?;
                seen.line(required(part, "text")?);
            }
            "feedCard" => {
                for item in list(&part["links"])? {
                    button(item, "title", "messageURL", &mut seen)?;
                    required(item, "picURL")?;
                }
            }
            "" => return Err(Fault(40035, "缺少参数 msgtype".to_owned())),
            _ => return Err(Fault(400_105, "不支持的消息类型".to_owned())),
        }
        Ok(seen)
    }

    /// Rings those who are listed in `at` and named in the text, which begins so many bytes after the title's beginning.
    fn ring(&self, body: &Value, start: usize, seen: &mut Seen) -> Result<(), Fault> {
        let at = &body["at"];
        let mut people = Vec::new();
        for key in ["atMobiles", "atUserIds"] {
            for who in optional(&at[key], Value::as_array)?.unwrap_or(&Vec::new()) {
                let who = who.as_str().ok_or_else(|| wrong(key))?;
                people.push((key, who.to_owned()));
            }
        }
        for (key, who) in people.into_iter().take(PEOPLE_MAX) {
            let is_reached = key == "atMobiles" || !self.is_external;
            if is_reached && seen.text.get(start..).is_some_and(|text| names(text, &who)) {
                seen.ring(&who);
            }
        }
        if optional(&at["isAtAll"], Value::as_bool)? == Some(true) {
            seen.ring("@all");
        }
        Ok(())
    }
}

impl Vendor for DingTalk {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(page) = &self.page {
            return page.clone();
        }
        if request.path != "/robot/send" {
            return Reply::text(404, "Not Found");
        }
        if let Some(reply) = self.scripted.pop_front() {
            return reply;
        }
        let Fault(code, text) = match self.judge(request) {
            Ok(post) => {
                self.posts.extend(post);
                Fault(0, "ok".to_owned())
            }
            Err(fault) => fault,
        };
        let code = if self.string_errcode {
            json!(code.to_string())
        } else {
            json!(code)
        };
        Reply::json(200, &json!({"errcode": code, "errmsg": text}))
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn wrong(key: &str) -> Fault {
    Fault(40035, format!("缺少参数 {key}"))
}

fn required<'a>(part: &'a Value, key: &str) -> Result<&'a str, Fault> {
    part[key].as_str().filter(|it| !it.is_empty()).ok_or_else(|| wrong(key))
}

fn optional<'a, T>(value: &'a Value, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    read(value).map(Some).ok_or_else(|| wrong("json"))
}

fn list(value: &Value) -> Result<&Vec<Value>, Fault> {
    value
        .as_array()
        .filter(|it| !it.is_empty())
        .ok_or_else(|| wrong("btns"))
}

fn button(part: &Value, title: &str, url: &str, seen: &mut Seen) -> Result<(), Fault> {
    seen.line(required(part, title)?);
    seen.link(required(part, url)?);
    Ok(())
}

/// Whether a text names someone as `@who`, and not someone whose handle begins so.
fn names(text: &str, who: &str) -> bool {
    let sign = format!("@{who}");
    !who.is_empty()
        && text
            .match_indices(&sign)
            .filter_map(|(place, _)| text.get(place + sign.len()..))
            .any(|after| !after.starts_with(|it: char| it.is_ascii_alphanumeric()))
}

/// Elements vanish; an anchor leads somewhere.
fn element(rest: &str, seen: &mut Seen) -> Option<usize> {
    let element = Element::at(rest)?;
    if element.name == "a"
        && let Some(url) = element.attribute("href")
    {
        seen.link(url);
    }
    Some(element.length)
}

#[cfg(test)]
mod tests;
