//! `duban task …`: what happened to a task. The time of an act is now.

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::id::TaskId;
use crate::domain::when::When;

/// One act, or a look.
#[derive(Clone, Debug, Subcommand)]
pub enum Act {
    /// Take note of the task
    #[command(visible_alias = "acknowledge")]
    Ack(Plain),
    /// Report progress
    #[command(after_help = "Example:\n  duban task report 7 --progress \"60 %, walls stand\" --by 王科长")]
    Report(Report),
    /// Hand it in for review
    Submit(Plain),
    /// Send a submission back
    Return(WithDue),
    /// Approve it and close it
    Close(Plain),
    /// Open a closed or cancelled task again: a new round
    #[command(after_help = "Example:\n  duban task reopen 7 --due 2022-03-31 --note \"relapse found on 2 March\"")]
    Reopen(WithDue),
    /// Call it off
    Cancel(Plain),
    /// Ask for a later deadline, with a reason; the office is told at once
    #[command(
        after_help = "The deadline in force stands until somebody grants the extension.\n\nExample:\n  duban task extend 7 --to 2022-03-31 --note \"the rainy season delays the road works\" --by 王科长"
    )]
    Extend(Extend),
    /// Grant the later deadline that was asked for, or another one
    #[command(after_help = "Example:\n  duban task grant 7 --due 2022-03-15 --note \"no later than the inspection\"")]
    Grant(WithDue),
    /// Refuse the later deadline that was asked for, with a reason
    #[command(after_help = "Example:\n  duban task refuse 7 --note \"the deadline is set by the province\"")]
    Refuse(Refuse),
    /// Show the task, its state and its history
    Show(Show),
}

/// Who did it, and in which words.
#[derive(Clone, Debug, Default, Args)]
pub struct Said {
    /// Who did it, for the journal; default: the user at the keyboard
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// A note for the journal
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// An act without more to say.
#[derive(Clone, Debug, Args)]
pub struct Plain {
    /// The task's id
    pub task: TaskId,
    /// By whom.
    #[command(flatten)]
    pub said: Said,
}

/// A progress report.
#[derive(Clone, Debug, Args)]
pub struct Report {
    /// The task's id
    pub task: TaskId,
    /// How far it is, as it shall stand in the ledger and in messages
    #[arg(long, value_name = "TEXT", required_unless_present = "note")]
    pub progress: Option<String>,
    /// By whom.
    #[command(flatten)]
    pub said: Said,
}

/// An act that may set a new deadline.
#[derive(Clone, Debug, Args)]
pub struct WithDue {
    /// The task's id
    pub task: TaskId,
    /// The new deadline: a date, or a date and time
    #[arg(long, value_name = "WHEN")]
    pub due: Option<When>,
    /// By whom.
    #[command(flatten)]
    pub said: Said,
}

/// A request for a later deadline.
#[derive(Clone, Debug, Args)]
pub struct Extend {
    /// The task's id
    pub task: TaskId,
    /// The wanted deadline: a date, or a date and time
    #[arg(long, value_name = "WHEN")]
    pub to: When,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub note: String,
    /// Who asks, for the journal; default: the user at the keyboard
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// A request that is refused.
#[derive(Clone, Debug, Args)]
pub struct Refuse {
    /// The task's id
    pub task: TaskId,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub note: String,
    /// Who refuses, for the journal; default: the user at the keyboard
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// A look at a task.
#[derive(Clone, Debug, Args)]
pub struct Show {
    /// The task's id
    pub task: TaskId,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ShowFormat::Table)]
    pub format: ShowFormat,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// The shapes of one task; rows of CSV would not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For people.
    Table,
    /// For scripts.
    Json,
}
