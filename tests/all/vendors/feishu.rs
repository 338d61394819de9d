//! A custom bot of Feishu (飞书) or Lark: signed in the body, answers with a `code`, shows texts, posts and cards.

use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::markup::{Breaks, Dialect, Element, Entities, PLAIN, Seen};
use super::sign;
use super::window::Window;
use super::{Post, Reply, Request, Vendor};

const BODY_BYTES_MAX: usize = 20_480;

/// Markdown inside of a card.
const MARKDOWN: Dialect = Dialect {
    marks: &["```", "**", "__", "~~", "*", "_", "`"],
    is_bounded: false,
    escapes: true,
    entities: Entities::Html,
    headings: 6,
    quotes: &[">"],
    links: true,
    breaks: Breaks::Every,
};

pub(crate) struct Feishu {
    pub(crate) token: String,
    /// Then bodies must be signed.
    pub(crate) secret: Option<String>,
    /// When there are any, a message must contain one.
    pub(crate) keywords: Vec<String>,
    pub(crate) is_ip_refused: bool,
    pub(crate) is_disabled: bool,
    /// Who is in the group, by id; without it everybody whose id has the shape of one.
    pub(crate) members: Option<BTreeSet<String>>,
    /// An external group rings only an `open_id`.
    pub(crate) is_external: bool,
    /// The group does not let a bot ring everybody.
    pub(crate) is_all_refused: bool,
    /// Whether errors carry a `StatusCode` of 0 too.
    pub(crate) legacy_status: bool,
    /// Whether errors come as HTTP 400.
    pub(crate) errors_as_400: bool,
    /// What was wrong with the last signature that did not match, if it is a known mistake.
    pub(crate) mistake: Option<&'static str>,
    crowded: usize,
    busy: usize,
    scripted: VecDeque<Reply>,
    second: Window,
    minute: Window,
    posts: Vec<Post>,
}

/// A code and its text.
#[derive(Debug, PartialEq)]
struct Fault(i64, String);

type Shown = Result<(), Fault>;

impl Feishu {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            secret: None,
            keywords: Vec::new(),
            is_ip_refused: false,
            is_disabled: false,
            members: None,
            is_external: false,
            is_all_refused: false,
            legacy_status: false,
            errors_as_400: false,
            mistake: None,
            crowded: 0,
            busy: 0,
            scripted: VecDeque::new(),
            second: Window::new(5, TimeDelta::seconds(1)),
            minute: Window::new(100, TimeDelta::seconds(60)),
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

    /// Where a client posts to.
    pub(crate) fn target(&self) -> String {
        format!("/open-apis/bot/v2/hook/{}", self.token)
    }

    /// The next calls meet the shared pool at the full hour: 11232.
    pub(crate) fn crowded_next(&mut self, calls: usize) {
        self.crowded = calls;
    }

    /// The next calls are `too many request`, with the code of a bad request.
    pub(crate) fn busy_next(&mut self, calls: usize) {
        self.busy = calls;
    }

    /// The gateway refuses the next call for so long.
    pub(crate) fn gateway_next(&mut self, reset_seconds: u64) {
        self.answer_next(
            Reply::json(
                429,
                &json!({"code": 99_991_400, "msg": "request trigger frequency limit"}),
            )
            .with("x-ogw-ratelimit-reset", &reset_seconds.to_string()),
        );
    }

    pub(crate) fn disable(&mut self) {
        self.is_disabled = true;
    }

    /// Answers this to the next call, and posts nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    fn judge(&mut self, request: &Request) -> Result<Post, Fault> {
        let fault = |code, text: &str| Err(Fault(code, text.to_owned()));
        // Apprise's shape, with a slash at the end, is answered too.
        let path = request.path.strip_suffix('/').unwrap_or(&request.path);
        if path != self.target() {
            return fault(19001, "param invalid: incoming webhook access token invalid");
        }
        if self.is_disabled {
            return fault(19007, "Bot Not Enabled");
        }
        if self.busy > 0 {
            self.busy -= 1;
            return fault(9499, "too many request");
        }
        let is_crowded = self.crowded > 0;
        self.crowded = self.crowded.saturating_sub(1);
        if is_crowded || self.is_too_fast(request) {
            return fault(
                11232,
                "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
            );
        }
        let bad = || Fault(9499, "Bad Request".to_owned());
        if !request.is_json() || request.body.len() > BODY_BYTES_MAX {
            return Err(bad());
        }
        let body = request.json().filter(Value::is_object).ok_or_else(bad)?;
        self.signed(request, &body)?;
        if self.is_ip_refused {
            return fault(19022, "Ip Not Allowed");
        }
        let mut seen = Seen::default();
        let shown = self.message(&body, &mut seen);
        if !self.keywords.is_empty() && !self.keywords.iter().any(|keyword| seen.text.contains(keyword)) {
            return fault(19024, "Key Words Not Found");
        }
        shown?;
        Ok(Post {
            at: request.at,
            text: seen.text,
            rings: seen.rings,
            links: seen.links,
            size: request.body.len(),
            raw: body,
        })
    }

    fn is_too_fast(&mut self, request: &Request) -> bool {
        let is_free = self.second.wait(request.at).is_zero() && self.minute.take(request.at).is_ok();
        !is_free || self.second.take(request.at).is_err()
    }

    fn signed(&mut self, request: &Request, body: &Value) -> Shown {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let time = body["timestamp"].as_str().unwrap_or_default();
        let sign = body["sign"].as_str().unwrap_or_default();
        let is_near = time
            .parse()
            .is_ok_and(|it: i64| (request.at.timestamp() - it).abs() <= 3_600);
        if is_near && sign == sign::feishu(secret, time) {
            return Ok(());
        }
        self.mistake = sign::feishu_mistake(secret, time, sign);
        Err(Fault(
            19021,
            "sign match fail or timestamp is not within one hour from current time".to_owned(),
        ))
    }

    fn message(&self, body: &Value, seen: &mut Seen) -> Shown {
        let wrong = |text: &str| Err(Fault(19002, format!("params error, {text}")));
        let kind = body["msg_type"].as_str().unwrap_or_default();
        if (kind == "interactive") != body["content"].is_null() || (kind == "interactive") == body["card"].is_null() {
            return wrong(if kind.is_empty() {
                "msg_type need"
            } else {
                "unknown card value"
            });
        }
        match kind {
            "text" => {
                let text = body["content"]["text"].as_str().unwrap_or_default();
                if text.is_empty() {
                    return wrong("text need");
                }
                let mut tag = |rest: &str, seen: &mut Seen| self.mention(rest, "user_id", seen);
                PLAIN.show(text, seen, &mut tag);
                Ok(())
            }
            "post" => self.post(&body["content"]["post"], seen),
            "interactive" => self.card(&body["card"], seen),
            _ => wrong("unknown msg_type"),
        }
    }

    fn post(&self, post: &Value, seen: &mut Seen) -> Shown {
        let wrong = || Fault(19002, "params error, post content invalid".to_owned());
        let tongue = post.as_object().and_then(|it| it.values().next()).ok_or_else(wrong)?;
        seen.show(tongue["title"].as_str().unwrap_or_default());
        for line in tongue["content"].as_array().ok_or_else(wrong)? {
            seen.new_line();
            for part in line.as_array().ok_or_else(wrong)? {
                let text = part["text"].as_str();
                match part["tag"].as_str().unwrap_or_default() {
                    "text" => seen.show(text.ok_or_else(wrong)?),
                    "a" => {
                        seen.show(text.ok_or_else(wrong)?);
                        seen.link(part["href"].as_str().ok_or_else(wrong)?);
                    }
                    "at" => {
                        let who = part["user_id"].as_str().ok_or_else(wrong)?;
                        self.ring(who, part["user_name"].as_str().unwrap_or(who), seen);
                    }
                    _ => return Err(wrong()),
                }
            }
        }
        Ok(())
    }

    fn card(&self, card: &Value, seen: &mut Seen) -> Shown {
        let is_second = card["schema"] == "2.0";
        let header = &card["header"];
        if !header.is_null() {
            self.words(&header["title"], seen)?;
            if !header["subtitle"].is_null() {
                self.words(&header["subtitle"], seen)?;
            }
        }
        let elements = if is_second {
            &card["body"]["elements"]
        } else {
            &card["elements"]
        };
        if is_second && !card["elements"].is_null() {
            return refused("200621; ErrMsg: parse card json err, root elements under schema 2.0");
        }
        self.elements(elements, is_second, seen)
    }

    fn elements(&self, elements: &Value, is_second: bool, seen: &mut Seen) -> Shown {
        let Some(elements) = elements.as_array() else {
            return refused("200621; ErrMsg: parse card json err, elements missing");
        };
        for element in elements {
            match element["tag"].as_str().unwrap_or_default() {
                "markdown" => self.markdown(&element["content"], seen)?,
                "div" => {
                    if !element["text"].is_null() {
                        self.words(&element["text"], seen)?;
                    }
                    for field in element["fields"].as_array().into_iter().flatten() {
                        self.words(&field["text"], seen)?;
                    }
                }
                "hr" => {}
                "column_set" => {
                    for column in element["columns"].as_array().into_iter().flatten() {
                        self.elements(&column["elements"], is_second, seen)?;
                    }
                }
                "button" => self.button(element, seen)?,
                "action" if !is_second => self.elements(&element["actions"], is_second, seen)?,
                "note" if !is_second => {
                    for words in element["elements"].as_array().into_iter().flatten() {
                        self.words(words, seen)?;
                    }
                }
                other => return refused(&format!("200621; ErrMsg: parse card json err, unknown tag {other}")),
            }
        }
        Ok(())
    }

    fn button(&self, button: &Value, seen: &mut Seen) -> Shown {
        self.words(&button["text"], seen)?;
        let opened = button["behaviors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|it| it["type"] == "open_url")
            .filter_map(|it| it["default_url"].as_str());
        for url in opened.chain(button["url"].as_str()) {
            seen.link(url);
        }
        Ok(())
    }

    /// A text object.
    fn words(&self, words: &Value, seen: &mut Seen) -> Shown {
        match words["tag"].as_str().unwrap_or_default() {
            "lark_md" => self.markdown(&words["content"], seen),
            "plain_text" => match words["content"].as_str() {
                Some(text) => {
                    seen.line(text);
                    Ok(())
                }
                None => refused("200621; ErrMsg: parse card json err, content missing"),
            },
            _ => refused("200621; ErrMsg: parse card json err, text tag"),
        }
    }

    fn markdown(&self, content: &Value, seen: &mut Seen) -> Shown {
        let Some(text) = content.as_str() else {
            return refused("200621; ErrMsg: parse card json err, content missing");
        };
        MARKDOWN.show(text, seen, &mut |rest, seen| {
            self.mention(rest, "id", seen).or_else(|| element(rest, seen))
        });
        Ok(())
    }

    /// `<at …>name</at>`; without a name it shows whom it rings.
    fn mention(&self, rest: &str, attribute: &str, seen: &mut Seen) -> Option<usize> {
        let element = Element::at(rest).filter(|it| it.name == "at")?;
        let whom = element.attribute(attribute).or_else(|| element.attribute("ids"))?;
        let after = rest.get(element.length..)?;
        let (name, length) = match after.split_once("</at>") {
            Some((name, _)) => (name, element.length + name.len() + "</at>".len()),
            None => return None,
        };
        for who in whom.split(',') {
            self.ring(who, if name.is_empty() { who } else { name }, seen);
        }
        Some(length)
    }

    /// Rings who can be; the others only show.
    fn ring(&self, who: &str, name: &str, seen: &mut Seen) {
        seen.show(&format!("@{name}"));
        let is_shaped = !who.is_empty()
            && who.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it))
            && who.chars().any(|it| it.is_ascii_alphabetic())
            && !who.starts_with("on_");
        let is_here = self.members.as_ref().is_none_or(|it| it.contains(who));
        if who == "all" {
            if !self.is_all_refused {
                seen.ring("@all");
            }
        } else if is_shaped && is_here && (!self.is_external || who.starts_with("ou_")) {
            seen.ring(who);
        }
    }
}

impl Vendor for Feishu {
    fn reply(&mut self, request: &Request) -> Reply {
        if request.method != "POST" || !request.path.starts_with("/open-apis/bot/v2/hook/") {
            return Reply::text(404, "404 page not found");
        }
        if let Some(reply) = self.scripted.pop_front() {
            return reply;
        }
        match self.judge(request) {
            Ok(post) => {
                self.posts.push(post);
                let good =
                    json!({"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"});
                Reply::json(200, &good)
            }
            Err(Fault(code, text)) => {
                let mut answer = json!({"code": code, "msg": text, "data": {}});
                if self.legacy_status {
                    answer["StatusCode"] = json!(0);
                    answer["StatusMessage"] = json!("");
                }
                Reply::json(if self.errors_as_400 { 400 } else { 200 }, &answer)
            }
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn refused(inner: &str) -> Shown {
    Err(Fault(
        11246,
        format!("Failed to create card content, ext=ErrCode: {inner}; "),
    ))
}

/// Elements vanish, and some lead somewhere.
fn element(rest: &str, seen: &mut Seen) -> Option<usize> {
    let element = Element::at(rest)?;
    let url = match element.name.as_str() {
        "a" => element.attribute("href"),
        "link" => element.attribute("url"),
        _ => None,
    };
    if let Some(url) = url {
        seen.link(url);
    }
    Some(element.length)
}

#[cfg(test)]
mod tests;
