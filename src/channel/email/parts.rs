//! The body of a letter: what is read, the pictures within it, an invitation, and the files that go with it.
//!
//! ```text
//! multipart/mixed                     where there is a file or an invitation
//!   multipart/alternative
//!     text/plain
//!     multipart/related               where there is a picture; else the HTML alone
//!       text/html
//!       image/png …
//!     text/calendar; method=REQUEST   where there is an invitation
//!   application/ics                   the same once more, for those who save it
//!   the files …
//! ```

use lettre::message::header::{ContentDisposition, ContentId, ContentTransferEncoding, ContentType};
use lettre::message::{Body, MultiPart, SinglePart};

use crate::domain::id::MessageId;
use crate::domain::message::{Attachment, Calendar};
use crate::domain::outcome::Outcome;

use super::super::Parcel;
use super::letter::header_text;

/// The file that an invitation is saved as.
const INVITATION: &str = "invite.ics";

/// The whole body. Its boundaries come from the message's id, so that a repeat is the same bytes; none begins with another.
///
/// # Errors
/// [`Outcome::PermanentMessage`] where a file is not there, or its type or the invitation's method is none.
pub(super) fn body(parcel: &Parcel<'_>) -> Result<MultiPart, Outcome> {
    let content = parcel.content;
    let (pictures, files): (Vec<&Attachment>, Vec<&Attachment>) =
        content.attachments.iter().partition(|file| file.content_id.is_some());
    let alternative = MultiPart::alternative()
        .boundary(boundary(parcel.id, ""))
        .singlepart(text(ContentType::TEXT_PLAIN, &content.words.text));
    let html = text(ContentType::TEXT_HTML, &content.words.html);
    let mut alternative = if pictures.is_empty() {
        alternative.singlepart(html)
    } else {
        let mut related = related(parcel.id)?.singlepart(html);
        for file in pictures {
            related = related.singlepart(picture(parcel, file)?);
        }
        alternative.multipart(related)
    };
    let mut attached = Vec::new();
    if let Some(calendar) = &content.calendar {
        alternative = alternative.singlepart(invitation(calendar)?);
        attached.push(saved(calendar)?);
    }
    for file in files {
        attached.push(enclosed(parcel, file)?);
    }
    if attached.is_empty() {
        return Ok(alternative);
    }
    let mixed = MultiPart::mixed()
        .boundary(boundary(parcel.id, "mixed_"))
        .multipart(alternative);
    Ok(attached.into_iter().fold(mixed, MultiPart::singlepart))
}

fn boundary(id: &MessageId, part: &str) -> String {
    format!("=_duban_{part}{id}")
}

/// RFC 2387 wants the type of the part that is shown; lettre leaves it out.
fn related(id: &MessageId) -> Result<MultiPart, Outcome> {
    let kind = format!(
        "multipart/related; type=\"text/html\"; boundary=\"{}\"",
        boundary(id, "related_")
    );
    Ok(MultiPart::builder().header(media_type(&kind)?).build())
}

fn text(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(body_text(text))
}

fn picture(parcel: &Parcel<'_>, file: &Attachment) -> Result<SinglePart, Outcome> {
    let id = file.content_id.as_deref().unwrap_or_default();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte)) {
        return Err(refused(&format!(
            "the picture {} has no usable id",
            header_text(&file.name)
        )));
    }
    let part = SinglePart::builder()
        .header(ContentId::from(format!("<{id}>")))
        .header(ContentDisposition::inline_with_name(&file_name(&file.name)))
        .header(media_type(&file.media_type)?);
    Ok(part.body(base64(bytes(parcel, file)?)))
}

fn enclosed(parcel: &Parcel<'_>, file: &Attachment) -> Result<SinglePart, Outcome> {
    let part = SinglePart::builder()
        .header(ContentDisposition::attachment(&file_name(&file.name)))
        .header(media_type(&file.media_type)?);
    Ok(part.body(base64(bytes(parcel, file)?)))
}

/// What a calendar acts on: Gmail and Outlook take it only with the method that stands in the iCalendar itself.
fn invitation(calendar: &Calendar) -> Result<SinglePart, Outcome> {
    let method = &calendar.method;
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(refused("the invitation's method is none"));
    }
    let kind = media_type(&format!(
        "text/calendar; charset=utf-8; method={method}; component=VEVENT"
    ))?;
    Ok(SinglePart::builder()
        .header(kind)
        .body(base64(calendar.ics.as_bytes().to_vec())))
}

fn saved(calendar: &Calendar) -> Result<SinglePart, Outcome> {
    let part = SinglePart::builder()
        .header(ContentDisposition::attachment(INVITATION))
        .header(media_type(&format!("application/ics; name=\"{INVITATION}\""))?);
    Ok(part.body(base64(calendar.ics.as_bytes().to_vec())))
}

fn media_type(text: &str) -> Result<ContentType, Outcome> {
    ContentType::parse(text).map_err(|_| refused("the type of a file is none"))
}

fn bytes(parcel: &Parcel<'_>, file: &Attachment) -> Result<Vec<u8>, Outcome> {
    let found = parcel.files.iter().find(|kept| kept.hash == file.hash);
    found.map(|kept| kept.bytes.clone()).ok_or_else(|| {
        refused(&format!(
            "the attached file {} is not kept any more",
            header_text(&file.name)
        ))
    })
}

fn refused(words: &str) -> Outcome {
    Outcome::PermanentMessage(words.to_owned())
}

/// Byte for byte, line ends included.
fn base64(bytes: Vec<u8>) -> Body {
    let encoding = ContentTransferEncoding::Base64;
    // Base64 takes any bytes; what could not be taken would be encoded by lettre's own choice.
    Body::new_with_encoding(bytes, encoding).unwrap_or_else(Body::new)
}

/// A name that can stand in a header and leads into no folder.
fn file_name(name: &str) -> String {
    header_text(name)
        .chars()
        .map(|c| if matches!(c, '/' | '\\' | ':' | '"') { '_' } else { c })
        .collect()
}

/// Line ends as mail wants them, and no NUL.
fn body_text(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "")
        .replace('\n', "\r\n")
}

#[cfg(test)]
mod tests;
