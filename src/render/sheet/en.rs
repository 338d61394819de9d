//! The words of a workbook in English.

use super::SheetPhrases;
use crate::domain::journal::Fact;
use crate::domain::task::Phase;
use crate::render::escape::when;

/// English.
pub(super) struct En;

pub(super) const COLUMNS: [&str; 21] = [
    "id",
    "area",
    "problem",
    "title",
    "measures",
    "lead",
    "unit",
    "assisting",
    "owner",
    "supervisor",
    "opened",
    "due",
    "repeat",
    "kind",
    "evidence",
    "ladder",
    "status",
    "progress",
    "closed",
    "batch",
    "note",
];

impl SheetPhrases for En {
    fn ledger(&self) -> &'static str {
        "Ledger"
    }

    fn changes(&self) -> &'static str {
        "Changes"
    }

    fn file(&self) -> &'static str {
        "duban-ledger"
    }

    fn columns(&self) -> [&'static str; 21] {
        COLUMNS
    }

    fn change_columns(&self) -> [&'static str; 6] {
        ["when", "id", "title", "by", "what", "note"]
    }

    fn computed(&self, (_, en): (&'static str, &'static str)) -> &'static str {
        en
    }

    fn status(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Open | Phase::Acknowledged => "open",
            Phase::Submitted => "submitted",
            Phase::Closed => "closed",
            Phase::Cancelled | Phase::Withdrawn => "cancelled",
        }
    }

    fn between(&self) -> &'static str {
        ", "
    }

    fn fact(&self, fact: &Fact) -> String {
        match fact {
            Fact::Loaded { due, .. } => format!("new in the ledger, due {}", when(*due)),
            Fact::Acknowledged => "acknowledged".into(),
            Fact::Reported { progress } => format!("reported: {progress}"),
            Fact::Submitted => "submitted for review".into(),
            Fact::Returned { due: Some(due) } => format!("returned, new deadline {}", when(*due)),
            Fact::Returned { due: None } => "returned".into(),
            Fact::Closed { on: Some(on) } => format!("closed ({})", when(*on)),
            Fact::Closed { on: None } => "closed".into(),
            Fact::Reopened { due: Some(due) } => format!("reopened, new deadline {}", when(*due)),
            Fact::Reopened { due: None } => "reopened".into(),
            Fact::Cancelled => "cancelled".into(),
            Fact::Withdrawn => "no longer in the ledger".into(),
            Fact::Restored => "back in the ledger".into(),
            Fact::DueChanged { from, to } => format!("deadline moved from {} to {}", when(*from), when(*to)),
            Fact::ExtensionAsked { to, .. } => format!("asked for an extension until {}", when(*to)),
            Fact::ExtensionGranted { from, asked, to } if asked == to => {
                format!(
                    "extension granted, deadline moved from {} to {}",
                    when(*from),
                    when(*to)
                )
            }
            Fact::ExtensionGranted { from, asked, to } => format!(
                "extension granted, deadline moved from {} to {} (asked for {})",
                when(*from),
                when(*to),
                when(*asked)
            ),
            Fact::ExtensionRefused { asked } => format!("extension until {} refused", when(*asked)),
            Fact::OpenedChanged { from, to } => format!("opening moved from {} to {}", when(*from), when(*to)),
            Fact::LadderChanged { .. } => "ladder changed".into(),
            Fact::Changed { columns } => format!("changed: {}", columns.join(", ")),
        }
    }

    fn by(&self, by: &str) -> String {
        match by {
            "ledger" => "ledger".into(),
            "duban" => "Duban".into(),
            name => name.into(),
        }
    }
}
