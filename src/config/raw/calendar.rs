//! A calendar file as it says.

use super::section::Section;
use super::{Text, Texts, keys, parse};
use crate::config::faults::{Faults, Placed};

/// A calendar in TOML: `(day, working, place)` for each day, the weekend, and what the file says it covers.
#[derive(Debug, Default)]
pub(in crate::config) struct RawCalendar {
    pub(in crate::config) id: Text,
    pub(in crate::config) weekend: Texts,
    pub(in crate::config) from: Text,
    pub(in crate::config) to: Text,
    pub(in crate::config) years: Vec<RawYear>,
}

/// One year of a calendar.
#[derive(Debug)]
pub(in crate::config) struct RawYear {
    pub(in crate::config) year: Option<Placed<i64>>,
    pub(in crate::config) holidays: Vec<RawHoliday>,
}

/// One holiday: its days off and its make-up days.
#[derive(Debug)]
pub(in crate::config) struct RawHoliday {
    pub(in crate::config) off: Vec<Placed<String>>,
    pub(in crate::config) work: Vec<Placed<String>>,
}

/// Reads a calendar file.
pub(in crate::config) fn calendar(faults: &mut Faults, source: u32, text: &str) -> Option<RawCalendar> {
    let (table, broken) = parse(faults, source, text)?;
    let root = Section::root(faults, source, &table, keys::CALENDAR, broken);
    let mut raw = RawCalendar {
        id: root.text(faults, "id"),
        weekend: root.texts(faults, "weekend"),
        ..RawCalendar::default()
    };
    if let Some(covers) = root.section(faults, "covers", keys::CALENDAR_COVERS) {
        raw.from = covers.text(faults, "from");
        raw.to = covers.text(faults, "to");
    }
    for year in root.list(faults, "year", keys::CALENDAR_YEAR) {
        let holidays = year.list(faults, "holiday", keys::CALENDAR_HOLIDAY);
        let days = |faults: &mut Faults, section: &Section<'_>, key| section.texts(faults, key).unwrap_or_default();
        raw.years.push(RawYear {
            year: year.integer(faults, "year"),
            holidays: holidays
                .iter()
                .map(|holiday| RawHoliday {
                    off: days(faults, holiday, "off"),
                    work: days(faults, holiday, "work"),
                })
                .collect(),
        });
    }
    Some(raw)
}
