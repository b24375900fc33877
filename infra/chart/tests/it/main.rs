//! The page and the picture as their readers see them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod browser;
#[cfg(test)]
mod page;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod scenes;
