//! Bytes to text: UTF-8, UTF-16 and GB18030, in which Excel in China saves.

use encoding_rs::{DecoderResult, Encoding, GB18030};
use thiserror::Error;

/// No file that is read is larger: a ledger of the row limit needs less than half of it.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// It is neither UTF-8 nor GB18030.
    #[error("the file is neither UTF-8 nor GB18030: byte {offset} on line {line} fits neither")]
    Unreadable {
        /// Counted from 0.
        offset: usize,
        /// Counted from 1.
        line: u32,
    },
    /// A byte order mark promises UTF-16, and the rest is not.
    #[error("the file begins like UTF-16, but is not")]
    Utf16,
}

/// The text of a file: by its byte order mark, else as UTF-8, else as GB18030.
///
/// # Errors
/// [`TextError`], which names the first byte that does not fit.
pub fn decode(bytes: &[u8]) -> Result<String, TextError> {
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(bytes)
        && encoding != encoding_rs::UTF_8
    {
        let rest = bytes.get(mark_bytes..).unwrap_or_default();
        return encoding
            .decode_without_bom_handling_and_without_replacement(rest)
            .map(Into::into)
            .ok_or(TextError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => {
            // The encoding that fits but for fewer bytes is the one that was meant.
            let (utf8, gb18030) = (utf8_faults(bytes), gb18030_faults(bytes));
            let (offset, _) = if gb18030.1 < utf8.1 { gb18030 } else { utf8 };
            let before = bytes.get(..offset).unwrap_or_default();
            let breaks = before.iter().filter(|byte| **byte == b'\n').count();
            Err(TextError::Unreadable {
                offset,
                line: u32::try_from(breaks + 1).unwrap_or(u32::MAX),
            })
        }
    }
}

/// The first byte that is no UTF-8, and how many runs of such bytes there are.
fn utf8_faults(bytes: &[u8]) -> (usize, usize) {
    let mut at = 0;
    let mut first = None;
    let mut count = 0;
    for chunk in bytes.utf8_chunks() {
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            first.get_or_insert(at);
            count += 1;
        }
        at += chunk.invalid().len();
    }
    (first.unwrap_or(at), count)
}

/// The first byte that is no GB18030, and how many runs of such bytes there are.
fn gb18030_faults(bytes: &[u8]) -> (usize, usize) {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut scratch = vec![0; 16 * 1024];
    let mut at = 0;
    let mut first = None;
    let mut count = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut scratch, true);
        at += read;
        match result {
            DecoderResult::InputEmpty => return (first.unwrap_or(at), count),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(bad, after) => {
                first.get_or_insert(at.saturating_sub(usize::from(bad) + usize::from(after)));
                count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_read_with_and_without_a_byte_order_mark() {
        assert_eq!(decode("督办".as_bytes()).as_deref(), Ok("督办"));
        assert_eq!(decode("\u{feff}督办".as_bytes()).as_deref(), Ok("督办"));
    }

    #[test]
    fn gb18030_as_excel_in_china_saves_it_is_read() {
        let (bytes, _, _) = GB18030.encode("编号,责任单位\n1,市教育局");
        assert_eq!(decode(&bytes).as_deref(), Ok("编号,责任单位\n1,市教育局"));
    }

    #[test]
    fn utf16_with_a_byte_order_mark_is_read() {
        let bytes: Vec<u8> = "\u{feff}督办\t1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&bytes).as_deref(), Ok("督办\t1"));
    }

    #[test]
    fn bytes_that_are_neither_name_the_first_that_does_not_fit() {
        assert_eq!(
            decode(b"ab\ncd\xff\xff"),
            Err(TextError::Unreadable { offset: 5, line: 2 })
        );
    }

    #[test]
    fn a_bad_byte_in_gb18030_is_found_where_it_stands() {
        let (head, _, _) = GB18030.encode("编号,责任单位\n1,市教育局\n2,");
        let (tail, _, _) = GB18030.encode("市公安局\n");
        let bytes = [head.as_ref(), b"\xff", tail.as_ref()].concat();
        let expected = TextError::Unreadable {
            offset: head.len(),
            line: 3,
        };
        assert_eq!(decode(&bytes), Err(expected));
    }

    #[test]
    fn a_bad_byte_in_utf8_is_found_where_it_stands() {
        let head = "编号,责任单位\n1,市教育局\n2,";
        let bytes = [head.as_bytes(), b"\xff", "市公安局\n".as_bytes()].concat();
        let expected = TextError::Unreadable {
            offset: head.len(),
            line: 3,
        };
        assert_eq!(decode(&bytes), Err(expected));
    }

    #[test]
    fn half_a_utf16_character_is_refused() {
        assert_eq!(decode(b"\xff\xfe\x00\xd8"), Err(TextError::Utf16));
    }
}
