//! Drawing by hand: an SVG of few shapes, rasterised at one and a half times its size, as a PNG of few colours.

use std::collections::HashMap;
use std::fmt::Write;

use resvg::tiny_skia::{Color, Pixmap, PremultipliedColorU8, Transform};
use resvg::usvg::{Options, Tree};

use super::font::Font;
use crate::domain::task::Light;
use crate::render::escape::{html, one_line};

/// Width in the units of the drawing: that of a mail.
pub(super) const WIDTH: u32 = 640;
/// Pixels to a unit: about as many as a phone shows in the width of a mail, and few enough to be small.
const SCALE: f64 = 1.5;
/// All colours that are drawn with, and two greys more for the edges of letters.
const PALETTE: [[u8; 3]; 16] = [
    [0xff, 0xff, 0xff],
    [0xe9, 0xeb, 0xee],
    [0xd1, 0xd5, 0xdb],
    [0x8a, 0x8f, 0x98],
    [0x4b, 0x55, 0x63],
    [0x11, 0x18, 0x27],
    [0xb9, 0x1c, 0x1c],
    [0xfa, 0xcc, 0x15],
    [0xa1, 0x62, 0x07],
    [0x1d, 0x4e, 0xd8],
    [0x93, 0xc5, 0xfd],
    [0xdc, 0xfc, 0xe7],
    [0x15, 0x80, 0x3d],
    [0xa8, 0xa2, 0x9e],
    [0x64, 0x74, 0x8b],
    [0x9a, 0x34, 0x12],
];

/// The greys of [`PALETTE`] for the edges of letters; a crowded picture takes fewer, so that it stays small.
const GREYS: [&[u8]; 2] = [&[0, 2, 4, 5], &[0, 2, 5]];
/// Channels of a grey differ by less.
const GREY_SPREAD: u8 = 32;
/// For drawings without colours, which may hold much text.
const FOUR: [[u8; 3]; 4] = [
    [0xff, 0xff, 0xff],
    [0xd1, 0xd5, 0xdb],
    [0x64, 0x74, 0x8b],
    [0x11, 0x18, 0x27],
];
/// A picture is to be at most so large, so that all three leave room in a mail.
pub(super) const BYTES_MAX: usize = 16 << 10;

/// Text and axes.
pub(super) const INK: &str = "#111827";
/// What stands behind the figures.
pub(super) const FAINT: &str = "#4b5563";
/// Lines and empty bars.
pub(super) const LINE: &str = "#d1d5db";

/// Fills that differ in darkness and pattern, not only in colour.
const PATTERNS: &str = concat!(
    "<defs>",
    "<pattern id=\"yellow\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"8\" height=\"8\" fill=\"#facc15\"/><path d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\" ",
    "stroke=\"#a16207\" stroke-width=\"2\"/></pattern>",
    "<pattern id=\"blue\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"6\" height=\"6\" fill=\"#1d4ed8\"/><rect width=\"6\" height=\"2\" fill=\"#93c5fd\"/></pattern>",
    "</defs>",
);

/// How a light is filled: red solid and dark, yellow striped aslant, blue across, green pale with an edge.
pub(super) fn fill(light: Light) -> &'static str {
    match light {
        Light::Red => "fill=\"#b91c1c\"",
        Light::Yellow => "fill=\"url(#yellow)\" stroke=\"#a16207\"",
        Light::Blue => "fill=\"url(#blue)\" stroke=\"#1d4ed8\"",
        Light::Green => "fill=\"#dcfce7\" stroke=\"#15803d\"",
        Light::Grey => "fill=\"#a8a29e\"",
    }
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A drawing under way.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    font: &'a Font,
    body: String,
    /// Something was to be written that the font cannot write.
    is_illegible: bool,
}

/// A finished PNG; its width is even.
#[derive(Debug)]
pub(super) struct Png {
    pub(super) bytes: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(font: &'a Font) -> Self {
        Self {
            font,
            body: String::new(),
            is_illegible: false,
        }
    }

    /// A line of text; `y` is its base line. What somebody pasted into a name is only text.
    pub(super) fn text(&mut self, x: f64, y: f64, at: At, (size, ink): (f64, &str), text: &str) {
        let Some(text) = self.font.written(&one_line(text)) else {
            self.is_illegible = true;
            return;
        };
        let anchor = match at {
            At::Start => "start",
            At::Middle => "middle",
            At::End => "end",
        };
        let (x, y) = (on_pixel(x), on_pixel(y));
        // Writing to a text does not fail.
        let _never = write!(
            self.body,
            "<text x=\"{x:.3}\" y=\"{y:.3}\" font-size=\"{size:.1}\" text-anchor=\"{anchor}\" fill=\"{ink}\">{}</text>",
            html(&text)
        );
    }

    /// A box; `paint` are the attributes that colour it.
    pub(super) fn rect(&mut self, x: f64, y: f64, (width, height): (f64, f64), paint: &str) {
        let (x, y) = (on_pixel(x), on_pixel(y));
        let _never = write!(
            self.body,
            "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{width:.1}\" height=\"{height:.1}\" {paint}/>"
        );
    }

    /// A line through points; `paint` are the attributes that colour it.
    pub(super) fn line(&mut self, points: &[(f64, f64)], paint: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _never = write!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" {paint}/>",
            points.join(" ")
        );
    }

    /// Title and what it comes to.
    pub(super) fn head(&mut self, title: &str, verdict: &str) {
        self.text(16.0, 38.0, At::Start, (25.0, INK), title);
        self.text(16.0, 68.0, At::Start, (19.0, FAINT), verdict);
    }

    /// The picture. None where it cannot be written.
    pub(super) fn finish(self, height: u32) -> Option<Png> {
        let pixels = self.drawn(height)?;
        Some(Png::of(encode(&pixels)?, &pixels))
    }

    /// The same of a drawing that has no colours but [`FOUR`].
    pub(super) fn finish_in_greys(self, height: u32) -> Option<Png> {
        let pixels = self.drawn(height)?;
        let bytes = packed(&pixels, &FOUR, |color| nearest(&FOUR, color, &[0, 1, 2, 3]))?;
        Some(Png::of(bytes, &pixels))
    }

    /// On white with a thin edge, so that it also stands in a dark mail.
    fn drawn(self, height: u32) -> Option<Pixmap> {
        if self.is_illegible {
            return None;
        }
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\">\
             {PATTERNS}<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" fill=\"#ffffff\" stroke=\"{LINE}\"/>{}</svg>",
            WIDTH - 1,
            height - 1,
            self.body
        );
        let options = Options {
            fontdb: self.font.database(),
            font_family: "sans-serif".to_owned(),
            ..Options::default()
        };
        let tree = Tree::from_str(&svg, &options).ok()?;
        let mut pixels = Pixmap::new(scaled(WIDTH), scaled(height))?;
        pixels.fill(Color::WHITE);
        let scale = Transform::from_scale(1.5, 1.5);
        resvg::render(&tree, scale, &mut pixels.as_mut());
        Some(pixels)
    }
}

impl Png {
    fn of(bytes: Vec<u8>, pixels: &Pixmap) -> Self {
        Self {
            bytes,
            width: pixels.width(),
            height: pixels.height(),
        }
    }
}

/// The nearest place at which a pixel begins: the same letters then come out as the same pixels, which pack well.
pub(super) fn on_pixel(place: f64) -> f64 {
    (place * SCALE).round() / SCALE
}

/// Units in pixels, [`SCALE`] to each.
fn scaled(units: u32) -> u32 {
    (units * 3).div_ceil(2)
}

/// As smooth as it can be within [`BYTES_MAX`].
fn encode(pixels: &Pixmap) -> Option<Vec<u8>> {
    let mut png = None;
    for greys in GREYS {
        let packed = packed(pixels, &PALETTE, |color| nearest(&PALETTE, color, greys))?;
        let is_small = packed.len() <= BYTES_MAX;
        png = Some(packed);
        if is_small {
            break;
        }
    }
    png
}

/// With half a byte for a pixel, or a quarter of one where four colours are enough: a fraction of full colours.
fn packed(pixels: &Pixmap, palette: &[[u8; 3]], nearest: impl Fn([u8; 3]) -> u8) -> Option<Vec<u8>> {
    let (depth, bits) = match palette.len() {
        ..=4 => (png::BitDepth::Two, 2),
        _ => (png::BitDepth::Four, 4),
    };
    let mut known: HashMap<[u8; 3], u8> = HashMap::new();
    let mut index = |pixel: &PremultipliedColorU8| {
        let color = [pixel.red(), pixel.green(), pixel.blue()];
        *known.entry(color).or_insert_with(|| nearest(color))
    };
    let packed: Vec<u8> = pixels
        .pixels()
        .chunks(8 / bits)
        .map(|group| group.iter().fold(0, |byte, pixel| (byte << bits) | index(pixel)))
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(depth);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&packed).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

/// Which colour of the palette comes next to a colour; for the edges of letters, which of some greys.
fn nearest(palette: &[[u8; 3]], color: [u8; 3], greys: &[u8]) -> u8 {
    let distance = |other: &[u8; 3]| -> u32 {
        let far = other.iter().zip(color).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2));
        far.sum()
    };
    let (least, most) = color.iter().fold((u8::MAX, 0), |(least, most), channel| {
        (least.min(*channel), most.max(*channel))
    });
    let is_grey = most - least < GREY_SPREAD;
    let all = palette.iter().zip(0..=u8::MAX);
    let fit = all.filter(|(_, index)| !is_grey || greys.contains(index));
    fit.min_by_key(|(other, _)| distance(other))
        .map_or(0, |(_, index)| index)
}
