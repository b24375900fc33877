//! The picture: everything that the page shows at first sight, in one image.

use crate::bitmap::Bitmap;
use crate::ink::Ink;
use crate::months::NAMES;
use crate::number::percent;
use crate::panes;
use crate::plot::Plot;
use crate::scene::Scene;
use crate::shape::{Anchor, Frame, Shape};

/// Smallest and largest width and height, in pixels.
const LEAST: [u32; 2] = [800, 600];
const MOST: [u32; 2] = [4000, 4000];
/// Years of the heat map that fit.
const YEARS: usize = 10;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A size that can't be drawn well.
    #[error("a picture of {width}×{height} pixels can't be drawn: use 800×600 to 4000×4000")]
    Size {
        /// What was asked for.
        width: u32,
        /// What was asked for.
        height: u32,
    },
    /// The bundled font can't be read.
    #[error("the bundled font can't be read")]
    Font,
    /// The shapes can't be drawn.
    #[error("the picture can't be drawn: {0}")]
    Draw(String),
    /// The pixels can't be encoded.
    #[error("the picture can't be encoded: {0}")]
    Encode(String),
}

/// A PNG image of the scene, on white, with the pair that traded most. `width` and `height` in
/// pixels, each at least 800×600 and at most 4000×4000.
pub fn png(scene: &Scene, width: u32, height: u32) -> Result<Vec<u8>, PictureError> {
    let fits = |v: u32, i: usize| (LEAST[i]..=MOST[i]).contains(&v);
    if !fits(width, 0) || !fits(height, 1) {
        return Err(PictureError::Size { width, height });
    }
    let shapes = draw(&Plot::new(scene), f64::from(width), f64::from(height));
    let bitmap = Bitmap::paint(&shapes, width, height)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let failed = |error: png::EncodingError| PictureError::Encode(error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&bitmap.pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

fn draw(plot: &Plot<'_>, width: f64, height: f64) -> Vec<Shape> {
    let edge = 40.0;
    let inner = Frame { left: edge, top: 36.0, width: width - 2.0 * edge, height: height - 72.0 };
    let mut shapes = heading(plot, inner);
    let years = plot.years.len().min(YEARS);
    let row = if years > 6 { 24.0 } else { 30.0 };
    let below = 52.0 + row * years.max(1) as f64;
    let top = inner.top + 170.0;
    // Room at the right for values and below for moments.
    let (frame_width, frame_height) = (inner.width - 84.0, inner.bottom() - below - 30.0 - top);
    let frame = Frame { left: inner.left, top, width: frame_width, height: frame_height };
    shapes.extend(panes::draw(plot, plot.first_shown(), frame, 14.0));
    let map = Frame { top: inner.bottom() - below + 24.0, height: below - 24.0, ..inner };
    shapes.extend(heat_map(plot, map, years, row));
    shapes.extend(legend([frame.right(), frame.top - 6.0]));
    shapes
}

/// Title, subtitle and the first six metrics.
fn heading(plot: &Plot<'_>, frame: Frame) -> Vec<Shape> {
    let Scene { title, subtitle, metrics, .. } = plot.scene;
    let line = |ink, size, bold, at, text: &str| Shape::Text {
        ink,
        size,
        bold,
        anchor: Anchor::Start,
        at,
        text: text.to_owned(),
    };
    let mut shapes = vec![
        line(Ink::Text, 28.0, true, [frame.left, frame.top + 22.0], title),
        line(Ink::Muted, 15.0, false, [frame.left, frame.top + 50.0], subtitle),
    ];
    for (i, (name, value)) in metrics.iter().take(6).enumerate() {
        let x = frame.left + frame.width / 6.0 * i as f64;
        shapes.push(line(Ink::Muted, 13.0, false, [x, frame.top + 90.0], name));
        shapes.push(line(Ink::Text, 22.0, true, [x, frame.top + 118.0], value));
    }
    shapes
}

/// What the marks of trades mean, ending at a point.
fn legend([right, y]: [f64; 2]) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for (ink, text, end) in [(Ink::Gain, "profit", right - 82.0), (Ink::Loss, "loss", right)] {
        shapes.push(Shape::text(ink, 14.0, Anchor::End, [end, y], text.to_owned()));
        let left = end - if ink == Ink::Gain { 68.0 } else { 55.0 };
        let outlines =
            vec![panes::triangle([left, y - 10.0], 6.0), panes::triangle([left + 15.0, y], -6.0)];
        shapes.push(Shape::Fill { ink, opacity: 1.0, outlines });
    }
    shapes
}

/// Returns by month, a row per year, the latest `years` of them.
fn heat_map(plot: &Plot<'_>, frame: Frame, years: usize, row: f64) -> Vec<Shape> {
    let (head, first) = (28.0, 60.0);
    let column = (frame.width - first) / 13.0;
    let text = |ink, bold, anchor, at, text: String| Shape::Text {
        ink,
        size: 13.0,
        bold,
        anchor,
        at,
        text,
    };
    let title = "Returns".to_owned();
    let baseline = frame.top + 14.0;
    let mut shapes = vec![text(Ink::Text, true, Anchor::Start, [frame.left, baseline], title)];
    let middle = |i: usize| frame.left + first + column * (i as f64 + 0.5);
    for (i, name) in NAMES.into_iter().chain(["Year"]).enumerate() {
        let at = [middle(i), baseline];
        shapes.push(text(Ink::Muted, false, Anchor::Middle, at, name.to_owned()));
    }
    let most = plot.largest_month();
    for (r, year) in plot.years.iter().skip(plot.years.len() - years).enumerate() {
        let top = frame.top + head + row * r as f64;
        let baseline = top + row / 2.0 + 4.5;
        let at = [frame.left, baseline];
        shapes.push(text(Ink::Muted, false, Anchor::Start, at, year.year.to_string()));
        for (i, month) in year.months.iter().enumerate() {
            let Some(ratio) = *month else { continue };
            let left = frame.left + first + column * i as f64 + 1.0;
            let cell = Frame { left, top: top + 1.0, width: column - 2.0, height: row - 2.0 };
            let opacity = plot.warmth(ratio, most);
            let outlines = vec![cell.outline()];
            shapes.push(Shape::Fill { ink: Ink::of(ratio), opacity, outlines });
            let at = [middle(i), baseline];
            shapes.push(text(Ink::Text, false, Anchor::Middle, at, percent(ratio, 1, true)));
        }
        let at = [middle(12), baseline];
        let total = percent(year.total, 1, true);
        shapes.push(text(Ink::Text, true, Anchor::Middle, at, total));
    }
    shapes
}
