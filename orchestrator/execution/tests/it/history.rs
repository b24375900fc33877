//! A long history of nobody's orders, gone through page by page.

use domain::fill::Liquidity;
use domain::instrument::{Filters, Instrument};
use domain::money::Money;
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use execution::answer::{Answer, FillSeen, OrderSeen};
use execution::ask::{Ask, Cursor};
use execution::executor::Executor;
use execution::fact::Out;
use execution::memory::Memory;
use execution::terms::{Market, Terms};

pub(crate) const ORDERS: u64 = 10_000;
pub(crate) const FILLS: u64 = 100_000;

fn read<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a constant of this file")
}

fn fill(id: u64) -> FillSeen {
    FillSeen {
        symbol: "BTCUSDT".to_owned(),
        venue_fill_id: id,
        order_id: id % ORDERS,
        name: None,
        side: Side::Buy,
        price: read("100"),
        quantity: read("0.001"),
        fee: Money::ZERO,
        fee_asset: None,
        liquidity: Liquidity::Taker,
        time_exchange: UtcMs::new(0).plus_ms(id as i64 * 100),
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
        filled: read("0.01"),
        side: Some(Side::Buy),
        quantity: Some(read("1")),
        price: Some(read("90")),
        trigger: None,
        reason: None,
        time_exchange: UtcMs::new(0),
    }
}

fn answer(ask: &Ask) -> Answer {
    match *ask {
        Ask::Fills { from, .. } => {
            let first = if let Cursor::After(id) = from { id + 1 } else { 1 };
            let last = (first + 999).min(FILLS);
            Answer::Fills { fills: (first..=last).map(fill).collect(), complete: last == FILLS }
        }
        Ask::OpenOrders { .. } => Answer::Orders((0..ORDERS).map(order).collect()),
        Ask::OrdersFrom { order_id, .. } => {
            let last = (order_id + 1_000).min(ORDERS);
            Answer::Orders((order_id..last).map(order).collect())
        }
        Ask::OrderById { order_id, .. } => Answer::Order(order(order_id)),
        _ => Answer::NotFound,
    }
}

/// Starts on it and goes on until nothing is in question. Gives back the executor, the time then,
/// and how many requests it took.
pub(crate) fn go_through() -> (Executor, UtcMs, usize) {
    let (mut executor, mut out) = (Executor::new(Terms::usual(Market::Spot)), Out::default());
    let filters = Filters {
        tick: read("0.01"),
        step: read("0.001"),
        min_quantity: read("0.001"),
        max_quantity: read("1000"),
        min_notional_quote: read("5"),
    };
    let mut now = UtcMs::new(20_000_000);
    executor.list(Instrument { id: read("BTC/USDT"), filters }, now, &mut out);
    executor.resume(&Memory::default(), now, &mut out);
    let mut asked = 0;
    for _ in 0..1_000 {
        while let Some(request) = out.requests.pop() {
            asked += 1;
            executor.on_answer(request.id, answer(&request.ask), now, &mut out);
        }
        if executor.is_quiet() {
            break;
        }
        now = now.plus_ms(1_000);
        executor.on_tick(now, &mut out);
    }
    assert!(executor.is_quiet(), "settled");
    assert!(out.reports.is_empty(), "none of it is booked");
    (executor, now, asked)
}
