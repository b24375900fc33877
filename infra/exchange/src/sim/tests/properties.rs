//! What holds under every model, whatever the market and the orders.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use domain::candle::Candle;
use domain::event::Event;
use domain::fill::Liquidity;
use domain::gateway::{Command, Protection};
use domain::instrument::Asset;
use domain::money::{Money, Price, Quantity};
use domain::order::{ClientOrderId, Order, OrderKind, OrderReport, Role, Side};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::{Pit, START, coin, fills, price, terms, ticket};
use crate::sim::terms::{FillModel, Slippage, Terms};
use crate::sim::venue::SimVenue;

fn cents(n: i64) -> Price {
    Price::from_raw(n * 1_000_000)
}

/// Open, extremes around it, close.
fn candles() -> impl Strategy<Value = Vec<([i64; 4], u32)>> {
    let candle = (proptest::array::uniform4(8_000i64..12_000), 0u32..40);
    proptest::collection::vec(candle, 12)
}

fn models() -> impl Strategy<Value = FillModel> {
    prop_oneof![Just(FillModel::NextOpen), Just(FillModel::Close), Just(FillModel::Intrabar)]
}

fn slippages() -> impl Strategy<Value = Slippage> {
    let thin =
        Slippage::VolumeShare { limit_ratio: Decimal::new(1, 1), impact: Decimal::new(1, 1) };
    prop_oneof![(0u32..50).prop_map(|bps| Slippage::Bps(bps.into())), Just(thin)]
}

/// Every order's life by the machine that the book uses.
#[derive(Default)]
struct Lives {
    orders: BTreeMap<ClientOrderId, Order>,
    bought: Quantity,
}

impl Lives {
    fn hear(&mut self, reports: &[OrderReport], wanted: Quantity) {
        for report in reports {
            let id = report.client_order_id;
            let (decision, role) = (id.decision_id(), id.role());
            let order = self.orders.entry(id).or_insert_with(|| {
                let mut leg = ticket(0, role, OrderKind::Market, "1");
                (leg.client_order_id, leg.quantity) = (ClientOrderId::new(decision, role), wanted);
                if matches!(role, Role::Stop | Role::Target) {
                    leg.quantity = self.bought;
                }
                if role == Role::Stop {
                    leg.kind = OrderKind::Stop { trigger: price("1") };
                }
                let mut order = Order::intended(leg);
                if matches!(role, Role::Stop | Role::Target) {
                    order.apply(&domain::order::OrderEvent::Submitted).unwrap();
                }
                order
            });
            assert!(!order.state.is_final(), "{report:?} after {:?}", order.state);
            order.apply(&report.event).unwrap();
            // As the book has it: stop and target are of what the entry has filled.
            if role == Role::Entry {
                self.bought = order.filled;
            }
            for (id, leg) in &mut self.orders {
                if matches!(id.role(), Role::Stop | Role::Target) && !leg.state.is_final() {
                    leg.ticket.quantity = self.bought;
                }
            }
        }
    }
}

proptest! {
    /// No fill is better than what its candle offered, cash and units go nowhere else, nothing that
    /// closes opens, and every order ends once.
    #[test]
    fn every_model_is_a_venue(
        path in candles(), fill in models(), slippage in slippages(),
        latency_ms in prop_oneof![Just(0u32), 1u32..9_000_000], quantity in 1u32..9,
        leaves in 1usize..9,
    ) {
        let terms = Terms { fill, slippage, latency_ms, ..terms() };
        let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
        pit.event(Event::SessionStarted { instrument: coin() });
        pit.candle(["100"; 4]);
        let (mut lives, mut seen) = (Lives::default(), Vec::new());
        let wanted = quantity.to_string().parse().unwrap();
        let quote: Asset = "USDT".parse().unwrap();
        let mut book = Portfolio::new(quote, Money::ZERO);
        let mut heard = |reports: Vec<OrderReport>, lives: &mut Lives, offered: Option<&Candle>| {
            lives.hear(&reports, wanted);
            for fill in fills(&reports) {
                if let Some(candle) = offered {
                    let rests = fill.liquidity == Liquidity::Maker;
                    assert!(fill.side == Side::Sell || fill.price >= candle.low);
                    assert!(fill.side == Side::Buy || fill.price <= candle.high);
                    assert!(!rests || (candle.low <= fill.price && fill.price <= candle.high));
                    assert!(fill.time_exchange <= candle.close_time());
                }
                book.book(&fill).unwrap();
                assert!(!book.positions().values().any(|p| p.net_base().unwrap() < Decimal::ZERO));
                seen.push(fill);
            }
        };
        let submit = |role, pit: &mut Pit, decision| {
            let ticket = ticket(decision, role, OrderKind::Market, &quantity.to_string());
            let protection = Protection { stop: price("92"), target: price("108") };
            let protection = (role == Role::Entry).then_some(protection);
            pit.execute(Command::Submit { ticket, protection })
        };
        heard(submit(Role::Entry, &mut pit, 1), &mut lives, None);
        for (turn, (prices, volume)) in path.into_iter().enumerate() {
            if turn == leaves {
                let stop = ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id;
                heard(pit.execute(Command::Cancel { client_order_id: stop }), &mut lives, None);
                heard(submit(Role::Exit, &mut pit, 2), &mut lives, None);
            }
            let (low, high) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
            let ohlc = [prices[0], *high, *low, prices[3]].map(cents);
            let candle = Candle::new(Timeframe::H1, pit.now, ohlc, f64::from(volume)).unwrap();
            pit.now = candle.close_time();
            let reports = pit.event(Event::CandleClosed { instrument: coin().id, candle });
            heard(reports, &mut lives, Some(&candle));
        }
        heard(pit.end(), &mut lives, None);
        prop_assert_eq!(pit.venue.working_orders(), 0);
        for order in lives.orders.values() {
            prop_assert!(order.state.is_final(), "{:?}", order);
        }
        // What the book holds is what the venue says, and the cash is the fills' own.
        let net = book.positions().get(&coin().id).map_or(Decimal::ZERO, |p| p.net_base().unwrap());
        prop_assert_eq!(net, pit.venue.held_base(coin().id));
        let flow = |fill: &domain::fill::Fill| {
            let notional = fill.price.times(fill.quantity).unwrap().to_decimal();
            let signed = if fill.side == Side::Sell { notional } else { -notional };
            signed - fill.fee.to_decimal()
        };
        prop_assert_eq!(book.cash().to_decimal(), seen.iter().map(flow).sum::<Decimal>());
        prop_assert!(seen.windows(2).all(|two| two[0].venue_fill_id < two[1].venue_fill_id));
    }

    /// Slower is never better informed: an order decided now fills only at times after its arrival.
    #[test]
    fn nothing_fills_before_it_arrives(path in candles(), fill in models(), latency_ms in 0u32..9_000_000) {
        let terms = Terms { fill, latency_ms, ..terms() };
        let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
        pit.event(Event::SessionStarted { instrument: coin() });
        pit.candle(["100"; 4]);
        let arrives = pit.now.plus_ms(i64::from(latency_ms));
        let mut found: Vec<UtcMs> = fills(&pit.enter("1")).iter().map(|f| f.time_exchange).collect();
        for (prices, _) in path {
            let (low, high) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
            let ohlc = [prices[0], *high, *low, prices[3]].map(cents);
            let candle = Candle::new(Timeframe::H1, pit.now, ohlc, 1.0).unwrap();
            pit.now = candle.close_time();
            let reports = pit.event(Event::CandleClosed { instrument: coin().id, candle });
            found.extend(fills(&reports).iter().map(|fill| fill.time_exchange));
        }
        prop_assert!(found.iter().all(|at| *at >= arrives));
        prop_assert!(found.windows(2).all(|two| two[0] <= two[1]));
    }
}
