//! Whom a message to Discord says that it may ring.

use serde_json::Value;

use super::super::markup::Seen;
use super::{Fault, form, is_snowflake, list};

/// Whom a message may ring.
pub(super) struct Allowed {
    pub(super) users: Whom,
    pub(super) roles: Whom,
    everyone: bool,
}

pub(super) enum Whom {
    All,
    These(Vec<String>),
}

impl Whom {
    pub(super) fn has(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.iter().any(|known| known == id),
        }
    }
}

impl Allowed {
    /// Without a word, a webhook rings users only.
    pub(super) fn read(body: &Value) -> Result<Self, Fault> {
        let allowed = &body["allowed_mentions"];
        if allowed.is_null() {
            return Ok(Self {
                users: Whom::All,
                roles: Whom::These(Vec::new()),
                everyone: false,
            });
        }
        let parse = list(allowed, "parse", 3)?;
        if !parse
            .iter()
            .all(|it| ["users", "roles", "everyone"].iter().any(|known| it == known))
        {
            return Err(form(
                "allowed_mentions.parse.0",
                "BASE_TYPE_CHOICES",
                "Value must be one of {'users', 'roles', 'everyone'}.",
            ));
        }
        let whom = |key: &str| {
            let ids = list(allowed, key, 100)?;
            let ids: Option<Vec<String>> = ids
                .iter()
                .map(|id| id.as_str().filter(|id| is_snowflake(id)).map(str::to_owned))
                .collect();
            let ids = ids.ok_or_else(|| {
                form(
                    &format!("allowed_mentions.{key}.0"),
                    "NUMBER_TYPE_COERCE",
                    "Value is not snowflake.",
                )
            })?;
            let is_parsed = parse.iter().any(|it| it == key);
            if is_parsed && !ids.is_empty() {
                let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
                return Err(form(
                    "allowed_mentions",
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    &message,
                ));
            }
            Ok(if is_parsed { Whom::All } else { Whom::These(ids) })
        };
        Ok(Self {
            users: whom("users")?,
            roles: whom("roles")?,
            everyone: parse.iter().any(|it| it == "everyone"),
        })
    }

    /// Everybody is rung by the bare word, whatever stands before it.
    pub(super) fn ring_all(&self, content: &str, seen: &mut Seen) {
        for (word, ring) in [("@everyone", "@all"), ("@here", "@here")] {
            if self.everyone && content.contains(word) {
                seen.ring(ring);
            }
        }
    }
}
