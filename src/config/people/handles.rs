//! How each vendor calls a person. A handle goes into posts as it stands, so it must be of the form that the vendor gives
//! out, and one person's alone.

use std::collections::BTreeMap;

use crate::config::address::is_address;
use crate::config::faults::{Faults, Placed};
use crate::config::raw::{Raw, RawPerson};

/// Words by which a vendor rings more than one.
const EVERYBODY: [&str; 6] = ["all", "everyone", "channel", "here", "room", "0"];

/// A person's handles by their keys, without the `@` that only introduces one; faults for what is none.
pub(super) fn handles(faults: &mut Faults, entry: &RawPerson) -> BTreeMap<String, String> {
    let mut handles = BTreeMap::new();
    for (key, handle) in &entry.handles {
        let text = bare(key, &handle.value);
        if EVERYBODY.contains(&text.to_lowercase().as_str()) {
            let wrong = format!("`{}` would ring everybody", handle.value);
            faults.error_hint(handle.place, wrong, "a handle belongs to one person");
        } else if !is_handle(key, text) {
            let wrong = format!("`{}` is no handle of one person at {key}", handle.value);
            faults.error_hint(handle.place, wrong, hint(key));
        } else {
            if *key == "feishu" && !text.starts_with("ou_") {
                warn_of_user_id(faults, handle);
            }
            handles.insert((*key).to_owned(), text.to_owned());
        }
    }
    handles
}

/// Two people who are rung as one: one of them never is.
pub(super) fn warn_of_shared(faults: &mut Faults, raw: &Raw) {
    let mut known: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (id, entry) in &raw.people {
        for (key, handle) in &entry.value.handles {
            let Some(other) = known.insert((*key, bare(key, &handle.value)), id) else {
                continue;
            };
            let text = format!("`{other}` and `{id}` have the same handle at {key}: `{}`", handle.value);
            faults.warning_hint(handle.place, text, "only the person whose handle it is will be rung");
        }
    }
}

/// An `@` introduces a handle everywhere but at Matrix, where it is its first letter.
fn bare<'a>(key: &str, text: &'a str) -> &'a str {
    if key == "matrix" {
        text
    } else {
        text.strip_prefix('@').unwrap_or(text)
    }
}

fn is_handle(key: &str, text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match key {
        "discord" => is_digits && (15..=21).contains(&text.len()),
        "slack" => text.strip_prefix(['U', 'W', 'B']).is_some_and(is_slack_rest),
        "matrix" => is_matrix_user(text),
        "telegram" => is_digits || is_telegram_name(text),
        "teams" => is_address(text) || is_guid(text),
        "feishu" => is_word(text, "_-"),
        "mobile" => is_mobile(text),
        _ => is_word(text, "._-+@:=/"),
    }
}

fn hint(key: &str) -> &'static str {
    match key {
        "discord" => "write the user's id, 15 to 21 digits, for example \"123456789012345678\"",
        "slack" => "write the member id, for example \"U012AB3CD\", from the profile's menu",
        "matrix" => "write the whole user id, for example \"@chen:example.org\"",
        "telegram" => "write the user name, 5 to 32 letters, digits and _, or the user's number",
        "teams" => "write the address with which they sign in, or their object id in Entra",
        "feishu" => "write the open_id, for example \"ou_7dab8a3d3cdcc9da365777c7ad535d62\"",
        "mobile" => "write digits, for example \"13800001111\", or from abroad \"+852-12345678\"",
        "mattermost" | "rocketchat" => "write the user name, without blanks or brackets",
        _ => "write the id by which the vendor knows them, without blanks or brackets",
    }
}

fn warn_of_user_id(faults: &mut Faults, handle: &Placed<String>) {
    faults.warning_hint(
        handle.place,
        format!("`{}` is no open_id of Feishu", handle.value),
        "an open_id begins with ou_; a user_id rings within one's own tenant only, and nobody is told where it does not",
    );
}

/// Letters of any script, digits, and these marks.
fn is_word(text: &str, marks: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || marks.contains(c))
}

fn is_slack_rest(rest: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    !rest.is_empty() && rest.bytes().all(is_letter)
}

fn is_matrix_user(text: &str) -> bool {
    let parts = text.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(name, server)| is_word(name, "._-+=/") && is_word(server, ".-:[]"))
}

fn is_telegram_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (5..=32).contains(&text.len()) && text.bytes().all(is_letter)
}

/// 8-4-4-4-12 digits of base 16.
fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_mobile(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_mark = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(is_mark)
}
