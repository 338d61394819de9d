//! The flags of what sets Duban up: schema, init, completions, man pages.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Language;

/// What stands below the help of `schema`.
pub(super) const SCHEMA: &str = "Editors with Taplo (Even Better TOML in VS Code) complete and check keys where a file begins with\n  \
     #:schema ./duban.schema.json\n\nExample:\n  duban schema > duban.schema.json";

/// `duban schema`.
#[derive(Clone, Debug, Args)]
pub struct Schema {
    /// Of which files: duban.toml with those that it includes, or a calendar
    #[arg(value_enum, value_name = "FILES", default_value_t = SchemaFile::Configuration)]
    pub of: SchemaFile,
}

/// Files with a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFile {
    /// `duban.toml`, what it includes, and ledgers in TOML.
    Configuration,
    /// A calendar.
    Calendar,
}

/// What stands below the help of `init`.
pub(super) const INIT: &str = "Asks what no flag answers, on a terminal; with --yes, or where there is none, takes the \
                               defaults. Writes duban.toml, people.toml, ledger.csv and duban.schema.json, in trial mode: \
                               everything goes to you, marked for whom. Never overwrites.\n\nExamples:\n  duban init office\n  \
                               duban init office --yes --locale zh-CN --office 督办办公室 --name 王敏 --email wang@example.org";

/// `duban init`.
#[derive(Clone, Debug, Args)]
pub struct Init {
    /// The folder to write to; made if need be
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Ask nothing
    #[arg(short, long)]
    pub yes: bool,
    /// The language of messages, and of the comments in the files; default: that of this terminal
    #[arg(long, value_enum, value_name = "LOCALE")]
    pub locale: Option<Language>,
    /// The IANA time zone; default: that of this machine
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Which days are worked: cn-mainland, mon-fri, every-day; default: by the language
    #[arg(long, value_name = "CALENDAR")]
    pub calendar: Option<String>,
    /// What the office that runs Duban is called
    #[arg(long, value_name = "NAME")]
    pub office: Option<String>,
    /// What you are called
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Your mail address
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// The mail server: `smtps://HOST:465`, `smtp+starttls://HOST:587`, `smtp://HOST:25`; default: `file:outbox`, mails
    /// become files
    #[arg(long, value_name = "SERVER")]
    pub server: Option<String>,
    /// The login at the mail server; its password is looked for in the file smtp-password
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// The sender, `NAME <ADDRESS>`; default: the office, at your address
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// A ledger to start from, named and not copied; default: a sample
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
}

/// `duban completions`.
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `duban man`.
#[derive(Clone, Debug, Args)]
pub struct Man {
    /// The folder to write to; made if need be
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
