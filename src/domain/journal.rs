//! The journal: what happened, append-only, each entry chained to the one before.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::id::TaskId;
use super::when::When;

/// Something that happened to a task: what `rules::progress` folds into its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// It was loaded for the first time.
    Loaded {
        /// The deadline.
        due: When,
        /// The opening date; none: the day of loading.
        opened: Option<When>,
        /// The ladder's steps in one text.
        ladder_print: String,
    },
    /// Somebody took note.
    Acknowledged,
    /// A progress report.
    Reported {
        /// What was reported.
        progress: String,
    },
    /// Handed in for review.
    Submitted,
    /// A submission was sent back.
    Returned {
        /// A new deadline, where one was given.
        due: Option<When>,
    },
    /// Approved and closed.
    Closed {
        /// As of when; none: at the entry's own instant.
        on: Option<When>,
    },
    /// Opened again after closing or cancelling: a new round.
    Reopened {
        /// A new deadline, where one was given.
        due: Option<When>,
    },
    /// Called off.
    Cancelled,
    /// Missing from the files.
    Withdrawn,
    /// Found in the files again.
    Restored,
    /// The deadline was changed.
    DueChanged {
        /// What it was.
        from: When,
        /// What it is now.
        to: When,
    },
    /// A later deadline was asked for (延期).
    ExtensionAsked {
        /// The wanted deadline.
        to: When,
        /// Why.
        note: String,
    },
    /// The later deadline was granted, and is in force.
    ExtensionGranted {
        /// The deadline that was in force.
        from: When,
        /// What was asked for.
        asked: When,
        /// What was granted.
        to: When,
    },
    /// The later deadline was refused.
    ExtensionRefused {
        /// What was asked for.
        asked: When,
    },
    /// The opening date was changed.
    OpenedChanged {
        /// What it was.
        from: When,
        /// What it is now.
        to: When,
    },
    /// The ladder, its steps or the kind were changed.
    LadderChanged {
        /// The new ladder's steps in one text.
        ladder_print: String,
    },
    /// Other cells were changed; nothing is planned anew for it.
    Changed {
        /// The names of the columns.
        columns: Vec<String>,
    },
}

/// An entry before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Of which task, if of one.
    pub task: Option<TaskId>,
    /// A word of its own: `reported`, `notice`, `delivered` …
    pub kind: String,
    /// Who did it: a name given with `--by`, `ledger`, or `duban`.
    pub by: String,
    /// An object; numbers in it are integers.
    pub data: Value,
}

impl Draft {
    /// The entry of a fact: its kind is the fact's, its data the fact's fields and `note` where there is one.
    #[must_use]
    pub fn of_fact(at: DateTime<Utc>, task: TaskId, by: &str, fact: &Fact, note: Option<&str>) -> Self {
        let mut data = serde_json::to_value(fact).unwrap_or_default();
        let mut kind = String::new();
        if let Value::Object(fields) = &mut data {
            if let Some(Value::String(word)) = fields.remove("kind") {
                kind = word;
            }
            if let Some(note) = note {
                fields.insert("note".into(), note.into());
            }
        }
        Self {
            at,
            task: Some(task),
            kind,
            by: by.to_owned(),
            data,
        }
    }
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1.
    pub seq: u64,
    /// UTC with milliseconds, RFC 3339.
    pub at: String,
    /// Of which task, if of one.
    pub task: Option<TaskId>,
    /// Its kind.
    pub kind: String,
    /// Who did it.
    pub by: String,
    /// An object.
    pub data: Value,
    /// The hash of the entry before; 64 zeros for the first.
    pub prev: String,
    /// Lower hex SHA-256 of the RFC 8785 JSON of the other fields.
    pub hash: String,
}

/// `prev` of the first entry.
pub const FIRST_PREV: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Entry {
    /// Gives a draft its place after the entry with the hash `prev`.
    #[must_use]
    pub fn chain(draft: Draft, seq: u64, prev: &str) -> Self {
        let mut entry = Self {
            seq,
            at: draft.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            task: draft.task,
            kind: draft.kind,
            by: draft.by,
            data: draft.data,
            prev: prev.to_owned(),
            hash: String::new(),
        };
        entry.hash = entry.digest();
        entry
    }

    /// What `hash` must be.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.remove("hash");
        }
        hex(&Sha256::digest(canonical(&value).as_bytes()))
    }

    /// The fact it holds, where it is one that changes a task.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        let mut value = self.data.clone();
        value.as_object_mut()?.insert("kind".into(), self.kind.clone().into());
        serde_json::from_value(value).ok()
    }
}

/// Lower hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON as RFC 8785 wants it: members sorted by their names' UTF-16 code units, no blanks. Numbers in the journal are integers.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
            let members: Vec<String> = names
                .into_iter()
                .map(|name| {
                    format!(
                        "{}:{}",
                        Value::from(name.as_str()),
                        fields.get(name).map_or_else(String::new, canonical)
                    )
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_by_utf16_and_keeps_chinese_as_it_is() {
        let value =
            serde_json::json!({"b": 1, "a": ["督办", null, true], "\u{1F600}": 2, "\u{FB33}": 3, "c": "\u{1}\n\""});
        assert_eq!(
            canonical(&value),
            "{\"a\":[\"督办\",null,true],\"b\":1,\"c\":\"\\u0001\\n\\\"\",\"\u{1F600}\":2,\"\u{FB33}\":3}"
        );
    }

    #[test]
    fn a_fact_is_read_back_from_its_entry() {
        let fact = Fact::Reopened {
            due: Some("2022-03-01".parse().expect("a date")),
        };
        let draft = Draft::of_fact(DateTime::UNIX_EPOCH, TaskId::new("1"), "office", &fact, Some("反弹"));
        let entry = Entry::chain(draft, 1, FIRST_PREV);
        assert_eq!(entry.kind, "reopened");
        assert_eq!(entry.fact(), Some(fact));
        assert_eq!(entry.hash, entry.digest());
        assert_eq!(entry.at, "1970-01-01T00:00:00.000Z");
    }
}
