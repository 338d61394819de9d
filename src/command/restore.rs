//! `duban restore`: a backup in the place of the store.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::command::Failure;
use crate::command::cli::Restore;
use crate::command::desk::{Place, failed, hinted, note, refuse_folder};
use crate::command::task::name_of;
use crate::domain::journal::Draft;
use crate::domain::system::SystemWord;
use crate::store::{self, PendingWord, Put, StoreError};

pub(super) async fn restore(flag: Option<&Path>, args: &Restore) -> Result<(), Failure> {
    let place = Place::find(flag)?;
    let by = name_of(args.by.as_deref(), &place.env)?;
    let now = place.clock.now();
    refuse_folder(&place.store)?;
    if args.file.is_dir() {
        return Err(hinted(
            &format!("{} is a folder", args.file.display()),
            "name the backup in it",
        ));
    }
    let same = args.file.canonicalize().ok().zip(place.store.canonicalize().ok());
    if same.is_some_and(|(file, store)| file == store) {
        return Err(hinted(
            &format!("{} is the store itself", args.file.display()),
            "name the backup",
        ));
    }
    store::prove(&args.file)
        .await
        .map_err(|error| unfit(&args.file, error))?;
    let is_there = std::fs::metadata(&place.store).is_ok_and(|metadata| metadata.len() > 0);
    if is_there && !args.force {
        return Err(hinted(
            &format!("there is a store at {}", place.store.display()),
            "replace it with --force: it is kept beside the new one",
        ));
    }
    let aside = format!(".replaced-{}", now.format("%Y%m%dT%H%M%SZ"));
    let noted = |put: &Put| noted(put, &place, &by, now);
    let put = store::put_back(&args.file, &place.store, &aside, noted)
        .await
        .map_err(|error| {
            if matches!(error, StoreError::Locked { .. }) {
                hinted(&error.to_string(), "stop the daemon first")
            } else {
                failed(error)
            }
        })?;
    tell(&place, &put)
}

/// The entry and the word that the restored store begins with.
fn noted(put: &Put, place: &Place, by: &str, now: DateTime<Utc>) -> (Draft, PendingWord) {
    let head = put.proven.head.as_ref();
    let until = head
        .and_then(|head| head.at.parse::<DateTime<Utc>>().ok())
        .unwrap_or(now);
    let zone = place.config.as_ref().map(|config| config.almanac.timing.zone);
    let until = until.with_timezone(&zone.unwrap_or(chrono_tz::UTC));
    let draft = Draft {
        at: now,
        task: None,
        kind: "store-restored".to_owned(),
        by: by.to_owned(),
        data: json!({
            "entries": put.proven.entries,
            "head": head.map(|head| head.hash.clone()),
            "lost": lost(put),
        }),
    };
    let word = PendingWord {
        name: format!("restored:{}", now.timestamp_millis()),
        word: SystemWord::Restored {
            until: until.format("%Y-%m-%d %H:%M").to_string(),
            seq: u32::try_from(put.proven.entries).unwrap_or(u32::MAX),
        },
    };
    (draft, word)
}

/// How many entries the old store had more; none: it is not known.
fn lost(put: &Put) -> Option<u64> {
    put.old_head.map(|old| old.saturating_sub(put.proven.entries))
}

fn tell(place: &Place, put: &Put) -> Result<(), Failure> {
    let head = put.proven.head.as_ref();
    let until = head.map_or_else(|| "before its first entry".to_owned(), |head| head.at.clone());
    writeln!(
        io::stdout().lock(),
        "{}: restored, {} journal entries until {until}",
        place.store.display(),
        put.proven.entries
    )?;
    if let Some(old) = &put.old {
        note(&format!("the old store is kept as {}", old.display()));
    }
    match (lost(put), put.old_head) {
        (Some(0), _) => {}
        (Some(lost), Some(old)) => note(&format!(
            "{lost} journal entries after number {} are not in it (up to {old}): what people recorded there must be \
             entered again",
            put.proven.entries
        )),
        (Some(_) | None, _) => note("how much was recorded after the backup is not known"),
    }
    if put.proven.is_older {
        note("an older version wrote it; the daemon brings it up when it starts");
    }
    note(
        "what was sent after the backup is not known any more: people may be told again; the office is told so at the next start",
    );
    Ok(())
}

fn unfit(file: &Path, error: StoreError) -> Failure {
    let is_broken = matches!(
        error,
        StoreError::Broken { .. } | StoreError::Damaged { .. } | StoreError::Corrupt(_)
    );
    let hint = if is_broken {
        "take an earlier backup"
    } else if matches!(error, StoreError::NotAStore { .. }) {
        "a backup is a file that `duban backup` wrote"
    } else if matches!(error, StoreError::Newer { .. }) {
        "install the version of Duban that wrote it, or a later one"
    } else {
        return failed(error);
    };
    hinted(&format!("{} cannot be restored: {error}", file.display()), hint)
}
