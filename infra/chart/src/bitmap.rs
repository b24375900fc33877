//! Shapes as pixels. plotters works on whole pixels, so outlines are drawn three times too large
//! and averaged; text is set at its own size, from the font's outlines and their bearings.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor, ShapeStyle};

use crate::ink::Ink;
use crate::picture::PictureError;
use crate::shape::{Anchor, Point, Shape};

/// How much larger outlines are drawn.
const FINE: u32 = 3;
/// Noto Sans: ascent and descent are 1.362 of the letter's size, which ab_glyph scales by.
const HEIGHT_OF_EM: f64 = 1.362;

/// RGB pixels, row by row.
pub(crate) struct Bitmap {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

impl Bitmap {
    /// The shapes on white, texts above the rest.
    pub(crate) fn paint(shapes: &[Shape], width: u32, height: u32) -> Result<Self, PictureError> {
        let (fine_width, fine_height) = (width * FINE, height * FINE);
        let mut fine = vec![255; (fine_width * fine_height * 3) as usize];
        let mut backend = BitMapBackend::with_buffer(&mut fine, (fine_width, fine_height));
        for shape in shapes {
            outline(&mut backend, shape)?;
        }
        drop(backend);
        let mut bitmap = Self { width, height, pixels: averaged(&fine, fine_width as usize) };
        let fonts = Fonts::read()?;
        for shape in shapes {
            bitmap.text(&fonts, shape);
        }
        Ok(bitmap)
    }

    fn text(&mut self, fonts: &Fonts, shape: &Shape) {
        let Shape::Text { ink, size, bold, anchor, at: [x, y], text } = shape else { return };
        let font = if *bold { &fonts.bold } else { &fonts.regular };
        let scaled = font.as_scaled(PxScale::from((size * HEIGHT_OF_EM) as f32));
        let glyphs: Vec<_> = text
            .chars()
            .map(|c| scaled.glyph_id(if c.is_whitespace() { ' ' } else { c }))
            .collect();
        let width: f32 = glyphs.iter().map(|glyph| scaled.h_advance(*glyph)).sum();
        let mut pen = *x as f32
            - match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
        for id in glyphs {
            let glyph = id.with_scale_and_position(scaled.scale(), point(pen, *y as f32));
            pen += scaled.h_advance(id);
            if let Some(outlined) = scaled.outline_glyph(glyph) {
                let bounds = outlined.px_bounds();
                let [left, top] = [bounds.min.x as i64, bounds.min.y as i64];
                let mut put = |x: u32, y: u32, cover: f32| {
                    self.blend(left + i64::from(x), top + i64::from(y), *ink, cover);
                };
                outlined.draw(&mut put);
            }
        }
    }

    fn blend(&mut self, x: i64, y: i64, ink: Ink, cover: f32) {
        if x < 0 || y < 0 || x >= i64::from(self.width) || y >= i64::from(self.height) {
            return;
        }
        let first = (y * i64::from(self.width) + x) as usize * 3;
        for (channel, colour) in self.pixels[first..first + 3].iter_mut().zip(ink.rgb()) {
            let below = f32::from(*channel);
            *channel = (below + (f32::from(colour) - below) * cover.clamp(0.0, 1.0)).round() as u8;
        }
    }
}

/// Draws one shape but text.
fn outline(backend: &mut BitMapBackend<'_>, shape: &Shape) -> Result<(), PictureError> {
    let (width, height) = backend.get_size();
    let limit = f64::from(width.max(height)) * 2.0;
    // Whatever the numbers are, there is an end to a line.
    let pixel = |v: f64| (v * f64::from(FINE)).clamp(-limit, limit).round() as i32;
    let place = |[x, y]: Point| (pixel(x), pixel(y));
    let style = |ink: Ink, opacity: f64, width: f64| {
        let [r, g, b] = ink.rgb();
        let stroke_width = (width * f64::from(FINE)).round() as u32;
        ShapeStyle { color: RGBColor(r, g, b).mix(opacity), filled: true, stroke_width }
    };
    // The buffer fits, so nothing fails here; the backend's interface is made for files too.
    fn failed(error: impl ToString) -> PictureError {
        PictureError::Draw(error.to_string())
    }
    match shape {
        Shape::Line { ink, width, lines } => {
            let style = style(*ink, 1.0, *width);
            for pair in lines.iter().flat_map(|line| line.windows(2)) {
                backend.draw_line(place(pair[0]), place(pair[1]), &style).map_err(failed)?;
            }
        }
        Shape::Fill { ink, opacity, outlines } => {
            let style = style(*ink, *opacity, 0.0);
            for outline in outlines {
                backend.fill_polygon(outline.iter().map(|p| place(*p)), &style).map_err(failed)?;
            }
        }
        Shape::Text { .. } => {}
    }
    Ok(())
}

/// Each pixel the mean of the fine ones that it is made of.
fn averaged(fine: &[u8], fine_width: usize) -> Vec<u8> {
    let by = FINE as usize;
    let mut pixels = Vec::with_capacity(fine.len() / by / by);
    for rows in fine.chunks_exact(fine_width * 3 * by) {
        for x in (0..fine_width).step_by(by) {
            for channel in 0..3 {
                let cells = (0..by).flat_map(|row| (0..by).map(move |column| (row, column)));
                let sum: u32 = cells
                    .map(|(row, column)| {
                        u32::from(rows[(row * fine_width + x + column) * 3 + channel])
                    })
                    .sum();
                pixels.push(((sum + FINE * FINE / 2) / (FINE * FINE)) as u8);
            }
        }
    }
    pixels
}

struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Fonts {
    fn read() -> Result<Self, PictureError> {
        let font = |bytes| FontRef::try_from_slice(bytes).map_err(|_| PictureError::Font);
        Ok(Self { regular: font(notosans::REGULAR_TTF)?, bold: font(notosans::BOLD_TTF)? })
    }
}
