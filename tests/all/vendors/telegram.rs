//! The Bot API of Telegram: one bot, one group, its HTML, and its limits.

mod html;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use self::html::Parsed;
use super::asking::{form_body, is_form, is_json, json, json_body, seconds, segments};
use super::shown::{Domains, Shown};
use super::{Post, Reply, Request, Vendor};

const UNITS_MAX: usize = 4096;
const GROUP_PER_MINUTE: usize = 20;

/// A bot and its group.
#[derive(Debug)]
pub(crate) struct Telegram {
    token: String,
    chat: i64,
    /// The chat that this one became.
    migrated: Option<i64>,
    topics: BTreeSet<i64>,
    kicked: bool,
    strangers: BTreeSet<String>,
    limited: bool,
    next: VecDeque<Reply>,
    sent: Vec<DateTime<Utc>>,
    /// Until when the whole bot must be silent.
    parked: Option<DateTime<Utc>>,
    posts: Vec<Post>,
}

impl Telegram {
    pub(crate) fn new(token: &str, chat: i64) -> Self {
        Self {
            token: token.to_owned(),
            chat,
            migrated: None,
            topics: BTreeSet::new(),
            kicked: false,
            strangers: BTreeSet::new(),
            limited: true,
            next: VecDeque::new(),
            sent: Vec::new(),
            parked: None,
            posts: Vec::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// The group becomes a supergroup with this id; the old id is refused from now on.
    pub(crate) fn migrate_to(&mut self, chat: i64) {
        self.migrated = Some(chat);
    }

    /// The bot is thrown out of the group.
    pub(crate) fn kick(&mut self) {
        self.kicked = true;
    }

    /// The group has this topic.
    pub(crate) fn open_topic(&mut self, thread: i64) {
        self.topics.insert(thread);
    }

    /// The bot has never met this person: a mention by id rings nobody.
    pub(crate) fn forget(&mut self, user: &str) {
        self.strangers.insert(user.to_owned());
    }

    /// No limit on messages a minute.
    pub(crate) fn unlimited(mut self) -> Self {
        self.limited = false;
        self
    }

    /// The answer to a call that failed, in Telegram's form.
    pub(crate) fn failure(code: u16, description: &str) -> Reply {
        json(
            code,
            json!({"ok": false, "error_code": code, "description": description}),
        )
    }

    fn too_many(wait: i64) -> Reply {
        json(
            429,
            json!({
                "ok": false, "error_code": 429,
                "description": format!("Too Many Requests: retry after {wait}"),
                "parameters": {"retry_after": wait},
            }),
        )
        .with("Retry-After", &wait.to_string())
    }

    fn current_chat(&self) -> i64 {
        self.migrated.unwrap_or(self.chat)
    }

    fn describe_chat(&self) -> Value {
        let chat = self.current_chat();
        let kind = if chat <= -1_000_000_000_000 {
            "supergroup"
        } else {
            "group"
        };
        let kind = if chat > 0 { "private" } else { kind };
        json!({"id": chat, "title": "督办群", "type": kind})
    }

    fn find_chat(&self, fields: &BTreeMap<String, Value>) -> Result<(), Reply> {
        let named = word(fields.get("chat_id")).unwrap_or_default();
        if named.is_empty() {
            return Err(Self::failure(400, "Bad Request: chat_id is empty"));
        }
        if named == self.chat.to_string()
            && let Some(chat) = self.migrated
        {
            return Err(json(
                400,
                json!({
                    "ok": false, "error_code": 400,
                    "description": "Bad Request: group chat was upgraded to a supergroup chat",
                    "parameters": {"migrate_to_chat_id": chat},
                }),
            ));
        }
        if named != self.current_chat().to_string() {
            return Err(Self::failure(400, "Bad Request: chat not found"));
        }
        if self.kicked {
            let group = if self.current_chat() <= -1_000_000_000_000 {
                "supergroup"
            } else {
                "group"
            };
            let words = format!("Forbidden: bot was kicked from the {group} chat");
            return Err(Self::failure(403, &words));
        }
        Ok(())
    }

    fn send(&mut self, request: &Request, fields: &BTreeMap<String, Value>) -> Result<Value, Reply> {
        let parsed = parse(fields)?;
        self.find_chat(fields)?;
        if let Some(thread) = word(fields.get("message_thread_id")) {
            let known = thread.parse().is_ok_and(|thread| self.topics.contains(&thread));
            if !known {
                return Err(Self::failure(400, "Bad Request: message thread not found"));
            }
        }
        let size = parsed.text.encode_utf16().count();
        if size > UNITS_MAX {
            return Err(Self::failure(400, "Bad Request: message is too long"));
        }
        self.hold_back(request.at)?;
        self.sent.push(request.at);
        let shown = Shown::plain(&parsed.text, Domains::Linked);
        let mut rings: Vec<String> = parsed.users.clone();
        rings.retain(|user| !self.strangers.contains(user));
        for name in usernames(&parsed.spoken) {
            if !rings.contains(&name) {
                rings.push(name);
            }
        }
        let mut links = parsed.links.clone();
        links.extend(shown.links);
        self.posts.push(Post {
            at: request.at,
            text: parsed.text.clone(),
            rings,
            links,
            size,
            raw: Value::Object(fields.clone().into_iter().collect()),
        });
        Ok(json!({
            "message_id": self.posts.len(), "date": request.at.timestamp(),
            "chat": self.describe_chat(), "text": parsed.text,
        }))
    }

    /// Twenty a minute in a group; who oversteps is parked with all of its chats.
    fn hold_back(&mut self, now: DateTime<Utc>) -> Result<(), Reply> {
        self.sent.retain(|at| now - *at < TimeDelta::seconds(60));
        if !self.limited || self.current_chat() > 0 || self.sent.len() < GROUP_PER_MINUTE {
            return Ok(());
        }
        let until = self.sent[0] + TimeDelta::seconds(60);
        self.parked = Some(until);
        Err(Self::too_many(seconds((until - now).num_milliseconds())))
    }
}

impl Vendor for Telegram {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(reply) = self.next.pop_front() {
            return reply;
        }
        let path = segments(request);
        let token = path[0].strip_prefix("bot").unwrap_or("");
        let formed = token
            .split_once(':')
            .is_some_and(|(id, key)| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()) && !key.is_empty());
        if !formed || path.len() != 2 || !["GET", "POST"].contains(&request.method.as_str()) {
            return Self::failure(404, "Not Found");
        }
        if token != self.token {
            return Self::failure(401, "Unauthorized");
        }
        if let Some(until) = self.parked.filter(|until| request.at < *until) {
            return Self::too_many(seconds((until - request.at).num_milliseconds()));
        }
        self.parked = None;
        let fields = match fields(request) {
            Ok(fields) => fields,
            Err(reply) => return reply,
        };
        // The names of methods have no case.
        let result = match path[1].to_ascii_lowercase().as_str() {
            "getme" => Ok(json!({
                "id": token.split(':').next().and_then(|id| id.parse::<i64>().ok()), "is_bot": true,
                "first_name": "督办", "username": "duban_bot",
            })),
            "getchat" => self.find_chat(&fields).map(|()| self.describe_chat()),
            "sendmessage" => self.send(request, &fields),
            _ => Err(Self::failure(404, "Not Found")),
        };
        match result {
            Ok(result) => json(200, json!({"ok": true, "result": result})),
            Err(reply) => reply,
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

/// The arguments, from the query and from a body of either type.
fn fields(request: &Request) -> Result<BTreeMap<String, Value>, Reply> {
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    let pairs = request.query.clone().into_iter().chain(if is_form(request) {
        form_body(request)
    } else {
        BTreeMap::new()
    });
    for (name, value) in pairs {
        let parsed = serde_json::from_str(&value)
            .ok()
            .filter(|value: &Value| value.is_array() || value.is_object());
        fields.insert(name, parsed.unwrap_or(Value::String(value)));
    }
    if is_json(request) {
        let Ok(Value::Object(body)) = json_body(request) else {
            return Err(Telegram::failure(400, "Bad Request: can't parse JSON object"));
        };
        fields.extend(body);
    }
    Ok(fields)
}

/// A value as the server reads an argument: strings and numbers alike.
fn word(value: Option<&Value>) -> Option<String> {
    let value = value?;
    value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.is_number().then(|| value.to_string()))
}

fn parse(fields: &BTreeMap<String, Value>) -> Result<Parsed, Reply> {
    let text = word(fields.get("text")).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Telegram::failure(400, "Bad Request: message text is empty"));
    }
    let mode = word(fields.get("parse_mode")).unwrap_or_default();
    let parsed = match mode.to_ascii_lowercase().as_str() {
        "html" => html::parse(&text)
            .map_err(|error| Telegram::failure(400, &format!("Bad Request: can't parse entities: {error}")))?,
        "" => html::with_entities(&text, fields.get("entities")),
        // Markdown is Telegram's too, but not this server's.
        _ => return Err(Telegram::failure(400, "Bad Request: unsupported parse_mode")),
    };
    if parsed.text.trim().is_empty() {
        return Err(Telegram::failure(400, "Bad Request: message text is empty"));
    }
    Ok(parsed.trimmed())
}

/// Who is rung by a name in the text: 5 to 32 letters after an `@` that no word touches.
fn usernames(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let word = |index: Option<usize>| {
        index
            .and_then(|index| chars.get(index))
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    };
    let mut names = Vec::new();
    for at in (0..chars.len()).filter(|at| chars[*at] == '@') {
        let name: String = chars[at + 1..]
            .iter()
            .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
            .collect();
        let alone = !word(at.checked_sub(1)) && !word(Some(at + 1 + name.len()));
        if alone && (5..=32).contains(&name.len()) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests;
