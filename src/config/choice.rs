//! Which ladder a task has.

use std::collections::HashMap;

use crate::domain::id::LadderId;

use super::faults::{Faults, Place, Placed};
use super::raw::{Raw, Text};

/// The ladder of a task: the row's, else the one of its kind, else the default.
pub(super) struct Choice {
    by_kind: HashMap<String, LadderId>,
    default: Option<LadderId>,
}

impl Choice {
    pub(super) fn of(faults: &mut Faults, raw: &Raw) -> Self {
        let kinds = raw
            .ladders
            .iter()
            .flat_map(|(id, entry)| entry.value.kinds.iter().map(move |kind| (id, kind)));
        Self {
            by_kind: kinds
                .map(|(id, kind)| (kind.value.clone(), LadderId::new(id.as_str())))
                .collect(),
            default: raw.ladder.as_ref().and_then(|name| named(faults, raw, name)),
        }
    }

    pub(super) fn choose(
        &self,
        faults: &mut Faults,
        raw: &Raw,
        row: &Text,
        kind: &Text,
        place: Place,
    ) -> Option<LadderId> {
        if let Some(name) = row {
            return named(faults, raw, name);
        }
        let by_kind = kind.as_ref().and_then(|kind| self.by_kind.get(&kind.value));
        if let Some(ladder) = by_kind.or(self.default.as_ref()) {
            return Some(ladder.clone());
        }
        if raw.ladder.is_none() {
            match kind {
                Some(kind) => {
                    let text = format!("no ladder is for the kind `{}`", kind.value);
                    let known = self.by_kind.keys().map(String::as_str);
                    let hint = "add the kind to a ladder's `kinds`, or set [defaults] ladder";
                    faults.unknown(kind.place, text, &kind.value, known, Some(hint.into()));
                }
                None => faults.error_hint(place, "the task has no ladder", "set [defaults] ladder"),
            }
        }
        None
    }
}

fn named(faults: &mut Faults, raw: &Raw, name: &Placed<String>) -> Option<LadderId> {
    if raw.ladders.contains_key(&name.value) {
        return Some(LadderId::new(name.value.as_str()));
    }
    let text = format!("ladder `{}` is not defined", name.value);
    faults.unknown(
        name.place,
        text,
        &name.value,
        raw.ladders.keys().map(String::as_str),
        None,
    );
    None
}
