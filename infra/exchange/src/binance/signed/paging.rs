//! Pieces of a history that has no end.

use domain::time::UtcMs;

use super::params::Params;

/// The most rows of one answer.
pub const MAX_ROWS: u32 = 1_000;

/// Which rows of a history, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// From this number of the venue's on, itself included.
    From(u64),
    /// From one moment to another, at most 24 hours on spot and 7 days on futures.
    Between(UtcMs, UtcMs),
    /// The latest.
    Latest,
}

/// The rows that are wanted; where no number is named, the venue gives 500.
pub(crate) fn paged(
    params: Params,
    cursor: &'static str,
    page: Page,
    limit: Option<u32>,
) -> Params {
    let params = match page {
        Page::From(id) => params.with(cursor, id),
        Page::Between(from, to) => params.with("startTime", from.ms()).with("endTime", to.ms()),
        Page::Latest => params,
    };
    params.with_some("limit", limit.map(|limit| limit.clamp(1, MAX_ROWS)))
}
