//! Reads the Markdown that the templates of circulars write: headings, paragraphs, numbered points, tables, bold, and
//! lines at the margins. What is none of these is text.

use crate::domain::document::{Block, Span};
use crate::domain::people::Locale;

const RIGHT: &str = "<p align=\"right\">";
const LEFT: &str = "<p align=\"left\">";
const END: &str = "</p>";

/// The blocks of a text.
pub(super) fn read(markdown: &str, locale: Locale) -> Vec<Block> {
    let mut reader = Reader {
        locale,
        blocks: Vec::new(),
        open: Open::Nothing,
    };
    for line in markdown.lines() {
        reader.line(line.trim());
    }
    reader.close();
    reader.blocks
}

struct Reader {
    locale: Locale,
    blocks: Vec<Block>,
    open: Open,
}

/// What the next line may still belong to.
enum Open {
    Nothing,
    Paragraph(String),
    Item(String, String),
    Table(Vec<Vec<Vec<Span>>>),
}

impl Reader {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            self.close();
        } else if let Some(text) = line.strip_prefix(RIGHT).and_then(|rest| rest.strip_suffix(END)) {
            self.put(Block::Signature(spans(text)));
        } else if let Some(text) = line.strip_prefix(LEFT).and_then(|rest| rest.strip_suffix(END)) {
            self.put(Block::Addressee(spans(text)));
        } else if let Some(text) = line.strip_prefix("# ") {
            self.put(Block::Title(spans(text)));
        } else if let Some(text) = line.strip_prefix("## ") {
            self.put(Block::Heading(spans(text)));
        } else if let Some(text) = line.strip_prefix("### ") {
            self.put(Block::Subheading(spans(text)));
        } else if let Some(row) = line.strip_prefix('|') {
            self.row(row.strip_suffix('|').unwrap_or(row));
        } else if let Some((mark, text)) = item(line) {
            self.close();
            self.open = Open::Item(mark, text.to_owned());
        } else {
            self.more(line);
        }
    }

    /// A line that goes on with what is open, or opens a paragraph.
    fn more(&mut self, line: &str) {
        let glue = match self.locale {
            Locale::ZhCn => "",
            Locale::En => " ",
        };
        match &mut self.open {
            Open::Paragraph(text) | Open::Item(_, text) => {
                text.push_str(glue);
                text.push_str(line);
            }
            Open::Nothing | Open::Table(_) => {
                self.close();
                self.open = Open::Paragraph(line.to_owned());
            }
        }
    }

    fn row(&mut self, row: &str) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let is_rule = cells.iter().all(|cell| {
            let cell = cell.trim_matches(':');
            !cell.is_empty() && cell.chars().all(|c| c == '-')
        });
        if !matches!(self.open, Open::Table(_)) {
            self.close();
            self.open = Open::Table(Vec::new());
        }
        if let Open::Table(rows) = &mut self.open
            && !is_rule
        {
            rows.push(cells.into_iter().map(spans).collect());
        }
    }

    fn put(&mut self, block: Block) {
        self.close();
        self.blocks.push(block);
    }

    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Paragraph(text) => self.blocks.push(Block::Paragraph(spans(&text))),
            Open::Item(mark, text) => self.blocks.push(Block::Item {
                mark,
                text: spans(&text),
            }),
            Open::Table(rows) => self.blocks.push(Block::Table(rows)),
        }
    }
}

/// The mark and the text of a point of a list.
fn item(line: &str) -> Option<(String, &str)> {
    if let Some(text) = line.strip_prefix("- ") {
        return Some(("•".to_owned(), text));
    }
    let (number, text) = line.split_once(". ")?;
    let is_number = !number.is_empty() && number.len() < 7 && number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| (format!("{number}."), text))
}

/// The runs of a text, its escapes undone.
fn spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut now = Span::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**") {
            let is_bold = !now.is_bold;
            spans.push(std::mem::replace(
                &mut now,
                Span {
                    text: String::new(),
                    is_bold,
                },
            ));
            rest = after;
            continue;
        }
        let (letter, after) = unescaped(rest).unwrap_or((c, rest.strip_prefix(c).unwrap_or("")));
        now.text.push(letter);
        rest = after;
    }
    spans.push(now);
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// The character for which the escape at the start of a text stands, and what follows it.
fn unescaped(text: &str) -> Option<(char, &str)> {
    const ENTITIES: [(&str, char); 5] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
    ];
    if let Some(rest) = text.strip_prefix('\\') {
        let letter = rest.chars().next().filter(char::is_ascii_punctuation)?;
        return Some((letter, rest.strip_prefix(letter)?));
    }
    ENTITIES
        .into_iter()
        .find_map(|(entity, letter)| Some((letter, text.strip_prefix(entity)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bold(text: &str) -> Span {
        Span {
            text: text.into(),
            is_bold: true,
        }
    }

    fn text(text: &str) -> Span {
        Span {
            text: text.into(),
            is_bold: false,
        }
    }

    #[test]
    fn every_form_becomes_its_block() {
        let markdown = "# 通报\n\n<p align=\"left\">各单位：</p>\n\n第一行\n第二行\n\n## 一、\n### （一）\n1. **甲**。乙\n2. 丙\n- 丁\n\n| 方面 | 数 |\n| --- | ---: |\n| 教育 | 3 |\n\n\
                        <p align=\"right\">督办办公室</p>";
        assert_eq!(
            read(markdown, Locale::ZhCn),
            [
                Block::Title(vec![text("通报")]),
                Block::Addressee(vec![text("各单位：")]),
                Block::Paragraph(vec![text("第一行第二行")]),
                Block::Heading(vec![text("一、")]),
                Block::Subheading(vec![text("（一）")]),
                Block::Item {
                    mark: "1.".into(),
                    text: vec![bold("甲"), text("。乙")]
                },
                Block::Item {
                    mark: "2.".into(),
                    text: vec![text("丙")]
                },
                Block::Item {
                    mark: "•".into(),
                    text: vec![text("丁")]
                },
                Block::Table(vec![
                    vec![vec![text("方面")], vec![text("数")]],
                    vec![vec![text("教育")], vec![text("3")]]
                ]),
                Block::Signature(vec![text("督办办公室")]),
            ]
        );
    }

    #[test]
    fn lines_of_a_paragraph_are_joined_by_a_blank_where_words_have_blanks() {
        assert_eq!(read("one\ntwo", Locale::En), [Block::Paragraph(vec![text("one two")])]);
    }

    #[test]
    fn escapes_of_the_ledger_come_out_as_what_was_written() {
        assert_eq!(
            read("a\\*\\*b &lt;p&gt; &amp;amp; c\\", Locale::En),
            [Block::Paragraph(vec![text("a**b <p> &amp; c\\")])]
        );
    }

    #[test]
    fn a_number_that_is_no_point_stays_text() {
        assert_eq!(
            read("3.5% of 10", Locale::En),
            [Block::Paragraph(vec![text("3.5% of 10")])]
        );
    }
}
