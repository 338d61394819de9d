//! One call of a dead man's switch (healthchecks.io and the like): that it stays away is what raises the alarm there.

use chrono::TimeDelta;

use crate::domain::id::ChannelId;
use crate::secret::Secret;

use super::http::{self, Answered, Call, Client, UrlError};

/// A whole call takes at most so long.
const TIMEOUT: TimeDelta = TimeDelta::seconds(10);

/// Whether the text can be called.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(text: &str) -> Result<(), UrlError> {
    http::check_url(text)
}

/// Calls it once: `GET`, no redirects, ten seconds at most. The address stands in no answer.
///
/// # Errors
/// Why it did not answer with a success.
pub async fn beat(url: &Secret) -> Result<(), String> {
    let client =
        Client::new(&ChannelId::new("audit"), url, TIMEOUT).map_err(|_| "the address cannot be called".to_owned())?;
    match client.call(Call::get(client.url().clone())).await {
        Answered::Status(answer) if answer.is_success() => Ok(()),
        Answered::Status(answer) => Err(format!("it answered {}", answer.status)),
        Answered::NotReached(why) | Answered::Certificate(why) => Err(why),
        Answered::Unusable(why) | Answered::NoAnswer(why) => Err(why.to_owned()),
    }
}
