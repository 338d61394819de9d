//! The generic webhook: one signed JSON post for each message, by Standard Webhooks; or a file of the same body.

mod answer;
mod body;
mod signature;

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::domain::id::ChannelId;
use crate::domain::outcome::Outcome;
use crate::secret::Secret;

use super::folder::{self, Folder};
use super::http::{Client, Post};
use super::{ChannelError, Lane, Parcel};
use signature::Signer;

pub use super::http::UrlError;
pub use signature::SecretError;

/// Where the posts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An `http` or `https` URL; often a secret itself, so always one here.
    Url(Secret),
    /// A folder: one `.json` file for each message.
    Folder(PathBuf),
    /// As [`Target::Folder`], for a replay that nobody waits for: what a power cut would lose can be replayed.
    Scratch(PathBuf),
}

/// How a webhook is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the posts go.
    pub target: Target,
    /// `whsec_` secrets, the newest first; each signs. None: posts carry id and time, and no signature.
    pub secrets: Vec<Secret>,
    /// Budget, concurrency, timeout, retry, members.
    pub lane: Lane,
}

impl Settings {
    /// Whether the text is a Standard Webhooks secret: `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// Says what is wrong with it, never the text itself.
    pub fn check_secret(text: &str) -> Result<(), SecretError> {
        signature::key_of(text).map(drop)
    }

    /// Whether the text is a URL that can be posted to.
    ///
    /// # Errors
    /// Says what is wrong with it, never the text itself.
    pub fn check_url(text: &str) -> Result<(), UrlError> {
        super::http::check_url(text)
    }

    pub(super) fn endpoint(&self) -> String {
        match &self.target {
            // Hashed, because the URL is often the only secret there is.
            Target::Url(url) => format!("webhook:{}", hex(Sha256::digest(url.reveal().as_bytes()).as_slice())),
            Target::Folder(folder) | Target::Scratch(folder) => format!("folder:{}", folder.display()),
        }
    }
}

/// An open webhook channel.
pub(super) struct Webhook {
    target: Open,
    signer: Signer,
}

enum Open {
    Url(Box<Client>),
    Folder(Folder),
}

impl Webhook {
    pub(super) fn open(id: &ChannelId, settings: &Settings) -> Result<Self, ChannelError> {
        let signer = Signer::new(&settings.secrets).map_err(|source| ChannelError::Secret {
            channel: id.clone(),
            source,
        })?;
        let target = match &settings.target {
            Target::Url(url) => Open::Url(Box::new(Client::new(id, url, settings.lane.timeout)?)),
            Target::Folder(folder) => Open::Folder(Folder::durable(folder)),
            Target::Scratch(folder) => Open::Folder(Folder::scratch(folder)),
        };
        Ok(Self { target, signer })
    }

    pub(super) async fn send(&self, parcel: &Parcel<'_>) -> Outcome {
        let body = body::json(parcel);
        match &self.target {
            Open::Folder(dir) => {
                let name = format!(
                    "{}-{}.json",
                    folder::stamp(parcel.content.as_of),
                    folder::safe(parcel.id.as_str())
                );
                dir.write(name, body.into_bytes()).await
            }
            Open::Url(client) => {
                let seconds = parcel.now.timestamp();
                let mut headers = vec![
                    ("webhook-id", parcel.id.as_str().to_owned()),
                    ("webhook-timestamp", seconds.to_string()),
                ];
                if let Some(signature) = self.signer.sign(parcel.id.as_str(), seconds, &body) {
                    headers.push(("webhook-signature", signature));
                }
                let answered = client.post(Post { headers, body }).await;
                answer::outcome(&answered, parcel.now, &client.hidden())
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
