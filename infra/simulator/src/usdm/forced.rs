//! Orders that the venue places: it liquidates what the margin no longer backs, and takes positions
//! to end those of others.

use domain::order::Side;
use rust_decimal::Decimal;
use serde_json::json;

use super::events;
use super::order::{
    Kind, Origin, PositionSide, Status, Ticket, TimeInForce, WorkingType, side_word, worth,
};
use super::reach::Prices;
use super::render::plain;
use super::trading::{Entry, Floor};

/// The venue's fee for a liquidation, as a share of the position's worth, in units of 10⁻⁴; as
/// `exchangeInfo` tells it.
const FEE: i64 = 125;
/// The account is warned once this share of its margin is needed for maintenance.
const CALL_RATIO: i64 = 80;

impl Floor<'_> {
    /// Liquidates where a candle uses the margin up: at the price where it does, or at the open
    /// beyond it.
    pub(crate) fn liquidate_within(&mut self, prices: &Prices) {
        for side in PositionSide::ALL {
            let position = self.account.position(self.symbol, side);
            let Some(danger) = self.account.danger(self.symbol, side, self.venue) else { continue };
            let is_known = prices.is_whole(position.since);
            let worst = match (is_known, danger.falls) {
                (false, _) => prices.close,
                (true, true) => prices.low,
                (true, false) => prices.high,
            };
            if !danger.is_met(worst) {
                continue;
            }
            let first = if is_known { prices.open } else { prices.close };
            let at = if danger.is_met(first) { first } else { danger.price };
            self.liquidate(side, at);
        }
    }

    /// Liquidates what is not backed at the marks.
    pub(crate) fn liquidate_at_mark(&mut self) {
        let mark = self.venue.mark(self.symbol);
        for side in PositionSide::ALL {
            let danger = self.account.danger(self.symbol, side, self.venue);
            if danger.is_some_and(|danger| danger.is_met(mark)) {
                self.liquidate(side, mark);
            }
        }
    }

    /// Liquidates a position at `at`; with a crossed one all crossed ones of the symbol, for which
    /// the account's orders make room first.
    fn liquidate(&mut self, side: PositionSide, at: Decimal) {
        if self.account.setting(self.symbol).isolated {
            return self.force(side, at, Origin::Liquidation);
        }
        let open: Vec<u64> = self.account.open_orders(self.symbol).map(|order| order.id).collect();
        for id in open {
            self.end(id, Status::Expired);
        }
        let held: Vec<_> = self.account.held(self.symbol).map(|(side, _)| side).collect();
        for side in held {
            self.force(side, at, Origin::Liquidation);
        }
    }

    /// Closes a position at `at`.
    pub(crate) fn force(&mut self, side: PositionSide, at: Decimal, origin: Origin) {
        let position = self.account.position(self.symbol, side);
        if position.amount.is_zero() {
            return;
        }
        let is_liquidation = origin == Origin::Liquidation;
        let number = self.ids.order + 1;
        let name = match is_liquidation {
            true => format!("autoclose-{}{number:06}", self.venue.now.ms()),
            false => "adl_autoclose".to_owned(),
        };
        let (kind, time_in_force) = match is_liquidation {
            true => (Kind::Limit, TimeInForce::Ioc),
            false => (Kind::Market, TimeInForce::Gtc),
        };
        let ticket = Ticket {
            side: if position.amount.is_sign_positive() { Side::Sell } else { Side::Buy },
            position_side: side,
            kind,
            time_in_force,
            good_till: None,
            price: if is_liquidation { at } else { Decimal::ZERO },
            quantity: position.amount.abs(),
            reduce_only: false,
            close_position: false,
        };
        let isolated = self.account.setting(self.symbol).isolated.then_some(position.isolated);
        let before = self.account.wallet(self.venue.asset(self.symbol));
        let id = self.book(Entry {
            ticket,
            name,
            origin,
            sent_kind: kind.word(),
            stop: Decimal::ZERO,
            working_type: WorkingType::ContractPrice,
        });
        self.fill(id, at, false);
        if is_liquidation {
            self.settle_liquidation(isolated.map(|own| (own, before)), worth(at, ticket.quantity));
            self.announce(&ticket, at);
        }
    }

    /// Takes the venue's fee out of what is left, or makes up for what is missing. An isolated
    /// position answers with its own margin alone: with what it had of the wallet `before`.
    fn settle_liquidation(&mut self, isolated: Option<(Decimal, Decimal)>, worth_quote: Decimal) {
        let asset = self.asset();
        let left = match isolated {
            Some((own, before)) => own + self.account.wallet(&asset) - before,
            None => {
                let sums = self.account.sums(&asset, self.venue);
                let lost = sums.cross_unrealised.min(Decimal::ZERO);
                match sums.cross_wallet.is_sign_negative() {
                    // What is still open backs it, or will be liquidated too.
                    true if !sums.cross_maintenance.is_zero() => Decimal::ZERO,
                    true => sums.cross_wallet,
                    false => (sums.cross_wallet + lost).max(Decimal::ZERO),
                }
            }
        };
        let fee = worth(worth_quote, Decimal::new(FEE, 4));
        let amount = if left.is_sign_negative() { -left } else { -fee.min(left) };
        let about = (asset.as_str(), self.symbol);
        self.account.receive(self.ids, "INSURANCE_CLEAR", about, amount, None, self.venue.now);
        self.tell_account("INSURANCE_CLEAR", amount, &[]);
    }

    /// Everybody hears of a liquidation.
    fn announce(&mut self, ticket: &Ticket, at: Decimal) {
        let now = self.venue.now.ms();
        let (quantity, price) = (plain(ticket.quantity), plain(at));
        let event = json!({
            "e": "forceOrder", "E": now,
            "o": {
                "s": self.symbol, "S": side_word(ticket.side), "o": "LIMIT", "f": "IOC",
                "q": quantity, "p": price, "ap": price, "X": "FILLED", "l": quantity,
                "z": quantity, "T": now,
            },
        });
        let event = event.to_string();
        let own = format!("{}@forceOrder", self.symbol.to_ascii_lowercase());
        self.news.push((own, event.clone()));
        self.news.push(("!forceOrder@arr".to_owned(), event));
    }

    /// The venue takes the account's positions in this symbol to end those of others.
    pub(crate) fn deleverage(&mut self) {
        let mark = self.venue.mark(self.symbol);
        let held: Vec<_> = self.account.held(self.symbol).map(|(side, _)| side).collect();
        for side in held {
            self.force(side, mark, Origin::Deleveraging);
        }
    }

    /// Settles funding: position × mark × rate, which longs pay where it is positive. An isolated
    /// position pays out of its own margin.
    pub(crate) fn fund(&mut self) {
        let rate = self.venue.funding.rate(self.symbol, self.venue.now);
        let mark = self.venue.mark(self.symbol);
        let is_isolated = self.account.setting(self.symbol).isolated;
        let held: Vec<_> = self.account.held(self.symbol).collect();
        let asset = self.asset();
        for (side, position) in held {
            let paid = worth(position.worth(mark), rate);
            let about = (asset.as_str(), self.symbol);
            self.account.receive(self.ids, "FUNDING_FEE", about, -paid, None, self.venue.now);
            if is_isolated {
                let key = (self.symbol.to_owned(), side);
                if let Some(position) = self.account.positions.get_mut(&key) {
                    position.isolated -= paid;
                }
            }
            let told: &[PositionSide] = if is_isolated { &[side] } else { &[] };
            self.tell_account("FUNDING_FEE", -paid, told);
        }
    }

    /// Warns the account once where its crossed positions come close to their liquidation.
    pub(crate) fn call(&mut self) {
        let asset = self.asset();
        let sums = self.account.sums(&asset, self.venue);
        let margin = sums.cross_wallet + sums.cross_unrealised;
        let needed = sums.cross_maintenance * Decimal::from(100);
        let is_short = !needed.is_zero() && needed > margin * Decimal::from(CALL_RATIO);
        if is_short && !self.account.is_called {
            let event = events::margin_call(self.account, &asset, self.venue);
            self.account.tell(&event);
        }
        self.account.is_called = is_short;
    }
}
