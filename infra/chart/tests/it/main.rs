//! The page and the picture as their readers see them.

mod browser;
mod page;
mod picture;
mod scenes;
