//! Short messages of paragraphs, as templates see them: word to the office, and tests.

use serde::Serialize;

use super::phrases::Letter;

/// What `letter.*` templates are given.
#[derive(Debug, Serialize)]
pub(super) struct LetterPage {
    /// The subject, also the heading.
    pub(super) headline: String,
    /// Local time.
    pub(super) as_of: String,
    /// In order; none is empty.
    pub(super) paragraphs: Vec<String>,
    /// What the last paragraph speaks of.
    pub(super) list: Vec<String>,
}

impl LetterPage {
    /// The page of a letter.
    pub(super) fn of(letter: Letter, as_of: &str) -> Self {
        Self {
            headline: letter.subject,
            as_of: as_of.to_owned(),
            paragraphs: letter.paragraphs.into_iter().filter(|text| !text.is_empty()).collect(),
            list: letter.list,
        }
    }
}
