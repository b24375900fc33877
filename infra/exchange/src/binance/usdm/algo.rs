//! Conditional orders on USD-M futures: stops, targets and trailing stops. Since December 2025 they
//! live with the venue's algo service, under ids of their own; when one triggers, it becomes a plain
//! order. The endpoints of plain orders refuse them with −4120. An account may have 200 of them.

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe, maybe_id, maybe_time};
use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::paging::{Page, paged};
use crate::binance::signed::params::Params;
use crate::binance::usdm::order::for_position;
use crate::binance::words::{
    AlgoStatus, OrderType, Origin, PositionSide, TimeInForce, WorkingType, maybe_side, side_word,
};

/// What a conditional order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The price goes against the position to `trigger`.
    Stop {
        /// Where it starts.
        trigger: Price,
        /// The worst price; none: any. A protective stop has none.
        limit: Option<Price>,
    },
    /// The price goes with the position to `trigger`.
    TakeProfit {
        /// Where it starts.
        trigger: Price,
        /// The worst price; none: any.
        limit: Option<Price>,
    },
    /// The price comes back from its best by `callback_percent`.
    Trailing {
        /// In percent, 0.1 to 10.
        callback_percent: Decimal,
        /// Where the following starts; none: now.
        activation: Option<Price>,
    },
}

/// How much of the position it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// This much, in base units, and nothing but a reduction where `reduce_only`.
    Quantity {
        /// How much.
        quantity: Quantity,
        /// Whether it may only reduce the position.
        reduce_only: bool,
    },
    /// The whole position, whatever it has become by then. Survives partial fills and closes, and
    /// the venue ends it with the position.
    WholePosition,
}

/// A new conditional order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgoOrder {
    /// Of what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Its name.
    pub client_order_id: VenueName,
    /// What it waits for.
    pub condition: Condition,
    /// How much.
    pub share: Share,
    /// Which price it watches; none: the venue's default, the last one.
    pub working_type: Option<WorkingType>,
    /// The side of the position: none in one-way mode.
    pub position_side: Option<PositionSide>,
}

/// A new conditional order.
pub fn place(order: &AlgoOrder) -> Call {
    let (kind, limit) = match order.condition {
        Condition::Stop { limit: None, .. } => (OrderType::StopMarket, None),
        Condition::Stop { limit, .. } => (OrderType::Stop, limit),
        Condition::TakeProfit { limit: None, .. } => (OrderType::TakeProfitMarket, None),
        Condition::TakeProfit { limit, .. } => (OrderType::TakeProfit, limit),
        Condition::Trailing { .. } => (OrderType::TrailingStopMarket, None),
    };
    let params = Params::of(order.instrument)
        .with("side", side_word(order.side))
        .with("clientAlgoId", order.client_order_id)
        .with("newOrderRespType", "RESULT")
        .with("type", kind);
    let params = match order.share {
        Share::Quantity { quantity, .. } => params.with("quantity", quantity),
        Share::WholePosition => params.with("closePosition", "true"),
    };
    let params = params.with_some("price", limit);
    let params = match order.condition {
        Condition::Stop { trigger, .. } | Condition::TakeProfit { trigger, .. } => {
            params.with("triggerPrice", trigger)
        }
        Condition::Trailing { callback_percent, activation } => params
            .with("callbackRate", callback_percent.normalize())
            .with_some("activatePrice", activation),
    };
    let params = params
        .with("algoType", "CONDITIONAL")
        .with_some("workingType", order.working_type.as_ref());
    let reduce_only = matches!(order.share, Share::Quantity { reduce_only: true, .. });
    let params = for_position(params, order.position_side.as_ref(), reduce_only);
    Call::order(Method::Post, "fapi/v1/algoOrder", params, 1)
}

/// Cancels one by its name.
pub fn cancel(name: &str) -> Call {
    let params = Params::new().with("clientAlgoId", name);
    Call::set(Method::Delete, "fapi/v1/algoOrder", params, 1)
}

/// Cancels every conditional order of an instrument.
pub fn cancel_all(instrument: InstrumentId) -> Call {
    Call::set(Method::Delete, "fapi/v1/algoOpenOrders", Params::of(instrument), 1)
}

/// One by its name.
pub fn order(name: &str) -> Call {
    Call::ask("fapi/v1/algoOrder", Params::new().with("clientAlgoId", name), 1)
}

/// The open ones of an instrument, or of all.
pub fn open_orders(instrument: Option<InstrumentId>) -> Call {
    let weight = if instrument.is_some() { 1 } else { 40 };
    Call::ask("fapi/v1/openAlgoOrders", instrument.map(Params::of).unwrap_or_default(), weight)
}

/// All of an instrument: open, triggered, cancelled.
pub fn all_orders(instrument: InstrumentId, page: Page) -> Call {
    let params = Params::of(instrument);
    let params = paged(params, "algoId", page, Some(1_000));
    Call::ask("fapi/v1/allAlgoOrders", params, 5)
}

/// A conditional order as the venue tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VenueAlgoOrder {
    /// The algo service's number.
    pub algo_id: u64,
    /// Its name.
    pub client_algo_id: String,
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Where it stands.
    pub algo_status: AlgoStatus,
    /// Its kind.
    #[serde(default)]
    pub order_type: Option<OrderType>,
    /// Buy or sell.
    #[serde(default, deserialize_with = "maybe_side")]
    pub side: Option<Side>,
    /// The side of the position.
    #[serde(default)]
    pub position_side: Option<PositionSide>,
    /// How long it works once triggered.
    #[serde(default)]
    pub time_in_force: Option<TimeInForce>,
    /// How much; nought where it closes the whole position.
    #[serde(default, deserialize_with = "maybe")]
    pub quantity: Option<Quantity>,
    /// Where it starts.
    #[serde(default, deserialize_with = "maybe")]
    pub trigger_price: Option<Price>,
    /// Its limit.
    #[serde(default, deserialize_with = "maybe")]
    pub price: Option<Price>,
    /// Whether it may only reduce the position.
    #[serde(default)]
    pub reduce_only: Option<bool>,
    /// Whether it closes the whole position.
    #[serde(default)]
    pub close_position: Option<bool>,
    /// The plain order that it became.
    #[serde(default, deserialize_with = "maybe_id")]
    pub actual_order_id: Option<u64>,
    /// When it was taken.
    #[serde(default, deserialize_with = "maybe_time")]
    pub create_time: Option<UtcMs>,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_time")]
    pub update_time: Option<UtcMs>,
    /// When it was triggered.
    #[serde(default, deserialize_with = "maybe_time")]
    pub trigger_time: Option<UtcMs>,
}

impl VenueAlgoOrder {
    /// Who sent it.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.client_algo_id)
    }
}

impl AlgoStatus {
    /// The domain's word. Once triggered, the plain order that it became tells the rest.
    pub const fn state(&self) -> OrderState {
        match self {
            Self::New | Self::Triggering | Self::Triggered => OrderState::Accepted,
            Self::Canceled => OrderState::Cancelled,
            Self::Rejected => OrderState::Rejected,
            Self::Expired => OrderState::Expired,
            // Filled or cancelled: which, this service does not say.
            Self::Finished | Self::Unknown(_) => OrderState::Unknown,
        }
    }
}

/// What cancelling a conditional order came to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlgoCancelled {
    /// The algo service's number.
    pub algo_id: u64,
    /// Its name.
    pub client_algo_id: String,
    /// 200, as text.
    #[serde(default, deserialize_with = "maybe")]
    pub code: Option<i64>,
}
