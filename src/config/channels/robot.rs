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
fn required(vendor: VendorKind) -> &'static [&'static str] {
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
    for key in required(vendor) {
        require(faults, id, entry, false, key, hint(vendor, key));
    }
    let token = match &raw.token {
        Some(secret) => Some(token(faults, env, vendor, secret)?),
        None => None,
    };
    let secret = match raw.secrets.as_slice() {
        [] => None,
        [one] => Some(resolve(faults, env, "secret", one, InTheClear::Warn)?),
        [_, second, ..] => {
            faults.error(second.place, format!("a {} robot has one `secret`", vendor.as_str()));
            return None;
        }
    };
    let keyword = keyword(faults, raw.keyword.as_ref())?;
    let chat_id = proven(faults, raw.chat_id.as_ref(), is_chat_id, hint(vendor, "chat_id"))?;
    let room = proven(faults, raw.room.as_ref(), is_room, hint(vendor, "room"))?;
    let topic = if vendor == VendorKind::Telegram {
        proven(
            faults,
            raw.topic.as_ref(),
            is_number,
            "the number of the topic in the chat",
        )?
    } else {
        proven(faults, raw.topic.as_ref(), is_topic, hint(vendor, "topic"))?
    };
    let target = match &raw.url {
        Some(url) => {
            let target = target(faults, env, url)?;
            if let Target::Url(address) = &target
                && let Err(wrong) = vendor.check_address(address.reveal())
            {
                faults.error_hint(url.place, wrong, url_hint(vendor));
                return None;
            }
            warn_of_address_in_the_clear(faults, vendor, url);
            target
        }
        None => Target::Url(Secret::new(vendor.default_url()?)),
    };
    let is_complete = required(vendor)
        .iter()
        .all(|key| raw.present.iter().any(|(name, _)| name == key));
    is_complete.then_some(())?;
    Some(Settings {
        vendor,
        target,
        token,
        secret,
        keyword,
        chat_id,
        room,
        topic,
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

/// The word as it stands; the outer none: it is empty.
#[expect(
    clippy::option_option,
    reason = "not there, there and right, there and wrong: three answers"
)]
fn keyword(faults: &mut Faults, raw: Option<&Placed<String>>) -> Option<Option<String>> {
    let Some(word) = raw else {
        return Some(None);
    };
    if word.value.trim().is_empty() {
        let hint = "write the word that the robot's settings ask for, or leave `keyword` away";
        faults.error_hint(word.place, "`keyword` is empty", hint);
        return None;
    }
    Some(Some(word.value.clone()))
}

fn token(faults: &mut Faults, env: &Environment, vendor: VendorKind, raw: &Placed<RawSecret>) -> Option<Secret> {
    let secret = resolve(faults, env, "token", raw, InTheClear::Warn)?;
    let text = secret.reveal();
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
    let Some(text) = text else {
        return Some(None);
    };
    if is_right(&text.value) {
        return Some(Some(text.value.clone()));
    }
    faults.error_hint(text.place, format!("`{}` is of another form", text.value), hint);
    None
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).parse::<u64>().is_ok()
}

fn is_chat_id(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_number(text) || text.strip_prefix('@').is_some_and(is_name)
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
