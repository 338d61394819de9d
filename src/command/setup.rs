//! `duban completions` and `duban man`, for packages: drawn from the definition of the command line.

use std::fs;
use std::io::{self, Write};

use anyhow::Context;
use clap::CommandFactory;

use super::Failure;
use super::cli::{Cli, Completions, Man};

pub(super) fn completions(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "duban", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}

/// One page for the program and one for each command: `duban.1`, `duban-plan.1` …
pub(super) fn man(args: &Man) -> Result<(), Failure> {
    let folder = args.folder.display();
    fs::create_dir_all(&args.folder).with_context(|| format!("`{folder}` cannot be made"))?;
    let command = Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, &args.folder).with_context(|| format!("`{folder}` cannot be written"))?;
    Ok(())
}
