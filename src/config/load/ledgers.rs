//! Ledgers of every kind, to rows.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::config::faults::{Faults, Place};
use crate::config::raw::{Raw, RawTask, ledger_tasks};
use crate::config::{headings, rows, sheets};
use crate::files::workbook;

use super::{OrNothing, Reader};

impl Reader<'_> {
    /// Rows of all ledgers, in their order, those in configuration files first; and how their tables are laid out.
    pub(super) fn read_ledgers(&mut self, faults: &mut Faults, raw: &mut Raw) -> (Vec<RawTask>, Vec<(String, String)>) {
        let mut rows = std::mem::take(&mut raw.tasks);
        let mut seen = BTreeSet::new();
        let mut headers = headings::Headers::default();
        for named in &raw.ledger {
            for path in self.named(faults, named, OrNothing::Error) {
                if seen.insert(path.clone()) {
                    rows.extend(self.read_ledger(faults, raw, named.place, &path, &mut headers));
                }
            }
        }
        headers.check(faults, &raw.ledger_columns);
        (rows, headers.layout())
    }

    /// Rows of one ledger.
    pub(super) fn read_ledger(
        &mut self,
        faults: &mut Faults,
        raw: &Raw,
        named: Place,
        path: &Path,
        headers: &mut headings::Headers,
    ) -> Vec<RawTask> {
        let extension = path.extension().and_then(|text| text.to_str()).map(str::to_lowercase);
        let mapped = &raw.ledger_columns;
        match extension.as_deref() {
            _ if is_lock(path) => {
                let text = format!("`{}` is the mark of an open Excel, not its file", path.display());
                faults.error_hint(named, text, "name the file without `~$`");
                Vec::new()
            }
            Some("csv") => match self.text(faults, path, named) {
                Some(source) => rows::table_rows(faults, source, mapped, headers),
                None => Vec::new(),
            },
            Some("toml") => {
                let source = self.text(faults, path, named);
                let text = source.and_then(|source| Some((source, faults.source(source)?.text.clone())));
                text.map_or_else(Vec::new, |(source, text)| ledger_tasks(faults, source, &text))
            }
            Some("xlsx") => match self.book(faults, path, named) {
                Some((source, book)) => sheets::book_rows(faults, source, &book, mapped, headers),
                None => Vec::new(),
            },
            Some("xls" | "xlsm" | "xlsb" | "ods" | "et" | "ett" | "numbers") => {
                let text = format!("`{}` is a workbook of another kind", path.display());
                faults.error_hint(named, text, "save it as an Excel workbook (.xlsx), or as CSV");
                Vec::new()
            }
            _ => {
                let text = format!("`{}` is no ledger", path.display());
                faults.error_hint(named, text, "a ledger ends in .csv, .xlsx or .toml");
                Vec::new()
            }
        }
    }

    /// Reads a workbook as a source; a fault where that fails.
    fn book(&mut self, faults: &mut Faults, path: &Path, named: Place) -> Option<(u32, workbook::Book)> {
        let bytes = match self.origin.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                faults.error(named, format!("`{}`: {error}", path.display()));
                return None;
            }
        };
        let read = workbook::read(&bytes);
        self.files.files.insert(path.to_owned(), bytes);
        match read {
            Ok(book) => Some((faults.add_book(path.to_owned(), book.places.clone()), book)),
            Err(error) => {
                let source = faults.add_book(path.to_owned(), Arc::default());
                faults.error_hint(Place::whole(source), error.to_string(), error.hint());
                None
            }
        }
    }
}

/// What Excel leaves beside a file while it is open.
pub(super) fn is_lock(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("~$"))
}
