//! What keeps the daemon from starting, or ends it.

use thiserror::Error;

use crate::channel::ChannelError;
use crate::config::Problems;
use crate::daemon::heartbeat::HeartbeatFault;
use crate::render::TemplateFault;
use crate::rules::intake::IntakeError;
use crate::store::StoreError;

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
    /// The heartbeat cannot be started.
    #[error("the heartbeat cannot be started")]
    Heartbeat(#[source] HeartbeatFault),
}
