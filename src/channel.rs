//! Channels (渠道): hands a finished message to the world and says what became of it.
//!
//! A channel gets a [`Parcel`] and answers with one [`Outcome`]; it knows nothing of stores, retries or people, keeps no
//! queue and reads no clock. Every attempt ends under a time limit of its own. Nothing in this room prints an address, a
//! URL, a token or a body: not in an outcome's words, not in an error, not in `Debug`.

mod certificate;
mod folder;
mod http;
mod lane;
mod words;

pub mod email;
pub mod webhook;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::domain::id::{ChannelId, MessageId};
use crate::domain::message::{Content, MessageKind};
use crate::domain::outcome::Outcome;
use crate::domain::people::ChannelKind;

pub use lane::{Budget, Lane};

/// How one channel is reached; filled by `config`, proven there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {
    /// `type = "email"`.
    Email(email::Settings),
    /// `type = "webhook"`.
    Webhook(webhook::Settings),
}

impl Settings {
    /// What all channels have: budget, concurrency, timeout, retry, members.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        match self {
            Self::Email(settings) => &settings.lane,
            Self::Webhook(settings) => &settings.lane,
        }
    }

    /// Its type, as the rules see it.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
        }
    }

    /// Where it ends, so that a stopped endpoint can be told from another: to be compared, never shown. A URL is hashed.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self {
            Self::Email(settings) => settings.endpoint(),
            Self::Webhook(settings) => settings.endpoint(),
        }
    }
}

/// One message on its way out, for one attempt.
#[derive(Clone, Copy)]
pub struct Parcel<'a> {
    /// The same for every attempt.
    pub id: &'a MessageId,
    /// What it is about.
    pub kind: MessageKind,
    /// What it says.
    pub content: &'a Content,
    /// The recipient's address, where the channel is a mail channel.
    pub address: Option<&'a str>,
    /// The instant of this attempt.
    pub now: DateTime<Utc>,
}

impl fmt::Debug for Parcel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What keeps a channel from being opened; none of it shows an address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The file of the private certificate authority cannot be read.
    #[error("channel {channel}: cannot read the certificate authority in {path}")]
    CaUnreadable {
        /// The channel.
        channel: ChannelId,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file of the private certificate authority holds no usable certificate.
    #[error("channel {channel}: {path} holds no usable PEM certificate")]
    CaInvalid {
        /// The channel.
        channel: ChannelId,
        /// The file.
        path: String,
    },
    /// The sender's address is not one.
    #[error("channel {channel}: the sender's address in `from` is not a mail address")]
    SenderInvalid {
        /// The channel.
        channel: ChannelId,
    },
    /// TLS cannot be set up on this machine.
    #[error("channel {channel}: TLS cannot be set up: {reason}")]
    Tls {
        /// The channel.
        channel: ChannelId,
        /// Why.
        reason: String,
    },
    /// The webhook's URL is not usable.
    #[error("channel {channel}: the webhook's URL is not usable")]
    Url {
        /// The channel.
        channel: ChannelId,
        /// Why.
        source: webhook::UrlError,
    },
    /// A webhook's secret is not usable.
    #[error("channel {channel}: a signing secret is not usable")]
    Secret {
        /// The channel.
        channel: ChannelId,
        /// Why.
        source: webhook::SecretError,
    },
}

/// All channels, open for sending. Opening connects nowhere.
pub struct Channels {
    open: BTreeMap<ChannelId, Open>,
}

enum Open {
    Email(email::Email),
    Webhook(webhook::Webhook),
}

impl Channels {
    /// Builds pools and clients from proven settings; connects nowhere and makes no folder.
    ///
    /// # Errors
    /// Where a file is missing or an address, URL or secret is unusable.
    pub fn open(settings: &BTreeMap<ChannelId, Settings>) -> Result<Self, ChannelError> {
        let mut open = BTreeMap::new();
        for (id, settings) in settings {
            let channel = match settings {
                Settings::Email(settings) => Open::Email(email::Email::open(id, settings)?),
                Settings::Webhook(settings) => Open::Webhook(webhook::Webhook::open(id, settings)?),
            };
            open.insert(id.clone(), channel);
        }
        Ok(Self { open })
    }

    /// Tries once to hand the message over, and always ends, within the channel's own time limits.
    pub async fn send(&self, channel: &ChannelId, parcel: &Parcel<'_>) -> Outcome {
        match self.open.get(channel) {
            Some(Open::Email(email)) => email.send(parcel).await,
            Some(Open::Webhook(webhook)) => webhook.send(parcel).await,
            None => Outcome::PermanentEndpoint("no such channel is configured".to_owned()),
        }
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.open.keys()).finish()
    }
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
