//! What a text must look like, as patterns and lists of words that JavaScript, Python and Rust read alike.

use chrono_tz::TZ_VARIANTS;
use serde_json::{Value, json};

use crate::config::calendar;
use crate::config::raw::keys::Form;

/// The schema of one text.
pub(super) fn text(form: Form) -> Value {
    match form {
        Form::Any => json!({"type": "string"}),
        Form::Zone => {
            let zones: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            json!({"type": "string", "enum": zones})
        }
        // A name may be that of a file in `calendars`, so the words are offered and not all there is.
        Form::Calendar => json!({"anyOf": [{"type": "string", "enum": calendar::BUILT_IN}, {"type": "string"}]}),
        Form::Store => pattern("^sqlite:.+"),
        Form::Time => pattern(&format!("^{TIME}$")),
        Form::Hours => pattern(&format!("^{TIME} ?[-–—~] ?{TIME}$")),
        Form::Offset => pattern("^(0+|[+-][0-9]{1,6})(wd|d|w|mo|h|m|s)$"),
        Form::Span => pattern("^[0-9]{1,6}(wd|d|w|mo|h|m|s)$"),
        Form::Wait => pattern("^0*[1-9][0-9]{0,5}(s|m|h|d|w)$"),
        Form::Pause => pattern("^[0-9]{1,6}(s|m|h|d|w)$"),
        Form::Cron => pattern(r"^\s*(\S+\s+){4,5}\S+\s*$"),
        Form::Budget => pattern(&format!("^{RATE}([,，;]{RATE}){{0,7}}$")),
        Form::Day => pattern(&format!("^{DATE}$")),
        Form::When => pattern(&format!("^({DATE}([T ].*)?)?$")),
        Form::Server => pattern("^(smtps://|smtp\\+starttls://|smtp://|file:)[^@]+$"),
        Form::Trial => pattern("^person:.+"),
        Form::Role => named(&["owner", "contacts", "head", "lead", "supervisor", "office", "group"]),
        Form::Audience => named(&["office", "leads", "heads", "supervisors", "owners"]),
    }
}

const TIME: &str = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?";
/// `2022-01-31`, `2022/1/31`, `2022.1.31`, `2022年1月31日`
const DATE: &str = "[0-9]{4}([-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}[日号])";
const RATE: &str = r"\s*[0-9]+\s*/\s*[0-9]*\s*(s|sec|m|min|h|hour|d|day)\s*";

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// One of these words, or somebody by name.
fn named(words: &[&str]) -> Value {
    json!({"anyOf": [
        {"type": "string", "enum": words},
        {"type": "string", "pattern": "^(person|unit|channel):.+"},
    ]})
}
