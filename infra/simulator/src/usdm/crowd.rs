//! How many contracts are open, and how many of those who hold them are long. Nobody holds them: all
//! of it is a function of the seed, the symbol and the time, which goes on in steps of five minutes.

use domain::candle::Candle;
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::render::eight;
use crate::faults::noise::{mixed, stream_key, uniform};
use crate::history::Market;
use crate::params::{Params, Refusal, refusal, unknown_symbol};
use crate::shared::Shared;

const STEP_MS: i64 = 5 * MINUTE_MS;
/// The venue remembers no more.
const KEPT_MS: i64 = 30 * 24 * HOUR_MS;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counted {
    /// All accounts.
    Accounts,
    /// Accounts with much margin.
    TopAccounts,
    /// What those hold.
    TopPositions,
}

/// A symbol's numbers.
struct Crowd<'a> {
    symbol: &'a str,
    market: &'a Market,
    shared: &'a Shared,
}

impl<'a> Crowd<'a> {
    fn of(shared: &'a Shared, params: &'a Params) -> Result<Self, Refusal> {
        let symbol = params.symbol()?;
        let market = shared.history.perpetuals.get(symbol).ok_or_else(unknown_symbol)?;
        Ok(Self { symbol, market, shared })
    }

    /// The first candle's close; the end of time where there is none.
    fn begins(&self) -> UtcMs {
        let first = self.shared.history.finest(self.market).first();
        first.map_or(UtcMs::new(i64::MAX), Candle::close_time)
    }

    /// In ten-thousandths, 0…9999.
    fn drawn(&self, at: UtcMs, salt: u64) -> i64 {
        let key = mixed(self.shared.seed) ^ stream_key(self.symbol);
        let step = at.ms().div_euclid(STEP_MS) as u64;
        (uniform(mixed(mixed(key ^ step) ^ salt)) * 1e4) as i64
    }

    /// Contracts in base units: ten thousand, and up to a tenth more.
    fn open(&self, at: UtcMs) -> Decimal {
        let step = self.market.filters.step.to_decimal();
        let open = Decimal::new(100_000 + self.drawn(at, 0), 1);
        open - open.checked_rem(step).unwrap_or_default()
    }

    /// The share that is long: from four tenths to seven.
    fn long(&self, at: UtcMs, counted: Counted) -> Decimal {
        let salt = match counted {
            Counted::Accounts => 1,
            Counted::TopAccounts => 2,
            Counted::TopPositions => 3,
        };
        Decimal::new(4_000 + self.drawn(at, salt) * 3 / 10, 4)
    }
}

/// `openInterest`
pub(crate) fn interest(shared: &Shared, params: &Params, now: UtcMs) -> Result<Vec<u8>, Refusal> {
    let crowd = Crowd::of(shared, params)?;
    let open = crowd.open(now).normalize().to_string();
    let told = json!({ "symbol": crowd.symbol, "openInterest": open, "time": now.ms() });
    Ok(told.to_string().into_bytes())
}

/// `openInterestHist`
pub(crate) fn interests(shared: &Shared, params: &Params, now: UtcMs) -> Result<Vec<u8>, Refusal> {
    let crowd = Crowd::of(shared, params)?;
    rows(params, (crowd.begins(), now), |at| {
        let open = crowd.open(at);
        let price = shared.history.price(crowd.market, at).to_decimal();
        json!({
            "symbol": crowd.symbol, "sumOpenInterest": eight(open),
            "sumOpenInterestValue": eight(open * price), "timestamp": at.ms(),
        })
    })
}

/// `globalLongShortAccountRatio` and its kin.
pub(crate) fn ratios(
    shared: &Shared,
    params: &Params,
    now: UtcMs,
    counted: Counted,
) -> Result<Vec<u8>, Refusal> {
    let crowd = Crowd::of(shared, params)?;
    rows(params, (crowd.begins(), now), |at| {
        let long = crowd.long(at, counted);
        let short = Decimal::ONE - long;
        let four = |value: Decimal| format!("{value:.4}");
        json!({
            "symbol": crowd.symbol, "longShortRatio": four(long / short),
            "longAccount": four(long), "shortAccount": four(short), "timestamp": at.ms(),
        })
    })
}

/// One row at the end of each period that is asked for, oldest first: the last ones where no
/// beginning is named.
fn rows(
    params: &Params,
    (begins, now): (UtcMs, UtcMs),
    row: impl Fn(UtcMs) -> Value,
) -> Result<Vec<u8>, Refusal> {
    let span_ms = match params.mandatory("period")? {
        "5m" => STEP_MS,
        "15m" => 15 * MINUTE_MS,
        "30m" => 30 * MINUTE_MS,
        "1h" => HOUR_MS,
        "2h" => 2 * HOUR_MS,
        "4h" => 4 * HOUR_MS,
        "6h" => 6 * HOUR_MS,
        "12h" => 12 * HOUR_MS,
        "1d" => 24 * HOUR_MS,
        _ => return Err(refusal(-1130, "Data sent for parameter 'period' is not valid.")),
    };
    let limit = params.limit(30, 500)? as i64;
    let (from, to) = (params.time("startTime")?, params.time("endTime")?);
    let to = to.map_or(now, |to| to.min(now));
    let kept = now.plus_ms(-KEPT_MS).max(begins);
    let first = from.unwrap_or(kept).max(kept).ceil(span_ms);
    let last = to.ms().div_euclid(span_ms);
    let first = first.ms().div_euclid(span_ms);
    let asked = match from {
        Some(_) => first..=last.min(first + limit - 1),
        None => first.max(last - limit + 1)..=last,
    };
    let told: Value = asked.map(|n| row(UtcMs::new(n * span_ms))).collect();
    Ok(told.to_string().into_bytes())
}
