//! A great deal of history.

use domain::fill::Liquidity;
use domain::money::Money;
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use execution::answer::{Answer, FillSeen, OrderSeen};
use execution::ask::{Ask, Cursor};
use execution::executor::Executor;
use execution::fact::Out;
use execution::memory::Memory;
use execution::terms::{Market, Terms};

use crate::venue::{instrument, p, q};

const ORDERS: u64 = 10_000;
const FILLS: u64 = 100_000;

fn fill(id: u64) -> FillSeen {
    FillSeen {
        symbol: "BTCUSDT".to_owned(),
        venue_fill_id: id,
        order_id: id % ORDERS,
        name: None,
        side: Side::Buy,
        price: p("100"),
        quantity: q("0.001"),
        fee: Money::ZERO,
        fee_asset: None,
        liquidity: Liquidity::Taker,
        time_exchange: UtcMs::new(i64::try_from(id).unwrap() * 100),
    }
}

fn order(order_id: u64) -> OrderSeen {
    OrderSeen {
        name: format!("web_{order_id}"),
        symbol: "BTCUSDT".to_owned(),
        conditional: false,
        order_id,
        triggered_order_id: None,
        state: OrderState::Accepted,
        filled: q("0.01"),
        side: Some(Side::Buy),
        quantity: Some(q("1")),
        price: Some(p("90")),
        trigger: None,
        reason: None,
        time_exchange: UtcMs::new(0),
    }
}

/// Nobody's fills of nobody's orders: each is looked at, none is kept.
#[test]
fn ten_thousand_orders_and_a_hundred_thousand_fills_are_gone_through_in_bounds() {
    let market = Market::Spot;
    let (mut executor, mut out) = (Executor::new(Terms::usual(market)), Out::default());
    let now = UtcMs::new(20_000_000);
    executor.list(instrument(market), now, &mut out);
    executor.resume(&Memory::default(), now, &mut out);
    let (mut pages, mut asked) = (0, 0);
    let mut todo = std::mem::take(&mut out.requests);
    while let Some(request) = todo.pop() {
        asked += 1;
        let answer = match request.ask {
            Ask::Fills { from, .. } => {
                pages += 1;
                let first = if let Cursor::After(id) = from { id + 1 } else { 1 };
                let last = (first + 999).min(FILLS);
                let fills = (first..=last).map(fill).collect();
                Answer::Fills { fills, complete: last == FILLS }
            }
            Ask::OpenOrders { .. } => Answer::Orders((0..ORDERS).map(order).collect()),
            Ask::OrderById { order_id, .. } => Answer::Order(order(order_id)),
            _ => Answer::NotFound,
        };
        executor.on_answer(request.id, answer, now, &mut out);
        todo.append(&mut out.requests);
        assert!(out.reports.is_empty());
    }
    println!("{pages} pages, {asked} requests");
    assert!(executor.is_quiet());
    // A second look begins where the first one ended.
    let later = now.plus_ms(120_000);
    executor.on_tick(later, &mut out);
    let from = out.requests.iter().find_map(|request| match request.ask {
        Ask::Fills { from, .. } => Some(from),
        _ => None,
    });
    assert_eq!(from, Some(Cursor::After(FILLS)));
}
