//! Binance's messages as they come over the wire. Fields that nobody reads are left out, and what
//! Binance adds is ignored. Klines exist here only.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// `{"code":-1121,"msg":"Invalid symbol."}`
#[derive(serde::Deserialize)]
pub(crate) struct Refusal<'a> {
    #[serde(default)]
    pub(crate) code: i64,
    #[serde(borrow, default)]
    pub(crate) msg: Cow<'a, str>,
}

/// `GET /api/v3/time`
#[derive(serde::Deserialize)]
pub(crate) struct ServerTime {
    #[serde(rename = "serverTime")]
    pub(crate) server_time: i64,
}

/// One of `GET /api/v3/ticker/price`.
#[derive(serde::Deserialize)]
pub(crate) struct TickerPrice<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) price: Cow<'a, str>,
}

/// `GET /api/v3/exchangeInfo`
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExchangeInfo<'a> {
    #[serde(borrow, default)]
    pub(crate) rate_limits: Vec<RateLimit<'a>>,
    #[serde(borrow)]
    pub(crate) symbols: Vec<Symbol<'a>>,
}

/// A limit; Binance's documentation makes all of its fields optional.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(crate) struct RateLimit<'a> {
    #[serde(borrow)]
    pub(crate) rate_limit_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) interval: Cow<'a, str>,
    pub(crate) interval_num: u32,
    pub(crate) limit: u32,
}

/// An instrument as listed.
#[derive(serde::Deserialize)]
pub(crate) struct Symbol<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow, alias = "contractStatus")]
    pub(crate) status: Cow<'a, str>,
    /// Futures only.
    #[serde(borrow, rename = "contractType", default)]
    pub(crate) contract_type: Cow<'a, str>,
    #[serde(default)]
    pub(crate) filters: Vec<Filter>,
}

/// A filter. Numbers come as text; a field that Binance may leave out is an option.
#[derive(serde::Deserialize)]
#[serde(tag = "filterType", rename_all_fields = "camelCase")]
pub(crate) enum Filter {
    #[serde(rename = "PRICE_FILTER")]
    Price { tick_size: Option<String> },
    #[serde(rename = "LOT_SIZE")]
    LotSize { min_qty: Option<String>, max_qty: Option<String>, step_size: Option<String> },
    #[serde(rename = "NOTIONAL")]
    Notional { min_notional: Option<String> },
    /// What `NOTIONAL` replaced; futures still have it, with a name of its own for the number.
    #[serde(rename = "MIN_NOTIONAL")]
    MinNotional { min_notional: Option<String>, notional: Option<String> },
    #[serde(rename = "MARKET_LOT_SIZE")]
    MarketLotSize { min_qty: Option<String>, max_qty: Option<String>, step_size: Option<String> },
    /// Futures write `limit` for both counts.
    #[serde(rename = "MAX_NUM_ORDERS")]
    MaxNumOrders { max_num_orders: Option<u32>, limit: Option<u32> },
    #[serde(rename = "MAX_NUM_ALGO_ORDERS")]
    MaxNumAlgoOrders { max_num_algo_orders: Option<u32>, limit: Option<u32> },
    /// Futures, and spot in older times.
    #[serde(rename = "PERCENT_PRICE")]
    PercentPrice { multiplier_up: Option<String>, multiplier_down: Option<String> },
    #[serde(rename = "PERCENT_PRICE_BY_SIDE")]
    PercentPriceBySide {
        bid_multiplier_up: Option<String>,
        bid_multiplier_down: Option<String>,
        ask_multiplier_up: Option<String>,
        ask_multiplier_down: Option<String>,
    },
    #[serde(other)]
    Unknown,
}

/// One row of `GET /api/v3/klines`: an array of which the first six elements matter.
pub(crate) struct KlineRow<'a> {
    pub(crate) open_time: i64,
    /// Open, high, low, close.
    pub(crate) prices: [&'a str; 4],
    pub(crate) volume: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for KlineRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = KlineRow<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kline as an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Self::Value, A::Error> {
                fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
                    row: &mut A,
                ) -> Result<T, A::Error> {
                    row.next_element()?.ok_or_else(|| A::Error::custom("the kline is too short"))
                }
                let open_time = next(&mut row)?;
                let mut prices = [""; 4];
                for price in &mut prices {
                    *price = next(&mut row)?;
                }
                let volume = next(&mut row)?;
                while row.next_element::<IgnoredAny>()?.is_some() {}
                Ok(KlineRow { open_time, prices, volume })
            }
        }
        deserializer.deserialize_seq(Row)
    }
}

/// A kline event in the envelope of a combined stream.
#[derive(serde::Deserialize)]
pub(crate) struct KlineFrame<'a> {
    pub(crate) stream: &'a str,
    #[serde(borrow)]
    pub(crate) data: KlineEvent<'a>,
}

/// `<symbol>@kline_<interval>`
#[derive(serde::Deserialize)]
pub(crate) struct KlineEvent<'a> {
    #[serde(rename = "E")]
    pub(crate) event_time: i64,
    #[serde(borrow)]
    pub(crate) k: Kline<'a>,
}

/// The kline of an event.
#[derive(serde::Deserialize)]
pub(crate) struct Kline<'a> {
    #[serde(rename = "t")]
    pub(crate) open_time: i64,
    #[serde(rename = "s")]
    pub(crate) symbol: &'a str,
    #[serde(rename = "i")]
    pub(crate) interval: &'a str,
    #[serde(rename = "o")]
    pub(crate) open: &'a str,
    #[serde(rename = "h")]
    pub(crate) high: &'a str,
    #[serde(rename = "l")]
    pub(crate) low: &'a str,
    #[serde(rename = "c")]
    pub(crate) close: &'a str,
    #[serde(rename = "v")]
    pub(crate) volume: &'a str,
    #[serde(rename = "x")]
    pub(crate) is_closed: bool,
}

/// Of any frame, the stream that it is of.
#[derive(serde::Deserialize)]
pub(crate) struct NamedFrame<'a> {
    pub(crate) stream: &'a str,
}

/// Any other frame, read only as far as to know what it is.
#[derive(serde::Deserialize)]
pub(crate) struct OtherFrame<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<OtherData<'a>>,
    #[serde(borrow)]
    pub(crate) e: Option<Cow<'a, str>>,
    pub(crate) id: Option<u64>,
    pub(crate) error: Option<IgnoredAny>,
    pub(crate) code: Option<IgnoredAny>,
}

/// What an envelope holds where it is no kline; some streams send arrays.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum OtherData<'a> {
    Event {
        #[serde(borrow)]
        e: Cow<'a, str>,
    },
    Unknown(IgnoredAny),
}
