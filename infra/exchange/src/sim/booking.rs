//! What a fill brings about: the venue's record of it, the position, and the orders beside it.

use domain::fill::{Fill, Liquidity};
use domain::gateway::Protection;
use domain::money::{Money, Overflow, Price, Quantity};
use domain::order::{ClientOrderId, OrderEvent, OrderKind, Role, Ticket};
use domain::time::UtcMs;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::sim::fills::{Reach, taken};
use crate::sim::market::{Market, Reports, Working, goes_along, report};
use crate::sim::terms::{Slippage, Terms};

impl Market {
    /// What an order may fill at most: orders that close can't open.
    pub(crate) fn closable(&self, order: &Working) -> Result<Quantity, Overflow> {
        if order.role() == Role::Entry {
            return Ok(order.open);
        }
        Ok(order.open.min(self.holding.against(order.ticket.side)?))
    }

    /// Fills as much of an order as the candle's volume allows, at a price that slips by it.
    pub(crate) fn try_fill(
        &mut self,
        index: usize,
        reach: Reach,
        times: (UtcMs, UtcMs),
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        let Some(order) = self.working.get(index).copied() else { return Ok(()) };
        let wanted = self.closable(&order)?;
        let (quantity, share) = self.afforded(terms.slippage, wanted)?;
        if quantity.is_zero() {
            // A stop that was hit stays so, whether or not anyone took what it sells.
            if let Some(stop) = self.working.get_mut(index)
                && matches!(stop.ticket.kind, OrderKind::Stop { .. })
                && !std::mem::replace(&mut stop.triggered, true)
            {
                self.end_list(order.id(), times.0, reports);
            }
            return Ok(());
        }
        let price = if reach.rested {
            reach.price
        } else {
            taken(order.ticket.side, reach.price, terms.slippage.bps(share)?, self.filters().tick)?
        };
        self.used = self.used.plus(quantity)?;
        self.fill(index, Reach { price, ..reach }, quantity, times, terms, reports)
    }

    /// Books a fill at `times.0`; what it brings along works from `times.1` on. Ends what was paired
    /// with it, and what has nothing left to close.
    pub(crate) fn fill(
        &mut self,
        index: usize,
        execution: Reach,
        quantity: Quantity,
        (at, since): (UtcMs, UtcMs),
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        let Some(order) = self.working.get_mut(index) else { return Ok(()) };
        order.open = order.open.minus_or_zero(quantity);
        order.filled = order.filled.plus(quantity)?;
        order.triggered |= matches!(order.ticket.kind, OrderKind::Stop { .. });
        let order = *order;
        let ended = order.open.is_zero();
        if ended {
            self.working.remove(index);
        }
        let (ticket, id) = (order.ticket, order.id());
        let (fee_ratio, liquidity) = if execution.rested {
            (terms.maker_fee_ratio, Liquidity::Maker)
        } else {
            (terms.taker_fee_ratio, Liquidity::Taker)
        };
        let fee = execution.price.times(quantity)?.scaled(fee_ratio)?;
        let fill = self.booked(ticket, execution.price, quantity, fee, liquidity, at);
        let leverage = terms.margin.as_ref().map_or(1, |margin| margin.leverage());
        self.holding.book(&fill, leverage)?;
        report(reports, id, at, OrderEvent::Filled(fill));
        if ended && order.filled < ticket.quantity {
            report(reports, id, at, OrderEvent::Expired);
        }
        match (id.role(), order.protection) {
            (Role::Entry, Some(protection)) => {
                self.protect(&order, protection, quantity, (at, since), reports)?;
            }
            // The rest of its list has no use, once it has closed or begun to at any price.
            (Role::Stop, _) => self.end_list(id, at, reports),
            (Role::Target, _) if ended => self.end_list(id, at, reports),
            (Role::Target, _) => self.shrink(id, quantity, at, reports),
            _ => {}
        }
        if id.role() != Role::Entry && self.holding.is_flat() {
            self.expire_closing(at, reports);
        }
        Ok(())
    }

    /// The venue's record of a fill, with the next number.
    pub(crate) fn booked(
        &mut self,
        ticket: Ticket,
        price: Price,
        quantity: Quantity,
        fee: Money,
        liquidity: Liquidity,
        at: UtcMs,
    ) -> Fill {
        self.fills = self.fills.saturating_add(1);
        Fill {
            venue_fill_id: self.fills,
            client_order_id: ticket.client_order_id,
            instrument: ticket.instrument,
            side: ticket.side,
            price,
            quantity,
            // The venue books fees in eight decimals.
            fee: Money::new(fee.to_decimal().round_dp(8)),
            fee_asset: self.quote,
            liquidity,
            time_exchange: at,
        }
    }

    fn end_list(&mut self, id: ClientOrderId, at: UtcMs, reports: &mut Reports) {
        self.cancel_where(at, reports, |other| other.id() != id && goes_along(other, id));
    }

    /// A target has closed a part: its stop guards the rest, and the entry's chance is over.
    fn shrink(&mut self, id: ClientOrderId, by: Quantity, at: UtcMs, reports: &mut Reports) {
        let decision_id = id.decision_id();
        if let Some(stop) = self.named(ClientOrderId::new(decision_id, Role::Stop)) {
            stop.open = stop.open.minus_or_zero(by);
        }
        self.cancel(ClientOrderId::new(decision_id, Role::Entry), at, reports);
    }

    fn named(&mut self, id: ClientOrderId) -> Option<&mut Working> {
        self.working.iter_mut().find(|order| order.id() == id)
    }

    /// Nothing is held any more: what was to close it has nothing to do.
    fn expire_closing(&mut self, at: UtcMs, reports: &mut Reports) {
        self.working.retain(|order| {
            let stays = order.role() == Role::Entry;
            if !stays {
                report(reports, order.id(), at, OrderEvent::Expired);
            }
            stays
        });
    }

    /// Stop and target for what an entry has filled; each further part makes them larger.
    fn protect(
        &mut self,
        entry: &Working,
        protection: Protection,
        part: Quantity,
        (at, since): (UtcMs, UtcMs),
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: protection.stop }),
            (Role::Target, OrderKind::Target { price: protection.target }),
        ] {
            let client_order_id = ClientOrderId::new(entry.id().decision_id(), role);
            if let Some(leg) = self.named(client_order_id) {
                leg.open = leg.open.plus(part)?;
                leg.ticket.quantity = leg.ticket.quantity.plus(part)?;
                continue;
            }
            let side = entry.ticket.side.opposite();
            let ticket = Ticket { client_order_id, side, kind, quantity: part, ..entry.ticket };
            self.working.push(Working {
                ticket,
                protection: None,
                since,
                open: part,
                filled: Quantity::ZERO,
                triggered: false,
                rested: false,
            });
            report(reports, client_order_id, at, OrderEvent::Accepted);
        }
        Ok(())
    }

    /// How much of `wanted` the last candle's volume still allows, in the venue's steps, and the
    /// share of that volume that is then taken here.
    fn afforded(
        &self,
        slippage: Slippage,
        wanted: Quantity,
    ) -> Result<(Quantity, Decimal), Overflow> {
        let Slippage::VolumeShare { limit_ratio, .. } = slippage else {
            return Ok((wanted, Decimal::ZERO));
        };
        // A volume beyond a decimal's range is as good as any.
        let volume = Decimal::from_f64(self.traded_base).unwrap_or(Decimal::MAX);
        let limit = volume.checked_mul(limit_ratio).ok_or(Overflow)?;
        let limit = Quantity::try_from(limit).map_err(|_| Overflow)?;
        let left = limit.minus_or_zero(self.used);
        let quantity = if left >= wanted { wanted } else { left.floor_to(self.filters().step) };
        let used = self.used.plus(quantity)?.to_decimal();
        Ok((quantity, used.checked_div(volume).unwrap_or_default().min(limit_ratio)))
    }
}
