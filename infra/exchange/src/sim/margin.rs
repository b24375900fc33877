//! Perpetuals: funding, and the end of a position whose margin is used up.

use domain::candle::Candle;
use domain::fill::Liquidity;
use domain::funding::{FundingPayment, FundingSource};
use domain::money::{Money, Overflow, Price};
use domain::order::{ClientOrderId, OrderEvent, OrderKind, Role, Side, Ticket};
use domain::time::UtcMs;
use rust_decimal::Decimal;

use crate::sim::fills::taken;
use crate::sim::market::{Market, Reports, report};
use crate::sim::terms::Terms;

impl Market {
    /// Hears a candle of the mark price.
    pub(crate) fn on_mark(
        &mut self,
        marks: &Candle,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        self.marked = Some(marks.close);
        self.liquidate(marks, terms, reports)
    }

    /// Settles funding: position × mark × rate, which longs pay where it is positive.
    pub(crate) fn fund(
        &mut self,
        rate_ratio: Decimal,
        time_exchange: UtcMs,
    ) -> Result<Option<FundingPayment>, Overflow> {
        let Some(mark) = self.marked.or(self.mark).filter(|_| !self.holding.is_flat()) else {
            return Ok(None);
        };
        let held_base = self.holding.base();
        let worth = held_base.checked_mul(mark.to_decimal()).ok_or(Overflow)?;
        let paid = worth.checked_mul(rate_ratio).ok_or(Overflow)?;
        let amount_quote = Money::new(paid.round_dp(8)).negated();
        self.holding.fund(amount_quote.to_decimal())?;
        let instrument = self.instrument.id;
        let source = FundingSource::Reckoned { rate_ratio, mark, held_base };
        Ok(Some(FundingPayment { instrument, time_exchange, amount_quote, source }))
    }

    /// Closes the position where the mark price came to its liquidation price: at the market, but
    /// no worse than bankruptcy, beyond which the loss is the venue's. The fee takes at most what
    /// the margin still holds.
    pub(crate) fn liquidate(
        &mut self,
        marks: &Candle,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        let perpetual = self.instrument.id.is_perpetual();
        let Some(margin) = terms.margin.as_ref().filter(|_| perpetual) else { return Ok(()) };
        let holding = self.holding;
        let Some((ends, (decision_id, opened_at))) = holding.ends(margin)?.zip(holding.opened())
        else {
            return Ok(());
        };
        // The extremes of a candle that was open before the position may have been before it too.
        let (low, high, first) = if opened_at <= marks.open_time {
            (marks.low, marks.high, marks.open)
        } else {
            (marks.close, marks.close, marks.close)
        };
        let (side, is_reached) = match holding.side() {
            Side::Buy => (Side::Sell, low.to_decimal() <= ends.liquidation),
            Side::Sell => (Side::Buy, high.to_decimal() >= ends.liquidation),
        };
        if !is_reached || marks.close_time() <= opened_at {
            return Ok(());
        }
        let tick = self.filters().tick;
        let bps = terms.slippage.bps(terms.slippage.largest_share())?;
        let (at, bankruptcy) = (rounded(ends.liquidation)?, rounded(ends.bankruptcy)?);
        let price = match side {
            Side::Sell => taken(side, at.min(first), bps, tick)?.max(bankruptcy.ceil_to(tick)),
            Side::Buy => taken(side, at.max(first), bps, tick)?.min(bankruptcy.floor_to(tick)),
        };
        let time = marks.close_time();
        for order in self.working.drain(..) {
            report(reports, order.id(), time, OrderEvent::Cancelled);
        }
        let quantity = holding.against(side)?;
        let left = holding.left_at(price.to_decimal())?.max(Decimal::ZERO);
        let fee = price.times(quantity)?.scaled(margin.liquidation_fee_ratio())?;
        let fee = fee.min(Money::new(left.trunc_with_scale(8)));
        let client_order_id = ClientOrderId::new(decision_id, Role::Liquidation);
        let (instrument, kind) = (self.instrument.id, OrderKind::Market);
        let ticket = Ticket { client_order_id, instrument, side, kind, quantity };
        let fill = self.booked(ticket, price, quantity, fee, Liquidity::Taker, time);
        self.holding.book(&fill, margin.leverage())?;
        report(reports, client_order_id, time, OrderEvent::Filled(fill));
        Ok(())
    }
}

fn rounded(price: Decimal) -> Result<Price, Overflow> {
    Price::try_from(price.round_dp(8)).map_err(|_| Overflow)
}
