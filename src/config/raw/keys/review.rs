//! Of reviews, their meetings, and scores.

use super::{Form, Keys, Kind, key, required};

/// Of `[reviews.ID]`.
pub(in crate::config) const REVIEW: Keys = &[
    required(
        "cron",
        Kind::Form(Form::Cron),
        "When, in `timezone`: minute hour day month weekday, for example `30 8 * * MON`; six fields have seconds first",
    ),
    required(
        "to",
        Kind::Texts(Form::Audience),
        "To whom: office, leads, heads, supervisors, owners, `person:ID`, `unit:ID` or `channel:ID`",
    ),
    key(
        "on_day_off",
        Kind::Word(&["next-working-day", "skip", "send"]),
        "What a day off does to it. Default: `next-working-day`",
    ),
    key(
        "late_limit",
        Kind::Form(Form::Span),
        "A missed one is still sent this long after. Default: `2d`",
    ),
    key(
        "attach",
        Kind::Words(&["xlsx", "csv"]),
        "In which forms each one's part of the ledger goes with their mail",
    ),
    key(
        "pictures",
        Kind::Flag,
        "Whether who sees the whole ledger sees its course. Default: true",
    ),
    key(
        "meeting",
        Kind::Table(MEETING),
        "A meeting on the review's day, to which people are invited",
    ),
];
/// Of the meeting of a review.
pub(in crate::config) const MEETING: Keys = &[
    key("title", Kind::Text, "What it is called"),
    required("starts", Kind::Form(Form::Time), "The local time at which it begins"),
    key("length", Kind::Form(Form::Wait), "How long it takes. Default: `1h`"),
    key("place", Kind::Text, "Where it is held"),
    required(
        "organiser",
        Kind::Text,
        "The person to whom calendars answer; needs an `email`",
    ),
    key(
        "invite",
        Kind::Texts(Form::Audience),
        "Who is invited. Default: those of the review's `to`",
    ),
    key(
        "call_for_agenda",
        Kind::Form(Form::Span),
        "So long before it agenda items are called for. Default: not at all",
    ),
    key(
        "agenda_closes",
        Kind::Form(Form::Span),
        "So long before it the agenda goes out. Default: `2h`",
    ),
    key(
        "papers",
        Kind::Flag,
        "Whether the sheets of the tasks go with the agenda. Default: true",
    ),
];
/// Of `[scores]`: the weights, and the table of the worst.
pub(in crate::config) const SCORES: Keys = &[
    key(
        "on_time",
        Kind::Whole(0, 100),
        "Points for tasks that were done by the first date. Default: 40",
    ),
    key(
        "lateness",
        Kind::Whole(0, 100),
        "Points for few working days late, on average. Default: 20",
    ),
    key(
        "returns",
        Kind::Whole(0, 100),
        "Points for few submissions sent back. Default: 10",
    ),
    key(
        "extensions",
        Kind::Whole(0, 100),
        "Points for few later deadlines. Default: 10",
    ),
    key(
        "chasings",
        Kind::Whole(0, 100),
        "Points for few times chased. Default: 10",
    ),
    key(
        "relapses",
        Kind::Whole(0, 100),
        "Points for few closed and opened again. Default: 10",
    ),
    key(
        "worst",
        Kind::Table(SCORES_WORST),
        "The average for each task at which nothing of the points is left",
    ),
];
/// Of `[scores.worst]`.
pub(in crate::config) const SCORES_WORST: Keys = &[
    key("lateness", Kind::Whole(1, 10_000), "Working days late. Default: 20"),
    key("returns", Kind::Whole(1, 10_000), "Submissions sent back. Default: 1"),
    key("extensions", Kind::Whole(1, 10_000), "Later deadlines. Default: 1"),
    key("chasings", Kind::Whole(1, 10_000), "Times chased. Default: 5"),
    key("relapses", Kind::Whole(1, 10_000), "Times opened again. Default: 1"),
];
