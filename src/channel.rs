//! Channels (渠道): hands a finished message to the world and says what became of it.
//!
//! A channel gets a [`Parcel`] and answers with one [`Outcome`]; it knows nothing of stores or of when
//! to try again, keeps no queue and reads no clock; of people it knows what the parcel brings, their handles. Every attempt ends under a time limit of its own. Nothing in this room prints an address, a
//! URL, a token or a body: not in an outcome's words, not in an error, not in `Debug`.

pub mod beat;
mod certificate;
mod folder;
mod http;
mod lane;
mod target;
mod words;
mod written;

pub mod email;
pub mod robot;
pub mod webhook;

mod dingtalk;
mod discord;
mod feishu;
mod gotify;
mod matrix;
mod mattermost;
mod ntfy;
mod rocketchat;
mod slack;
mod teams;
mod telegram;
mod wecom;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::chat::Chat;
use crate::domain::id::{ChannelId, MessageId};
use crate::domain::message::{Content, FileBytes, MessageKind};
use crate::domain::outcome::Outcome;
use crate::domain::people::{ChannelKind, People};

pub use lane::{Budget, Lane, Redelivery};
pub use robot::Checked;
pub use target::Target;
pub use written::{Room, Written};

/// How one channel is reached; filled by `config`, proven there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {
    /// `type = "email"`.
    Email(email::Settings),
    /// `type = "webhook"`.
    Webhook(webhook::Settings),
    /// `type =` the name of a chat's vendor.
    Robot(robot::Settings),
}

impl Settings {
    /// What all channels have: budget, concurrency, timeout, retry, members.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        match self {
            Self::Email(settings) => &settings.lane,
            Self::Webhook(settings) => &settings.lane,
            Self::Robot(settings) => &settings.lane,
        }
    }

    /// What may follow where nobody knows whether a message arrived: a mail keeps its Message-ID and a webhook its id, by
    /// which a repeat is known; most robots have nothing of the kind and are asked once more at most.
    #[must_use]
    pub fn redelivery(&self) -> Redelivery {
        match self {
            Self::Email(_) => Redelivery {
                wait: TimeDelta::minutes(10),
                is_idempotent: false,
            },
            Self::Webhook(_) => Redelivery {
                wait: TimeDelta::zero(),
                is_idempotent: true,
            },
            Self::Robot(settings) => Redelivery {
                wait: TimeDelta::seconds(60),
                is_idempotent: settings.vendor.is_idempotent(),
            },
        }
    }

    /// Whether a refused message can be written in another form.
    #[must_use]
    pub fn has_plain_form(&self) -> bool {
        matches!(self, Self::Robot(_))
    }

    /// What the other side counts and blocks together, wherever it ends: to be compared, never shown.
    #[must_use]
    pub fn account(&self) -> String {
        match self {
            Self::Email(_) | Self::Webhook(_) => self.endpoint(),
            Self::Robot(settings) => settings.account(),
        }
    }

    /// What shares one budget with it: to be compared, never shown. Telegram counts for each chat, mail servers for each
    /// login, all others for each robot.
    #[must_use]
    pub fn purse(&self) -> String {
        match self {
            Self::Email(settings) => {
                let login = settings.username.as_deref().unwrap_or_default();
                format!("{}\n{login}", settings.endpoint())
            }
            Self::Robot(settings) if settings.vendor == robot::VendorKind::Telegram => settings.endpoint(),
            Self::Webhook(_) | Self::Robot(_) => self.account(),
        }
    }

    /// Whose service it is, as its `type` says.
    #[must_use]
    pub fn vendor(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
            Self::Robot(settings) => settings.vendor.as_str(),
        }
    }

    /// Its type, as the rules see it.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
            Self::Robot(_) => ChannelKind::Group,
        }
    }

    /// Where it ends, so that a stopped endpoint can be told from another: to be compared, never shown. A URL is hashed.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self {
            Self::Email(settings) => settings.endpoint(),
            Self::Webhook(settings) => settings.endpoint(),
            Self::Robot(settings) => settings.endpoint(),
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
    /// The bytes of its attachments; a mail whose files are not all here is not written.
    pub files: &'a [FileBytes],
    /// The recipient's address, where the channel is a mail channel.
    pub address: Option<&'a str>,
    /// Whose handles are mentioned.
    pub people: &'a People,
    /// Whether its rich form was refused, so that it goes as plain text.
    pub is_plain: bool,
    /// The other side's words at the earlier attempts, the oldest first.
    pub before: &'a [String],
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
    Robot(robot::Robot),
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
                Settings::Robot(settings) => Open::Robot(robot::Robot::open(id, settings)?),
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
            Some(Open::Robot(robot)) => robot.send(parcel).await,
            None => no_such_channel(),
        }
    }

    /// What [`Channels::send`] would hand over, without handing it over; a signature is added only when it is sent.
    ///
    /// # Errors
    /// With the outcome of sending it, where it cannot be written.
    pub fn written(&self, channel: &ChannelId, parcel: &Parcel<'_>) -> Result<Written, Outcome> {
        match self.open.get(channel) {
            Some(Open::Email(email)) => email.written(parcel),
            Some(Open::Webhook(webhook)) => Ok(webhook.written(parcel)),
            Some(Open::Robot(robot)) => Ok(robot.written(parcel)),
            None => Err(no_such_channel()),
        }
    }

    /// Tries what can be tried of a channel without anybody seeing a message, and always ends, about within the channel's
    /// own timeout.
    pub async fn check(&self, channel: &ChannelId, now: DateTime<Utc>) -> Checked {
        match self.open.get(channel) {
            Some(Open::Email(email)) => email.check().await,
            Some(Open::Webhook(webhook)) => webhook.check(now).await,
            Some(Open::Robot(robot)) => robot.check(now).await,
            None => Checked::of(Outcome::PermanentEndpoint("no such channel is configured".to_owned())),
        }
    }

    /// The parts into which a message is divided so that each is within the vendor's limits; `free` is how many posts the
    /// budget allows now, none where there is no budget. One part where nothing need be divided.
    #[must_use]
    pub fn divide(&self, channel: &ChannelId, parcel: &Parcel<'_>, free: Option<u32>) -> Vec<Chat> {
        match self.open.get(channel) {
            Some(Open::Robot(robot)) => robot.divide(parcel, free),
            Some(Open::Email(_) | Open::Webhook(_)) | None => vec![parcel.content.words.chat.clone()],
        }
    }
}

fn no_such_channel() -> Outcome {
    Outcome::PermanentEndpoint("no such channel is configured".to_owned())
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
