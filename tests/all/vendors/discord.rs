//! A webhook of Discord: answers numbers and forms, tells its limits in headers, and rings only whom a message allows.

mod allowed;

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use self::allowed::Allowed;
use super::markup::{Breaks, Dialect, Entities, Seen};
use super::window::Window;
use super::{Post, Reply, Request, Vendor};

const MARKDOWN: Dialect = Dialect {
    marks: &["```", "***", "**", "__", "~~", "||", "*", "_", "``", "`"],
    is_bounded: false,
    escapes: true,
    entities: Entities::None,
    headings: 3,
    quotes: &[">>> ", "> "],
    links: true,
    breaks: Breaks::Every,
};

pub(crate) struct Discord {
    id: String,
    token: String,
    /// Deleted once, deleted for good.
    pub(crate) is_deleted: bool,
    /// The channel is a forum: a message needs a thread.
    pub(crate) is_forum: bool,
    /// How many next messages are not saved; without `wait` nobody says so.
    lost: usize,
    scripted: VecDeque<Reply>,
    quick: Window,
    slow: Window,
    /// Answers that count against the caller: too many, and the front shuts.
    invalid: Window,
    posts: Vec<Post>,
}

/// Status and body.
type Fault = (u16, Value);

impl Discord {
    pub(crate) fn new(id: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            token: token.to_owned(),
            is_deleted: false,
            is_forum: false,
            lost: 0,
            scripted: VecDeque::new(),
            quick: Window::new(5, TimeDelta::seconds(2)),
            slow: Window::new(30, TimeDelta::seconds(60)),
            invalid: Window::new(10_000, TimeDelta::seconds(600)),
            posts: Vec::new(),
        }
    }

    /// Where a client posts to, without `wait`.
    pub(crate) fn target(&self) -> String {
        format!("/api/webhooks/{}/{}", self.id, self.token)
    }

    pub(crate) fn delete(&mut self) {
        self.is_deleted = true;
    }

    /// The next messages are not saved.
    pub(crate) fn lose_next(&mut self, messages: usize) {
        self.lost = messages;
    }

    /// Answers this to the next call, and posts nothing.
    pub(crate) fn answer_next(&mut self, reply: Reply) {
        self.scripted.push_back(reply);
    }

    /// The front refuses the next call with its own page, with or without a word on how long.
    pub(crate) fn cloudflare_next(&mut self, seconds: Option<u64>) {
        self.answer_next(cloudflare(seconds));
    }

    fn known(&self, request: &Request) -> Result<(), Fault> {
        if request.header("user-agent").is_none_or(str::is_empty) {
            return Err(simple(403, 40333, "internal network error"));
        }
        let path = request.path.strip_prefix("/api/").unwrap_or_default();
        let path = path
            .strip_prefix("v10/")
            .or_else(|| path.strip_prefix("v9/"))
            .unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let ["webhooks", id, token] = parts.as_slice() else {
            return Err((404, json!({"message": "404: Not Found", "code": 0})));
        };
        if *id != self.id || self.is_deleted {
            return Err(simple(404, 10015, "Unknown Webhook"));
        }
        if *token != self.token {
            return Err(simple(401, 50027, "Invalid Webhook Token"));
        }
        if request.method == "GET" {
            // Whoever has the URL may ask what it is; the answer holds the token again.
            let webhook = json!({"type": 1, "id": self.id, "name": "Duban", "token": self.token});
            return Err((200, webhook));
        }
        if request.method != "POST" {
            return Err((405, json!({"message": "405: Method Not Allowed", "code": 0})));
        }
        Ok(())
    }

    /// How long too soon a call comes.
    fn too_soon(&mut self, at: DateTime<Utc>) -> Option<TimeDelta> {
        let wait = self.quick.wait(at).max(self.slow.wait(at));
        if wait.is_zero() {
            let taken = (self.quick.take(at), self.slow.take(at));
            assert_eq!(taken, (Ok(()), Ok(())));
            return None;
        }
        Some(wait)
    }

    /// The headers of every answer that the limits were asked for.
    fn limits(&mut self, reply: Reply, at: DateTime<Utc>) -> Reply {
        let after = if self.quick.left(at) == 0 {
            self.quick.wait(at)
        } else {
            TimeDelta::seconds(2)
        };
        let reset = seconds(at - DateTime::UNIX_EPOCH + after);
        reply
            .with("x-ratelimit-limit", "5")
            .with("x-ratelimit-remaining", &self.quick.left(at).to_string())
            .with("x-ratelimit-reset", &format!("{reset:.3}"))
            .with("x-ratelimit-reset-after", &format!("{:.3}", seconds(after)))
            .with("x-ratelimit-bucket", "80c17d2f203122d936070c88c8d10f33")
    }

    fn limited(&mut self, wait: TimeDelta, at: DateTime<Utc>) -> Reply {
        let body = json!({"message": "You are being rate limited.", "retry_after": seconds(wait), "global": false});
        let whole = (wait.num_milliseconds() + 999) / 1000;
        self.limits(Reply::json(429, &body), at)
            .with("retry-after", &whole.to_string())
            .with("x-ratelimit-scope", "user")
    }

    fn judge(&self, request: &Request) -> Result<Post, Fault> {
        if !request.is_json() {
            let text = "Expected \"Content-Type\" header to be one of {'application/json'}.";
            return Err(simple(400, 50035, text));
        }
        let body = request.json().filter(Value::is_object);
        let body = body.ok_or_else(|| simple(400, 50109, "The request body contains invalid JSON."))?;
        let content = text(&body, "content", "content", 2000)?;
        let embeds = list(&body, "embeds", 10)?;
        if content.trim().is_empty() && embeds.is_empty() {
            return Err(simple(400, 50006, "Cannot send an empty message"));
        }
        if self.is_forum && !request.query.contains_key("thread_id") && !body["thread_name"].is_string() {
            let text = "Webhooks posted to forum channels must have a thread_name or thread_id";
            return Err(simple(400, 220_001, text));
        }
        let name = text(&body, "username", "username", 80)?.to_lowercase();
        if ["discord", "clyde"].iter().any(|banned| name.contains(banned)) {
            return Err(form(
                "username",
                "USERNAME_INVALID_CONTAINS",
                "Username cannot contain \"discord\"",
            ));
        }
        let allowed = Allowed::read(&body)?;
        let mut seen = Seen::default();
        MARKDOWN.show(content.trim(), &mut seen, &mut |rest, seen| {
            mention(rest, seen, Some(&allowed))
        });
        allowed.ring_all(content, &mut seen);
        let flags = body["flags"].as_u64().unwrap_or_default();
        let size = shown_embeds(embeds, &mut seen, flags & FLAG_WITHOUT_EMBEDS == 0)?;
        if flags & FLAG_SILENT != 0 {
            seen.rings.clear();
        }
        Ok(Post {
            at: request.at,
            size: content.chars().count().max(size),
            text: seen.text,
            rings: seen.rings,
            links: seen.links,
            raw: body,
        })
    }

    fn answer(&mut self, request: &Request) -> Reply {
        match self.judge(request) {
            Ok(post) => {
                let is_waited = request.query.get("wait").is_some_and(|it| it == "true" || it == "1");
                if self.lost > 0 {
                    self.lost -= 1;
                    return if is_waited {
                        Reply::json(500, &json!({"message": "500: Internal Server Error", "code": 0}))
                    } else {
                        Reply::empty(204)
                    };
                }
                let id = 1_410_000_000_000_000_000 + self.posts.len();
                let stored = json!({
                    "id": id.to_string(), "type": 0, "content": post.raw["content"], "channel_id": "1400000000000000000",
                    "webhook_id": self.id, "embeds": post.raw["embeds"],
                });
                self.posts.push(post);
                if is_waited {
                    Reply::json(200, &stored)
                } else {
                    Reply::empty(204)
                }
            }
            Err((status, body)) => Reply::json(status, &body),
        }
    }
}

impl Vendor for Discord {
    fn reply(&mut self, request: &Request) -> Reply {
        if self.invalid.left(request.at) == 0 {
            return cloudflare(Some(600));
        }
        let reply = if let Err((status, body)) = self.known(request) {
            Reply::json(status, &body)
        } else if let Some(reply) = self.scripted.pop_front() {
            reply
        } else if let Some(wait) = self.too_soon(request.at) {
            self.limited(wait, request.at)
        } else {
            let reply = self.answer(request);
            self.limits(reply, request.at)
        };
        if [401, 403, 429].contains(&reply.status) {
            // Nobody is refused here: the window was looked at before.
            self.invalid.take(request.at).unwrap();
        }
        reply
    }

    fn posts(&self) -> &[Post] {
        &self.posts
    }

    fn answers_nameless(&self) -> bool {
        true
    }
}

/// `SUPPRESS_EMBEDS` and `SUPPRESS_NOTIFICATIONS`.
const FLAG_WITHOUT_EMBEDS: u64 = 4;
const FLAG_SILENT: u64 = 4096;

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

fn cloudflare(seconds: Option<u64>) -> Reply {
    let page = Reply::html(429, "<html><title>Access denied | error code: 1015</title></html>");
    match seconds {
        Some(seconds) => page.with("retry-after", &seconds.to_string()),
        None => page,
    }
}

fn simple(status: u16, code: u64, message: &str) -> Fault {
    (status, json!({"message": message, "code": code}))
}

/// 50035, with the place of what is wrong.
fn form(path: &str, code: &str, message: &str) -> Fault {
    let mut errors = json!({"_errors": [{"code": code, "message": message}]});
    for part in path.rsplit('.') {
        errors = json!({ part: errors });
    }
    (
        400,
        json!({"message": "Invalid Form Body", "code": 50035, "errors": errors}),
    )
}

/// A text, limited in characters; empty when absent.
fn text<'a>(of: &'a Value, key: &str, path: &str, characters_max: usize) -> Result<&'a str, Fault> {
    let value = &of[key];
    if value.is_null() {
        return Ok("");
    }
    let text = value
        .as_str()
        .ok_or_else(|| form(path, "STRING_TYPE_CONVERT", "Could not interpret as string."))?;
    if text.chars().count() > characters_max {
        let message = format!("Must be {characters_max} or fewer in length.");
        return Err(form(path, "BASE_TYPE_MAX_LENGTH", &message));
    }
    Ok(text)
}

fn list<'a>(of: &'a Value, key: &str, count_max: usize) -> Result<&'a [Value], Fault> {
    if of[key].is_null() {
        return Ok(&[]);
    }
    let list = of[key]
        .as_array()
        .ok_or_else(|| form(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))?;
    if list.len() > count_max {
        let message = format!("Must be {count_max} or fewer in length.");
        return Err(form(key, "BASE_TYPE_MAX_LENGTH", &message));
    }
    Ok(list)
}

fn is_snowflake(id: &str) -> bool {
    (15..=20).contains(&id.len()) && id.chars().all(|it| it.is_ascii_digit())
}

/// What stands between angles: users, roles, channels, times, emoji, and addresses.
fn mention(rest: &str, seen: &mut Seen, allowed: Option<&Allowed>) -> Option<usize> {
    let inside = rest.strip_prefix('<')?.split_once('>')?.0;
    let taken = Some(inside.len() + 2);
    if inside.starts_with("http://") || inside.starts_with("https://") {
        seen.link(inside);
        seen.show(inside);
        return taken;
    }
    if let Some(time) = inside.strip_prefix("t:") {
        let at = time.split(':').next()?.parse().ok()?;
        seen.show(&DateTime::from_timestamp(at, 0)?.format("%Y-%m-%d %H:%M").to_string());
        return taken;
    }
    if let Some(role) = inside.strip_prefix("@&").filter(|it| is_snowflake(it)) {
        if allowed.is_some_and(|it| it.roles.has(role)) {
            seen.ring(&format!("&{role}"));
        }
        seen.show(&format!("@{role}"));
        return taken;
    }
    if let Some(user) = inside
        .strip_prefix('@')
        .map(|it| it.trim_start_matches('!'))
        .filter(|it| is_snowflake(it))
    {
        if allowed.is_some_and(|it| it.users.has(user)) {
            seen.ring(user);
        }
        seen.show(&format!("@{user}"));
        return taken;
    }
    if let Some(channel) = inside.strip_prefix('#').filter(|it| is_snowflake(it)) {
        seen.show(&format!("#{channel}"));
        return taken;
    }
    let emoji: Vec<&str> = inside.trim_start_matches('a').split(':').collect();
    let ["", name, id] = emoji.as_slice() else {
        return None;
    };
    if !is_snowflake(id) {
        return None;
    }
    seen.show(&format!(":{name}:"));
    taken
}

/// Shows the embeds after the content, and says how many characters they have. Nobody is rung by an embed.
fn shown_embeds(embeds: &[Value], seen: &mut Seen, is_shown: bool) -> Result<usize, Fault> {
    let mut size = 0;
    let mut shown = Seen::default();
    for (place, embed) in embeds.iter().enumerate() {
        let path = |key: &str| format!("embeds.{place}.{key}");
        let mut part = |of: &Value, key: &str, path: &str, characters_max: usize| {
            let text = text(of, key, path, characters_max)?;
            size += text.chars().count();
            if !text.is_empty() {
                MARKDOWN.show(text, &mut shown, &mut |rest, seen| mention(rest, seen, None));
            }
            Ok(!text.is_empty())
        };
        part(&embed["author"], "name", &path("author.name"), 256)?;
        let has_title = part(embed, "title", &path("title"), 256)?;
        let has_description = part(embed, "description", &path("description"), 4096)?;
        let fields = list(embed, "fields", 25)?;
        for (index, field) in fields.iter().enumerate() {
            for (key, characters_max) in [("name", 256), ("value", 1024)] {
                let path = path(&format!("fields.{index}.{key}"));
                if !part(field, key, &path, characters_max)? {
                    return Err(form(&path, "BASE_TYPE_REQUIRED", "This field is required"));
                }
            }
        }
        let has_footer = part(&embed["footer"], "text", &path("footer.text"), 2048)?;
        if !has_title && !has_description && fields.is_empty() && !has_footer {
            return Err(form(
                &path("description"),
                "BASE_TYPE_REQUIRED",
                "This field is required",
            ));
        }
        if !embed["color"].is_null() && embed["color"].as_u64().is_none_or(|it| it > 0xff_ffff) {
            return Err(form(
                &path("color"),
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 16777215.",
            ));
        }
        for (of, key) in [(embed, "url"), (&embed["author"], "author.url")] {
            let url = text(of, "url", &path(key), 2048)?;
            if url.is_empty() {
                continue;
            }
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(form(&path(key), "URL_TYPE_INVALID_URL", "Not a well formed URL."));
            }
            shown.link(url);
        }
    }
    if size > 6000 {
        return Err(form(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        ));
    }
    if is_shown && !shown.text.is_empty() {
        seen.line(&shown.text);
        seen.links.append(&mut shown.links);
    }
    Ok(size)
}

#[cfg(test)]
mod tests;
