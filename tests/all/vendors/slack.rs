//! An incoming webhook of Slack: plain words for answers, blocks, and `mrkdwn`, in which only three characters are escaped.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::markup::{Breaks, Dialect, Entities, Seen, decode};
use super::{Post, Reply, Request, Vendor};

const TEXT_MAX: usize = 40_000;
/// Messages in a burst; then one a second. Slack promises no number.
const BURST: i32 = 4;

/// Text without marks still has its entities and, at the top level, its mentions.
const PLAIN_TEXT: Dialect = Dialect {
    marks: &[],
    is_bounded: true,
    escapes: false,
    entities: Entities::Three,
    headings: 0,
    quotes: &[],
    links: false,
    breaks: Breaks::Every,
};

const MRKDWN: Dialect = Dialect {
    marks: &["```", "*", "_", "~", "`"],
    quotes: &[">", "&gt;"],
    ..PLAIN_TEXT
};

pub(crate) struct Slack {
    team: String,
    hook: String,
    token: String,
    /// The webhook is gone: 404 `no_service`.
    pub(crate) is_removed: bool,
    /// The channel is archived: 410.
    pub(crate) is_archived: bool,
    /// An administrator forbids it: 403.
    pub(crate) is_prohibited: bool,
    /// Whether a good answer is empty instead of `ok`.
    pub(crate) is_mute: bool,
    /// What notifications show instead of the blocks, one for each post that has both.
    pub(crate) fallbacks: Vec<Seen>,
    /// What is left of the burst, and when.
    left: i32,
    counted: Option<DateTime<Utc>>,
    scripted: VecDeque<Reply>,
    posts: Vec<Post>,
}

/// Status and word.
#[derive(Debug, PartialEq)]
struct Fault(u16, &'static str);

const INVALID_BLOCKS: Fault = Fault(400, "invalid_blocks");

impl Slack {
    pub(crate) fn new(team: &str, hook: &str, token: &str) -> Self {
        Self {
            team: team.to_owned(),
            hook: hook.to_owned(),
            token: token.to_owned(),
            is_removed: false,
            is_archived: false,
            is_prohibited: false,
            is_mute: false,
            fallbacks: Vec::new(),
            left: BURST,
            counted: None,
            scripted: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// Where a client posts to.
    pub(crate) fn target(&self) -> String {
        format!("/services/{}/{}/{}", self.team, self.hook, self.token)
    }

    /// Answers this to the next call, and posts nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    /// The next call comes too soon, by so many seconds.
    pub(crate) fn limit_next(&mut self, seconds: u64) {
        self.answer_next(limited(&seconds.to_string()));
    }

    fn known(&self, request: &Request) -> Result<(), Fault> {
        let parts: Vec<&str> = request.path.split('/').collect();
        let ["", "services", team, hook, token] = parts.as_slice() else {
            return Err(Fault(404, "no_service"));
        };
        if request.method != "POST" {
            return Err(Fault(400, "invalid_payload"));
        }
        if *team != self.team {
            return Err(Fault(404, "no_team"));
        }
        if *hook != self.hook || self.is_removed {
            return Err(Fault(404, "no_service"));
        }
        if *token != self.token {
            return Err(Fault(400, "invalid_token"));
        }
        if self.is_archived {
            return Err(Fault(410, "channel_is_archived"));
        }
        if self.is_prohibited {
            return Err(Fault(403, "action_prohibited"));
        }
        Ok(())
    }

    /// How many seconds too soon a call comes.
    fn too_soon(&mut self, at: DateTime<Utc>) -> Option<i64> {
        let counted = *self.counted.get_or_insert(at);
        let seconds = (at - counted).num_seconds().clamp(0, i64::from(BURST));
        let seconds = i32::try_from(seconds).unwrap();
        self.left = (self.left + seconds).min(BURST);
        self.counted = Some(if self.left == BURST {
            at
        } else {
            counted + TimeDelta::seconds(i64::from(seconds))
        });
        if self.left == 0 {
            return Some(1);
        }
        self.left -= 1;
        None
    }

    fn judge(&mut self, request: &Request) -> Result<Post, Fault> {
        let body = request.json().filter(|it| it.is_object() && request.is_json());
        let body = body.ok_or(Fault(400, "invalid_payload"))?;
        let mut fallback = Seen::default();
        let mut seen = Seen::default();
        let text = string(&body["text"], Fault(400, "invalid_payload"))?.unwrap_or_default();
        let cut: String = text.chars().take(TEXT_MAX).collect();
        let dialect = if body["mrkdwn"] == false { PLAIN_TEXT } else { MRKDWN };
        dialect.show(&cut, &mut fallback, &mut angle);
        let none = Vec::new();
        let parts = |key: &str, fault| match &body[key] {
            Value::Null => Ok(none.clone()),
            Value::Array(parts) => Ok(parts.clone()),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Err(fault),
        };
        let shown = parts("blocks", INVALID_BLOCKS)?;
        let attachments = parts("attachments", Fault(400, "invalid_payload"))?;
        if text.is_empty() && shown.is_empty() && attachments.is_empty() {
            return Err(Fault(400, "no_text"));
        }
        if attachments.len() > 100 {
            return Err(Fault(400, "too_many_attachments"));
        }
        if shown.is_empty() {
            seen = fallback;
        } else {
            blocks(&shown, &mut seen)?;
            if !text.is_empty() {
                self.fallbacks.push(fallback);
            }
        }
        for attachment in &attachments {
            attached(attachment, &mut seen)?;
        }
        Ok(Post {
            at: request.at,
            size: seen.text.chars().count().max(text.chars().count()),
            text: seen.text,
            rings: seen.rings,
            links: seen.links,
            raw: body,
        })
    }
}

impl Vendor for Slack {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Err(Fault(status, word)) = self.known(request) {
            return Reply::text(status, word);
        }
        if let Some(reply) = self.scripted.pop_front() {
            return reply;
        }
        if let Some(seconds) = self.too_soon(request.at) {
            return limited(&seconds.to_string());
        }
        match self.judge(request) {
            Ok(post) => {
                self.posts.push(post);
                Reply::text(200, if self.is_mute { "" } else { "ok" })
            }
            Err(Fault(status, word)) => Reply::text(status, word),
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn limited(seconds: &str) -> Reply {
    Reply::text(429, "rate_limited").with("retry-after", seconds)
}

fn string(value: &Value, fault: Fault) -> Result<Option<&str>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_str().map(Some).ok_or(fault)
}

fn blocks(blocks: &[Value], seen: &mut Seen) -> Result<(), Fault> {
    if blocks.len() > 50 {
        return Err(INVALID_BLOCKS);
    }
    for block in blocks {
        if string(&block["block_id"], INVALID_BLOCKS)?.is_some_and(|it| it.chars().count() > 255) {
            return Err(INVALID_BLOCKS);
        }
        seen.new_line();
        match block["type"].as_str().unwrap_or_default() {
            "header" => words(&block["text"], 150, &["plain_text"], seen)?,
            "section" => section(block, seen)?,
            "divider" => {}
            "context" => {
                for part in some(&block["elements"], 10)? {
                    if part["type"] == "image" {
                        image(part, seen)?;
                    } else {
                        words(part, 3000, BOTH, seen)?;
                    }
                }
            }
            "actions" => {
                for part in some(&block["elements"], 25)? {
                    button(part, seen)?;
                }
            }
            "image" => image(block, seen)?,
            _ => return Err(INVALID_BLOCKS),
        }
    }
    Ok(())
}

const BOTH: &[&str] = &["plain_text", "mrkdwn"];

fn section(block: &Value, seen: &mut Seen) -> Result<(), Fault> {
    if block["text"].is_null() && block["fields"].is_null() {
        return Err(INVALID_BLOCKS);
    }
    if !block["text"].is_null() {
        words(&block["text"], 3000, BOTH, seen)?;
    }
    if !block["fields"].is_null() {
        for field in some(&block["fields"], 10)? {
            words(field, 2000, BOTH, seen)?;
        }
    }
    let accessory = &block["accessory"];
    if accessory.is_null() {
        Ok(())
    } else if accessory["type"] == "image" {
        image(accessory, seen)
    } else {
        button(accessory, seen)
    }
}

fn some(list: &Value, count_max: usize) -> Result<&Vec<Value>, Fault> {
    let list = list.as_array().ok_or(INVALID_BLOCKS)?;
    if list.is_empty() || list.len() > count_max {
        return Err(INVALID_BLOCKS);
    }
    Ok(list)
}

/// A text object, limited in characters.
fn words(words: &Value, characters_max: usize, kinds: &[&str], seen: &mut Seen) -> Result<(), Fault> {
    let kind = words["type"].as_str().unwrap_or_default();
    let text = words["text"].as_str().unwrap_or_default();
    if !kinds.contains(&kind) || text.is_empty() || text.chars().count() > characters_max {
        return Err(INVALID_BLOCKS);
    }
    if kind == "mrkdwn" {
        MRKDWN.show(text, seen, &mut angle);
    } else {
        // Neither links nor mentions live in plain text.
        seen.line(&decode(text, Entities::Three));
    }
    Ok(())
}

fn button(part: &Value, seen: &mut Seen) -> Result<(), Fault> {
    if part["type"] != "button" {
        return Err(INVALID_BLOCKS);
    }
    words(&part["text"], 75, &["plain_text"], seen)?;
    if let Some(url) = string(&part["url"], INVALID_BLOCKS)? {
        if url.is_empty() || url.chars().count() > 3000 {
            return Err(INVALID_BLOCKS);
        }
        seen.link(url);
    }
    Ok(())
}

fn image(part: &Value, seen: &mut Seen) -> Result<(), Fault> {
    let (Some(_), Some(instead)) = (part["image_url"].as_str(), part["alt_text"].as_str()) else {
        return Err(INVALID_BLOCKS);
    };
    seen.line(instead);
    Ok(())
}

/// The older form.
fn attached(attachment: &Value, seen: &mut Seen) -> Result<(), Fault> {
    let invalid = || Fault(400, "invalid_payload");
    if let Some(title) = string(&attachment["title"], invalid())? {
        PLAIN_TEXT.show(title, seen, &mut angle);
    }
    if let Some(url) = string(&attachment["title_link"], invalid())? {
        seen.link(url);
    }
    if let Some(text) = string(&attachment["text"], invalid())? {
        MRKDWN.show(text, seen, &mut angle);
    }
    for field in attachment["fields"].as_array().into_iter().flatten() {
        for key in ["title", "value"] {
            MRKDWN.show(field[key].as_str().unwrap_or_default(), seen, &mut angle);
        }
    }
    match attachment["blocks"].as_array() {
        Some(inner) => blocks(inner, seen),
        None => Ok(()),
    }
}

/// Whatever stands between angles is a mention or a link.
fn angle(rest: &str, seen: &mut Seen) -> Option<usize> {
    let inside = rest.strip_prefix('<')?.split_once('>')?.0;
    if inside.is_empty() || inside.contains(['<', '\n']) {
        return None;
    }
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(decode(label, Entities::Three))),
        None => (inside, None),
    };
    let shown = label.as_deref();
    let is_id = |id: &str, starts: &[char]| {
        id.starts_with(starts) && id.len() > 1 && id.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
    };
    if let Some(who) = target.strip_prefix('@') {
        if is_id(who, &['U', 'W']) {
            seen.ring(who);
        }
        seen.show(&format!("@{}", shown.unwrap_or(who)));
    } else if let Some(channel) = target.strip_prefix('#') {
        seen.show(&format!("#{}", shown.unwrap_or(channel)));
    } else if let Some(special) = target.strip_prefix('!') {
        match special.split('^').collect::<Vec<_>>().as_slice() {
            ["channel" | "everyone"] => seen.ring("@all"),
            ["here"] => seen.ring("@here"),
            ["subteam", team] if is_id(team, &['S']) => seen.ring(team),
            _ => {}
        }
        let name = special.split('^').next().unwrap_or_default();
        let is_date = name == "date";
        seen.show(&match shown {
            Some(label) if is_date => label.to_owned(),
            _ => format!("@{}", shown.unwrap_or(name).trim_start_matches('@')),
        });
    } else {
        let url = decode(target, Entities::Three);
        seen.link(&url);
        seen.show(shown.unwrap_or(&url));
    }
    Some(inside.len() + 2)
}

#[cfg(test)]
mod tests;
