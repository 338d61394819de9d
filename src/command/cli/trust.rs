//! Flags of the commands by which an administrator sees that Duban can be trusted: self-audit, outbox, backup, journal.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::id::ChannelId;
use crate::domain::message::MessageState;

use super::Format;

pub(super) const AUDIT: &str = "\
Examples:
  duban audit
  duban audit --from 2021-11-14 --format json | jq .findings
  duban audit --accept --note \"task 7 was told by telephone\"

The daemon does the same every day at `[audit] at`. Each task's journal is folded anew and planned by the configuration in
force; what was sent is planned again from the last clean count on, or from --from. It only looks, also while a daemon
runs. What cannot be mended is accepted with --accept: these very findings are not told any more, and the journal keeps
who accepted them.
Exit codes: 0 clean; 1 something is wrong.";

pub(super) const BACKUP: &str = "\
Example:
  duban backup /var/backups/duban-$(date +%F).db

The copy is consistent, readable by its owner only, and gets its name when it is complete and proven: every page of the
database, and the journal from its first entry to its last.

In it are the last ten good loads of the configuration, word for word: keep it as secret as the configuration. Secrets that
come from credentials, the environment or files are not in it; keep those, and the configuration's folder, too.";

pub(super) const RESTORE: &str = "\
Example:
  systemctl stop duban && duban restore /var/backups/duban-2021-12-20.db --force && systemctl start duban

The backup is proven first. What people recorded after it is lost, and what was sent after it may be sent again, since
nobody knows of it any more: the office is told so at the next start.";

pub(super) const VERIFY: &str = "\
Examples:
  duban journal verify
  duban journal verify --head 1312:9f86d081884c7d65

The weekly mail to the office ends with the number and the hash of the journal's last entry then. A chain that was made
anew from end to end holds in itself; only a head that was kept elsewhere shows that it is another one.";

/// `duban audit`.
#[derive(Clone, Debug, Args)]
pub struct Audit {
    /// What was sent is planned again from here on; default: the last clean count
    #[arg(long, value_name = "T")]
    pub from: Option<String>,
    /// Accept what is found now: it is not told any more
    #[arg(long, requires = "note")]
    pub accept: bool,
    /// Why it is accepted; kept in the journal
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub note: Option<String>,
    /// Who accepts it [default: the user]
    #[arg(long, value_name = "NAME", requires = "accept")]
    pub by: Option<String>,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Another present
    #[arg(long, value_name = "T", conflicts_with = "accept")]
    pub now: Option<String>,
}

/// `duban backup`.
#[derive(Clone, Debug, Args)]
pub struct Backup {
    /// The file to write
    pub file: PathBuf,
    /// Replace the file, where there is one
    #[arg(long)]
    pub force: bool,
}

/// `duban restore`.
#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// The backup
    pub file: PathBuf,
    /// Replace the store, where there is one; it is kept beside the new one
    #[arg(long)]
    pub force: bool,
    /// Who restores it [default: the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// `duban journal verify`.
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// An entry that must be in the chain: its number and its hash, or at least the hash's first eight letters
    #[arg(long, value_name = "SEQ:HASH")]
    pub head: Vec<String>,
}

/// `duban outbox …`.
#[derive(Clone, Debug, Subcommand)]
pub enum OutboxView {
    /// List the messages
    #[command(after_help = "Example:\n  duban outbox list --state undeliverable --channel mail --to edu-head")]
    List {
        /// Only these
        #[command(flatten)]
        which: Which,
        /// The shape of the output
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
        format: Format,
    },
    /// Show one message: its text, its notices, every attempt, and who was told instead
    Show {
        /// The message's id, or its beginning
        message: String,
        /// The shape of the output
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
        format: Format,
    },
    /// Try messages again at once, under the ids they have
    #[command(
        after_help = "Examples:\n  duban outbox retry 3f2a90\n  duban outbox retry --state undeliverable --channel mail\n\nWhat no \
                            longer holds is dropped at the door, as always. What was told instead is not taken back."
    )]
    Retry {
        /// The messages' ids, or their beginnings
        messages: Vec<String>,
        /// All of these
        #[command(flatten)]
        which: Which,
        /// Send again what was delivered
        #[arg(long)]
        again: bool,
        /// Who does it, and why
        #[command(flatten)]
        act: Act,
    },
    /// Do not send messages, for a reason
    #[command(
        after_help = "Example:\n  duban outbox discard 3f2a90 --note \"told by telephone\"\n\nTheir notices count as told, and \
                            `duban why` tells the reason."
    )]
    Discard {
        /// The messages' ids, or their beginnings
        messages: Vec<String>,
        /// All of these
        #[command(flatten)]
        which: Which,
        /// Without asking, where they are many
        #[arg(long)]
        yes: bool,
        /// Who does it, and why
        #[command(flatten)]
        act: Act,
    },
}

/// Which messages.
#[derive(Clone, Debug, Default, Args)]
pub struct Which {
    /// Only those that stand so
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<State>,
    /// Only those of this channel
    #[arg(long, value_name = "ID")]
    pub channel: Option<ChannelId>,
    /// Only those to this recipient: the id or the name of a person or a channel
    #[arg(long, value_name = "WHO")]
    pub to: Option<String>,
}

impl Which {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.is_none() && self.channel.is_none() && self.to.is_none()
    }
}

/// Who does something to messages, and why.
#[derive(Clone, Debug, Args)]
pub struct Act {
    /// Why; kept in the journal
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Who does it [default: the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// For its time, its channel or its next attempt.
    Waiting,
    /// An attempt is under way.
    Sending,
    /// The other side has it.
    Delivered,
    /// Refused for good, or given up.
    Undeliverable,
    /// Not sent, for a reason.
    Dropped,
}

impl From<State> for MessageState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Sending => Self::Sending,
            State::Delivered => Self::Delivered,
            State::Undeliverable => Self::Undeliverable,
            State::Dropped => Self::Dropped,
        }
    }
}
