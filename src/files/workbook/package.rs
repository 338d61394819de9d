//! The archive that a workbook is, judged before anything in it is believed: what it really is, and how large it grows.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::BookError;

/// How far an archive may grow.
#[derive(Clone, Copy)]
struct Limits {
    /// All parts together.
    unpacked_bytes: u64,
    /// The texts that sheets share, which are held in memory as a whole.
    shared_bytes: u64,
}

/// A ledger of the row limit with twenty columns needs less than half of it.
const LIMITS: Limits = Limits {
    unpacked_bytes: 768 * 1024 * 1024,
    shared_bytes: 192 * 1024 * 1024,
};
/// More parts than a workbook of [`super::SHEETS_MAX`] sheets has.
const PARTS_MAX: usize = 10_000;
/// So much of a part says what its beginning promises.
const HEAD_BYTES: usize = 4096;
/// The reader makes room for as many texts as the file promises, so the promise must be kept to reason.
const SHARED_TEXTS_MAX: u64 = 8_000_000;

/// Proves that bytes are a workbook's archive, and one that can be unpacked.
///
/// # Errors
/// [`BookError`].
pub(super) fn prove(bytes: &[u8]) -> Result<(), BookError> {
    prove_within(bytes, LIMITS)
}

fn prove_within(bytes: &[u8], limits: Limits) -> Result<(), BookError> {
    sniff(bytes)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(BookError::Damaged(format!("it has {} parts", archive.len())));
    }
    let names: Vec<String> = archive.file_names().filter_map(Result::ok).map(Into::into).collect();
    other_kind(&names)?;
    let mut left = limits.unpacked_bytes;
    for number in 0..archive.len() {
        let mut part = archive.by_index(number).map_err(damaged)?;
        let is_shared = part
            .name()
            .is_ok_and(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"));
        let limit = if is_shared { left.min(limits.shared_bytes) } else { left };
        let size = unpacked(&mut part, limit, is_shared)?;
        left -= size;
    }
    Ok(())
}

/// How large a part grows, by unpacking it: what the archive says of it may be wrong.
fn unpacked(part: &mut impl Read, limit: u64, is_shared: bool) -> Result<u64, BookError> {
    let mut head = vec![0; HEAD_BYTES];
    let mut size = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = part
            .read(&mut buffer)
            .map_err(|error| BookError::Damaged(error.to_string()))?;
        if read == 0 {
            break;
        }
        let fresh = buffer.get(..read).unwrap_or_default();
        if let Some(room) = usize::try_from(size).ok().and_then(|at| head.get_mut(at..)) {
            let length = room.len().min(read);
            if let (Some(room), Some(fresh)) = (room.get_mut(..length), fresh.get(..length)) {
                room.copy_from_slice(fresh);
            }
        }
        size += u64::try_from(read).unwrap_or(u64::MAX);
        if size > limit {
            return Err(BookError::TooLarge(limit.max(1 << 20) >> 20));
        }
    }
    if is_shared && promised(&head).is_some_and(|count| count > SHARED_TEXTS_MAX || count > size) {
        return Err(BookError::Damaged("it promises more texts than it can hold".to_owned()));
    }
    Ok(size)
}

/// How many texts the beginning of the shared ones promises.
fn promised(head: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(head);
    let (_, rest) = head.split_once("uniqueCount")?;
    let digits: String = rest
        .chars()
        .skip_while(|c| matches!(c, '=' | '"' | '\'' | ' ' | '\n' | '\t' | '\r'))
        .take_while(char::is_ascii_digit)
        .collect();
    // What does not even fit is too much.
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX))
}

/// What begins like something else.
fn sniff(bytes: &[u8]) -> Result<(), BookError> {
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    const ENCRYPTED: &str = "EncryptedPackage";
    if bytes.is_empty() {
        return Err(BookError::Empty);
    }
    if bytes.starts_with(OLE) {
        let name: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_encrypted = bytes.windows(name.len()).any(|window| window == name);
        return Err(if is_encrypted {
            BookError::Encrypted
        } else {
            BookError::Other("an old .xls file, or one of WPS (.et)")
        });
    }
    if bytes.starts_with(b"PK") {
        return Ok(());
    }
    let head = String::from_utf8_lossy(bytes.get(..HEAD_BYTES.min(bytes.len())).unwrap_or_default()).to_lowercase();
    Err(if head.contains("<html") || head.contains("<table") {
        BookError::Other("a web page that is called one")
    } else if head.contains("<?xml") {
        BookError::Other("an XML file that is called one")
    } else if !head.contains('\0') && !head.contains('\u{fffd}') {
        BookError::Other("a text file that is called one")
    } else {
        BookError::Other("something else")
    })
}

fn other_kind(names: &[String]) -> Result<(), BookError> {
    let has = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if has("mimetype") && has("content.xml") {
        return Err(BookError::Other("an OpenDocument file (.ods)"));
    }
    if has("xl/workbook.bin") {
        return Err(BookError::Other("a binary workbook (.xlsb)"));
    }
    if has("word/document.xml") {
        return Err(BookError::Other("a Word document"));
    }
    if !has("[Content_Types].xml") {
        return Err(BookError::Other("a ZIP archive"));
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn damaged(error: ZipError) -> BookError {
    BookError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::sample::archive;
    use super::*;

    #[test]
    fn an_archive_that_grows_beyond_reason_is_refused_before_it_is_believed() {
        let zeros = "0".repeat(3 << 20);
        let part = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let types = part("[Content_Types].xml", "");
        let limits = Limits {
            unpacked_bytes: 5 << 20,
            shared_bytes: 2 << 20,
        };
        let shared = archive(&[types.clone(), part("xl/sharedStrings.xml", &zeros)]);
        assert_eq!(prove_within(&shared, limits), Err(BookError::TooLarge(2)));
        let one = [types, part("xl/a.xml", &zeros)];
        assert_eq!(prove_within(&archive(&one), limits), Ok(()));
        let both = archive(&[one.as_slice(), &[part("xl/b.xml", &zeros)]].concat());
        assert!(both.len() < 64 * 1024);
        assert!(matches!(prove_within(&both, limits), Err(BookError::TooLarge(_))));
    }
}
