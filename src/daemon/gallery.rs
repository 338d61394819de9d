//! The pictures of a review: drawn once for each language, of the whole ledger, for those who see all of it.

use std::collections::BTreeMap;

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

/// What one run of a review shows.
pub(super) struct Gallery {
    charts: Charts,
    trend: Trend,
    drawn: BTreeMap<Locale, Vec<Picture>>,
}

impl Engine {
    /// The pictures of a review, as of the journal's entry `seq`; none where it has none, or no font can write them.
    pub(super) async fn gallery(
        &self,
        review: &Review,
        seq: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<Gallery>, DaemonError> {
        let has_mail = self.config.channels.keys().any(|channel| self.carries_files(channel));
        if !review.pictures || !has_mail {
            return Ok(None);
        }
        let Ok(charts) = Charts::open(self.config.font_file.as_deref()) else {
            return Ok(None);
        };
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
        Ok(Some(Gallery {
            charts,
            trend,
            drawn: BTreeMap::new(),
        }))
    }
}

impl Gallery {
    /// The pictures in a language.
    pub(super) fn in_language(&mut self, locale: Locale) -> &[Picture] {
        let drawn = self.drawn.entry(locale);
        drawn.or_insert_with(|| self.charts.pictures(&self.trend, locale))
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
