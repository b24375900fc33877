//! The latest fills and payments of a ledger: from where a real venue is asked for more after a start.

use std::collections::{BTreeMap, BTreeSet};

use domain::fill::Fill;
use domain::funding::{FundingPayment, FundingSource};
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, UtcMs};
use execution::memory::{FillsKept, PaymentsKept};

/// The fills of each instrument's last day with fills, and the last day of payments. Fills don't come
/// in the order of their numbers, so one that was lost before a crash may be older than the last one
/// booked.
#[derive(Debug, Clone, Default)]
pub struct Latest {
    by_instrument: BTreeMap<InstrumentId, BTreeSet<(UtcMs, u64)>>,
    payments: BTreeSet<(UtcMs, InstrumentId, FundingSource)>,
}

impl Latest {
    /// Takes note of a fill that is booked.
    pub fn hear(&mut self, fill: &Fill) {
        let fills = self.by_instrument.entry(fill.instrument).or_default();
        fills.insert((fill.time_exchange, fill.venue_fill_id));
        if let Some(since) = since(fills) {
            *fills = fills.split_off(&(since, 0));
        }
    }

    /// Takes note of a payment that is booked.
    pub fn pay(&mut self, payment: &FundingPayment) {
        let FundingPayment { instrument, time_exchange, source, .. } = *payment;
        self.payments.insert((time_exchange, instrument, source));
        if let Some(since) = self.payments_since() {
            self.payments.retain(|(at, ..)| *at >= since);
        }
    }

    fn payments_since(&self) -> Option<UtcMs> {
        self.payments.last().map(|(last, ..)| last.plus_ms(-DAY_MS))
    }

    /// The payments as the executor wants them.
    pub fn payments(&self) -> PaymentsKept {
        let booked = self.payments.iter().map(|(_, instrument, source)| (*instrument, *source));
        PaymentsKept { since: self.payments_since(), booked: booked.collect() }
    }

    /// The fills as the executor wants them.
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
        let mut latest = Latest::default();
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
    #[test]
    fn a_day_of_payments_is_kept() {
        let mut latest = Latest::default();
        assert_eq!(latest.payments().since, None);
        let source = |income_id| FundingSource::Told { income_id };
        let pay = |latest: &mut Latest, income_id, ms| {
            latest.pay(&FundingPayment {
                instrument: "BTC/USDT:USDT".parse().unwrap(),
                time_exchange: UtcMs::new(ms),
                amount_quote: Money::ZERO,
                source: source(income_id),
            });
        };
        let day = 100 * DAY_MS;
        for (id, ms) in [(1, day), (3, day + DAY_MS + 5), (2, day + 5)] {
            pay(&mut latest, id, ms);
        }
        let kept = latest.payments();
        assert_eq!(kept.since, Some(UtcMs::new(day + 5)));
        assert_eq!(
            kept.booked.iter().map(|(_, id)| *id).collect::<Vec<_>>(),
            [source(2), source(3)]
        );
    }
}
