//! The last N values, in place.

use serde::{Deserialize, Serialize};

/// A ring of N floats that starts out as zeros; the first value goes to slot 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ring<const N: usize> {
    #[serde(with = "crate::array")]
    slots: [f64; N],
    at: usize,
}

impl<const N: usize> Ring<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N > 0, "a window holds at least one value") };
        Self { slots: [0.0; N], at: 0 }
    }

    /// Puts the newest value in the place of the oldest, which is returned (zero while filling).
    #[inline]
    pub(crate) fn replace(&mut self, newest: f64) -> f64 {
        let at = self.place();
        self.at = at + 1;
        std::mem::replace(&mut self.slots[at], newest)
    }

    /// The slots before and behind the one that the next `replace` fills, in the order of their
    /// places, which is not the order of time.
    ///
    /// Whoever walks through a window does so before the newest value is stored, and takes that
    /// value as it is: loads that meet a store still on its way cost more than the sum itself.
    #[inline]
    pub(crate) fn around(&self) -> (&[f64], &[f64]) {
        let (before, rest) = self.slots.split_at(self.place());
        (before, &rest[1..])
    }

    /// Wrapping before the use instead of after it keeps a restored index harmless, whatever it
    /// says, and spares the bounds check.
    #[inline]
    const fn place(&self) -> usize {
        if self.at < N { self.at } else { 0 }
    }
}
