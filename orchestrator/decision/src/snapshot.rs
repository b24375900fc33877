//! What a decision saw, frozen: enough to make it again.

use std::collections::BTreeMap;

use domain::instrument::{Instrument, InstrumentId};
use domain::intent::Action;
use domain::money::{Money, Price, Quantity};
use domain::signal::{Direction, RiskWord, Signal};
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Whether new positions may be opened; a later one is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// All orders may go out.
    Active,
    /// Only orders that close may go out: the day's loss limit was reached.
    Reducing,
    /// Only orders that close may go out, until a person lifts it.
    Halted,
}

impl TradingState {
    /// Its name in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Reducing => "reducing",
            Self::Halted => "halted",
        }
    }
}

/// What stands against entries until a person lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// How strict it is.
    pub state: TradingState,
    /// Who asked for it, or what is wrong.
    pub why: String,
    /// The watermark after which it came.
    pub since: UtcMs,
}

/// The account in the numbers that limits are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    /// Cash and positions at mark.
    pub equity_quote: Money,
    /// Cash in all.
    pub cash_quote: Money,
    /// Base units held of each instrument, negative when short.
    pub held_base: BTreeMap<InstrumentId, Decimal>,
    /// Cash that no pending entry has taken; of perpetuals, what no margin is made of.
    pub free_cash_quote: Money,
    /// Highest equity so far.
    pub peak_equity_quote: Money,
    /// Equity when the UTC day began.
    pub day_open_equity_quote: Money,
    /// Open positions and entries under way.
    pub positions: u32,
    /// What they lose together if every stop is hit.
    pub heat_quote: Money,
    /// Whether new positions may be opened.
    pub trading_state: TradingState,
    /// What stands against it until a person lifts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// What the day has brought, where the profile limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<DayCount>,
    /// Sharpe ratio of the days that the profile asks about; none before there are as many, and
    /// where the equity never moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpe: Option<f64>,
}

/// What the UTC day has brought so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayCount {
    /// Entries that were sent.
    pub entries: u32,
    /// Trades in a row, up to the last one, that lost.
    pub losses_in_a_row: u32,
}

impl AccountView {
    /// Loss from the highest equity, 0…1.
    pub fn drawdown_ratio(&self) -> f64 {
        loss_ratio(self.peak_equity_quote, self.equity_quote)
    }

    /// Loss since the day began, 0…1.
    pub fn day_loss_ratio(&self) -> f64 {
        loss_ratio(self.day_open_equity_quote, self.equity_quote)
    }
}

/// How much of `from` is lost at `to`, 0 where nothing is.
pub(crate) fn loss_ratio(from: Money, to: Money) -> f64 {
    from.minus(to).ok().filter(|lost| !lost.is_negative()).map_or(0.0, |lost| lost.ratio_of(from))
}

/// A position as a decision sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Long or short.
    pub direction: Direction,
    /// Base units.
    pub quantity: Quantity,
    /// Whether it is being closed, or an entry is still under way.
    pub in_transit: bool,
    /// What it was planned by, where the profile's exits ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
}

impl Holding {
    /// The action that closes it.
    pub const fn closing(&self) -> Action {
        match self.direction {
            Direction::Short => Action::Buy,
            Direction::Long | Direction::Flat => Action::Sell,
        }
    }
}

/// What a position was planned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Its average entry.
    pub entry: Price,
    /// Distance from entry to the first stop: one R.
    pub risk: Price,
}

/// What a decision sees of its instrument: a [`Snapshot`] without the account. Borrowed, so that
/// what leaves no record copies nothing.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// For which instrument, with its filters.
    pub instrument: &'a Instrument,
    /// The watermark.
    pub now: UtcMs,
    /// The last close.
    pub reference: Price,
    /// The last signal of each agent, by agent; one that has expired does not count.
    pub signals: &'a [Signal],
    /// The risk agent's last word, live or not.
    pub risk_word: Option<&'a RiskWord>,
    /// What is held of the instrument.
    pub holding: Option<Holding>,
}

/// Everything that one decision depends on, beside the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// For which instrument, with its filters.
    pub instrument: Instrument,
    /// The watermark.
    pub now: UtcMs,
    /// The last close.
    pub reference: Price,
    /// The live signals, by agent.
    pub signals: Vec<Signal>,
    /// The risk agent's last word, live or not.
    pub risk_word: Option<RiskWord>,
    /// What is held of the instrument.
    pub holding: Option<Holding>,
    /// The account.
    pub account: AccountView,
}

impl Snapshot {
    /// Freezes what a decision saw; what has expired by now was not seen.
    pub fn of(sight: Sight<'_>, account: AccountView) -> Self {
        let Sight { instrument, now, reference, signals, risk_word, holding } = sight;
        Self {
            instrument: *instrument,
            now,
            reference,
            signals: signals.iter().filter(|signal| now < signal.expires_at).cloned().collect(),
            risk_word: risk_word.cloned(),
            holding,
            account,
        }
    }

    /// What it saw of its instrument.
    pub fn sight(&self) -> Sight<'_> {
        Sight {
            instrument: &self.instrument,
            now: self.now,
            reference: self.reference,
            signals: &self.signals,
            risk_word: self.risk_word.as_ref(),
            holding: self.holding,
        }
    }
}
