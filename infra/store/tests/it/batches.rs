//! What the tests write.

use domain::alert::Alert;
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::intent::Action;
use domain::ledger::{EntryKind, Head};
use domain::money::Price;
use domain::order::{ClientOrderId, Order, OrderKind, OrderState, Role, Side, Ticket};
use domain::signal::{AgentId, Direction, Feature, RiskWord, Signal};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::{ExitReason, Trade};
use store::alerts::AlertRow;
use store::decisions::DecisionRow;
use store::executions::ExecutionRow;
use store::fills::FillRow;
use store::holes::{CorrectionRow, HoleRow};
use store::journal::Batch;
use store::orders::OrderRow;
use store::portfolio::PortfolioRow;
use store::risk_events::{RiskEventRow, Severity};
use store::signals::SignalRow;

pub(crate) const START_MS: i64 = 1_617_321_600_000;

pub(crate) fn pair(name: &str) -> InstrumentId {
    name.parse().unwrap()
}

pub(crate) fn minute(number: i64) -> UtcMs {
    UtcMs::new(START_MS + number * 60_000)
}

pub(crate) fn id(kind: &str, number: u64) -> Id {
    Id::of(RunSeed(7), number, kind, "")
}

pub(crate) fn candle(number: i64) -> Candle {
    let close = 5_812_345_678_901 + number * 1_000_003;
    let ohlc = [close - 17, close + 10_000_000, close - 20_000_000, close].map(Price::from_raw);
    let volume = 0.1 + 0.2 + number as f64 / 3.0;
    Candle::new(Timeframe::M1, minute(number), ohlc, volume).unwrap()
}

pub(crate) fn closed(input_seq: u64, number: i64) -> Sequenced {
    let event = Event::CandleClosed { instrument: pair("BTC/USDT"), candle: candle(number) };
    Sequenced { input_seq, event }
}

/// One candle of BTC per watermark, `input_seq` = 1 for minute 0.
pub(crate) fn minutes(numbers: std::ops::Range<i64>) -> Vec<Released> {
    let release = |number: i64| Released {
        watermark: minute(number + 1),
        events: vec![closed(number as u64 + 1, number)].into(),
    };
    numbers.map(release).collect()
}

pub(crate) fn session(input_seq: u64) -> Sequenced {
    let filters = Filters {
        tick: "0.01".parse().unwrap(),
        step: "0.00001".parse().unwrap(),
        min_quantity: "0.00001".parse().unwrap(),
        max_quantity: "9000".parse().unwrap(),
        min_notional_quote: "5".parse().unwrap(),
    };
    let instrument = Instrument { id: pair("BTC/USDT"), filters };
    Sequenced { input_seq, event: Event::SessionStarted { instrument } }
}

/// Entries of a made-up chain: a decision, its order and its fill, again and again.
pub(crate) fn chain(head: &mut Head, count: u64) -> Batch {
    let mut batch = Batch::default();
    for _ in 0..count {
        let seq = head.seq + 1;
        let (at, kind) =
            (minute(seq as i64), [EntryKind::Decision, EntryKind::Order, EntryKind::Fill]);
        let kind = kind[(head.seq % 3) as usize];
        let payload = format!("{{\"number\":{seq},\"text\":\"'quoted' \\\"so\\\"\"}}");
        batch.entries.push(head.append(kind, at, seq, payload));
        match kind {
            EntryKind::Decision => batch.decisions.push(decision(seq)),
            EntryKind::Order => batch.orders.push(order(seq, OrderState::Accepted)),
            EntryKind::Fill => batch.fills.push(fill(seq)),
            EntryKind::Configuration | EntryKind::Funding | EntryKind::Intervention => {}
        }
    }
    batch
}

pub(crate) fn decision(seq: u64) -> DecisionRow {
    DecisionRow {
        id: id("decision", seq / 3),
        seq,
        at: minute(seq as i64),
        input_seq: seq,
        instrument: pair("BTC/USDT"),
        action: if seq.is_multiple_of(2) { Action::Hold } else { Action::Buy },
        reason: "enter".into(),
        verdict: "approved".into(),
        denial: None,
        score: Some(41.7 + 0.1),
        confidence: Some(0.7085),
        reference: "58123.45678901".parse().unwrap(),
        quantity: Some("0.01234".parse().unwrap()),
        stop: Some("57000".parse().unwrap()),
        target: None,
    }
}

pub(crate) fn order(seq: u64, state: OrderState) -> OrderRow {
    let ticket = Ticket {
        client_order_id: ClientOrderId::new(id("decision", seq / 3), Role::Entry),
        instrument: pair("BTC/USDT"),
        side: Side::Buy,
        kind: OrderKind::Stop { trigger: "58000.5".parse().unwrap() },
        quantity: "0.01234".parse().unwrap(),
    };
    let order = Order { ticket, state, filled: "0.01".parse().unwrap() };
    OrderRow { seq, at: minute(seq as i64), order }
}

pub(crate) fn fill(seq: u64) -> FillRow {
    let fill = Fill {
        venue_fill_id: u64::MAX - seq,
        client_order_id: ClientOrderId::new(id("decision", (seq - 1) / 3), Role::Entry),
        instrument: pair("BTC/USDT"),
        side: Side::Buy,
        price: "58000.5".parse().unwrap(),
        quantity: "0.01234".parse().unwrap(),
        fee: "-0.00000001".parse().unwrap(),
        fee_asset: "BNB".parse().unwrap(),
        liquidity: Liquidity::Maker,
        time_exchange: minute(seq as i64).plus_ms(123),
    };
    FillRow { seq, fill }
}

pub(crate) fn trade(number: u64) -> Trade {
    Trade {
        decision_id: id("decision", number),
        instrument: pair("BTC/USDT"),
        direction: Direction::Long,
        entry_time: minute(3 * number as i64 + 3),
        exit_time: minute(3 * number as i64 + 4),
        quantity: "0.01234".parse().unwrap(),
        entry_price: "58000.123456789012345678901".parse().unwrap(),
        exit_price: "59000".parse().unwrap(),
        fees_quote: "1.25".parse().unwrap(),
        pnl_quote: "-0.75".parse().unwrap(),
        exit_reason: ExitReason::TrailingStopLoss,
    }
}

pub(crate) fn portfolio(number: i64, equity: &str) -> PortfolioRow {
    PortfolioRow {
        at: minute(number),
        cash_quote: "999.99".parse().unwrap(),
        equity_quote: equity.parse().unwrap(),
        heat_ratio: 0.02,
        drawdown_ratio: 0.1 + 0.2,
        open_positions: 1,
        day_pnl_quote: "-3.5".parse().unwrap(),
        realised_quote: "0".parse().unwrap(),
        fees_quote: "1".parse().unwrap(),
        positions: serde_json::json!({"BTC/USDT": {"quantity": "0.01234"}}),
    }
}

pub(crate) fn signal(number: u64) -> SignalRow {
    let signal = Signal {
        agent: AgentId::Technical,
        instrument: pair("ETH/USDT"),
        input_seq: number,
        issued_at: minute(number as i64),
        direction: Direction::Short,
        score: -41.000_000_000_000_01,
        confidence: 0.705,
        expected_return_ratio: -0.0,
        horizon_ms: 3_600_000,
        expires_at: minute(number as i64 + 60),
        atr_quote: Some(5e-324),
        basis: vec![
            Feature { name: "rsi_14@1h".into(), value: 0.1 + 0.2 },
            Feature { name: "odd".into(), value: -0.0 },
        ],
    };
    SignalRow { id: id("signal", number), signal }
}

/// Something for every table.
pub(crate) fn everything() -> Batch {
    let mut batch = chain(&mut Head::GENESIS.clone(), 9);
    let mut released = vec![Released {
        watermark: minute(0),
        events: vec![
            session(1),
            Sequenced {
                input_seq: 2,
                event: Event::AccountMarked {
                    equity_quote: "1000".parse().unwrap(),
                    drawdown_ratio: 0.1 + 0.2,
                },
            },
        ]
        .into(),
    }];
    released.extend((0..5).map(|number| Released {
        watermark: minute(number + 1),
        events: vec![closed(number as u64 + 3, number)].into(),
    }));
    batch.released = released;
    batch.holes = vec![HoleRow {
        instrument: pair("BTC/USDT"),
        timeframe: Timeframe::M1,
        from_time: minute(100),
        until_time: minute(150),
        missing: 50,
    }];
    let corrected = Candle { volume_base: 9.75, ..candle(2) };
    let instrument = pair("BTC/USDT");
    batch.corrections =
        vec![CorrectionRow { instrument, candle: corrected, noticed_at: minute(4) }];
    batch.signals = (1..4).map(signal).collect();
    batch.risk_words = vec![RiskWord {
        instrument,
        input_seq: 3,
        issued_at: minute(1),
        expires_at: minute(61),
        entries_allowed: true,
        size_ratio: 0.5,
        basis: vec![Feature { name: "volatility@1h".into(), value: 1.0 / 3.0 }],
    }];
    batch.trades = vec![trade(0), trade(1)];
    batch.portfolio = vec![portfolio(1, "1000.5"), portfolio(2, "1001")];
    batch.risk_events = vec![RiskEventRow {
        id: id("risk_event", 1),
        at: minute(3),
        input_seq: 5,
        kind: "daily_loss".into(),
        severity: Severity::Warning,
        instrument: None,
        details: serde_json::json!({"loss_ratio": 0.051}),
        action_taken: "entries are paused until the day ends".into(),
    }];
    batch.executions = vec![ExecutionRow {
        agent: AgentId::Risk,
        first_input_seq: 1,
        last_input_seq: 7,
        started_at: minute(1),
        duration_us: 42,
        error: Some("a venue's words may hold \u{0}".into()),
    }];
    batch.alerts = vec![alert(1, "limits"), alert(2, "more limits")];
    batch
}

pub(crate) fn alert(number: u64, why: &str) -> AlertRow {
    AlertRow { id: id("alert", number), alert: Alert::halted(minute(3), why) }
}
