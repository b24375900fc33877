//! Which instruments the venue lists, with its rules for their orders.

use std::str::FromStr;

use domain::instrument::{Filters, Instrument, InstrumentId};

use super::error::{VenueError, excerpt};
use super::rules::OrderRules;
use super::weight::{OrderLimit, WeightLimit};
use super::wire::{ExchangeInfo, Filter, Symbol};

const WHAT: &str = "exchangeInfo";

/// What the venue says of the instruments that it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those that trade, in the order asked.
    pub instruments: Vec<Instrument>,
    /// Those that are listed but don't trade, with the venue's word for their state (`BREAK` for a
    /// delisted one).
    pub not_trading: Vec<(InstrumentId, String)>,
    /// Those that the venue does not know.
    pub unknown: Vec<InstrumentId>,
    /// What else the venue asks of orders, for each of `instruments`, in the same order.
    pub rules: Vec<OrderRules>,
    /// The venue's limits on the weight of requests.
    pub limits: Vec<WeightLimit>,
    /// The venue's limits on the number of orders.
    pub order_limits: Vec<OrderLimit>,
}

impl Listing {
    /// Reads the venue's answer for `asked`.
    pub(crate) fn read(body: &[u8], asked: &[InstrumentId]) -> Result<Self, VenueError> {
        let info: ExchangeInfo<'_> =
            serde_json::from_slice(body).map_err(|e| VenueError::of_json(WHAT, &e, body))?;
        let limits = info.rate_limits.iter().filter_map(WeightLimit::read).collect();
        let order_limits = info.rate_limits.iter().filter_map(OrderLimit::read).collect();
        let mut listing = Self { limits, order_limits, ..Self::default() };
        for id in asked {
            let name = id.symbol();
            // Delivery contracts and what else shares a perpetual's market have other names.
            let fits = |s: &&Symbol<'_>| {
                s.symbol == name && (!id.is_perpetual() || s.contract_type == "PERPETUAL")
            };
            match info.symbols.iter().find(fits) {
                None => listing.unknown.push(*id),
                Some(symbol) if symbol.status != "TRADING" => {
                    listing.not_trading.push((*id, excerpt(symbol.status.as_bytes())));
                }
                Some(symbol) => {
                    let filters = filters(*id, symbol)?;
                    listing.instruments.push(Instrument { id: *id, filters });
                    listing.rules.push(OrderRules::read(&symbol.filters)?);
                }
            }
        }
        Ok(listing)
    }

    /// Joins the answer to another question.
    pub(crate) fn join(&mut self, other: Self) {
        self.instruments.extend(other.instruments);
        self.rules.extend(other.rules);
        self.not_trading.extend(other.not_trading);
        self.unknown.extend(other.unknown);
        self.limits = other.limits;
        self.order_limits = other.order_limits;
    }
}

fn filters(id: InstrumentId, symbol: &Symbol<'_>) -> Result<Filters, VenueError> {
    type Pick = fn(&Filter) -> Option<&String>;
    let text = |filter, pick: Pick| {
        let found = symbol.filters.iter().find_map(pick);
        found.ok_or(VenueError::MissingFilter { instrument: id, filter })
    };
    let min_notional = if id.is_perpetual() {
        text("MIN_NOTIONAL", |f| match f {
            Filter::MinNotional { notional, .. } => notional.as_ref(),
            _ => None,
        })
    } else {
        let newer = text("NOTIONAL", |f| match f {
            Filter::Notional { min_notional } => min_notional.as_ref(),
            _ => None,
        });
        newer.or_else(|missing| {
            let older: Pick = |f| match f {
                Filter::MinNotional { min_notional, .. } => min_notional.as_ref(),
                _ => None,
            };
            text("MIN_NOTIONAL", older).or(Err(missing))
        })
    };
    Ok(Filters {
        tick: number(text("PRICE_FILTER", |f| match f {
            Filter::Price { tick_size } => tick_size.as_ref(),
            _ => None,
        })?)?,
        step: number(text("LOT_SIZE", |f| match f {
            Filter::LotSize { step_size, .. } => step_size.as_ref(),
            _ => None,
        })?)?,
        min_quantity: number(text("LOT_SIZE", |f| match f {
            Filter::LotSize { min_qty, .. } => min_qty.as_ref(),
            _ => None,
        })?)?,
        max_quantity: number(text("LOT_SIZE", |f| match f {
            Filter::LotSize { max_qty, .. } => max_qty.as_ref(),
            _ => None,
        })?)?,
        min_notional_quote: number(min_notional?)?,
    })
}

pub(crate) fn number<T: FromStr>(text: &String) -> Result<T, VenueError> {
    let malformed = |_| VenueError::Malformed { what: WHAT, excerpt: excerpt(text.as_bytes()) };
    text.parse().map_err(malformed)
}
