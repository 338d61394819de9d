//! A finished document: what is written as Markdown, as a page, or for a word processor.

use super::people::Locale;

/// Blocks in reading order, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its language, which rules fonts and indents.
    pub locale: Locale,
    /// The text of its first [`Block::Title`]; empty where it has none.
    pub title: String,
    /// Who signs it.
    pub author: String,
    /// The Markdown that the blocks were read from.
    pub markdown: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// 标题
    Title(Vec<Span>),
    /// 主送: to whom it is, from the left margin.
    Addressee(Vec<Span>),
    /// 一、
    Heading(Vec<Span>),
    /// （一）
    Subheading(Vec<Span>),
    /// Running text.
    Paragraph(Vec<Span>),
    /// A numbered point.
    Item {
        /// As it was written: `1.`; or `•`.
        mark: String,
        /// Its text.
        text: Vec<Span>,
    },
    /// Figures: the first row names the columns.
    Table(Vec<Vec<Vec<Span>>>),
    /// What belongs together in rows, its columns as wide as it says.
    Grid(Grid),
    /// What follows begins a page.
    NewPage,
    /// 落款: at the right.
    Signature(Vec<Span>),
}

/// A table for reading, not for figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// How the width is shared among the columns.
    pub shares: Vec<usize>,
    /// Whether the first row names the columns; else the first column names the rows.
    pub has_head: bool,
    /// From the top.
    pub rows: Vec<Vec<Vec<Span>>>,
}

/// A run of text in one weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its text, on one line.
    pub text: String,
    /// Whether it stands out.
    pub is_bold: bool,
}

/// The text of spans without their weight.
#[must_use]
pub fn plain(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}
