//! Of people and units.

use super::settings::LOCALES;
use super::{Form, Keys, Kind, key, required};

/// Of `[people.ID]`.
pub(in crate::config) const PERSON: Keys = &[
    key(
        "name",
        Kind::Text,
        "What they are called; ledgers may name them by it. Default: the id",
    ),
    key("email", Kind::Text, "Their mail address"),
    key(
        "locale",
        Kind::Word(LOCALES),
        "Their language. Default: that of the configuration",
    ),
    key(
        "channels",
        Kind::Texts(Form::Any),
        "Their channels in order of preference. Default: mail, then those whose `members` name them",
    ),
    key("deputy", Kind::Text, "Who stands in while they are away"),
    key("away", Kind::List(AWAY), "Absences; the last day is included"),
    key("wecom", Kind::Handle, "Their WeCom userid, so that posts ring them"),
    key("dingtalk", Kind::Handle, "Their DingTalk userid"),
    key("feishu", Kind::Handle, "Their Feishu open_id"),
    key("slack", Kind::Handle, "Their Slack member ID"),
    key("teams", Kind::Handle, "Their sign-in name at Teams (UPN)"),
    key("discord", Kind::Handle, "Their Discord user ID, a number"),
    key("telegram", Kind::Handle, "Their Telegram user name or number"),
    key("mattermost", Kind::Handle, "Their Mattermost user name"),
    key("rocketchat", Kind::Handle, "Their Rocket.Chat user name"),
    key("matrix", Kind::Handle, "Their Matrix user id"),
    key("ntfy", Kind::Handle, "What they are called at ntfy"),
    key("gotify", Kind::Handle, "What they are called at Gotify"),
    key("mobile", Kind::Handle, "Their mobile number; DingTalk rings by it"),
];
/// Of one absence.
pub(in crate::config) const AWAY: Keys = &[
    required("from", Kind::Form(Form::Day), "The first day"),
    required("until", Kind::Form(Form::Day), "The last day, included"),
];
/// Of `[units.ID]`.
pub(in crate::config) const UNIT: Keys = &[
    key(
        "name",
        Kind::Text,
        "What it is called; ledgers may name it by it. Default: the id",
    ),
    key("aliases", Kind::Texts(Form::Any), "What ledgers call it too"),
    key("head", Kind::Text, "Its head (负责人), a person"),
    key(
        "contacts",
        Kind::Texts(Form::Any),
        "Its contacts (联系人), persons: they own its tasks where a row names no owner",
    ),
    key(
        "supervisor",
        Kind::Text,
        "Who watches its tasks (督导组): a person or a unit",
    ),
    key("group", Kind::Text, "Its messaging group, a channel"),
];
