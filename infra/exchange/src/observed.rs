//! What candles tell of the market that they come from, where no venue can be asked: its filters,
//! where it was silent, and its coarser candles. The simulator serves this and the backtest lives
//! through it, so that both see and size alike.

use domain::aggregate::{Aggregator, volume_units};
use domain::candle::Candle;
use domain::instrument::Filters;
use domain::money::{Money, Price, Quantity};
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use rust_decimal::Decimal;

/// A block of candles ends where more than this is missing.
const LONGEST_HOLE_MS: i64 = 2 * DAY_MS;

/// Smallest order in quote units, as on Binance's USDT pairs.
const MIN_NOTIONAL_QUOTE: Decimal = Decimal::from_parts(5, 0, 0, false, 0);
/// Largest order in base units, as on many of them.
const MAX_QUANTITY: Decimal = Decimal::from_parts(9_000_000, 0, 0, false, 0);

/// Where candles reach without a long hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Open of the first candle.
    pub start: UtcMs,
    /// Close of the last one.
    pub end: UtcMs,
}

/// The finest price and volume that ever appeared are taken for the tick and the step; the other
/// filters are Binance's usual ones.
pub fn filters(candles: &[Candle]) -> Filters {
    let prices = candles.iter().flat_map(|c| [c.open, c.high, c.low, c.close]).map(Price::raw);
    let step = Decimal::new(1, volume_decimals(candles));
    let step = Quantity::try_from(step).expect("a unit of a decimal place is above nought");
    Filters {
        tick: Price::from_raw(10_i64.pow(8 - decimals(prices))),
        step,
        min_quantity: step,
        max_quantity: Quantity::try_from(MAX_QUANTITY).expect("it is above nought"),
        min_notional_quote: Money::new(MIN_NOTIONAL_QUOTE),
    }
}

fn volume_decimals(candles: &[Candle]) -> u32 {
    // A volume too large for whole units of 10⁻⁸ has no decimals that a float could hold.
    decimals(candles.iter().filter_map(|c| i64::try_from(volume_units(c.volume_base)).ok()))
}

/// The decimals that numbers in units of 10⁻⁸ need, 0…8.
fn decimals(units: impl Iterator<Item = i64>) -> u32 {
    let mut decimals = 0;
    let mut step = 100_000_000;
    for units in units {
        while units % step != 0 {
            step /= 10;
            decimals += 1;
        }
    }
    decimals
}

/// Cuts ascending candles where more than two days are missing.
pub fn blocks(candles: &[Candle]) -> Vec<Block> {
    let mut blocks = Vec::<Block>::new();
    for candle in candles {
        let (start, end) = (candle.open_time, candle.close_time());
        match blocks.last_mut() {
            Some(block) if start.since(block.end) <= LONGEST_HOLE_MS => block.end = end,
            _ => blocks.push(Block { start, end }),
        }
    }
    blocks
}

/// The `coarse` candles of ascending candles that are cut into these blocks; none where they don't
/// nest. A bucket at the edge of a block, of which only a part is known, is left out.
pub fn coarser(candles: &[Candle], blocks: &[Block], coarse: Timeframe) -> Vec<Candle> {
    let (mut built, mut rest) = (Vec::new(), candles);
    for block in blocks {
        let (inside, after) = rest.split_at(rest.partition_point(|c| c.open_time < block.end));
        rest = after;
        let Some(first) = inside.first() else { continue };
        let Ok(mut aggregator) = Aggregator::new(first.timeframe, coarse) else { continue };
        let from = built.len();
        for candle in inside {
            let pushed = aggregator.push(candle, &mut built);
            debug_assert!(pushed.is_ok(), "candles are ascending and of one timeframe");
        }
        built.extend(aggregator.close_until(block.end));
        if built.get(from).is_some_and(|c| c.open_time < block.start) {
            built.remove(from);
        }
    }
    built.shrink_to_fit();
    built
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_that_are_needed() {
        assert_eq!(decimals([0, 100_000_000, 250_000_000].into_iter()), 1);
        assert_eq!(decimals([1].into_iter()), 8);
        assert_eq!(decimals([].into_iter()), 0);
    }

    #[test]
    fn filters_follow_the_finest_numbers() {
        let candle = |minute: i64, price: &str, volume_base| {
            let ohlc = [price.parse().unwrap(); 4];
            Candle::new(Timeframe::M1, UtcMs::new(minute * 60_000), ohlc, volume_base).unwrap()
        };
        let found = filters(&[candle(0, "1.5", 3.0), candle(1, "2.25", 0.125)]);
        assert_eq!(found.tick, "0.01".parse().unwrap());
        assert_eq!((found.step, found.min_quantity), ("0.001".parse().unwrap(), found.step));
        assert_eq!(found.min_notional_quote, "5".parse().unwrap());
        assert_eq!(filters(&[]).step, "1".parse().unwrap());
    }
}
