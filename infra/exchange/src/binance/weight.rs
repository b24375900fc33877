//! The venue's limits on the weight of requests, and the gate that keeps us below them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::error::VenueError;
use super::wire::RateLimit;
use domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Parts of the limit that we use, in percent: other programs may share the address.
const USABLE_PERCENT: u32 = 80;

/// How much the requests of one address may weigh in a window of the venue's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightLimit {
    /// The window as the venue's headers write it, `1m` for one minute.
    pub window: String,
    /// The window's length.
    pub span_ms: i64,
    /// The sum of weights that it allows.
    pub limit: u32,
}

impl WeightLimit {
    /// None for a limit on something else, or in words that we don't know.
    pub(crate) fn read(limit: &RateLimit<'_>) -> Option<Self> {
        let (window, span_ms) =
            window(limit).filter(|_| limit.rate_limit_type == "REQUEST_WEIGHT")?;
        Some(Self { window, span_ms, limit: limit.limit })
    }
}

/// How many orders an account may send in a window of the venue's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLimit {
    /// The window as the venue's headers write it, `10s` for ten seconds.
    pub window: String,
    /// The window's length.
    pub span_ms: i64,
    /// How many it allows.
    pub limit: u32,
}

impl OrderLimit {
    /// None for a limit on something else, or in words that we don't know.
    pub(crate) fn read(limit: &RateLimit<'_>) -> Option<Self> {
        let (window, span_ms) = window(limit).filter(|_| limit.rate_limit_type == "ORDERS")?;
        Some(Self { window, span_ms, limit: limit.limit })
    }
}

/// The window of a limit, in the headers' spelling, and its length.
fn window(limit: &RateLimit<'_>) -> Option<(String, i64)> {
    let (letter, unit_ms) = match limit.interval.as_ref() {
        "SECOND" => ('s', 1_000),
        "MINUTE" => ('m', MINUTE_MS),
        "HOUR" => ('h', HOUR_MS),
        "DAY" => ('d', DAY_MS),
        _ => return None,
    };
    let count = limit.interval_num;
    (count > 0 && limit.limit > 0).then(|| (format!("{count}{letter}"), unit_ms * i64::from(count)))
}

/// What the gate says to a request.
#[derive(Debug)]
pub(crate) enum Entry<'a> {
    /// Go; the weight counts as under way until the pass is dropped.
    Open(Pass<'a>),
    /// The window is full. Ask the venue for its time, which also tells the weight used, until the
    /// window has passed.
    Full {
        /// The window's length.
        span_ms: i64,
    },
    /// The venue said to stay away until then.
    Closed {
        /// When the gate opens.
        until: Instant,
    },
}

/// Keeps count of the weight used, from the venue's own headers.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    windows: Vec<Window>,
    in_flight: u32,
    /// Requests let through so far, and the latest of them that was answered.
    sent: u64,
    answered: u64,
    closed: Option<(Instant, VenueError)>,
}

#[derive(Debug)]
struct Window {
    limit: WeightLimit,
    used: u32,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counters stay usable whatever panicked beside them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the venue's limits, once they are known.
    pub(crate) fn set_limits(&self, limits: &[WeightLimit]) {
        let mut state = self.state();
        let used = |w: &WeightLimit| {
            state.windows.iter().find(|known| known.limit.window == w.window).map_or(0, |k| k.used)
        };
        let windows = limits.iter().map(|w| Window { used: used(w), limit: w.clone() }).collect();
        state.windows = windows;
    }

    /// The fullest window's part that is used, by the venue's last word; nought before it.
    pub(crate) fn used_ratio(&self) -> f64 {
        let state = self.state();
        let ratios = state.windows.iter().map(|w| f64::from(w.used) / f64::from(w.limit.limit));
        ratios.fold(0.0, f64::max)
    }

    /// Asks to send a request of this weight.
    pub(crate) fn enter(&self, weight: u32) -> Result<Entry<'_>, VenueError> {
        let mut state = self.state();
        if let Some((until, error)) = &state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return match error {
                    VenueError::Banned { .. } => {
                        Err(VenueError::Banned { retry_after_ms: left.as_millis() as u64 + 1 })
                    }
                    _ => Ok(Entry::Closed { until: *until }),
                };
            }
            state.closed = None;
        }
        for window in &state.windows {
            let usable = window.limit.limit.saturating_mul(USABLE_PERCENT) / 100;
            // A request heavier than the whole limit must not wait for ever.
            let weight = weight.min(usable / 2);
            if window.used.saturating_add(state.in_flight).saturating_add(weight) > usable {
                return Ok(Entry::Full { span_ms: window.limit.span_ms });
            }
        }
        Ok(Entry::Open(self.pass(&mut state, weight)))
    }

    /// Leave to send something that can't wait; refused only where the venue said to stay away.
    pub(crate) fn enter_at_once(&self, weight: u32) -> Result<Pass<'_>, VenueError> {
        let mut state = self.state();
        if let Some((until, error)) = &state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                let retry_after_ms = left.as_millis() as u64 + 1;
                return Err(match error {
                    VenueError::Banned { .. } => VenueError::Banned { retry_after_ms },
                    _ => VenueError::RateLimited { retry_after_ms },
                });
            }
        }
        Ok(self.pass(&mut state, weight))
    }

    /// Leave to ask for the time while the window is full.
    pub(crate) fn probe(&self) -> Pass<'_> {
        self.pass(&mut self.state(), 1)
    }

    fn pass(&self, state: &mut State, weight: u32) -> Pass<'_> {
        state.in_flight = state.in_flight.saturating_add(weight);
        state.sent += 1;
        Pass { gate: self, weight, number: state.sent, counted: false }
    }

    /// Shuts the gate where the venue asked for quiet.
    pub(crate) fn heed(&self, error: &VenueError) {
        if let Some(pause_ms) = error.retry_after_ms() {
            let until = Instant::now() + Duration::from_millis(pause_ms);
            let mut state = self.state();
            if state.closed.as_ref().is_none_or(|(closed, _)| *closed < until) {
                state.closed = Some((until, error.clone()));
            }
        }
    }
}

/// Leave to send one request.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    weight: u32,
    number: u64,
    counted: bool,
}

impl Pass<'_> {
    /// The venue answered; its headers count this request from now on. Where they don't say how
    /// much weight is used, nothing counts: then only the venue's refusals can tell.
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        self.counted = true;
        let mut state = self.gate.state();
        // Answers may overtake each other: an older one must not take back what a newer one said.
        let newest = self.number > state.answered;
        if newest {
            state.answered = self.number;
        }
        for window in &mut state.windows {
            let name = format!("x-mbx-used-weight-{}", window.limit.window);
            let used = headers.get(name).and_then(|v| v.to_str().ok()?.trim().parse().ok());
            let used = used.unwrap_or(0);
            window.used = if newest { used } else { used.max(window.used) };
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.in_flight = state.in_flight.saturating_sub(self.weight);
        if !self.counted {
            // It may have reached the venue all the same.
            for window in &mut state.windows {
                window.used = window.used.saturating_add(self.weight);
            }
        }
    }
}
