//! Questions about an account.

use domain::time::{DAY_MS, UtcMs};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::desk::{Answer, Desk};
use super::order::{Order, Trade};
use super::render::{self, eight};
use crate::params::{Params, Refusal, refusal};
use crate::rows::{page, within_at_most};

fn no_such_order() -> Refusal {
    refusal(-2013, "Order does not exist.")
}

/// From one moment to another, at most a day.
fn between(params: &Params) -> Result<impl Fn(UtcMs) -> bool + use<>, Refusal> {
    within_at_most(params, DAY_MS, || {
        refusal(-1127, "More than 24 hours between startTime and endTime.")
    })
}

impl Desk<'_> {
    pub(crate) fn account(&mut self, params: &Params) -> Answer {
        let omits = params.get("omitZeroBalances") == Some("true");
        let balances = self.account.balances.iter();
        let balances = balances.filter(|(_, b)| !omits || b.free + b.locked > Decimal::ZERO);
        let balances = balances.map(|(asset, balance)| {
            json!({
                "asset": asset, "free": eight(balance.free), "locked": eight(balance.locked),
            })
        });
        let balances: Value = balances.collect();
        let bps = |rate: Decimal| rate.checked_mul(10_000.into()).unwrap_or_default().trunc();
        let [maker, taker] = [self.account.maker_rate, self.account.taker_rate].map(bps);
        let whole = |rate: Decimal| i64::try_from(rate).unwrap_or_default();
        Ok(json!({
            "makerCommission": whole(maker), "takerCommission": whole(taker),
            "buyerCommission": 0, "sellerCommission": 0,
            "commissionRates": {
                "maker": eight(self.account.maker_rate), "taker": eight(self.account.taker_rate),
                "buyer": "0.00000000", "seller": "0.00000000",
            },
            "canTrade": true, "canWithdraw": true, "canDeposit": true, "brokered": false,
            "requireSelfTradePrevention": false, "preventSor": false,
            "updateTime": self.account.updated.ms(), "accountType": "SPOT",
            "balances": balances, "permissions": ["SPOT"], "uid": 1,
        }))
    }

    pub(crate) fn commission(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let zero = "0.00000000";
        let none = json!({ "maker": zero, "taker": zero, "buyer": zero, "seller": zero });
        let mut standard = none.clone();
        standard["maker"] = eight(self.account.maker_rate).into();
        standard["taker"] = eight(self.account.taker_rate).into();
        Ok(json!({
            "symbol": symbol, "standardCommission": standard, "specialCommission": none,
            "taxCommission": none,
            "discount": {
                "enabledForAccount": false, "enabledForSymbol": false, "discountAsset": "BNB",
                "discount": zero,
            },
        }))
    }

    pub(crate) fn restrictions(&mut self, _: &Params) -> Answer {
        Ok(json!({
            "ipRestrict": false, "createTime": 1, "enableReading": true,
            "enableWithdrawals": self.account.may_withdraw, "enableInternalTransfer": false,
            "permitsUniversalTransfer": false, "enableVanillaOptions": false,
            "enableFixApiTrade": false, "enableFixReadOnly": false, "enableMargin": false,
            "enableFutures": self.account.may_trade_futures, "enableSpotAndMarginTrading": true,
            "enablePortfolioMarginTrading": false,
        }))
    }

    /// The assets of all markets. Nothing can be paid in or out.
    pub(crate) fn coins(&mut self, _: &Params) -> Answer {
        let markets = self.history.markets.values();
        let mut coins: Vec<&str> = markets
            .flat_map(|market| [market.instrument.base(), market.instrument.quote()])
            .collect();
        coins.extend(self.account.balances.keys().map(String::as_str));
        coins.sort_unstable();
        coins.dedup();
        let coins = coins.into_iter().map(|coin| {
            let balance = self.account.balances.get(coin).copied().unwrap_or_default();
            let zero = "0";
            json!({
                "coin": coin, "name": coin, "free": eight(balance.free),
                "locked": eight(balance.locked), "freeze": zero, "withdrawing": zero,
                "ipoing": zero, "ipoable": zero, "storage": zero, "isLegalMoney": false,
                "trading": true, "depositAllEnable": false, "withdrawAllEnable": false,
                "networkList": [],
            })
        });
        Ok(coins.collect())
    }

    pub(crate) fn order(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let id = self.meant(params, symbol)?.ok_or_else(no_such_order)?;
        self.account.orders.get(&id).map(render::queried).ok_or_else(no_such_order)
    }

    pub(crate) fn open_orders(&mut self, params: &Params) -> Answer {
        let symbol = match params.get("symbol") {
            Some(_) => Some(self.market(params)?.0),
            None => None,
        };
        let orders = self.account.open.iter().filter_map(|id| self.account.orders.get(id));
        let orders = orders.filter(|order| symbol.is_none_or(|symbol| order.symbol == symbol));
        Ok(orders.map(render::queried).collect())
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
        Ok(page(orders, is_from, limit).into_iter().map(render::queried).collect())
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

    pub(crate) fn list(&mut self, params: &Params) -> Answer {
        let list = self.meant_list(params, "origClientOrderId")?;
        let missing = || refusal(-2013, "Order list does not exist.");
        list.map(|list| render::list(self.account, list)).ok_or_else(missing)
    }

    pub(crate) fn open_lists(&mut self, _: &Params) -> Answer {
        let open = self.account.lists.values().filter(|list| !list.is_done);
        Ok(open.map(|list| render::list(self.account, list)).collect())
    }
}
