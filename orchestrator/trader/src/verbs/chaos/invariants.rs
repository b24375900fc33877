//! The five invariants, held against the venue's own books.

use std::collections::BTreeMap;

use decision::core::Core;
use decision::snapshot::TradingState;
use domain::fill::Fill;
use domain::instrument::InstrumentId;
use domain::order::{ClientOrderId, OrderState, Role};
use domain::portfolio::Portfolio;
use domain::venue_name::VenueName;
use exchange::binance::signed::verdict::Market;
use rust_decimal::Decimal;
use simulator::snapshot::{BookedOrder, MarketBooks};

use crate::ending::Outcome;
use crate::verbs::chaos::exposure::{Exposure, Span, length_ms};
use crate::verbs::chaos::script::Script;
use crate::verbs::chaos::verdict::Ledger;
use crate::verbs::chaos::world::PROTECT_WITHIN_MS;

/// Every fill that the venue booked is in the ledger, with the same numbers.
pub(super) fn lost(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut lost = Vec::new();
    for trade in &venue.trades {
        let booked = ledger.fills.iter().find(|fill| {
            fill.venue_fill_id == trade.id && fill.instrument.symbol() == trade.symbol
        });
        let same = booked.is_some_and(|fill| {
            fill.price.to_decimal() == trade.price
                && fill.quantity.to_decimal() == trade.quantity
                && fill.fee.to_decimal() == trade.fee
                && fill.fee_asset.as_str() == trade.fee_asset
                && fill.side.to_string().eq_ignore_ascii_case(&trade.side)
        });
        if !same {
            let what =
                if booked.is_some() { "is booked otherwise" } else { "is not in the ledger" };
            let name = &trade.client_order_id;
            lost.push(format!("fill {} of {name} ({}) {what}", trade.id, trade.symbol));
        }
    }
    lost
}

/// No intent leads to two orders; no fill is booked twice.
pub(super) fn doubled(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut doubled = Vec::new();
    let mut fills: BTreeMap<(String, u64), u32> = BTreeMap::new();
    for fill in &ledger.fills {
        *fills.entry((fill.instrument.symbol(), fill.venue_fill_id)).or_default() += 1;
    }
    for ((symbol, id), times) in fills.into_iter().filter(|(_, times)| *times > 1) {
        doubled.push(format!("fill {id} of {symbol} is booked {times} times"));
    }
    for fill in &ledger.fills {
        let (symbol, id) = (fill.instrument.symbol(), fill.venue_fill_id);
        if !venue.trades.iter().any(|trade| trade.id == id && trade.symbol == symbol) {
            doubled.push(format!("fill {id} of {symbol} is in the ledger alone"));
        }
    }
    // What a conditional order becomes bears its name too.
    for placed in [&venue.orders, &venue.conditional] {
        let mut names: BTreeMap<&str, u32> = BTreeMap::new();
        for order in placed {
            if order.client_order_id.parse::<VenueName>().is_ok() {
                *names.entry(order.client_order_id.as_str()).or_default() += 1;
            }
        }
        for (name, times) in names.into_iter().filter(|(_, times)| *times > 1) {
            doubled.push(format!("{name} was placed {times} times"));
        }
    }
    // An entry or an exit that is replaced at the venue could have been filled twice.
    let filled = |order: &&BookedOrder| order.filled > Decimal::ZERO;
    let mut opened: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for order in venue.orders.iter().filter(filled) {
        if let Ok(name) = order.client_order_id.parse::<VenueName>()
            && matches!(name.id.role(), Role::Entry | Role::Exit)
        {
            opened.entry(name.id.to_string()).or_default().push(&order.client_order_id);
        }
    }
    for (name, orders) in opened.into_iter().filter(|(_, orders)| orders.len() > 1) {
        doubled.push(format!("{name} was filled by several orders: {}", orders.join(", ")));
    }
    doubled
}

/// What the ledger calls refused or ended, the venue does too; nothing of ours is in question.
pub(super) fn denied(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut denied = Vec::new();
    for order in ledger.orders.values() {
        let id = order.ticket.client_order_id;
        if id.role() == Role::Liquidation {
            // The venue's own, under a name of its own.
            continue;
        }
        let is_it = |booked: &&BookedOrder| {
            booked.client_order_id.parse::<VenueName>().is_ok_and(|name| name.id == id)
        };
        let at_venue = venue.orders.iter().filter(is_it);
        let waiting = venue.conditional.iter().filter(is_it);
        let filled: Decimal = at_venue.clone().map(|booked| booked.filled).sum();
        let filled = filled - booked_otherwise(venue, ledger, id);
        let open = at_venue.chain(waiting).any(|booked| {
            matches!(booked.status.as_str(), "NEW" | "PARTIALLY_FILLED" | "PENDING_NEW")
        });
        if filled != order.filled.to_decimal() {
            let ours = order.filled;
            denied.push(format!("{id}: {ours} filled in the ledger, {filled} at the venue"));
        }
        if order.state.is_final() && open {
            denied.push(format!(
                "{id} is {} in the ledger and open at the venue",
                order.state.name()
            ));
        }
        if matches!(order.state, OrderState::Unknown | OrderState::Intended | OrderState::Submitted)
            && id.role() == Role::Entry
        {
            denied.push(format!("{id} is still {}", order.state.name()));
        }
    }
    denied
}

/// What an order that had been disowned took from another's position: it is booked there.
fn booked_otherwise(venue: &MarketBooks, ledger: &Ledger, id: ClientOrderId) -> Decimal {
    let of_it = venue
        .trades
        .iter()
        .filter(|trade| trade.client_order_id.parse::<VenueName>().is_ok_and(|name| name.id == id));
    let elsewhere = of_it.filter(|trade| {
        let same = |fill: &&Fill| {
            fill.venue_fill_id == trade.id && fill.instrument.symbol() == trade.symbol
        };
        ledger.fills.iter().find(same).is_some_and(|fill| fill.client_order_id != id)
    });
    elsewhere.map(|trade| trade.quantity).sum()
}

/// Nothing was held without a working stop for longer than is allowed, unless it was being closed, or
/// trading is halted and a person was told.
pub(super) fn unprotected(
    left_alone: &BTreeMap<InstrumentId, Span>,
    state: TradingState,
) -> Vec<String> {
    if state == TradingState::Halted {
        return Vec::new();
    }
    let late = left_alone.iter().filter(|(_, span)| length_ms(**span) > PROTECT_WITHIN_MS);
    late.map(|(id, (since, until))| format!("{id} was bare from {since} to {until}")).collect()
}

/// When each was held without a working stop and without being closed for longest.
pub(super) fn left_alone(
    exposures: &BTreeMap<InstrumentId, Exposure>,
    portfolio: &Portfolio,
) -> BTreeMap<InstrumentId, Span> {
    let longest = |(instrument, exposure): (&InstrumentId, &Exposure)| {
        Some((*instrument, exposure.longest(beside(portfolio, *instrument))?))
    };
    exposures.iter().filter_map(longest).collect()
}

/// What is owned of an instrument's base beside its position: less than could be sold remains of
/// each.
fn beside(portfolio: &Portfolio, instrument: InstrumentId) -> Decimal {
    let asset = instrument.base().parse().ok();
    let rest =
        asset.filter(|_| !instrument.is_perpetual()).and_then(|a| portfolio.others().get(&a));
    rest.map_or(Decimal::ZERO, |money| money.to_decimal())
}

/// Balances, positions and average prices equal the venue's, to the last digit.
pub(super) fn unequal(venue: &MarketBooks, core: &Core, script: &Script) -> Outcome<Vec<String>> {
    let mut unequal = Vec::new();
    let portfolio = &core.account().portfolio;
    let total = |asset: &str| {
        venue.balances.get(asset).map_or(Decimal::ZERO, |balance| balance.free + balance.locked)
    };
    let mut compare = |what: String, ours: Decimal, theirs: Decimal| {
        if ours != theirs {
            let (ours, theirs) = (ours.normalize(), theirs.normalize());
            unequal.push(format!("{what}: {ours} in the ledger, {theirs} at the venue"));
        }
    };
    match script.market {
        Market::Spot => {
            compare("cash".to_owned(), portfolio.cash().to_decimal(), total("USDT"));
            for instrument in &script.pairs {
                let position = portfolio.positions().get(instrument);
                let held = position.map_or(Ok(Decimal::ZERO), |position| position.net_base())?;
                let (asset, ours) = (instrument.base(), held + beside(portfolio, *instrument));
                compare(format!("{asset} held"), ours, total(asset));
            }
        }
        Market::Usdm => {
            // The wallet changes with what is realised; the ledger's cash with every fill.
            let cost: Decimal = venue.positions.iter().map(|position| position.cost).sum();
            let wallet = portfolio.cash().to_decimal() + cost;
            compare("the wallet".to_owned(), wallet, total("USDT"));
            for instrument in &script.pairs {
                let symbol = instrument.symbol();
                let theirs = venue.positions.iter().find(|position| position.symbol == symbol);
                let ours = portfolio.positions().get(instrument);
                let held = ours.map_or(Ok(Decimal::ZERO), |position| position.net_base())?;
                let quantity = theirs.map_or(Decimal::ZERO, |position| position.quantity);
                compare(format!("{symbol} held"), held, quantity);
                let average = ours.and_then(|position| position.entry_price());
                let price = theirs.map_or(Decimal::ZERO, |position| position.entry_price);
                let average = average.unwrap_or_default().round_dp(8);
                compare(format!("{symbol}'s average price"), average, price);
            }
        }
    }
    Ok(unequal)
}
