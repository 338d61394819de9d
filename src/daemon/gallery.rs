//! The pictures of a review: drawn once for each language, of the whole ledger, for those who see all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::daemon::{DaemonError, Engine};
use crate::domain::chart::Trend;
use crate::domain::message::{Content, FileBytes};
use crate::domain::people::Locale;
use crate::domain::review::{Review, Scope};
use crate::domain::task::{Task, TaskState};
use crate::render::{Charts, Picture};
use crate::rules::trend::Replay;

/// So many journal entries are read at once.
const PAGE: u32 = 1000;

/// What one run of a review shows, by language.
#[derive(Debug, Default)]
pub(super) struct Gallery {
    drawn: BTreeMap<Locale, Vec<Picture>>,
}

impl Engine {
    /// The pictures of a review in the languages of those who see all of it, as of the journal's entry `seq`; none where it
    /// has none, nobody sees them, or no font can write them.
    pub(super) async fn gallery(
        &self,
        review: &Review,
        seen_in: BTreeSet<Locale>,
        seq: u64,
        now: DateTime<Utc>,
    ) -> Result<Gallery, DaemonError> {
        if !review.pictures || seen_in.is_empty() {
            return Ok(Gallery::default());
        }
        let stored = self.store.tasks().await?;
        let tasks: Vec<(Task, TaskState)> = stored.into_iter().map(|stored| (stored.task, stored.state)).collect();
        let mut replay = Replay::new(&tasks, &self.config.almanac, now);
        let mut read = 0;
        while read < seq {
            let page = self.store.entries(read, PAGE).await?;
            let Some(last) = page.last() else { break };
            read = last.seq;
            for entry in page.iter().filter(|entry| entry.seq <= seq) {
                replay.hear(entry);
            }
        }
        let trend = replay.finish().trend(&Scope::Everything, &self.config.people);
        let font_file = self.config.font_file.clone();
        // A tenth of a second for each language, in which messages are to go on leaving.
        let drawn = tokio::task::spawn_blocking(move || draw(font_file.as_deref(), &trend, &seen_in)).await;
        Ok(drawn.unwrap_or_else(|error| {
            tracing::error!(review.id = %review.id, "review {} goes without pictures: {error}", review.id);
            Gallery::default()
        }))
    }
}

/// The trend in pictures, once for each language.
fn draw(font_file: Option<&Path>, trend: &Trend, seen_in: &BTreeSet<Locale>) -> Gallery {
    let Ok(charts) = Charts::open(font_file) else {
        return Gallery::default();
    };
    let drawn = seen_in.iter().map(|locale| (*locale, charts.pictures(trend, *locale)));
    Gallery { drawn: drawn.collect() }
}

impl Gallery {
    /// The pictures in a language.
    pub(super) fn in_language(&self, locale: Locale) -> &[Picture] {
        self.drawn.get(&locale).map_or(&[], Vec::as_slice)
    }

    /// Puts pictures into a message that shows them.
    pub(super) fn hang(pictures: &[Picture], content: &mut Content) {
        for picture in pictures {
            let mut attachment = FileBytes::new(picture.png.clone()).attached(&picture.name, "image/png");
            attachment.content_id = Some(picture.content_id());
            content.attachments.push(attachment);
        }
    }

    /// The bytes of everything that was drawn.
    pub(super) fn files(&self) -> Vec<FileBytes> {
        let all = self.drawn.values().flatten();
        all.map(|picture| FileBytes::new(picture.png.clone())).collect()
    }
}
