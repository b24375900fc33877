//! The portfolio with its peak, its day and its trading state.

use domain::money::{Money, Overflow};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::profile::Profile;
use crate::snapshot::{Suspension, TradingState, loss_ratio};

/// The account's memory between watermarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Cash and positions.
    pub portfolio: Portfolio,
    equity: Money,
    peak_equity: Money,
    day: Option<i64>,
    day_open_equity: Money,
    drawdown_ratio: f64,
    /// What the limits say.
    state: TradingState,
    /// What stands until a person lifts it.
    suspension: Option<Suspension>,
}

/// A change of the trading state, with the numbers that caused it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StateChanged {
    /// Before.
    pub from: TradingState,
    /// After.
    pub to: TradingState,
    /// Loss from the peak.
    pub drawdown_ratio: f64,
    /// Loss since the UTC day began.
    pub day_loss_ratio: f64,
    /// The account's worth.
    pub equity_quote: Money,
}

impl Account {
    /// A portfolio that has not been marked yet.
    pub fn new(portfolio: Portfolio) -> Self {
        let cash = portfolio.cash();
        Self {
            portfolio,
            equity: cash,
            peak_equity: cash,
            day: None,
            day_open_equity: cash,
            drawdown_ratio: 0.0,
            state: TradingState::Active,
            suspension: None,
        }
    }

    /// Equity at the last mark.
    #[inline]
    pub const fn equity(&self) -> Money {
        self.equity
    }

    /// Highest equity so far.
    pub const fn peak_equity(&self) -> Money {
        self.peak_equity
    }

    /// Equity when the UTC day began.
    pub const fn day_open_equity(&self) -> Money {
        self.day_open_equity
    }

    /// Loss from the highest equity at the last mark, 0…1.
    #[inline]
    pub const fn drawdown_ratio(&self) -> f64 {
        self.drawdown_ratio
    }

    /// Whether entries are allowed: the stricter of what the limits and a person say.
    pub fn state(&self) -> TradingState {
        self.suspension.as_ref().map_or(self.state, |suspension| suspension.state.max(self.state))
    }

    /// What stands until a person lifts it.
    pub const fn suspension(&self) -> Option<&Suspension> {
        self.suspension.as_ref()
    }

    /// Suspends trading until a person lifts it; a stricter one that stands already stays.
    pub fn suspend(&mut self, suspension: Suspension) -> Option<StateChanged> {
        let from = self.state();
        if self.suspension.as_ref().is_none_or(|standing| standing.state < suspension.state) {
            self.suspension = Some(suspension);
        }
        self.changed(from)
    }

    /// A person lifts what was suspended, and a halt by drawdown: the peak begins anew, so that
    /// the same drawdown does not halt at once. The day's limits end with the day.
    pub fn resume(&mut self, profile: &Profile) -> Result<Option<StateChanged>, Overflow> {
        let from = self.state();
        self.suspension = None;
        if self.state == TradingState::Halted {
            self.equity = self.portfolio.equity()?;
            self.peak_equity = self.equity;
            self.drawdown_ratio = 0.0;
            let over = reached(self.day_loss_ratio(), profile.daily_loss_ratio);
            self.state = if over { TradingState::Reducing } else { TradingState::Active };
        }
        Ok(self.changed(from))
    }

    fn day_loss_ratio(&self) -> f64 {
        loss_ratio(self.day_open_equity, self.equity)
    }

    fn changed(&self, from: TradingState) -> Option<StateChanged> {
        let to = self.state();
        (from != to).then(|| StateChanged {
            from,
            to,
            drawdown_ratio: self.drawdown_ratio,
            day_loss_ratio: self.day_loss_ratio(),
            equity_quote: self.equity,
        })
    }

    /// Values the portfolio at `now`, begins a new day where one has begun, and moves the trading
    /// state by the profile's limits. A halt stays until a person lifts it; a pause ends with the
    /// UTC day.
    pub fn mark(
        &mut self,
        now: UtcMs,
        profile: &Profile,
    ) -> Result<Option<StateChanged>, Overflow> {
        let equity = self.portfolio.equity()?;
        // Limits that have spoken once say nothing new of the same numbers.
        if equity == self.equity && self.day == Some(now.day()) {
            return Ok(None);
        }
        let before = std::mem::replace(&mut self.equity, equity);
        self.peak_equity = self.peak_equity.max(self.equity);
        let from = self.state();
        if self.day != Some(now.day()) {
            // A candle that closes at midnight belongs to the day that ends with it; after an
            // outage over midnight the last value known before it opens the day.
            let at_midnight = UtcMs::new(now.ms()).floor(domain::time::DAY_MS) == now;
            self.day_open_equity =
                if self.day.is_none() || at_midnight { self.equity } else { before };
            self.day = Some(now.day());
            if self.state == TradingState::Reducing {
                self.state = TradingState::Active;
            }
        }
        self.drawdown_ratio = loss_ratio(self.peak_equity, self.equity);
        if reached(self.drawdown_ratio, profile.halt_at_drawdown_ratio) {
            self.state = TradingState::Halted;
        } else if self.state == TradingState::Active
            && reached(self.day_loss_ratio(), profile.daily_loss_ratio)
        {
            self.state = TradingState::Reducing;
        }
        Ok(self.changed(from))
    }
}

fn reached(loss: f64, limit: Decimal) -> bool {
    loss >= Money::new(limit).to_f64()
}
