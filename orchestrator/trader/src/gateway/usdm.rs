//! What is asked of an account on USD-M futures.

use domain::instrument::InstrumentId;
use domain::signal::Direction;
use domain::time::{MINUTE_MS, UtcMs};
use domain::venue_name::VenueName;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::paging::{MAX_ROWS, Page};
use exchange::binance::usdm::account::UsdmBalance;
use exchange::binance::usdm::algo::{AlgoOrder, Condition, Share};
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::order::{UsdmKind, UsdmOrder};
use exchange::binance::usdm::query::INCOME_ROWS;
use exchange::binance::words::PositionSide;
use execution::answer::{Answer, Balance, IncomeSeen};
use execution::ask::{Ask, Sizing};
use rust_decimal::Decimal;

use super::account::Performed;
use super::seen;

/// What of the venue's incomes is asked for: the rest comes with fills, or is a person's doing.
const KINDS: [&str; 2] = ["FUNDING_FEE", "INSURANCE_CLEAR"];

/// Does what is asked, once. `now` is the venue's time.
pub(super) async fn perform(client: &UsdmClient, ask: Ask, now: UtcMs) -> Performed {
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
        Ask::Incomes { since } => match incomes(client, since, now).await {
            Ok(incomes) => Answer::Incomes(incomes),
            Err(error) => seen::failure(error),
        },
        Ask::Balances => match client.balances().await {
            Ok(balances) => Answer::Balances(wallets(&balances)),
            Err(error) => seen::failure(error),
        },
        Ask::PlaceOco { .. } | Ask::Fills { .. } => seen::not_here("futures", &ask),
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

/// All that was paid or got beside fills, page by page.
async fn incomes(
    client: &UsdmClient,
    since: UtcMs,
    now: UtcMs,
) -> Result<Vec<IncomeSeen>, CallError> {
    let mut told = Vec::new();
    for kind in KINDS {
        for page in 1.. {
            // What is booked while it is asked for is heard now or the next time.
            let rows = client.income(Some(kind), since, now.plus_ms(MINUTE_MS), page).await?;
            told.extend(rows.iter().filter_map(seen::income));
            if (rows.len() as u32) < INCOME_ROWS {
                break;
            }
        }
    }
    Ok(told)
}

/// The wallet of every asset whose name is one.
fn wallets(balances: &[UsdmBalance]) -> Vec<Balance> {
    let named = balances.iter().filter_map(|balance| {
        let asset = balance.asset.parse().ok()?;
        Some(Balance { asset, total: balance.wallet_balance.to_decimal() })
    });
    named.collect()
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
