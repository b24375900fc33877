//! Parameters of new orders, checked as the venue checks them.

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::algo::{AlgoKind, AlgoTicket, Trail};
use super::order::{Kind, PositionSide, Ticket, TimeInForce, WorkingType};
use crate::params::{Params, Refusal, refusal};

fn not_required(name: &str) -> Refusal {
    refusal(-1106, format!("Parameter '{name}' sent when not required."))
}

/// What a new plain order asks for, before the price is known that it is to match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) ticket: Ticket,
    /// Whether its limit is the price that the book has for it.
    pub(crate) is_matched: bool,
}

impl Params {
    /// A word for yes or no; no where nothing is said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None | Some("") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => {
                Err(refusal(-1130, format!("Data sent for parameter '{name}' is not valid.")))
            }
        }
    }

    /// A client's name of an order.
    pub(crate) fn order_name(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let legal = |b: u8| b.is_ascii_alphanumeric() || b".:/_-".contains(&b);
        if !(1..=36).contains(&text.len()) || !text.bytes().all(legal) {
            return Err(refusal(-4015, "Client order id is not valid."));
        }
        Ok(Some(text.to_owned()))
    }

    /// The position's side that is meant: none in one-way mode, where it is the only one.
    pub(crate) fn position_side(&self, hedge: bool) -> Result<PositionSide, Refusal> {
        let side = match self.get("positionSide") {
            None | Some("BOTH") => PositionSide::Both,
            Some("LONG") => PositionSide::Long,
            Some("SHORT") => PositionSide::Short,
            Some(_) => {
                return Err(refusal(-1130, "Data sent for parameter 'positionSide' is not valid."));
            }
        };
        if (side != PositionSide::Both) != hedge {
            let message = "Order's position side does not match user's setting.";
            return Err(refusal(-4061, message));
        }
        Ok(side)
    }

    /// `reduceOnly`, which hedge mode has no room for: there the position's side says it.
    fn reduce_only(&self, hedge: bool) -> Result<bool, Refusal> {
        if hedge && self.get("reduceOnly").is_some() {
            return Err(not_required("reduceonly"));
        }
        self.flag("reduceOnly")
    }

    fn time_in_force(&self, known: &[TimeInForce]) -> Result<Option<TimeInForce>, Refusal> {
        let Some(word) = self.get("timeInForce") else { return Ok(None) };
        let found = known.iter().find(|known| known.word() == word);
        found.map(|found| Some(*found)).ok_or_else(|| refusal(-1115, "Invalid timeInForce."))
    }

    /// Until when an order works that says so, in whole seconds.
    fn good_till(&self, time_in_force: TimeInForce) -> Result<Option<UtcMs>, Refusal> {
        if time_in_force != TimeInForce::Gtd {
            return match self.get("goodTillDate") {
                Some(_) => Err(not_required("goodTillDate")),
                None => Ok(None),
            };
        }
        self.mandatory("goodTillDate")?;
        let till = self.time("goodTillDate")?;
        Ok(till.map(|till| till.plus_ms(-till.ms().rem_euclid(1_000))))
    }

    fn needed(&self, name: &str) -> Result<Decimal, Refusal> {
        self.mandatory(name)?;
        self.amount(name).map(Option::unwrap_or_default)
    }

    /// A plain order.
    pub(crate) fn plain_ticket(&self, hedge: bool) -> Result<Asked, Refusal> {
        let side = self.side("side")?;
        let kind = match self.mandatory("type")? {
            "MARKET" => Kind::Market,
            "LIMIT" => Kind::Limit,
            word if AlgoKind::ALL.iter().any(|kind| kind.word() == word) => {
                let message = "Order type not supported for this endpoint. Please use the Algo \
                               Order API endpoints instead.";
                return Err(refusal(-4120, message));
            }
            _ => return Err(refusal(-1116, "Invalid orderType.")),
        };
        let position_side = self.position_side(hedge)?;
        let reduce_only = self.reduce_only(hedge)?;
        if self.flag("closePosition")? {
            return Err(refusal(-4136, "Target strategy invalid for orderType."));
        }
        let is_matched = self.get("priceMatch").is_some_and(|word| word != "NONE");
        if is_matched && self.get("price").is_some() {
            return Err(not_required("price"));
        }
        let (time_in_force, price) = match kind {
            // The venue passes over both.
            Kind::Market => (TimeInForce::Gtc, Decimal::ZERO),
            Kind::Limit => {
                self.mandatory("timeInForce")?;
                let time_in_force = self.time_in_force(&TimeInForce::PLAIN)?;
                let time_in_force = time_in_force.unwrap_or(TimeInForce::Gtc);
                (time_in_force, if is_matched { Decimal::ZERO } else { self.needed("price")? })
            }
        };
        let quantity = self.needed("quantity")?;
        let ticket = Ticket {
            side,
            position_side,
            kind,
            time_in_force,
            good_till: self.good_till(time_in_force)?,
            price,
            quantity,
            reduce_only,
            close_position: false,
        };
        Ok(Asked { ticket, is_matched: is_matched && kind == Kind::Limit })
    }

    /// A conditional order.
    pub(crate) fn algo_ticket(&self, hedge: bool) -> Result<AlgoTicket, Refusal> {
        if self.mandatory("algoType")? != "CONDITIONAL" {
            return Err(refusal(-1130, "Data sent for parameter 'algoType' is not valid."));
        }
        let side = self.side("side")?;
        let word = self.mandatory("type")?;
        let kind = AlgoKind::ALL.into_iter().find(|kind| kind.word() == word);
        let kind = kind.ok_or_else(|| refusal(-1116, "Invalid orderType."))?;
        let position_side = self.position_side(hedge)?;
        let reduce_only = self.reduce_only(hedge)?;
        let close_position = self.flag("closePosition")?;
        let is_plain_market = matches!(kind, AlgoKind::StopMarket | AlgoKind::TakeProfitMarket);
        if close_position && !is_plain_market {
            return Err(refusal(-4136, "Target strategy invalid for orderType."));
        }
        if close_position && (reduce_only || self.get("quantity").is_some()) {
            let name = if reduce_only { "reduceonly" } else { "quantity" };
            return Err(not_required(name));
        }
        let quantity = if close_position { Decimal::ZERO } else { self.needed("quantity")? };
        let price = match kind.becomes() {
            Kind::Limit => self.needed("price")?,
            Kind::Market => Decimal::ZERO,
        };
        let is_trailing = kind == AlgoKind::TrailingStopMarket;
        let trail = if is_trailing { Some(self.trail()?) } else { None };
        let trigger = if is_trailing { Decimal::ZERO } else { self.needed("triggerPrice")? };
        let order = Ticket {
            side,
            position_side,
            kind: kind.becomes(),
            time_in_force: self.time_in_force(&TimeInForce::ALGO)?.unwrap_or(TimeInForce::Gtc),
            good_till: None,
            price,
            quantity,
            reduce_only,
            close_position,
        };
        let working_type = match self.get("workingType") {
            None | Some("CONTRACT_PRICE") => WorkingType::ContractPrice,
            Some("MARK_PRICE") => WorkingType::MarkPrice,
            Some(_) => {
                return Err(refusal(-1130, "Data sent for parameter 'workingType' is not valid."));
            }
        };
        Ok(AlgoTicket { kind, order, trigger, trail, working_type })
    }

    fn trail(&self) -> Result<Trail, Refusal> {
        let callback_percent = self.needed("callbackRate")?;
        if callback_percent < Decimal::new(1, 1) || callback_percent > Decimal::TEN {
            return Err(refusal(-2007, "Invalid callBack rate."));
        }
        let newer = self.amount("activatePrice")?;
        let activation = newer.or(self.amount("activationPrice")?).unwrap_or_default();
        Ok(Trail { callback_percent, activation, best: None })
    }
}

impl AlgoTicket {
    /// Refuses what would start at once at the last price; a trailing one begins to follow.
    pub(crate) fn begin(mut self, last: Decimal) -> Result<Self, Refusal> {
        let at_once = || refusal(-2021, "Order would immediately trigger.");
        let Some(trail) = &mut self.trail else {
            return if self.is_passed(self.trigger, last) { Err(at_once()) } else { Ok(self) };
        };
        let is_ahead = match self.order.side {
            Side::Sell => trail.activation > last,
            Side::Buy => trail.activation < last,
        };
        if trail.activation.is_zero() {
            (trail.activation, trail.best) = (last, Some(last));
        } else if !is_ahead {
            return Err(at_once());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        Params::parse(query, &names).unwrap()
    }

    #[test]
    fn plain_orders_want_their_own_parameters() {
        let code = |query: &str, hedge| {
            let query = format!("side=BUY&{query}");
            params(&query).plain_ticket(hedge).map_or_else(|refusal| refusal.code, |_| 0)
        };
        for (query, hedge, expected) in [
            ("type=MARKET&quantity=1", false, 0),
            ("type=LIMIT&quantity=1&price=2&timeInForce=GTX", false, 0),
            ("type=LIMIT&quantity=1&priceMatch=QUEUE&timeInForce=GTC", false, 0),
            ("type=MARKET&quantity=1&reduceOnly=true", false, 0),
            ("type=MARKET&quantity=1&positionSide=LONG", true, 0),
            ("type=MARKET", false, -1102),
            ("type=LIMIT&quantity=1&price=2", false, -1102),
            ("type=LIMIT&quantity=1&timeInForce=GTC", false, -1102),
            ("type=LIMIT&quantity=1&price=2&timeInForce=GTE_GTC", false, -1115),
            ("type=STOP_MARKET&quantity=1&stopPrice=2", false, -4120),
            ("type=DANCE&quantity=1", false, -1116),
            ("type=MARKET&quantity=1", true, -4061),
            ("type=MARKET&quantity=1&positionSide=LONG", false, -4061),
            ("type=MARKET&quantity=1&positionSide=LONG&reduceOnly=true", true, -1106),
            ("type=MARKET&quantity=1&closePosition=true", false, -4136),
        ] {
            assert_eq!(code(query, hedge), expected, "{query}");
        }
    }

    #[test]
    fn conditional_orders_want_their_own_parameters() {
        let code = |query: &str| {
            let query = format!("algoType=CONDITIONAL&side=SELL&{query}");
            let ticket = params(&query).algo_ticket(false);
            let begun = ticket.and_then(|ticket| ticket.begin(100.into()));
            begun.map_or_else(|refusal| refusal.code, |_| 0)
        };
        for (query, expected) in [
            ("type=STOP_MARKET&triggerPrice=90&closePosition=true", 0),
            ("type=STOP_MARKET&triggerPrice=90&quantity=1&reduceOnly=true", 0),
            ("type=STOP&triggerPrice=90&price=89&quantity=1", 0),
            ("type=TAKE_PROFIT_MARKET&triggerPrice=110&quantity=1&timeInForce=GTE_GTC", 0),
            ("type=TRAILING_STOP_MARKET&callbackRate=1&quantity=1", 0),
            ("type=TRAILING_STOP_MARKET&callbackRate=1&quantity=1&activatePrice=120", 0),
            ("type=TRAILING_STOP_MARKET&callbackRate=1&quantity=1&activatePrice=80", -2021),
            ("type=TRAILING_STOP_MARKET&callbackRate=11&quantity=1", -2007),
            ("type=STOP_MARKET&triggerPrice=101&quantity=1", -2021),
            ("type=TAKE_PROFIT&triggerPrice=99&price=98&quantity=1", -2021),
            ("type=STOP_MARKET&triggerPrice=90&closePosition=true&quantity=1", -1106),
            ("type=STOP&triggerPrice=90&price=89&closePosition=true", -4136),
            ("type=STOP_MARKET&quantity=1", -1102),
            ("type=STOP&triggerPrice=90&quantity=1", -1102),
            ("type=LIMIT&quantity=1&price=1", -1116),
        ] {
            assert_eq!(code(query), expected, "{query}");
        }
    }
}
