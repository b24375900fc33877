//! One instrument at the venue: what is listed, what works, what is held.

use domain::gateway::{Command, Protection};
use domain::instrument::{Asset, Filters, Instrument};
use domain::money::{Overflow, Price, Quantity};
use domain::order::{ClientOrderId, OrderEvent, OrderKind, OrderReport, Role, Ticket};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

use crate::sim::fills::{Reach, taken};
use crate::sim::holding::Holding;
use crate::sim::quotes::Touch;
use crate::sim::terms::{FillModel, Terms};

/// An order that waits for a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Working {
    pub(crate) ticket: Ticket,
    pub(crate) protection: Option<Protection>,
    /// When it arrived: no price from before can fill it.
    pub(crate) since: UtcMs,
    /// What is still to be filled.
    pub(crate) open: Quantity,
    pub(crate) filled: Quantity,
    /// A stop that began to fill takes whatever price follows.
    pub(crate) triggered: bool,
    /// It has seen a quote that did not fill it: from now on others come to its price.
    pub(crate) rested: bool,
}

impl Working {
    pub(crate) const fn id(&self) -> ClientOrderId {
        self.ticket.client_order_id
    }

    pub(crate) const fn role(&self) -> Role {
        self.ticket.client_order_id.role()
    }
}

/// A command on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flight {
    Submit { ticket: Ticket, protection: Option<Protection> },
    Move { client_order_id: ClientOrderId, trigger: Price },
    Cancel { client_order_id: ClientOrderId },
}

impl From<Command> for Flight {
    fn from(command: Command) -> Self {
        match command {
            Command::Submit { ticket, protection } => Self::Submit { ticket, protection },
            Command::Move { client_order_id, trigger } => Self::Move { client_order_id, trigger },
            Command::Cancel { client_order_id } => Self::Cancel { client_order_id },
        }
    }
}

/// An instrument as long as the venue remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Market {
    pub(crate) instrument: Instrument,
    pub(crate) quote: Asset,
    pub(crate) mark: Option<Price>,
    pub(crate) marked_at: UtcMs,
    /// Volume of the last candle, and what of it has filled here.
    pub(crate) traded_base: f64,
    pub(crate) used: Quantity,
    /// Last price of the session before, and when it was: what that one left open is closed there.
    left_at: Option<(Price, UtcMs)>,
    pub(crate) fills: u64,
    pub(crate) working: Vec<Working>,
    /// Commands under way, by arrival.
    pub(crate) flights: Vec<(UtcMs, Flight)>,
    pub(crate) holding: Holding,
    pub(crate) touch: Option<Touch>,
    /// The last mark price; where none is heard, its own candles stand in for them.
    pub(crate) marked: Option<Price>,
}

pub(crate) type Reports = Vec<OrderReport>;

impl Market {
    pub(crate) fn new(instrument: Instrument) -> Result<Self, Overflow> {
        Ok(Self {
            instrument,
            // Every pair's quote is an asset by construction.
            quote: instrument.id.quote().parse().map_err(|_| Overflow)?,
            mark: None,
            marked_at: UtcMs::default(),
            traded_base: 0.0,
            used: Quantity::ZERO,
            left_at: None,
            fills: 0,
            working: Vec::new(),
            flights: Vec::new(),
            holding: Holding::default(),
            touch: None,
            marked: None,
        })
    }

    pub(crate) const fn filters(&self) -> &Filters {
        &self.instrument.filters
    }

    /// Trading begins, or begins again. What was left open and where is not forgotten.
    pub(crate) fn start(&mut self, instrument: Instrument) {
        self.instrument = instrument;
        (self.mark, self.touch, self.marked) = (None, None, None);
    }

    /// The market is gone: what waited for a price of it expires, what is on its way too.
    pub(crate) fn end(&mut self, last_close: UtcMs, reports: &mut Reports) {
        let last = self.mark.take().map(|price| (price, last_close));
        self.left_at = last.or(self.left_at);
        self.touch = None;
        for order in self.working.drain(..) {
            report(reports, order.id(), last_close, OrderEvent::Expired);
        }
        for (_, flight) in self.flights.drain(..) {
            if let Flight::Submit { ticket, .. } = flight {
                report(reports, ticket.client_order_id, last_close, OrderEvent::Expired);
            }
        }
    }

    /// Whether nothing here can change by a price.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.working.is_empty() && self.flights.is_empty()
    }

    /// Whether it has, or will have, orders of the same decision.
    pub(crate) fn knows(&self, id: ClientOrderId) -> bool {
        let same = |other: ClientOrderId| other.decision_id() == id.decision_id();
        let coming = |(_, flight): &(UtcMs, Flight)| match flight {
            Flight::Submit { ticket, .. } => same(ticket.client_order_id),
            Flight::Move { .. } | Flight::Cancel { .. } => false,
        };
        self.working.iter().any(|order| same(order.id())) || self.flights.iter().any(coming)
    }

    /// Takes a command: at once, or when it arrives.
    pub(crate) fn take(
        &mut self,
        flight: Flight,
        now: UtcMs,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        // What an ended session left is closed by the book, no market has to be reached for it.
        if terms.latency_ms == 0 || (self.left_at.is_some() && self.mark.is_none()) {
            return self.arrive(flight, now, terms, reports);
        }
        self.flights.push((now.plus_ms(i64::from(terms.latency_ms)), flight));
        Ok(())
    }

    /// A command has arrived.
    pub(crate) fn arrive(
        &mut self,
        flight: Flight,
        at: UtcMs,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        match flight {
            Flight::Submit { ticket, protection } => {
                self.submit(ticket, protection, at, terms, reports)
            }
            Flight::Move { client_order_id, trigger: to } => {
                let named =
                    |order: &&mut Working| order.id() == client_order_id && !order.triggered;
                let order = self.working.iter_mut().find(named);
                if let Some(OrderKind::Stop { trigger }) = order.map(|o| &mut o.ticket.kind) {
                    *trigger = to;
                    report(reports, client_order_id, at, OrderEvent::Moved { trigger: to });
                }
                Ok(())
            }
            Flight::Cancel { client_order_id } => {
                self.cancel(client_order_id, at, reports);
                Ok(())
            }
        }
    }

    fn submit(
        &mut self,
        ticket: Ticket,
        protection: Option<Protection>,
        at: UtcMs,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        let id = ticket.client_order_id;
        let closes = id.role() != Role::Entry;
        if let Some(reason) = self.refusal(&ticket, closes)? {
            report(reports, id, at, OrderEvent::Rejected { reason });
            return Ok(());
        }
        report(reports, id, at, OrderEvent::Accepted);
        let (open, filled) = (ticket.quantity, Quantity::ZERO);
        let (triggered, rested) = (false, false);
        let order = Working { ticket, protection, since: at, open, filled, triggered, rested };
        self.working.push(order);
        let index = self.working.len().saturating_sub(1);
        // Before the first entry of a session there is nothing to close but what the one before it
        // left, and no price of that one will come.
        if let Some((price, at)) = self.left_at.take().filter(|_| closes) {
            let bps = terms.slippage.bps(terms.slippage.largest_share())?;
            let price = taken(ticket.side, price, bps, self.filters().tick)?;
            let quantity = self.closable(&order)?;
            return self.fill(
                index,
                Reach { price, rested: false },
                quantity,
                (at, at),
                terms,
                reports,
            );
        }
        match (terms.fill, self.mark) {
            (FillModel::Close, Some(close))
                if ticket.kind == OrderKind::Market && self.marked_at == at =>
            {
                self.try_fill(
                    index,
                    Reach { price: close, rested: false },
                    (at, at),
                    terms,
                    reports,
                )
            }
            (FillModel::BookTicks, _) => self.match_touch(at, terms, reports),
            _ => Ok(()),
        }
    }

    fn refusal(&self, ticket: &Ticket, closes: bool) -> Result<Option<String>, Overflow> {
        if closes {
            // An order that closes what is left may be smaller than the venue's minimum.
            let nothing = self.holding.against(ticket.side)?.is_zero();
            return Ok(nothing.then(|| "nothing is held that it could close".to_owned()));
        }
        let Some(mark) = self.mark else { return Ok(Some("no price is known yet".to_owned())) };
        let violation = self.filters().check(ticket.quantity, mark).err();
        Ok(violation.map(|violation| violation.to_string()))
    }

    /// Ends an order and what goes with it: a stop, its target and what their entry has not filled
    /// yet are one list at the venue, and none stays without the others.
    pub(crate) fn cancel(&mut self, id: ClientOrderId, at: UtcMs, reports: &mut Reports) {
        self.cancel_where(at, reports, |other| other.id() == id || goes_along(other, id));
    }

    pub(crate) fn cancel_where(
        &mut self,
        at: UtcMs,
        reports: &mut Reports,
        is_meant: impl Fn(&Working) -> bool,
    ) {
        self.working.retain(|order| {
            let cancelled = is_meant(order);
            if cancelled {
                report(reports, order.id(), at, OrderEvent::Cancelled);
            }
            !cancelled
        });
    }
}

/// Whether `other` is of the list that the stop or target `id` belongs to.
pub(crate) fn goes_along(other: &Working, id: ClientOrderId) -> bool {
    let protects = |role| matches!(role, Role::Stop | Role::Target);
    protects(id.role())
        && other.id().decision_id() == id.decision_id()
        && (protects(other.role()) || other.protection.is_some())
}

/// Notes down what became of an order.
pub(crate) fn report(
    reports: &mut Reports,
    client_order_id: ClientOrderId,
    time_exchange: UtcMs,
    event: OrderEvent,
) {
    reports.push(OrderReport { client_order_id, time_exchange, event });
}
