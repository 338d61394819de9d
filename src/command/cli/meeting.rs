//! The command line of the meeting around a review.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{Format, Language};
use crate::domain::id::{ReviewId, TaskId};

/// `duban review agenda …`.
#[derive(Clone, Debug, Subcommand)]
pub enum AgendaView {
    /// Put an item on the agenda of the coming meeting
    #[command(
        after_help = "Example:\n  duban review agenda add weekly \"Who pays for the railing?\" --task 1 --by \"Wu Hao\""
    )]
    Add(AgendaAdd),
    /// List the agenda of the coming meeting
    List(AgendaList),
}

/// An item for the agenda.
#[derive(Clone, Debug, Args)]
pub struct AgendaAdd {
    /// The review's id
    pub review: ReviewId,
    /// What is to be talked about
    pub text: String,
    /// The task that it is about
    #[arg(long, value_name = "ID")]
    pub task: Option<TaskId>,
    /// Who asks for it; default: the user at the keyboard
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Of the round that the cron text names this day; default: the coming one
    #[arg(long, value_name = "DATE")]
    pub day: Option<NaiveDate>,
}

/// A look at the agenda.
#[derive(Clone, Debug, Args)]
pub struct AgendaList {
    /// The review's id
    pub review: ReviewId,
    /// Of the round that the cron text names this day; default: the coming one
    #[arg(long, value_name = "DATE")]
    pub day: Option<NaiveDate>,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
}

/// `duban review papers`.
#[derive(Clone, Debug, Args)]
pub struct Papers {
    /// The review's id
    pub review: ReviewId,
    /// Where to write it: FILE.docx, or FILE.html for browsers and printers; default: standard output, as .docx
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// As this participant gets them: the id or name of a person; default: with the tasks of all
    #[arg(long, value_name = "WHO")]
    pub to: Option<String>,
    /// Of the round that the cron text names this day; default: the coming one
    #[arg(long, value_name = "DATE")]
    pub day: Option<NaiveDate>,
    /// The language; default: that of the participant, else of the configuration
    #[arg(long, value_enum, value_name = "LOCALE")]
    pub locale: Option<Language>,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// `duban review minutes`.
#[derive(Clone, Debug, Args)]
pub struct Minutes {
    /// The review's id
    pub review: ReviewId,
    /// The decisions, one to a line, in UTF-8 or GB18030; `-` reads standard input; without it those in the journal are
    /// listed
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Of the round that the cron text names this day; default: the last one that took place
    #[arg(long, value_name = "DATE")]
    pub day: Option<NaiveDate>,
    /// Who enters them; default: the user at the keyboard
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
}
