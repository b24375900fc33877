//! Settings of an account: leverage, margin, modes; and the venue's terms.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::Setting;
use super::desk::{Answer, Desk, done};
use super::events;
use super::margin::initial;
use super::order::PositionSide;
use super::render::{eight, joined, plain, sides};
use super::tiers::{MAX_LEVERAGE, maintenance, most_at, tiers};
use crate::params::{Params, refusal};

impl Desk<'_> {
    pub(crate) fn leverage(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        params.mandatory("leverage")?;
        let leverage = params.id("leverage")?.and_then(|leverage| u32::try_from(leverage).ok());
        let leverage = leverage.filter(|leverage| (1..=MAX_LEVERAGE).contains(leverage));
        let leverage = leverage.ok_or_else(|| refusal(-4028, "Leverage is not valid."))?;
        let before = self.account.setting(symbol);
        let mark = self.venue.mark(symbol);
        let worth: Decimal =
            self.account.held(symbol).map(|(_, held)| held.worth(mark).abs()).sum();
        if worth > most_at(leverage) {
            let message = "The max leverage of the position's notional is exceeded.";
            return Err(refusal(-2028, message));
        }
        if before.isolated && leverage < before.leverage && !worth.is_zero() {
            let message = "Leverage reduction is not supported in Isolated Margin Mode with open \
                           positions.";
            return Err(refusal(-4161, message));
        }
        let mut setting = before;
        setting.leverage = leverage;
        self.account.settings.insert(symbol.to_owned(), setting);
        let free = self.account.sums(self.venue.asset(symbol), self.venue).free;
        if leverage < before.leverage && free.is_sign_negative() {
            self.account.settings.insert(symbol.to_owned(), before);
            return Err(refusal(-2019, "Margin is insufficient."));
        }
        self.account.tell(&events::leverage(symbol, leverage, self.venue.now));
        let most = plain(most_at(leverage));
        Ok(json!({ "leverage": leverage, "maxNotionalValue": most, "symbol": symbol }))
    }

    pub(crate) fn margin_type(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let isolated = match params.mandatory("marginType")? {
            "ISOLATED" => true,
            "CROSSED" => false,
            _ => return Err(refusal(-1130, "Data sent for parameter 'marginType' is not valid.")),
        };
        let before = self.account.setting(symbol);
        if before.isolated == isolated {
            return Err(refusal(-4046, "No need to change margin type."));
        }
        if self.account.open_orders(symbol).next().is_some()
            || self.account.waiting_algos(symbol).next().is_some()
        {
            let message = "Margin type cannot be changed if there exists open orders.";
            return Err(refusal(-4047, message));
        }
        if self.account.held(symbol).next().is_some() {
            let message = "Margin type cannot be changed if there exists position.";
            return Err(refusal(-4048, message));
        }
        let setting = Setting { isolated, ..before };
        self.account.settings.insert(symbol.to_owned(), setting);
        Ok(done("success"))
    }

    pub(crate) fn set_mode(&mut self, params: &Params) -> Answer {
        params.mandatory("dualSidePosition")?;
        let hedge = params.flag("dualSidePosition")?;
        if hedge == self.account.hedge {
            return Err(refusal(-4059, "No need to change position side."));
        }
        if !self.account.open.is_empty() || !self.account.waiting.is_empty() {
            let message = "Position side cannot be changed if there exists open orders.";
            return Err(refusal(-4067, message));
        }
        if self.account.positions.values().any(|position| !position.amount.is_zero()) {
            let message = "Position side cannot be changed if there exists position.";
            return Err(refusal(-4068, message));
        }
        self.account.hedge = hedge;
        Ok(done("success"))
    }

    pub(crate) fn mode(&mut self, _: &Params) -> Answer {
        Ok(json!({ "dualSidePosition": self.account.hedge }))
    }

    pub(crate) fn assets_mode(&mut self, _: &Params) -> Answer {
        Ok(json!({ "multiAssetsMargin": false }))
    }

    pub(crate) fn config(&mut self, _: &Params) -> Answer {
        Ok(json!({
            "feeTier": 0, "canTrade": true, "canDeposit": true,
            "canWithdraw": self.account.may_withdraw, "dualSidePosition": self.account.hedge,
            "updateTime": self.account.updated.ms(), "multiAssetsMargin": false,
            "tradeGroupId": -1,
        }))
    }

    pub(crate) fn symbol_config(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let symbols = self.venue.history.perpetuals.keys();
        let symbols = symbols.filter(|symbol| named.is_none_or(|named| named == *symbol));
        let configs = symbols.map(|symbol| {
            let setting = self.account.setting(symbol);
            let margin = if setting.isolated { "ISOLATED" } else { "CROSSED" };
            json!({
                "symbol": symbol, "marginType": margin, "isAutoAddMargin": false,
                "leverage": setting.leverage, "maxNotionalValue": plain(most_at(setting.leverage)),
            })
        });
        Ok(configs.collect())
    }

    pub(crate) fn brackets(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let number = |value: Decimal| -> Value {
            let whole = i64::try_from(value).ok().filter(|_| value.fract().is_zero());
            let parsed = || plain(value).parse::<f64>().unwrap_or_default();
            whole.map_or_else(|| json!(parsed()), Value::from)
        };
        let brackets: Value = tiers()
            .enumerate()
            .map(|(n, tier)| {
                json!({
                    "bracket": n + 1, "initialLeverage": tier.leverage,
                    "notionalCap": number(tier.cap), "notionalFloor": number(tier.floor),
                    "maintMarginRatio": number(tier.ratio), "cum": number(tier.deduction),
                })
            })
            .collect();
        let symbols = self.venue.history.perpetuals.keys();
        let symbols = symbols.filter(|symbol| named.is_none_or(|named| named == *symbol));
        Ok(symbols
            .map(|symbol| json!({ "symbol": symbol, "notionalCoef": 1, "brackets": brackets }))
            .collect())
    }

    pub(crate) fn commission(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        Ok(json!({
            "symbol": symbol, "makerCommissionRate": plain(self.account.maker_rate),
            "takerCommissionRate": plain(self.account.taker_rate),
        }))
    }

    /// Adds to the margin of an isolated position, or takes from it.
    pub(crate) fn position_margin(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let side = params.position_side(self.account.hedge)?;
        params.mandatory("amount")?;
        let amount = params.amount("amount")?.unwrap_or_default();
        let adds = match params.mandatory("type")? {
            "1" => true,
            "2" => false,
            _ => return Err(refusal(-1130, "Data sent for parameter 'type' is not valid.")),
        };
        let setting = self.account.setting(symbol);
        let position = self.account.position(symbol, side);
        if !setting.isolated || position.amount.is_zero() {
            return Err(refusal(-4053, "Add margin only support for isolated position."));
        }
        let (asset, mark) = (self.venue.asset(symbol), self.venue.mark(symbol));
        let free = self.account.sums(asset, self.venue).available();
        let kept = initial(position.worth(mark).abs(), setting.leverage);
        let spare = position.isolated + position.unrealised(mark).min(Decimal::ZERO) - kept;
        if amount > if adds { free } else { spare } {
            return Err(refusal(-4051, "Isolated balance insufficient."));
        }
        let key = (symbol.to_owned(), side);
        if let Some(position) = self.account.positions.get_mut(&key) {
            position.isolated += if adds { amount } else { -amount };
        }
        self.floor(symbol).tell_account("MARGIN_TRANSFER", Decimal::ZERO, &[side]);
        Ok(json!({
            "amount": plain(amount), "code": 200, "msg": "Successfully modify position margin.",
            "type": if adds { 1 } else { 2 },
        }))
    }

    /// All symbols' positions, or one's, in the older shape, which has those that are flat too.
    pub(crate) fn risk_v2(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let mut rows = Vec::new();
        for symbol in self.venue.history.perpetuals.keys() {
            if named.is_some_and(|named| named != symbol) {
                continue;
            }
            let setting = self.account.setting(symbol);
            for side in sides(self.account.hedge) {
                let mut row = self.risk(symbol, *side);
                row["leverage"] = json!(setting.leverage.to_string());
                row["maxNotionalValue"] = json!(plain(most_at(setting.leverage)));
                row["marginType"] = json!(if setting.isolated { "isolated" } else { "cross" });
                row["isAutoAddMargin"] = json!("false");
                rows.push(row);
            }
        }
        Ok(Value::Array(rows))
    }

    /// Positions that there are, or that have open orders.
    pub(crate) fn risk_v3(&mut self, params: &Params) -> Answer {
        let named = self.named(params)?;
        let mut rows = Vec::new();
        for symbol in self.account.symbols() {
            if named.is_some_and(|named| named != symbol) {
                continue;
            }
            for side in sides(self.account.hedge) {
                let held = !self.account.position(&symbol, *side).amount.is_zero();
                let mut open = self.account.open_orders(&symbol);
                if held || open.any(|order| order.ticket.position_side == *side) {
                    rows.push(self.risk(&symbol, *side));
                }
            }
        }
        Ok(Value::Array(rows))
    }

    fn risk(&self, symbol: &str, side: PositionSide) -> Value {
        let position = self.account.position(symbol, side);
        let setting = self.account.setting(symbol);
        let mark = self.venue.mark(symbol);
        let danger = self.account.danger(symbol, side, self.venue);
        let worth = position.worth(mark);
        let own = initial(worth.abs(), setting.leverage);
        let need = self.account.need(symbol, mark, None);
        let shown = position.unrealised(mark);
        let margin = if setting.isolated { position.isolated + shown } else { Decimal::ZERO };
        let isolated = if setting.isolated { position.isolated } else { Decimal::ZERO };
        joined([
            json!({
                "symbol": symbol, "positionSide": side.word(),
                "positionAmt": plain(position.amount), "entryPrice": plain(position.entry()),
                "breakEvenPrice": plain(position.entry()), "markPrice": eight(mark),
                "unRealizedProfit": eight(shown),
                "liquidationPrice": plain(danger.map_or(Decimal::ZERO, |danger| danger.price)),
                "isolatedMargin": eight(margin), "notional": plain(worth),
            }),
            json!({
                "marginAsset": self.venue.asset(symbol), "isolatedWallet": eight(isolated),
                "initialMargin": eight(own + need.orders),
                "maintMargin": eight(maintenance(worth.abs())),
                "positionInitialMargin": eight(own), "openOrderInitialMargin": eight(need.orders),
                "adl": u8::from(!position.amount.is_zero()), "bidNotional": plain(need.bids),
                "askNotional": plain(need.asks), "updateTime": position.updated.ms(),
            }),
        ])
    }
}
