//! A request as the faults see it, whichever way and for whichever market it came.

use super::plan::{Act, MarketName, Place};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) market: MarketName,
    pub(crate) act: Act,
    /// Method and path.
    pub(crate) endpoint: String,
    /// Its key; empty where it has none.
    pub(crate) account: String,
    pub(crate) pairs: Vec<(String, String)>,
}

/// Under which names orders and lists are meant, the order's own first.
const NAMES: [&str; 9] = [
    "newClientOrderId",
    "origClientOrderId",
    "clientAlgoId",
    "listClientOrderId",
    "aboveClientOrderId",
    "belowClientOrderId",
    "workingClientOrderId",
    "pendingAboveClientOrderId",
    "pendingBelowClientOrderId",
];
const NUMBERS: [&str; 3] = ["orderId", "algoId", "orderListId"];

impl Call {
    /// None where the path is of no market.
    pub(crate) fn new(
        method: &str,
        path: &str,
        account: &str,
        pairs: Vec<(String, String)>,
    ) -> Option<Self> {
        let (market, tail) = place_of(path)?;
        Some(Self {
            market,
            act: act_of(method, tail),
            endpoint: format!("{method} {path}"),
            account: account.to_owned(),
            pairs,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All names that the client gives orders and lists in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        // A cancel's new name is the cancel's own.
        let is_new = self.act == Act::Place;
        let names = NAMES.iter().filter(move |name| is_new || **name != "newClientOrderId");
        names.filter_map(|name| self.get(name))
    }

    /// The venue's numbers of orders and lists in it.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &str> {
        NUMBERS.iter().filter_map(|name| self.get(name))
    }

    /// What stays the same about it whenever it comes.
    pub(crate) fn identity(&self) -> String {
        let about = self.names().chain(self.numbers()).next();
        let about = about.or_else(|| self.get("symbol")).unwrap_or_default();
        format!("{:?}|{}|{}|{about}", self.market, self.account, self.endpoint)
    }

    /// Whether a fault of this place may strike it.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        let has = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        place.market.is_none_or(|market| market == self.market)
            && place.act.is_none_or(|act| act == self.act)
            && place.endpoint.as_deref().is_none_or(|begin| self.endpoint.starts_with(begin))
            && has(&place.account, &self.account)
            && has(&place.symbol, self.get("symbol").unwrap_or_default())
            && place.order.as_deref().is_none_or(|part| self.names().any(|n| n.contains(part)))
            && place.stream.is_none()
            && place.event.is_none()
    }
}

fn place_of(path: &str) -> Option<(MarketName, &str)> {
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let tail = rest.split_once('/').map_or(rest, |(_, tail)| tail);
    match first {
        "api" | "sapi" => Some((MarketName::Spot, tail)),
        "fapi" | "futures" => Some((MarketName::Usdm, tail)),
        _ => None,
    }
}

fn act_of(method: &str, tail: &str) -> Act {
    let is_order = matches!(
        tail.split('/').next().unwrap_or_default(),
        "order"
            | "orderList"
            | "batchOrders"
            | "algoOrder"
            | "openOrder"
            | "openOrders"
            | "allOrders"
            | "allOpenOrders"
            | "openOrderList"
            | "allOrderList"
            | "myTrades"
            | "userTrades"
            | "openAlgoOrders"
            | "allAlgoOrders"
            | "algoOpenOrders"
    );
    let is_public = [
        "ping",
        "exchangeInfo",
        "klines",
        "ticker/price",
        "ticker/bookTicker",
        "depth",
        "trades",
        "aggTrades",
        "premiumIndex",
        "fundingRate",
        "fundingInfo",
        "markPriceKlines",
        "indexPriceKlines",
        "openInterest",
        "openInterestHist",
        "globalLongShortAccountRatio",
        "topLongShortAccountRatio",
        "topLongShortPositionRatio",
    ];
    match method {
        _ if tail == "time" => Act::Time,
        _ if tail.starts_with("listenKey") || tail.starts_with("userDataStream") => Act::Renew,
        _ if is_public.contains(&tail) => Act::Public,
        _ if tail == "order/test" => Act::Account,
        "POST" if is_order => Act::Place,
        "PUT" if is_order => Act::Amend,
        "DELETE" if is_order => Act::Cancel,
        "GET" if is_order => Act::Query,
        _ => Act::Account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_both_markets_are_told_apart() {
        for (method, path, market, act) in [
            ("POST", "/api/v3/order", MarketName::Spot, Act::Place),
            ("POST", "/api/v3/order/test", MarketName::Spot, Act::Account),
            ("POST", "/api/v3/orderList/oco", MarketName::Spot, Act::Place),
            ("PUT", "/api/v3/order/amend/keepPriority", MarketName::Spot, Act::Amend),
            ("GET", "/api/v3/myTrades", MarketName::Spot, Act::Query),
            ("GET", "/api/v3/time", MarketName::Spot, Act::Time),
            ("GET", "/sapi/v1/account/apiRestrictions", MarketName::Spot, Act::Account),
            ("POST", "/fapi/v1/algoOrder", MarketName::Usdm, Act::Place),
            ("DELETE", "/fapi/v1/allOpenOrders", MarketName::Usdm, Act::Cancel),
            ("PUT", "/fapi/v1/listenKey", MarketName::Usdm, Act::Renew),
            ("GET", "/fapi/v3/positionRisk", MarketName::Usdm, Act::Account),
            ("GET", "/fapi/v1/depth", MarketName::Usdm, Act::Public),
            ("GET", "/futures/data/openInterestHist", MarketName::Usdm, Act::Public),
        ] {
            let call = Call::new(method, path, "k", Vec::new()).unwrap();
            assert_eq!((call.market, call.act), (market, act), "{method} {path}");
        }
        assert!(Call::new("GET", "/sim/status", "", Vec::new()).is_none());
    }
}
