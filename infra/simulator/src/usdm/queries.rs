//! Questions about an account.

use std::collections::BTreeSet;

use domain::time::{DAY_MS, UtcMs};
use serde_json::{Value, json};

use super::desk::{Answer, Desk, no_such_order};
use super::margin::{Sums, initial};
use super::order::{Order, Origin, PositionSide, Trade};
use super::render::{self, eight, joined, plain, sides};
use super::tiers::{maintenance, most_at};
use super::wallet::Income;
use crate::params::{Params, Refusal, refusal};
use crate::rows::{page, within, within_at_most};

/// The longest span of one question.
const LONGEST_MS: i64 = 7 * DAY_MS;

/// From one moment to another, at most a week.
pub(crate) fn between(params: &Params) -> Result<impl Fn(UtcMs) -> bool + use<>, Refusal> {
    within_at_most(params, LONGEST_MS, || {
        refusal(-4165, "Time interval too large, the max duration is 7 days.")
    })
}

impl Desk<'_> {
    fn assets(&self) -> BTreeSet<String> {
        let markets = self.venue.history.perpetuals.values();
        let quotes = markets.map(|market| market.instrument.quote().to_owned());
        quotes.chain(self.account.wallets.keys().cloned()).collect()
    }

    fn asset_row(&self, asset: &str, sums: &Sums) -> Value {
        joined([
            json!({
                "asset": asset, "walletBalance": eight(sums.wallet),
                "unrealizedProfit": eight(sums.unrealised),
                "marginBalance": eight(sums.wallet + sums.unrealised),
                "maintMargin": eight(sums.maintenance),
                "initialMargin": eight(sums.positions + sums.orders),
                "positionInitialMargin": eight(sums.positions),
                "openOrderInitialMargin": eight(sums.orders),
            }),
            json!({
                "crossWalletBalance": eight(sums.cross_wallet),
                "crossUnPnl": eight(sums.cross_unrealised),
                "availableBalance": eight(sums.available()),
                "maxWithdrawAmount": eight(sums.available().min(sums.cross_wallet)),
                "marginAvailable": true, "updateTime": self.account.updated.ms(),
            }),
        ])
    }

    /// The sums of all assets. Each is worth one USD, as those of the venue's own are.
    fn totals(&self) -> (Sums, Vec<Value>) {
        let (mut all, mut rows) = (Sums::default(), Vec::new());
        for asset in self.assets() {
            let sums = self.account.sums(&asset, self.venue);
            all.wallet += sums.wallet;
            all.cross_wallet += sums.cross_wallet;
            all.unrealised += sums.unrealised;
            all.cross_unrealised += sums.cross_unrealised;
            all.positions += sums.positions;
            all.orders += sums.orders;
            all.maintenance += sums.maintenance;
            all.free += sums.available();
            rows.push(self.asset_row(&asset, &sums));
        }
        (all, rows)
    }

    fn account_with(&self, positions: Value) -> Value {
        let (all, assets) = self.totals();
        joined([
            json!({
                "totalInitialMargin": eight(all.positions + all.orders),
                "totalMaintMargin": eight(all.maintenance),
                "totalWalletBalance": eight(all.wallet),
                "totalUnrealizedProfit": eight(all.unrealised),
                "totalMarginBalance": eight(all.wallet + all.unrealised),
                "totalPositionInitialMargin": eight(all.positions),
                "totalOpenOrderInitialMargin": eight(all.orders),
            }),
            json!({
                "totalCrossWalletBalance": eight(all.cross_wallet),
                "totalCrossUnPnl": eight(all.cross_unrealised),
                "availableBalance": eight(all.available()),
                "maxWithdrawAmount": eight(all.available().min(all.cross_wallet)),
                "assets": assets, "positions": positions,
            }),
        ])
    }

    fn account_position(&self, symbol: &str, side: PositionSide) -> Value {
        let position = self.account.position(symbol, side);
        let setting = self.account.setting(symbol);
        let mark = self.venue.mark(symbol);
        let worth = position.worth(mark);
        let own = initial(worth.abs(), setting.leverage);
        let isolated = if setting.isolated { position.isolated } else { Default::default() };
        let shown = position.unrealised(mark);
        let margin = if setting.isolated { isolated + shown } else { isolated };
        json!({
            "symbol": symbol, "positionSide": side.word(), "positionAmt": plain(position.amount),
            "unrealizedProfit": eight(shown), "isolatedMargin": eight(margin),
            "notional": plain(worth), "isolatedWallet": eight(isolated),
            "initialMargin": eight(own), "maintMargin": eight(maintenance(worth.abs())),
            "updateTime": position.updated.ms(),
        })
    }

    /// With all symbols' positions, flat ones too.
    pub(crate) fn account_v2(&mut self, _: &Params) -> Answer {
        let mut positions = Vec::new();
        for symbol in self.venue.history.perpetuals.keys() {
            let setting = self.account.setting(symbol);
            let need = self.account.need(symbol, self.venue.mark(symbol), None);
            for side in sides(self.account.hedge) {
                let row = self.account_position(symbol, *side);
                let own = row["initialMargin"].clone();
                let entry = self.account.position(symbol, *side).entry();
                let more = json!({
                    "positionInitialMargin": own, "openOrderInitialMargin": eight(need.orders),
                    "leverage": setting.leverage.to_string(), "isolated": setting.isolated,
                    "entryPrice": plain(entry), "breakEvenPrice": plain(entry),
                    "maxNotional": plain(most_at(setting.leverage)),
                    "bidNotional": plain(need.bids), "askNotional": plain(need.asks),
                });
                positions.push(joined([row, more]));
            }
        }
        let rights = json!({
            "feeTier": 0, "feeBurn": false, "canTrade": true, "canDeposit": true,
            "canWithdraw": self.account.may_withdraw, "updateTime": 0, "multiAssetsMargin": false,
            "tradeGroupId": -1,
        });
        Ok(joined([rights, self.account_with(Value::Array(positions))]))
    }

    /// With the positions that there are, or that have open orders.
    pub(crate) fn account_v3(&mut self, _: &Params) -> Answer {
        let symbols = self.account.symbols();
        let mut positions = Vec::new();
        for symbol in &symbols {
            for side in sides(self.account.hedge) {
                let mut open = self.account.open_orders(symbol);
                if !self.account.position(symbol, *side).amount.is_zero()
                    || open.any(|order| order.ticket.position_side == *side)
                {
                    positions.push(self.account_position(symbol, *side));
                }
            }
        }
        Ok(self.account_with(Value::Array(positions)))
    }

    pub(crate) fn balance(&mut self, _: &Params) -> Answer {
        let rows = self.assets().into_iter().map(|asset| {
            let sums = self.account.sums(&asset, self.venue);
            json!({
                "accountAlias": "sim", "asset": asset, "balance": eight(sums.wallet),
                "crossWalletBalance": eight(sums.cross_wallet),
                "crossUnPnl": eight(sums.cross_unrealised),
                "availableBalance": eight(sums.available()),
                "maxWithdrawAmount": eight(sums.available().min(sums.cross_wallet)),
                "marginAvailable": true, "updateTime": self.account.updated.ms(),
            })
        });
        Ok(rows.collect())
    }

    pub(crate) fn order(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let id = self.meant(params, symbol)?.ok_or_else(no_such_order)?;
        self.account.orders.get(&id).map(render::order).ok_or_else(no_such_order)
    }

    pub(crate) fn open_order(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let id = self.meant(params, symbol)?.filter(|id| self.account.open.contains(id));
        let order = id.and_then(|id| self.account.orders.get(&id));
        order.map(render::order).ok_or_else(no_such_order)
    }

    pub(crate) fn open_orders(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let orders = self.account.open.iter().filter_map(|id| self.account.orders.get(id));
        let orders = orders.filter(|order| named.is_none_or(|symbol| order.symbol == symbol));
        Ok(orders.map(render::order).collect())
    }

    pub(crate) fn all_orders(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let (from, is_within) = (params.id("orderId")?, between(params)?);
        let limit = params.limit(500, 1000)?;
        let asked = |order: &&Order| {
            order.symbol == symbol
                && from.is_none_or(|from| order.id >= from)
                && is_within(order.created)
        };
        let orders: Vec<_> = self.account.orders.values().filter(asked).collect();
        let is_from = from.is_some() || params.get("startTime").is_some();
        Ok(page(orders, is_from, limit).into_iter().map(render::order).collect())
    }

    pub(crate) fn trades(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let (from, order_id) = (params.id("fromId")?, params.id("orderId")?);
        let is_within = between(params)?;
        let limit = params.limit(500, 1000)?;
        let asked = |trade: &&Trade| {
            trade.symbol == symbol
                && from.is_none_or(|from| trade.id >= from)
                && order_id.is_none_or(|id| trade.order_id == id)
                && is_within(trade.time)
        };
        let trades: Vec<_> = self.account.trades.iter().filter(asked).collect();
        let is_from = from.is_some() || params.get("startTime").is_some();
        Ok(page(trades, is_from, limit).into_iter().map(render::trade).collect())
    }

    /// The orders with which the venue closed positions.
    pub(crate) fn forced(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let is_within = between(params)?;
        let limit = params.limit(50, 100)?;
        let kind = params.get("autoCloseType");
        let asked = |order: &&Order| {
            let word = match order.origin {
                Origin::Liquidation => "LIQUIDATION",
                Origin::Deleveraging => "ADL",
                _ => return false,
            };
            kind.is_none_or(|kind| kind == word)
                && named.is_none_or(|symbol| order.symbol == symbol)
                && is_within(order.created)
        };
        let orders: Vec<_> = self.account.orders.values().filter(asked).collect();
        let is_from = params.get("startTime").is_some();
        Ok(page(orders, is_from, limit).into_iter().map(render::order).collect())
    }

    pub(crate) fn income(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let is_within = within(params)?;
        let limit = params.limit(100, 1000)?;
        let kind = params.get("incomeType");
        let asked = |income: &&Income| {
            named.is_none_or(|symbol| income.symbol == symbol)
                && kind.is_none_or(|kind| income.kind == kind)
                && is_within(income.time)
        };
        let number = params.id("page")?.unwrap_or(1).max(1);
        let passed = usize::try_from(number - 1).unwrap_or(usize::MAX).saturating_mul(limit);
        let is_from = params.get("startTime").is_some() || params.get("page").is_some();
        let rows = self.account.incomes.iter().filter(asked).skip(passed);
        Ok(page(rows.collect(), is_from, limit).into_iter().map(render::income).collect())
    }
}
