//! Orders on candles.

use domain::candle::Candle;
use domain::money::{Overflow, Quantity};
use domain::order::{OrderKind, Role};
use domain::time::UtcMs;

use crate::sim::fills::Span;
use crate::sim::market::{Flight, Market, Reports};
use crate::sim::terms::{FillModel, Terms};

/// Entries first, at the open; what they bring along may fill in the same candle. Then stops before
/// targets: where both are possible, the worse one came first.
pub(crate) const ORDER: [Role; 4] = [Role::Exit, Role::Entry, Role::Stop, Role::Target];

impl Market {
    /// Hears a candle of the finest timeframe.
    #[inline]
    pub(crate) fn on_candle(
        &mut self,
        candle: &Candle,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        self.traded_base = candle.volume_base;
        self.used = Quantity::ZERO;
        if !self.is_quiet() || (terms.margin.is_some() && !self.holding.is_flat()) {
            self.match_candle(candle, terms, reports)?;
        }
        self.mark = Some(candle.close);
        self.marked_at = candle.close_time();
        Ok(())
    }

    fn match_candle(
        &mut self,
        candle: &Candle,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        if terms.fill != FillModel::BookTicks {
            let mut rest = Span::whole(candle);
            while let Some((at, flight)) = self.next_flight(candle.close_time(), terms.fill) {
                let (before, after) = rest.cut(at.max(rest.from), self.filters().tick);
                if terms.fill != FillModel::Close && before.from < before.until {
                    self.match_span(&before, terms, reports)?;
                }
                self.arrive(flight, at, terms, reports)?;
                rest = after;
            }
            self.match_span(&rest, terms, reports)?;
        }
        if self.marked.is_none() {
            self.liquidate(candle, terms, reports)?;
        }
        Ok(())
    }

    /// The next command that arrives in a candle: before its close, or with it where closes are
    /// what fills.
    fn next_flight(&mut self, close_time: UtcMs, model: FillModel) -> Option<(UtcMs, Flight)> {
        let (at, _) = self.flights.first()?;
        let arrives = *at < close_time || (model == FillModel::Close && *at == close_time);
        arrives.then(|| self.flights.remove(0))
    }

    fn match_span(
        &mut self,
        span: &Span<'_>,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        for role in ORDER {
            let mut index = 0;
            while let Some(order) = self.working.get(index) {
                let takes = order.ticket.kind == OrderKind::Market;
                let is_due = order.since < span.until
                    || (terms.fill == FillModel::Close && takes && order.since == span.until);
                let id = order.id();
                let due = (order.role() == role && is_due).then_some(order);
                let Some(reach) = due.and_then(|order| span.reach(order, terms.fill)) else {
                    index += 1;
                    continue;
                };
                let times = match (terms.fill, takes || order.triggered) {
                    (FillModel::Close, _) => (span.until, span.until),
                    (_, true) => (span.from, span.from),
                    // What a resting entry brings along can't count on the prices before it filled.
                    (_, false) => (span.until, span.from.plus_ms(1)),
                };
                self.try_fill(index, reach, times, terms, reports)?;
                // It is gone where it filled in full; others before it may have gone with it.
                index = match self.working.iter().position(|order| order.id() == id) {
                    Some(still) => still + 1,
                    None => 0,
                };
            }
        }
        Ok(())
    }
}
