//! The configuration of the binary, read once, at the start.
//!
//! Defaults < `sextant.toml` < `.env` < process environment < flags. One table
//! ([`table::SETTINGS`]) declares every setting; what the files say beyond it is an error, and all
//! errors are reported together, each with its place. [`sources`] alone touches the world.

mod document;
mod dotenv;
pub(crate) mod endpoints;
pub(crate) mod live;
pub(crate) mod load;
mod mail;
mod policy;
pub(crate) mod problem;
mod reading;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod sources;
mod store;
pub(crate) mod table;
mod unread;
mod values;

#[cfg(test)]
mod tests;
