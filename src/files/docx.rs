//! A document for word processors: A4, in the form of an official document in Chinese (GB/T 9704: 仿宋, 黑体, 楷体, 28 pt
//! lines), plain in English. The same document gives the same bytes.

mod fonts;
mod packed;
mod table;

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, Run, RunFonts,
    SpecialIndentType, Style, StyleType,
};
use thiserror::Error;

use self::fonts::{Face, font_table};
use self::packed::packed;
use self::table::{grid, table};
use crate::domain::document::{Block, Document, Span};
use crate::domain::people::Locale;

/// The style of all paragraphs that name none, as the library writes it and as it is to be.
const NORMAL: &str = "<w:style w:type=\"paragraph\" w:styleId=\"Normal\">";
const NORMAL_AS_DEFAULT: &str = "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\">";

/// A4 in twentieths of a point.
const PAGE: (u32, u32) = (11_906, 16_838);

/// The document could not be packed.
#[derive(Debug, Error)]
#[error("the document cannot be packed: {0}")]
pub struct DocxError(String);

/// How a document of a language is set: sizes in half points, distances in twentieths of a point.
struct Look {
    margin: PageMargin,
    /// Between the margins.
    width: usize,
    body: Face,
    title: Face,
    heading: Face,
    subheading: Face,
    size: usize,
    title_size: usize,
    heading_size: usize,
    table_size: usize,
    grid_size: usize,
    indent: Option<SpecialIndentType>,
    line: LineSpacing,
    /// Above a heading.
    above: u32,
    /// From the right margin.
    signature: i32,
}

fn look(locale: Locale) -> Look {
    match locale {
        // 版心 156 mm × 225 mm, 三号 body, 二号 title, two characters of indent, four to the right of the signature.
        Locale::ZhCn => Look {
            margin: margin(2098, 1474, 1984, 1588),
            width: 8844,
            body: Face::FangSong,
            title: Face::XiaoBiaoSong,
            heading: Face::HeiTi,
            subheading: Face::KaiTi,
            size: 32,
            title_size: 44,
            heading_size: 32,
            table_size: 21,
            grid_size: 24,
            indent: Some(SpecialIndentType::FirstLine(640)),
            line: LineSpacing::new().line_rule(LineSpacingType::Exact).line(560),
            above: 0,
            signature: 1280,
        },
        Locale::En => Look {
            margin: margin(1440, 1440, 1440, 1440),
            width: 9026,
            body: Face::Serif,
            title: Face::Sans,
            heading: Face::Sans,
            subheading: Face::Sans,
            size: 22,
            title_size: 36,
            heading_size: 26,
            table_size: 16,
            grid_size: 19,
            indent: None,
            line: LineSpacing::new().line_rule(LineSpacingType::Auto).line(276).after(120),
            above: 240,
            signature: 0,
        },
    }
}

fn margin(top: i32, right: i32, bottom: i32, left: i32) -> PageMargin {
    PageMargin {
        top,
        right,
        bottom,
        left,
        header: 851,
        footer: 1400.min(bottom / 2),
        gutter: 0,
    }
}

/// The bytes of a `.docx` file.
///
/// # Errors
///
/// [`DocxError`] where packing fails, which memory does not.
pub fn docx(document: &Document) -> Result<Vec<u8>, DocxError> {
    let look = look(document.locale);
    let mut docx = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(look.margin.clone())
        .default_fonts(fonts(look.body))
        .default_size(look.size)
        .add_style(heading_style("Heading1", "heading 1", 0, look.heading, &look))
        .add_style(heading_style("Heading2", "heading 2", 1, look.subheading, &look))
        .footer(Footer::new().add_paragraph(page_number(document.locale)));
    let mut is_signed = false;
    let mut is_new_page = false;
    let after = document.blocks.iter().skip(1).map(Some).chain([None]);
    for ((number, block), next) in (1..).zip(&document.blocks).zip(after) {
        docx = match block {
            Block::Table(rows) => docx.add_table(table(rows, &look, number)),
            Block::Grid(rows) => docx.add_table(grid(rows, &look, number)),
            Block::NewPage => {
                is_new_page = true;
                docx
            }
            Block::Title(text)
            | Block::Addressee(text)
            | Block::Heading(text)
            | Block::Subheading(text)
            | Block::Paragraph(text)
            | Block::Item { text, .. }
            | Block::Signature(text) => {
                let mut paragraph = paragraph(block, text, &look).id(paragraph_id(number, 0));
                // A blank line before who signs.
                if matches!(block, Block::Signature(_)) && !std::mem::replace(&mut is_signed, true) {
                    paragraph = paragraph.line_spacing(look.line.clone().before(560));
                }
                if std::mem::replace(&mut is_new_page, false) {
                    paragraph = paragraph.page_break_before(true);
                }
                // Who signs does not stand alone on a page.
                if matches!(next, Some(Block::Signature(_))) {
                    paragraph = paragraph.keep_next(true).keep_lines(true);
                }
                docx.add_paragraph(paragraph)
            }
        };
    }
    let mut parts = docx.build();
    // The library leaves open which style stands where none is named, and some readers then find none.
    let styles = String::from_utf8_lossy(&parts.styles);
    parts.styles = styles.replacen(NORMAL, NORMAL_AS_DEFAULT, 1).into_bytes();
    // The library names three fonts and nobody; we name ours with what may stand in for them, and who signs.
    parts.font_table = font_table().into_bytes();
    parts.doc_props.core = core(document).into_bytes();
    let mut bytes = Cursor::new(Vec::new());
    parts.pack(&mut bytes).map_err(|error| DocxError(error.to_string()))?;
    packed(bytes.get_ref()).map_err(|error| DocxError(error.to_string()))
}

/// Eight hexadecimal digits, below 0x80000000: the library would count them over all documents of the process.
fn paragraph_id(block: u32, cell: u32) -> String {
    format!("{:08x}", (block.saturating_mul(0x1000) + cell) & 0x7fff_ffff)
}

fn fonts(face: Face) -> RunFonts {
    RunFonts::new()
        .ascii(face.latin())
        .hi_ansi(face.latin())
        .cs(face.latin())
        .east_asia(face.chinese())
}

fn heading_style(id: &str, name: &str, level: usize, face: Face, look: &Look) -> Style {
    Style::new(id, StyleType::Paragraph)
        .name(name)
        .based_on("Normal")
        .next("Normal")
        .q_format(true)
        .outline_lvl(level)
        .fonts(fonts(face))
        .size(look.heading_size - 2 * level * usize::from(look.indent.is_none()))
}

fn paragraph(block: &Block, text: &[Span], look: &Look) -> Paragraph {
    let plain = |face: Face, size: usize| runs(Paragraph::new(), text, face, size);
    let indented = |paragraph: Paragraph| match look.indent {
        Some(_) => paragraph.indent(None, look.indent, None, None).first_line_chars(200),
        None => paragraph,
    };
    match block {
        Block::Title(_) => plain(look.title, look.title_size)
            .align(AlignmentType::Center)
            .keep_next(true)
            .line_spacing(LineSpacing::new().after(480)),
        Block::Addressee(_) => plain(look.body, look.size).line_spacing(look.line.clone()),
        Block::Heading(_) => indented(plain(look.heading, look.heading_size))
            .style("Heading1")
            .keep_next(true)
            .line_spacing(look.line.clone().before(look.above)),
        Block::Subheading(_) => indented(plain(look.subheading, look.heading_size))
            .style("Heading2")
            .keep_next(true)
            .line_spacing(look.line.clone().before(look.above)),
        Block::Item { mark, .. } => {
            let gap = if look.indent.is_some() { "" } else { " " };
            let mark = Span {
                text: format!("{mark}{gap}"),
                is_bold: false,
            };
            let start = Paragraph::new().add_run(run(&mark, look.body, look.size));
            indented(runs(start, text, look.body, look.size)).line_spacing(look.line.clone())
        }
        Block::Signature(_) => plain(look.body, look.size)
            .align(AlignmentType::Right)
            .indent(None, None, Some(look.signature), None)
            .line_spacing(look.line.clone()),
        Block::Paragraph(_) | Block::Table(_) | Block::Grid(_) | Block::NewPage => {
            indented(plain(look.body, look.size)).line_spacing(look.line.clone())
        }
    }
}

fn runs(paragraph: Paragraph, text: &[Span], face: Face, size: usize) -> Paragraph {
    text.iter()
        .fold(paragraph, |paragraph, span| paragraph.add_run(run(span, face, size)))
}

fn run(span: &Span, face: Face, size: usize) -> Run {
    let text: String = span.text.chars().filter(|c| is_xml(*c)).collect();
    let run = Run::new().add_text(text).fonts(fonts(face)).size(size);
    // Chinese headings are told by their font, others by their weight.
    if span.is_bold || face == Face::Sans {
        run.bold()
    } else {
        run
    }
}

/// Whether XML can hold a character (XML 1.0, 2.2).
fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// `— 1 —`
fn page_number(locale: Locale) -> Paragraph {
    let dash = |text: &str| Run::new().add_text(text).fonts(fonts(Face::Song)).size(28);
    let paragraph = Paragraph::new().id("7ffffffe").align(AlignmentType::Center);
    match locale {
        Locale::ZhCn => paragraph
            .add_run(dash("— "))
            .add_page_num(PageNum::new())
            .add_run(dash(" —")),
        Locale::En => paragraph.add_page_num(PageNum::new()),
    }
}

fn core(document: &Document) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><cp:coreProperties \
         xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:creator>{}</dc:creator>\
         <dc:language>{}</dc:language></cp:coreProperties>",
        escaped(&document.title),
        escaped(&document.author),
        document.locale.as_str(),
    )
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| is_xml(*c))
        .collect::<String>()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let spans = vec![Span {
            text: text.into(),
            is_bold: true,
        }];
        Document {
            locale: Locale::ZhCn,
            title: text.into(),
            author: "督办办公室".into(),
            markdown: String::new(),
            blocks: vec![
                Block::Title(spans.clone()),
                Block::Table(vec![vec![spans.clone(), spans.clone()], vec![spans]]),
            ],
        }
    }

    /// Whether a text stands in one of its parts.
    fn has(bytes: &[u8], text: &str) -> bool {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        (0..archive.len()).any(|place| {
            let mut part = String::new();
            let mut file = archive.by_index(place).expect("a part");
            std::io::Read::read_to_string(&mut file, &mut part).expect("text");
            part.contains(text)
        })
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let one = docx(&document("通报")).expect("packed");
        let other = docx(&document("通报")).expect("packed");
        assert!(one == other);
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out_and_the_rest_is_escaped() {
        let bytes = docx(&document("a<b>&\u{B}c\u{FFFE}")).expect("packed");
        assert!(has(&bytes, "a&lt;b&gt;&amp;c"));
    }

    #[test]
    fn the_page_is_a4_and_the_fonts_are_named_with_what_may_stand_in_for_them() {
        let bytes = docx(&document("通报")).expect("packed");
        for text in [
            "w:w=\"11906\" w:h=\"16838\"",
            NORMAL_AS_DEFAULT,
            "w:eastAsia=\"方正小标宋简体\"",
            "<w:font w:name=\"仿宋\"><w:altName w:val=\"FangSong,",
        ] {
            assert!(has(&bytes, text), "{text}");
        }
    }
}
