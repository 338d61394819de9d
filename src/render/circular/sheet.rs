//! A document as a page for the screen and the printer: one file, its style in it, nothing to load.

use crate::domain::document::{Block, Document, Grid, Span};
use crate::domain::people::Locale;
use crate::render::escape::html as safe;

/// How a page of a language looks.
struct Look {
    font: &'static str,
    heading: &'static str,
    subheading: &'static str,
    title: &'static str,
    size: &'static str,
    indent: &'static str,
}

fn look(locale: Locale) -> Look {
    match locale {
        Locale::ZhCn => Look {
            font: "'Times New Roman',仿宋,FangSong,仿宋_GB2312,STFangsong,'Noto Serif CJK SC',serif",
            heading: "黑体,SimHei,'Microsoft YaHei','Noto Sans CJK SC',sans-serif",
            subheading: "楷体,KaiTi,楷体_GB2312,STKaiti,'Noto Serif CJK SC',serif",
            title: "方正小标宋简体,宋体,SimSun,STSong,'Noto Serif CJK SC',serif",
            size: "font-size:16pt;line-height:28pt",
            indent: "text-indent:2em;",
        },
        Locale::En => Look {
            font: "Cambria,Georgia,'Times New Roman',serif",
            heading: "Calibri,Arial,sans-serif",
            subheading: "Calibri,Arial,sans-serif",
            title: "Calibri,Arial,sans-serif",
            size: "font-size:11.5pt;line-height:1.45",
            indent: "",
        },
    }
}

/// The page of a document.
#[must_use]
pub fn html(document: &Document) -> String {
    let look = look(document.locale);
    let body: String = document.blocks.iter().map(|block| part(block, &look)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n<style>\n\
         @page {{ size: A4; margin: 37mm 26mm 35mm 28mm; }}\n\
         @media print {{ body {{ margin: 0 !important; padding: 0 !important; max-width: none !important; }} }}\n\
         </style>\n</head>\n\
         <body style=\"max-width:156mm;margin:0 auto;padding:24px 16px;color:#000;background:#fff;font-family:{font};{size};\
         overflow-wrap:anywhere\">\n{body}</body>\n</html>\n",
        lang = document.locale.as_str(),
        title = safe(&document.title),
        font = look.font,
        size = look.size,
    )
}

fn part(block: &Block, look: &Look) -> String {
    match block {
        Block::Title(text) => format!(
            "<h1 style=\"margin:0 0 1em;text-align:center;font-family:{};font-size:1.4em;line-height:1.5\">{}</h1>\n",
            look.title,
            runs(text)
        ),
        Block::Heading(text) => format!(
            "<h2 style=\"margin:0.6em 0 0;{}font-family:{};font-size:1em;font-weight:{};break-after:avoid\">{}</h2>\n",
            look.indent,
            look.heading,
            if look.indent.is_empty() { "bold" } else { "normal" },
            runs(text)
        ),
        Block::Subheading(text) => format!(
            "<h3 style=\"margin:0.3em 0 0;{}font-family:{};font-size:1em;font-weight:bold;break-after:avoid\">{}</h3>\n",
            look.indent,
            look.subheading,
            runs(text)
        ),
        Block::Paragraph(text) => paragraph(&runs(text), look),
        Block::Addressee(text) => format!("<p style=\"margin:0 0 0.2em\">{}</p>\n", runs(text)),
        Block::Item { mark, text } => {
            let gap = if look.indent.is_empty() { " " } else { "" };
            paragraph(&format!("{}{gap}{}", safe(mark), runs(text)), look)
        }
        Block::Table(rows) => table(rows),
        Block::Grid(rows) => grid(rows),
        Block::NewPage => "<div style=\"break-before:page\"></div>\n".to_owned(),
        Block::Signature(text) => format!(
            "<p style=\"margin:0.4em 2em 0 0;text-align:right;break-before:avoid\">{}</p>\n",
            runs(text)
        ),
    }
}

fn paragraph(inner: &str, look: &Look) -> String {
    let below = if look.indent.is_empty() { "0.5em" } else { "0" };
    format!("<p style=\"margin:0 0 {below};{}\">{inner}</p>\n", look.indent)
}

fn table(rows: &[Vec<Vec<Span>>]) -> String {
    let mut html = String::from(
        "<table style=\"width:100%;margin:0.6em 0;border-collapse:collapse;font-size:0.75em;line-height:1.5\">\n",
    );
    for (number, row) in rows.iter().enumerate() {
        let tag = if number == 0 { "th" } else { "td" };
        html.push_str("<tr style=\"break-inside:avoid\">");
        for (column, cell) in row.iter().enumerate() {
            // A word or a figure is not divided; the name of an area may be.
            let flow = match column {
                0 => "text-align:left",
                _ => "text-align:center;overflow-wrap:normal;word-break:keep-all",
            };
            html.push_str(&format!(
                "<{tag} style=\"border:1px solid #000;padding:2px 4px;{flow}\">{}</{tag}>",
                runs(cell)
            ));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

fn grid(grid: &Grid) -> String {
    let mut html = String::from(
        "<table style=\"width:100%;margin:0.6em 0;border-collapse:collapse;font-size:0.75em;line-height:1.5\">\n",
    );
    let total = grid.shares.iter().sum::<usize>().max(1);
    for (number, row) in grid.rows.iter().enumerate() {
        html.push_str("<tr style=\"break-inside:avoid\">");
        for (column, (cell, share)) in row.iter().zip(&grid.shares).enumerate() {
            let names = if grid.has_head { number == 0 } else { column == 0 };
            let tag = if names { "th" } else { "td" };
            html.push_str(&format!(
                "<{tag} style=\"border:1px solid #000;padding:2px 6px;text-align:left;vertical-align:top;width:{}%\">{}</{tag}>",
                share * 100 / total,
                runs(cell)
            ));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

fn runs(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| {
            let text = safe(&span.text);
            if span.is_bold {
                format!("<strong>{text}</strong>")
            } else {
                text
            }
        })
        .collect()
}
