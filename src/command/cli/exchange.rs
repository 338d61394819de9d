//! `duban import` and `duban export`: what they take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a table becomes a ledger in TOML.
pub(super) const IMPORT: &str = "\
Examples:
  duban import ledger.xlsx --dry-run          what differs from the ledger in force
  duban import ledger.xlsx -o ledger.toml     write it as a ledger in TOML

Reads a table as `ledger` would, with the words of [ledger_columns] and the people and units of the configuration, and
tells every mistake as `duban check` does (exit code 2). A workbook may have titles above its header, several sheets and
merged cells. Nothing is loaded: name the new file under `ledger` for that.";

/// In which columns.
pub(super) const EXPORT: &str = "\
Examples:
  duban export -o ledger.xlsx                 for the office, with colours and filters
  duban export --format ics -o due.ics        the deadlines, for calendars
  duban export --format json | jq '.[].id'

The ledger as it stands: deadlines, status, progress and closing dates are those of the journal. A table has the columns
of the office's own, in their order and words, then those that hold something and that it lacks. Loading it again, or
`duban import`, changes nothing. Text that a spreadsheet would compute is made harmless, and is read back as it was.";

/// `duban import`.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// The table: .csv or .xlsx
    pub file: PathBuf,
    /// Where to write to; default: standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write nothing; tell what differs from the ledger in force
    #[arg(long)]
    pub dry_run: bool,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

/// `duban export`.
#[derive(Clone, Debug, Args)]
pub struct Export {
    /// The shape; default: by the ending of -o, else csv
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// Where to write to; default: standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that the configuration is read from
    #[arg(long)]
    pub force: bool,
    /// Another present
    #[arg(long, value_name = "T")]
    pub now: Option<String>,
}

/// In which shape a ledger leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A workbook.
    Xlsx,
    /// A table.
    Csv,
    /// A calendar.
    Ics,
    /// For scripts.
    Json,
}
