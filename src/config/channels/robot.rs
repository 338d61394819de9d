//! Group robots: what each vendor's channel needs, and what is wrong with an address before anything is sent to it.

use crate::channel::robot::{Settings, VendorKind};
use crate::channel::{Lane, Target};
use crate::config::address::is_loopback_url;
use crate::config::environment::Environment;
use crate::config::faults::{Faults, Placed};
use crate::config::raw::{RawChannel, RawSecret};
use crate::config::secrets::{InTheClear, resolve, warn_in_the_clear};
use crate::secret::Secret;

use super::{require, target};

/// What a channel of this vendor must have.
pub(super) fn required(vendor: VendorKind) -> &'static [&'static str] {
    match vendor {
        VendorKind::Telegram => &["token", "chat_id"],
        VendorKind::Matrix => &["url", "token", "room"],
        VendorKind::Ntfy => &["topic"],
        VendorKind::Gotify => &["url", "token"],
        VendorKind::Wecom
        | VendorKind::Dingtalk
        | VendorKind::Feishu
        | VendorKind::Slack
        | VendorKind::Teams
        | VendorKind::Discord
        | VendorKind::Mattermost
        | VendorKind::Rocketchat => &["url"],
    }
}

/// What it may have, beside what every channel may.
pub(super) fn keys(vendor: VendorKind) -> &'static [&'static str] {
    match vendor {
        VendorKind::Dingtalk | VendorKind::Feishu => &["url", "secret", "keyword"],
        VendorKind::Telegram => &["url", "token", "chat_id", "topic", "keyword"],
        VendorKind::Matrix => &["url", "token", "room", "keyword"],
        VendorKind::Ntfy => &["url", "topic", "token", "keyword"],
        VendorKind::Gotify => &["url", "token", "keyword"],
        VendorKind::Wecom
        | VendorKind::Slack
        | VendorKind::Teams
        | VendorKind::Discord
        | VendorKind::Mattermost
        | VendorKind::Rocketchat => &["url", "keyword"],
    }
}

/// The address as the vendor shows it.
fn url_hint(vendor: VendorKind) -> &'static str {
    match vendor {
        VendorKind::Wecom => "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
        VendorKind::Dingtalk => "https://oapi.dingtalk.com/robot/send?access_token=…",
        VendorKind::Feishu => "https://open.feishu.cn/open-apis/bot/v2/hook/…",
        VendorKind::Slack => "https://hooks.slack.com/services/T…/B…/…",
        VendorKind::Teams => "the URL that the flow \"When a Teams webhook request is received\" shows",
        VendorKind::Discord => "https://discord.com/api/webhooks/ID/TOKEN",
        VendorKind::Telegram => "https://api.telegram.org, or leave it out",
        VendorKind::Mattermost => "https://HOST/hooks/ID",
        VendorKind::Rocketchat => "https://HOST/hooks/ID/TOKEN",
        VendorKind::Matrix => "the home server, for example https://matrix.example.org",
        VendorKind::Ntfy => "https://ntfy.sh, or your own server; or leave it out",
        VendorKind::Gotify => "your server, for example https://gotify.example.org",
    }
}

fn hint(vendor: VendorKind, key: &str) -> &'static str {
    match key {
        "url" => url_hint(vendor),
        "token" => "a secret: { credential = \"NAME\" }, { env = \"NAME\" } or { file = \"PATH\" }",
        "chat_id" => "the chat's number, for example \"-1001234567890\", or \"@channelname\"",
        "room" => "the room's internal id, for example \"!abc123:example.org\"",
        _ => "the topic's name: letters, digits, - and _",
    }
}

/// The settings of a robot; none, and a fault for each thing that is wrong, where they are not right.
pub(super) fn settings(
    faults: &mut Faults,
    env: &Environment,
    vendor: VendorKind,
    id: &str,
    entry: &Placed<RawChannel>,
    lane: Lane,
) -> Option<Settings> {
    let raw = &entry.value;
    // All of it is looked at before the first thing that is wrong ends it: all faults at once.
    let target = place(faults, env, vendor, raw);
    let required = match &target {
        // A folder asks for no name and no token.
        Some(Target::Folder(_)) => &[][..],
        Some(Target::Url(_) | Target::Scratch(_)) | None => required(vendor),
    };
    for key in required {
        require(faults, id, entry, false, key, hint(vendor, key));
    }
    let token = optional(raw.token.as_ref(), |secret| token(faults, env, vendor, secret));
    let secret = optional(raw.secrets.first(), |one| {
        resolve(faults, env, "secret", one, InTheClear::Warn)
    });
    if let Some(second) = raw.secrets.get(1) {
        faults.error(second.place, format!("a {} robot has one `secret`", vendor.as_str()));
        return None;
    }
    let keyword = optional(raw.keyword.as_ref(), |text| keyword(faults, text));
    let chat_id = proven(faults, raw.chat_id.as_ref(), is_chat_id, hint(vendor, "chat_id"));
    let room = proven(faults, raw.room.as_ref(), is_room, hint(vendor, "room"));
    let topic = if vendor == VendorKind::Telegram {
        let hint = "the number of the topic in the chat";
        proven(faults, raw.topic.as_ref(), is_number, hint)
    } else {
        proven(faults, raw.topic.as_ref(), is_topic, hint(vendor, "topic"))
    };
    let is_complete = required
        .iter()
        .all(|key| raw.present.iter().any(|(name, _)| name == key));
    is_complete.then_some(())?;
    Some(Settings {
        vendor,
        target: target?,
        token: token?,
        secret: secret?,
        keyword: keyword?,
        chat_id: chat_id?,
        room: room?,
        topic: topic?,
        lane,
    })
}

/// Whoever knows a webhook's address posts to its group.
fn warn_of_address_in_the_clear(faults: &mut Faults, vendor: VendorKind, url: &Placed<RawSecret>) {
    let is_server = matches!(
        vendor,
        VendorKind::Telegram | VendorKind::Matrix | VendorKind::Ntfy | VendorKind::Gotify
    );
    if let RawSecret::Clear(text) = &url.value
        && !is_server
        && !text.trim().starts_with("file:")
        && !is_loopback_url(text.trim())
    {
        warn_in_the_clear(faults, "url", url.place);
    }
}

/// Where its posts go; none where that is wrong, or missing.
fn place(faults: &mut Faults, env: &Environment, vendor: VendorKind, raw: &RawChannel) -> Option<Target> {
    let Some(url) = &raw.url else {
        return Some(Target::Url(Secret::new(vendor.default_url()?)));
    };
    let target = target(faults, env, url)?;
    if let Target::Url(address) = &target
        && let Err(wrong) = vendor.check_address(address.reveal())
    {
        faults.error_hint(url.place, wrong, url_hint(vendor));
        return None;
    }
    warn_of_address_in_the_clear(faults, vendor, url);
    Some(target)
}

fn token(faults: &mut Faults, env: &Environment, vendor: VendorKind, raw: &Placed<RawSecret>) -> Option<Secret> {
    let secret = resolve(faults, env, "token", raw, InTheClear::Warn)?;
    let text = secret.reveal();
    if vendor == VendorKind::Gotify && text.starts_with('C') {
        let hint = "posts need an application's, which begins with A: Apps, Create Application";
        faults.error_hint(raw.place, "the value of `token` is a client's token", hint);
        return None;
    }
    let (is_fit, hint) = if vendor == VendorKind::Telegram {
        let is_fit = text.split_once(':').is_some_and(|(bot, key)| {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            !bot.is_empty() && bot.bytes().all(|c| c.is_ascii_digit()) && !key.is_empty() && key.chars().all(is_letter)
        });
        (is_fit, "BotFather shows it as NUMBER:LETTERS")
    } else {
        let is_fit = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        (is_fit, "it is one word of letters, digits and marks")
    };
    if is_fit {
        return Some(secret);
    }
    faults.error_hint(raw.place, "the value of `token` is no token", hint);
    None
}

/// What no dialect writes otherwise than it reads, so that the vendor finds the word in every post.
fn keyword(faults: &mut Faults, text: &Placed<String>) -> Option<String> {
    let word = &text.value;
    let hint = "one word of letters and digits as in the robot's settings, for example 督办; or leave `keyword` away";
    let letters = word.chars().count();
    let is_mark = |c: &char| c.is_whitespace() || c.is_control() || KEYWORD_MARKS.contains(c);
    let wrong = if word.is_empty() {
        "`keyword` is empty".to_owned()
    } else if letters > KEYWORD_CHARS_MAX {
        format!("`keyword` has {letters} characters; it may have {KEYWORD_CHARS_MAX}")
    } else if word.contains(char::is_whitespace) {
        "`keyword` is more than one word".to_owned()
    } else if let Some(mark) = word.chars().find(is_mark) {
        format!("`keyword` holds `{mark}`, which a post may have to write otherwise")
    } else {
        return Some(word.clone());
    };
    faults.error_hint(text.place, wrong, hint);
    None
}

/// Longer than any word that a robot's settings take.
const KEYWORD_CHARS_MAX: usize = 50;
/// What one dialect or another gives a meaning.
const KEYWORD_MARKS: &[char] = &[
    '<', '>', '@', '*', '_', '~', '[', ']', '(', ')', '`', '|', '\\', '&', '#',
];

/// What is made of a value; the outer none: it is there and wrong.
#[expect(
    clippy::option_option,
    reason = "not there, there and right, there and wrong: three answers"
)]
fn optional<T, U>(value: Option<&T>, make: impl FnOnce(&T) -> Option<U>) -> Option<Option<U>> {
    value.map_or(Some(None), |value| make(value).map(Some))
}

/// A text that must be of a certain form; the outer none: it is not.
#[expect(
    clippy::option_option,
    reason = "not there, there and right, there and wrong: three answers"
)]
fn proven(
    faults: &mut Faults,
    text: Option<&Placed<String>>,
    is_right: fn(&str) -> bool,
    hint: &'static str,
) -> Option<Option<String>> {
    optional(text, |text| {
        if is_right(&text.value) {
            return Some(text.value.clone());
        }
        faults.error_hint(text.place, format!("`{}` is of another form", text.value), hint);
        None
    })
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).parse::<u64>().is_ok()
}

fn is_chat_id(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // No chat has the number 0.
    (is_number(text) && text.bytes().any(|digit| matches!(digit, b'1'..=b'9')))
        || text.strip_prefix('@').is_some_and(is_name)
}

/// An alias (`#room:server`) may come to mean another room; the id is the room.
fn is_room(text: &str) -> bool {
    text.strip_prefix('!').is_some_and(|rest| !rest.is_empty()) && text.chars().all(|c| c.is_ascii_graphic())
}

/// By ntfy's own rule.
fn is_topic(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=64).contains(&text.len()) && text.chars().all(is_letter)
}
