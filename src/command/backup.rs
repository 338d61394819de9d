//! `duban backup`: a proven copy of the store, while the daemon runs.

use std::io::{self, Write};
use std::path::Path;

use crate::command::Failure;
use crate::command::cli::Backup;
use crate::command::desk::{Place, failed, hinted, note};
use crate::config;
use crate::store::Access;

pub(super) async fn backup(flag: Option<&Path>, args: &Backup) -> Result<(), Failure> {
    let place = Place::find(flag)?;
    let file = &args.file;
    if file.is_dir() {
        let hint = format!("name a file in it: {}", file.join("duban-backup.db").display());
        return Err(hinted(&format!("{} is a folder", file.display()), &hint));
    }
    let same = file.canonicalize().ok().zip(place.store.canonicalize().ok());
    if same.is_some_and(|(file, store)| file == store) {
        return Err(hinted(
            &format!("{} is the store itself", file.display()),
            "name another file",
        ));
    }
    if file.symlink_metadata().is_ok() && !args.force {
        return Err(hinted(
            &format!("{} is there already", file.display()),
            "name another file, or replace it with --force",
        ));
    }
    let store = place.open(Access::Look).await?;
    let proven = store.back_up(file).await.map_err(failed)?;
    let head = proven
        .head
        .map_or_else(|| "none".to_owned(), |head| format!("{}:{}", head.seq, head.hash));
    writeln!(
        io::stdout().lock(),
        "{}: {} journal entries, proven; head {head}",
        file.display(),
        proven.entries
    )?;
    if place.config.as_ref().is_some_and(config::holds_secrets) {
        note(
            "secrets stand in the clear in the configuration, and so in this copy: keep it as secret as the configuration; `duban check` tells which",
        );
    }
    Ok(())
}
