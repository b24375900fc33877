//! Messages on their way to one connection.

use std::collections::BTreeMap;

use domain::time::{MINUTE_MS, UtcMs};

use crate::faults::message::Sent;

/// A message that is to change places with the next waits no longer than this for it.
const LONGEST_SWAP_MS: i64 = MINUTE_MS;

/// What is to be sent, in its order, and what waits for its time.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) ready: Vec<String>,
    held: BTreeMap<(UtcMs, u64), String>,
    count: u64,
    swapped: Option<(UtcMs, String)>,
}

impl Queue {
    /// Takes a message at `now`.
    pub(crate) fn push(&mut self, sent: Sent, now: UtcMs) {
        if sent.delay_ms > 0 {
            self.hold(sent.text, now.plus_ms(sent.delay_ms));
        } else if sent.swaps && self.swapped.is_none() {
            self.swapped = Some((now.plus_ms(LONGEST_SWAP_MS), sent.text));
        } else {
            self.ready.push(sent.text);
            self.ready.extend(self.swapped.take().map(|(_, text)| text));
        }
    }

    /// Takes a message that waits for its time.
    pub(crate) fn hold(&mut self, text: String, until: UtcMs) {
        self.count += 1;
        self.held.insert((until, self.count), text);
    }

    /// Makes ready what has waited until `now`.
    pub(crate) fn release(&mut self, now: UtcMs) {
        while let Some(first) = self.held.first_entry().filter(|first| first.key().0 <= now) {
            self.ready.push(first.remove());
        }
        if let Some((_, text)) = self.swapped.take_if(|(until, _)| *until <= now) {
            self.ready.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, delay_ms: i64, swaps: bool) -> Sent {
        Sent { text: text.to_owned(), delay_ms, swaps }
    }

    #[test]
    fn what_is_late_comes_late_and_what_swaps_comes_after_the_next() {
        let at = UtcMs::new;
        let mut queue = Queue::default();
        queue.push(sent("late", 10, false), at(0));
        queue.push(sent("first", 0, true), at(1));
        queue.push(sent("second", 0, false), at(2));
        queue.release(at(9));
        assert_eq!(queue.ready, ["second", "first"]);
        queue.push(sent("alone", 0, true), at(9));
        queue.release(at(10));
        assert_eq!(queue.ready, ["second", "first", "late"]);
        queue.release(at(9 + LONGEST_SWAP_MS));
        assert_eq!(queue.ready.last().unwrap(), "alone");
    }
}
