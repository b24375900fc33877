//! What the outside sees: the HTTP endpoints, and the files at the top of the repository that
//! rely on names declared here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests fails its test; clippy's exception sees the test functions only"
)]

mod compose;
mod grafana;
mod repository;
mod server;
