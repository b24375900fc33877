//! From gauges to a score.

use crate::config::Points;
use crate::gauges::Reading;

/// Score of one timeframe, −100…+100. Trend (averages, MACD) counts with the move, exhaustion
/// (RSI, bands, Stochastic) against it; what lies exactly between counts for neither.
pub fn score(reading: &Reading, points: &Points) -> f64 {
    // Both sides are selected and then subtracted, so that no branch hangs on the price's turns.
    let between = |plus: bool, minus: bool, points: f64| {
        (if plus { points } else { 0.0 }) - (if minus { points } else { 0.0 })
    };
    let trend = |above: f64, below: f64, points: f64| between(above > below, above < below, points);
    let exhaustion =
        |value: f64, low: f64, high: f64, points: f64| between(value < low, value > high, points);
    let extreme = exhaustion(reading.rsi_14, 30.0, 70.0, points.rsi_extreme);
    let mild = exhaustion(reading.rsi_14, 40.0, 60.0, points.rsi_mild);
    let rsi = if extreme == 0.0 { mild } else { extreme };
    let sum = trend(reading.ema_9, reading.ema_21, points.ema_cross)
        + trend(reading.close, reading.ema_50, points.ema_50)
        + trend(reading.macd, reading.macd_signal, points.macd)
        + rsi
        + exhaustion(reading.bb_position, 0.2, 0.8, points.bollinger)
        + exhaustion(reading.stoch_k, 20.0, 80.0, points.stochastic);
    sum.clamp(-100.0, 100.0)
}
