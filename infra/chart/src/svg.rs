//! Shapes as SVG, coloured by the page's classes.

use std::fmt::Write;

use crate::html::escape;
use crate::shape::{Anchor, Point, Shape};

/// The elements, one a line.
pub(crate) fn elements(shapes: &[Shape]) -> String {
    let mut out = String::new();
    for shape in shapes {
        match shape {
            Shape::Line { ink, width, lines } => {
                let (class, d) = (ink.class(), path(lines, ""));
                let _ =
                    writeln!(out, r#"<path class="line {class}" stroke-width="{width}" d="{d}"/>"#);
            }
            Shape::Fill { ink, opacity, outlines } => {
                let (class, d) = (ink.class(), path(outlines, "z"));
                let _ =
                    writeln!(out, r#"<path class="fill {class}" opacity="{opacity}" d="{d}"/>"#);
            }
            Shape::Text { ink, size, bold, anchor, at: [x, y], text } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                let weight = if *bold { " strong" } else { "" };
                let (class, text) = (ink.class(), escape(text));
                let _ = writeln!(
                    out,
                    r#"<text class="{class}{weight}" font-size="{size}" text-anchor="{anchor}" x="{}" y="{}">{text}</text>"#,
                    Tenth(*x),
                    Tenth(*y),
                );
            }
        }
    }
    out
}

fn path(lines: &[Vec<Point>], end: &str) -> String {
    let mut d = String::new();
    for line in lines {
        for (i, [x, y]) in line.iter().enumerate() {
            let step = if i == 0 { "M" } else { "L" };
            let _ = write!(d, "{step}{} {}", Tenth(*x), Tenth(*y));
        }
        d.push_str(end);
    }
    d
}

/// A coordinate to a tenth of a pixel.
struct Tenth(f64);

impl std::fmt::Display for Tenth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round();
        // Whatever the numbers are, a path stays readable; −0 is 0.
        let tenths = if tenths.is_finite() { tenths + 0.0 } else { 0.0 };
        write!(f, "{}", tenths / 10.0)
    }
}
