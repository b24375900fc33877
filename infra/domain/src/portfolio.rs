//! Cash, positions and fees, booked in exact decimals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::fill::Fill;
use crate::instrument::{Asset, InstrumentId};
use crate::money::{Money, Overflow, Price, Quantity};
use crate::order::Side;
use crate::position::Position;

/// Why a fill can't be booked. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Numbers beyond the decimal's range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The instrument's quote asset isn't the portfolio's.
    #[error("{instrument} is priced in another asset than the portfolio's {quote}")]
    OtherQuote {
        /// What was traded.
        instrument: InstrumentId,
        /// What the portfolio counts in.
        quote: Asset,
    },
    /// A fill of nothing.
    #[error("a fill of {instrument} has no quantity")]
    EmptyFill {
        /// What was traded.
        instrument: InstrumentId,
    },
}

/// What is owned, in one quote asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portfolio {
    quote: Asset,
    cash: Money,
    positions: BTreeMap<InstrumentId, Position>,
    /// Assets that are neither the quote nor a position's base: fees paid in them, so below
    /// nought until somebody deposits some.
    others: BTreeMap<Asset, Money>,
    marks: BTreeMap<InstrumentId, Price>,
    fees_quote: Money,
    realised_quote: Money,
}

impl Portfolio {
    /// Cash alone.
    pub const fn new(quote: Asset, cash: Money) -> Self {
        Self {
            quote,
            cash,
            positions: BTreeMap::new(),
            others: BTreeMap::new(),
            marks: BTreeMap::new(),
            fees_quote: Money::ZERO,
            realised_quote: Money::ZERO,
        }
    }

    /// Cash in the quote asset.
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// The asset that it counts in.
    pub const fn quote(&self) -> Asset {
        self.quote
    }

    /// The open positions.
    pub const fn positions(&self) -> &BTreeMap<InstrumentId, Position> {
        &self.positions
    }

    /// Balances of other assets that fees were paid in.
    pub const fn others(&self) -> &BTreeMap<Asset, Money> {
        &self.others
    }

    /// The last price of an instrument.
    pub fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        self.marks.get(&instrument).copied()
    }

    /// Fees paid in the quote asset and in base units valued at their fills' prices.
    pub const fn fees_quote(&self) -> Money {
        self.fees_quote
    }

    /// Profit of closed positions, net of fees.
    pub const fn realised_quote(&self) -> Money {
        self.realised_quote
    }

    /// Takes note of a price.
    pub fn set_mark(&mut self, instrument: InstrumentId, price: Price) {
        self.marks.insert(instrument, price);
    }

    /// Cash and all positions at their marks; other assets count where a mark in the quote asset
    /// is known.
    pub fn equity(&self) -> Result<Money, Overflow> {
        let mut equity = self.cash;
        for (instrument, position) in &self.positions {
            if let Some(mark) = self.marks.get(instrument) {
                equity = equity.plus(position.value_at(*mark)?)?;
            }
        }
        for (asset, amount) in &self.others {
            let instrument = InstrumentId::new(asset.as_str(), self.quote.as_str(), None).ok();
            if let Some(mark) = instrument.and_then(|id| self.marks.get(&id)) {
                equity = equity.plus(amount.scaled(mark.to_decimal())?)?;
            }
        }
        Ok(equity)
    }

    /// Books a fill. Gives back the position if the fill closed it. On an error nothing changed.
    ///
    /// A fill that crosses nought closes the old position and opens a new one; its fee is shared
    /// by quantity.
    pub fn book(&mut self, fill: &Fill) -> Result<Option<Position>, BookError> {
        let instrument = fill.instrument;
        if instrument.quote() != self.quote.as_str() {
            return Err(BookError::OtherQuote { instrument, quote: self.quote });
        }
        if fill.quantity.is_zero() {
            return Err(BookError::EmptyFill { instrument });
        }
        let mut next = Staged::of(self, instrument);
        let held = next.position.as_ref().map_or(Ok(Decimal::ZERO), Position::net_base)?;
        let closes = match fill.side {
            Side::Buy => held < Decimal::ZERO,
            Side::Sell => held > Decimal::ZERO,
        };
        let held = Quantity::try_from(held.abs()).map_err(|_| Overflow)?;
        let closed = if closes && fill.quantity > held {
            let fee = fill.fee.scaled(held.to_decimal())?.per(fill.quantity).unwrap_or_default();
            let fee = Money::new(fee);
            let first = next.book(fill, held, fee, self.quote)?;
            next.book(fill, fill.quantity.minus_or_zero(held), fill.fee.minus(fee)?, self.quote)?;
            first
        } else {
            next.book(fill, fill.quantity, fill.fee, self.quote)?
        };
        next.commit(self, instrument);
        self.marks.insert(instrument, fill.price);
        Ok(closed)
    }
}

/// The parts of a portfolio that one fill changes, until all of it is known to fit.
struct Staged {
    cash: Money,
    position: Option<Position>,
    other: Option<(Asset, Money)>,
    others_before: BTreeMap<Asset, Money>,
    fees_quote: Money,
    realised_quote: Money,
}

impl Staged {
    fn of(portfolio: &Portfolio, instrument: InstrumentId) -> Self {
        Self {
            cash: portfolio.cash,
            position: portfolio.positions.get(&instrument).cloned(),
            other: None,
            others_before: portfolio.others.clone(),
            fees_quote: portfolio.fees_quote,
            realised_quote: portfolio.realised_quote,
        }
    }

    fn book(
        &mut self,
        fill: &Fill,
        quantity: Quantity,
        fee: Money,
        quote: Asset,
    ) -> Result<Option<Position>, Overflow> {
        let notional = fill.price.times(quantity)?;
        let mut position = self
            .position
            .take()
            .unwrap_or_else(|| Position::opening(fill.time_exchange, fill.side));
        position.add(fill.side, quantity, notional)?;
        self.cash = match fill.side {
            Side::Buy => self.cash.minus(notional)?,
            Side::Sell => self.cash.plus(notional)?,
        };
        let fee_quote = if fill.fee_asset == quote {
            self.cash = self.cash.minus(fee)?;
            position.fees_quote = position.fees_quote.plus(fee)?;
            fee
        } else if fill.fee_asset.as_str() == fill.instrument.base() {
            let taken = position.fee_base.checked_add(fee.to_decimal()).ok_or(Overflow)?;
            position.fee_base = taken;
            fee.scaled(fill.price.to_decimal())?
        } else {
            let before = self.others_before.get(&fill.fee_asset).copied().unwrap_or_default();
            let owed = self.other.map_or(before, |(_, amount)| amount).minus(fee)?;
            self.other = Some((fill.fee_asset, owed));
            Money::ZERO
        };
        self.fees_quote = self.fees_quote.plus(fee_quote)?;
        if position.net_base()?.is_zero() {
            self.realised_quote = self.realised_quote.plus(position.cash_flow()?)?;
            return Ok(Some(position));
        }
        self.position = Some(position);
        Ok(None)
    }

    fn commit(self, portfolio: &mut Portfolio, instrument: InstrumentId) {
        portfolio.cash = self.cash;
        portfolio.fees_quote = self.fees_quote;
        portfolio.realised_quote = self.realised_quote;
        match self.position {
            Some(position) => portfolio.positions.insert(instrument, position),
            None => portfolio.positions.remove(&instrument),
        };
        if let Some((asset, amount)) = self.other {
            portfolio.others.insert(asset, amount);
        }
    }
}
