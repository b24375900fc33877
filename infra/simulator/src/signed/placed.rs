//! How many orders an account has placed within the venue's windows.

use crate::params::{Refusal, refusal};

/// A span of time in which only so many orders may be placed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) span_ms: i64,
    pub(crate) most: usize,
    /// As a refusal names it.
    pub(crate) name: &'static str,
    /// The header that tells how many were placed.
    pub(crate) header: &'static str,
}

/// The shorter window and the longer one.
pub(crate) type Windows = [Window; 2];
/// By header, how many were placed.
pub(crate) type Counts = [(&'static str, usize); 2];

/// When orders were placed, by the clock of the venue's limits, as far back as the longest window.
#[derive(Debug, Default)]
pub(crate) struct Placed(Vec<i64>);

impl Placed {
    /// Refuses so many more where a window has no room for them.
    pub(crate) fn admit(
        &mut self,
        more: usize,
        windows: &Windows,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let counts = self.count(windows, now_ms);
        for (Window { most, name, .. }, (_, used)) in windows.iter().zip(counts) {
            if used + more > *most {
                let message =
                    format!("Too many new orders; current limit is {most} orders per {name}.");
                return Err(refusal(-1015, message));
            }
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, more: usize, now_ms: i64) {
        self.0.extend(std::iter::repeat_n(now_ms, more));
    }

    /// Orders of the windows in which `now_ms` lies.
    pub(crate) fn count(&mut self, windows: &Windows, now_ms: i64) -> Counts {
        let is_in = |window: &Window, at: i64| {
            at.div_euclid(window.span_ms) == now_ms.div_euclid(window.span_ms)
        };
        self.0.retain(|at| is_in(&windows[1], *at));
        windows
            .each_ref()
            .map(|window| (window.header, self.0.iter().filter(|at| is_in(window, **at)).count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_fill_and_pass() {
        let window = |span_ms, most, name, header| Window { span_ms, most, name, header };
        let windows = [window(10, 2, "10 MS", "short"), window(100, 3, "100 MS", "long")];
        let mut placed = Placed::default();
        assert_eq!(placed.admit(2, &windows, 5), Ok(()));
        placed.add(2, 5);
        let refused = placed.admit(1, &windows, 9).unwrap_err();
        assert_eq!(refused.code, -1015);
        assert!(refused.message.ends_with("2 orders per 10 MS."), "{}", refused.message);
        assert_eq!(placed.count(&windows, 10), [("short", 0), ("long", 2)]);
        placed.add(1, 10);
        let refused = placed.admit(1, &windows, 99).unwrap_err();
        assert!(refused.message.ends_with("3 orders per 100 MS."), "{}", refused.message);
        assert_eq!(placed.admit(1, &windows, 100), Ok(()));
    }
}
