//! The one font of the pictures: found once, held in memory, asked which characters it has.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use resvg::usvg::fontdb::{Database, FaceInfo, ID, Source, Style};
use skrifa::{FontRef, MetadataProvider};
use thiserror::Error;

/// Where the packages put the fonts that we know, the better one first: reading these takes milliseconds, looking
/// through all fonts of a system can take a second.
const KNOWN: [&str; 6] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
];
/// A font file is at most so large: the whole of it is held while pictures are drawn.
const FONT_BYTES_MAX: u64 = 64 << 20;
/// Who has these can write what our phrases and ledgers in Chinese hold.
const CHINESE: [char; 8] = ['督', '办', '灯', '逾', '期', '县', '镇', '，'];
/// The weight of running text.
const REGULAR: u16 = 400;

/// Why no picture can be drawn.
#[derive(Debug, Error)]
pub enum FontError {
    /// The configured file cannot be read.
    #[error("`{}`: {error}", path.display())]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The configured file is no font.
    #[error("`{}` holds no font", path.display())]
    NoFont {
        /// As it was given.
        path: PathBuf,
    },
    /// The configured file is too large.
    #[error("`{}` is larger than {} MiB", path.display(), FONT_BYTES_MAX >> 20)]
    TooLarge {
        /// As it was given.
        path: PathBuf,
    },
    /// There is no font on the machine at all.
    #[error("no font is installed")]
    NoneInstalled,
}

/// One face of one file.
pub(super) struct Font {
    database: Arc<Database>,
    bytes: Arc<Vec<u8>>,
    index: u32,
    family: String,
    is_chinese: bool,
}

/// Without the bytes, of which there are millions.
impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Font")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

impl Font {
    /// The font of a file; without one the best that is installed, one with Chinese characters before any other.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, FontError> {
        if let Some(path) = file {
            return Self::of_file(path);
        }
        let mut best: Option<Self> = None;
        let scanned = std::iter::once_with(installed).flatten();
        for path in KNOWN.iter().map(PathBuf::from).chain(scanned) {
            let Ok(font) = Self::of_file(&path) else { continue };
            if font.is_chinese {
                return Ok(font);
            }
            best.get_or_insert(font);
        }
        best.ok_or(FontError::NoneInstalled)
    }

    fn of_file(path: &Path) -> Result<Self, FontError> {
        let path = path.to_owned();
        let read = fs::metadata(&path).and_then(|about| match about.len() {
            FONT_BYTES_MAX.. => Ok(None),
            _ => fs::read(&path).map(Some),
        });
        match read {
            Err(error) => Err(FontError::Unreadable { path, error }),
            Ok(None) => Err(FontError::TooLarge { path }),
            Ok(Some(bytes)) => Self::of_bytes(bytes).ok_or(FontError::NoFont { path }),
        }
    }

    fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Arc::new(bytes);
        let mut database = Database::new();
        let ids = database.load_font_source(Source::Binary(Arc::<Vec<u8>>::clone(&bytes)));
        let mut faces: Vec<(bool, ID)> = ids
            .iter()
            .filter_map(|id| database.face(*id))
            .map(|face| (!is_chinese(&bytes, face.index), face.id))
            .collect();
        faces.sort_by_key(|(is_foreign, id)| (*is_foreign, database.face(*id).map(rank)));
        let (is_foreign, chosen) = *faces.first()?;
        for (_, other) in faces.iter().skip(1) {
            database.remove_face(*other);
        }
        let face = database.face(chosen)?;
        let (index, family) = (face.index, name(face).to_owned());
        database.set_sans_serif_family(family.clone());
        Some(Self {
            database: Arc::new(database),
            bytes,
            index,
            family,
            is_chinese: !is_foreign,
        })
    }

    /// What resvg looks it up in: `sans-serif` is this font, and there is no other.
    pub(super) fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    /// Whether it can write Chinese.
    pub(super) fn is_chinese(&self) -> bool {
        self.is_chinese
    }

    /// Those of the characters that it has; what it lacks becomes `?` where it is a letter, else nothing. None where
    /// Chinese is wanted of a font that has none.
    pub(super) fn written(&self, text: &str) -> Option<String> {
        let mut written = String::with_capacity(text.len());
        let font = FontRef::from_index(&self.bytes, self.index).ok()?;
        let charmap = font.charmap();
        for letter in text.chars() {
            if charmap.map(letter).is_some_and(|glyph| glyph.to_u32() != 0) {
                written.push(letter);
            } else if letter.is_alphanumeric() {
                if !self.is_chinese && is_han(letter) {
                    return None;
                }
                written.push('?');
            }
        }
        Some(written)
    }
}

fn is_han(letter: char) -> bool {
    matches!(u32::from(letter), 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD)
}

fn is_chinese(bytes: &[u8], index: u32) -> bool {
    FontRef::from_index(bytes, index).is_ok_and(|font| {
        let charmap = font.charmap();
        CHINESE.iter().all(|letter| charmap.map(*letter).is_some())
    })
}

/// Of several faces, that of upright running text in the forms of the mainland.
fn rank(face: &FaceInfo) -> (bool, bool, u16, bool, String) {
    let name = name(face);
    (
        face.style != Style::Normal,
        face.monospaced || name.contains("Mono") || name.contains("Symbol") || name.contains("Emoji"),
        face.weight.0.abs_diff(REGULAR),
        !(name.ends_with(" SC") || name.ends_with(" CN")),
        name.to_owned(),
    )
}

fn name(face: &FaceInfo) -> &str {
    face.families.first().map_or("", |(name, _)| name.as_str())
}

/// The files of all installed fonts, those that look like running text in Chinese first.
fn installed() -> Vec<PathBuf> {
    let mut database = Database::new();
    database.load_system_fonts();
    let mut files: Vec<_> = database
        .faces()
        .filter_map(|face| match &face.source {
            Source::File(path) => Some((rank(face), path.clone())),
            Source::Binary(_) => None,
        })
        .collect();
    files.sort();
    let mut paths: Vec<PathBuf> = Vec::new();
    for (_, path) in files {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}
