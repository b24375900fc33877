//! What an account has on futures: wallets, positions, orders, executions, and who listens to it.

use std::collections::{BTreeMap, BTreeSet};

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::Value;

use super::algo::Algo;
use super::fates::{Doing, Due};
use super::listen::ListenKey;
use super::order::{Order, PositionSide, Trade};
use super::position::Position;
use super::wallet::Income;
use crate::faults::plan::Fault;
use crate::history::History;
use crate::line::Outlet;
use crate::options::{AccountOptions, Funding};
use crate::signed::keys::Key;
use crate::signed::placed::Placed;
use crate::spot::order::Parts;

/// What the venue sets where nobody has.
const DEFAULT_LEVERAGE: u32 = 20;

/// What is set for a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) leverage: u32,
    pub(crate) isolated: bool,
}

/// A connection that is told what happens.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) connection: u64,
    pub(crate) out: Outlet,
}

/// Numbers that the venue hands out.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) order: u64,
    pub(crate) trade: u64,
    pub(crate) algo: u64,
    pub(crate) transfer: u64,
    pub(crate) listen_key: u64,
}

impl Default for Ids {
    fn default() -> Self {
        // The algo service's numbers are far from those of plain orders, as the venue's are.
        Self { order: 0, trade: 0, algo: 1_000_000_000_000, transfer: 0, listen_key: 0 }
    }
}

impl Ids {
    pub(crate) fn next(number: &mut u64) -> u64 {
        *number += 1;
        *number
    }
}

/// What the venue knows at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Venue<'a> {
    pub(crate) history: &'a History,
    /// Mark prices by symbol.
    pub(crate) marks: &'a BTreeMap<String, Decimal>,
    pub(crate) funding: Funding,
    pub(crate) now: UtcMs,
}

impl<'a> Venue<'a> {
    /// Nought before the first candle has closed.
    pub(crate) fn mark(&self, symbol: &str) -> Decimal {
        self.marks.get(symbol).copied().unwrap_or_default()
    }

    /// What a symbol's margin is kept in.
    pub(crate) fn asset(&self, symbol: &str) -> &'a str {
        self.history.perpetuals.get(symbol).map_or("", |market| market.instrument.quote())
    }
}

/// One account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) key: Key,
    pub(crate) may_withdraw: bool,
    /// Shares of an execution's worth.
    pub(crate) maker_rate: Decimal,
    pub(crate) taker_rate: Decimal,
    /// What was paid in and realised, by asset.
    pub(crate) wallets: BTreeMap<String, Decimal>,
    pub(crate) positions: BTreeMap<(String, PositionSide), Position>,
    pub(crate) settings: BTreeMap<String, Setting>,
    /// Whether long and short positions stand side by side.
    pub(crate) hedge: bool,
    pub(crate) orders: BTreeMap<u64, Order>,
    /// Numbers of those that are open.
    pub(crate) open: BTreeSet<u64>,
    pub(crate) algos: BTreeMap<u64, Algo>,
    /// Numbers of those that wait for their price.
    pub(crate) waiting: BTreeSet<u64>,
    pub(crate) trades: Vec<Trade>,
    pub(crate) incomes: Vec<Income>,
    /// When all orders of a symbol are cancelled unless the client asks again.
    pub(crate) countdowns: BTreeMap<String, UtcMs>,
    /// Whether the account has been told that its margin runs short.
    pub(crate) is_called: bool,
    pub(crate) updated: UtcMs,
    pub(crate) subscribers: Vec<Subscriber>,
    pub(crate) listen_key: Option<ListenKey>,
    /// When orders were taken, for the venue's limits on their number; in the limits' clock.
    pub(crate) placed: Placed,
    /// What the venue does with what is being asked for.
    pub(crate) fates: Vec<Fault>,
    pub(crate) dues: Vec<Due>,
    /// In which parts orders fill.
    pub(crate) parts: BTreeMap<u64, Parts>,
}

impl Account {
    pub(crate) fn new(options: &AccountOptions, ids: &mut Ids, now: UtcMs) -> Self {
        let mut account = Self {
            key: Key::new(&options.secret),
            may_withdraw: options.may_withdraw,
            maker_rate: options.futures_maker_rate,
            taker_rate: options.futures_taker_rate,
            wallets: BTreeMap::new(),
            positions: BTreeMap::new(),
            settings: BTreeMap::new(),
            hedge: false,
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            algos: BTreeMap::new(),
            waiting: BTreeSet::new(),
            trades: Vec::new(),
            incomes: Vec::new(),
            countdowns: BTreeMap::new(),
            is_called: false,
            updated: now,
            subscribers: Vec::new(),
            listen_key: None,
            placed: Placed::default(),
            fates: Vec::new(),
            dues: Vec::new(),
            parts: BTreeMap::new(),
        };
        for (asset, amount) in &options.futures_balances {
            account.receive(ids, "TRANSFER", (asset, ""), *amount, None, now);
        }
        account
    }

    pub(crate) fn setting(&self, symbol: &str) -> Setting {
        let usual = Setting { leverage: DEFAULT_LEVERAGE, isolated: false };
        self.settings.get(symbol).copied().unwrap_or(usual)
    }

    pub(crate) fn position(&self, symbol: &str, side: PositionSide) -> Position {
        self.positions.get(&(symbol.to_owned(), side)).copied().unwrap_or_default()
    }

    /// The positions of a symbol that are not flat.
    pub(crate) fn held(&self, symbol: &str) -> impl Iterator<Item = (PositionSide, Position)> {
        let sides = PositionSide::ALL.map(|side| (side, self.position(symbol, side)));
        sides.into_iter().filter(|(_, position)| !position.amount.is_zero())
    }

    /// How much of a position an order of this side could close, in base units.
    pub(crate) fn against(&self, symbol: &str, of: PositionSide, side: Side) -> Decimal {
        let amount = self.position(symbol, of).amount;
        match side {
            Side::Buy => (-amount).max(Decimal::ZERO),
            Side::Sell => amount.max(Decimal::ZERO),
        }
    }

    pub(crate) fn wallet(&self, asset: &str) -> Decimal {
        self.wallets.get(asset).copied().unwrap_or_default()
    }

    /// The wallet without what isolated positions have of it.
    pub(crate) fn cross_wallet(&self, asset: &str, venue: Venue<'_>) -> Decimal {
        let positions = self.positions.iter();
        let own = positions.filter(|((symbol, _), _)| venue.asset(symbol) == asset);
        self.wallet(asset) - own.map(|(_, position)| position.isolated).sum::<Decimal>()
    }

    /// Whether something else than the market decides about an order.
    pub(crate) fn is_doomed(&self, id: u64) -> bool {
        let is_its = |due: &Due| matches!(due.what, Doing::Dies(of) | Doing::Takes(of) if of == id);
        self.dues.iter().any(is_its)
    }

    /// Whether an open order goes by this name.
    pub(crate) fn has_open(&self, name: &str) -> bool {
        self.open.iter().any(|id| self.orders.get(id).is_some_and(|order| order.name == name))
    }

    pub(crate) fn open_orders<'a>(&'a self, symbol: &'a str) -> impl Iterator<Item = &'a Order> {
        let orders = self.open.iter().filter_map(|id| self.orders.get(id));
        orders.filter(move |order| order.symbol == symbol)
    }

    pub(crate) fn waiting_algos<'a>(&'a self, symbol: &'a str) -> impl Iterator<Item = &'a Algo> {
        let algos = self.waiting.iter().filter_map(|id| self.algos.get(id));
        algos.filter(move |algo| algo.symbol == symbol)
    }

    /// Symbols in which there is a position or an open order.
    pub(crate) fn symbols(&self) -> BTreeSet<String> {
        let held = self.positions.iter().filter(|(_, position)| !position.amount.is_zero());
        let held = held.map(|((symbol, _), _)| symbol.clone());
        let open = self.open.iter().filter_map(|id| self.orders.get(id));
        held.chain(open.map(|order| order.symbol.clone())).collect()
    }

    /// Tells all who listen. One that reads too slowly is let go: it sees its stream end.
    pub(crate) fn tell(&mut self, event: &Value) {
        self.subscribers.retain(|subscriber| subscriber.out.tell(event).is_ok());
    }
}
