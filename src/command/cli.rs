//! The command line: flags and their help, no behaviour. What depends on the configured time zone stays text here and
//! is read in [`super::instant`].

pub mod act;
pub mod exchange;
pub mod meeting;
pub mod report;
pub mod setup;
pub mod trust;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::id::{ChannelId, ReviewId, TaskId};
use crate::domain::ladder::Level;

use self::act::Act;
pub use self::exchange::{Export, ExportFormat, Import};
use self::meeting::{AgendaView, Minutes, Papers};
pub use self::report::{Circular, CircularFormat, Language, Score, ScoreBy};
pub use self::setup::{Completions, Init, Man, Schema, SchemaFile};
pub use self::trust::{Audit, Backup, OutboxView, Restore, Verify};

/// All of it.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "duban",
    version,
    about = "Supervise until done: reminds, escalates and reviews the promises of people",
    long_about = "Duban (督办, \"supervise until done\") loads a ledger of tasks with deadlines and the people answerable for \
                  them, and tells the right person at the right time: before the deadline, at it, after it, and up the line.",
    after_help = EXAMPLES,
    after_long_help = EXAMPLES_LONG,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// The configuration; else `DUBAN_CONFIG`, ./duban.toml, /etc/duban/duban.toml
    #[arg(short, long, global = true, value_name = "FILE", display_order = 900)]
    pub config: Option<PathBuf>,
    /// How much to log: error, warn, info, debug, trace, or directives such as `info,duban::daemon=debug`; else
    /// `DUBAN_LOG`, else info
    #[arg(long, global = true, value_name = "LEVEL", display_order = 901)]
    pub log: Option<String>,
    /// The shape of log lines; else `DUBAN_LOG_FORMAT`, else text
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"], display_order = 902)]
    pub log_format: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  duban check                        every mistake in the files, at once
  duban plan --until 2w              who will hear what in the next two weeks, and why
  duban run                          tell them
  duban task submit 7 --note \"done\"  hand in task 7 for review";

const EXAMPLES_LONG: &str = "\
Examples:
  duban check                        every mistake in the files, at once
  duban plan --until 2w              who will hear what in the next two weeks, and why
  duban run                          tell them
  duban task submit 7 --note \"done\"  hand in task 7 for review

Data goes to standard output, all else to standard error.
Exit codes: 0 done; 1 failed; 2 not understood (the command line or the configuration).
Instants are RFC 3339, local (`2021-12-13T08:00`), or a bare date, which is 00:00 local, in the configured zone.";

/// One command.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the daemon in the foreground
    #[command(
        after_help = "Changed files are loaded by themselves; SIGHUP loads them at once. A bad file never replaces a good \
                            one.\nSIGTERM and SIGINT finish what is in flight, for 20 seconds at most."
    )]
    Run(Run),
    /// Tell every problem of the configuration and the ledger at once
    #[command(
        after_help = "Prints `file:line:column: error|warning: text`. Exit code 2 if there is an error; with --connect, 1 if a \
                            channel refuses or cannot be reached; else 0."
    )]
    Check(Check),
    /// Tell who will hear what, when and why; sends nothing
    #[command(
        after_help = "Examples:\n  duban plan --until 2w --to edu-head\n  duban plan --now 2021-11-14 --until 2022-01-31 \
                            --ignore-store --format json\n  duban plan --diff new.toml"
    )]
    Plan(Plan),
    /// Tell what was sent, skipped and will be sent for one task, and by which rule
    Why(Why),
    /// Show every task with its light
    Status(Status),
    /// Replay a span of time on a clock of its own, and write what would have gone out
    #[command(
        after_help = "Examples:\n  duban simulate --from 2021-11-14 --until 2022-08-31 --out var/replay\n  \
                            duban simulate --from 2021-11-14 --until 6w --out var/replay --pictures"
    )]
    Simulate(Simulate),
    /// Record what happened to a task, or show it
    Task {
        /// What happened.
        #[command(subcommand)]
        act: Act,
    },
    /// The scheduled reviews
    Review {
        /// Which view.
        #[command(subcommand)]
        view: ReviewView,
    },
    /// The messages: waiting, sent and undeliverable
    Outbox {
        /// Which view.
        #[command(subcommand)]
        view: OutboxView,
    },
    /// Print what one channel would be sent for a task now, byte for byte; sends nothing
    #[command(
        after_help = "Examples:\n  duban preview 7 --channel leaders\n  duban preview 7 --channel mail --to edu-head > 7.eml\n  \
                            duban preview 7 --channel leaders --level summon | jq .\n\nStandard output holds the body of the \
                            post as it is before it is signed (several parts stand one to a line), or the whole mail; all \
                            else is told on standard error."
    )]
    Preview(Preview),
    /// Send one test message, at once, past the outbox
    #[command(after_help = "Examples:\n  duban send-test leaders\n  duban send-test person:edu-head")]
    SendTest(SendTest),
    /// Score units or leaders for a period, with the arithmetic (考核)
    #[command(after_help = report::SCORE)]
    Score(Score),
    /// Write the public report on what was asked, done, and remains (通报)
    #[command(after_help = report::CIRCULAR)]
    Circular(Circular),
    /// The journal: what happened, chained
    Journal {
        /// Which view.
        #[command(subcommand)]
        view: JournalView,
    },
    /// Write a table as a ledger in TOML, or tell what it would change
    #[command(after_help = exchange::IMPORT)]
    Import(Import),
    /// Write the ledger as it stands, for spreadsheets, calendars and scripts
    #[command(after_help = exchange::EXPORT)]
    Export(Export),
    /// Count again what should have been sent, and compare it with what was
    #[command(after_help = trust::AUDIT)]
    Audit(Audit),
    /// Write a copy of the store to a file, also while the daemon runs, and prove it
    #[command(after_help = trust::BACKUP)]
    Backup(Backup),
    /// Put a backup in the place of the store
    #[command(after_help = trust::RESTORE)]
    Restore(Restore),
    /// Print a JSON Schema of the files, for completion and checks in editors
    #[command(after_help = setup::SCHEMA)]
    Schema(Schema),
    /// Write a first configuration, in trial mode, that passes `check`
    #[command(after_help = setup::INIT)]
    Init(Init),
    /// Print what completes commands in a shell
    #[command(hide = true)]
    Completions(Completions),
    /// Write the man pages
    #[command(hide = true)]
    Man(Man),
}

/// `duban run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// What a new store does with what is late already: tell it once, now, or record it as told
    #[arg(long, value_enum, value_name = "HOW", default_value_t = FirstLoad::CatchUp)]
    pub first_load: FirstLoad,
    /// Accept that the files now withdraw or close many tasks at once
    #[arg(long)]
    pub accept_removals: bool,
    /// Say that the clock is right, where it gained days at once or stands before the newest journal entry
    #[arg(long)]
    pub accept_clock: bool,
}

/// What a new store does with the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FirstLoad {
    /// The loudest late notice of each task and role is sent once, now.
    CatchUp,
    /// The past is recorded as covered.
    Quiet,
}

/// `duban check`.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// Warnings count as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Then also ask every channel whether it would take a message; nobody sees one
    #[arg(long)]
    pub connect: bool,
}

/// `duban plan`.
#[derive(Clone, Debug, Args)]
pub struct Plan {
    /// The first instant, inclusive; default: now
    #[arg(long, value_name = "T")]
    pub from: Option<String>,
    /// The end, exclusive: an instant, or a span after --from such as 30d, 10wd, 2w, 6mo
    #[arg(long, value_name = "T|SPAN", default_value = "30d")]
    pub until: String,
    /// Only this task
    #[arg(long, value_name = "ID")]
    pub task: Option<TaskId>,
    /// Only this recipient: the id or name of a person, a unit (its contacts and head) or a channel; `person:ID`,
    /// `unit:ID` or `channel:ID` where several have it
    #[arg(long, value_name = "WHO")]
    pub to: Option<String>,
    /// Plan as if nothing had happened and nothing had been told
    #[arg(long)]
    pub ignore_store: bool,
    /// Instead: what this configuration would add, drop and move, compared with what is in force
    #[arg(long, value_name = "NEW.toml", conflicts_with_all = ["from", "ignore_store", "task", "to"])]
    pub diff: Option<PathBuf>,
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// `duban why`.
#[derive(Clone, Debug, Args)]
pub struct Why {
    /// The task's id
    pub task: TaskId,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// `duban status`.
#[derive(Clone, Debug, Args)]
pub struct Status {
    /// The shape of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// `duban simulate`.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// The first instant, inclusive
    #[arg(long, value_name = "T")]
    pub from: String,
    /// The end, exclusive: an instant, or a span after --from
    #[arg(long, value_name = "T|SPAN")]
    pub until: String,
    /// The folder to write to; made if need be
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Draw the pictures of reviews into their mails, which takes some tenths of a second for each review
    #[arg(long)]
    pub pictures: bool,
}

/// `duban review …`.
#[derive(Clone, Debug, Subcommand)]
pub enum ReviewView {
    /// List the reviews, their next and their last time
    List {
        /// The shape of the output
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
        format: Format,
        /// Another present
        #[arg(long, value_name = "T")]
        now: Option<String>,
    },
    /// Show one review's schedule and past runs, or with --run what was said, word for word
    #[command(
        after_help = "Examples:\n  duban review show weekly\n  duban review show weekly --run 2021-12-20\n  \
                            duban review show weekly --run 2021-12-20 --to office\n\nEvery review is kept as it was sent. \
                            With --run alone the recipients of that day's run are listed with their figures; with --to, \
                            one recipient's words are printed."
    )]
    Show {
        /// The review's id
        review: ReviewId,
        /// What was said on this day: the date of a run
        #[arg(long, value_name = "DAY")]
        run: Option<chrono::NaiveDate>,
        /// The words to this recipient: the id or name of a person or a channel
        #[arg(long, value_name = "WHO", requires = "run")]
        to: Option<String>,
        /// The shape of the output
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
        format: Format,
    },
    /// What the meeting of a review is to talk about
    Agenda {
        /// Which view.
        #[command(subcommand)]
        view: AgendaView,
    },
    /// Write the papers of the coming meeting as one document to print
    #[command(
        after_help = "The agenda, the tasks at a glance, then a page for each task that the agenda names and for each that is \
                            late or near its deadline: how it stands, and what happened. Every participant gets their own \
                            with the agenda.\n\nExamples:\n  duban review papers weekly -o papers.docx\n  duban review \
                            papers weekly --to chen --locale en -o papers.html"
    )]
    Papers(Papers),
    /// Enter a meeting's decisions into the journal, one to a line, or list them
    #[command(
        after_help = "A line that begins with a task's id and a colon (`12: extended to 31 March`) is kept as about that task. \
                            Decisions act on nothing: move deadlines and close tasks with `duban task`.\n\nExample:\n  duban \
                            review minutes weekly --file minutes.txt --by \"Zhao Min\""
    )]
    Minutes(Minutes),
    /// Print what a review would say now; sends nothing
    #[command(
        after_help = "Examples:\n  duban review preview weekly\n  duban review preview weekly --to chen\n\nEveryone reads an \
                            edition of their own part: office, lead (also person:ID), supervisor, unit head (also unit:ID), \
                            owner, and group (a channel: lights, the ten worst, counts of the rest). Who has several parts \
                            reads the widest.\n\nA task is likely to be late from 3 points on, and the line tells them: its \
                            unit was late with half of its tasks of 12 months (2) or with three in ten (1); silent for 20 \
                            working days (2) or 10 (1); nothing reported and less time left than half of the closed tasks of \
                            its kind took (2), or longer under way than they were (1); returned (1). Fewer than three tasks \
                            to compare with count nothing."
    )]
    Preview {
        /// The review's id
        review: ReviewId,
        /// Only this recipient's part: the id or name of a person or a channel
        #[arg(long, value_name = "WHO")]
        to: Option<String>,
        /// Another present
        #[arg(long, value_name = "T")]
        now: Option<String>,
    },
    /// Send a review now, by hand, as the run of today
    #[command(
        after_help = "Examples:\n  duban review send weekly\n  duban review send weekly --again\n\nAsks nothing. The messages \
                            go out through the running daemon. Changes are counted from the last run; the scheduled run of \
                            the same day does not follow."
    )]
    Send {
        /// The review's id
        review: ReviewId,
        /// Send it although today's run was sent already
        #[arg(long)]
        again: bool,
        /// Who sends it [default: the user]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// `duban preview`.
#[derive(Clone, Debug, Args)]
pub struct Preview {
    /// The task's id
    pub task: TaskId,
    /// The channel that it would go by
    #[arg(long, value_name = "ID")]
    pub channel: ChannelId,
    /// How loud; default: as what the channel is told next, else as the next step, else as the loudest past one
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    pub level: Option<Level>,
    /// To whom, where the channel carries to one person: an id or a name; default: the first whom it reaches
    #[arg(long, value_name = "WHO")]
    pub to: Option<String>,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// The words of all levels.
fn level() -> impl TypedValueParser<Value = Level> {
    let words = PossibleValuesParser::new(Level::ALL.map(Level::as_str));
    words.try_map(|word| {
        Level::ALL
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or("no level")
    })
}

/// `duban send-test`.
#[derive(Clone, Debug, Args)]
pub struct SendTest {
    /// A channel or a person: its id; `channel:ID` or `person:ID` where both have it
    #[arg(value_name = "CHANNEL|PERSON")]
    pub target: String,
}

/// `duban journal …`.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalView {
    /// Prove the chain, and that the stored tasks follow from it
    #[command(after_help = trust::VERIFY)]
    Verify(Verify),
    /// Print every entry as a line of JSON
    Export,
}

/// The shape of data on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    Table,
    /// For scripts.
    Json,
    /// For spreadsheets.
    Csv,
}

#[cfg(test)]
mod tests;
