//! `duban check`: every problem at once, on standard output.

use std::io::{self, Write};
use std::path::Path;

use crate::command::Failure;
use crate::command::cli::Check;
use crate::config::{self, Environment};

pub(super) fn check(flag: Option<&Path>, args: &Check) -> Result<(), Failure> {
    let env = Environment::from_process();
    let loaded = config::find(flag, &env).and_then(|path| config::load(&path, &env));
    let mut out = io::stdout().lock();
    out.write_all(config::report(loaded.as_ref()).as_bytes())?;
    let Ok(config) = loaded else {
        return Err(Failure::Told(2));
    };
    if args.deny_warnings && !config.warnings.is_empty() {
        return Err(Failure::Told(2));
    }
    Ok(())
}
