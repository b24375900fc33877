//! What may be asked over REST with a key.

use super::desk::{Answer, Desk};
use crate::params::Params;
use crate::signed::rest::Verb;

/// One of the requests.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: Verb,
    pub(crate) path: &'static str,
    pub(crate) weight: u64,
    /// Whether it places or changes orders, which the venue counts.
    pub(crate) is_order: bool,
    /// Whether the key alone is enough.
    pub(crate) key_alone: bool,
    pub(crate) answer: fn(&mut Desk<'_>, &Params) -> Answer,
}

type Asked = fn(&mut Desk<'_>, &Params) -> Answer;

const fn of(method: Verb, path: &'static str, weight: u64, answer: Asked) -> Endpoint {
    Endpoint { method, path, weight, is_order: false, key_alone: false, answer }
}

const fn ordering(method: Verb, path: &'static str, answer: Asked) -> Endpoint {
    Endpoint { is_order: true, ..of(method, path, 1, answer) }
}

const fn listening(method: Verb, answer: Asked) -> Endpoint {
    Endpoint { key_alone: true, ..of(method, "/fapi/v1/listenKey", 1, answer) }
}

use Verb::{Delete, Get, Post, Put};

/// All of them, with the weights of the venue's documentation.
pub(crate) static ENDPOINTS: [Endpoint; 42] = [
    of(Get, "/fapi/v2/account", 5, |desk, params| desk.account_v2(params)),
    of(Get, "/fapi/v3/account", 5, |desk, params| desk.account_v3(params)),
    of(Get, "/fapi/v2/balance", 5, |desk, params| desk.balance(params)),
    of(Get, "/fapi/v3/balance", 5, |desk, params| desk.balance(params)),
    of(Get, "/fapi/v2/positionRisk", 5, |desk, params| desk.risk_v2(params)),
    of(Get, "/fapi/v3/positionRisk", 5, |desk, params| desk.risk_v3(params)),
    of(Get, "/fapi/v1/accountConfig", 5, |desk, params| desk.config(params)),
    of(Get, "/fapi/v1/symbolConfig", 5, |desk, params| desk.symbol_config(params)),
    of(Post, "/fapi/v1/leverage", 1, |desk, params| desk.leverage(params)),
    of(Post, "/fapi/v1/marginType", 1, |desk, params| desk.margin_type(params)),
    of(Post, "/fapi/v1/positionMargin", 1, |desk, params| desk.position_margin(params)),
    of(Get, "/fapi/v1/positionSide/dual", 30, |desk, params| desk.mode(params)),
    of(Post, "/fapi/v1/positionSide/dual", 1, |desk, params| desk.set_mode(params)),
    of(Get, "/fapi/v1/multiAssetsMargin", 30, |desk, params| desk.assets_mode(params)),
    of(Get, "/fapi/v1/leverageBracket", 1, |desk, params| desk.brackets(params)),
    of(Get, "/fapi/v2/leverageBracket", 1, |desk, params| desk.brackets(params)),
    of(Get, "/fapi/v1/commissionRate", 20, |desk, params| desk.commission(params)),
    ordering(Post, "/fapi/v1/order", |desk, params| desk.place(params)),
    ordering(Put, "/fapi/v1/order", |desk, params| desk.amend(params)),
    of(Get, "/fapi/v1/order", 1, |desk, params| desk.order(params)),
    of(Delete, "/fapi/v1/order", 1, |desk, params| desk.cancel(params)),
    of(Post, "/fapi/v1/order/test", 1, |desk, params| desk.test(params)),
    ordering(Post, "/fapi/v1/batchOrders", |desk, params| desk.place_batch(params)),
    of(Delete, "/fapi/v1/batchOrders", 1, |desk, params| desk.cancel_batch(params)),
    of(Delete, "/fapi/v1/allOpenOrders", 1, |desk, params| desk.cancel_all(params)),
    of(Get, "/fapi/v1/openOrders", 1, |desk, params| desk.open_orders(params)),
    of(Get, "/fapi/v1/openOrder", 1, |desk, params| desk.open_order(params)),
    of(Get, "/fapi/v1/allOrders", 5, |desk, params| desk.all_orders(params)),
    of(Get, "/fapi/v1/userTrades", 5, |desk, params| desk.trades(params)),
    of(Get, "/fapi/v1/income", 30, |desk, params| desk.income(params)),
    of(Get, "/fapi/v1/forceOrders", 20, |desk, params| desk.forced(params)),
    of(Post, "/fapi/v1/countdownCancelAll", 10, |desk, params| desk.countdown(params)),
    ordering(Post, "/fapi/v1/algoOrder", |desk, params| desk.place_algo(params)),
    of(Get, "/fapi/v1/algoOrder", 1, |desk, params| desk.algo(params)),
    of(Delete, "/fapi/v1/algoOrder", 1, |desk, params| desk.cancel_algo(params)),
    of(Get, "/fapi/v1/openAlgoOrders", 1, |desk, params| desk.open_algos(params)),
    of(Get, "/fapi/v1/allAlgoOrders", 5, |desk, params| desk.all_algos(params)),
    of(Delete, "/fapi/v1/algoOpenOrders", 1, |desk, params| desk.cancel_all_algos(params)),
    listening(Post, |desk, _| Ok(desk.open_stream())),
    listening(Put, |desk, _| desk.renew_stream()),
    listening(Delete, |desk, _| desk.account.close_stream()),
    of(Get, "/fapi/v1/feeBurn", 30, |_, _| Ok(serde_json::json!({ "feeBurn": false }))),
];

impl Desk<'_> {
    fn open_stream(&mut self) -> serde_json::Value {
        self.account.open_stream(self.ids, self.wall_ms, self.listen_key_life_ms)
    }

    fn renew_stream(&mut self) -> Answer {
        self.account.renew_stream(self.wall_ms, self.listen_key_life_ms)
    }
}
