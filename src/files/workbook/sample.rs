//! Workbooks for tests, written part by part, so that they can be wrong in any way.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::cell_name;

/// A sheet: its name, its state, and what stands within its `worksheet`.
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a str,
    pub(crate) state: &'a str,
    pub(crate) body: String,
}

/// A visible sheet.
pub(crate) fn sheet<'a>(name: &'a str, rows: &[&[&str]], merged: &[&str]) -> Sample<'a> {
    Sample {
        name,
        state: "visible",
        body: body(rows, merged),
    }
}

/// Rows from the first on. A cell is text, nothing where it is empty, and with `n:` a number, `d:` a date, `p:` one that is
/// shown as `000`, `%:` one that is shown in percent, `e:` an error, `f:` a formula without a value.
pub(crate) fn body(rows: &[&[&str]], merged: &[&str]) -> String {
    let mut xml = "<sheetData>".to_owned();
    for (row, cells) in (0..).zip(rows) {
        xml.push_str(&format!("<row r=\"{}\">", row + 1));
        for (column, cell) in (0..).zip(*cells) {
            let name = cell_name(row, column);
            let (kind, value) = cell.split_at_checked(2).unwrap_or(("", ""));
            let cell = match kind {
                _ if cell.is_empty() => String::new(),
                "n:" => format!("<c r=\"{name}\"><v>{value}</v></c>"),
                "d:" => format!("<c r=\"{name}\" s=\"1\"><v>{value}</v></c>"),
                "p:" => format!("<c r=\"{name}\" s=\"2\"><v>{value}</v></c>"),
                "%:" => format!("<c r=\"{name}\" s=\"3\"><v>{value}</v></c>"),
                "e:" => format!("<c r=\"{name}\" t=\"e\"><f>A1</f><v>{value}</v></c>"),
                "f:" => format!("<c r=\"{name}\"><f>{value}</f></c>"),
                _ => format!(
                    "<c r=\"{name}\" t=\"inlineStr\"><is><t>{}</t></is></c>",
                    cell.replace('&', "&amp;")
                ),
            };
            xml.push_str(&cell);
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData>");
    if !merged.is_empty() {
        let regions: String = merged
            .iter()
            .map(|region| format!("<mergeCell ref=\"{region}\"/>"))
            .collect();
        xml.push_str(&format!("<mergeCells>{regions}</mergeCells>"));
    }
    xml
}

/// The workbook.
pub(crate) fn workbook(sheets: &[Sample<'_>]) -> Vec<u8> {
    workbook_with(sheets, "", None)
}

/// The workbook, with properties (`date1904="1"`) and shared texts.
pub(crate) fn workbook_with(sheets: &[Sample<'_>], properties: &str, shared: Option<&str>) -> Vec<u8> {
    let mut listed = String::new();
    let mut relations = String::new();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        ("_rels/.rels".to_owned(), RELATIONS.to_owned()),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
    ];
    for (at, sheet) in sheets.iter().enumerate() {
        let number = at + 1;
        let name = sheet.name.replace('&', "&amp;").replace('"', "&quot;");
        listed.push_str(&format!(
            "<sheet name=\"{name}\" sheetId=\"{number}\" state=\"{}\" r:id=\"rId{number}\"/>",
            sheet.state
        ));
        relations.push_str(&format!(
            "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        ));
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet xmlns=\"{MAIN}\">{}</worksheet>", sheet.body),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><workbookPr {properties}/><sheets>{listed}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships xmlns=\"{PACKAGE}\">{relations}</Relationships>"),
    ));
    parts.extend(shared.map(|shared| ("xl/sharedStrings.xml".to_owned(), shared.to_owned())));
    archive(&parts)
}

/// Parts in an archive.
pub(crate) fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default())
            .expect("a part");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

pub(crate) const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
    Target=\"xl/workbook.xml\"/></Relationships>";
const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"000\"/></numFmts>\
    <cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"9\"/></cellXfs>\
    </styleSheet>";
