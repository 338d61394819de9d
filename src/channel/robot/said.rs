//! An answer with what is needed to judge it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::domain::outcome::{Outcome, Reach};

use super::super::http::Answer;
use super::super::words;

/// What a vendor answered to one attempt.
pub(in crate::channel) struct Said<'a> {
    pub(in crate::channel) answer: &'a Answer,
    /// The instant of the attempt.
    pub(in crate::channel) now: DateTime<Utc>,
    /// The recorded words of the message's earlier attempts, the oldest first.
    before: &'a [String],
    json: Option<Value>,
    hidden: &'a [&'a str],
}

impl<'a> Said<'a> {
    pub(in crate::channel) fn new(
        answer: &'a Answer,
        now: DateTime<Utc>,
        before: &'a [String],
        hidden: &'a [&'a str],
    ) -> Self {
        Self {
            answer,
            now,
            before,
            json: serde_json::from_str(&answer.body).ok().filter(|_| answer.is_whole),
            hidden,
        }
    }

    /// The HTTP status.
    pub(in crate::channel) fn status(&self) -> u16 {
        self.answer.status
    }

    /// The body as JSON, where it is JSON and came whole.
    pub(in crate::channel) fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// A whole number at the top of the body; some vendors write numbers as text.
    pub(in crate::channel) fn number(&self, key: &str) -> Option<i64> {
        match self.json.as_ref()?.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// How many of the earlier attempts were answered with the same number at `key`.
    pub(in crate::channel) fn same_before(&self, key: &str) -> usize {
        let Some(number) = self.number(key) else {
            return 0;
        };
        let is_same = |words: &&String| recorded(words, key).is_some_and(|value| value.parse() == Ok(number));
        self.before.iter().filter(is_same).count()
    }

    /// How many of the earlier attempts were answered with the same HTTP status.
    pub(in crate::channel) fn same_status_before(&self) -> usize {
        let is_same = |words: &&String| {
            let status = words.split(' ').next().unwrap_or_default();
            status.parse() == Ok(self.status())
        };
        self.before.iter().filter(is_same).count()
    }

    /// A text at the top of the body; empty where there is none.
    pub(in crate::channel) fn text(&self, key: &str) -> &str {
        let text = self.json.as_ref().and_then(|json| json.get(key)?.as_str());
        text.unwrap_or_default()
    }

    /// Whether the body says this, in whatever case.
    pub(in crate::channel) fn says(&self, words: &str) -> bool {
        self.answer.body.to_lowercase().contains(&words.to_lowercase())
    }

    /// The vendor's own words, fit for logs and people: the status, then the fields of its JSON, or its text.
    pub(in crate::channel) fn words(&self) -> String {
        let said = match self.json.as_ref().and_then(Value::as_object) {
            Some(fields) => told(fields).join(", "),
            None => self.answer.body.clone(),
        };
        words::clean(&format!("{} {said}", self.answer.status), self.hidden)
    }

    /// Words of ours about the answer, with parts of it: the status, then they.
    pub(in crate::channel) fn in_words(&self, words: &str) -> String {
        words::clean(&format!("{} {words}", self.answer.status), self.hidden)
    }

    /// It has the message. Told are only the status and `what`, an id for instance: many vendors answer with the whole
    /// message, which has no place in logs.
    pub(in crate::channel) fn delivered(&self, what: &str) -> Outcome {
        Outcome::Delivered(self.in_words(what))
    }

    /// It took the message; told is only the status, as a flow may answer with whatever it was given.
    pub(in crate::channel) fn accepted(&self) -> Outcome {
        Outcome::Accepted(self.in_words(""))
    }

    /// Transient, no wait given.
    pub(in crate::channel) fn backoff(&self) -> Outcome {
        Outcome::Backoff {
            minimum: None,
            words: self.words(),
        }
    }

    /// Transient, with the vendor's own minimum.
    pub(in crate::channel) fn backoff_at_least(&self, seconds: i64) -> Outcome {
        Outcome::Backoff {
            minimum: Some(TimeDelta::seconds(seconds)),
            words: self.words(),
        }
    }

    /// The lane waits.
    pub(in crate::channel) fn wait(&self, wait: TimeDelta, reach: Reach) -> Outcome {
        Outcome::RetryAfter {
            wait,
            reach,
            words: self.words(),
        }
    }

    /// Whether HTTP itself says that it was too much, before any word of the vendor's: 429, or 503 with `Retry-After`.
    pub(in crate::channel) fn is_told_to_wait(&self) -> bool {
        match self.status() {
            429 => true,
            503 => self.answer.retry_after(self.now).is_some(),
            _ => false,
        }
    }

    /// A page, which no vendor answers with: of a portal, a proxy or a guard in between.
    pub(in crate::channel) fn is_page(&self) -> bool {
        let kind = self.answer.header("content-type").unwrap_or_default();
        let is_html = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
        self.json.is_none() && (is_html || self.answer.body.trim_start().starts_with('<'))
    }

    /// The lane waits as `Retry-After` says, or so many seconds where it says nothing.
    pub(in crate::channel) fn wait_as_told_or(&self, seconds: i64, reach: Reach) -> Outcome {
        let wait = self.answer.retry_after(self.now);
        self.wait(wait.unwrap_or(TimeDelta::seconds(seconds)), reach)
    }

    /// This payload can never pass.
    pub(in crate::channel) fn message_refused(&self) -> Outcome {
        Outcome::PermanentMessage(self.words())
    }

    /// It was tried as often as the vendor wants it tried: it goes up, and no other form is tried.
    pub(in crate::channel) fn given_up(&self) -> Outcome {
        Outcome::PermanentRecipient(self.words())
    }

    /// Credential, robot, room or policy is wrong.
    pub(in crate::channel) fn endpoint_refused(&self) -> Outcome {
        Outcome::PermanentEndpoint(self.words())
    }

    /// It may have been posted: an answer that is none of the vendor's.
    pub(in crate::channel) fn unknown(&self) -> Outcome {
        Outcome::Unknown(self.words())
    }
}

/// The value at `key` in words that [`Said::words`] made.
fn recorded<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    let (_, said) = words.split_once(' ')?;
    let value = |field: &'a str| field.strip_prefix(key)?.strip_prefix(' ');
    said.split(", ").find_map(value)
}

/// Names and values, those of the objects within too: some vendors say all under one name.
fn told(fields: &Map<String, Value>) -> Vec<String> {
    let told = fields.iter().flat_map(|(key, value)| match value {
        Value::String(text) if !text.is_empty() => vec![format!("{key} {text}")],
        Value::Number(number) => vec![format!("{key} {number}")],
        Value::Bool(flag) => vec![format!("{key} {flag}")],
        Value::Object(fields) => told(fields),
        Value::String(_) | Value::Array(_) | Value::Null => Vec::new(),
    });
    told.collect()
}
