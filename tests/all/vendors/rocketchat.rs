//! Rocket.Chat's incoming webhook: one integration, where success is not always a post.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::asking::{form_body, is_form, is_json, json, json_body, seconds, segments};
use super::markdown::{ROCKET_CHAT, resolve};
use super::shown::Shown;
use super::{Post, Reply, Request, Vendor};

const CHARACTERS_MAX: usize = 5000;
const CALLS_MAX: usize = 10;
const CALLS_WINDOW: TimeDelta = TimeDelta::seconds(60);

/// A server with one integration, which posts to `#ops`.
#[derive(Debug)]
pub(crate) struct RocketChat {
    integration: String,
    token: String,
    disabled: bool,
    overridable: bool,
    channels: BTreeSet<String>,
    limit_status: Option<u16>,
    window: Option<DateTime<Utc>>,
    calls: usize,
    next: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl RocketChat {
    pub(crate) fn new(integration: &str, token: &str) -> Self {
        Self {
            integration: integration.to_owned(),
            token: token.to_owned(),
            disabled: false,
            overridable: false,
            channels: BTreeSet::from(["#ops".to_owned()]),
            limit_status: Some(429),
            window: None,
            calls: 0,
            next: VecDeque::new(),
            posts: Vec::new(),
        }
    }

    /// The next call is answered by this and does nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.next.push_back(reply);
    }

    /// The integration is switched off: 503 for ever.
    pub(crate) fn disable(&mut self) {
        self.disabled = true;
    }

    /// Posts may name their channels; these exist besides `#ops`.
    pub(crate) fn overridable(mut self, channels: &[&str]) -> Self {
        self.overridable = true;
        self.channels.extend(channels.iter().map(|name| (*name).to_owned()));
        self
    }

    /// The status of too many calls; 400 in old versions.
    pub(crate) fn limits_with(mut self, status: u16) -> Self {
        self.limit_status = Some(status);
        self
    }

    /// No limit on calls.
    pub(crate) fn unlimited(mut self) -> Self {
        self.limit_status = None;
        self
    }

    /// The answer to a call that failed, in the form of Rocket.Chat.
    pub(crate) fn failure(status: u16, error: &str) -> Reply {
        json(status, json!({"success": false, "error": error}))
    }

    /// Ten calls in a window of a minute, which begins with its first call.
    fn hold_back(&mut self, now: DateTime<Utc>) -> Result<(), Reply> {
        let Some(status) = self.limit_status else {
            return Ok(());
        };
        let begun = self.window.filter(|begun| now - *begun < CALLS_WINDOW);
        let begun = begun.unwrap_or_else(|| {
            self.calls = 0;
            now
        });
        self.window = Some(begun);
        self.calls += 1;
        if self.calls <= CALLS_MAX {
            return Ok(());
        }
        let end = begun + CALLS_WINDOW;
        let wait = seconds((end - now).num_milliseconds());
        let words = format!(
            "Error, too many requests. Please slow down. You must wait {wait} seconds before trying this endpoint again. \
             [error-too-many-requests]"
        );
        Err(Self::failure(status, &words)
            .with("X-RateLimit-Limit", &CALLS_MAX.to_string())
            .with("X-RateLimit-Remaining", "0")
            .with("X-RateLimit-Reset", &end.timestamp_millis().to_string()))
    }

    fn take(&mut self, request: &Request) -> Result<Value, Reply> {
        let path = segments(request);
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (integration, token) = match parts.as_slice() {
            ["hooks", integration, token] | ["hooks", integration, _, token] => (*integration, *token),
            _ => return Err(Self::failure(404, "Not Found")),
        };
        if request.method != "POST" {
            return Err(Self::failure(405, "Method Not Allowed"));
        }
        if integration != self.integration || token != self.token {
            return Err(Self::failure(404, "Invalid integration id or token provided."));
        }
        self.hold_back(request.at)?;
        if self.disabled {
            return Err(Self::failure(503, "Service Unavailable"));
        }
        let body = read(request)?;
        if body.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(json!({"success": true}));
        }
        let named = ["channel", "roomId"]
            .iter()
            .any(|name| body.get(*name).is_some_and(|value| !value.is_null()));
        if named && !self.overridable {
            let words = "overriding destination channel is disabled for this integration";
            return Err(Self::failure(400, words));
        }
        self.post(request, &body)
    }

    fn post(&mut self, request: &Request, body: &Value) -> Result<Value, Reply> {
        let text = match body.get("text") {
            None | Some(Value::Null) => "",
            Some(text) => text
                .as_str()
                .ok_or_else(|| Self::failure(400, "Match error: Expected string in field msg"))?,
        };
        let size = text.chars().count();
        let separate = body.get("separateResponse") == Some(&Value::Bool(true));
        let mut responses = Vec::new();
        for channel in destinations(body) {
            let error = if !self.channels.contains(&channel) {
                Some("invalid-channel")
            } else if size > CHARACTERS_MAX {
                Some("error-message-size-exceeded")
            } else {
                None
            };
            match error {
                Some(error) if separate => responses.push(json!({"channel": channel, "error": error})),
                Some(error) => return Err(Self::failure(400, error)),
                None => {
                    self.show(request, body, text, size);
                    responses.push(json!({"channel": channel, "message": {"msg": text}}));
                }
            }
        }
        if !separate {
            return Ok(json!({"success": true}));
        }
        if responses.iter().all(|response| response.get("error").is_some()) {
            return Err(json(400, json!({"success": false, "responses": responses})));
        }
        Ok(json!({"success": true, "responses": responses}))
    }

    fn show(&mut self, request: &Request, body: &Value, text: &str, size: usize) {
        let mut shown = resolve(&slack_links(text), &ROCKET_CHAT);
        let attachments = body.get("attachments").and_then(Value::as_array);
        for attachment in attachments.into_iter().flatten() {
            attach(&mut shown, attachment);
        }
        self.posts.push(Post {
            at: request.at,
            text: shown.text,
            rings: rings(text),
            links: shown.links,
            size,
            raw: body.clone(),
        });
    }
}

impl Vendor for RocketChat {
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

/// A body of another type than JSON or a form is not read at all.
fn read(request: &Request) -> Result<Value, Reply> {
    if is_json(request) {
        return json_body(request).map_err(|error| RocketChat::failure(400, &error));
    }
    if is_form(request) {
        let form = form_body(request);
        let payload = form.get("payload").map_or("{}", String::as_str);
        return serde_json::from_str(payload).map_err(|error| RocketChat::failure(400, &error.to_string()));
    }
    Ok(json!({}))
}

fn destinations(body: &Value) -> Vec<String> {
    match body.get("channel") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(_) | None => vec!["#ops".to_owned()],
    }
}

/// `<https://…|words>` is a link here too.
fn slack_links(text: &str) -> String {
    let mut pieces = text.split('<');
    let mut translated = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let link = piece
            .split_once('>')
            .and_then(|(inside, left)| Some((inside.split_once('|')?, left)))
            .filter(|((url, _), _)| url.contains("://") || (url.contains('.') && !url.contains(' ')));
        match link {
            Some(((url, words), left)) => translated.push_str(&format!("[{words}]({url}){left}")),
            None => translated.push_str(&format!("<{piece}")),
        }
    }
    translated
}

fn attach(shown: &mut Shown, attachment: &Value) {
    let field = |name: &str| attachment.get(name).and_then(Value::as_str).unwrap_or("");
    let mut parts = vec![resolve(field("author_name"), &ROCKET_CHAT)];
    parts.push(Shown {
        text: field("title").to_owned(),
        ..Shown::default()
    });
    parts.push(resolve(&slack_links(field("text")), &ROCKET_CHAT));
    for line in attachment.get("fields").and_then(Value::as_array).into_iter().flatten() {
        for name in ["title", "value"] {
            parts.push(resolve(
                line.get(name).and_then(Value::as_str).unwrap_or(""),
                &ROCKET_CHAT,
            ));
        }
    }
    for part in parts.into_iter().filter(|part| !part.text.is_empty()) {
        if !shown.text.is_empty() {
            shown.text.push('\n');
        }
        shown.text.push_str(&part.text);
        shown.links.extend(part.links);
    }
    for name in ["title_link", "author_link", "image_url"] {
        if !field(name).is_empty() {
            shown.links.push(field(name).to_owned());
        }
    }
}

/// Who is rung: names in the message itself, after a space or `>` or at the start of a line. The server looks in the text as
/// it was sent, without links; a stop at the end of a name belongs to it, and then nobody has that name.
fn rings(text: &str) -> Vec<String> {
    let text = without_links(text);
    let chars: Vec<char> = text.chars().collect();
    let named = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let mut rings: Vec<String> = Vec::new();
    for at in (0..chars.len()).filter(|at| chars[*at] == '@') {
        let before = at.checked_sub(1).map(|before| chars[before]);
        if before.is_some_and(|before| !before.is_whitespace() && before != '>') {
            continue;
        }
        let name: String = chars[at + 1..].iter().take_while(|c| named(c)).collect();
        let end = at + 1 + name.len();
        // `@name:server` and `@name@server` are people of other servers.
        let elsewhere = [':', '@'].contains(chars.get(end).unwrap_or(&' ')) && chars.get(end + 1).is_some_and(named);
        if name.is_empty() || elsewhere || name.ends_with('.') {
            continue;
        }
        let ring = match name.as_str() {
            "all" => "@all".to_owned(),
            "here" => "@here".to_owned(),
            _ => name,
        };
        if !rings.contains(&ring) {
            rings.push(ring);
        }
    }
    rings
}

fn without_links(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        kept.push_str(before);
        let left = after
            .split_once("](")
            .filter(|(words, _)| !words.contains(']'))
            .and_then(|(_, target)| target.split_once(')'));
        match left {
            Some((_, left)) => rest = left,
            None => {
                kept.push('[');
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests;
