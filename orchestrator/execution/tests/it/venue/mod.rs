//! A small venue with one instrument: it books what reaches it, and what it shows may lag.

mod asks;
mod market;
mod taking;

use std::collections::BTreeMap;

use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use execution::answer::{AccountEvent, Answer, Failure, FillSeen, IncomeSeen, OrderSeen};
use execution::ask::{Ask, Sizing};
use execution::terms::Market;
use rust_decimal::Decimal;

pub(crate) fn p(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn instrument(market: Market) -> Instrument {
    let id: InstrumentId = match market {
        Market::Spot => "BTC/USDT",
        Market::Usdm { .. } => "BTC/USDT:USDT",
    }
    .parse()
    .unwrap();
    let filters = Filters {
        tick: p("0.01"),
        step: q("0.001"),
        min_quantity: q("0.001"),
        max_quantity: q("1000"),
        min_notional_quote: "5".parse().unwrap(),
    };
    Instrument { id, filters }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    /// A stop, or the target of futures: starts at the trigger.
    Waits,
    Limit,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) seen: OrderSeen,
    pub(crate) kind: Kind,
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
    pub(crate) price: Price,
    /// Whether it sits below the market (a stop of a long position, a target of a short one).
    pub(crate) below: bool,
    pub(crate) reduce_only: bool,
    pub(crate) partner: Option<u64>,
    born: UtcMs,
    /// Not shown by its name or in lists until then.
    shown_from: UtcMs,
}

impl Order {
    pub(crate) fn is_open(&self) -> bool {
        !self.seen.state.is_final() && self.seen.triggered_order_id.is_none()
    }

    pub(crate) fn rest(&self) -> Quantity {
        self.quantity.minus_or_zero(self.seen.filled)
    }
}

/// The venue.
#[derive(Debug)]
pub(crate) struct Venue {
    pub(crate) market: Market,
    pub(crate) instrument: Instrument,
    pub(crate) now: UtcMs,
    pub(crate) price: Price,
    next: u64,
    pub(crate) plain: BTreeMap<u64, Order>,
    pub(crate) algos: BTreeMap<u64, Order>,
    pub(crate) fills: Vec<FillSeen>,
    pub(crate) incomes: Vec<IncomeSeen>,
    pub(crate) base: Decimal,
    pub(crate) quote: Decimal,
    /// Said on the account's stream and not taken yet.
    pub(crate) events: Vec<AccountEvent>,
    /// How long an order is not found after it was taken.
    pub(crate) hides_for_ms: i64,
    /// How long a fill is missing from the account's list.
    pub(crate) fills_lag_ms: i64,
    /// Into how many pieces a market order breaks.
    pub(crate) pieces: u32,
    /// Fee in base units on spot, per mille.
    pub(crate) fee_permille: i64,
    /// Names of triggered orders are the venue's own.
    pub(crate) renames: bool,
    /// The next protective order is refused like this.
    pub(crate) refuses: Vec<Failure>,
    /// On spot, sales below this worth are refused.
    pub(crate) least_quote: Decimal,
    /// The next conditional order is taken and rejected afterwards.
    pub(crate) rejects: u32,
    /// It says of so many cancels that it knows no such order, and does nothing.
    pub(crate) disowns: u32,
    /// Every order that was ever taken, by its name.
    pub(crate) taken: Vec<String>,
    /// What may be open with the protective kind at once, at most.
    pub(crate) most_stops: usize,
    /// Pages of the list of fills.
    pub(crate) page: usize,
}

impl Venue {
    pub(crate) fn new(market: Market) -> Self {
        Self {
            market,
            instrument: instrument(market),
            now: UtcMs::new(0),
            price: p("100"),
            next: 0,
            plain: BTreeMap::new(),
            algos: BTreeMap::new(),
            fills: Vec::new(),
            incomes: Vec::new(),
            base: Decimal::ZERO,
            quote: Decimal::from(1_000_000),
            events: Vec::new(),
            hides_for_ms: 0,
            fills_lag_ms: 0,
            pieces: 1,
            fee_permille: 0,
            renames: false,
            refuses: Vec::new(),
            least_quote: Decimal::ZERO,
            rejects: 0,
            disowns: 0,
            taken: Vec::new(),
            most_stops: 0,
            page: 3,
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn spot(&self) -> bool {
        self.market == Market::Spot
    }

    fn is_small(&self, sizing: &Sizing) -> bool {
        let worth = sizing.quantity.to_decimal() * self.price.to_decimal();
        self.spot() && sizing.side == Side::Sell && worth < self.least_quote
    }

    /// Base units that no order locks.
    fn free(&self) -> Decimal {
        let mut locked = Decimal::ZERO;
        for order in self.plain.values().filter(|order| order.is_open()) {
            // A pair locks once.
            let second = order.kind == Kind::Limit
                && order.partner.is_some_and(|other| self.plain[&other].is_open());
            if order.side == Side::Sell && order.kind != Kind::Market && !second {
                locked += order.rest().to_decimal();
            }
        }
        self.base - locked
    }

    pub(crate) fn perform(&mut self, ask: &Ask) -> Answer {
        let answer = self.act(ask);
        let stops = self.open_stops().len();
        self.most_stops = self.most_stops.max(stops);
        answer
    }

    pub(crate) fn open_stops(&self) -> Vec<&Order> {
        let all = self.plain.values().chain(self.algos.values());
        all.filter(|o| o.is_open() && o.kind == Kind::Waits && o.seen.name.contains('s'))
            .filter(|o| {
                o.seen
                    .name
                    .parse::<VenueName>()
                    .is_ok_and(|name| name.id.role() == domain::order::Role::Stop)
            })
            .collect()
    }

    pub(crate) fn open_orders(&self) -> Vec<&Order> {
        self.plain.values().chain(self.algos.values()).filter(|order| order.is_open()).collect()
    }

    fn name_is_open(&self, name: &str) -> bool {
        self.open_orders().iter().any(|order| order.seen.name == name)
    }

    /// Base units that an order on `side` would close.
    fn against(&self, side: Side) -> Quantity {
        let closes = match side {
            Side::Sell => self.base > Decimal::ZERO,
            Side::Buy => self.base < Decimal::ZERO,
        };
        if closes { Quantity::try_from(self.base.abs()).unwrap() } else { Quantity::ZERO }
    }

    fn tell(&mut self, id: u64, algo: bool) {
        let orders = if algo { &self.algos } else { &self.plain };
        self.events.push(AccountEvent::Order(orders[&id].seen.clone()));
    }

    fn refused(code: i64, reason: &str) -> Answer {
        Answer::Failed(Failure::Refused { code, reason: reason.to_owned() })
    }
}
