//! Draws a run: a page that stands alone and a picture, from plain series.
//!
//! Pure: the same scene gives the same bytes, and nothing is read or written. What is drawn is made
//! of few shapes ([`shape`]), which become SVG on the page and pixels in the picture, so both show
//! the same thing.

mod bitmap;
mod data;
mod html;
mod ink;
mod months;
pub mod number;
mod panes;
mod picture;
mod plot;
mod sample;
pub mod scene;
mod shape;
mod svg;
mod table;
mod ticks;

pub use html::html;
pub use picture::{PictureError, png};
