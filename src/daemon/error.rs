//! What keeps the daemon from starting, or ends it.

use thiserror::Error;

use crate::channel::ChannelError;
use crate::config::Problems;
use crate::daemon::heartbeat::HeartbeatFault;
use crate::render::TemplateFault;
use crate::rules::intake::IntakeError;
use crate::store::{ClockHold, StoreError};

/// Why the daemon cannot go on.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The configuration is broken and no good load is kept.
    #[error("the configuration has errors")]
    Config(Problems),
    /// The ledger would change more than an oversight explains, and no good load is kept.
    #[error("the ledger is refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Intake(Vec<IntakeError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A channel cannot be opened.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A template is broken.
    #[error("a message template is broken: {}", .0.iter().map(|fault| format!("{}: {}", fault.file, fault.text)).collect::<Vec<_>>().join("; "))]
    Template(Vec<TemplateFault>),
    /// The kept configuration cannot be read.
    #[error("the configuration kept in the store cannot be read")]
    KeptLoad(#[source] serde_json::Error),
    /// The clock is not believed, and there is no good load to wait with.
    #[error("the clock is wrong, or was: it shows {}, and {} was expected", .0.shown.to_rfc3339(), .0.expected.to_rfc3339())]
    Clock(ClockHold),
    /// One of the loops ended, which nobody had asked to.
    #[error("the {name} loop broke off: {why}")]
    LoopBroke {
        /// Which.
        name: &'static str,
        /// Why.
        why: String,
    },
    /// The heartbeat cannot be started.
    #[error("the heartbeat cannot be started")]
    Heartbeat(#[source] HeartbeatFault),
}

/// An error with what led to it, in one line.
pub(super) fn with_causes(error: &DaemonError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        // A transparent error says what its source says.
        let text = source.to_string();
        if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        cause = source.source();
    }
    line
}
