//! Canonical text: the same value has the same bytes, for ever, and reads back without loss.

use std::borrow::Cow;
use std::fmt::Debug;

use domain::candle::Candle;
use domain::canonical::{decode, encode, readable};
use domain::event::{Event, Sequenced};
use domain::fill::Fill;
use domain::gateway::Protection;
use domain::instrument::{Filters, Instrument};
use domain::intent::{Action, Intent, IntentReason};
use domain::money::{Money, Price};
use domain::order::{Order, OrderEvent, OrderReport, Side};
use domain::portfolio::Portfolio;
use domain::signal::{AgentId, Direction, Feature, RiskWord, Signal};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::{ExitReason, Trade};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::any::{any_decimal, asset, decimal, fill, id, order_id, pair, quantity, venue_fill};
use crate::order::{others, stop};

/// Encoding what was decoded gives the same bytes, so floats come back bit for bit.
fn round_trips<T>(value: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = encode(value).expect("a record");
    let back: T = decode(&text).expect("what was written");
    prop_assert_eq!(&back, value);
    prop_assert_eq!(encode(&back).expect("a record"), text);
    Ok(())
}

fn finite() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite())
}

/// Text that could be taken for something else, among any text.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(f64:){1,3}[0-9a-f]{0,17}",
        Just("f64:3ff0000000000000".to_owned()),
        "[\"\\\\\n\u{0}-\u{1f}]{0,8}",
    ]
}

fn features() -> impl Strategy<Value = Vec<Feature>> {
    let feature =
        (text(), finite()).prop_map(|(name, value)| Feature { name: Cow::Owned(name), value });
    prop::collection::vec(feature, 0..4)
}

prop_compose! {
    fn signal()(
        basis in features(),
        [score, confidence, expected_return_ratio] in prop::array::uniform3(finite()),
        atr_quote in prop::option::of(finite()),
        (input_seq, at, horizon_ms) in (any::<u64>(), any::<i64>(), any::<i64>()),
    ) -> Signal {
        Signal {
            agent: AgentId::Technical,
            instrument: pair("BTC/USDT"),
            input_seq,
            issued_at: UtcMs::new(at),
            direction: Direction::Short,
            score,
            confidence,
            expected_return_ratio,
            horizon_ms,
            expires_at: UtcMs::new(at),
            atr_quote,
            basis,
        }
    }
}

prop_compose! {
    fn candle()(
        low in 1i64..1_000_000, rise in prop::array::uniform2(0i64..1_000_000),
        minutes in -1_000_000i64..100_000_000, volume in finite(),
    ) -> Candle {
        let [open, high] = [low + rise[0].min(rise[1]), low + rise[0].max(rise[1])];
        let ohlc = [open, high, low, high].map(Price::from_raw);
        Candle::new(Timeframe::M1, UtcMs::new(minutes * 60_000), ohlc, volume.abs()).expect("sane")
    }
}

fn event() -> impl Strategy<Value = Event> {
    let instrument = pair("BTC/USDT:USDT");
    let at = any::<i64>().prop_map(UtcMs::new);
    prop_oneof![
        prop::array::uniform4(any_decimal()).prop_map(|n| Event::SessionStarted {
            instrument: Instrument { id: pair("ETH/USDT"), filters: filters(n) },
        }),
        at.clone().prop_map(move |last_close| Event::SessionEnded { instrument, last_close }),
        candle().prop_map(move |candle| Event::CandleClosed { instrument, candle }),
        at.prop_map(move |open_time| {
            Event::DeadlineMissed { instrument, timeframe: Timeframe::Mo1, open_time }
        }),
        (any_decimal(), finite()).prop_map(|(equity, drawdown_ratio)| {
            Event::AccountMarked { equity_quote: Money::new(equity), drawdown_ratio }
        }),
    ]
}

fn filters([step, least, most, notional]: [Decimal; 4]) -> Filters {
    Filters {
        tick: Price::from_raw(1_000_000),
        step: quantity(step.abs()),
        min_quantity: quantity(least.abs()),
        max_quantity: quantity(most.abs()),
        min_notional_quote: Money::new(notional),
    }
}

fn trade([quantity_, entry, exit, fees, pnl]: [Decimal; 5]) -> Trade {
    Trade {
        decision_id: id(3),
        instrument: pair("BTC/USDT"),
        direction: Direction::Long,
        entry_time: UtcMs::new(1_700_000_000_000),
        exit_time: UtcMs::new(1_700_003_600_000),
        quantity: quantity(quantity_.abs()),
        entry_price: entry,
        exit_price: exit,
        fees_quote: Money::new(fees),
        pnl_quote: Money::new(pnl),
        exit_reason: ExitReason::TrailingStopLoss,
    }
}

proptest! {
    #[test]
    fn signals_and_words_round_trip(signal in signal(), basis in features(), size_ratio in finite()) {
        round_trips(&signal)?;
        round_trips(&RiskWord {
            instrument: signal.instrument,
            input_seq: signal.input_seq,
            issued_at: signal.issued_at,
            expires_at: signal.expires_at,
            entries_allowed: size_ratio > 0.0,
            size_ratio,
            basis,
        })?;
        round_trips(&Intent {
            instrument: signal.instrument,
            action: Action::Sell,
            reason: IntentReason::ExitOnOpposite,
            score: Some(signal.score),
            confidence: signal.atr_quote,
            reference: Price::from_raw(signal.horizon_ms),
            stop: signal.atr_quote.and(Some(Price::from_raw(1))),
            target: None,
        })?;
    }

    #[test]
    fn events_round_trip(event in event(), input_seq in any::<u64>()) {
        round_trips(&Sequenced { input_seq, event })?;
    }

    #[test]
    fn orders_and_reports_round_trip(fill in venue_fill(), reason in text(), at in any::<i64>()) {
        let events = others().into_iter().chain([
            OrderEvent::Filled(fill.clone()),
            OrderEvent::Rejected { reason },
        ]);
        for event in events {
            let report = OrderReport {
                client_order_id: order_id(),
                time_exchange: UtcMs::new(at),
                event,
            };
            round_trips(&report)?;
        }
        round_trips(&Order::intended(stop()))?;
        round_trips::<Fill>(&fill)?;
    }

    #[test]
    fn trades_round_trip_in_one_form(numbers in prop::array::uniform5(any_decimal())) {
        let trade = trade(numbers);
        round_trips(&trade)?;
        let normal = self::trade(numbers.map(|number| number.normalize()));
        prop_assert_eq!(encode(&trade).unwrap(), encode(&normal).unwrap());
    }

    #[test]
    fn text_is_never_taken_for_a_number(text in text()) {
        round_trips(&text)?;
        let shown = readable(&encode(&[&text]).unwrap()).unwrap();
        prop_assert_eq!(shown, serde_json::json!([text]));
    }

    #[test]
    fn no_text_panics(text in text()) {
        let _ = (readable(&text), decode::<Signal>(&text), decode::<Portfolio>(&text));
        let quoted = serde_json::to_string(&text).unwrap();
        let _ = (decode::<Price>(&quoted), decode::<Timeframe>(&quoted), decode::<f64>(&quoted));
    }
}

#[test]
fn equal_values_have_equal_bytes() {
    let book = |parts: &[i64]| {
        let mut book = Portfolio::new(asset("USDT"), Money::ZERO);
        for units in parts {
            let fee = (decimal(*units, 3), asset("BTC"));
            let units = quantity(decimal(*units, 1));
            book.book(&fill(pair("BTC/USDT"), Side::Buy, Price::from_raw(1), units, fee)).unwrap();
        }
        encode(&book).unwrap()
    };
    assert_eq!(book(&[10]), book(&[5, 5]), "1.0 in one fill or in two");
}

#[test]
fn a_float_that_is_no_number_does_not_read_back_as_one() {
    for value in [f64::NAN, f64::INFINITY] {
        assert_eq!(encode(&value).unwrap(), "null");
        assert!(decode::<f64>("null").is_err());
    }
    assert!(decode::<f64>("\"f64:7ff8000000000000\"").is_err());
}

/// One example of each kind, byte for byte. A change here is a change of what stored ledgers hash.
#[test]
fn the_bytes_of_each_kind_are_fixed() {
    let signal = Signal {
        agent: AgentId::Risk,
        instrument: pair("BTC/USDT"),
        input_seq: 42,
        issued_at: UtcMs::new(1_700_000_000_000),
        direction: Direction::Long,
        score: 41.5,
        confidence: 0.7,
        expected_return_ratio: -0.0,
        horizon_ms: 3_600_000,
        expires_at: UtcMs::new(1_700_003_600_000),
        atr_quote: None,
        basis: vec![Feature { name: Cow::Borrowed("rsi_14@1h"), value: 30.1 }],
    };
    let numbers = [decimal(150, 2), decimal(1, 1), decimal(90, 1), decimal(10, 0)];
    let instrument = Instrument { id: pair("BTC/USDT"), filters: filters(numbers) };
    let ohlc = ["100.10", "101", "99.5", "100"].map(|text| text.parse().unwrap());
    let candle = Candle::new(Timeframe::H1, UtcMs::new(1_700_002_800_000), ohlc, 12.25).unwrap();
    let events = [
        Event::SessionStarted { instrument },
        Event::SessionEnded { instrument: instrument.id, last_close: UtcMs::new(-1) },
        Event::CandleClosed { instrument: instrument.id, candle },
        Event::DeadlineMissed {
            instrument: instrument.id,
            timeframe: Timeframe::Mo1,
            open_time: UtcMs::new(0),
        },
        Event::AccountMarked { equity_quote: Money::new(decimal(1000, 2)), drawdown_ratio: 0.05 },
    ];
    let taken = fill(
        instrument.id,
        Side::Buy,
        Price::from_raw(4_321_012_000_000),
        quantity(decimal(20, 2)),
        (decimal(200, 6), asset("BTC")),
    );
    let mut book = Portfolio::new(asset("USDT"), Money::new(decimal(10_000, 0)));
    book.book(&taken).unwrap();
    let mut order = Order::intended(stop());
    order.apply(&OrderEvent::Submitted).unwrap();
    let rejected = OrderReport {
        client_order_id: order_id(),
        time_exchange: UtcMs::new(1),
        event: OrderEvent::Rejected { reason: "f64:3ff0000000000000".into() },
    };
    let intent = Intent {
        instrument: instrument.id,
        action: Action::Buy,
        reason: IntentReason::Enter,
        score: Some(50.0),
        confidence: None,
        reference: Price::from_raw(1),
        stop: Some(Price::ZERO),
        target: None,
    };
    let word = RiskWord {
        instrument: instrument.id,
        input_seq: 42,
        issued_at: signal.issued_at,
        expires_at: signal.expires_at,
        entries_allowed: true,
        size_ratio: 1.0,
        basis: vec![],
    };
    let mut found = vec![encode(&signal).unwrap(), encode(&word).unwrap()];
    found.extend(events.map(|event| encode(&Sequenced { input_seq: 7, event }).unwrap()));
    found.push(encode(&others()).unwrap());
    found.push(encode(&OrderEvent::Filled(taken)).unwrap());
    found.push(encode(&book).unwrap());
    found.push(encode(&order).unwrap());
    found.push(encode(&rejected).unwrap());
    found.push(encode(&intent).unwrap());
    found.push(
        encode(&trade([numbers[0], numbers[1], numbers[2], numbers[3], numbers[0]])).unwrap(),
    );
    found.push(encode(&Protection { stop: Price::ZERO, target: Price::from_raw(1) }).unwrap());
    assert_eq!(found, include_str!("golden.txt").lines().collect::<Vec<_>>());
}
