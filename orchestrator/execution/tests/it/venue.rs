//! A small venue with one instrument: it books what reaches it, and what it shows may lag.

use std::collections::BTreeMap;

use domain::fill::Liquidity;
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::money::{Money, Price, Quantity};
use domain::order::{OrderState, Side};
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use execution::answer::{AccountEvent, Answer, Balance, Failure, FillSeen, IncomeSeen, OrderSeen};
use execution::ask::{Ask, Cursor, Sizing};
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

    fn refused(code: i64, reason: &str) -> Answer {
        Answer::Failed(Failure::Refused { code, reason: reason.to_owned() })
    }

    fn act(&mut self, ask: &Ask) -> Answer {
        match *ask {
            Ask::PlaceMarket { name, sizing, reduce_only } => {
                self.place_market(&name.to_string(), &sizing, reduce_only)
            }
            Ask::PlaceOco { stop, target, sizing, trigger, price } => {
                if let Some(failure) = self.refuses.pop() {
                    return Answer::Failed(failure);
                }
                if self.name_is_open(&stop.to_string()) {
                    return Answer::Failed(Failure::Duplicate);
                }
                if trigger >= self.price || price <= self.price {
                    return Self::refused(-2010, "Stop price would trigger immediately.");
                }
                if self.is_small(&sizing) {
                    return Self::refused(-1013, "Filter failure: NOTIONAL");
                }
                if self.free() < sizing.quantity.to_decimal() {
                    return Self::refused(-2010, "Account has insufficient balance.");
                }
                let (a, b) = (self.id(), self.id());
                let stop = self.order(a, &stop.to_string(), Kind::Waits, &sizing, trigger, true);
                let target = self.order(b, &target.to_string(), Kind::Limit, &sizing, price, false);
                self.plain.insert(a, Order { partner: Some(b), ..stop });
                self.plain.insert(b, Order { partner: Some(a), ..target });
                self.tell(a, false);
                self.tell(b, false);
                Answer::Orders(vec![self.plain[&a].seen.clone(), self.plain[&b].seen.clone()])
            }
            Ask::PlaceStop { name, sizing, trigger } => {
                self.place_algo(&name.to_string(), &sizing, trigger, true)
            }
            Ask::PlaceTarget { name, sizing, trigger } => {
                self.place_algo(&name.to_string(), &sizing, trigger, false)
            }
            Ask::Cancel { .. } | Ask::CancelConditional { .. } if self.disowns > 0 => {
                self.disowns -= 1;
                Answer::Failed(Failure::NoSuchOrder)
            }
            Ask::Cancel { name, .. } => {
                let found = self
                    .plain
                    .values()
                    .find(|order| order.is_open() && order.seen.name == name.to_string());
                let Some(order) = found else { return Answer::Failed(Failure::NoSuchOrder) };
                let pair = [Some(order.seen.order_id), order.partner];
                let mut legs = Vec::new();
                for id in pair.into_iter().flatten() {
                    if self.plain[&id].is_open() {
                        self.finish(id, false, OrderState::Cancelled);
                    }
                    legs.push(self.plain[&id].seen.clone());
                }
                Answer::Orders(legs)
            }
            Ask::CancelConditional { name, .. } => {
                let found = self
                    .algos
                    .values()
                    .find(|order| order.is_open() && order.seen.name == name.to_string());
                let Some(id) = found.map(|order| order.seen.order_id) else {
                    return Answer::Failed(Failure::NoSuchOrder);
                };
                self.finish(id, true, OrderState::Cancelled);
                Answer::Done
            }
            Ask::Order { name, .. } => self.find(&self.plain, &name.to_string()),
            Ask::Conditional { name, .. } => self.find(&self.algos, &name.to_string()),
            Ask::OrderById { order_id, .. } => match self.plain.get(&order_id) {
                Some(order) => Answer::Order(order.seen.clone()),
                None => Answer::NotFound,
            },
            Ask::OpenOrders { .. } => {
                let shown = |order: &&Order| order.is_open() && order.shown_from <= self.now;
                let all = self.plain.values().chain(self.algos.values()).filter(shown);
                Answer::Orders(all.map(|order| order.seen.clone()).collect())
            }
            Ask::OrdersFrom { order_id, .. } => {
                let from = self.plain.range(order_id..).take(self.page);
                Answer::Orders(from.map(|(_, order)| order.seen.clone()).collect())
            }
            Ask::Conditionals { .. } => {
                Answer::Orders(self.algos.values().map(|order| order.seen.clone()).collect())
            }
            Ask::Fills { from, .. } => {
                let shown: Vec<_> = self
                    .fills
                    .iter()
                    .filter(|fill| fill.time_exchange.plus_ms(self.fills_lag_ms) <= self.now)
                    .filter(|fill| match from {
                        Cursor::After(id) => fill.venue_fill_id > id,
                        Cursor::Since(time) => fill.time_exchange >= time,
                    })
                    .map(|fill| FillSeen { name: None, ..fill.clone() })
                    .collect();
                let complete = shown.len() <= self.page;
                Answer::Fills { fills: shown.into_iter().take(self.page).collect(), complete }
            }
            Ask::Incomes { since } => self.incomes_since(since),
            Ask::Position { .. } => Answer::Position { net_base: self.base },
            Ask::Balances => {
                let of = |asset: &str, total| Balance { asset: asset.parse().unwrap(), total };
                match self.market {
                    Market::Spot => {
                        Answer::Balances(vec![of("BTC", self.base), of("USDT", self.quote)])
                    }
                    // What is held is not realised.
                    Market::Usdm { .. } => Answer::Balances(vec![of("USDT", self.quote)]),
                }
            }
        }
    }

    fn find(&self, orders: &BTreeMap<u64, Order>, name: &str) -> Answer {
        let found = orders.values().rev().find(|order| order.seen.name == name);
        match found.filter(|order| order.shown_from <= self.now) {
            Some(order) => Answer::Order(order.seen.clone()),
            None => Answer::NotFound,
        }
    }

    fn name_is_open(&self, name: &str) -> bool {
        self.open_orders().iter().any(|order| order.seen.name == name)
    }

    fn order(
        &mut self,
        order_id: u64,
        name: &str,
        kind: Kind,
        sizing: &Sizing,
        price: Price,
        below: bool,
    ) -> Order {
        self.taken.push(name.to_owned());
        let waits = kind == Kind::Waits;
        Order {
            seen: OrderSeen {
                name: name.to_owned(),
                symbol: self.instrument.id.symbol(),
                conditional: waits && !self.spot(),
                order_id,
                triggered_order_id: None,
                state: OrderState::Accepted,
                filled: Quantity::ZERO,
                side: Some(sizing.side),
                quantity: Some(sizing.quantity),
                price: (kind == Kind::Limit).then_some(price),
                trigger: waits.then_some(price),
                reason: None,
                time_exchange: self.now,
            },
            kind,
            side: sizing.side,
            quantity: sizing.quantity,
            price,
            below,
            reduce_only: false,
            partner: None,
            born: self.now,
            shown_from: self.now.plus_ms(self.hides_for_ms),
        }
    }

    pub(crate) fn place_market(
        &mut self,
        name: &str,
        sizing: &Sizing,
        reduce_only: bool,
    ) -> Answer {
        if self.name_is_open(name) {
            return Answer::Failed(Failure::Duplicate);
        }
        if self.is_small(sizing) {
            return Self::refused(-1013, "Filter failure: NOTIONAL");
        }
        let wanted = sizing.quantity.to_decimal();
        if self.spot() && sizing.side == Side::Sell && self.free() < wanted {
            return Self::refused(-2010, "Account has insufficient balance.");
        }
        let mut sizing = *sizing;
        let closes = sizing
            .position_side
            .is_some_and(|position| (position == Direction::Long) == (sizing.side == Side::Sell));
        let reduce_only = reduce_only || closes;
        if reduce_only {
            let against = self.against(sizing.side);
            if against.is_zero() {
                return Self::refused(-2022, "ReduceOnly Order is rejected.");
            }
            sizing.quantity = sizing.quantity.min(against);
        }
        let id = self.id();
        let order = self.order(id, name, Kind::Market, &sizing, Price::ZERO, true);
        self.plain.insert(id, Order { reduce_only, ..order });
        self.tell(id, false);
        self.work(id);
        Answer::Order(self.plain[&id].seen.clone())
    }

    /// Base units that an order on `side` would close.
    fn against(&self, side: Side) -> Quantity {
        let closes = match side {
            Side::Sell => self.base > Decimal::ZERO,
            Side::Buy => self.base < Decimal::ZERO,
        };
        if closes { Quantity::try_from(self.base.abs()).unwrap() } else { Quantity::ZERO }
    }

    /// Executes a piece of a market order; the rest follows with [`step`](Self::step).
    fn work(&mut self, id: u64) {
        let order = &self.plain[&id];
        let mut rest = order.rest();
        if order.reduce_only {
            rest = rest.min(self.against(order.side));
            if rest.is_zero() {
                return self.finish(id, false, OrderState::Expired);
            }
        }
        let piece = match self.pieces {
            0 => return,
            1 => rest,
            pieces => {
                let part = rest.to_decimal() / Decimal::from(pieces);
                let part = Quantity::try_from(part).unwrap().floor_to(q("0.001"));
                if part.is_zero() { rest } else { part }
            }
        };
        self.execute(id, piece, self.price);
    }

    fn place_algo(&mut self, name: &str, sizing: &Sizing, trigger: Price, stop: bool) -> Answer {
        if let Some(failure) = self.refuses.pop() {
            return Answer::Failed(failure);
        }
        if self.name_is_open(name) {
            return Answer::Failed(Failure::Duplicate);
        }
        let below = stop == (sizing.side == Side::Sell);
        if (below && trigger >= self.price) || (!below && trigger <= self.price) {
            return Self::refused(-2021, "Order would immediately trigger.");
        }
        let id = self.id();
        let order = self.order(id, name, Kind::Waits, sizing, trigger, below);
        self.algos.insert(id, order);
        let answer = Answer::Order(self.algos[&id].seen.clone());
        self.tell(id, true);
        if self.rejects > 0 {
            self.rejects -= 1;
            self.finish(id, true, OrderState::Rejected);
        }
        answer
    }

    fn tell(&mut self, id: u64, algo: bool) {
        let orders = if algo { &self.algos } else { &self.plain };
        self.events.push(AccountEvent::Order(orders[&id].seen.clone()));
    }

    fn finish(&mut self, id: u64, algo: bool, state: OrderState) {
        let now = self.now;
        let orders = if algo { &mut self.algos } else { &mut self.plain };
        let order = orders.get_mut(&id).unwrap();
        order.seen.state = state;
        order.seen.time_exchange = now;
        if state == OrderState::Rejected {
            order.seen.reason = Some("margin is insufficient".to_owned());
        }
        self.tell(id, algo);
    }

    /// Executes a part of a plain order.
    fn execute(&mut self, id: u64, quantity: Quantity, price: Price) {
        let fill_id = self.id();
        let (now, spot) = (self.now, self.spot());
        let order = self.plain.get_mut(&id).unwrap();
        let side = order.side;
        order.seen.filled = order.seen.filled.plus(quantity).unwrap();
        let whole = order.seen.filled == order.quantity;
        order.seen.state = if whole { OrderState::Filled } else { OrderState::PartiallyFilled };
        order.seen.time_exchange = now;
        let name = order.seen.name.clone();
        let units = quantity.to_decimal();
        let worth = units * price.to_decimal();
        let rate = Decimal::new(self.fee_permille, 3);
        let in_base = spot && side == Side::Buy;
        let fee = if in_base { units * rate } else { worth * rate };
        match side {
            Side::Buy => (self.base += units, self.quote -= worth),
            Side::Sell => (self.base -= units, self.quote += worth),
        };
        if in_base {
            self.base -= fee;
        } else {
            self.quote -= fee;
        }
        let fill = FillSeen {
            symbol: self.instrument.id.symbol(),
            venue_fill_id: fill_id,
            order_id: id,
            name: Some(name),
            side,
            price,
            quantity,
            fee: Money::new(fee),
            fee_asset: Some(if in_base { "BTC" } else { "USDT" }.parse().unwrap()),
            liquidity: Liquidity::Taker,
            time_exchange: now,
        };
        self.fills.push(fill.clone());
        self.events.push(AccountEvent::Fill(fill));
        self.tell(id, false);
        // The first unit of one leg ends the other.
        if let Some(partner) = self.plain[&id].partner.filter(|other| self.plain[other].is_open()) {
            self.finish(partner, false, OrderState::Expired);
        }
    }

    /// The venue itself closes (a part of) what is held.
    pub(crate) fn liquidate(&mut self, name: &str, quantity: Quantity) {
        let side = if self.base > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let id = self.id();
        let sizing = Sizing { instrument: self.instrument.id, side, quantity, position_side: None };
        let order = self.order(id, name, Kind::Market, &sizing, Price::ZERO, true);
        self.plain.insert(id, order);
        self.tell(id, false);
        self.execute(id, quantity, self.price);
    }

    /// Executes a part of a resting limit order.
    pub(crate) fn nibble(&mut self, quantity: Quantity) -> bool {
        let found = self.plain.values().find(|o| o.is_open() && o.kind == Kind::Limit);
        let Some((id, price)) = found.map(|order| (order.seen.order_id, order.price)) else {
            return false;
        };
        let quantity = quantity.min(self.plain[&id].rest());
        self.execute(id, quantity, price);
        true
    }

    /// Moves the market; what waits for that price is executed.
    pub(crate) fn step(&mut self, now: UtcMs, price: Price) {
        (self.now, self.price) = (now, price);
        let open = |order: &&Order| order.is_open();
        let ids: Vec<u64> = self.plain.values().filter(open).map(|o| o.seen.order_id).collect();
        for id in ids {
            let order = &self.plain[&id];
            if !order.is_open() {
                continue;
            }
            let reached = if order.below { price <= order.price } else { price >= order.price };
            match order.kind {
                Kind::Market if order.born < now => self.work(id),
                Kind::Waits if reached => {
                    let rest = self.plain[&id].rest();
                    self.execute(id, rest, price);
                }
                Kind::Limit if reached => {
                    let (rest, at) = (self.plain[&id].rest(), self.plain[&id].price);
                    self.execute(id, rest, at);
                }
                _ => {}
            }
        }
        let waiting: Vec<u64> = self.algos.values().filter(open).map(|o| o.seen.order_id).collect();
        for id in waiting {
            let order = self.algos[&id].clone();
            let reached = if order.below { price <= order.price } else { price >= order.price };
            if !reached {
                continue;
            }
            if self.against(order.side).is_zero() {
                self.finish(id, true, OrderState::Expired);
                continue;
            }
            let plain = self.id();
            let name = match self.renames {
                true => format!("venues_own_{plain}"),
                false => order.seen.name.clone(),
            };
            let sizing = Sizing {
                instrument: self.instrument.id,
                side: order.side,
                quantity: order.quantity,
                position_side: None,
            };
            let became = self.order(plain, &name, Kind::Market, &sizing, Price::ZERO, true);
            self.taken.pop();
            self.plain.insert(plain, Order { reduce_only: true, ..became });
            let algo = self.algos.get_mut(&id).unwrap();
            algo.seen.triggered_order_id = Some(plain);
            algo.seen.time_exchange = now;
            self.tell(plain, false);
            self.tell(id, true);
            self.work(plain);
        }
    }
}
