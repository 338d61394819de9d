//! Of ladders and their steps.

use super::{Form, Keys, Kind, key, required};

/// Of `[ladders.ID]`.
pub(in crate::config) const LADDER: Keys = &[
    key("kinds", Kind::Texts(Form::Any), "Tasks of these kinds use it"),
    required("steps", Kind::List(STEP), "Its steps"),
];
/// Of one step.
pub(in crate::config) const STEP: Keys = &[
    key(
        "from",
        Kind::Word(&["due", "opened", "reported", "submitted", "closed"]),
        "The anchor: the deadline, the opening, the last report, the submission or the closing. Default: `due`",
    ),
    required(
        "at",
        Kind::Form(Form::Offset),
        "The distance from the anchor: `-` before, `+` after, `0d` on the day; `wd` working days, `d`, `w`, `mo` calendar, \
         `h`, `m`, `s` exact. Only `due` has a before",
    ),
    required(
        "level",
        Kind::Word(&["remind", "warn", "due", "overdue", "escalate", "summon"]),
        "How loud: remind 提醒 < warn 预警 < due 到期 < overdue 催办 < escalate 督办 < summon 约谈",
    ),
    required(
        "to",
        Kind::Texts(Form::Role),
        "To whom: owner, contacts, head, lead, supervisor, office, group, `person:ID`, `unit:ID` or `channel:ID`",
    ),
    key(
        "every",
        Kind::Form(Form::Span),
        "It repeats so often, until it is settled",
    ),
    key(
        "times",
        Kind::Whole(1, 4_294_967_295),
        "How often in all, with `every`. Default: until it is settled",
    ),
    key(
        "until",
        Kind::Word(&[
            "acknowledged",
            "reported",
            "submitted",
            "reviewed",
            "closed",
            "reopened",
        ]),
        "What settles it. Default by anchor: due and reported `submitted`, opened `acknowledged`, submitted `reviewed`, \
         closed `reopened`",
    ),
    key(
        "roll",
        Kind::Word(&["none", "working-day"]),
        "With `none` it stays on a day off, else it moves to a working day. Default: `working-day`",
    ),
    key(
        "via",
        Kind::Word(&["first", "all"]),
        "On the first usable channel of each person, or on all. Default: `first`",
    ),
    key(
        "channels",
        Kind::Texts(Form::Any),
        "Only by these channels, in this order; adds none to a person's own",
    ),
];
