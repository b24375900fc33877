//! The latest fills of a ledger: where a real venue's fills are asked from after a start.

use std::collections::{BTreeMap, BTreeSet};

use domain::fill::Fill;
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, UtcMs};
use execution::memory::FillsKept;

/// The fills of each instrument's last day with fills. Fills don't come in the order of their
/// numbers, so one that was lost before a crash may be older than the last one booked.
#[derive(Debug, Clone, Default)]
pub struct LatestFills {
    by_instrument: BTreeMap<InstrumentId, BTreeSet<(UtcMs, u64)>>,
}

impl LatestFills {
    /// Takes note of a fill that is booked.
    pub fn hear(&mut self, fill: &Fill) {
        let fills = self.by_instrument.entry(fill.instrument).or_default();
        fills.insert((fill.time_exchange, fill.venue_fill_id));
        if let Some(since) = since(fills) {
            *fills = fills.split_off(&(since, 0));
        }
    }

    /// As the executor wants them.
    pub fn kept(&self) -> BTreeMap<InstrumentId, FillsKept> {
        let kept = |fills: &BTreeSet<(UtcMs, u64)>| FillsKept {
            since: since(fills).unwrap_or_default(),
            booked: fills.iter().map(|(_, id)| *id).collect(),
        };
        self.by_instrument.iter().map(|(id, fills)| (*id, kept(fills))).collect()
    }
}

/// A day before the last one.
fn since(fills: &BTreeSet<(UtcMs, u64)>) -> Option<UtcMs> {
    fills.last().map(|(last, _)| last.plus_ms(-DAY_MS))
}

#[cfg(test)]
mod tests {
    use domain::fill::Liquidity;
    use domain::ids::{Id, RunSeed};
    use domain::money::Money;
    use domain::order::{ClientOrderId, Role, Side};

    use super::*;

    #[test]
    fn a_day_of_fills_is_kept_whatever_their_order() {
        let mut latest = LatestFills::default();
        let fill = |venue_fill_id, ms| Fill {
            venue_fill_id,
            client_order_id: ClientOrderId::new(Id::of(RunSeed(1), 1, "d", "x"), Role::Entry),
            instrument: "BTC/USDT".parse().unwrap(),
            side: Side::Buy,
            price: "1".parse().unwrap(),
            quantity: "1".parse().unwrap(),
            fee: Money::ZERO,
            fee_asset: "USDT".parse().unwrap(),
            liquidity: Liquidity::Taker,
            time_exchange: UtcMs::new(ms),
        };
        let day = 100 * DAY_MS;
        for (id, ms) in [(1, day), (3, day + DAY_MS + 5), (2, day + 10), (4, day + DAY_MS)] {
            latest.hear(&fill(id, ms));
        }
        let kept = latest.kept();
        let kept = &kept[&"BTC/USDT".parse().unwrap()];
        assert_eq!(kept.since, UtcMs::new(day + 5));
        assert_eq!(kept.booked.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
    }
}
