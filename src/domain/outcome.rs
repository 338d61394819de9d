//! What became of an attempt to hand a message to a channel.

use std::fmt;

use chrono::TimeDelta;

/// The answer of a channel, in the words of the outcome model; each with the vendor's own words where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side confirmed that it has the message.
    Delivered(String),
    /// It took the message; posting happens later (SMTP 250).
    Accepted(String),
    /// It told us when to come again; the lane waits.
    RetryAfter {
        /// How long.
        wait: TimeDelta,
        /// Who else must wait.
        reach: Reach,
        /// Its words.
        words: String,
    },
    /// Transient, no time given.
    Backoff {
        /// The vendor's own minimum, where it has one.
        minimum: Option<TimeDelta>,
        /// Its words.
        words: String,
    },
    /// This payload can never pass.
    PermanentMessage(String),
    /// This recipient can never be reached here.
    PermanentRecipient(String),
    /// Credential, address, TLS or policy is wrong: the lane stops.
    PermanentEndpoint(String),
    /// The endpoint could not be reached: no connection, no name, no greeting.
    Unreachable(String),
    /// The bytes left and no answer came: it may have arrived.
    Unknown(String),
}

/// How far a server's word to wait reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything that ends at the same place.
    Endpoint,
    /// Everything that goes by the same robot or account, wherever it ends.
    Account,
    /// Every channel of the same vendor.
    Vendor,
}

impl Outcome {
    /// Every word of [`Outcome::kind`].
    pub const KINDS: [&'static str; 9] = [
        "delivered",
        "accepted",
        "retry-after",
        "backoff",
        "permanent/message",
        "permanent/recipient",
        "permanent/endpoint",
        "unreachable",
        "unknown",
    ];

    /// The word in JSON, logs and the store.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::Accepted(_) => "accepted",
            Self::RetryAfter { .. } => "retry-after",
            Self::Backoff { .. } => "backoff",
            Self::PermanentMessage(_) => "permanent/message",
            Self::PermanentRecipient(_) => "permanent/recipient",
            Self::PermanentEndpoint(_) => "permanent/endpoint",
            Self::Unreachable(_) => "unreachable",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The other side's words, or ours where it said nothing. Never an address, a secret or a body of ours.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Delivered(words)
            | Self::Accepted(words)
            | Self::RetryAfter { words, .. }
            | Self::Backoff { words, .. }
            | Self::PermanentMessage(words)
            | Self::PermanentRecipient(words)
            | Self::PermanentEndpoint(words)
            | Self::Unreachable(words)
            | Self::Unknown(words) => words,
        }
    }

    /// Whether the message is done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Delivered(_) | Self::Accepted(_))
    }

    /// Whether the fault lies with the endpoint, so that the lane stops and not the message.
    #[must_use]
    pub fn is_endpoint_fault(&self) -> bool {
        matches!(self, Self::PermanentEndpoint(_) | Self::Unreachable(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind(), self.words())
    }
}
