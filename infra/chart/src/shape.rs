//! The few shapes that everything is drawn of, in pixels with y downwards.

use crate::ink::Ink;

/// A point: x, y.
pub(crate) type Point = [f64; 2];

/// Where a text's x is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// One thing to draw.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Open lines.
    Line { ink: Ink, width: f64, lines: Vec<Vec<Point>> },
    /// Closed outlines, filled.
    Fill { ink: Ink, opacity: f64, outlines: Vec<Vec<Point>> },
    /// One line of text, its baseline's point at `at`.
    Text { ink: Ink, size: f64, bold: bool, anchor: Anchor, at: Point, text: String },
}

impl Shape {
    /// A text that isn't bold.
    pub(crate) fn text(ink: Ink, size: f64, anchor: Anchor, at: Point, text: String) -> Self {
        Self::Text { ink, size, bold: false, anchor, at, text }
    }
}

/// A rectangle on the canvas.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Frame {
    pub(crate) fn right(self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.top + self.height
    }

    /// Its corners.
    pub(crate) fn outline(self) -> Vec<Point> {
        let (left, top, right, bottom) = (self.left, self.top, self.right(), self.bottom());
        vec![[left, top], [right, top], [right, bottom], [left, bottom]]
    }

    /// Slices from top to bottom with gaps between them, by their part of the height.
    pub(crate) fn slices<const N: usize>(self, parts: [f64; N], gap: f64) -> [Self; N] {
        let room = self.height - gap * (N - 1) as f64;
        let mut top = self.top;
        parts.map(|part| {
            let slice = Self { top, height: room * part, ..self };
            top = slice.bottom() + gap;
            slice
        })
    }
}
