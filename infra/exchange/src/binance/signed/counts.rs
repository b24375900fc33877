//! The venue's limits on the number of orders, kept from its own headers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use crate::binance::weight::OrderLimit;

/// Counts the orders of one account.
#[derive(Debug, Default)]
pub(crate) struct OrderCounts {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    windows: Vec<Window>,
    closed_until: Option<Instant>,
}

#[derive(Debug)]
struct Window {
    limit: OrderLimit,
    used: u32,
    /// When `used` was said; a whole window later it says nothing any more.
    at: Instant,
}

impl OrderCounts {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counters stay usable whatever panicked beside them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the venue's limits, once they are known.
    pub(crate) fn set_limits(&self, limits: &[OrderLimit], at: Instant) {
        let fresh = |limit: &OrderLimit| Window { limit: limit.clone(), used: 0, at };
        self.state().windows = limits.iter().map(fresh).collect();
    }

    /// Asks to send `orders` orders; the error is for how long not to, in milliseconds.
    pub(crate) fn enter(&self, orders: u32, now: Instant) -> Result<(), u64> {
        if orders == 0 {
            return Ok(());
        }
        let mut state = self.state();
        if let Some(until) = state.closed_until.filter(|until| *until > now) {
            return Err(millis(until.duration_since(now)));
        }
        for window in &mut state.windows {
            let span = Duration::from_millis(window.limit.span_ms.unsigned_abs());
            let ends = window.at + span;
            if ends <= now {
                (window.used, window.at) = (0, now);
            } else if window.used.saturating_add(orders) > window.limit.limit {
                return Err(millis(ends.duration_since(now)));
            }
        }
        for window in &mut state.windows {
            window.used = window.used.saturating_add(orders);
        }
        Ok(())
    }

    /// Takes what an answer's headers say; those that name no count change nothing.
    pub(crate) fn answered(&self, headers: &HeaderMap, now: Instant) {
        for window in &mut self.state().windows {
            let name = format!("x-mbx-order-count-{}", window.limit.window);
            if let Some(used) = headers.get(name).and_then(|v| v.to_str().ok()?.trim().parse().ok())
            {
                (window.used, window.at) = (used, now);
            }
        }
    }

    /// The venue said that there were too many.
    pub(crate) fn close(&self, retry_after_ms: u64, now: Instant) {
        self.state().closed_until = Some(now + Duration::from_millis(retry_after_ms));
    }
}

fn millis(left: Duration) -> u64 {
    left.as_millis() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_wait_for_the_window_that_the_venue_counts() {
        let counts = OrderCounts::default();
        let limit =
            |window: &str, span_ms, limit| OrderLimit { window: window.to_owned(), span_ms, limit };
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        counts.set_limits(&[limit("10s", 10_000, 3), limit("1d", 86_400_000, 100)], start);
        assert_eq!((counts.enter(2, start), counts.enter(1, start)), (Ok(()), Ok(())));
        assert_eq!(counts.enter(1, after(4)), Err(6_001));
        assert_eq!(counts.enter(1, after(10)), Ok(()));
        let mut headers = HeaderMap::new();
        headers.insert("x-mbx-order-count-10s", "3".parse().unwrap());
        counts.answered(&headers, after(10));
        assert!(counts.enter(1, after(11)).is_err());
        headers.insert("x-mbx-order-count-10s", "0".parse().unwrap());
        counts.answered(&headers, after(12));
        assert_eq!(counts.enter(3, after(12)), Ok(()));
        counts.close(500, after(30));
        assert_eq!(counts.enter(1, after(30)), Err(501));
        assert_eq!((counts.enter(0, after(30)), counts.enter(1, after(31))), (Ok(()), Ok(())));
    }
}
