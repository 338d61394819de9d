//! Mattermost's incoming webhook: one hook, its channel, and long texts that become several posts.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::asking::{Bucket, form_body, is_form, is_json, json, json_body, seconds, segments};
use super::markdown::{MATTERMOST, resolve};
use super::shown::Shown;
use super::{Post, Reply, Request, Vendor};

const RUNES_MAX: usize = 16_383;

/// A server with one hook.
#[derive(Debug)]
pub(crate) struct Mattermost {
    hook: String,
    switched_off: bool,
    locked: bool,
    channels: BTreeSet<String>,
    failing_part: Option<usize>,
    limiter: Option<Bucket>,
    next: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl Mattermost {
    pub(crate) fn new(hook: &str) -> Self {
        Self {
            hook: hook.to_owned(),
            switched_off: false,
            locked: false,
            channels: BTreeSet::from(["town-square".to_owned()]),
            failing_part: None,
            limiter: None,
            next: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// Incoming webhooks are switched off: 501.
    pub(crate) fn switch_off(&mut self) {
        self.switched_off = true;
    }

    /// The hook is locked to its channel: 403 for any other.
    pub(crate) fn lock(&mut self) {
        self.locked = true;
    }

    /// Of a text that is split, this part cannot be stored, from 1; those before it stay visible.
    pub(crate) fn fail_on_part(&mut self, part: usize) {
        self.failing_part = Some(part);
    }

    /// The limiter of requests, off in a new server: so many at once, then so many a second.
    pub(crate) fn limited(mut self, burst: u32, per_second: f64) -> Self {
        self.limiter = Some(Bucket::new(burst, per_second));
        self
    }

    /// The answer to a call that failed, in Mattermost's form.
    pub(crate) fn failure(status: u16, id: &str, message: &str) -> Reply {
        json(
            status,
            json!({
                "id": id, "message": message, "detailed_error": "",
                "request_id": "zysrxbpk1bg4mfkjmr46sqjdxy", "status_code": status,
            }),
        )
    }

    fn take(&mut self, request: &Request) -> Result<(), Reply> {
        let path = segments(request);
        let [hooks, hook] = path.as_slice() else {
            return Err(Self::failure(
                404,
                "api.context.404.app_error",
                "Sorry, we could not find the page.",
            ));
        };
        if hooks != "hooks" || request.method != "POST" || !hook.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Self::failure(
                404,
                "api.context.404.app_error",
                "Sorry, we could not find the page.",
            ));
        }
        if self.switched_off {
            let words = "Incoming webhooks have been disabled by the system admin.";
            return Err(Self::failure(501, "web.incoming_webhook.disabled.app_error", words));
        }
        let body = read(request)?;
        let text = string(&body, "text")?;
        let attachments = attachments(&body)?;
        if text.is_empty() && attachments.is_empty() {
            let words = "No text specified.";
            return Err(Self::failure(400, "web.incoming_webhook.text.app_error", words));
        }
        if *hook != self.hook {
            return Err(Self::failure(
                400,
                "web.incoming_webhook.invalid.app_error",
                "Invalid webhook.",
            ));
        }
        self.find_channel(&string(&body, "channel")?)?;
        self.post(request, &body, &slack_text(&text), &attachments)
    }

    fn find_channel(&self, channel: &str) -> Result<(), Reply> {
        let name = channel.trim_start_matches('#');
        if name.starts_with('@') {
            let words = "Couldn't find the user.";
            return Err(Self::failure(400, "web.incoming_webhook.user.app_error", words));
        }
        if !name.is_empty() && !self.channels.contains(name) {
            let words = "Couldn't find the channel.";
            return Err(Self::failure(404, "web.incoming_webhook.channel.app_error", words));
        }
        if self.locked && !name.is_empty() && name != "town-square" {
            let words = "This webhook is not permitted to post to the requested channel.";
            return Err(Self::failure(
                403,
                "web.incoming_webhook.channel_locked.app_error",
                words,
            ));
        }
        Ok(())
    }

    /// The server has this channel too.
    pub(crate) fn open_channel(&mut self, name: &str) {
        self.channels.insert(name.to_owned());
    }

    fn post(&mut self, request: &Request, body: &Value, text: &str, attachments: &[Value]) -> Result<(), Reply> {
        let runes: Vec<char> = text.chars().collect();
        let mut parts: Vec<String> = runes.chunks(RUNES_MAX).map(|part| part.iter().collect()).collect();
        if parts.is_empty() {
            parts.push(String::new());
        }
        let last = parts.len();
        for (index, part) in parts.iter().enumerate() {
            if self.failing_part == Some(index + 1) && last > 1 {
                let words = "Error creating post.";
                return Err(Self::failure(
                    500,
                    "api.post.create_webhook_post.creating.app_error",
                    words,
                ));
            }
            let mut shown = resolve(part, &MATTERMOST);
            // Attachments hang on the last part.
            if index + 1 == last {
                for attachment in attachments {
                    attach(&mut shown, attachment);
                }
            }
            self.posts.push(Post {
                at: request.at,
                rings: rings(&shown.spoken),
                text: shown.text,
                links: shown.links,
                size: part.chars().count(),
                raw: body.clone(),
            });
        }
        Ok(())
    }
}

impl Vendor for Mattermost {
    fn reply(&mut self, request: &Request) -> Reply {
        if let Some(reply) = self.next.pop_front() {
            return reply;
        }
        if let Some(Err(wait)) = self.limiter.as_mut().map(|limiter| limiter.take(request.at)) {
            let wait = seconds(wait).to_string();
            return Reply::text(429, "limit exceeded")
                .with("Retry-After", &wait)
                .with("X-RateLimit-Remaining", "0")
                .with("X-RateLimit-Reset", &wait);
        }
        match self.take(request) {
            Ok(()) => Reply::text(200, "ok"),
            Err(reply) => reply,
        }
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }
}

fn unreadable() -> Reply {
    Mattermost::failure(
        400,
        "web.incoming_webhook.parse.app_error",
        "Unable to parse incoming data.",
    )
}

/// JSON, or a form with JSON in its field `payload`.
fn read(request: &Request) -> Result<Value, Reply> {
    let body = if is_form(request) {
        let form = form_body(request);
        form.get("payload")
            .and_then(|payload| serde_json::from_str(payload).ok())
    } else if is_json(request) {
        json_body(request).ok()
    } else {
        None
    };
    body.filter(Value::is_object).ok_or_else(unreadable)
}

fn string(body: &Value, name: &str) -> Result<String, Reply> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => value.as_str().map(str::to_owned).ok_or_else(unreadable),
    }
}

fn attachments(body: &Value) -> Result<Vec<Value>, Reply> {
    match body.get("attachments") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => list
            .as_array()
            .filter(|list| list.iter().all(Value::is_object))
            .cloned()
            .ok_or_else(unreadable),
    }
}

/// Slack's words for everybody, and its links, are translated before anything else.
fn slack_text(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["channel", "here", "all"] {
        text = text.replace(&format!("<!{name}>"), &format!("@{name}"));
    }
    let mut translated = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        translated.push_str(before);
        let link = after
            .split_once('>')
            .and_then(|(inside, left)| Some((inside.split_once('|')?, left)))
            .filter(|((url, words), _)| {
                !url.is_empty() && !words.is_empty() && !url.contains(['\n', '<']) && !words.contains('\n')
            });
        match link {
            Some(((url, words), left)) => {
                translated.push_str(&format!("[{words}]({url})"));
                rest = left;
            }
            None => {
                translated.push('<');
                rest = after;
            }
        }
    }
    translated.push_str(rest);
    translated
}

/// What an attachment adds to the screen. Its fallback is not among it.
fn attach(shown: &mut Shown, attachment: &Value) {
    let field = |name: &str| attachment.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let mut add = |text: &str, heard: bool| {
        let part = resolve(&slack_text(text), &MATTERMOST);
        if part.text.is_empty() {
            return;
        }
        if !shown.text.is_empty() {
            shown.say('\n');
        }
        shown.text.push_str(&part.text);
        if heard {
            shown.spoken.push_str(&part.spoken);
        }
        shown.links.extend(part.links);
    };
    add(&field("pretext"), true);
    add(&field("author_name"), false);
    add(&field("title"), false);
    add(&field("text"), true);
    for line in attachment.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let value = line
            .get("value")
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        add(line.get("title").and_then(Value::as_str).unwrap_or(""), false);
        add(&value.unwrap_or_default(), false);
    }
    add(&field("footer"), false);
    for name in ["title_link", "author_link", "image_url"] {
        let link = field(name);
        if !link.is_empty() {
            shown.links.push(link);
        }
    }
}

/// Who is rung: words that begin with `@`, where letters of any script belong to the word.
fn rings(spoken: &str) -> Vec<String> {
    let mut rings: Vec<String> = Vec::new();
    let part = |c: char| ":.-_@".contains(c) || c.is_alphanumeric();
    for word in spoken.split(|c| !part(c)) {
        if word.len() > 1 && word.starts_with(':') && word.ends_with(':') {
            continue;
        }
        let word = word.trim_start_matches([':', '.', '-', '_']);
        let pieces: Vec<&str> = if word.starts_with('@') {
            vec![word]
        } else {
            word.split(['.', ':', '-']).collect()
        };
        for piece in pieces {
            let name = piece
                .strip_prefix('@')
                .unwrap_or("")
                .trim_end_matches(['.', '-', ':', '_']);
            let name = name.to_ascii_lowercase();
            let known = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
            let name = match name.as_str() {
                "all" | "channel" => "@all".to_owned(),
                "here" => "@here".to_owned(),
                _ => name,
            };
            if known && !rings.contains(&name) {
                rings.push(name);
            }
        }
    }
    rings
}

#[cfg(test)]
mod tests;
