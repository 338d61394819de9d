//! ntfy: topics, sizes in bytes, and limits without a word on how long to wait.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::asking::{Bucket, json, segments};
use super::markdown::{NTFY, resolve};
use super::shown::{Domains, Shown, emoji};
use super::{Post, Reply, Request, Vendor};

const MESSAGE_BYTES_MAX: usize = 4096;
const JSON_BYTES_MAX: usize = 8192;
const BURST: u32 = 60;
const REFILL_PER_SECOND: f64 = 0.2;
const RESERVED: &[&str] = &[
    "docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login", "v1",
];
const LIMITS: &str = "https://ntfy.sh/docs/publish/#limitations";
const AUTH: &str = "https://ntfy.sh/docs/publish/#authentication";

/// A server, open to everybody until it gets an account.
#[derive(Debug)]
pub(crate) struct Ntfy {
    tokens: BTreeSet<String>,
    users: BTreeSet<String>,
    forbidden: BTreeSet<String>,
    attachments: bool,
    sequences: bool,
    daily: Option<u32>,
    day: Option<(NaiveDate, u32)>,
    bucket: Option<Bucket>,
    next: VecDeque<Reply>,
    posts: Vec<Post>,
    /// Where the post of a topic's sequence stands.
    sequence_posts: BTreeMap<(String, String), usize>,
}

/// What is to be published, from either form.
#[derive(Debug, Default)]
struct Message {
    topic: String,
    title: String,
    text: String,
    tags: Vec<String>,
    links: Vec<String>,
    markdown: bool,
    sequence: Option<String>,
    delay: Option<TimeDelta>,
    raw: Value,
}

impl Ntfy {
    pub(crate) fn new() -> Self {
        Self {
            tokens: BTreeSet::new(),
            users: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            attachments: true,
            sequences: false,
            daily: None,
            day: None,
            bucket: Some(Bucket::new(BURST, REFILL_PER_SECOND)),
            next: VecDeque::new(),
            posts: Vec::new(),
            sequence_posts: BTreeMap::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// From now on only those with an account may publish; this token is one's.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.tokens.insert(token.to_owned());
        self
    }

    /// From now on only those with an account may publish; this is one.
    pub(crate) fn with_user(mut self, name: &str, password: &str) -> Self {
        self.users.insert(format!("{name}:{password}"));
        self
    }

    /// Nobody may publish to this topic.
    pub(crate) fn forbid(&mut self, topic: &str) {
        self.forbidden.insert(topic.to_owned());
    }

    /// Long messages are refused instead of becoming attachments.
    pub(crate) fn without_attachments(mut self) -> Self {
        self.attachments = false;
        self
    }

    /// From version 2.16: a sequence id replaces what it published before.
    pub(crate) fn with_sequences(mut self) -> Self {
        self.sequences = true;
        self
    }

    /// So many messages a day; the count begins anew at midnight UTC.
    pub(crate) fn daily(mut self, messages: u32) -> Self {
        self.daily = Some(messages);
        self
    }

    /// No limit on requests.
    pub(crate) fn unlimited(mut self) -> Self {
        self.bucket = None;
        self
    }

    /// The answer to a call that failed, in ntfy's form; its status is in the code.
    pub(crate) fn failure(code: u32, error: &str, link: &str) -> Reply {
        let status = u16::try_from(code / 100).unwrap_or(500);
        let mut body = json!({"code": code, "http": status, "error": error});
        if !link.is_empty() {
            body["link"] = json!(link);
        }
        json(status, body)
    }

    fn admit(&self, request: &Request, topic: &str) -> Result<(), Reply> {
        let closed = !self.tokens.is_empty() || !self.users.is_empty();
        let header = match (request.headers.get("authorization"), request.query.get("auth")) {
            (Some(header), _) => Some(header.clone()),
            (None, Some(auth)) => {
                let bytes = URL_SAFE_NO_PAD.decode(auth.trim_end_matches('=')).unwrap_or_default();
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            (None, None) => None,
        };
        if let Some(header) = &header {
            let (scheme, value) = header.split_once(' ').unwrap_or((header, ""));
            let pair = String::from_utf8_lossy(&STANDARD.decode(value.trim()).unwrap_or_default()).into_owned();
            let known = match scheme.to_ascii_lowercase().as_str() {
                "bearer" => self.tokens.contains(value.trim()),
                "basic" => {
                    let token = pair.strip_prefix(':').is_some_and(|token| self.tokens.contains(token));
                    token || self.users.contains(&pair)
                }
                _ => false,
            };
            if !known {
                return Err(Self::failure(40101, "unauthorized", AUTH));
            }
        }
        if (closed && header.is_none()) || self.forbidden.contains(topic) {
            return Err(Self::failure(40301, "forbidden", AUTH));
        }
        Ok(())
    }

    fn hold_back(&mut self, now: DateTime<Utc>) -> Result<(), Reply> {
        if self.bucket.as_mut().is_some_and(|bucket| bucket.take(now).is_err()) {
            let words = "limit reached: too many requests, please be nice";
            return Err(Self::failure(42901, words, LIMITS));
        }
        let today = now.date_naive();
        let used = self.day.filter(|(day, _)| *day == today).map_or(0, |(_, used)| used);
        if self.daily.is_some_and(|daily| used >= daily) {
            return Err(Self::failure(
                42908,
                "limit reached: daily message quota reached",
                LIMITS,
            ));
        }
        self.day = Some((today, used + 1));
        Ok(())
    }

    fn take(&mut self, request: &Request) -> Result<Value, Reply> {
        let path = segments(request);
        let publishing = ["POST", "PUT"].contains(&request.method.as_str());
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let message = match parts.as_slice() {
            ["v1", "health"] if request.method == "GET" => return Ok(json!({"healthy": true})),
            [topic, "auth"] if request.method == "GET" && is_topic(topic) => {
                self.admit(request, topic)?;
                return Ok(json!({"success": true}));
            }
            [""] if publishing => {
                // Who may write is looked at before the parameters are.
                self.admit(request, &topic_of(&body_of(request)?)?)?;
                from_json(request)?
            }
            [topic] if publishing && is_topic(topic) => from_headers(request, topic, None)?,
            [topic, sequence] if publishing && self.sequences && is_topic(topic) => {
                from_headers(request, topic, Some(sequence))?
            }
            _ => return Err(Self::failure(40401, "page not found", "")),
        };
        self.admit(request, &message.topic)?;
        self.hold_back(request.at)?;
        self.publish(request.at, message)
    }

    fn publish(&mut self, now: DateTime<Utc>, mut message: Message) -> Result<Value, Reply> {
        if message.text.is_empty() {
            "triggered".clone_into(&mut message.text);
        }
        let size = message.text.len();
        let mut answer = json!({
            "id": format!("{:012}", self.posts.len() + 1), "time": now.timestamp(),
            "expires": (now + TimeDelta::hours(12)).timestamp(), "event": "message", "topic": message.topic,
        });
        if size > MESSAGE_BYTES_MAX {
            if !self.attachments {
                let link = "https://ntfy.sh/docs/config/#attachments";
                return Err(Self::failure(40014, "invalid request: attachments not allowed", link));
            }
            "You received a file: attachment.txt".clone_into(&mut message.text);
            message.markdown = false;
            answer["attachment"] = json!({"name": "attachment.txt", "type": "text/plain; charset=utf-8", "size": size});
        }
        answer["message"] = json!(message.text);
        if !message.title.is_empty() {
            answer["title"] = json!(message.title);
        }
        let post = show(now + message.delay.unwrap_or_default(), size, &message);
        let sequence = message.sequence.filter(|_| self.sequences);
        let key = sequence.map(|sequence| (message.topic, sequence));
        match key.as_ref().and_then(|key| self.sequence_posts.get(key)) {
            Some(place) => self.posts[*place] = post,
            None => {
                if let Some(key) = key {
                    self.sequence_posts.insert(key, self.posts.len());
                }
                self.posts.push(post);
            }
        }
        Ok(answer)
    }
}

impl Vendor for Ntfy {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(reply) = self.next.pop_front() {
            return reply;
        }
        match self.take(request) {
            Ok(value) => json(200, value),
            Err(reply) => reply,
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn show(at: DateTime<Utc>, size: usize, message: &Message) -> Post {
    let body = if message.markdown {
        resolve(&message.text, &NTFY)
    } else {
        Shown::plain(&message.text, Domains::Plain)
    };
    let pictures: Vec<&str> = message.tags.iter().filter_map(|tag| emoji(tag)).collect();
    let words: Vec<&str> = message
        .tags
        .iter()
        .map(String::as_str)
        .filter(|tag| emoji(tag).is_none())
        .collect();
    let mut lines = vec![message.title.clone(), body.text];
    // Pictures stand before the title, or before the message without one.
    if !pictures.is_empty() {
        let place = usize::from(message.title.is_empty());
        lines[place] = format!("{} {}", pictures.join(" "), lines[place]);
    }
    if !words.is_empty() {
        lines.push(format!("Tags: {}", words.join(", ")));
    }
    lines.retain(|line| !line.is_empty());
    let mut links = body.links;
    links.extend(message.links.clone());
    Post {
        at,
        text: lines.join("\n"),
        rings: Vec::new(),
        links,
        size,
        raw: message.raw.clone(),
    }
}

fn is_topic(name: &str) -> bool {
    let formed = (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    formed && !RESERVED.contains(&name)
}

fn bad_json() -> Reply {
    let link = "https://ntfy.sh/docs/publish/#publish-as-json";
    Ntfy::failure(40017, "invalid request: request body must be message JSON", link)
}

fn body_of(request: &Request) -> Result<Value, Reply> {
    if request.body.len() > JSON_BYTES_MAX {
        return Err(Ntfy::failure(41303, "JSON body too large", ""));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| bad_json())?;
    if !body.is_object() {
        return Err(bad_json());
    }
    Ok(body)
}

fn text_of(body: &Value, name: &str) -> Result<String, Reply> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => value.as_str().map(str::to_owned).ok_or_else(bad_json),
    }
}

fn topic_of(body: &Value) -> Result<String, Reply> {
    let topic = text_of(body, "topic")?;
    if RESERVED.contains(&topic.as_str()) {
        return Err(Ntfy::failure(40010, "invalid request: topic name is disallowed", ""));
    }
    if !is_topic(&topic) {
        return Err(Ntfy::failure(40009, "invalid request: topic invalid", ""));
    }
    Ok(topic)
}

fn from_json(request: &Request) -> Result<Message, Reply> {
    let body = body_of(request)?;
    let string = |name: &str| text_of(&body, name);
    let topic = topic_of(&body)?;
    if let Some(priority) = body.get("priority") {
        check_priority(priority.as_i64().ok_or_else(bad_json)?)?;
    }
    let tags = match body.get("tags") {
        None | Some(Value::Null) => Vec::new(),
        Some(tags) => strings(tags).ok_or_else(bad_json)?,
    };
    let markdown = match body.get("markdown") {
        None | Some(Value::Null) => false,
        Some(flag) => flag.as_bool().ok_or_else(bad_json)?,
    };
    let mut links = vec![string("click")?];
    links.extend(actions(body.get("actions"))?);
    links.retain(|link| !link.is_empty());
    check_icon(&string("icon")?)?;
    let sequence = string("sequence_id")?;
    Ok(Message {
        topic,
        title: string("title")?,
        text: string("message")?,
        tags,
        links,
        markdown,
        sequence: (!sequence.is_empty()).then_some(sequence),
        delay: delay(&string("delay")?, request.at)?,
        raw: body.clone(),
    })
}

fn strings(list: &Value) -> Option<Vec<String>> {
    let list = list.as_array()?;
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn check_priority(priority: i64) -> Result<(), Reply> {
    if (0..=5).contains(&priority) {
        return Ok(());
    }
    let link = "https://ntfy.sh/docs/publish/#message-priority";
    Err(Ntfy::failure(40007, "invalid priority parameter", link))
}

fn check_icon(icon: &str) -> Result<(), Reply> {
    if icon.is_empty() || icon.starts_with("http://") || icon.starts_with("https://") {
        return Ok(());
    }
    let link = "https://ntfy.sh/docs/publish/#icons";
    Err(Ntfy::failure(40021, "invalid request: icon URL is invalid", link))
}

/// Checks the buttons and gives their addresses.
fn actions(actions: Option<&Value>) -> Result<Vec<String>, Reply> {
    let refuse = |words: String| {
        let link = "https://ntfy.sh/docs/publish/#action-buttons";
        Ntfy::failure(40018, &format!("invalid request: actions invalid; {words}"), link)
    };
    let Some(actions) = actions.filter(|actions| !actions.is_null()) else {
        return Ok(Vec::new());
    };
    let actions = actions.as_array().ok_or_else(bad_json)?;
    if actions.len() > 3 {
        return Err(refuse("only 3 actions allowed".to_owned()));
    }
    let mut links = Vec::new();
    for action in actions {
        let field = |name: &str| action.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let (kind, url) = (field("action"), field("url"));
        if !["view", "broadcast", "http"].contains(&kind.as_str()) {
            return Err(refuse(format!(
                "parameter 'action' cannot be '{kind}', valid values are 'view', 'broadcast' and 'http'"
            )));
        }
        if field("label").is_empty() {
            return Err(refuse("parameter 'label' is required".to_owned()));
        }
        if kind != "broadcast" && url.is_empty() {
            return Err(refuse(format!("parameter 'url' is required for action '{kind}'")));
        }
        if !url.is_empty() {
            links.push(url);
        }
    }
    Ok(links)
}

/// Ten seconds to three days: `30m`, or seconds since 1970.
fn delay(text: &str, now: DateTime<Utc>) -> Result<Option<TimeDelta>, Reply> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |code: u32, words: &str| {
        let link = "https://ntfy.sh/docs/publish/#scheduled-delivery";
        Ntfy::failure(code, &format!("invalid delay parameter: {words}"), link)
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text.strip_prefix(digits).unwrap_or("").trim().chars().next();
    let delta = digits.parse::<i64>().ok().and_then(|number| match unit {
        None => Some(TimeDelta::seconds(number - now.timestamp())),
        Some('s') => Some(TimeDelta::seconds(number)),
        Some('m') => Some(TimeDelta::minutes(number)),
        Some('h') => Some(TimeDelta::hours(number)),
        Some('d') => Some(TimeDelta::days(number)),
        Some(_) => None,
    });
    let delta = delta.ok_or_else(|| refuse(40004, "unable to parse delay"))?;
    if delta < TimeDelta::seconds(10) {
        return Err(refuse(40005, "too small, please refer to the docs"));
    }
    if delta > TimeDelta::days(3) {
        return Err(refuse(40006, "too large, please refer to the docs"));
    }
    Ok(Some(delta))
}

/// The other form: the body is the message, all else is in headers or the query.
fn from_headers(request: &Request, topic: &str, sequence: Option<&str>) -> Result<Message, Reply> {
    let text = String::from_utf8(request.body.clone())
        .map_err(|_| Ntfy::failure(40011, "invalid message: message must be UTF-8 encoded", ""))?;
    let field = |name: &str| {
        let found = request
            .headers
            .get(&format!("x-{name}"))
            .or_else(|| request.headers.get(name));
        decoded_word(found.or_else(|| request.query.get(name)).map_or("", String::as_str))
    };
    let priority = field("priority");
    let number = match priority.to_ascii_lowercase().as_str() {
        "" => 0,
        "min" => 1,
        "low" => 2,
        "default" => 3,
        "high" => 4,
        "max" | "urgent" => 5,
        other => other.parse().unwrap_or(-1),
    };
    check_priority(number)?;
    check_icon(&field("icon"))?;
    let tags = field("tags");
    let tags: Vec<String> = tags
        .split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect();
    let links = vec![field("click")]
        .into_iter()
        .filter(|link| !link.is_empty())
        .collect();
    let named = Some(field("sequence-id")).filter(|sequence| !sequence.is_empty());
    Ok(Message {
        topic: topic.to_owned(),
        title: field("title"),
        raw: json!(text),
        text: text.trim_end_matches('\n').to_owned(),
        tags,
        links,
        markdown: ["1", "yes", "true"].contains(&field("markdown").to_ascii_lowercase().as_str()),
        sequence: sequence.map(str::to_owned).or(named),
        delay: delay(&field("delay"), request.at)?,
    })
}

/// `=?UTF-8?B?…?=`, or the text as it is.
fn decoded_word(text: &str) -> String {
    let inside = text.strip_prefix("=?").and_then(|text| text.strip_suffix("?="));
    let parts: Vec<&str> = inside.unwrap_or("").splitn(3, '?').collect();
    let bytes = match parts.as_slice() {
        [_, kind, value] if kind.eq_ignore_ascii_case("b") => STANDARD.decode(value).ok(),
        _ => None,
    };
    bytes.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
