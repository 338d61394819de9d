//! A document packed tightly: the library packs it as large as it is, and mail makes it a third larger.

use std::io::{self, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The same parts in the same order, compressed, with no time of their own.
pub(super) fn packed(loose: &[u8]) -> io::Result<Vec<u8>> {
    let mut from = ZipArchive::new(Cursor::new(loose)).map_err(io::Error::other)?;
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for place in 0..from.len() {
        let mut part = from.by_index(place).map_err(io::Error::other)?;
        // Folders are told by the names of what is in them.
        if part.is_dir() {
            continue;
        }
        let name = part.name().map_err(io::Error::other)?.into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes)?;
        to.start_file(name, options).map_err(io::Error::other)?;
        to.write_all(&bytes)?;
    }
    Ok(to.finish().map_err(io::Error::other)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_holds_the_same_parts_and_is_smaller() {
        let mut loose = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        loose.add_directory("word/", stored).expect("a folder");
        loose.start_file("word/document.xml", stored).expect("a part");
        loose.write_all(&[b'x'; 10_000]).expect("written");
        let loose = loose.finish().expect("an archive").into_inner();
        let tight = packed(&loose).expect("packed");
        assert!(tight.len() < 1000, "{}", tight.len());
        let mut archive = ZipArchive::new(Cursor::new(tight)).expect("an archive");
        assert_eq!(archive.len(), 1);
        let mut part = Vec::new();
        let mut file = archive.by_name("word/document.xml").expect("the part");
        file.read_to_end(&mut part).expect("read");
        assert_eq!(part, [b'x'; 10_000]);
    }
}
