//! The body of a post: the contract's JSON, key order included, the same bytes for every attempt.

use chrono::SecondsFormat;
use serde::Serialize;

use crate::domain::message::{Figures, MessageKind, NoticeView};

use super::super::Parcel;

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    message_id: &'a str,
    locale: &'a str,
    recipient: Who<'a>,
    subject: &'a str,
    text: &'a str,
    markdown: &'a str,
    notices: &'a [NoticeView],
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
}

#[derive(Serialize)]
struct Who<'a> {
    kind: &'a str,
    id: &'a str,
    name: &'a str,
}

/// The body as raw UTF-8 JSON. It depends on the message alone, not on the attempt.
pub(super) fn json(parcel: &Parcel<'_>) -> String {
    let content = parcel.content;
    let figures = match parcel.kind {
        MessageKind::Review => Some(content.figures.unwrap_or_default()),
        MessageKind::Notice | MessageKind::Undeliverable | MessageKind::System | MessageKind::Test => None,
    };
    let body = Body {
        r#type: format!("duban.{}", parcel.kind.as_str()),
        timestamp: content.as_of.to_rfc3339_opts(SecondsFormat::Secs, true),
        data: Data {
            message_id: parcel.id.as_str(),
            locale: content.locale.as_str(),
            recipient: Who {
                kind: content.recipient.kind.as_str(),
                id: &content.recipient.id,
                name: &content.recipient.name,
            },
            subject: &content.words.subject,
            text: &content.words.text,
            markdown: &content.words.markdown,
            notices: &content.notices,
            figures,
        },
    };
    // Plain structs of strings and numbers always serialize; an empty body would be refused by the receiver, and seen.
    serde_json::to_string(&body).unwrap_or_default()
}
