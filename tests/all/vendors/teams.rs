//! A Teams workflow that posts what its webhook gets: 202 says only that it began, and what became of it stands in its runs.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::http::query;
use super::markup::{Breaks, Dialect, Element, Entities, Seen};
use super::{Post, Reply, Request, Vendor};

const MESSAGE_BYTES_MAX: usize = 28 * 1024;
const CARD: &str = "application/vnd.microsoft.card.adaptive";
/// The newest card that Teams shows, in tenths.
const VERSION_MAX: u32 = 15;
/// What of a text is shown that may not wrap.
const LINE_CHARACTERS_MAX: usize = 60;

/// What a `TextBlock` knows: no headings, quotes or tables.
const TEXT_BLOCK: Dialect = Dialect {
    marks: &["**", "__", "*", "_"],
    is_bounded: false,
    escapes: true,
    entities: Entities::Html,
    headings: 0,
    quotes: &[],
    links: true,
    breaks: Breaks::Blank,
};

/// What became of one start of the flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Run {
    /// So many messages were posted.
    Posted(usize),
    Failed(String),
}

pub(crate) struct Teams {
    raw_query: String,
    /// The flow was deleted: 404.
    pub(crate) is_deleted: bool,
    /// The flow is switched off: 400.
    pub(crate) is_off: bool,
    /// What the flow's author answers instead of an empty 202.
    pub(crate) customised: Option<Reply>,
    /// What became of each start, unseen by the client.
    pub(crate) runs: Vec<Run>,
    scripted: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl Teams {
    /// A flow whose URL has this signature, as it stands in the query.
    pub(crate) fn new(sig: &str) -> Self {
        Self {
            raw_query: format!("api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={sig}"),
            is_deleted: false,
            is_off: false,
            customised: None,
            runs: Vec::new(),
            scripted: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// Where a client posts to.
    pub(crate) fn target(&self) -> String {
        format!("{PATH}?{}", self.raw_query)
    }

    /// Answers this to the next call, and does not start the flow.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    /// The next call is one too many, with or without a word on how long to wait.
    pub(crate) fn limit_next(&mut self, seconds: Option<u64>) {
        let reply = error(429, "WorkflowTriggerRequestsThrottled");
        self.answer_next(match seconds {
            Some(seconds) => reply.with("retry-after", &seconds.to_string()),
            None => reply,
        });
    }

    fn refused(&self, request: &Request) -> Option<Reply> {
        if request.path != PATH || self.is_deleted {
            return Some(error(404, "WorkflowNotFound"));
        }
        if request.method != "POST" {
            return Some(error(405, "MethodNotAllowed"));
        }
        let sig = query(&self.raw_query).remove("sig");
        if request.header("authorization").is_some() {
            return Some(error(401, "DirectApiInvalidAuthorizationScheme"));
        }
        if request.query.get("sig") != sig.as_ref() {
            return Some(error(401, "DirectApiAuthorizationRequired"));
        }
        // The signature covers the query as it was given out.
        if request.raw_query != self.raw_query {
            return Some(error(401, "AuthorizationFailed"));
        }
        if self.is_off {
            return Some(error(400, "WorkflowTriggerIsNotEnabled"));
        }
        if request.is_json() && request.json().is_none() {
            return Some(error(400, "InvalidRequestContent"));
        }
        None
    }

    /// The flow: posts one message for each attachment.
    fn run(&mut self, request: &Request) -> Run {
        let failed = |text: &str| Run::Failed(text.to_owned());
        let (true, Some(body)) = (request.is_json(), request.json()) else {
            return failed("the trigger's body is no JSON");
        };
        let Some(attachments) = body["attachments"].as_array() else {
            return failed("the loop expects an array, and attachments is Null");
        };
        if attachments.is_empty() {
            return failed("there is nothing to post");
        }
        if body["type"] != "message" {
            return failed("the type is not message");
        }
        if request.body.len() > MESSAGE_BYTES_MAX {
            return failed("Request Entity Too Large");
        }
        let mut posts = Vec::new();
        for attachment in attachments {
            if attachment["contentType"] != CARD {
                return failed("the contentType is not that of an adaptive card");
            }
            let mut seen = Seen::default();
            if let Err(text) = card(&attachment["content"], &mut seen) {
                return Run::Failed(text);
            }
            posts.push(Post {
                at: request.at,
                text: seen.text,
                rings: seen.rings,
                links: seen.links,
                size: request.body.len(),
                raw: body.clone(),
            });
        }
        let run = Run::Posted(posts.len());
        self.posts.append(&mut posts);
        run
    }
}

const PATH: &str = "/workflows/0a1b2c/triggers/manual/paths/invoke";

impl Vendor for Teams {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(refused) = self.refused(request) {
            return refused;
        }
        if let Some(reply) = self.scripted.pop_front() {
            return reply;
        }
        let run = self.run(request);
        self.runs.push(run);
        self.customised.clone().unwrap_or_else(|| Reply::empty(202))
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn error(status: u16, code: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": format!("The request failed: {code}.")}}),
    )
}

/// Somebody whom a card names.
struct Mention {
    text: String,
    name: String,
    id: String,
}

fn card(card: &Value, seen: &mut Seen) -> Result<(), String> {
    if card["type"] != "AdaptiveCard" {
        return Err("the content is no AdaptiveCard".to_owned());
    }
    let version = card["version"].as_str().and_then(|it| it.split_once('.'));
    let version = version.and_then(|(major, minor)| Some(major.parse::<u32>().ok()? * 10 + minor.parse::<u32>().ok()?));
    if version.is_none_or(|it| it > VERSION_MAX) {
        return Err("the card's version is not known here".to_owned());
    }
    let mut mentions = Vec::new();
    for entity in card["msteams"]["entities"].as_array().into_iter().flatten() {
        if entity["type"] != "mention" {
            continue;
        }
        let text = |value: &Value| value.as_str().filter(|it| !it.is_empty()).map(str::to_owned);
        let (Some(text), Some(name), Some(id)) = (
            text(&entity["text"]),
            text(&entity["mentioned"]["name"]),
            text(&entity["mentioned"]["id"]),
        ) else {
            return Err("a mention lacks its text, name or id".to_owned());
        };
        mentions.push(Mention { text, name, id });
    }
    let body = card["body"].as_array().ok_or("the card has no body")?;
    elements(body, &mentions, seen)?;
    for action in card["actions"].as_array().into_iter().flatten() {
        open_url(action, seen)?;
    }
    Ok(())
}

fn elements(elements: &[Value], mentions: &[Mention], seen: &mut Seen) -> Result<(), String> {
    let inner = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for element in elements {
        match element["type"].as_str().unwrap_or_default() {
            "TextBlock" => text_block(element, mentions, seen)?,
            "Container" | "Column" => self::elements(&inner(&element["items"]), mentions, seen)?,
            "ColumnSet" => {
                for column in inner(&element["columns"]) {
                    self::elements(&inner(&column["items"]), mentions, seen)?;
                }
            }
            "FactSet" => {
                for fact in inner(&element["facts"]) {
                    let (Some(title), Some(value)) = (fact["title"].as_str(), fact["value"].as_str()) else {
                        return Err("a fact lacks its title or value".to_owned());
                    };
                    show(title, mentions, seen);
                    show(value, mentions, seen);
                }
            }
            "ActionSet" => {
                for action in inner(&element["actions"]) {
                    open_url(&action, seen)?;
                }
            }
            "RichTextBlock" => {
                seen.new_line();
                for run in inner(&element["inlines"]) {
                    seen.show(run["text"].as_str().or(run.as_str()).unwrap_or_default());
                    if let Some(url) = run["selectAction"]["url"].as_str() {
                        seen.link(url);
                    }
                }
            }
            "Image" => seen.line(element["altText"].as_str().unwrap_or_default()),
            "" => return Err("an element lacks its type".to_owned()),
            // What a client does not know it drops.
            _ => {}
        }
    }
    Ok(())
}

fn text_block(block: &Value, mentions: &[Mention], seen: &mut Seen) -> Result<(), String> {
    let text = block["text"].as_str().ok_or("a TextBlock lacks its text")?;
    if block["wrap"] == true {
        show(text, mentions, seen);
        return Ok(());
    }
    let mut whole = Seen::default();
    show(text, mentions, &mut whole);
    let line: String = whole.text.split('\n').collect::<Vec<_>>().join(" ");
    let mut shown: String = line.chars().take(LINE_CHARACTERS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    seen.line(&shown);
    for who in &whole.rings {
        seen.ring(who);
    }
    seen.links.append(&mut whole.links);
    Ok(())
}

/// Shows a text; its mentions ring when an entity has exactly their text.
fn show(text: &str, mentions: &[Mention], seen: &mut Seen) {
    TEXT_BLOCK.show(text, seen, &mut |rest, seen| {
        if let Some(mention) = mentions.iter().find(|mention| rest.starts_with(&mention.text)) {
            let is_id = mention.id.contains('@') || is_object_id(&mention.id);
            if is_id {
                seen.ring(&mention.id);
            }
            seen.show(&mention.name);
            return Some(mention.text.len());
        }
        let element = Element::at(rest)?;
        ["at", "/at"].contains(&element.name.as_str()).then_some(element.length)
    });
}

/// An id of Entra: a UUID.
fn is_object_id(id: &str) -> bool {
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && id.chars().all(|it| it.is_ascii_hexdigit() || it == '-')
}

fn open_url(action: &Value, seen: &mut Seen) -> Result<(), String> {
    if action["type"] != "Action.OpenUrl" {
        return Ok(());
    }
    let (Some(title), Some(url)) = (action["title"].as_str(), action["url"].as_str()) else {
        return Err("an Action.OpenUrl lacks its title or url".to_owned());
    };
    seen.line(title);
    seen.link(url);
    Ok(())
}

#[cfg(test)]
mod tests;
