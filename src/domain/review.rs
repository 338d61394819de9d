//! A review (调度): a scheduled summary.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{ChannelId, PersonId, ReviewId, UnitId};
use super::ladder::{RoleError, Span};

/// Who gets a review, each their own part of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The office: everything.
    Office,
    /// Every lead: the tasks they lead.
    Leads,
    /// Every unit head: their units' tasks.
    Heads,
    /// Every supervisor: the tasks they watch.
    Supervisors,
    /// Every owner: their own tasks.
    Owners,
    /// `person:ID`: everything.
    Person(PersonId),
    /// `unit:ID`: that unit's tasks, to its contacts, else its head.
    Unit(UnitId),
    /// `channel:ID`: everything.
    Channel(ChannelId),
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Office => f.write_str("office"),
            Self::Leads => f.write_str("leads"),
            Self::Heads => f.write_str("heads"),
            Self::Supervisors => f.write_str("supervisors"),
            Self::Owners => f.write_str("owners"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Unit(id) => write!(f, "unit:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
        }
    }
}

impl FromStr for Audience {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Ok(match text {
            "office" => Self::Office,
            "leads" => Self::Leads,
            "heads" => Self::Heads,
            "supervisors" => Self::Supervisors,
            "owners" => Self::Owners,
            _ => match text.split_once(':') {
                Some(("person", id)) if !id.is_empty() => Self::Person(PersonId::new(id)),
                Some(("unit", id)) if !id.is_empty() => Self::Unit(UnitId::new(id)),
                Some(("channel", id)) if !id.is_empty() => Self::Channel(ChannelId::new(id)),
                _ => return Err(RoleError(text.to_owned())),
            },
        })
    }
}

/// What becomes of a review whose day is a day off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDayOff {
    /// It moves to the next working day, at the same time.
    #[default]
    NextWorkingDay,
    /// It does not take place.
    Skip,
    /// It is sent all the same.
    Send,
}

/// A review as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The key under `[reviews]`.
    pub id: ReviewId,
    /// Five fields, or six with seconds first; proven to parse and to have a next occurrence.
    pub cron: String,
    /// Who gets it; not empty.
    pub to: Vec<Audience>,
    /// What a day off does to it.
    pub on_day_off: OnDayOff,
    /// How long after its time a missed one is still sent.
    pub late_limit: Span,
}
