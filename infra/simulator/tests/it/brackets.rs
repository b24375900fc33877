//! Brackets: an entry with the exits that follow from its fill.

use domain::order::{ClientOrderId, Role, Side};
use exchange::binance::spot::list::{Oco, list_name};
use exchange::binance::words::{ListStatus, OrderStatus};

use crate::trading::{balances, btc, client, id, p, q, status, step, venue};

#[tokio::test]
async fn a_bracket_protects_what_its_entry_bought() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let exits = |n, stop: &str, target: &str| Oco {
        side: Side::Sell,
        stop_id: id(n, Role::Stop).into(),
        stop: p(stop),
        target_id: id(n, Role::Target).into(),
        target: p(target),
    };
    let state = async |name: ClientOrderId| {
        let order = client.order(btc(), &name.to_string()).await.unwrap();
        let trades = client.trades_of_order(btc(), order.order_id).await.unwrap();
        (status(&order), trades.first().map(|trade| trade.price))
    };
    let place = async |n, entry: &str, exits: &Oco| {
        client.place_bracket(btc(), id(n, Role::Entry).into(), p(entry), q("1"), exits).await
    };
    let [first, second, third] =
        [exits(1, "98", "106"), exits(2, "98.5", "106"), exits(3, "80", "95")];
    let told = place(1, "99", &first).await.unwrap();
    assert_eq!((told.orders.len(), told.list_order_status), (3, ListStatus::Executing));
    assert_eq!(status(&told.order_reports[1]), OrderStatus::PendingNew);
    assert_eq!(balances(&client).await, ["10", "0", "9901", "99"]);
    place(2, "98", &exits(2, "97", "106")).await.unwrap();
    client.cancel_list(btc(), &list_name(second.stop_id)).await.unwrap();
    assert_eq!(state(second.target_id.id).await, (OrderStatus::Canceled, None));
    assert_eq!(balances(&client).await, ["10", "0", "9901", "99"]);
    place(3, "90", &third).await.unwrap();
    // The entry is reached, and in the same minute the stop may have been.
    step(&venue).await;
    assert_eq!(state(id(1, Role::Entry)).await, (OrderStatus::Filled, Some(p("99"))));
    assert_eq!(state(first.stop_id.id).await, (OrderStatus::Filled, Some(p("98"))));
    assert_eq!(state(first.target_id.id).await, (OrderStatus::Expired, None));
    for _ in 0..3 {
        step(&venue).await;
    }
    assert_eq!(state(id(3, Role::Entry)).await, (OrderStatus::Filled, Some(p("90"))));
    assert_eq!(state(third.stop_id.id).await.0, OrderStatus::New);
    step(&venue).await;
    assert_eq!(state(third.target_id.id).await, (OrderStatus::Filled, Some(p("95"))));
    assert_eq!(client.open_orders(None).await.unwrap(), []);
    let account = balances(&client).await;
    assert_eq!((&*account[1], &*account[3]), ("0", "0"), "nothing stays locked");
    venue.stop().await;
}
