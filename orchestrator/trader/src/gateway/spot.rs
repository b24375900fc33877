//! What is asked of an account on spot.

use domain::money::Quantity;
use exchange::binance::signed::paging::{MAX_ROWS, Page};
use exchange::binance::spot::account::SpotAccount;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::spot::list::Oco;
use exchange::binance::spot::order::{SpotKind, SpotOrder};
use execution::answer::{Answer, Balance};
use execution::ask::Ask;

use super::account::Performed;
use super::seen;

pub(super) async fn perform(client: &SpotClient, ask: Ask) -> Performed {
    let answer = match ask {
        Ask::PlaceMarket { name, sizing, .. } => {
            let order = SpotOrder {
                instrument: sizing.instrument,
                side: sizing.side,
                client_order_id: name,
                kind: SpotKind::Market { quantity: sizing.quantity },
            };
            return match client.place(&order).await {
                Ok(order) => {
                    let fills = seen::fills_of(&order);
                    Performed { answer: Answer::Order(seen::order(&order)), fills }
                }
                Err(error) => seen::failure(error).into(),
            };
        }
        Ask::PlaceOco { stop, target, sizing, trigger, price } => {
            let (side, stop_id, target_id) = (sizing.side, stop, target);
            let pair = Oco { side, stop_id, target_id, stop: trigger, target: price };
            match client.place_oco(sizing.instrument, sizing.quantity, &pair).await {
                Ok(list) => seen::legs(&list),
                Err(error) => seen::failure(error),
            }
        }
        Ask::Cancel { name, instrument } => {
            match client.cancel(instrument, &name.to_string()).await {
                Ok(cancelled) => seen::cancelled(&cancelled),
                Err(error) => seen::failure(error),
            }
        }
        Ask::Order { name, instrument } => {
            let asked = client.order(instrument, &name.to_string()).await;
            seen::found(asked, |order| Answer::Order(seen::order(&order)))
        }
        Ask::OrderById { order_id, instrument } => {
            let asked = client.order_by_number(instrument, order_id).await;
            seen::found(asked, |order| Answer::Order(seen::order(&order)))
        }
        Ask::OrdersFrom { order_id, instrument } => {
            match client.all_orders(instrument, Page::From(order_id), Some(MAX_ROWS)).await {
                Ok(orders) => Answer::Orders(orders.iter().map(seen::order).collect()),
                Err(error) => seen::failure(error),
            }
        }
        Ask::OpenOrders { instrument } => match client.open_orders(Some(instrument)).await {
            Ok(orders) => Answer::Orders(orders.iter().map(seen::order).collect()),
            Err(error) => seen::failure(error),
        },
        Ask::Balances => match client.account().await {
            Ok(account) => Answer::Balances(balances(&account)),
            Err(error) => seen::failure(error),
        },
        Ask::PlaceStop { .. }
        | Ask::PlaceTarget { .. }
        | Ask::CancelConditional { .. }
        | Ask::Conditional { .. }
        | Ask::Conditionals { .. }
        | Ask::Position { .. }
        | Ask::Incomes { .. }
        | Ask::Fills { .. } => seen::not_here("spot", &ask),
    };
    answer.into()
}

/// What the account has of every asset whose name is one.
fn balances(account: &SpotAccount) -> Vec<Balance> {
    let total = |free: Quantity, locked: Quantity| free.to_decimal() + locked.to_decimal();
    let named = account.balances.iter().filter_map(|balance| {
        let asset = balance.asset.parse().ok()?;
        Some(Balance { asset, total: total(balance.free, balance.locked) })
    });
    named.collect()
}
