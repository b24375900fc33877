//! The portfolio with its peak, its day and its trading state.

use domain::money::{Money, Overflow};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::profile::Profile;
use crate::snapshot::{DayCount, Suspension, TradingState, loss_ratio};

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
    day_count: DayCount,
    /// Equity at the last midnights, oldest first, as many as the profile asks about.
    midnights: Vec<f64>,
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
            day_count: DayCount::default(),
            midnights: Vec::new(),
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

    /// What the day has brought so far.
    pub const fn day_count(&self) -> DayCount {
        self.day_count
    }

    /// An entry is sent.
    pub fn note_entry(&mut self) {
        self.day_count.entries = self.day_count.entries.saturating_add(1);
    }

    /// A position was closed with this profit.
    pub fn note_trade(&mut self, pnl_quote: Money) {
        let losses = &mut self.day_count.losses_in_a_row;
        *losses = if pnl_quote.is_negative() { losses.saturating_add(1) } else { 0 };
    }

    /// Sharpe ratio of the last days' equity: mean/σ × √365, σ being that of the sample. None before
    /// there are as many days as the profile asks about, and where the equity never moved.
    pub fn sharpe(&self, profile: &Profile) -> Option<f64> {
        let days = profile.low_sharpe?.days;
        let returns = self.midnights.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
        let returns: Vec<f64> = returns.collect();
        if returns.len() < usize::try_from(days).ok()? {
            return None;
        }
        let count = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / count;
        let squares = returns.iter().map(|of| (of - mean) * (of - mean)).sum::<f64>();
        let sigma = (squares / (count - 1.0)).sqrt();
        let sharpe = mean / sigma * 365f64.sqrt();
        sharpe.is_finite().then_some(sharpe)
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
            self.day_count = DayCount::default();
            self.remember(profile);
            if self.state == TradingState::Reducing {
                self.state = TradingState::Active;
            }
        }
        let drawdown_before = self.drawdown_ratio;
        self.drawdown_ratio = loss_ratio(self.peak_equity, self.equity);
        if reached(self.drawdown_ratio, profile.halt_at_drawdown_ratio) {
            self.state = TradingState::Halted;
        } else if self.state == TradingState::Active
            && (reached(self.day_loss_ratio(), profile.daily_loss_ratio)
                || profile
                    .near_halt_ratio()
                    .is_some_and(|near| drawdown_before < near && self.drawdown_ratio >= near))
        {
            self.state = TradingState::Reducing;
        }
        Ok(self.changed(from))
    }
}

impl Account {
    /// Keeps the equity that a day began with, where the profile asks how the past days were.
    fn remember(&mut self, profile: &Profile) {
        let Some(asked) = profile.low_sharpe else { return };
        self.midnights.push(self.day_open_equity.to_f64());
        let most = usize::try_from(asked.days).map_or(usize::MAX, |days| days.saturating_add(1));
        let over = self.midnights.len().saturating_sub(most);
        self.midnights.drain(..over);
    }
}

fn reached(loss: f64, limit: Decimal) -> bool {
    loss >= Money::new(limit).to_f64()
}
