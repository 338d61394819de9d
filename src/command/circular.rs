//! `duban circular`: the public report on the campaign, from ledger and journal.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::command::Failure;
use crate::command::cli::{Circular, CircularFormat, Language};
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::journal::records;
use crate::domain::people::Locale;
use crate::domain::task::Task;
use crate::files::docx::docx;
use crate::render::{Renderer, document_html};
use crate::rules::circular as rules;

pub(super) async fn circular(flag: Option<&Path>, args: &Circular) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let config = &desk.config;
    let period = args.period.seen(&config.almanac, now)?;
    let format = format(args)?;
    let store = desk.look_in().await?;
    let records = records(&store, period, &config.almanac).await?;
    let tasks: Vec<Task> = store.tasks().await?.into_iter().map(|stored| stored.task).collect();
    let mut content = rules::circular(&tasks, &records, &config.people);
    content.title.clone_from(&args.title);
    content.source.clone_from(&args.source);
    content.addressee.clone_from(&args.addressee);
    if let Some(signed) = &args.signed {
        content.signed.clone_from(signed);
    }
    if content.total.tasks == 0 {
        note(&format!("the journal knows no task by {}", content.last));
    }
    let locale = match args.locale {
        Some(Language::ZhCn) => Locale::ZhCn,
        Some(Language::En) => Locale::En,
        None => config.people.locale,
    };
    let renderer = Renderer::new(&config.templates).map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Failed(anyhow::anyhow!("{}", all.join("\n  ")))
    })?;
    let document = renderer.circular(&content, locale).map_err(failed)?;
    let bytes = match format {
        CircularFormat::Md => document.markdown.into_bytes(),
        CircularFormat::Html => document_html(&document).into_bytes(),
        CircularFormat::Docx => docx(&document).map_err(failed)?,
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

/// As asked, else by the file's ending, else Markdown. Nobody wants a word processor's file on a screen.
fn format(args: &Circular) -> Result<CircularFormat, Failure> {
    let ending = args.output.as_deref().and_then(Path::extension);
    let by_ending = match ending.and_then(|ending| ending.to_str()) {
        Some("docx") => Some(CircularFormat::Docx),
        Some("html" | "htm") => Some(CircularFormat::Html),
        Some("md") => Some(CircularFormat::Md),
        Some(_) | None => None,
    };
    let format = args.format.or(by_ending).unwrap_or(CircularFormat::Md);
    if format == CircularFormat::Docx && args.output.is_none() && io::stdout().is_terminal() {
        return Err(hinted("a .docx file is not for a screen", "write it with -o FILE.docx"));
    }
    Ok(format)
}
