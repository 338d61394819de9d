//! Of channels. Which keys belong to which type is told in `config::channels`.

use crate::config::channels::CONCURRENCY_MAX;

use super::settings::RETRY_DOC;
use super::{Form, Keys, Kind, key, required};

/// Of `[channels.ID]`, whatever its type.
pub(in crate::config) const CHANNEL: Keys = &[
    required("type", Kind::Text, "What kind of channel it is"),
    key(
        "server",
        Kind::Form(Form::Server),
        "The mail server: `smtps://HOST:465`, `smtp+starttls://HOST:587`, `smtp://HOST:25`, or `file:DIR`, which writes \
         one `.eml` for each mail",
    ),
    key("username", Kind::Text, "The login at the mail server; needs `password`"),
    key("password", Kind::Secret, "The password of `username`"),
    key("from", Kind::Text, "The sender: `NAME <ADDRESS>` or `ADDRESS`"),
    key(
        "ca",
        Kind::Text,
        "A file of PEM certificates that are trusted beside the system's",
    ),
    key(
        "url",
        Kind::Secret,
        "The address; that of a group's robot is its password. `file:DIR` writes one `.json` for each message",
    ),
    key(
        "secret",
        Kind::Secret,
        "What signs each post: `whsec_…` of a webhook, 加签 or 签名校验 of a robot",
    ),
    key(
        "secrets",
        Kind::Secrets,
        "In place of `secret`, while it is changed: several, the present one first",
    ),
    key(
        "keyword",
        Kind::Text,
        "One plain word that stands in every post, for robots secured by keywords; up to 50 characters",
    ),
    key("token", Kind::Secret, "The access token"),
    key(
        "chat_id",
        Kind::Number,
        "Telegram: the chat's number, or `@channelname`",
    ),
    key("room", Kind::Text, "Matrix: the room's internal id, `!…`"),
    key(
        "topic",
        Kind::Number,
        "ntfy: the topic's name. Telegram: the number of a topic in the chat",
    ),
    key(
        "budget",
        Kind::Form(Form::Budget),
        "At most so many posts in so much time: `18/min`, or several, `18/min, 1/3 s`; at most 8. Default: the vendor's, \
         none for mail and webhooks",
    ),
    key("retry", Kind::Texts(Form::Wait), RETRY_DOC),
    key(
        "timeout",
        Kind::Form(Form::Wait),
        "How long one send may take; at most `600s`. Default: `30s`",
    ),
    key(
        "concurrency",
        Kind::Whole(1, CONCURRENCY_MAX),
        "Sends at once. Default: 4 for mail and webhooks, 1 for groups",
    ),
    key(
        "members",
        Kind::Texts(Form::Any),
        "People whom a post here reaches: it counts among their channels",
    ),
];
/// Of a secret that does not stand in the clear.
pub(in crate::config) const SECRET: Keys = &[
    key(
        "credential",
        Kind::Text,
        "The name of a systemd credential (`LoadCredential=NAME:PATH` in the unit)",
    ),
    key("env", Kind::Text, "The name of an environment variable"),
    key(
        "file",
        Kind::Text,
        "The path of a file, relative to this one, that others cannot read (mode 600)",
    ),
];
