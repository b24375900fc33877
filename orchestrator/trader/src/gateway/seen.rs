//! From the venue's words to the executor's.

use domain::fill::Liquidity;
use domain::funding::FundingSource;
use domain::instrument::Asset;
use domain::money::{Price, Quantity};
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use exchange::binance::order::{VenueOrder, VenueTrade};
use exchange::binance::signed::error::CallError;
use exchange::binance::spot::list::{Cancelled, OrderList};
use exchange::binance::usdm::algo::VenueAlgoOrder;
use exchange::binance::usdm::query::Income;
use exchange::binance::user_stream::algo_event::AlgoUpdate;
use exchange::binance::user_stream::event::UserEvent;
use exchange::binance::user_stream::message::UserMessage;
use exchange::binance::user_stream::order_event::{LastFill, OrderUpdate};
use execution::answer::{AccountEvent, Answer, Failure, FillSeen, IncomeSeen, OrderSeen};

/// What a request that came to nothing came to.
pub(super) fn failure(error: CallError) -> Answer {
    let retry_after_ms = error.retry_after_ms();
    Answer::Failed(match error {
        CallError::Rejected { code, message } => Failure::Refused { code, reason: message },
        CallError::Unauthorised { code, .. } => {
            Failure::Refused { code, reason: error.to_string() }
        }
        CallError::NoSuchOrder { .. } => Failure::NoSuchOrder,
        CallError::Duplicate { .. } => Failure::Duplicate,
        CallError::Ambiguous { .. } | CallError::Unanswered(_) => {
            Failure::Ambiguous { why: error.to_string() }
        }
        CallError::NotSent(_)
        | CallError::RateLimited { .. }
        | CallError::Banned { .. }
        | CallError::Busy { .. }
        | CallError::Clock { .. } => {
            Failure::NothingDone { why: error.to_string(), retry_after_ms }
        }
    })
}

/// A question for one order: that the venue finds none is an answer.
pub(super) fn found<T>(asked: Result<T, CallError>, answer: impl FnOnce(T) -> Answer) -> Answer {
    match asked {
        Ok(found) => answer(found),
        Err(CallError::NoSuchOrder { .. }) => Answer::NotFound,
        Err(error) => failure(error),
    }
}

/// An order. One whose state is not told is `Unknown`.
pub(super) fn order(order: &VenueOrder) -> OrderSeen {
    let (state, filled) =
        order.progress().unwrap_or((OrderState::Unknown, order.filled.unwrap_or_default()));
    let some = |price: Price| Some(price).filter(|price| *price > Price::ZERO);
    OrderSeen {
        name: order.name().to_owned(),
        symbol: order.symbol.clone(),
        conditional: false,
        order_id: order.order_id,
        triggered_order_id: None,
        state,
        filled,
        side: order.side,
        quantity: order.quantity,
        price: order.price.and_then(some),
        trigger: order.stop_price.and_then(some),
        reason: None,
        time_exchange: order.time().unwrap_or_default(),
    }
}

/// The fills in the full answer to a new order, as far as they are numbered.
pub(super) fn fills_of(order: &VenueOrder) -> Vec<FillSeen> {
    let (Some(side), Some(time_exchange)) = (order.side, order.time()) else { return Vec::new() };
    let numbered = order.fills.iter().filter_map(|fill| Some((fill.trade_id?, fill)));
    let seen = numbered.map(|(venue_fill_id, fill)| FillSeen {
        symbol: order.symbol.clone(),
        venue_fill_id,
        order_id: order.order_id,
        name: Some(order.name().to_owned()),
        side,
        price: fill.price,
        quantity: fill.quantity,
        fee: fill.commission,
        fee_asset: fill.commission_asset.parse().ok(),
        // Only what takes is filled before it is answered.
        liquidity: Liquidity::Taker,
        time_exchange,
    });
    seen.collect()
}

/// A list's legs.
pub(super) fn legs(list: &OrderList) -> Answer {
    Answer::Orders(list.order_reports.iter().map(order).collect())
}

/// What a cancel cancelled.
pub(super) fn cancelled(cancelled: &Cancelled) -> Answer {
    match cancelled {
        Cancelled::List(list) => legs(list),
        Cancelled::Order(cancelled) => Answer::Order(order(cancelled)),
    }
}

/// A conditional order.
pub(super) fn conditional(order: &VenueAlgoOrder) -> OrderSeen {
    OrderSeen {
        name: order.client_algo_id.clone(),
        symbol: order.symbol.clone(),
        conditional: true,
        order_id: order.algo_id,
        triggered_order_id: order.actual_order_id,
        state: order.algo_status.state(),
        filled: Quantity::ZERO,
        side: order.side,
        quantity: order.quantity,
        price: order.price,
        trigger: order.trigger_price,
        reason: None,
        time_exchange: order.update_time.or(order.create_time).unwrap_or_default(),
    }
}

/// A row of the account's trades; none where its fee's asset has a name that can't be.
pub(super) fn fill(trade: &VenueTrade) -> Option<FillSeen> {
    let fee_asset: Option<Asset> = trade.commission_asset.parse().ok();
    if fee_asset.is_none() && !trade.commission.is_zero() {
        tracing::error!(trade = trade.id, symbol = %trade.symbol, "the venue names a fee's asset that no asset is called");
        return None;
    }
    Some(FillSeen {
        symbol: trade.symbol.clone(),
        venue_fill_id: trade.id,
        order_id: trade.order_id,
        name: None,
        side: if trade.is_buyer { Side::Buy } else { Side::Sell },
        price: trade.price,
        quantity: trade.quantity,
        fee: trade.commission,
        fee_asset,
        liquidity: if trade.is_maker { Liquidity::Maker } else { Liquidity::Taker },
        time_exchange: trade.time,
    })
}

/// Whether an amount of this kind is one that no fill tells of.
fn is_income(kind: &str) -> bool {
    matches!(kind, "FUNDING_FEE" | "INSURANCE_CLEAR")
}

/// A row of the account's incomes; none where it is of another kind, or in another asset than its
/// instrument is settled in.
pub(super) fn income(row: &Income) -> Option<IncomeSeen> {
    let income_id = row.tran_id;
    let source = match row.income_type.as_str() {
        "FUNDING_FEE" => FundingSource::Told { income_id },
        "INSURANCE_CLEAR" => FundingSource::Liquidation { income_id },
        _ => return None,
    };
    if !row.symbol.ends_with(&row.asset) {
        tracing::error!(income_id, symbol = %row.symbol, asset = %row.asset, "the venue settles in an asset that is not the instrument's");
        return None;
    }
    let (symbol, amount_quote) = (row.symbol.clone(), row.income);
    Some(IncomeSeen { symbol, amount_quote, source, time_exchange: row.time })
}

/// What the account's stream says, in the order in which it should be heard: what was filled before
/// what became of the order by it.
pub(super) fn heard(message: UserMessage) -> Vec<AccountEvent> {
    let event = match message {
        UserMessage::CaughtUp => return Vec::new(),
        UserMessage::Connected => return vec![AccountEvent::Connected],
        UserMessage::Disconnected { .. } => return vec![AccountEvent::Disconnected],
        UserMessage::Malformed { error } => {
            tracing::warn!(%error, "the account's stream said something that makes no sense");
            return vec![AccountEvent::Lost];
        }
        UserMessage::Event(event) => event,
    };
    match event {
        UserEvent::Order(update) => of_update(&update),
        UserEvent::Algo { time, update } => vec![AccountEvent::Order(of_algo(&update, time))],
        UserEvent::TriggerRefused { refused, .. } => {
            tracing::warn!(symbol = %refused.symbol, reason = %refused.reason, "a triggered order was refused");
            vec![AccountEvent::Lost]
        }
        UserEvent::MarginCall(call) => {
            tracing::error!(positions = call.positions.len(), "the venue warns of a liquidation");
            vec![AccountEvent::Lost]
        }
        UserEvent::Unknown { event } => {
            tracing::warn!(event, "the account's stream said something that is not known");
            vec![AccountEvent::Lost]
        }
        UserEvent::Account(update) if is_income(&update.reason) => vec![AccountEvent::Funded],
        // Their orders and their fills are told of one by one; sums are compared from time to time.
        UserEvent::List(_)
        | UserEvent::Balances(_)
        | UserEvent::BalanceChange(_)
        | UserEvent::Account(_)
        | UserEvent::Config(_)
        | UserEvent::Ended { .. } => Vec::new(),
    }
}

fn of_update(update: &OrderUpdate) -> Vec<AccountEvent> {
    let seen = OrderSeen {
        name: update.name.clone(),
        symbol: update.symbol.clone(),
        conditional: false,
        order_id: update.order_id,
        triggered_order_id: None,
        state: update.status.state(),
        filled: update.filled,
        side: Some(update.side),
        quantity: Some(update.quantity),
        price: update.price,
        trigger: update.stop_price,
        reason: update.reason.clone(),
        time_exchange: update.time,
    };
    let mut events = match &update.last {
        LastFill::None => Vec::new(),
        LastFill::Incomplete { .. } => vec![AccountEvent::Lost],
        LastFill::Fill(last) => vec![AccountEvent::Fill(FillSeen {
            symbol: update.symbol.clone(),
            venue_fill_id: last.venue_fill_id,
            order_id: update.order_id,
            name: Some(update.name.clone()),
            side: update.side,
            price: last.price,
            quantity: last.quantity,
            fee: last.fee,
            fee_asset: last.fee_asset.as_deref().and_then(|asset| asset.parse().ok()),
            liquidity: last.liquidity,
            time_exchange: update.time,
        })],
    };
    events.push(AccountEvent::Order(seen));
    events
}

fn of_algo(update: &AlgoUpdate, time_exchange: UtcMs) -> OrderSeen {
    OrderSeen {
        name: update.name.clone(),
        symbol: update.symbol.clone(),
        conditional: true,
        order_id: update.algo_id,
        triggered_order_id: update.order_id,
        state: update.status.state(),
        filled: Quantity::ZERO,
        side: Some(update.side),
        quantity: update.quantity,
        price: None,
        trigger: update.trigger_price,
        reason: update.reason.clone(),
        time_exchange,
    }
}

/// A request that this market has no words for: nothing was done.
pub(super) fn not_here(market: &str, ask: &execution::ask::Ask) -> Answer {
    let reason = format!("{market} has no such request: {ask:?}");
    Answer::Failed(Failure::Refused { code: 0, reason })
}
