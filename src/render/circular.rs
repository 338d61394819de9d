//! The progress circular (通报): from figures to a document, by a template that the office can change.

mod markup;
mod page;
mod privacy;
pub(super) mod sample;
mod sheet;

use minijinja::Value;
use minijinja::value::Serde;

use self::page::CircularPage;
use super::renderer::{Renderer, TemplateFault};
use crate::domain::document::{Block, Document, plain};
use crate::domain::people::Locale;
use crate::rules::circular::Circular;

pub use sheet::html as document_html;

/// Steps of the template engine that a circular may take, beside those for each of its tasks.
const FUEL_BASE: u64 = 2_000_000;
/// Steps for each task: about ten times what the built-in templates take.
const FUEL_EACH: u64 = 20_000;

/// The template of a language.
pub(super) fn file(locale: Locale) -> String {
    format!("{}/circular.md", locale.as_str())
}

impl Renderer {
    /// The circular as a document in a language.
    ///
    /// # Errors
    ///
    /// Where the office's template fails on what it is given, as the built-in one never does.
    pub fn circular(&self, circular: &Circular, locale: Locale) -> Result<Document, TemplateFault> {
        let page = CircularPage::of(circular, locale);
        let fuel = FUEL_BASE.saturating_add(FUEL_EACH.saturating_mul(circular.total.tasks.into()));
        let markdown = self.with_fuel(&file(locale), &Value::from(Serde(&page)), fuel)?;
        let blocks = markup::read(&markdown, locale);
        let title = blocks.iter().find_map(|block| match block {
            Block::Title(text) => Some(plain(text)),
            Block::Addressee(_)
            | Block::Heading(_)
            | Block::Subheading(_)
            | Block::Paragraph(_)
            | Block::Item { .. }
            | Block::Table(_)
            | Block::Grid(_)
            | Block::NewPage
            | Block::Signature(_) => None,
        });
        Ok(Document {
            locale,
            title: title.unwrap_or_default(),
            author: page.signed,
            markdown,
            blocks,
        })
    }
}

#[cfg(test)]
mod tests;
