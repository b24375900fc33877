use backtest::curve::{Curve, Grain};
use backtest::outcome::DatedOrder;
use decision::record::{OrderRecord, OrderStep};
use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::order::{ClientOrderId, Order, OrderEvent, OrderKind, Role, Side, Ticket};
use domain::time::HOUR_MS;
use domain::trade::ExitReason;

use super::*;

/// 2024-01-30 00:00 UTC.
const BEGIN: UtcMs = UtcMs::new(19_752 * DAY_MS);

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn pair(text: &str) -> InstrumentId {
    text.parse().unwrap()
}

fn trade(name: &str, hours: (i64, i64), exit_price: &str, pnl: &str, reason: ExitReason) -> Trade {
    Trade {
        decision_id: Id::of(RunSeed(1), hours.0.unsigned_abs(), "decision", name),
        instrument: pair(name),
        direction: Direction::Long,
        entry_time: BEGIN.plus_ms(hours.0 * HOUR_MS),
        exit_time: BEGIN.plus_ms(hours.1 * HOUR_MS),
        quantity: "10".parse().unwrap(),
        entry_price: decimal("50"),
        exit_price: decimal(exit_price),
        fees_quote: "1".parse().unwrap(),
        pnl_quote: pnl.parse().unwrap(),
        exit_reason: reason,
    }
}

fn entry() -> DatedOrder {
    let id = Id::of(RunSeed(1), 1, "decision", "BTC/USDT");
    let client_order_id = ClientOrderId::new(id, Role::Entry);
    let ticket = Ticket {
        client_order_id,
        instrument: pair("BTC/USDT"),
        side: Side::Buy,
        kind: OrderKind::Market,
        quantity: "10".parse().unwrap(),
    };
    let fill = Fill {
        venue_fill_id: 1,
        client_order_id,
        instrument: ticket.instrument,
        side: Side::Buy,
        price: "50".parse().unwrap(),
        quantity: ticket.quantity,
        fee: "0.2".parse().unwrap(),
        fee_asset: "USDT".parse().unwrap(),
        liquidity: Liquidity::Taker,
        time_exchange: BEGIN,
    };
    let step = OrderStep::Reported(OrderEvent::Filled(fill));
    DatedOrder { at: BEGIN, order: OrderRecord { step, order: Order::intended(ticket) } }
}

/// Two pairs over four days into February: three trades, one position left open, one hole.
pub(crate) fn run() -> Run {
    let start = Mark { at: BEGIN, equity_quote: 1_000.0 };
    let mut curve = Curve::new(start, Grain::Marks);
    for (hour, equity) in [(6, 1_010.0), (12, 990.0), (24, 1_010.0), (48, 999.9), (96, 1_019.898)] {
        curve.mark(BEGIN.plus_ms(hour * HOUR_MS), equity);
    }
    let order = entry();
    let OrderStep::Reported(OrderEvent::Filled(fill)) = &order.order.step else { panic!() };
    Run {
        quote: "USDT".parse().unwrap(),
        capital_quote: "1000".parse().unwrap(),
        instruments: vec![pair("BTC/USDT"), pair("ETH/USDT"), pair("SOL/USDT")],
        from: BEGIN,
        to: BEGIN.plus_ms(4 * DAY_MS),
        candles: 1_152,
        trades: vec![
            trade("BTC/USDT", (1, 7), "52", "19", ExitReason::Roi),
            trade("ETH/USDT", (2, 10), "49", "-11", ExitReason::StopLoss),
            trade("BTC/USDT", (50, 51), "51", "9", ExitReason::Roi),
        ],
        left_open: vec![OpenPosition {
            instrument: pair("ETH/USDT"),
            direction: Direction::Long,
            entry_time: BEGIN.plus_ms(90 * HOUR_MS),
            quantity: "10".parse().unwrap(),
            entry_price: decimal("50"),
            mark: "50.3".parse().unwrap(),
            pnl_quote: "2.898".parse().unwrap(),
        }],
        fills: vec![fill.clone()],
        orders: vec![order],
        curve,
        holes: vec![Hole {
            instrument: pair("SOL/USDT"),
            timeframe: Timeframe::M5,
            from: BEGIN.plus_ms(HOUR_MS),
            missing: 600,
            ended: true,
        }],
        records: Vec::new(),
    }
}

fn coverage(name: &str) -> Coverage {
    Coverage { pair: pair(name), from: BEGIN, to: BEGIN.plus_ms(4 * DAY_MS), candles: 1_152 }
}

pub(crate) fn facts() -> Facts {
    Facts {
        strategy: "ema-cross".to_owned(),
        profile: None,
        timeframe: Timeframe::H1,
        timeframe_detail: Timeframe::M5,
        fill: "next-open".to_owned(),
        maker_fee_ratio: 0.000_4,
        taker_fee_ratio: 0.000_4,
        stake_quote: Some(500.0),
        seed: 1,
        configuration_hash: "0123456789abcdef".to_owned(),
        candles: ["BTC/USDT", "ETH/USDT", "SOL/USDT"].map(coverage).into(),
        market_change_ratio: Some(-0.02),
        read_seconds: 0.5,
        engine_seconds: 0.000_1,
    }
}

/// Kept at 2024-03-01 12:00:00.250.
pub(crate) fn saved() -> Saved {
    Saved::of(&run(), facts(), UtcMs::new(1_709_294_400_250))
}

#[test]
fn what_is_kept_has_the_metrics_of_the_run() {
    let text = serde_json::to_vec(&saved()).unwrap();
    let read: Saved = serde_json::from_slice(&text).unwrap();
    let read = read.checked().unwrap();
    assert_eq!(read, saved());
    assert_eq!(Metrics::of_basis(&read.basis()), Metrics::of(&run()));
    assert_eq!(Basis::of(&run()), read.basis());
    assert_eq!(read.id, "20240301T120000Z-ema-cross-01234567");
    assert_eq!(read.candles_per_second(), 11_520_000.0);
}

#[test]
fn a_name_can_t_leave_the_folder() {
    let facts = Facts { strategy: "../../Öh no".to_owned(), ..facts() };
    assert_eq!(id(&facts, UtcMs::new(0)), "19700101T000000Z--------h-no-01234567");
}

#[test]
fn what_no_run_leaves_is_refused() {
    let refused = |change: fn(&mut Saved)| {
        let mut saved = saved();
        change(&mut saved);
        saved.checked().unwrap_err()
    };
    assert_eq!(refused(|s| s.version = 7), DamagedError::Version(7));
    assert_eq!(refused(|s| s.to = UtcMs::new(0)), DamagedError::Impossible("range"));
    assert_eq!(refused(|s| s.to = UtcMs::new(i64::MAX)), DamagedError::Impossible("range"));
    assert_eq!(refused(|s| s.capital_quote = Money::ZERO), DamagedError::Impossible("capital"));
    assert_eq!(refused(|s| s.days.reverse()), DamagedError::Impossible("equity"));
    assert_eq!(refused(|s| s.trades.reverse()), DamagedError::Impossible("trades"));
    assert_eq!(refused(|s| s.instruments.clear()), DamagedError::Impossible("trades"));
}

mod in_a_folder {
    use super::*;
    use crate::ending::Code;
    use crate::verbs::backtest::saved::folder::{list, load, save};

    #[test]
    fn runs_of_one_second_are_kept_apart_and_found_again() {
        let place = tempfile::tempdir().unwrap();
        let mut ids = Vec::new();
        for _ in 0..11 {
            let mut run = saved();
            let path = save(place.path(), &mut run).unwrap();
            assert!(path.ends_with(format!("backtests/{}.json", run.id)));
            assert_eq!(load(place.path(), &run.id).unwrap(), run);
            assert_eq!(load(place.path(), "latest").unwrap(), run);
            ids.push(run.id);
        }
        assert_eq!(ids[10], "20240301T120000Z-ema-cross-01234567-11");
        let (runs, problems) = list(place.path()).unwrap();
        assert_eq!(runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>(), ids);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(runs[0].headline, saved().headline);
        let mut later = Saved { id: "20240302T000000Z-b-0".to_owned(), ..saved() };
        save(place.path(), &mut later).unwrap();
        assert_eq!(load(place.path(), "20240302").unwrap().id, later.id);
        let left: Vec<_> = std::fs::read_dir(place.path().join("backtests")).unwrap().collect();
        assert_eq!(left.len(), 12, "something half-written was left");
    }

    #[test]
    fn a_wrong_id_is_a_clear_message() {
        let place = tempfile::tempdir().unwrap();
        let refused = |asked: &str, words: &str| {
            let failure = load(place.path(), asked).unwrap_err();
            assert_eq!(failure.code, Code::Usage);
            assert!(failure.to_string().contains(words), "{failure}");
        };
        refused("latest", "no backtest has been kept in");
        assert_eq!(list(place.path()).unwrap(), (vec![], vec![]));
        for _ in 0..2 {
            save(place.path(), &mut saved()).unwrap();
        }
        refused("2025", "there is no backtest '2025'; `sextant backtest-show` lists");
        refused("../secret", "there is no backtest '../secret'");
        refused("20240301", "2 backtests begin with '20240301'");
        let path = place.path().join("backtests/20240303T000000Z-x-1.json");
        std::fs::write(&path, "{\"version\": 1").unwrap();
        refused("latest", "can't be read");
        let (runs, problems) = list(place.path()).unwrap();
        assert_eq!((runs.len(), problems.len()), (2, 1));
        let mut other = saved();
        other.version = 2;
        std::fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
        refused("latest", "kept in form 2");
        assert!(list(place.path()).unwrap().1[0].contains("form 2"));
    }
}
