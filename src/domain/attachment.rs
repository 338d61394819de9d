//! What goes with a message besides its words: files, and an entry for a calendar.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::hex;

/// A file that goes with a message; its bytes are kept once, under their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name: `督办台账-2021-12-20.xlsx`.
    pub name: String,
    /// What it is: `image/png`.
    pub media_type: String,
    /// The lower hex SHA-256 of its bytes.
    pub hash: String,
    /// Set where it is a picture within the HTML, which names it `cid:` and this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
}

/// An entry for the recipient's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// What the recipient's calendar is to do, as the iCalendar's own `METHOD` says: `REQUEST`, `CANCEL` or `PUBLISH`.
    pub method: String,
    /// The iCalendar, its lines folded and ended with CRLF.
    pub ics: String,
}

/// The bytes of a file, under their hash.
#[derive(Clone, PartialEq, Eq)]
pub struct FileBytes {
    /// The lower hex SHA-256 of the bytes.
    pub hash: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl FileBytes {
    /// Bytes with their hash.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            hash: hex(&Sha256::digest(&bytes)),
            bytes,
        }
    }

    /// What a message says of the file.
    #[must_use]
    pub fn attached(&self, name: &str, media_type: &str) -> Attachment {
        Attachment {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            hash: self.hash.clone(),
            content_id: None,
        }
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {}", self.bytes.len(), self.hash)
    }
}
