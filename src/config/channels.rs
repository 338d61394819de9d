//! Channels: from their tables to the settings of `channel`.

mod budget;
mod robot;
mod twins;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;

use crate::channel::robot::VendorKind;
use crate::channel::{Lane, Settings, Target, email, webhook};
use crate::domain::id::{ChannelId, PersonId};

use super::address::{folder_at, is_loopback, is_open_road, mailbox, server};
use super::environment::Environment;
use super::faults::{Faults, Placed};
use super::names::Names;
use super::raw::{Raw, RawChannel, RawSecret};
use super::secrets::{InTheClear, resolve};
use super::settings::{wait, waits};

/// What every channel may have.
const LANE_KEYS: &[&str] = &["type", "budget", "retry", "timeout", "concurrency", "members"];
/// What a channel of type email may have beside them.
const EMAIL_KEYS: &[&str] = &["server", "username", "password", "from", "ca"];
/// What a channel of type webhook may have beside them.
const WEBHOOK_KEYS: &[&str] = &["url", "secret", "secrets"];
/// More at once than this is no good neighbour.
pub(super) const CONCURRENCY_MAX: i64 = 64;
/// A send that takes longer than this keeps its lane from others.
const TIMEOUT_SECONDS_MAX: i64 = 600;

/// All channels that are right; a fault for each that is not.
pub(super) fn settle(
    faults: &mut Faults,
    raw: &Raw,
    names: &Names,
    env: &Environment,
) -> BTreeMap<ChannelId, Settings> {
    let mut channels = BTreeMap::new();
    for (id, entry) in &raw.channels {
        if let Some(settings) = channel(faults, names, env, id, entry) {
            channels.insert(ChannelId::new(id.as_str()), settings);
        }
    }
    twins::warn(faults, raw, &channels);
    channels
}

/// What a channel of a type may have, its own keys first; none: there is no such type.
pub(super) fn keys_of(kind: &str) -> Option<Vec<&'static str>> {
    let own = match kind {
        "email" => EMAIL_KEYS,
        "webhook" => WEBHOOK_KEYS,
        _ => robot::keys(vendor_of(kind)?),
    };
    Some(own.iter().chain(LANE_KEYS).copied().collect())
}

/// What a channel of a type must have, beside the type.
pub(super) fn required_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "email" => &["server", "from"],
        "webhook" => &["url"],
        _ => vendor_of(kind).map_or(&[], robot::required),
    }
}

/// Every type there is.
pub(super) fn kinds() -> Vec<&'static str> {
    let vendors = VendorKind::ALL.iter().map(|vendor| vendor.as_str());
    ["email", "webhook"].into_iter().chain(vendors).collect()
}

fn vendor_of(kind: &str) -> Option<VendorKind> {
    VendorKind::ALL.into_iter().find(|vendor| vendor.as_str() == kind)
}

/// The type that another name of a chat stands for.
fn alias(kind: &str) -> Option<&'static str> {
    let vendor = match kind.to_lowercase().as_str() {
        "lark" | "飞书" => VendorKind::Feishu,
        "wechat" | "weixin" | "qywx" | "wechatwork" | "wxwork" | "企业微信" => VendorKind::Wecom,
        "dingding" | "ding" | "钉钉" => VendorKind::Dingtalk,
        "rocket.chat" | "rocket-chat" | "rocket_chat" => VendorKind::Rocketchat,
        "msteams" | "ms-teams" | "microsoft-teams" => VendorKind::Teams,
        "mail" | "smtp" | "邮件" => return Some("email"),
        _ => return None,
    };
    Some(vendor.as_str())
}

fn unknown_kind(faults: &mut Faults, kind: &Placed<String>) {
    let text = format!("channel type `{}` is unknown", kind.value);
    if let Some(meant) = alias(&kind.value) {
        faults.error_hint(kind.place, text, format!("did you mean `{meant}`?"));
        return;
    }
    let known = kinds();
    let all = Some(known.join(", "));
    faults.unknown(kind.place, text, &kind.value, known.iter().copied(), all);
}

fn channel(
    faults: &mut Faults,
    names: &Names,
    env: &Environment,
    id: &str,
    entry: &Placed<RawChannel>,
) -> Option<Settings> {
    let raw = &entry.value;
    let kind = raw.kind.as_ref()?;
    let vendor = vendor_of(&kind.value);
    let Some(keys) = keys_of(&kind.value) else {
        unknown_kind(faults, kind);
        return None;
    };
    for (key, place) in &raw.present {
        if !keys.contains(key) {
            let text = format!("`{key}` does not belong to a channel of type {}", kind.value);
            faults.error_hint(*place, text, format!("it may have: {}", keys.join(", ")));
        }
    }
    match vendor {
        Some(vendor) => {
            let lane = lane(faults, names, raw, Some(vendor), Lane::robot(vendor.budgets()));
            robot::settings(faults, env, vendor, id, entry, lane).map(Settings::Robot)
        }
        None if kind.value == "email" => {
            let lane = lane(faults, names, raw, None, Lane::email());
            email_settings(faults, env, id, entry, lane).map(Settings::Email)
        }
        None => {
            let lane = lane(faults, names, raw, None, Lane::webhook());
            webhook_settings(faults, env, id, entry, lane).map(Settings::Webhook)
        }
    }
}

/// What every channel may say of itself, over the defaults of its type.
fn lane(faults: &mut Faults, names: &Names, raw: &RawChannel, vendor: Option<VendorKind>, default: Lane) -> Lane {
    let concurrency = raw.concurrency.as_ref().and_then(|number| {
        if !(1..=CONCURRENCY_MAX).contains(&number.value) {
            faults.error(
                number.place,
                format!("`concurrency` must be from 1 to {CONCURRENCY_MAX}"),
            );
        }
        usize::try_from(number.value).ok()
    });
    let timeout = raw.timeout.as_ref().and_then(|text| {
        let timeout = wait(faults, text)?;
        if timeout > TimeDelta::seconds(TIMEOUT_SECONDS_MAX) {
            faults.error(text.place, format!("`timeout` must be at most {TIMEOUT_SECONDS_MAX}s"));
        }
        Some(timeout)
    });
    let members: Vec<PersonId> = raw
        .members
        .iter()
        .filter_map(|name| names.person(faults, name))
        .collect();
    Lane {
        budgets: match &raw.budget {
            Some(text) => budget::read(faults, vendor, text),
            None => default.budgets,
        },
        concurrency: concurrency.unwrap_or(default.concurrency),
        timeout: timeout.unwrap_or(default.timeout),
        retry: raw
            .retry
            .as_ref()
            .map(|texts| waits(faults, texts))
            .filter(|waits| !waits.is_empty()),
        members,
    }
}

fn email_settings(
    faults: &mut Faults,
    env: &Environment,
    id: &str,
    entry: &Placed<RawChannel>,
    lane: Lane,
) -> Option<email::Settings> {
    let raw = &entry.value;
    require(
        faults,
        id,
        entry,
        raw.server.is_some(),
        "server",
        "smtp://, smtp+starttls://, smtps:// or file:DIR",
    );
    require(
        faults,
        id,
        entry,
        raw.from.is_some(),
        "from",
        "the sender, for example \"督办办公室 <duban@example.org>\"",
    );
    let password = raw
        .password
        .as_ref()
        .map(|secret| resolve(faults, env, "password", secret, InTheClear::Warn));
    match (&raw.username, &raw.password) {
        (Some(username), None) => faults.error(username.place, "a `username` without a `password`"),
        (None, Some(password)) => faults.error(password.place, "a `password` without a `username`"),
        _ => {}
    }
    let from = raw.from.as_ref().and_then(|text| {
        let found = mailbox(&text.value);
        if found.is_none() {
            let wrong = format!("`{}` is no sender", text.value);
            faults.error_hint(text.place, wrong, "write \"NAME <ADDRESS>\" or \"ADDRESS\"");
        }
        found
    });
    let server = raw.server.as_ref().and_then(|text| {
        let server = server(faults, text);
        if let (
            Some(email::Server::Smtp {
                host,
                tls: email::Tls::None,
                ..
            }),
            true,
        ) = (&server, raw.username.is_some())
            && !is_loopback(host)
        {
            faults.error_hint(
                text.place,
                "a login over a connection that is not encrypted",
                "use smtps:// or smtp+starttls://",
            );
        }
        server
    });
    let ca_file = raw.ca.as_ref().map(|path| ca_file(faults, path));
    Some(email::Settings {
        server: server?,
        username: raw.username.as_ref().map(|text| text.value.clone()),
        password: password.flatten(),
        from: from?,
        ca_file,
        lane,
    })
}

fn ca_file(faults: &mut Faults, path: &Placed<String>) -> PathBuf {
    let file = faults.folder(path.place).join(&path.value);
    match std::fs::read(&file) {
        Err(error) => faults.error(path.place, format!("`{}`: {error}", file.display())),
        Ok(bytes) if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => {
            faults.error(path.place, format!("`{}` holds no PEM certificate", file.display()));
        }
        Ok(_) => {}
    }
    file
}

fn webhook_settings(
    faults: &mut Faults,
    env: &Environment,
    id: &str,
    entry: &Placed<RawChannel>,
    lane: Lane,
) -> Option<webhook::Settings> {
    let raw = &entry.value;
    require(
        faults,
        id,
        entry,
        raw.url.is_some(),
        "url",
        "https://…, http://… or file:DIR",
    );
    let mut secrets = Vec::new();
    for secret in &raw.secrets {
        let found = resolve(faults, env, "secret", secret, InTheClear::Warn);
        if let Some(Err(error)) = found
            .as_ref()
            .map(|found| webhook::Settings::check_secret(found.reveal()))
        {
            let hint = "make one: printf 'whsec_%s\\n' \"$(head -c 32 /dev/urandom | base64)\"";
            faults.error_hint(secret.place, error.to_string(), hint);
        }
        secrets.extend(found);
    }
    let target = target(faults, env, raw.url.as_ref()?)?;
    Some(webhook::Settings { target, secrets, lane })
}

/// Where posts go: an address, or a folder in its place.
fn target(faults: &mut Faults, env: &Environment, url: &Placed<RawSecret>) -> Option<Target> {
    let secret = resolve(faults, env, "url", url, InTheClear::Allow)?;
    let text = secret.reveal().trim();
    if let Some(folder) = text.strip_prefix("file:") {
        return folder_at(faults, url.place, folder).map(Target::Folder);
    }
    if let Err(error) = webhook::Settings::check_url(text) {
        // The address itself may be a secret, so it is not repeated.
        let from = if matches!(url.value, RawSecret::Clear(_)) {
            "`url`"
        } else {
            "the value of `url`"
        };
        let wrong = format!("{from} is no address: {error}");
        faults.error_hint(url.place, wrong, "https://HOST/PATH, http://HOST/PATH or file:DIR");
        return None;
    }
    // The address is often all the secret there is.
    if is_open_road(text) {
        faults.warning_hint(
            url.place,
            "over http:// the address and the posts go in the clear",
            "write https://, where the server has it",
        );
    }
    Some(Target::Url(crate::secret::Secret::new(text)))
}

fn require(faults: &mut Faults, id: &str, entry: &Placed<RawChannel>, has: bool, key: &'static str, hint: &str) {
    let present = entry.value.present.iter().any(|(name, _)| *name == key);
    if !has && !present && !entry.value.guessed.contains(&key) {
        faults.error_hint(entry.place, format!("`channels.{id}` has no `{key}`"), hint);
    }
}
