//! Reviews: a cron that comes round, and to whom.

use chrono::{DateTime, TimeZone, Utc};
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use crate::domain::id::ReviewId;
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::people::Party;
use crate::domain::review::{Audience, FileKind, OnDayOff, Review};

use super::faults::{Faults, Place, Placed};
use super::ladders::party;
use super::names::{Names, Wanted};
use super::people::group;
use super::raw::{Raw, RawReview};
use super::settings::{one_of, span};

/// Whether a cron ever fires is asked from here (seconds since 1970): patterns have no year, so any day serves.
pub const CRON_SEARCH_FROM: i64 = 1_704_067_200;

/// Reads a cron: five fields, or six with seconds first. Day of month and day of week together mean either.
///
/// # Errors
/// In croner's words.
pub fn parse_cron(text: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build()
        .parse(text)
}

/// A review and where it stands.
pub(super) struct PlacedReview {
    pub(super) review: Review,
    pub(super) place: Place,
}

/// All reviews that are right, in the order of the files.
pub(super) fn settle(faults: &mut Faults, raw: &Raw, names: &Names) -> Vec<PlacedReview> {
    let mut entries: Vec<_> = raw.reviews.iter().collect();
    entries.sort_by_key(|(_, entry)| entry.place);
    entries
        .into_iter()
        .filter_map(|(id, entry)| review(faults, raw, names, id, entry))
        .collect()
}

fn review(faults: &mut Faults, raw: &Raw, names: &Names, id: &str, entry: &Placed<RawReview>) -> Option<PlacedReview> {
    let RawReview {
        cron,
        to,
        on_day_off,
        late_limit,
        attach,
        pictures,
        meeting: _,
    } = &entry.value;
    let attach = files(faults, attach);
    let days = [
        ("next-working-day", OnDayOff::NextWorkingDay),
        ("skip", OnDayOff::Skip),
        ("send", OnDayOff::Send),
    ];
    let on_day_off = one_of(faults, on_day_off.as_ref(), "`on_day_off`", &days);
    let late_limit = late_limit.as_ref().and_then(|text| span(faults, text));
    let cron = cron.as_ref().filter(|cron| proven(faults, cron));
    let to = to.as_ref().map(|to| {
        if to.is_empty() {
            faults.error(entry.place, format!("review `{id}` goes to nobody: `to` is empty"));
        }
        let mut found = Vec::new();
        for text in to {
            match audience(faults, raw, names, text) {
                Some(audience) if found.contains(&audience) => {
                    faults.warning(text.place, format!("`{}` stands twice in `to`", text.value));
                }
                audience => found.extend(audience),
            }
        }
        found
    });
    let review = Review {
        id: ReviewId::new(id),
        cron: cron?.value.clone(),
        to: to?,
        on_day_off: on_day_off.unwrap_or_default(),
        late_limit: late_limit.unwrap_or(Span {
            amount: 2,
            unit: TimeUnit::Days,
        }),
        pictures: pictures.as_ref().is_none_or(|pictures| pictures.value),
        attach,
    };
    Some(PlacedReview {
        review,
        place: entry.place,
    })
}

/// The forms in which the ledger goes with a review, each once.
fn files(faults: &mut Faults, texts: &[Placed<String>]) -> Vec<FileKind> {
    let kinds = [FileKind::Xlsx, FileKind::Csv].map(|kind| (kind.as_str(), kind));
    let mut found = Vec::new();
    for text in texts {
        match one_of(faults, Some(text), "file that a review can attach", &kinds) {
            Some(kind) if found.contains(&kind) => {
                faults.warning(text.place, format!("`{}` stands twice in `attach`", text.value));
            }
            kind => found.extend(kind),
        }
    }
    found
}

fn proven(faults: &mut Faults, cron: &Placed<String>) -> bool {
    let hint = "minute hour day month weekday, for example \"30 8 * * MON\"; six fields have seconds first";
    match parse_cron(&cron.value) {
        Err(error) => {
            faults.error_hint(cron.place, format!("`{}` is no cron: {error}", cron.value), hint);
            false
        }
        Ok(parsed) => {
            let from: DateTime<Utc> = Utc
                .timestamp_opt(CRON_SEARCH_FROM, 0)
                .single()
                .unwrap_or(DateTime::UNIX_EPOCH);
            // croner gives up by itself after some 5,000 years, a fifth of a second.
            let next = parsed.find_next_occurrence(&from, false);
            if let Err(error) = &next {
                faults.error_hint(cron.place, format!("`{}` never comes: {error}", cron.value), hint);
            }
            next.is_ok()
        }
    }
}

pub(super) fn audience(faults: &mut Faults, raw: &Raw, names: &Names, text: &Placed<String>) -> Option<Audience> {
    match text.value.parse::<Audience>() {
        Ok(Audience::Person(id)) => party(faults, names, id.as_str(), text.place, Wanted::Person).map(audience_of),
        Ok(Audience::Unit(id)) => party(faults, names, id.as_str(), text.place, Wanted::Unit).map(audience_of),
        Ok(Audience::Channel(id)) => {
            group(faults, raw, &Placed::new(id.as_str().to_owned(), text.place)).map(Audience::Channel)
        }
        Ok(audience) => Some(audience),
        Err(error) => {
            let known = ["office", "leads", "heads", "supervisors", "owners"];
            let hint = "office, leads, heads, supervisors, owners, person:ID, unit:ID or channel:ID";
            faults.unknown(text.place, error.to_string(), &text.value, known, Some(hint.into()));
            None
        }
    }
}

fn audience_of(party: Party) -> Audience {
    match party {
        Party::Person(id) => Audience::Person(id),
        Party::Unit(id) => Audience::Unit(id),
    }
}
