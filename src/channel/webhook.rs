//! The generic webhook: one signed JSON post for each message, by Standard Webhooks; or a file of the same body.

mod answer;
mod body;
mod signature;

use chrono::{DateTime, Utc};

use crate::domain::id::ChannelId;
use crate::domain::outcome::Outcome;
use crate::secret::Secret;

use super::folder::{self, Folder};
use super::http::{Call, Client, Method};
use super::{ChannelError, Checked, Lane, Parcel, Written};
use signature::Signer;

pub use super::http::UrlError;
pub use super::target::Target;
pub use signature::SecretError;

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
        self.target.endpoint("webhook", "")
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

    /// The body, as [`Webhook::send`] posts it.
    pub(super) fn written(&self, parcel: &Parcel<'_>) -> Written {
        Written {
            bytes: body::json(parcel).into_bytes(),
            room: None,
        }
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
                let signature = self.signer.sign(parcel.id.as_str(), seconds, &body);
                let mut call = Call::post(client.url().clone(), body)
                    .with("webhook-id", parcel.id.as_str())
                    .with("webhook-timestamp", seconds.to_string());
                if let Some(signature) = signature {
                    call = call.with("webhook-signature", signature);
                }
                let answered = client.call(call).await;
                answer::outcome(&answered, parcel.now, &client.hidden())
            }
        }
    }

    /// Asks with `OPTIONS`, which no receiver takes for a message; whatever is answered shows that there is somebody.
    pub(super) async fn check(&self, now: DateTime<Utc>) -> Checked {
        let client = match &self.target {
            Open::Folder(dir) => return Checked::of(dir.check().await),
            Open::Url(client) => client,
        };
        let call = Call {
            method: Method::OPTIONS,
            ..Call::get(client.url().clone())
        };
        let answered = client.call(call).await;
        Checked {
            outcome: answer::connected(&answered, now, &client.hidden()),
            untried: UNTRIED.to_owned(),
        }
    }
}

/// A signature is looked at only with a message.
const UNTRIED: &str = "whether the address and the signature are right: any post would be a message";

#[cfg(test)]
mod tests;
