//! The simulated venue: its instruments, and who hears what.

use domain::candle::Candle;
use domain::event::Event;
use domain::funding::FundingPayment;
use domain::gateway::Command;
use domain::instrument::InstrumentId;
use domain::money::Overflow;
use domain::order::{OrderEvent, OrderReport};
use domain::quote::Quote;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sim::market::{Flight, Market, report};
use crate::sim::terms::Terms;

/// A venue of one account. A stop and its target are paired: one's fill ends the other, and in a
/// candle that holds both the stop comes first. They guard what their entry has filled so far; once
/// one of them fills, what is left of the entry is cancelled. Orders that close never open: they
/// fill no more than is held. Fees are taken in the quote asset. When a session ends, its orders
/// expire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimVenue {
    terms: Terms,
    /// The finest timeframe that is heard; coarser candles say nothing new.
    base: Timeframe,
    markets: Vec<Market>,
    /// Where the last event's market was: the next one's is there, or the one after.
    last: usize,
}

impl SimVenue {
    /// A venue that lists nothing yet: sessions that start bring their instruments.
    pub const fn new(terms: Terms, base: Timeframe) -> Self {
        Self { terms, base, markets: Vec::new(), last: 0 }
    }

    /// Orders that wait for a price.
    pub fn working_orders(&self) -> usize {
        self.markets.iter().map(|market| market.working.len()).sum()
    }

    /// Base units that the venue holds for the account, negative when short.
    pub fn held_base(&self, instrument: InstrumentId) -> Decimal {
        let market = self.markets.iter().find(|market| market.instrument.id == instrument);
        market.map_or(Decimal::ZERO, |market| market.holding.base())
    }

    /// The market of an instrument, and the terms that hold there.
    #[inline]
    fn find(&mut self, instrument: InstrumentId) -> Option<(&mut Market, &Terms)> {
        let named = |market: &Market| market.instrument.id == instrument;
        if !self.markets.get(self.last).is_some_and(named) {
            let (before, after) = self.markets.split_at_checked(self.last)?;
            let found = after.iter().position(named).map(|index| index + before.len());
            self.last = found.or_else(|| before.iter().position(named))?;
        }
        self.markets.get_mut(self.last).map(|market| (market, &self.terms))
    }

    /// Hears the market. Gives back what became of the orders.
    pub fn on_event(&mut self, event: &Event) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        match event {
            Event::SessionStarted { instrument } => match self.find(instrument.id) {
                Some((market, _)) => market.start(*instrument),
                None => self.markets.push(Market::new(*instrument)?),
            },
            Event::SessionEnded { instrument, last_close } => {
                if let Some((market, _)) = self.find(*instrument) {
                    market.end(*last_close, &mut reports);
                }
            }
            Event::CandleClosed { instrument, candle } => {
                return self.on_candle(*instrument, candle);
            }
            Event::MarkClosed { instrument, candle } => {
                if let Some((market, terms)) = self.find(*instrument) {
                    market.on_mark(candle, terms, &mut reports)?;
                }
            }
            // What it costs is the answer of `on_funding`, which is no report of an order.
            Event::FundingSettled { .. }
            | Event::DeadlineMissed { .. }
            | Event::AccountMarked { .. } => {}
        }
        Ok(reports)
    }

    /// Hears a closed candle. Where nothing works of the instrument it only takes note of it.
    #[inline]
    pub fn on_candle(
        &mut self,
        instrument: InstrumentId,
        candle: &Candle,
    ) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        if candle.timeframe == self.base
            && let Some((market, terms)) = self.find(instrument)
        {
            market.on_candle(candle, terms, &mut reports)?;
        }
        Ok(reports)
    }

    /// Hears best bid and ask; only [`FillModel::BookTicks`](crate::sim::terms::FillModel) fills by
    /// them. Times must not go back.
    pub fn on_quote(&mut self, quote: &Quote) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        if let Some((market, terms)) = self.find(quote.instrument) {
            market.on_quote(quote, terms, &mut reports)?;
        }
        Ok(reports)
    }

    /// Settles funding at `time_exchange`, after the candles that close then. Gives back what a
    /// position pays or gets for it, at the last mark price (the last close where no mark was
    /// heard).
    pub fn on_funding(
        &mut self,
        instrument: InstrumentId,
        rate_ratio: Decimal,
        time_exchange: UtcMs,
    ) -> Result<Option<FundingPayment>, Overflow> {
        match self.find(instrument) {
            Some((market, _)) => market.fund(rate_ratio, time_exchange),
            None => Ok(None),
        }
    }

    /// Does what it is asked at `now` and reports what became of it; with latency, later.
    pub fn execute(&mut self, command: &Command, now: UtcMs) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        let market = match command {
            Command::Submit { ticket, .. } => {
                report(&mut reports, ticket.client_order_id, now, OrderEvent::Submitted);
                let listed = self.markets.iter_mut().find(|m| m.instrument.id == ticket.instrument);
                if listed.is_none() {
                    let reason = "no such instrument is listed".to_owned();
                    let refused = OrderEvent::Rejected { reason };
                    report(&mut reports, ticket.client_order_id, now, refused);
                }
                listed
            }
            Command::Move { client_order_id, .. } | Command::Cancel { client_order_id } => {
                self.markets.iter_mut().find(|market| market.knows(*client_order_id))
            }
        };
        if let Some(market) = market {
            market.take(Flight::from(*command), now, &self.terms, &mut reports)?;
        }
        Ok(reports)
    }
}
