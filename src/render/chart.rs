//! Pictures for a review: lights over twelve weeks, burn-down against plan, units by on-time rate.
//!
//! Drawn by hand as SVG and rasterised to small PNGs. What a picture shows by colour it also shows by pattern, word and
//! number, and its `alt` says the same in a sentence or two, so that a reader without pictures misses nothing.

mod burn_down;
mod canvas;
mod en;
mod font;
mod lights;
mod on_time;
mod table;
mod words;
mod zh;

use std::path::Path;

use sha2::{Digest, Sha256};

use self::canvas::{Canvas, Png, WIDTH};
use self::font::Font;
use super::escape::{html, markdown};
use crate::domain::chart::Trend;
use crate::domain::journal::hex;
use crate::domain::people::Locale;

pub use self::font::FontError;

/// Bytes of the hash in a content id: enough that two pictures never share one.
const ID_BYTES: usize = 16;

/// All pictures of a mail together take at most so many bytes.
const ALL_BYTES_MAX: usize = 42 << 10;

/// A picture of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The bytes of a PNG, the same for the same figures, language and font.
    pub png: Vec<u8>,
    /// What it shows, in a sentence or two; not escaped.
    pub alt: String,
    /// A file name: `lights.png`, `burn-down.png`, `on-time.png`.
    pub name: String,
    /// In pixels, half as many again as the width at which it is shown.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Picture {
    /// The lower hex SHA-256 of the bytes.
    #[must_use]
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(&self.png))
    }

    /// Under which name a mail carries it, without angle brackets. It changes with the picture: some programs keep what
    /// they know by its id.
    #[must_use]
    pub fn content_id(&self) -> String {
        let digest = Sha256::digest(&self.png);
        let short: Vec<u8> = digest.iter().copied().take(ID_BYTES).collect();
        let stem = self.name.trim_end_matches(".png");
        format!("{stem}.{}@duban", hex(&short))
    }

    /// The element of a mail that shows it: as wide as the text on a phone, never wider than drawn. Outlook heeds the
    /// attribute, all others the style; where pictures are blocked, `alt` stands there as text.
    #[must_use]
    pub fn html(&self) -> String {
        format!(
            "<img src=\"cid:{}\" alt=\"{}\" width=\"{WIDTH}\" style=\"display:block;width:100%;max-width:{WIDTH}px;\
             height:auto;border:0;margin:12px 0;font-size:14px;line-height:1.5\">",
            html(&self.content_id()),
            html(&self.alt)
        )
    }

    /// What stands in place of it in a plain text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.alt
    }

    /// What stands in place of it in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown(&self.alt)
    }
}

/// Draws pictures. Holds one font in memory, some megabytes: open it for a run of a review, and drop it after.
#[derive(Debug)]
pub struct Charts {
    font: Font,
}

impl Charts {
    /// Finds the font: that of `font_file` (`[charts] font_file`), else the best that is installed.
    ///
    /// # Errors
    /// Where the file is no font, or none is installed: a review then goes without pictures.
    pub fn open(font_file: Option<&Path>) -> Result<Self, FontError> {
        let font = Font::open(font_file)?;
        Ok(Self { font })
    }

    /// Whether the font can write Chinese. Where it cannot, pictures that need it are left out, rather than showing boxes.
    #[must_use]
    pub fn reads_chinese(&self) -> bool {
        self.font.is_chinese()
    }

    /// All pictures that there is something to show in, in the order in which they stand in a mail; the last are left
    /// out where they would leave too little of it for words.
    #[must_use]
    pub fn pictures(&self, trend: &Trend, locale: Locale) -> Vec<Picture> {
        let all = [
            self.lights(trend, locale),
            self.burn_down(trend, locale),
            self.on_time(trend, locale),
        ];
        let mut room = ALL_BYTES_MAX;
        let fits = |picture: &Picture| {
            let left = room.checked_sub(picture.png.len());
            room = left.unwrap_or(0);
            left.is_some()
        };
        all.into_iter().flatten().take_while(fits).collect()
    }

    /// Tasks by light in each of the last weeks; none before there are two weeks.
    #[must_use]
    pub fn lights(&self, trend: &Trend, locale: Locale) -> Option<Picture> {
        let words = words::of(locale);
        let png = lights::draw(Canvas::new(&self.font), &trend.weeks, words)?;
        Some(picture("lights.png", png, words.lights_alt(&trend.weeks)))
    }

    /// Open tasks in each of the last weeks against what the first deadlines planned, and the plan for the next weeks;
    /// none before there are two weeks.
    #[must_use]
    pub fn burn_down(&self, trend: &Trend, locale: Locale) -> Option<Picture> {
        let words = words::of(locale);
        let png = burn_down::draw(Canvas::new(&self.font), trend, words)?;
        Some(picture("burn-down.png", png, words.burn_down_alt(trend)))
    }

    /// Units by the share of their tasks that kept the first deadline; none where no task is closed or late yet.
    #[must_use]
    pub fn on_time(&self, trend: &Trend, locale: Locale) -> Option<Picture> {
        let words = words::of(locale);
        let png = on_time::draw(Canvas::new(&self.font), &trend.units, words)?;
        Some(picture("on-time.png", png, words.on_time_alt(&trend.units)))
    }
}

fn picture(name: &str, png: Png, alt: String) -> Picture {
    Picture {
        png: png.bytes,
        alt,
        name: name.to_owned(),
        width: png.width,
        height: png.height,
    }
}

#[cfg(test)]
mod tests;
