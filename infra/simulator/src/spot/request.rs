//! Parameters of new orders, checked as the venue checks them.

use domain::order::Side;
use rust_decimal::Decimal;

use super::order::{Kind, Ticket, TimeInForce};
use super::render::Detail;
use crate::params::{Params, Refusal, refusal};

const NAME: &str = "^[a-zA-Z0-9-_]{1,36}$";
const AMOUNT: &str = r"^([0-9]{1,20})(\.[0-9]{1,20})?$";

/// What this server has no book for, with the venue's words.
const UNSUPPORTED: [(&str, &str); 4] = [
    ("icebergQty", "Iceberg orders are not supported for this symbol."),
    ("trailingDelta", "Trailing stop orders are not supported for this symbol."),
    ("pegPriceType", "Pegged orders are not supported for this symbol."),
    ("pegOffsetValue", "Pegged orders are not supported for this symbol."),
];

/// The names under which an order's parameters are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub(crate) side: &'static str,
    pub(crate) quantity: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) price: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) time_in_force: &'static str,
}

pub(crate) const SINGLE: Names = Names {
    side: "side",
    quantity: "quantity",
    kind: "type",
    name: "newClientOrderId",
    price: "price",
    stop: "stopPrice",
    time_in_force: "timeInForce",
};

/// The legs of a pair, the upper one first.
pub(crate) const LEGS: [Names; 2] = [
    Names {
        side: "side",
        quantity: "quantity",
        kind: "aboveType",
        name: "aboveClientOrderId",
        price: "abovePrice",
        stop: "aboveStopPrice",
        time_in_force: "aboveTimeInForce",
    },
    Names {
        side: "side",
        quantity: "quantity",
        kind: "belowType",
        name: "belowClientOrderId",
        price: "belowPrice",
        stop: "belowStopPrice",
        time_in_force: "belowTimeInForce",
    },
];

/// The order that a pair waits for.
pub(crate) const WORKING: Names = Names {
    side: "workingSide",
    quantity: "workingQuantity",
    kind: "workingType",
    name: "workingClientOrderId",
    price: "workingPrice",
    stop: "workingStopPrice",
    time_in_force: "workingTimeInForce",
};

/// The pair that waits, the upper one first.
pub(crate) const PENDING: [Names; 2] = [
    Names {
        side: "pendingSide",
        quantity: "pendingQuantity",
        kind: "pendingAboveType",
        name: "pendingAboveClientOrderId",
        price: "pendingAbovePrice",
        stop: "pendingAboveStopPrice",
        time_in_force: "pendingAboveTimeInForce",
    },
    Names {
        side: "pendingSide",
        quantity: "pendingQuantity",
        kind: "pendingBelowType",
        name: "pendingBelowClientOrderId",
        price: "pendingBelowPrice",
        stop: "pendingBelowStopPrice",
        time_in_force: "pendingBelowTimeInForce",
    },
];

impl Params {
    /// A positive number of at most eight decimals.
    pub(crate) fn amount(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let legal =
            |part: &str| (1..=20).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !legal(whole) || !legal(decimals) {
            let message = format!(
                "Illegal characters found in parameter '{name}'; legal range is '{AMOUNT}'."
            );
            return Err(refusal(-1100, message));
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 8 {
            return Err(refusal(-1111, format!("Parameter '{name}' has too much precision.")));
        }
        // Twenty digits and eight more: the mantissa's 96 bits hold them.
        let number = format!("{whole}.{decimals}0").parse::<Decimal>();
        number
            .map(|number| Some(number.normalize()))
            .map_err(|_| refusal(-1130, format!("Data sent for parameter '{name}' is not valid.")))
    }

    pub(crate) fn side(&self, name: &str) -> Result<Side, Refusal> {
        match self.mandatory(name)? {
            "BUY" => Ok(Side::Buy),
            "SELL" => Ok(Side::Sell),
            _ => Err(refusal(-1117, "Invalid side.")),
        }
    }

    /// A client's name of an order or a list.
    pub(crate) fn client_name(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=36).contains(&text.len()) || !text.bytes().all(legal) {
            let message =
                format!("Illegal characters found in parameter '{name}'; legal range is '{NAME}'.");
            return Err(refusal(-1100, message));
        }
        Ok(Some(text.to_owned()))
    }

    /// How much of the outcome is to be told.
    pub(crate) fn detail(&self, usual: Detail) -> Result<Detail, Refusal> {
        match self.get("newOrderRespType") {
            None => Ok(usual),
            Some("ACK") => Ok(Detail::Ack),
            Some("RESULT") => Ok(Detail::Result),
            Some("FULL") => Ok(Detail::Full),
            Some(_) => {
                Err(refusal(-1130, "Data sent for parameter 'newOrderRespType' is not valid."))
            }
        }
    }

    fn absent(&self, name: &str) -> Result<(), Refusal> {
        match self.get(name) {
            None => Ok(()),
            Some(_) => Err(refusal(-1106, format!("Parameter '{name}' sent when not required."))),
        }
    }

    /// Refuses what this server has no book for.
    pub(crate) fn plain(&self) -> Result<(), Refusal> {
        let sent = UNSUPPORTED.iter().find(|(name, _)| self.get(name).is_some());
        sent.map_or(Ok(()), |(_, words)| Err(refusal(-2010, *words)))
    }

    /// An order as these names spell it. The quantity of one that names its worth is nought.
    pub(crate) fn ticket(&self, names: Names) -> Result<Ticket, Refusal> {
        let side = self.side(names.side)?;
        let kind = self.mandatory(names.kind)?;
        let kind = Kind::ALL.into_iter().find(|known| known.word() == kind);
        let kind = kind.ok_or_else(|| refusal(-1116, "Invalid orderType."))?;
        let read = |name: &str, is_needed: bool| {
            if !is_needed {
                self.absent(name)?;
                return Ok(Decimal::ZERO);
            }
            self.mandatory(name)?;
            self.amount(name).map(Option::unwrap_or_default)
        };
        let waits = kind.has_limit() && kind != Kind::LimitMaker;
        let time_in_force = if waits {
            self.mandatory(names.time_in_force)?;
            match self.get(names.time_in_force) {
                Some("GTC") => TimeInForce::Gtc,
                Some("IOC") => TimeInForce::Ioc,
                Some("FOK") => TimeInForce::Fok,
                _ => return Err(refusal(-1115, "Invalid timeInForce.")),
            }
        } else {
            self.absent(names.time_in_force)?;
            TimeInForce::Gtc
        };
        let price = read(names.price, kind.has_limit())?;
        let stop = read(names.stop, kind.has_trigger())?;
        let quote_quantity = match (kind, self.get(names.quantity)) {
            (Kind::Market, None) if self.get("quoteOrderQty").is_some() => {
                self.amount("quoteOrderQty")?.unwrap_or_default()
            }
            (Kind::Market, None) => {
                let message =
                    "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!";
                return Err(refusal(-1102, message));
            }
            _ => {
                self.absent("quoteOrderQty")?;
                Decimal::ZERO
            }
        };
        let quantity = if quote_quantity.is_zero() {
            self.mandatory(names.quantity)?;
            self.amount(names.quantity)?.unwrap_or_default()
        } else {
            Decimal::ZERO
        };
        Ok(Ticket { side, kind, time_in_force, price, stop, quantity, quote_quantity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(query: &str) -> Result<Ticket, i32> {
        let known =
            ["side", "type", "quantity", "quoteOrderQty", "price", "stopPrice", "timeInForce"];
        let query = format!("side=BUY&{query}");
        Params::parse(&query, &known).unwrap().ticket(SINGLE).map_err(|refusal| refusal.code)
    }

    #[test]
    fn each_kind_wants_its_own_parameters() {
        for good in [
            "type=MARKET&quantity=1",
            "type=MARKET&quoteOrderQty=10.5",
            "type=LIMIT&quantity=1&price=2&timeInForce=FOK",
            "type=LIMIT_MAKER&quantity=1&price=2",
            "type=STOP_LOSS&quantity=1&stopPrice=2",
            "type=TAKE_PROFIT_LIMIT&quantity=1&stopPrice=2&price=3&timeInForce=GTC",
        ] {
            assert!(ticket(good).is_ok(), "{good}");
        }
        for (bad, code) in [
            ("type=MARKET", -1102),
            ("type=MARKET&quantity=1&price=2", -1106),
            ("type=MARKET&quantity=1&quoteOrderQty=2", -1106),
            ("type=LIMIT&quantity=1&price=2", -1102),
            ("type=LIMIT&quantity=1&price=2&timeInForce=GTX", -1115),
            ("type=LIMIT&quantity=1&timeInForce=GTC", -1102),
            ("type=LIMIT_MAKER&quantity=1&price=2&timeInForce=GTC", -1106),
            ("type=STOP_LOSS&quantity=1&stopPrice=2&price=2", -1106),
            ("type=STOP_LOSS&quantity=1", -1102),
            ("type=STOP&quantity=1", -1116),
            ("type=MARKET&quantity=1.123456789", -1111),
            ("type=MARKET&quantity=-1", -1100),
            ("type=MARKET&quantity=1e3", -1100),
            ("type=MARKET&quantity=", -1102),
        ] {
            assert_eq!(ticket(bad).err(), Some(code), "{bad}");
        }
        assert_eq!(
            ticket("type=MARKET&quantity=1.500000000000").unwrap().quantity.to_string(),
            "1.5"
        );
    }
}
