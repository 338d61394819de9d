//! A group robot of WeCom (企业微信): every answer is HTTP 200, and the number in it decides.

use std::collections::VecDeque;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::markup::{Breaks, Dialect, Element, Entities, PLAIN, Seen};
use super::window::Window;
use super::{Post, Reply, Request, Vendor};

const TEXT_BYTES_MAX: usize = 2048;
const MARKDOWN_BYTES_MAX: usize = 4096;

/// What `markdown` knows; an escape is documented nowhere.
const MARKDOWN: Dialect = Dialect {
    marks: &["**", "`"],
    is_bounded: false,
    escapes: false,
    entities: Entities::None,
    headings: 6,
    quotes: &[">"],
    links: true,
    breaks: Breaks::Every,
};

const MARKDOWN_V2: Dialect = Dialect {
    marks: &["```", "**", "__", "*", "_", "`"],
    ..MARKDOWN
};

pub(crate) struct WeCom {
    pub(crate) key: String,
    /// The robot is switched off.
    pub(crate) is_disabled: bool,
    /// The robot was removed from the group.
    pub(crate) is_removed: bool,
    /// Every markdown is refused as such.
    pub(crate) refuse_markdown: bool,
    /// How many next calls find the system busy.
    busy: usize,
    /// Answers instead of the vendor's own to the next calls.
    scripted: VecDeque<Reply>,
    calls: Window,
    posts: Vec<Post>,
}

impl WeCom {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            is_disabled: false,
            is_removed: false,
            refuse_markdown: false,
            busy: 0,
            scripted: VecDeque::new(),
            calls: Window::new(20, TimeDelta::seconds(60)),
            posts: Vec::new(),
        }
    }

    /// Where a client posts to.
    pub(crate) fn target(&self) -> String {
        format!("/cgi-bin/webhook/send?key={}", self.key)
    }

    /// The next calls find the system busy.
    pub(crate) fn busy_next(&mut self, calls: usize) {
        self.busy = calls;
    }

    pub(crate) fn disable(&mut self) {
        self.is_disabled = true;
    }

    /// Answers this to the next call, and posts nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    fn judge(&mut self, request: &Request) -> Result<Post, Fault> {
        if request.method != "POST" {
            return Err(Fault(43002, "require POST method".to_owned()));
        }
        if request.query.get("key") != Some(&self.key) {
            return Err(Fault(93000, "invalid webhook url".to_owned()));
        }
        if self.is_disabled {
            return Err(Fault(93004, "robot disabled".to_owned()));
        }
        if self.is_removed {
            return Err(Fault(93008, "robot not in group".to_owned()));
        }
        if self.calls.take(request.at).is_err() {
            return Err(Fault(45009, "api freq out of limit".to_owned()));
        }
        if self.busy > 0 {
            self.busy -= 1;
            return Err(Fault(-1, "system busy".to_owned()));
        }
        let (true, Some(body)) = (request.is_json(), request.json()) else {
            return Err(Fault(
                40008,
                "invalid message type, Warning: wrong json format. ".to_owned(),
            ));
        };
        if has_code_escapes(&request.body) {
            return Err(Fault(40033, "invalid charset".to_owned()));
        }
        if self.refuse_markdown && body["msgtype"] == "markdown" {
            return Err(Fault(40008, "invalid message type".to_owned()));
        }
        let (seen, size) = message(&body)?;
        Ok(Post {
            at: request.at,
            text: seen.text,
            rings: seen.rings,
            links: seen.links,
            size,
            raw: body,
        })
    }
}

impl Vendor for WeCom {
    fn reply(&mut self, request: &Request) -> Reply {
        if request.path != "/cgi-bin/webhook/send" {
            return Reply::text(404, "404 page not found");
        }
        if let Some(reply) = self.scripted.pop_front() {
            return reply;
        }
        match self.judge(request) {
            Ok(post) => {
                self.posts.push(post);
                Reply::json(200, &json!({"errcode": 0, "errmsg": "ok"}))
            }
            Err(Fault(code, text)) => Reply::json(200, &refusal(code, &text)),
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

/// A number and its text.
#[derive(Debug, PartialEq)]
struct Fault(i64, String);

/// An error as it is answered.
pub(crate) fn refusal(code: i64, text: &str) -> Value {
    json!({
        "errcode": code,
        "errmsg": format!(
            "{text}, hint: [1756000000123456789], from ip: 127.0.0.1, more info at \
             https://open.work.weixin.qq.com/devtool/query?e={code}"
        ),
    })
}

/// Whether the JSON names characters by their codes, which costs twice the bytes and is illegal here.
fn has_code_escapes(body: &[u8]) -> bool {
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            return true;
        }
    }
    false
}

fn message(body: &Value) -> Result<(Seen, usize), Fault> {
    let kind = body["msgtype"].as_str().unwrap_or_default();
    let part = &body[kind];
    match kind {
        "text" => {
            let content = content(part, kind, TEXT_BYTES_MAX)?;
            let mut seen = Seen::default();
            PLAIN.show(content, &mut seen, &mut mention);
            for list in ["mentioned_list", "mentioned_mobile_list"] {
                for who in mentioned(part, list)? {
                    seen.ring(&who);
                }
            }
            Ok((seen, content.len()))
        }
        "markdown" => {
            let content = content(part, kind, MARKDOWN_BYTES_MAX)?;
            let mut seen = Seen::default();
            MARKDOWN.show(content, &mut seen, &mut |rest, seen| {
                mention(rest, seen).or_else(|| colour(rest))
            });
            Ok((seen, content.len()))
        }
        "markdown_v2" => {
            let content = content(part, kind, MARKDOWN_BYTES_MAX)?;
            let mut seen = Seen::default();
            MARKDOWN_V2.show(content, &mut seen, &mut |_, _| None);
            Ok((seen, content.len()))
        }
        "template_card" => card(part),
        "image" | "news" | "file" | "voice" => Err(Fault(
            40008,
            format!("invalid message type: {kind} is not in this fake"),
        )),
        _ => Err(Fault(40008, "invalid message type".to_owned())),
    }
}

fn content<'a>(part: &'a Value, kind: &str, bytes_max: usize) -> Result<&'a str, Fault> {
    let content = &part["content"];
    if content.is_null() {
        return Err(Fault(44004, "empty content".to_owned()));
    }
    let content = content
        .as_str()
        .ok_or_else(|| Fault(40058, format!("{kind}.content should be string")))?;
    if content.is_empty() {
        return Err(Fault(44004, "empty content".to_owned()));
    }
    if content.len() > bytes_max {
        return Err(Fault(40058, format!("{kind}.content exceed max length {bytes_max}")));
    }
    Ok(content)
}

fn mentioned(part: &Value, list: &str) -> Result<Vec<String>, Fault> {
    let wrong = || Fault(40058, format!("text.{list} should be array of string"));
    if part[list].is_null() {
        return Ok(Vec::new());
    }
    let whom = part[list].as_array().ok_or_else(wrong)?;
    whom.iter()
        .map(|who| who.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect()
}

/// `<@userid>`; everybody cannot be rung like this.
fn mention(rest: &str, seen: &mut Seen) -> Option<usize> {
    let who = rest.strip_prefix("<@")?.split_once('>')?.0;
    let is_handle = |it: char| it.is_ascii_alphanumeric() || "_-@.".contains(it);
    if who.is_empty() || who.len() > 64 || !who.chars().all(is_handle) {
        return None;
    }
    if !who.starts_with('@') && who != "all" {
        seen.ring(who);
    }
    seen.show("@");
    seen.show(who);
    Some(who.len() + 3)
}

/// The colours vanish; other elements show as they are.
fn colour(rest: &str) -> Option<usize> {
    let element = Element::at(rest)?;
    ["font", "/font"]
        .contains(&element.name.as_str())
        .then_some(element.length)
}

fn card(card: &Value) -> Result<(Seen, usize), Fault> {
    let wrong = |what: &str| Fault(40058, format!("template_card.{what}"));
    let kind = card["card_type"].as_str().unwrap_or_default();
    if !["text_notice", "news_notice"].contains(&kind) {
        return Err(wrong("card_type invalid"));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (title, sub_title) = (text(&card["main_title"]["title"]), text(&card["sub_title_text"]));
    if title.is_empty() && sub_title.is_empty() {
        return Err(wrong("main_title.title missing"));
    }
    let action = &card["card_action"];
    let is_url = action["type"] == 1 && !text(&action["url"]).is_empty();
    let is_program = action["type"] == 2 && !text(&action["appid"]).is_empty();
    if !is_url && !is_program {
        return Err(wrong("card_action missing"));
    }
    let none = Vec::new();
    let rows = card["horizontal_content_list"].as_array().unwrap_or(&none);
    let jumps = card["jump_list"].as_array().unwrap_or(&none);
    if rows.len() > 6 || jumps.len() > 3 {
        return Err(wrong("list exceed max length"));
    }
    let mut seen = Seen::default();
    for line in [title, text(&card["main_title"]["desc"]), sub_title] {
        seen.line(&line);
    }
    for row in rows {
        if text(&row["keyname"]).is_empty() {
            return Err(wrong("horizontal_content_list.keyname missing"));
        }
        seen.line(&format!("{} {}", text(&row["keyname"]), text(&row["value"])));
    }
    for jump in jumps {
        if text(&jump["title"]).is_empty() {
            return Err(wrong("jump_list.title missing"));
        }
        seen.line(&text(&jump["title"]));
        if jump["type"] == 1 {
            seen.link(&text(&jump["url"]));
        }
    }
    if is_url {
        seen.link(&text(&action["url"]));
    }
    let size = card.to_string().len();
    Ok((seen, size))
}

#[cfg(test)]
mod tests;
