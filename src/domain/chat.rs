//! What a message says in a chat, before it takes the dialect of a vendor: a title and blocks, each about one thing, that
//! are kept whole when a message is divided.

use serde::{Deserialize, Serialize};

use super::id::PersonId;
use super::ladder::Level;
use super::task::Light;

/// A message for a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// One line; understood on a lock screen.
    pub title: String,
    /// The worst light in it; none: it is about no task.
    pub light: Option<Light>,
    /// Under the title, on every part.
    pub intro: Vec<Line>,
    /// Worst first.
    pub blocks: Vec<Block>,
    /// Last of all.
    pub outro: Vec<Line>,
    /// Which part of how many it is; none: it is whole.
    pub part: Option<(u32, u32)>,
}

/// What is said of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The task's id; empty: it is about no task.
    pub task: String,
    /// How loud; none: it is about no task.
    pub level: Option<Level>,
    /// In full.
    pub lines: Vec<Line>,
    /// The same in one line; empty: there is no shorter form.
    pub brief: Line,
    /// Whether the short form stands.
    pub is_brief: bool,
    /// Whether it stands right under the block before it, like a line of a list.
    pub follows: bool,
}

/// A line; its text may hold anything, and no line break.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line(pub Vec<Span>);

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// Words.
    Plain(String),
    /// Words that stand out.
    Strong(String),
    /// Words that stand out in the colour of a light.
    Lit(Light, String),
    /// Somebody who is to be rung where the vendor can do that, by name.
    Mention(PersonId, String),
    /// Words of the configuration that must come out letter by letter (a robot's keyword).
    Verbatim(String),
}

impl Span {
    /// Its words; a mention is a name.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text)
            | Self::Strong(text)
            | Self::Lit(_, text)
            | Self::Mention(_, text)
            | Self::Verbatim(text) => text,
        }
    }
}

impl Line {
    /// A line of plain words.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into())])
    }

    /// Its words without any look.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(Span::text).collect()
    }
}

impl Block {
    /// The lines that stand: those of the short form where it was chosen.
    #[must_use]
    pub fn shown(&self) -> &[Line] {
        if self.is_brief {
            std::slice::from_ref(&self.brief)
        } else {
            &self.lines
        }
    }

    /// Whether it can be shortened to one line.
    #[must_use]
    pub fn has_brief(&self) -> bool {
        !self.brief.0.is_empty()
    }
}

impl Chat {
    /// Words without any form, where nothing better is at hand: a block for each paragraph.
    #[must_use]
    pub fn of_text(title: &str, text: &str) -> Self {
        let body = text.trim_start().strip_prefix(title).unwrap_or(text);
        let blocks = body
            .split("\n\n")
            .map(|paragraph| paragraph.lines().map(str::trim_end).filter(|line| !line.is_empty()))
            .map(|lines| Block {
                lines: lines.map(Line::plain).collect(),
                ..Block::default()
            })
            .filter(|block| !block.lines.is_empty())
            .collect();
        Self {
            title: title.to_owned(),
            blocks,
            ..Self::default()
        }
    }

    /// The title, with the number of the part where there are several: `督办｜逾期12项（2/5）`.
    #[must_use]
    pub fn heading(&self) -> String {
        match self.part {
            Some((number, of)) if of > 1 => format!("{} ({number}/{of})", self.title),
            Some(_) | None => self.title.clone(),
        }
    }

    /// All lines that stand under the title, in order and in paragraphs. Short forms stand line under line, and after them
    /// those whom their full forms would ring.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<Vec<Line>> {
        let mut paragraphs: Vec<Vec<Line>> = Vec::new();
        if !self.intro.is_empty() {
            paragraphs.push(self.intro.clone());
        }
        let mut before: Option<&Block> = None;
        for block in &self.blocks {
            let is_joined = before.is_some_and(|before| block.follows || (before.is_brief && block.is_brief));
            match paragraphs.last_mut().filter(|_| is_joined) {
                Some(last) => last.extend_from_slice(block.shown()),
                None => paragraphs.push(block.shown().to_vec()),
            }
            before = Some(block);
        }
        paragraphs.extend(self.rung_by_briefs().map(|line| vec![line]));
        if !self.outro.is_empty() {
            paragraphs.push(self.outro.clone());
        }
        paragraphs
    }

    /// Everybody who is to be rung, each once, in order.
    #[must_use]
    pub fn mentions(&self) -> Vec<&PersonId> {
        self.mentioned().into_iter().map(|(person, _)| person).collect()
    }

    /// [`Chat::mentions`], with their names.
    #[must_use]
    pub fn mentioned(&self) -> Vec<(&PersonId, &str)> {
        let blocks = self.blocks.iter().flat_map(|block| &block.lines);
        each_once(self.intro.iter().chain(blocks).chain(&self.outro))
    }

    fn rung_by_briefs(&self) -> Option<Line> {
        let briefs = self.blocks.iter().filter(|block| block.is_brief);
        let mut spans = Vec::new();
        for (person, name) in each_once(briefs.flat_map(|block| &block.lines)) {
            if !spans.is_empty() {
                spans.push(Span::Plain(" ".to_owned()));
            }
            spans.push(Span::Mention(person.clone(), name.to_owned()));
        }
        (!spans.is_empty()).then_some(Line(spans))
    }
}

fn each_once<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<(&'a PersonId, &'a str)> {
    let mut persons: Vec<(&PersonId, &str)> = Vec::new();
    for span in lines.flat_map(|line| &line.0) {
        if let Span::Mention(person, name) = span
            && !persons.iter().any(|(known, _)| *known == person)
        {
            persons.push((person, name));
        }
    }
    persons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(task: &str, person: &str, is_brief: bool) -> Block {
        Block {
            task: task.to_owned(),
            lines: vec![
                Line::plain(task),
                Line(vec![Span::Mention(PersonId::new(person), person.to_uppercase())]),
            ],
            brief: Line::plain(format!("{task} in brief")),
            is_brief,
            ..Block::default()
        }
    }

    #[test]
    fn short_forms_stand_line_under_line_and_those_concerned_after_them_each_once() {
        let chat = Chat {
            blocks: vec![
                block("1", "ann", false),
                block("2", "ben", true),
                block("3", "ben", true),
            ],
            outro: vec![Line::plain("end")],
            ..Chat::default()
        };
        let text: Vec<Vec<String>> = chat
            .paragraphs()
            .iter()
            .map(|lines| lines.iter().map(Line::text).collect())
            .collect();
        assert_eq!(
            text,
            [
                vec!["1", "ANN"],
                vec!["2 in brief", "3 in brief"],
                vec!["BEN"],
                vec!["end"]
            ]
        );
        let mentions: Vec<&str> = chat.mentions().into_iter().map(PersonId::as_str).collect();
        assert_eq!(mentions, ["ann", "ben"]);
    }

    #[test]
    fn words_without_a_form_become_a_paragraph_each_and_no_title_twice() {
        let chat = Chat::of_text("Subject", "Subject\nAs of now\n\nOne\nTwo\n");
        assert_eq!(chat.blocks.len(), 2);
        assert_eq!(chat.blocks[1].lines, [Line::plain("One"), Line::plain("Two")]);
        assert_eq!(chat.blocks[0].lines, [Line::plain("As of now")]);
    }
}
