//! Orders against a venue that loses, doubles, overtakes, hides and refuses.

mod book;
mod normal;
mod random;
mod venue;
mod world;
