//! Of `duban.toml` and the files it includes: what stands at the top, and the tables of plain settings.

use super::{COLUMNS, Form, Keys, Kind, LADDER, PERSON, REVIEW, SCORES, TASK, UNIT, key};

/// Of a file.
pub(in crate::config) const TOP: Keys = &[
    key(
        "timezone",
        Kind::Form(Form::Zone),
        "The IANA time zone of all local times and bare dates. Default: `UTC`",
    ),
    key(
        "locale",
        Kind::Word(LOCALES),
        "The language of messages; a person may have their own. Default: `en`",
    ),
    key(
        "calendar",
        Kind::Form(Form::Calendar),
        "Which days are worked: `cn-mainland`, `mon-fri`, `every-day`, or the path of a `.toml` or `.ics` calendar. \
         `calendars/ID.toml` beside this file wins over a built-in one. Default: `mon-fri`",
    ),
    key(
        "ledger",
        Kind::Texts(Form::Any),
        "Files of the ledger, relative to this file: `.csv`, `.toml` or `.xlsx`; patterns such as `ledger/*.csv`",
    ),
    key(
        "include",
        Kind::Texts(Form::Any),
        "Further files of the same shape, relative to this file; a pattern such as `conf.d/*.toml` may match nothing",
    ),
    key(
        "office",
        Kind::Text,
        "The person or unit that runs Duban, and hears of everything undeliverable. One of the files must name it",
    ),
    key(
        "templates",
        Kind::Text,
        "A folder of overrides of the built-in message templates",
    ),
    key(
        "calendar_days",
        Kind::Table(CALENDAR_DAYS),
        "Days on top of the calendar, which win over it",
    ),
    key("store", Kind::Table(STORE), "Where Duban remembers"),
    key(
        "web",
        Kind::Table(WEB),
        "Where this stands: `/healthz`, `/readyz` and `/metrics` for those who watch the daemon",
    ),
    key(
        "defaults",
        Kind::Table(DEFAULTS),
        "What holds where a task, a unit or a step does not say otherwise",
    ),
    key(
        "delivery",
        Kind::Table(DELIVERY),
        "How messages are tried, and given up",
    ),
    key(
        "ledger_columns",
        Kind::Headers(COLUMNS),
        "Headers of your tables that are neither the English nor the Chinese ones, for example `due = \"要求时间\"`",
    ),
    key("charts", Kind::Table(CHARTS), "The pictures of reviews"),
    key(
        "audit",
        Kind::Table(AUDIT),
        "Every day what should have been sent is counted again against what was",
    ),
    key(
        "channels",
        Kind::Channels,
        "By what messages leave: mail, groups, webhooks",
    ),
    key("people", Kind::Entries(PERSON), "Who is told, by id"),
    key("units", Kind::Entries(UNIT), "Organisations, by id"),
    key(
        "ladders",
        Kind::Entries(LADDER),
        "Ladders, by id: when, how loud, to whom",
    ),
    key(
        "reviews",
        Kind::Entries(REVIEW),
        "Reviews, by id: summaries that come round",
    ),
    key(
        "scores",
        Kind::Table(SCORES),
        "How many of the hundred points each measure can earn",
    ),
    key("tasks", Kind::List(TASK), "Tasks; they may stand here, or in a ledger"),
];
/// The languages of messages.
pub(super) const LOCALES: &[&str] = &["zh-CN", "en"];
/// Of `[calendar_days]`.
pub(in crate::config) const CALENDAR_DAYS: Keys = &[
    key("off", Kind::Texts(Form::Day), "Days that are not worked here"),
    key(
        "work",
        Kind::Texts(Form::Day),
        "Days that are worked here, though the calendar says off",
    ),
];
/// Of `[store]`.
pub(in crate::config) const STORE: Keys = &[
    key(
        "url",
        Kind::Form(Form::Store),
        "`sqlite:PATH`, relative to this file. Default: `duban.db` in `$STATE_DIRECTORY`, else in `var/` beside this file",
    ),
    key(
        "keep",
        Kind::Text,
        "Words and files of delivered messages are kept so long, at least `30d`, or `forever`; notices, reviews as sent and \
         the journal always stay. Default: `24mo`",
    ),
];
/// Of `[web]`.
pub(in crate::config) const WEB: Keys = &[
    key(
        "listen",
        Kind::Text,
        "An address and a port; port 0 is any that is free, told in the log. Default: `127.0.0.1:8420`",
    ),
    key(
        "base_url",
        Kind::Text,
        "Where people reach it, for links in messages, which come with a later version",
    ),
];
/// Of `[audit]`.
pub(in crate::config) const AUDIT: Keys = &[
    key(
        "at",
        Kind::Form(Form::Time),
        "Local time of the daily count; a missed day is made up for once. Default: `07:30`",
    ),
    key(
        "report",
        Kind::Word(&["daily", "weekly", "problems"]),
        "When the office hears that all is well; problems are always told at once. Default: `weekly`",
    ),
    key(
        "heartbeat",
        Kind::Secret,
        "An address that is called only when the count is clean; a monitor there raises the alarm when it stays away",
    ),
];
/// Of `[defaults]`.
pub(in crate::config) const DEFAULTS: Keys = &[
    key("ladder", Kind::Text, "The ladder of tasks whose row and kind name none"),
    key("group", Kind::Text, "The channel of `group` for units without one"),
    key(
        "send_at",
        Kind::Form(Form::Time),
        "Local time of steps that count in days. Default: `09:00`",
    ),
    key(
        "close_of_day",
        Kind::Form(Form::Time),
        "A date-only deadline passes at this local time. Default: `18:00`",
    ),
    key(
        "hours",
        Kind::Form(Form::Hours),
        "Office hours on working days; outside of them notices below the level `escalate` wait. Default: always",
    ),
    key(
        "due_on_day_off",
        Kind::Word(&["as-written", "next"]),
        "With `next` a deadline on a day off passes on the next working day. Default: `as-written`",
    ),
    key(
        "yellow",
        Kind::Form(Form::Span),
        "A light turns yellow this long before the deadline. Default: `5wd`",
    ),
];
/// Of `[delivery]`.
pub(in crate::config) const DELIVERY: Keys = &[
    key("retry", Kind::Texts(Form::Wait), RETRY_DOC),
    key(
        "give_up",
        Kind::Form(Form::Wait),
        "After this long a message goes up the line. Default: `3d`",
    ),
    key(
        "gather",
        Kind::Form(Form::Pause),
        "How long a message waits for more notices to the same recipient; `0s` is not at all. Default: `2s`",
    ),
    key(
        "trial",
        Kind::Form(Form::Trial),
        "Everything goes to this person, marked for whom, from a store of its own. Without the key it is live",
    ),
];
/// What the waits between tries mean.
pub(super) const RETRY_DOC: &str = "Waits between tries, the last one repeats; at most 100. Default: `30s`, `2m`, `5m`, \
                                    `15m`, `30m`, `1h`, `2h`, `4h`";
/// Of `[charts]`.
pub(in crate::config) const CHARTS: Keys = &[key(
    "font_file",
    Kind::Text,
    "The font of pictures. Default: Noto Sans CJK or WenQuanYi, as Debian installs them",
)];
