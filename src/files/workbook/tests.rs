//! Workbooks as offices, other programs and attackers make them.

use super::sample::{MAIN, Sample, archive, sheet, workbook, workbook_with};
use super::*;

fn texts(book: &Book) -> Vec<String> {
    let cells = book.sheets.iter().flat_map(|sheet| &sheet.cells);
    cells
        .map(|cell| {
            let place = book.places.locate(cell.place.start).expect("a place");
            format!("{place}={}", book.text(cell))
        })
        .collect()
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let error = read(bytes).expect_err("it is refused");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn cells_are_read_as_people_see_them() {
    let rows: &[&[&str]] = &[&["  a ", "n:1", "d:44561.75", "p:7", "%:0.5", "n:0.1"], &[], &["", "x"]];
    let book = read(&workbook(&[sheet("S", rows, &[])])).expect("it is read");
    assert_eq!(
        texts(&book),
        [
            "S!A1=a",
            "S!B1=1",
            "S!C1=2021-12-31 18:00",
            "S!D1=007",
            "S!E1=50%",
            "S!F1=0.1",
            "S!B3=x"
        ]
    );
}

#[test]
fn a_workbook_that_counts_from_1904_has_the_same_days() {
    let bytes = workbook_with(&[sheet("S", &[&["d:43099"]], &[])], "date1904=\"1\"", None);
    assert_eq!(texts(&read(&bytes).expect("it is read")), ["S!A1=2021-12-31"]);
}

#[test]
fn rich_text_is_one_text_and_its_reading_aid_is_left_out() {
    let body =
        "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row></sheetData>";
    let sheets = [Sample {
        name: "S",
        state: "visible",
        body: body.to_owned(),
    }];
    let shared = format!(
        "<sst xmlns=\"{MAIN}\" count=\"2\" uniqueCount=\"2\"><si><r><t>市教</t></r><r><rPr><b/></rPr><t>育局</t></r>\
         <rPh sb=\"0\" eb=\"1\"><t>shi</t></rPh><phoneticPr fontId=\"1\"/></si><si><t>a\nb</t></si></sst>"
    );
    let book = read(&workbook_with(&sheets, "", Some(&shared))).expect("it is read");
    assert_eq!(texts(&book), ["S!A1=市教育局", "S!B1=a\nb"]);
}

#[test]
fn an_empty_cell_within_the_table_has_a_place() {
    let book = read(&workbook(&[sheet("S", &[&["a", "b", "c"], &["1"]], &[])])).expect("it is read");
    let place = book.places.at(0, 1, 2).expect("a place");
    assert_eq!(book.places.locate(place.start).as_deref(), Some("S!C2"));
    assert_eq!(book.places.at(0, 1, 3), None);
}

#[test]
fn what_is_no_workbook_is_called_what_it_is() {
    refused(b"", "the file is empty");
    refused("编号,任务\n".as_bytes(), "a text file");
    refused(b"<html><table></table>", "a web page");
    refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "an old .xls file");
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(
        &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &name].concat(),
        "protected by a password",
    );
    let ods = [("mimetype", "application/vnd.oasis"), ("content.xml", "<x/>")];
    refused(
        &archive(&ods.map(|(name, text)| (name.to_owned(), text.to_owned()))),
        "OpenDocument",
    );
    refused(&archive(&[("a.txt".to_owned(), "x".to_owned())]), "a ZIP archive");
}

#[test]
fn a_workbook_that_is_cut_off_anywhere_is_refused_and_panics_nowhere() {
    let bytes = workbook(&[sheet("S", &[&["a", "b"], &["n:1", "2"]], &["A1:B1"])]);
    for length in (1..bytes.len()).step_by(7) {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_byte_that_is_flipped_anywhere_panics_nowhere() {
    let bytes = workbook(&[sheet("S", &[&["a", "b"], &["n:1", "2"]], &["A1:B1"])]);
    for at in (0..bytes.len()).step_by(3) {
        let mut bent = bytes.clone();
        bent[at] ^= 0x55;
        // Either is right: what matters is that it comes back.
        drop(read(&bent));
    }
}

#[test]
fn a_promise_of_more_texts_than_there_are_makes_no_room_for_them() {
    let shared = format!("<sst xmlns=\"{MAIN}\" uniqueCount=\"99999999999999\"><si><t>a</t></si></sst>");
    let bytes = workbook_with(&[sheet("S", &[&["a"]], &[])], "", Some(&shared));
    refused(&bytes, "promises more texts");
}

#[test]
fn hostile_numbers_end_as_an_error_and_not_as_a_panic() {
    for cell in [
        "<c r=\"A99999999999\"><v>1</v></c>",
        "<c r=\"AAAAAAAAAAAAAAAA1\"><v>1</v></c>",
        "<c r=\"A1\" s=\"1\"><v>-1e300</v></c>",
        "<c r=\"A1\" t=\"s\"><v>7</v></c>",
        "<c r=\"A1\" t=\"e\"><v>#SPILL!</v></c>",
        "<c r=\"A1\" t=\"zz\"><v>7</v></c>",
    ] {
        let body = format!(
            "<sheetData><row r=\"1\">{cell}</row></sheetData><mergeCells><mergeCell ref=\"B9:A1\"/></mergeCells>"
        );
        let sheets = [Sample {
            name: "S",
            state: "visible",
            body,
        }];
        drop(read(&workbook(&sheets)));
    }
}

#[test]
fn a_million_rows_with_formats_and_no_text_are_nothing() {
    let mut body = "<sheetData>".to_owned();
    for row in 1..=100_000 {
        body.push_str(&format!("<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"/></row>"));
    }
    body.push_str("<row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>x</t></is></c></row></sheetData>");
    let sheets = [Sample {
        name: "S",
        state: "visible",
        body,
    }];
    assert_eq!(
        texts(&read(&workbook(&sheets)).expect("it is read")),
        ["S!XFD1048576=x"]
    );
}
