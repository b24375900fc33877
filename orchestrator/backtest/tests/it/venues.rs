//! Whatever the venue's terms: fills in parts, late and at bad prices leave books that agree.

use std::collections::{BTreeMap, BTreeSet};

use backtest::floor::Floor;
use decision::account::Account;
use decision::core::Core;
use decision::exits::Stage;
use decision::outbox::Outbox;
use decision::record::Record;
use domain::ids::RunSeed;
use domain::order::{ClientOrderId, OrderKind, Role, Side};
use domain::portfolio::Portfolio;
use domain::time::MINUTE_MS;
use domain::timeframe::Timeframe;
use exchange::sim::terms::{FillModel, Slippage, Terms};
use exchange::sim::venue::SimVenue;
use rust_decimal::Decimal;

use crate::parts::{CAPITAL, policy};
use crate::witness::Seen;
use crate::world::{Nature, World};

/// A world's orders under `terms`; checks after every watermark.
fn live(seed: u64, terms: Terms, seen: &mut Seen) {
    let wild = (seed % 4) as f64;
    let nature = Nature {
        sigma: 0.002 + 0.003 * wild,
        drift: 0.0002 - 0.0002 * wild,
        jumps: 0.004 * wild,
        breaks: 0.002 * wild,
    };
    let mut world = World::new(seed, nature);
    let cash = Portfolio::new("USDT".parse().unwrap(), CAPITAL.parse().unwrap());
    let core = Core::new(RunSeed(7), policy(), Timeframe::M15, Account::new(cash));
    let mut floor = Floor::new(core, SimVenue::new(terms, Timeframe::M15));
    let (mut cash, mut held) = (CAPITAL.parse::<Decimal>().unwrap(), BTreeMap::new());
    let (mut pnl, mut last_fill) = (Decimal::ZERO, BTreeMap::new());
    for _ in 0..500 {
        let (released, effects) = world.turn();
        let mut out = Outbox::default();
        floor.open(released.view(), &mut out).unwrap();
        floor.decide(released.view(), &effects.answers, &mut out).unwrap();
        let commands = std::mem::take(&mut out.commands);
        floor.execute(commands, &mut out).unwrap();
        for dated in &out.records {
            match &dated.record {
                Record::Fill(fill) => {
                    let quantity = fill.quantity.to_decimal();
                    let signed = if fill.side == Side::Buy { quantity } else { -quantity };
                    cash -= signed * fill.price.to_decimal() + fill.fee.to_decimal();
                    let base: &mut Decimal = held.entry(fill.instrument).or_default();
                    *base += signed;
                    assert!(*base >= Decimal::ZERO, "sold more than was held: {fill:?}");
                    let before = last_fill.insert(fill.instrument, fill.venue_fill_id);
                    assert!(before.is_none_or(|before| before < fill.venue_fill_id));
                    seen.add(format!("{:?}", fill.client_order_id.role()));
                }
                Record::Trade(trade) => {
                    pnl += trade.pnl_quote.to_decimal();
                    seen.add(trade.exit_reason.name());
                }
                Record::Order(order) => seen.add(order.order.state.name()),
                _ => {}
            }
        }
        held.retain(|_, base| !base.is_zero());
        check(&floor, cash, pnl, &held);
    }
}

fn check(
    floor: &Floor,
    cash: Decimal,
    pnl: Decimal,
    held: &BTreeMap<domain::instrument::InstrumentId, Decimal>,
) {
    let (core, book) = (floor.core(), floor.core().book());
    let portfolio = &core.account().portfolio;
    assert_eq!(portfolio.cash().to_decimal(), cash);
    assert_eq!(portfolio.realised_quote().to_decimal(), pnl);
    let positions = portfolio.positions();
    assert_eq!(positions.keys().collect::<BTreeSet<_>>(), held.keys().collect());
    let order = |id, role| book.order(ClientOrderId::new(id, role));
    for (instrument, position) in positions {
        assert_eq!(position.net_base().unwrap(), held[instrument]);
        assert!(book.plans().contains_key(instrument), "{instrument} is held without a plan");
    }
    for (instrument, plan) in book.plans() {
        let entry = order(plan.decision_id, Role::Entry);
        let stop = order(plan.decision_id, Role::Stop);
        match plan.stage {
            Stage::Entering => assert!(!entry.unwrap().state.is_final()),
            // What is open has a stop for no less than what is held.
            Stage::Open => {
                let stop = stop.unwrap();
                assert_eq!(stop.ticket.kind, OrderKind::Stop { trigger: plan.protection.stop });
                assert!(stop.open_quantity().to_decimal() >= held[instrument], "{stop:?}");
            }
            Stage::Closing(_) => assert!(positions.contains_key(instrument)),
        }
    }
}

fn terms() -> Terms {
    let costs = policy().costs;
    Terms::new(costs.maker_fee_ratio, costs.taker_fee_ratio, costs.slippage_bps)
}

#[test]
fn every_model_leaves_books_that_agree() {
    for (fill, latency_ms) in [
        (FillModel::Close, 0),
        (FillModel::Intrabar, 0),
        (FillModel::NextOpen, 300),
        (FillModel::NextOpen, 7 * MINUTE_MS as u32),
        (FillModel::Close, 40 * MINUTE_MS as u32),
    ] {
        let mut seen = Seen::default();
        for seed in 0..12 {
            live(seed, Terms { fill, latency_ms, ..terms() }, &mut seen);
        }
        println!("{fill} {latency_ms} ms: {:?}", seen.0);
        for what in ["roi", "stop_loss", "exit_signal", "force_exit"] {
            assert!(seen.0.contains_key(what), "{what} never happened under {fill}");
        }
    }
}

/// A candle of the world trades one unit: an entry takes from one to hundreds of candles.
#[test]
fn orders_that_fill_in_parts_leave_books_that_agree() {
    for (limit, latency_ms) in [("1", 0), ("0.05", 0), ("0.3", 0), ("0.3", 300)] {
        let slippage = Slippage::VolumeShare {
            limit_ratio: limit.parse().unwrap(),
            impact: "0.0005".parse().unwrap(),
        };
        let mut seen = Seen::default();
        for seed in 0..12 {
            live(seed, Terms { slippage, latency_ms, ..terms() }, &mut seen);
        }
        println!("{limit} of the volume, {latency_ms} ms: {:?}", seen.0);
        assert!(seen.0.contains_key("partially_filled"));
        assert!(seen.0.contains_key("stop_loss") && seen.0.contains_key("force_exit"));
    }
}
