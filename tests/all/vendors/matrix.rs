//! A homeserver of Matrix as Synapse behaves: one bot, its rooms, and ids of transactions that make a repeat harmless.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::asking::{Bucket, bearer, json, json_body, seconds, segments};
use super::hypertext;
use super::shown::{Domains, Shown};
use super::{Post, Reply, Request, Vendor};

const EVENT_BYTES_MAX: usize = 65_536;
/// What ids, hashes and a signature add to an event, about.
const EVENT_BYTES_OWN: usize = 700;

/// A server on which the bot has joined one room.
#[derive(Debug)]
pub(crate) struct Matrix {
    token: String,
    user: String,
    rooms: BTreeSet<String>,
    /// Who is in the rooms; empty where anybody may be.
    members: BTreeSet<String>,
    /// Whether the bot may ring a whole room.
    power: bool,
    limiter: Option<Bucket>,
    /// Event ids by path.
    transactions: BTreeMap<String, String>,
    next: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl Matrix {
    pub(crate) fn new(token: &str, user: &str, room: &str) -> Self {
        Self {
            token: token.to_owned(),
            user: user.to_owned(),
            rooms: BTreeSet::from([room.to_owned()]),
            members: BTreeSet::new(),
            power: true,
            limiter: None,
            transactions: BTreeMap::new(),
            next: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// Only members are rung, and this is one. Without any, everybody is.
    pub(crate) fn with_member(mut self, user: &str) -> Self {
        self.members.insert(user.to_owned());
        self
    }

    /// The bot may not ring a whole room, as is usual without a moderator's help.
    pub(crate) fn without_power(mut self) -> Self {
        self.power = false;
        self
    }

    /// So many messages at once, then so many a second; 3 and 0.5 in the run that was seen.
    pub(crate) fn limited(mut self, burst: u32, per_second: f64) -> Self {
        self.limiter = Some(Bucket::new(burst, per_second));
        self
    }

    /// The bot joins one more room.
    pub(crate) fn join(&mut self, room: &str) {
        self.rooms.insert(room.to_owned());
    }

    /// The bot is thrown out of a room.
    pub(crate) fn kick(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// The answer to a call that failed, in the form of Matrix.
    pub(crate) fn failure(status: u16, code: &str, error: &str) -> Reply {
        json(status, json!({"errcode": code, "error": error}))
    }

    fn admit(&self, request: &Request) -> Result<(), Reply> {
        let token = bearer(request).or_else(|| request.query.get("access_token").cloned());
        let Some(token) = token else {
            return Err(Self::failure(401, "M_MISSING_TOKEN", "Missing access token"));
        };
        if token != self.token {
            return Err(json(
                401,
                json!({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed.", "soft_logout": false}),
            ));
        }
        Ok(())
    }

    fn take(&mut self, request: &Request) -> Result<Value, Reply> {
        let path = segments(request);
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let wrong_method = || Self::failure(405, "M_UNRECOGNIZED", "Unrecognized request");
        match parts.as_slice() {
            ["_matrix", "client", "versions"] => Ok(json!({"versions": ["v1.10", "v1.11"], "unstable_features": {}})),
            ["_matrix", "client", "v3", "account", "whoami"] => {
                if request.method != "GET" {
                    return Err(wrong_method());
                }
                self.admit(request)?;
                Ok(json!({"user_id": self.user, "is_guest": false, "device_id": "DUBAN"}))
            }
            ["_matrix", "client", "v3", "joined_rooms"] => {
                if request.method != "GET" {
                    return Err(wrong_method());
                }
                self.admit(request)?;
                Ok(json!({"joined_rooms": self.rooms}))
            }
            ["_matrix", "client", "v3", "rooms", room, "joined_members"] => {
                if request.method != "GET" {
                    return Err(wrong_method());
                }
                self.admit(request)?;
                if !self.rooms.iter().any(|known| known == room) {
                    let room = format!("User {} not in room {room}", self.user);
                    return Err(Self::failure(403, "M_FORBIDDEN", &room));
                }
                let own = json!({"display_name": "duban", "avatar_url": null});
                Ok(json!({"joined": {self.user.as_str(): own}}))
            }
            ["_matrix", "client", "v3", "rooms", room, "send", kind, transaction] if !transaction.is_empty() => {
                if request.method != "PUT" {
                    return Err(wrong_method());
                }
                self.admit(request)?;
                self.send(request, room, kind, &parts.join("/"))
            }
            _ => Err(Self::failure(404, "M_UNRECOGNIZED", "Unrecognized request")),
        }
    }

    fn send(&mut self, request: &Request, room: &str, kind: &str, path: &str) -> Result<Value, Reply> {
        if let Some(event) = self.transactions.get(path) {
            return Ok(json!({"event_id": event}));
        }
        let content = json_body(request).map_err(|_| Self::failure(400, "M_NOT_JSON", "Content not JSON."))?;
        if !content.is_object() {
            return Err(Self::failure(400, "M_BAD_JSON", "Content must be a JSON object."));
        }
        if let Some(Err(wait)) = self.limiter.as_mut().map(|limiter| limiter.take(request.at)) {
            return Err(Self::too_many(wait));
        }
        if !self.rooms.contains(room) {
            let words = format!("User {} not in room {room}", self.user);
            return Err(Self::failure(403, "M_FORBIDDEN", &words));
        }
        if kind == "m.room.message" {
            check(&content)?;
        }
        let event = json!({"content": content, "room_id": room, "sender": self.user, "type": kind});
        let size = event.to_string().len() + EVENT_BYTES_OWN;
        if size > EVENT_BYTES_MAX {
            return Err(Self::failure(413, "M_TOO_LARGE", "event too large"));
        }
        let event = format!("$event{:04}", self.transactions.len() + 1);
        self.transactions.insert(path.to_owned(), event.clone());
        if kind == "m.room.message" {
            self.show(request, &content, size);
        }
        Ok(json!({"event_id": event}))
    }

    /// The answer to too many messages, with the wait in milliseconds and in whole seconds.
    pub(crate) fn too_many(wait: i64) -> Reply {
        json(
            429,
            json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": wait}),
        )
        .with("Retry-After", &seconds(wait).to_string())
    }

    fn show(&mut self, request: &Request, content: &Value, size: usize) {
        let field = |name: &str| content.get(name).and_then(Value::as_str);
        let body = field("body").unwrap_or("");
        let shown = match field("formatted_body") {
            Some(html) if field("format") == Some("org.matrix.custom.html") => hypertext::resolve(html),
            Some(_) | None => Shown::plain(body, Domains::Plain),
        };
        let rings = if field("msgtype") == Some("m.notice") {
            // Notices ring nobody: the rule that hushes them comes first.
            Vec::new()
        } else {
            self.rings(content.get("m.mentions"), body)
        };
        self.posts.push(Post {
            at: request.at,
            text: shown.text,
            rings,
            links: shown.links,
            size,
            raw: content.clone(),
        });
    }

    fn rings(&self, mentions: Option<&Value>, body: &str) -> Vec<String> {
        let mut rings = Vec::new();
        let room = match mentions {
            Some(mentions) => {
                let users = mentions.get("user_ids").and_then(Value::as_array);
                for user in users.into_iter().flatten().filter_map(Value::as_str) {
                    let formed = user.starts_with('@') && user.contains(':');
                    let member = self.members.is_empty() || self.members.contains(user);
                    if formed && member && !rings.contains(&user.to_owned()) {
                        rings.push(user.to_owned());
                    }
                }
                mentions.get("room") == Some(&Value::Bool(true))
            }
            // An event that says nothing of mentions is searched for names, as in old times.
            None => {
                let words: Vec<&str> = body
                    .split(|c: char| !c.is_alphanumeric() && !"_-.".contains(c))
                    .collect();
                for member in &self.members {
                    let name = member.trim_start_matches('@').split(':').next().unwrap_or("");
                    if words.contains(&name) {
                        rings.push(member.clone());
                    }
                }
                body.contains("@room")
            }
        };
        if room && self.power {
            rings.push("@all".to_owned());
        }
        rings
    }
}

impl Vendor for Matrix {
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

/// What the server checks of a message.
fn check(content: &Value) -> Result<(), Reply> {
    for name in ["body", "msgtype"] {
        let Some(value) = content.get(name) else {
            return Err(Matrix::failure(400, "M_UNKNOWN", &format!("'{name}' not in content")));
        };
        if !value.is_string() {
            return Err(Matrix::failure(
                400,
                "M_UNKNOWN",
                &format!("'{name}' not a string type"),
            ));
        }
    }
    let Some(mentions) = content.get("m.mentions") else {
        return Ok(());
    };
    let users = mentions
        .get("user_ids")
        .is_none_or(|users| users.as_array().is_some_and(|users| users.iter().all(Value::is_string)));
    let room = mentions.get("room").is_none_or(Value::is_boolean);
    if mentions.is_object() && users && room {
        return Ok(());
    }
    Err(Matrix::failure(400, "M_BAD_JSON", "m.mentions is not of its type"))
}

#[cfg(test)]
mod tests;
