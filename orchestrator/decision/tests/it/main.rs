//! The pure core by its parts: what signals want, what the kernel allows, what the book makes of
//! the venue's reports.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod book;
#[cfg(test)]
mod decide;
#[cfg(test)]
mod futures;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod profile;
