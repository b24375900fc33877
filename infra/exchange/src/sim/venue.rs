//! Orders at the simulated venue, matched on candles.

use std::collections::BTreeMap;

use domain::candle::Candle;
use domain::event::Event;
use domain::fill::{Fill, Liquidity};
use domain::gateway::{Command, Protection};
use domain::instrument::{Asset, Filters, InstrumentId};
use domain::money::{Money, Overflow, Price};
use domain::order::{ClientOrderId, OrderEvent, OrderKind, OrderReport, Role, Ticket};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sim::fills::{Execution, execution, taken};

/// What the venue takes for its service, and how far a taking order moves the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Fee of resting orders, of notional.
    pub maker_fee_ratio: Decimal,
    /// Fee of taking orders, of notional.
    pub taker_fee_ratio: Decimal,
    /// How much worse than the candle's price a taking order fills.
    pub slippage_bps: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Working {
    ticket: Ticket,
    protection: Option<Protection>,
    /// Only candles that open at or after this moment can fill it.
    since: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listing {
    filters: Filters,
    quote: Asset,
    mark: Option<Price>,
    /// Last price of the session before, and when it was: what that one left open is closed there.
    left_at: Option<(Price, UtcMs)>,
    fills: u64,
}

/// A venue of one account. Market orders fill at the next candle's open; a stop and its target are
/// paired: one's fill cancels the other, and in a candle that holds both the stop comes first.
/// Fees are taken in the quote asset. When a session ends, its orders expire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimVenue {
    terms: Terms,
    /// The finest timeframe that is heard; coarser candles say nothing new.
    base: Timeframe,
    listings: BTreeMap<InstrumentId, Listing>,
    working: BTreeMap<InstrumentId, Vec<Working>>,
}

impl SimVenue {
    /// A venue that lists nothing yet: sessions that start bring their instruments.
    pub const fn new(terms: Terms, base: Timeframe) -> Self {
        Self { terms, base, listings: BTreeMap::new(), working: BTreeMap::new() }
    }

    /// Orders that wait for a price.
    pub fn working_orders(&self) -> usize {
        self.working.values().map(Vec::len).sum()
    }

    /// Hears the market. Gives back what became of the orders.
    pub fn on_event(&mut self, event: &Event) -> Result<Vec<OrderReport>, Overflow> {
        match event {
            Event::SessionStarted { instrument } => {
                let quote = instrument.id.quote().parse().map_err(|_| Overflow)?;
                let before = self.listings.get(&instrument.id);
                let (fills, left_at) = before.map_or((0, None), |l| (l.fills, l.left_at));
                let filters = instrument.filters;
                let listing = Listing { filters, quote, mark: None, left_at, fills };
                self.listings.insert(instrument.id, listing);
            }
            Event::SessionEnded { instrument, last_close } => {
                return Ok(self.end_session(*instrument, *last_close));
            }
            Event::CandleClosed { instrument, candle } if candle.timeframe == self.base => {
                return self.match_candle(*instrument, candle);
            }
            Event::CandleClosed { .. }
            | Event::DeadlineMissed { .. }
            | Event::AccountMarked { .. } => {}
        }
        Ok(Vec::new())
    }

    /// Does what it is asked at `now` and reports what became of it.
    pub fn execute(&mut self, command: &Command, now: UtcMs) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        match command {
            Command::Submit { ticket, protection } => {
                self.submit(*ticket, *protection, now, &mut reports)?
            }
            Command::Move { client_order_id, trigger } => {
                let orders = self.working.values_mut().flatten();
                for order in orders.filter(|order| order.ticket.client_order_id == *client_order_id)
                {
                    if let OrderKind::Stop { trigger: current } = &mut order.ticket.kind {
                        *current = *trigger;
                        report(
                            &mut reports,
                            order.ticket,
                            now,
                            OrderEvent::Moved { trigger: *trigger },
                        );
                    }
                }
            }
            Command::Cancel { client_order_id } => self.cancel(*client_order_id, now, &mut reports),
        }
        Ok(reports)
    }

    fn submit(
        &mut self,
        ticket: Ticket,
        protection: Option<Protection>,
        now: UtcMs,
        reports: &mut Vec<OrderReport>,
    ) -> Result<(), Overflow> {
        report(reports, ticket, now, OrderEvent::Submitted);
        // An order that closes what is left may be smaller than the venue's minimum.
        let closes = ticket.client_order_id.role() == Role::Exit;
        let refused = match self.listings.get(&ticket.instrument).map(|l| (l, l.mark)) {
            None => Some("no such instrument is listed".to_owned()),
            Some((_, None)) => Some("no price is known yet".to_owned()),
            Some((listing, Some(mark))) => listing
                .filters
                .check(ticket.quantity, mark)
                .err()
                .map(|violation| violation.to_string()),
        };
        if let Some(reason) = refused.filter(|_| !closes) {
            report(reports, ticket, now, OrderEvent::Rejected { reason });
            return Ok(());
        }
        report(reports, ticket, now, OrderEvent::Accepted);
        if let Some(listing) = self.listings.get_mut(&ticket.instrument) {
            // Before the first entry of a session there is nothing to close but what the one
            // before it left, and no candle of that one will come.
            if let Some((last, at)) = listing.left_at.take().filter(|_| closes) {
                let (bps, tick) = (self.terms.slippage_bps, listing.filters.tick);
                let price = taken(ticket.side, last, bps, tick)?;
                return self.fill(ticket, Execution { price, rested: false }, at, reports);
            }
        }
        self.working.entry(ticket.instrument).or_default().push(Working {
            ticket,
            protection,
            since: now,
        });
        Ok(())
    }

    /// The market is gone: what waited for a price of it expires.
    fn end_session(&mut self, instrument: InstrumentId, last_close: UtcMs) -> Vec<OrderReport> {
        if let Some(listing) = self.listings.get_mut(&instrument) {
            let last = listing.mark.take().map(|price| (price, last_close));
            listing.left_at = last.or(listing.left_at);
        }
        let mut reports = Vec::new();
        for Working { ticket, .. } in self.working.remove(&instrument).unwrap_or_default() {
            report(&mut reports, ticket, last_close, OrderEvent::Expired);
        }
        reports
    }

    fn cancel(&mut self, id: ClientOrderId, now: UtcMs, reports: &mut Vec<OrderReport>) {
        // A stop and its target are one list at the venue: neither stays without the other.
        let paired = |other: ClientOrderId| {
            other == id
                || (matches!(id.role(), Role::Stop | Role::Target)
                    && other.decision_id() == id.decision_id()
                    && matches!(other.role(), Role::Stop | Role::Target))
        };
        for orders in self.working.values_mut() {
            orders.retain(|order| {
                let cancelled = paired(order.ticket.client_order_id);
                if cancelled {
                    report(reports, order.ticket, now, OrderEvent::Cancelled);
                }
                !cancelled
            });
        }
    }

    fn match_candle(
        &mut self,
        instrument: InstrumentId,
        candle: &Candle,
    ) -> Result<Vec<OrderReport>, Overflow> {
        let mut reports = Vec::new();
        let Some(listing) = self.listings.get_mut(&instrument) else { return Ok(reports) };
        listing.mark = Some(candle.close);
        let tick = listing.filters.tick;
        // Entries first, at the open; what they bring along may fill in the same candle. Then
        // stops before targets: where both are possible, the worse one came first.
        for role in [Role::Exit, Role::Entry, Role::Stop, Role::Target] {
            let due = |order: &&Working| {
                order.ticket.client_order_id.role() == role && order.since <= candle.open_time
            };
            let orders: Vec<_> =
                self.working.get(&instrument).into_iter().flatten().filter(due).copied().collect();
            for Working { ticket, protection, .. } in orders {
                let slippage_bps = self.terms.slippage_bps;
                let found = execution(ticket.side, ticket.kind, candle, slippage_bps, tick)?;
                let still =
                    |order: &Working| order.ticket.client_order_id == ticket.client_order_id;
                let working = self.working.entry(instrument).or_default();
                let Some((found, index)) = found.zip(working.iter().position(still)) else {
                    continue;
                };
                working.remove(index);
                let at = if ticket.kind == OrderKind::Market {
                    candle.open_time
                } else {
                    candle.close_time()
                };
                self.fill(ticket, found, at, &mut reports)?;
                if let Some(protection) = protection {
                    self.protect(ticket, protection, candle.open_time, &mut reports);
                }
            }
        }
        Ok(reports)
    }

    /// Books a fill and cancels what was paired with it.
    fn fill(
        &mut self,
        ticket: Ticket,
        execution: Execution,
        at: UtcMs,
        reports: &mut Vec<OrderReport>,
    ) -> Result<(), Overflow> {
        let Some(listing) = self.listings.get_mut(&ticket.instrument) else { return Ok(()) };
        listing.fills += 1;
        let (fee_ratio, liquidity) = if execution.rested {
            (self.terms.maker_fee_ratio, Liquidity::Maker)
        } else {
            (self.terms.taker_fee_ratio, Liquidity::Taker)
        };
        let fee = execution.price.times(ticket.quantity)?.scaled(fee_ratio)?;
        let fill = Fill {
            venue_fill_id: listing.fills,
            client_order_id: ticket.client_order_id,
            instrument: ticket.instrument,
            side: ticket.side,
            price: execution.price,
            quantity: ticket.quantity,
            // The venue books fees in eight decimals.
            fee: Money::new(fee.to_decimal().round_dp(8)),
            fee_asset: listing.quote,
            liquidity,
            time_exchange: at,
        };
        report(reports, ticket, at, OrderEvent::Filled(fill));
        if matches!(ticket.client_order_id.role(), Role::Stop | Role::Target) {
            self.cancel(ticket.client_order_id, at, reports);
        }
        Ok(())
    }

    fn protect(
        &mut self,
        entry: Ticket,
        protection: Protection,
        at: UtcMs,
        reports: &mut Vec<OrderReport>,
    ) {
        let decision_id = entry.client_order_id.decision_id();
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: protection.stop }),
            (Role::Target, OrderKind::Target { price: protection.target }),
        ] {
            let client_order_id = ClientOrderId::new(decision_id, role);
            let ticket = Ticket { client_order_id, side: entry.side.opposite(), kind, ..entry };
            let working = self.working.entry(entry.instrument).or_default();
            working.push(Working { ticket, protection: None, since: at });
            report(reports, ticket, at, OrderEvent::Accepted);
        }
    }
}

fn report(reports: &mut Vec<OrderReport>, ticket: Ticket, at: UtcMs, event: OrderEvent) {
    reports.push(OrderReport { client_order_id: ticket.client_order_id, time_exchange: at, event });
}
