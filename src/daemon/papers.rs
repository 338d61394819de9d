//! The files that go with a review: each reader's part of the ledger, as a workbook or a table.

use chrono::{DateTime, Utc};

use crate::daemon::{DaemonError, Engine};
use crate::domain::id::ChannelId;
use crate::domain::message::{Content, FileBytes};
use crate::domain::people::ChannelKind;
use crate::domain::review::{FileKind, Reader, Review};
use crate::domain::sheet::{Grid, Sheet};
use crate::domain::task::{Task, TaskState};
use crate::files::{written, xlsx};
use crate::render::sheet as words;
use crate::rules::sheet::{SheetBook, SheetInput};

/// All files of one mail together; what is more is left off, for many servers refuse a mail of 20 MB, and in a mail
/// files grow by a third.
pub(super) const ENCLOSED_BYTES_MAX: usize = 12 * 1024 * 1024;

/// What one run of a review encloses.
pub(super) struct Papers {
    book: SheetBook,
    kinds: Vec<FileKind>,
    /// The bytes of everything that was enclosed so far.
    pub(super) files: Vec<FileBytes>,
}

impl Engine {
    /// What a review encloses, as of the journal's entry `seq`; none where it encloses nothing.
    pub(super) async fn papers(
        &self,
        review: &Review,
        seq: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<Papers>, DaemonError> {
        if review.attach.is_empty() {
            return Ok(None);
        }
        let entries = match self.store.last_run(&review.id).await? {
            Some(last) => self.entries_after(last.seq, seq).await?,
            None => Vec::new(),
        };
        let stored = self.store.tasks().await?;
        let tasks: Vec<(Task, TaskState)> = stored.into_iter().map(|stored| (stored.task, stored.state)).collect();
        let book = SheetBook::new(&SheetInput {
            tasks: &tasks,
            entries: &entries,
            noticed: &self.store.last_notices().await?,
            people: &self.config.people,
            almanac: &self.config.almanac,
            now,
        });
        Ok(Some(Papers {
            book,
            kinds: review.attach.clone(),
            files: Vec::new(),
        }))
    }

    /// Whether a channel carries files: mail does.
    pub(super) fn carries_files(&self, channel: &ChannelId) -> bool {
        let facts = self.config.people.channels.get(channel);
        facts.is_some_and(|facts| facts.kind == ChannelKind::Email)
    }
}

impl Papers {
    /// Encloses a reader's part in their message. A file that cannot be written, or is too large, is left off and logged:
    /// the message itself says what matters.
    pub(super) fn enclose(&mut self, reader: &Reader, content: &mut Content) {
        let sheet = self.book.sheet_of(reader);
        let grids = words::grids(&sheet);
        let name = words::file_name(&sheet);
        let mut room = ENCLOSED_BYTES_MAX;
        for kind in &self.kinds {
            let bytes = match write(*kind, &grids, &sheet) {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::error!("the {} file of a review cannot be written: {error}", kind.as_str());
                    continue;
                }
            };
            let Some(left) = room.checked_sub(bytes.len()) else {
                tracing::warn!(
                    "a review's {} file of {} bytes is too large for mail",
                    kind.as_str(),
                    bytes.len()
                );
                continue;
            };
            room = left;
            let file = FileBytes::new(bytes);
            let name = format!("{name}.{}", kind.as_str());
            content.attachments.push(file.attached(&name, kind.media_type()));
            self.files.push(file);
        }
    }
}

fn write(kind: FileKind, grids: &[Grid], sheet: &Sheet<'_>) -> Result<Vec<u8>, String> {
    match kind {
        FileKind::Xlsx => xlsx::workbook(grids, sheet.as_of).map_err(|error| error.to_string()),
        FileKind::Csv => match grids.first() {
            Some(ledger) => written::csv(ledger).map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        },
    }
}
