//! Cash, positions and fees, booked in exact decimals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::by_instrument::ByInstrument;
use crate::fill::Fill;
use crate::funding::FundingPayment;
use crate::instrument::{Asset, InstrumentId};
use crate::money::{Money, Overflow, Price, Quantity};
use crate::order::Side;
use crate::position::{FeeKind, Part, Position};

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
    /// Fees that were paid neither in the quote nor out of units just bought: below nought, since
    /// the deposits that paid them are not in this book. And units that were too few to be sold.
    others: BTreeMap<Asset, Money>,
    marks: ByInstrument<Price>,
    fees_quote: Money,
    realised_quote: Money,
    #[serde(default, skip_serializing_if = "Money::is_zero")]
    funding_quote: Money,
}

impl Portfolio {
    /// Cash alone.
    pub const fn new(quote: Asset, cash: Money) -> Self {
        Self {
            quote,
            cash,
            positions: BTreeMap::new(),
            others: BTreeMap::new(),
            marks: ByInstrument::new(),
            fees_quote: Money::ZERO,
            realised_quote: Money::ZERO,
            funding_quote: Money::ZERO,
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

    /// Balances that fees were paid from beside the positions; none that are nought.
    pub const fn others(&self) -> &BTreeMap<Asset, Money> {
        &self.others
    }

    /// The last price of an instrument.
    pub fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        self.marks.get(instrument).copied()
    }

    /// Fees paid in the quote asset and in base units valued at their fills' prices.
    pub const fn fees_quote(&self) -> Money {
        self.fees_quote
    }

    /// Profit of closed positions, net of the fees that they paid in the quote or in bought units.
    pub const fn realised_quote(&self) -> Money {
        self.realised_quote
    }

    /// Funding received so far, below nought where more was paid. Part of the positions' profit.
    pub const fn funding_quote(&self) -> Money {
        self.funding_quote
    }

    /// Takes note of a price.
    pub fn set_mark(&mut self, instrument: InstrumentId, price: Price) {
        self.marks.insert(instrument, price);
    }

    /// Cash and all positions at their marks, to the last digit; other assets count where a mark in
    /// the quote asset is known.
    #[inline]
    pub fn equity(&self) -> Result<Money, Overflow> {
        if self.positions.is_empty() && self.others.is_empty() {
            return Ok(self.cash);
        }
        self.worth()
    }

    fn worth(&self) -> Result<Money, Overflow> {
        let mut equity = self.cash;
        for (instrument, position) in &self.positions {
            if let Some(mark) = self.marks.get(*instrument) {
                equity = equity.plus_exactly(position.value_at(*mark)?)?;
            }
        }
        for (asset, amount) in &self.others {
            let instrument = InstrumentId::new(asset.as_str(), self.quote.as_str(), None).ok();
            if let Some(mark) = instrument.and_then(|id| self.marks.get(id)) {
                equity = equity.plus_exactly(amount.scaled_exactly(mark.to_decimal())?)?;
            }
        }
        Ok(equity)
    }

    /// Books a fill to the last digit. Gives back the position if the fill closed it. On an error
    /// nothing changed.
    ///
    /// A fill that crosses nought closes the old position and opens a new one; its fee is shared
    /// by quantity, to twelve decimals (eight where it is in base units), the rest being the new
    /// one's. Cash, fees and balances don't depend on that share. A fee that is paid neither in the quote nor out of units that were
    /// just bought is owed in [`others`](Self::others); it counts in the equity at its asset's mark,
    /// not in a position's profit.
    pub fn book(&mut self, fill: &Fill) -> Result<Option<Position>, BookError> {
        let instrument = fill.instrument;
        if instrument.quote() != self.quote.as_str() {
            return Err(BookError::OtherQuote { instrument, quote: self.quote });
        }
        if fill.quantity.is_zero() {
            return Err(BookError::EmptyFill { instrument });
        }
        let change = self.change(fill)?;
        self.cash = change.cash;
        self.fees_quote = change.fees_quote;
        self.realised_quote = change.realised_quote;
        if change.other == Money::ZERO {
            self.others.remove(&fill.fee_asset);
        } else {
            self.others.insert(fill.fee_asset, change.other);
        }
        match change.open {
            Some(position) => self.positions.insert(instrument, position),
            None => self.positions.remove(&instrument),
        };
        self.marks.insert(instrument, fill.price);
        Ok(change.closed)
    }

    /// Books funding to the last digit: the cash changes, and the position's profit with it. Where
    /// the position is closed already it is realised at once. On an error nothing changed.
    pub fn book_funding(&mut self, payment: &FundingPayment) -> Result<(), BookError> {
        let FundingPayment { instrument, amount_quote, .. } = *payment;
        if instrument.quote() != self.quote.as_str() {
            return Err(BookError::OtherQuote { instrument, quote: self.quote });
        }
        let cash = self.cash.plus_exactly(amount_quote)?;
        let funding_quote = self.funding_quote.plus_exactly(amount_quote)?;
        match self.positions.get_mut(&instrument) {
            Some(position) => {
                let mut funded = position.clone();
                funded.funding_quote = funded.funding_quote.plus_exactly(amount_quote)?;
                // Asked of it so that it can still be closed.
                funded.cash_flow()?;
                *position = funded;
            }
            None => self.realised_quote = self.realised_quote.plus_exactly(amount_quote)?,
        }
        (self.cash, self.funding_quote) = (cash, funding_quote);
        Ok(())
    }

    /// Ends a position of which less is left than `step`, the least that can be sold: a fee in base
    /// units leaves such a rest. It stays owned, among [`others`](Self::others), and is no part of the
    /// position's profit. Gives back the position if it has ended; on an error nothing changed.
    pub fn leave_dust(
        &mut self,
        instrument: InstrumentId,
        step: Quantity,
    ) -> Result<Option<Position>, Overflow> {
        let net = self.positions.get(&instrument).map_or(Ok(Decimal::ZERO), Position::net_base)?;
        let is_dust = Decimal::ZERO < net && net < step.to_decimal();
        if is_dust { self.leave(instrument) } else { Ok(None) }
    }

    /// Ends a position of units that can't be sold, however many. They stay owned as dust does.
    pub fn leave(&mut self, instrument: InstrumentId) -> Result<Option<Position>, Overflow> {
        let Some(position) = self.positions.get(&instrument) else { return Ok(None) };
        let net = position.net_base()?;
        let asset = instrument.base().parse::<Asset>().ok();
        let Some(asset) = asset.filter(|_| net > Decimal::ZERO && !instrument.is_perpetual())
        else {
            return Ok(None);
        };
        let before = self.others.get(&asset).copied().unwrap_or_default();
        let owned = before.plus_exactly(Money::new(net))?;
        let realised_quote = self.realised_quote.plus_exactly(position.cash_flow()?)?;
        self.others.insert(asset, owned);
        self.others.retain(|_, amount| !amount.is_zero());
        self.realised_quote = realised_quote;
        Ok(self.positions.remove(&instrument))
    }

    fn change(&self, fill: &Fill) -> Result<Change, Overflow> {
        let notional = fill.price.times_exactly(fill.quantity)?;
        let cash = match fill.side {
            Side::Buy => self.cash.minus_exactly(notional)?,
            Side::Sell => self.cash.plus_exactly(notional)?,
        };
        let kind = self.fee_kind(fill);
        let (cash, fee_quote) = match kind {
            FeeKind::Quote => (cash.minus_exactly(fill.fee)?, fill.fee),
            FeeKind::Units | FeeKind::Base => {
                (cash, fill.fee.scaled_exactly(fill.price.to_decimal())?)
            }
            FeeKind::Other => (cash, Money::ZERO),
        };

        let part = |quantity, fee| Part { side: fill.side, price: fill.price, quantity, fee, kind };
        let opening = || Position::opening(fill.time_exchange, fill.side);
        let mut position = self.positions.get(&fill.instrument).cloned().unwrap_or_else(opening);
        let against = position.held_against(fill.side)?;
        let (mut owed, mut rest, mut closed) = (Money::ZERO, part(fill.quantity, fill.fee), None);
        if !against.is_zero() && fill.quantity > against {
            let share = share_of(fill, against, kind)?;
            owed = position.book(part(against, share))?;
            closed = Some(std::mem::replace(&mut position, opening()));
            rest = part(fill.quantity.minus_exactly(against)?, fill.fee.minus_exactly(share)?);
        }
        owed = owed.plus_exactly(position.book(rest)?)?;
        // Asked of an open position as well, so that whatever is booked can be closed.
        position.cash_flow()?;
        let (open, closed) = match position.net_base()?.is_zero() {
            true => (None, Some(position)),
            false => (Some(position), closed),
        };
        let made = closed.as_ref().map_or(Ok(Money::ZERO), Position::cash_flow)?;
        let before = self.others.get(&fill.fee_asset).copied().unwrap_or_default();
        Ok(Change {
            cash,
            other: before.minus_exactly(owed)?,
            fees_quote: self.fees_quote.plus_exactly(fee_quote)?,
            realised_quote: self.realised_quote.plus_exactly(made)?,
            open,
            closed,
        })
    }

    fn fee_kind(&self, fill: &Fill) -> FeeKind {
        match fill.fee_asset {
            asset if asset == self.quote => FeeKind::Quote,
            asset if asset.as_str() != fill.instrument.base() => FeeKind::Other,
            _ if fill.instrument.is_perpetual() => FeeKind::Base,
            _ => FeeKind::Units,
        }
    }
}

/// What a fill changes, computed before anything is changed.
struct Change {
    cash: Money,
    /// Balance of the fee's asset, beside any position.
    other: Money,
    fees_quote: Money,
    realised_quote: Money,
    open: Option<Position>,
    closed: Option<Position>,
}

/// The part of a fill's fee that goes with `part` of its quantity. Rounded as finely as leaves room
/// for what follows: units will be multiplied by prices, amounts only added up.
fn share_of(fill: &Fill, part: Quantity, kind: FeeKind) -> Result<Money, Overflow> {
    let fee = fill.fee.to_decimal();
    let places = if matches!(kind, FeeKind::Units | FeeKind::Base) { 8 } else { 12 };
    let ratio = part.to_decimal().checked_div(fill.quantity.to_decimal()).ok_or(Overflow)?;
    let share = fee.checked_mul(ratio).ok_or(Overflow)?;
    Ok(Money::new(share.round_dp(fee.scale().max(places))))
}
