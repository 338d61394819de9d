//! A letter: the bytes of one mail, the same for every attempt of the same message.

use std::str::FromStr;
use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use sha2::{Digest, Sha256};

use crate::domain::id::TaskId;
use crate::domain::outcome::Outcome;

use super::super::{Parcel, http};
use super::parts;

/// Who signs the letters.
pub(super) struct Sender {
    mailbox: Mailbox,
}

impl Sender {
    /// None: the address is not one.
    pub(super) fn new(name: &str, address: &str) -> Option<Self> {
        Some(Self {
            mailbox: mailbox(name, address)?,
        })
    }

    /// The right side of ids: the sender's domain.
    fn domain(&self) -> &str {
        self.mailbox.email.domain()
    }
}

/// A mail ready to go.
pub(super) struct Letter {
    /// The sender's address.
    pub(super) from: Address,
    /// The recipient's address, its domain in ASCII.
    pub(super) to: Address,
    /// The whole mail, CRLF line ends, not yet dot-stuffed.
    pub(super) bytes: String,
}

impl Letter {
    /// Writes the letter.
    ///
    /// # Errors
    /// With the outcome, where there is no usable address or the letter cannot be written at all.
    pub(super) fn new(sender: &Sender, parcel: &Parcel<'_>) -> Result<Self, Outcome> {
        let Some(address) = parcel.address else {
            return Err(Outcome::PermanentRecipient(
                "the recipient has no mail address".to_owned(),
            ));
        };
        let Some(to) = mailbox(&parcel.content.recipient.name, address) else {
            return Err(Outcome::PermanentRecipient(
                "the recipient's mail address is not one".to_owned(),
            ));
        };
        let body = parts::body(parcel)?;
        let message = compose(sender, parcel, to.clone(), body)
            .map_err(|_| Outcome::PermanentMessage("the mail could not be written".to_owned()))?;
        let bytes = String::from_utf8(message.formatted())
            .map_err(|_| Outcome::PermanentMessage("the mail is not UTF-8".to_owned()))?;
        Ok(Self {
            from: sender.mailbox.email.clone(),
            to: to.email,
            bytes,
        })
    }

    /// Whether an address needs SMTPUTF8 on the way.
    pub(super) fn needs_utf8(&self) -> bool {
        !self.from.to_string().is_ascii() || !self.to.to_string().is_ascii()
    }
}

fn compose(
    sender: &Sender,
    parcel: &Parcel<'_>,
    to: Mailbox,
    body: MultiPart,
) -> Result<Message, lettre::error::Error> {
    let content = parcel.content;
    let domain = sender.domain();
    let mut builder = Message::builder()
        .from(sender.mailbox.clone())
        .to(to)
        .subject(header_text(&content.words.subject))
        .date(SystemTime::from(content.as_of))
        .message_id(Some(format!("<{}@{domain}>", parcel.id)));
    if let Some(task) = &content.thread {
        let root = format!("<{}@{domain}>", thread_name(task));
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    let mut headers = vec![
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
        ("Content-Language", content.locale.as_str().to_owned()),
        ("X-Duban-Kind", parcel.kind.as_str().to_owned()),
    ];
    if content.urgent {
        headers.push(("Importance", "high".to_owned()));
        headers.push(("X-Priority", "1".to_owned()));
    }
    if !content.notices.is_empty() {
        let ids: Vec<&str> = content.notices.iter().map(|notice| notice.id.as_str()).collect();
        headers.push(("X-Duban-Notices", header_text(&ids.join(" "))));
    }
    for (name, value) in headers {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    builder.multipart(body)
}

/// One line: nothing in it can begin another header.
pub(super) fn header_text(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// None: the address is not one. Its domain comes out in ASCII.
fn mailbox(name: &str, address: &str) -> Option<Mailbox> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        http::ascii_domain(domain)?
    };
    let address = Address::from_str(&format!("{local}@{domain}")).ok()?;
    let name = header_text(name);
    Some(Mailbox::new(if name.is_empty() { None } else { Some(name) }, address))
}

/// The left side of the id that all mails about one task refer to, so that they stand in one thread.
fn thread_name(task: &TaskId) -> String {
    let id = task.as_str();
    let is_plain = !id.is_empty()
        && id.len() <= PLAIN_ID_BYTES_MAX
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_plain {
        return format!("task-{id}");
    }
    let digest = Sha256::digest(id.as_bytes());
    let hash: String = digest
        .iter()
        .take(HASH_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // `~` is not in a plain id, so that a hash is never taken for one.
    format!("task~{hash}")
}

/// Longer ids are hashed, so that the header's line stays short.
const PLAIN_ID_BYTES_MAX: usize = 40;

/// Of a hash, so much is enough to keep tasks apart.
const HASH_BYTES: usize = 16;

#[cfg(test)]
mod tests;
