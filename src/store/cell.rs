//! What stands in one cell of a row: instants as UTC milliseconds, enums as their words, the rest as JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Instant, Result, StoreError};

/// UTC milliseconds.
pub(super) fn ms(at: Instant) -> i64 {
    at.timestamp_millis()
}

/// The instant of UTC milliseconds.
pub(super) fn instant(ms: i64) -> Result<Instant> {
    Instant::from_timestamp_millis(ms).ok_or_else(|| StoreError::Damaged {
        what: format!("the instant {ms}"),
    })
}

/// The instant, where there is one.
pub(super) fn maybe_instant(ms: Option<i64>) -> Result<Option<Instant>> {
    ms.map(instant).transpose()
}

/// JSON text.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged {
        what: format!("a value that has no JSON ({error})"),
    })
}

/// Reads JSON text; `what` names the row.
pub(super) fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged {
        what: format!("{what} ({error})"),
    })
}

/// Reads a word that serde writes as a string: a state, a kind, an anchor, a date.
pub(super) fn word<T: DeserializeOwned>(text: String) -> Result<T> {
    let shown = text.clone();
    serde_json::from_value(Value::String(text)).map_err(|_| StoreError::Damaged {
        what: format!("the word `{shown}`"),
    })
}

/// A count or number that fits by construction.
pub(super) fn count(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::Damaged {
        what: format!("the number {number}"),
    })
}
