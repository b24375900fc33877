//! The reference strategy, which exists so that anyone can compare engines: two exponential
//! averages of closes, 9 and 21 candles, with TA-Lib's warm-up (each begins with the mean of its
//! first closes). Long only, one position at a time: it enters when the fast one is above the slow
//! one after it was not on the candle before, and leaves when it is below after it was not. Both
//! must be warm on both candles. The last position is marked, not closed. It knows no sessions and
//! no slippage, as vectorised tools don't.
//!
//! Without a stake everything goes into each trade; with one, the quantity is what the stake buys
//! at the fill's price, and fees come on top. Quantities are neither rounded nor filtered, unless
//! a step is named: then they are rounded down to it.
//!
//! Signals and marks are computed in floats; what is filled is booked in decimals. On the
//! five-minute candles of BTC/USDT from 2024-01-01 to 2025-06-30 with next-open, a stake of 1000
//! and a fee of 0.0004 it makes 3712 trades and −2237.72 USDT. freqtrade 2026.9 makes 3712 trades
//! and −2237.05, which is what comes out here too once each quantity is rounded down to the venue's
//! step of 0.00001. (That tool closes a trade that is open in the end; there is none there.)

use domain::candle::Candle;
use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Asset, Instrument};
use domain::money::{Money, Price, Quantity};
use domain::order::{ClientOrderId, Role, Side};
use domain::portfolio::Portfolio;
use domain::position::Position;
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::trade::{ExitReason, Trade};
use indicators::ema::Ema;
use rust_decimal::Decimal;

use crate::curve::Grain;
use crate::history::History;
use crate::outcome::Outcome;
use crate::run::{self, RunError};

/// Candles of the fast average.
pub const FAST: usize = 9;
/// Candles of the slow average.
pub const SLOW: usize = 21;

/// Where a signal is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillAt {
    /// At the close of the candle that gave it: for comparison with vectorised tools.
    Close,
    /// At the open of the next candle.
    NextOpen,
}

/// What it trades with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmaCross {
    /// Part of every id.
    pub seed: RunSeed,
    /// The asset that the account counts in.
    pub quote: Asset,
    /// Cash at the start.
    pub capital_quote: Money,
    /// What each trade buys for; none for all that there is.
    pub stake_quote: Option<Money>,
    /// Quantities are multiples of this; nought for any quantity.
    pub step: Quantity,
    /// Fee of each fill, of notional, from 0 to below 1.
    pub fee_ratio: Decimal,
    /// Where signals are filled.
    pub fill: FillAt,
}

/// Trades one pair's candles.
pub fn run(terms: &EmaCross, history: &History, grain: Grain) -> Result<Outcome, RunError> {
    let [series] = history.series() else {
        return Err(RunError::NotOnePair(history.series().len()));
    };
    let instrument = *series.instrument();
    check(terms, history)?;
    let outcome = run::nothing_yet(terms.quote, terms.capital_quote, history, grain);
    let mut desk = Desk::new(*terms, instrument, outcome);
    let (mut fast, mut slow) = (Ema::<FAST>::new(), Ema::<SLOW>::new());
    let (mut was_above, mut wanted) = (None, None);
    for candle in series.base() {
        if let Some(side) = wanted.take() {
            desk.fill(side, candle.open, candle.open_time)?;
        }
        let close = candle.close.to_f64();
        let gap = fast.push(close).zip(slow.push(close)).map(|(fast, slow)| fast - slow);
        let signal = crossing(was_above, gap, desk.held_base > 0.0);
        was_above = gap;
        let closed_at = candle.close_time();
        match (signal, terms.fill) {
            (Some(side), FillAt::Close) => desk.fill(side, candle.close, closed_at)?,
            (side, FillAt::NextOpen) => wanted = side,
            (None, FillAt::Close) => {}
        }
        desk.outcome.curve.mark(closed_at, desk.cash_quote + desk.held_base * close);
    }
    desk.finish(series.base().last())
}

/// What the fast average's lead over the slow one on two candles asks for.
#[inline]
fn crossing(before: Option<f64>, now: Option<f64>, holds: bool) -> Option<Side> {
    let (before, now) = (before?, now?);
    match holds {
        false if now > 0.0 && before <= 0.0 => Some(Side::Buy),
        true if now < 0.0 && before >= 0.0 => Some(Side::Sell),
        _ => None,
    }
}

fn check(terms: &EmaCross, history: &History) -> Result<(), RunError> {
    let series = &history.series()[0];
    let instrument = series.instrument().id;
    let EmaCross { quote, capital_quote, .. } = *terms;
    if instrument.quote() != quote.as_str() {
        return Err(RunError::OtherQuote { instrument, quote });
    }
    run::check_capital(capital_quote, history)?;
    let least_quote = run::least_quote(series)?;
    match terms.stake_quote {
        Some(stake_quote) if stake_quote < least_quote => {
            Err(RunError::StakeTooSmall { stake_quote, instrument, least_quote })
        }
        Some(stake_quote) if stake_quote > capital_quote => {
            Err(RunError::StakeTooLarge { stake_quote, capital_quote })
        }
        _ => Ok(()),
    }
}

/// The book, and the floats that marks are made of.
struct Desk {
    terms: EmaCross,
    instrument: Instrument,
    portfolio: Portfolio,
    outcome: Outcome,
    cash_quote: f64,
    held_base: f64,
    /// The open position's quantity and price, and the id of what opened it.
    held: Option<(Quantity, Price, Id)>,
    fee_ratio: f64,
}

impl Desk {
    fn new(terms: EmaCross, instrument: Instrument, outcome: Outcome) -> Self {
        let EmaCross { quote, capital_quote, fee_ratio, .. } = terms;
        Self {
            terms,
            instrument,
            portfolio: Portfolio::new(quote, capital_quote),
            outcome,
            cash_quote: capital_quote.to_f64(),
            held_base: 0.0,
            held: None,
            fee_ratio: Money::new(fee_ratio).to_f64(),
        }
    }

    /// Buys what it can, or sells what it holds.
    fn fill(&mut self, side: Side, price: Price, at: UtcMs) -> Result<(), RunError> {
        match (side, self.held) {
            (Side::Buy, _) => {
                let Some(quantity) = self.affordable(price) else { return Ok(()) };
                let number = self.outcome.fills.len() as u64 + 1;
                let subject = self.instrument.id;
                let id = Id::of(self.terms.seed, number, "decision", subject.as_str());
                self.book(id, side, price, quantity, at)?;
                (self.held, self.held_base) = (Some((quantity, price, id)), quantity.to_f64());
            }
            (Side::Sell, Some((quantity, entry_price, id))) => {
                let closed = self.book(id, side, price, quantity, at)?;
                (self.held, self.held_base) = (None, 0.0);
                let Some(position) = closed else { return Ok(()) };
                self.outcome.trades.push(Trade {
                    decision_id: id,
                    instrument: self.instrument.id,
                    direction: Direction::Long,
                    entry_time: position.opened_at,
                    exit_time: at,
                    quantity,
                    entry_price: entry_price.to_decimal(),
                    exit_price: price.to_decimal(),
                    fees_quote: position.fees_quote,
                    pnl_quote: position.cash_flow()?,
                    exit_reason: ExitReason::ExitSignal,
                });
            }
            (Side::Sell, None) => {}
        }
        Ok(())
    }

    /// How much is bought at this price; none where cash or stake don't reach.
    fn affordable(&self, price: Price) -> Option<Quantity> {
        let whole = price.to_f64() * (1.0 + self.fee_ratio);
        let units = match self.terms.stake_quote {
            None => self.cash_quote / whole,
            Some(stake_quote) => stake_quote.to_f64() / price.to_f64(),
        };
        // All that there is can always be paid, but for the last bit of a float.
        let paid = self.terms.stake_quote.is_none() || units * whole <= self.cash_quote;
        let quantity = truncated(units, self.places(price, units)).filter(|_| paid);
        let quantity = quantity.map(|quantity| quantity.floor_to(self.terms.step));
        quantity.filter(|quantity| !quantity.is_zero())
    }

    /// Decimals of a quantity such that the book, which rounds nothing, can hold all that follows
    /// from it: sixteen digits, as many as the float has, unless its worth then had more decimals
    /// than fit behind cash a million times as large as now.
    fn places(&self, price: Price, units: f64) -> u32 {
        let significant = 15 - digits(units);
        let price_places = price.to_decimal().scale() as i32;
        significant.min(self.money_places(price) - price_places).clamp(0, 20) as u32
    }

    /// Decimals of money that the book can hold.
    fn money_places(&self, price: Price) -> i32 {
        let worth = self.cash_quote + self.held_base * price.to_f64();
        21 - digits(worth.max(1.0))
    }

    /// Books a fill. Gives back the position that it closed.
    fn book(
        &mut self,
        id: Id,
        side: Side,
        price: Price,
        quantity: Quantity,
        at: UtcMs,
    ) -> Result<Option<Position>, RunError> {
        let role = if side == Side::Buy { Role::Entry } else { Role::Exit };
        let fee = price.times(quantity)?.scaled(self.terms.fee_ratio)?.to_decimal();
        let fill = Fill {
            venue_fill_id: self.outcome.fills.len() as u64 + 1,
            client_order_id: ClientOrderId::new(id, role),
            instrument: self.instrument.id,
            side,
            price,
            quantity,
            fee: Money::new(fee.round_dp(self.money_places(price).clamp(0, 20) as u32)),
            fee_asset: self.terms.quote,
            liquidity: Liquidity::Taker,
            time_exchange: at,
        };
        let closed = self.portfolio.book(&fill)?;
        self.cash_quote = self.portfolio.cash().to_f64();
        self.outcome.fills.push(fill);
        Ok(closed)
    }

    fn finish(mut self, last: Option<&Candle>) -> Result<Outcome, RunError> {
        if let Some(last) = last {
            self.portfolio.set_mark(self.instrument.id, last.close);
        }
        self.outcome.left_open = run::left_open(&self.portfolio)?;
        Ok(self.outcome)
    }
}

/// The place of a number's first digit: 0 for 1 to 9.99, −1 below, and so on.
fn digits(value: f64) -> i32 {
    let (mut value, mut digits) = (value, 0);
    while value >= 10.0 && digits < 28 {
        value /= 10.0;
        digits += 1;
    }
    while value < 1.0 && digits > -28 {
        value *= 10.0;
        digits -= 1;
    }
    digits
}

/// A float cut off after so many decimals; none where it is no quantity.
fn truncated(units: f64, places: u32) -> Option<Quantity> {
    let scaled = units * 10_u128.pow(places) as f64;
    let exact = scaled.is_finite() && (0.0..1e28).contains(&scaled);
    let mantissa = exact.then_some(scaled as i128)?;
    let units = Decimal::try_from_i128_with_scale(mantissa, places).ok()?;
    Quantity::try_from(units).ok()
}
