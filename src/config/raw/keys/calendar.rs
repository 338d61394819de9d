//! Of a calendar, a file of its own.

use super::{Form, Keys, Kind, key};

/// Of the file.
pub(in crate::config) const CALENDAR: Keys = &[
    key("id", Kind::Text, "What it is called. Default: the name of the file"),
    key(
        "weekend",
        Kind::Words(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        "Days of the week that are not worked",
    ),
    key("timezone", Kind::Open, "Told to readers; nothing follows from it"),
    key("name", Kind::Open, "Told to readers; nothing follows from it"),
    key(
        "covers",
        Kind::Table(CALENDAR_COVERS),
        "The days for which the schedule is known",
    ),
    key("year", Kind::List(CALENDAR_YEAR), "One year of the schedule each"),
];
/// Of what a calendar covers.
pub(in crate::config) const CALENDAR_COVERS: Keys = &[
    key("from", Kind::Form(Form::Day), "The first day"),
    key("to", Kind::Form(Form::Day), "The last day"),
];
/// Of one year of a calendar.
pub(in crate::config) const CALENDAR_YEAR: Keys = &[
    key("year", Kind::Whole(1970, 2199), "Which year"),
    key("document", Kind::Open, "Told to readers: where it was decreed"),
    key("published", Kind::Open, "Told to readers: when"),
    key("source", Kind::Open, "Told to readers: where it can be found"),
    key("holiday", Kind::List(CALENDAR_HOLIDAY), "Its holidays"),
];
/// Of one holiday of a calendar.
pub(in crate::config) const CALENDAR_HOLIDAY: Keys = &[
    key("name", Kind::Open, "What it is called"),
    key("off", Kind::Texts(Form::Day), "Days that are not worked"),
    key(
        "work",
        Kind::Texts(Form::Day),
        "Make-up days (调休): days of a weekend that are worked",
    ),
];
