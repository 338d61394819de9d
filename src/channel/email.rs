//! Mail: one letter to one address, over SMTP or into a folder.

mod dialogue;
mod letter;
mod parts;
mod pool;
mod reply;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::id::{ChannelId, MessageId};
use crate::domain::outcome::Outcome;
use crate::secret::Secret;

use super::folder::{self, Folder};
use super::{ChannelError, Checked, Lane, Parcel, Written};
use letter::{Letter, Sender};
use pool::Pool;
use reply::Again;

pub use dialogue::DOT_SECONDS;

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for servers on this machine.
    None,
    /// `STARTTLS`, demanded: a server that does not offer it gets nothing.
    StartTls,
    /// From the first byte (port 465).
    Implicit,
}

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// To a server.
    Smtp {
        /// Its name or address; the name must be in its certificate.
        host: String,
        /// Its port.
        port: u16,
        /// How the way to it is protected.
        tls: Tls,
    },
    /// Into a folder: one `.eml` file for each mail.
    Folder(PathBuf),
    /// As [`Server::Folder`], for a replay that nobody waits for: what a power cut would lose can be replayed.
    Scratch(PathBuf),
}

/// How mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where mail goes.
    pub server: Server,
    /// The login's name; none: no login.
    pub username: Option<String>,
    /// The login's password.
    pub password: Option<Secret>,
    /// The sender: name (may be empty) and address.
    pub from: (String, String),
    /// Key `ca`: a PEM file with certificate authorities that are trusted besides the machine's own.
    pub ca_file: Option<PathBuf>,
    /// Budget, concurrency, timeout, retry, members.
    pub lane: Lane,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and addresses of people stay out of logs.
        f.debug_struct("Settings")
            .field("server", &self.server)
            .field("ca_file", &self.ca_file)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub(super) fn endpoint(&self) -> String {
        match &self.server {
            Server::Smtp { host, port, .. } => format!("smtp:{}:{port}", host.to_lowercase()),
            Server::Folder(folder) | Server::Scratch(folder) => format!("folder:{}", folder.display()),
        }
    }
}

/// An open mail channel.
pub(super) struct Email {
    sender: Sender,
    carrier: Carrier,
    /// Messages that a server refused in a way that deserves one more try, hours later. Lost in a restart, which costs no
    /// more than one try.
    spared: Mutex<BTreeSet<MessageId>>,
}

enum Carrier {
    Smtp(Arc<Pool>),
    Folder(Folder),
}

impl Email {
    pub(super) fn open(id: &ChannelId, settings: &Settings) -> Result<Self, ChannelError> {
        let sender = Sender::new(&settings.from.0, &settings.from.1)
            .ok_or_else(|| ChannelError::SenderInvalid { channel: id.clone() })?;
        let carrier = match &settings.server {
            Server::Smtp { host, port, tls } => Carrier::Smtp(Arc::new(Pool::new(id, settings, host, *port, *tls)?)),
            Server::Folder(folder) => Carrier::Folder(Folder::durable(folder)),
            Server::Scratch(folder) => Carrier::Folder(Folder::scratch(folder)),
        };
        Ok(Self {
            sender,
            carrier,
            spared: Mutex::default(),
        })
    }

    pub(super) async fn send(&self, parcel: &Parcel<'_>) -> Outcome {
        let letter = match Letter::new(&self.sender, parcel) {
            Ok(letter) => letter,
            Err(outcome) => return outcome,
        };
        match &self.carrier {
            Carrier::Folder(dir) => {
                let recipient = folder::safe(&parcel.content.recipient.id);
                let id: String = folder::safe(parcel.id.as_str()).chars().take(FILE_ID_CHARS).collect();
                let name = format!("{}-{recipient}-{id}.eml", folder::stamp(parcel.content.as_of));
                dir.write(name, letter.bytes.into_bytes()).await
            }
            Carrier::Smtp(pool) => {
                let outcome = pool.send(&letter, self.spared_before(parcel.id)).await;
                self.remember(parcel.id, &outcome);
                outcome
            }
        }
    }

    /// Goes as far as a mail could be given, and says goodbye.
    pub(super) async fn check(&self) -> Checked {
        match &self.carrier {
            Carrier::Folder(dir) => Checked::of(dir.check().await),
            Carrier::Smtp(pool) => Checked {
                outcome: pool.check().await,
                untried: UNTRIED.to_owned(),
            },
        }
    }

    /// The mail, as [`Email::send`] hands it over.
    pub(super) fn written(&self, parcel: &Parcel<'_>) -> Result<Written, Outcome> {
        let letter = Letter::new(&self.sender, parcel)?;
        Ok(Written {
            bytes: letter.bytes.into_bytes(),
            room: None,
        })
    }

    fn spared_before(&self, id: &MessageId) -> Again {
        let spared = self.spared.lock().unwrap_or_else(PoisonError::into_inner);
        if spared.contains(id) { Again::Yes } else { Again::No }
    }

    fn remember(&self, id: &MessageId, outcome: &Outcome) {
        let mut spared = self.spared.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Backoff {
                minimum: Some(minimum), ..
            } if *minimum >= reply::HOURS => {
                if spared.len() >= SPARED_MAX {
                    spared.pop_first();
                }
                spared.insert(id.clone());
            }
            Outcome::Delivered(_)
            | Outcome::Accepted(_)
            | Outcome::PermanentMessage(_)
            | Outcome::PermanentRecipient(_) => {
                spared.remove(id);
            }
            Outcome::RetryAfter { .. }
            | Outcome::Backoff { .. }
            | Outcome::PermanentEndpoint(_)
            | Outcome::Unreachable(_)
            | Outcome::Unknown(_) => {}
        }
    }
}

/// Both are asked only with a mail.
const UNTRIED: &str = "whether the server takes mail from this sender and for these recipients";

/// The beginning of a message id stands in its file's name.
const FILE_ID_CHARS: usize = 12;

/// More are not remembered; who is forgotten gets one more try.
const SPARED_MAX: usize = 10_000;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
