//! Which of many rows a question is about.

use domain::time::UtcMs;

use crate::params::{Params, Refusal};

/// From one moment to another, both as the question names them.
pub(crate) fn within(params: &Params) -> Result<impl Fn(UtcMs) -> bool + use<>, Refusal> {
    let (from, to) = (params.time("startTime")?, params.time("endTime")?);
    Ok(move |time| from.is_none_or(|from| time >= from) && to.is_none_or(|to| time <= to))
}

/// The same, where it may not be longer than this.
pub(crate) fn within_at_most(
    params: &Params,
    longest_ms: i64,
    too_long: fn() -> Refusal,
) -> Result<impl Fn(UtcMs) -> bool + use<>, Refusal> {
    if let (Some(from), Some(to)) = (params.time("startTime")?, params.time("endTime")?)
        && to.since(from) > longest_ms
    {
        return Err(too_long());
    }
    within(params)
}

/// The first rows where a beginning is named, else the last.
pub(crate) fn page<T>(mut rows: Vec<T>, is_from: bool, limit: usize) -> Vec<T> {
    if is_from {
        rows.truncate(limit);
        return rows;
    }
    let beyond = rows.len().saturating_sub(limit);
    rows.split_off(beyond)
}
