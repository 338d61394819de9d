//! `duban review papers`: the papers of a meeting as one document, for everybody or as one participant gets them.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use crate::clock::ManualClock;
use crate::command::cli::Language;
use crate::command::cli::meeting::Papers;
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::picture::{near, unknown};
use crate::command::{Failure, meeting};
use crate::daemon::Engine;
use crate::domain::document::Block;
use crate::domain::people::Locale;
use crate::domain::review::Review;
use crate::files::docx::docx;
use crate::render::document_html;

pub(super) async fn write(desk: &Desk, review: &Review, args: &Papers) -> Result<(), Failure> {
    let is_html = is_html(args.output.as_deref())?;
    let now = desk.now(args.now.as_deref())?;
    let store = desk.look_in().await?;
    let day = meeting::coming(&store, &review.id, args.day, now).await?;
    let engine = Engine::open(desk.config.clone(), store, Arc::new(ManualClock::new(now)))
        .await
        .map_err(failed)?;
    let readers = match args.to {
        Some(_) => engine.participants(review, day, now).await.map_err(failed)?,
        None => Vec::new(),
    };
    let reader = match &args.to {
        Some(to) => {
            let found = readers
                .iter()
                .find(|reader| reader.recipient.id == *to || reader.recipient.name == *to);
            Some(found.ok_or_else(|| {
                let ids = readers.iter().map(|reader| reader.recipient.id.as_str());
                unknown("participant", to, &near(to, ids))
            })?)
        }
        None => None,
    };
    let locale = match args.locale {
        Some(Language::ZhCn) => Locale::ZhCn,
        Some(Language::En) => Locale::En,
        None => reader.map_or(desk.config.people.locale, |reader| reader.locale),
    };
    let document = engine
        .dossier(&review.id, day, reader, locale, now)
        .await
        .map_err(failed)?;
    if !document.blocks.contains(&Block::NewPage) {
        note(&format!(
            "no task is on the agenda of review {} of {day}, late, or near its deadline",
            review.id
        ));
    }
    let bytes = if is_html {
        document_html(&document).into_bytes()
    } else {
        docx(&document).map_err(failed)?
    };
    match &args.output {
        Some(path) => fs::write(path, bytes).map_err(|error| {
            let text = format!("cannot write {}", path.display());
            Failure::Failed(anyhow::Error::new(error).context(text))
        }),
        None => {
            let mut out = io::stdout().lock();
            out.write_all(&bytes)?;
            Ok(out.flush()?)
        }
    }
}

/// By the file's ending. Nobody wants a word processor's file on a screen, or under another name.
fn is_html(output: Option<&Path>) -> Result<bool, Failure> {
    let Some(path) = output else {
        if io::stdout().is_terminal() {
            return Err(hinted("a .docx file is not for a screen", "write it with -o FILE.docx"));
        }
        return Ok(false);
    };
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("docx") => Ok(false),
        Some("html" | "htm") => Ok(true),
        Some(_) | None => Err(hinted(
            &format!("papers are no such file: {}", path.display()),
            "name it FILE.docx or FILE.html",
        )),
    }
}
