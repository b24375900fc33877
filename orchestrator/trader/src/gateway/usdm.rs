//! What is asked of an account on USD-M futures.

use domain::instrument::InstrumentId;
use domain::signal::Direction;
use domain::venue_name::VenueName;
use exchange::binance::signed::paging::{MAX_ROWS, Page};
use exchange::binance::usdm::algo::{AlgoOrder, Condition, Share};
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::order::{UsdmKind, UsdmOrder};
use exchange::binance::words::PositionSide;
use execution::answer::Answer;
use execution::ask::{Ask, Sizing};
use rust_decimal::Decimal;

use super::account::Performed;
use super::seen;

pub(super) async fn perform(client: &UsdmClient, ask: Ask) -> Performed {
    let answer = match ask {
        Ask::PlaceMarket { name, sizing, reduce_only } => {
            let order = UsdmOrder {
                instrument: sizing.instrument,
                side: sizing.side,
                client_order_id: name,
                quantity: sizing.quantity,
                kind: UsdmKind::Market,
                position_side: sizing.position_side.map(side_of),
                reduce_only,
            };
            match client.place(&order).await {
                Ok(order) => Answer::Order(seen::order(&order)),
                Err(error) => seen::failure(error),
            }
        }
        Ask::PlaceStop { name, sizing, trigger } => {
            place_algo(client, name, sizing, Condition::Stop { trigger, limit: None }).await
        }
        Ask::PlaceTarget { name, sizing, trigger } => {
            place_algo(client, name, sizing, Condition::TakeProfit { trigger, limit: None }).await
        }
        Ask::Cancel { name, instrument } => {
            match client.cancel(instrument, &name.to_string()).await {
                Ok(order) => Answer::Order(seen::order(&order)),
                Err(error) => seen::failure(error),
            }
        }
        Ask::CancelConditional { name, .. } => match client.cancel_algo(&name.to_string()).await {
            Ok(_) => Answer::Done,
            Err(error) => seen::failure(error),
        },
        Ask::Order { name, instrument } => {
            let asked = client.order(instrument, &name.to_string()).await;
            seen::found(asked, |order| Answer::Order(seen::order(&order)))
        }
        Ask::OrderById { order_id, instrument } => {
            let asked = client.order_by_number(instrument, order_id).await;
            seen::found(asked, |order| Answer::Order(seen::order(&order)))
        }
        Ask::Conditional { name, .. } => {
            let asked = client.algo_order(&name.to_string()).await;
            seen::found(asked, |order| Answer::Order(seen::conditional(&order)))
        }
        Ask::Conditionals { instrument } => {
            match client.all_algo_orders(instrument, Page::Latest).await {
                Ok(orders) => Answer::Orders(orders.iter().map(seen::conditional).collect()),
                Err(error) => seen::failure(error),
            }
        }
        Ask::OrdersFrom { order_id, instrument } => {
            match client.all_orders(instrument, Page::From(order_id), Some(MAX_ROWS)).await {
                Ok(orders) => Answer::Orders(orders.iter().map(seen::order).collect()),
                Err(error) => seen::failure(error),
            }
        }
        Ask::OpenOrders { instrument } => open_orders(client, instrument).await,
        Ask::Position { instrument } => position(client, instrument).await,
        Ask::PlaceOco { .. } | Ask::Balances | Ask::Fills { .. } => seen::not_here("futures", &ask),
    };
    answer.into()
}

async fn place_algo(
    client: &UsdmClient,
    name: VenueName,
    sizing: Sizing,
    condition: Condition,
) -> Answer {
    let order = AlgoOrder {
        instrument: sizing.instrument,
        side: sizing.side,
        client_order_id: name,
        condition,
        share: Share::Quantity { quantity: sizing.quantity, reduce_only: true },
        working_type: None,
        position_side: sizing.position_side.map(side_of),
    };
    match client.place_algo(&order).await {
        Ok(order) => Answer::Order(seen::conditional(&order)),
        Err(error) => seen::failure(error),
    }
}

async fn open_orders(client: &UsdmClient, instrument: InstrumentId) -> Answer {
    let plain = client.open_orders(Some(instrument)).await;
    let waiting = client.open_algo_orders(Some(instrument)).await;
    match (plain, waiting) {
        (Ok(plain), Ok(waiting)) => Answer::Orders(
            plain.iter().map(seen::order).chain(waiting.iter().map(seen::conditional)).collect(),
        ),
        (Err(error), _) | (_, Err(error)) => seen::failure(error),
    }
}

/// Long less short: in one-way mode there is one row, in hedge mode there are two.
async fn position(client: &UsdmClient, instrument: InstrumentId) -> Answer {
    match client.positions(Some(instrument)).await {
        Ok(positions) => {
            let own = positions.iter().filter(|position| position.symbol == instrument.symbol());
            let net = own.map(|position| position.position_amt).sum::<Decimal>();
            Answer::Position { net_base: net.normalize() }
        }
        Err(error) => seen::failure(error),
    }
}

/// The venue's word for the position that an order belongs to, in hedge mode.
const fn side_of(direction: Direction) -> PositionSide {
    match direction {
        Direction::Short => PositionSide::Short,
        Direction::Long | Direction::Flat => PositionSide::Long,
    }
}
