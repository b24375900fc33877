//! Sliding aggregates without subtraction and without search.

use serde::{Deserialize, Serialize};

/// What a window can be summed up by: an associative operation.
pub(crate) trait Join: Copy {
    fn join(self, other: Self) -> Self;
}

/// The join of the last N items (van Herk 1992, Gil and Werman 1993).
///
/// The stream is cut into blocks of N. A window is a tail of the block before and a head of the
/// block being filled: the tails are joined once, in place, when a block is full, the head grows by
/// one item at a time. So an item costs three joins on average, nothing that has left the window
/// can leave rounding behind, and there is no branch on the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Deserialize<'de> + Copy + Default"))]
pub(crate) struct Scan<T, const N: usize> {
    /// Before `at`: the items of the block being filled; from `at` on: tails of the block before.
    #[serde(with = "crate::array")]
    slots: [T; N],
    head: T,
    at: usize,
    is_full: bool,
}

impl<T: Join, const N: usize> Scan<T, N> {
    /// `empty` only fills the memory; it is never joined.
    pub(crate) const fn new(empty: T) -> Self {
        const { assert!(N > 0, "a window holds at least one item") };
        Self { slots: [empty; N], head: empty, at: 0, is_full: false }
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) -> Option<T> {
        if self.at >= N {
            for i in (0..N - 1).rev() {
                self.slots[i] = self.slots[i].join(self.slots[i + 1]);
            }
            self.at = 0;
            self.is_full = true;
        }
        // Read from here below and not from the state, which was stored a moment ago.
        let head = if self.at == 0 { item } else { self.head.join(item) };
        self.head = head;
        self.slots[self.at] = item;
        self.at += 1;
        match self.slots.get(self.at) {
            None => Some(head),
            Some(tail) if self.is_full => Some(tail.join(head)),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Join for i64 {
        fn join(self, other: Self) -> Self {
            self + other
        }
    }

    #[test]
    fn every_window_is_the_join_of_its_items() {
        let mut scan = Scan::<i64, 5>::new(0);
        let items: Vec<i64> = (0..23).map(|i| i * i).collect();
        for (i, &item) in items.iter().enumerate() {
            let expected = (i >= 4).then(|| items[i - 4..=i].iter().sum());
            assert_eq!(scan.push(item), expected, "item {i}");
        }
    }
}
