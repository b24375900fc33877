//! What a stream remembers of candles that it released.

use std::collections::{BTreeSet, VecDeque};

use domain::candle::Candle;
use domain::time::UtcMs;

/// How many released candles are remembered to notice corrections.
const KEPT: usize = 64;

/// How many candles may wait for the stream's copy of what a page brought first.
const AWAITED: usize = 8192;

#[derive(Debug, Clone, Copy)]
struct Kept {
    candle: Candle,
    heard: bool,
}

/// What is known of a candle that is not pending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Recall {
    /// It was released, as `before`, unless that is too long ago to be known.
    Released { before: Option<Candle>, by: Bringer },
    /// It never was.
    Never,
}

/// Who had brought a candle that the stream now brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bringer {
    /// The stream itself, or somebody long ago.
    Stream,
    /// A page, and it was counted as repaired.
    Repair,
    /// A page, because there was no stream then.
    Page,
}

/// The last released candles of a stream, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    kept: VecDeque<Kept>,
    repaired: BTreeSet<UtcMs>,
}

impl Recent {
    pub(crate) fn push(&mut self, candle: Candle, heard: bool) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { candle, heard });
    }

    /// The candle at `open` was repaired; the stream may yet bring it.
    pub(crate) fn await_copy(&mut self, open: UtcMs) {
        if self.repaired.len() == AWAITED {
            self.repaired.pop_first();
        }
        self.repaired.insert(open);
    }

    /// The stream brought a copy.
    pub(crate) fn hear(&mut self, candle: &Candle) -> Recall {
        let open = candle.open_time;
        let repaired = self.repaired.remove(&open);
        if let Some(kept) = find(&mut self.kept, open) {
            let by = match (repaired, kept.heard) {
                (true, _) => Bringer::Repair,
                (false, true) => Bringer::Stream,
                (false, false) => Bringer::Page,
            };
            kept.heard = true;
            let before = std::mem::replace(&mut kept.candle, *candle);
            return Recall::Released { before: Some(before), by };
        }
        match repaired {
            true => Recall::Released { before: None, by: Bringer::Repair },
            false if self.is_forgotten(open) => {
                Recall::Released { before: None, by: Bringer::Stream }
            }
            false => Recall::Never,
        }
    }

    /// A page brought a copy.
    pub(crate) fn read(&mut self, candle: &Candle) -> Recall {
        let found = find(&mut self.kept, candle.open_time);
        let before = found.map(|kept| std::mem::replace(&mut kept.candle, *candle));
        if before.is_none() && !self.is_forgotten(candle.open_time) {
            return Recall::Never;
        }
        Recall::Released { before, by: Bringer::Page }
    }

    fn is_forgotten(&self, open: UtcMs) -> bool {
        self.kept.len() == KEPT && self.kept.front().is_some_and(|k| open < k.candle.open_time)
    }
}

fn find(kept: &mut VecDeque<Kept>, open: UtcMs) -> Option<&mut Kept> {
    let at = kept.binary_search_by_key(&open, |kept| kept.candle.open_time).ok()?;
    kept.get_mut(at)
}
