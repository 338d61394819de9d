//! Scalar settings: zone, language, times of day, waits.

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::people::Locale;
use crate::files::date;
use crate::rules::calendar::{DueOnDayOff, Hours, Timing};

use super::faults::{Faults, Placed};
use super::raw::{Raw, Text};

/// Waits between tries where the configuration has none.
const RETRY: [i64; 8] = [30, 120, 300, 900, 1800, 3600, 7200, 14400];
/// More waits than this tell nothing: the last one repeats.
const RETRY_MAX: usize = 100;

pub(super) fn timing(faults: &mut Faults, raw: &Raw) -> Timing {
    let zone = raw
        .timezone
        .as_ref()
        .and_then(|name| zone(faults, name))
        .unwrap_or(Tz::UTC);
    let send_at = time(faults, raw.send_at.as_ref()).unwrap_or_else(|| clock(9, 0));
    let close_of_day = time(faults, raw.close_of_day.as_ref()).unwrap_or_else(|| clock(18, 0));
    let due_on_day_off = one_of(
        faults,
        raw.due_on_day_off.as_ref(),
        "due_on_day_off",
        &[("as-written", DueOnDayOff::AsWritten), ("next", DueOnDayOff::Next)],
    );
    Timing {
        zone,
        send_at,
        close_of_day,
        hours: raw.hours.as_ref().and_then(|text| hours(faults, text)),
        due_on_day_off: due_on_day_off.unwrap_or_default(),
        yellow: raw.yellow.as_ref().and_then(|text| span(faults, text)).unwrap_or(Span {
            amount: 5,
            unit: TimeUnit::WorkingDays,
        }),
    }
}

pub(super) fn locale(faults: &mut Faults, text: Option<&Placed<String>>) -> Option<Locale> {
    one_of(faults, text, "locale", &[("zh-CN", Locale::ZhCn), ("en", Locale::En)])
}

/// The value that a word stands for; a fault where it is none of them.
pub(super) fn one_of<T: Copy>(
    faults: &mut Faults,
    text: Option<&Placed<String>>,
    key: &str,
    words: &[(&'static str, T)],
) -> Option<T> {
    let text = text?;
    let found = words.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        let names = words.iter().map(|(word, _)| *word);
        let all = names.clone().collect::<Vec<_>>().join(", ");
        let wrong = format!("`{}` is no {key}", text.value);
        faults.unknown(text.place, wrong, &text.value, names, Some(format!("one of: {all}")));
    }
    found.map(|(_, value)| *value)
}

fn zone(faults: &mut Faults, name: &Placed<String>) -> Option<Tz> {
    match name.value.parse() {
        Ok(zone) => Some(zone),
        Err(_) => {
            let text = format!("time zone `{}` is unknown", name.value);
            let names = TZ_VARIANTS.iter().map(|zone| zone.name());
            faults.unknown(
                name.place,
                text,
                &name.value,
                names,
                Some("an IANA name, for example Asia/Shanghai".into()),
            );
            None
        }
    }
}

fn clock(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}

pub(super) fn time(faults: &mut Faults, text: Option<&Placed<String>>) -> Option<NaiveTime> {
    let text = text?;
    let found = date::parse_time(&text.value);
    if found.is_none() {
        faults.error_hint(
            text.place,
            format!("`{}` is no time of day", text.value),
            "write 09:00, from 00:00 to 23:59",
        );
    }
    found
}

fn hours(faults: &mut Faults, text: &Placed<String>) -> Option<Hours> {
    let parts = text.value.split_once(['-', '–', '—', '~']);
    let found = parts.and_then(|(start, end)| Some((date::parse_time(start)?, date::parse_time(end)?)));
    let hint = "write 08:30-18:00, within one day";
    match found {
        None => faults.error_hint(text.place, format!("`{}` are no hours", text.value), hint),
        Some((start, end)) if start >= end => {
            faults.error_hint(text.place, format!("`{}` end before they begin", text.value), hint);
        }
        Some((start, end)) => return Some(Hours { start, end }),
    }
    None
}

pub(super) fn span(faults: &mut Faults, text: &Placed<String>) -> Option<Span> {
    text.value
        .parse()
        .map_err(|error| faults.error_hint(text.place, format!("{error}"), "for example 5wd, 2d or 30m"))
        .ok()
}

/// A wait: s, m, h, d or w, more than nothing.
pub(super) fn wait(faults: &mut Faults, text: &Placed<String>) -> Option<TimeDelta> {
    let span: Span = text
        .value
        .parse()
        .map_err(|error| faults.error_hint(text.place, format!("{error}"), "for example 10s, 5m or 2h"))
        .ok()?;
    match span.unit.seconds() {
        None => {
            let wrong = format!("`{}` is not of one length", text.value);
            faults.error_hint(text.place, wrong, "waits are in s, m, h, d or w");
            None
        }
        Some(_) if span.amount == 0 => {
            faults.error(text.place, format!("`{}` is no time at all", text.value));
            None
        }
        Some(seconds) => TimeDelta::try_seconds(seconds.saturating_mul(span.amount.into())),
    }
}

pub(super) fn waits(faults: &mut Faults, texts: &[Placed<String>]) -> Vec<TimeDelta> {
    if let Some(first) = texts.get(RETRY_MAX) {
        faults.error(
            first.place,
            format!("more than {RETRY_MAX} waits; the last one repeats"),
        );
    }
    texts.iter().filter_map(|text| wait(faults, text)).collect()
}

/// `[delivery] retry`, `give_up` and `gather`.
pub(super) fn delivery_waits(faults: &mut Faults, raw: &Raw) -> (Vec<TimeDelta>, TimeDelta, TimeDelta) {
    let retry = raw
        .retry
        .as_ref()
        .map(|texts| waits(faults, texts))
        .filter(|waits| !waits.is_empty());
    let retry = retry.unwrap_or_else(|| RETRY.into_iter().map(TimeDelta::seconds).collect());
    let give_up = raw
        .give_up
        .as_ref()
        .and_then(|text| wait(faults, text))
        .unwrap_or(TimeDelta::days(3));
    let gather = match &raw.gather {
        Some(text) if ["0s", "0m"].contains(&text.value.as_str()) => Some(TimeDelta::zero()),
        text => text.as_ref().and_then(|text| wait(faults, text)),
    };
    (retry, give_up, gather.unwrap_or(TimeDelta::seconds(2)))
}

/// A civil date.
pub(super) fn day(faults: &mut Faults, text: &Text) -> Option<Placed<chrono::NaiveDate>> {
    let text = text.as_ref()?;
    match date::parse(&text.value) {
        Ok(crate::domain::when::When::Date(day)) => return Some(Placed::new(day, text.place)),
        Ok(_) => faults.error(
            text.place,
            format!("`{}` has a time; a date is wanted here", text.value),
        ),
        Err(error) => faults.error_hint(text.place, error.to_string(), date::hint(&text.value)),
    }
    None
}
