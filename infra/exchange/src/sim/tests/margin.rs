//! Perpetuals: liquidation prices by Binance's formula, and what they cost.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use rust_decimal::Decimal;

use domain::candle::Candle;
use domain::event::Event;
use domain::funding::FundingSource;
use domain::gateway::Command;
use domain::instrument::{Instrument, InstrumentId};
use domain::money::{Money, Price};
use domain::order::{OrderEvent, OrderKind, OrderReport, Role, Side, Ticket};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::{Pit, START, coin, fills, names, price, terms, ticket};
use crate::sim::terms::{Margin, MarginError, Slippage, Terms, Tier};
use crate::sim::venue::SimVenue;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// BTCUSDT's tiers as Binance had them in 2023.
fn tiers() -> Vec<Tier> {
    [("50000", "0.004"), ("250000", "0.005"), ("1000000", "0.01"), ("10000000", "0.025")]
        .map(|(up_to, ratio)| Tier {
            up_to_quote: up_to.parse().unwrap(),
            maintenance_ratio: decimal(ratio),
        })
        .to_vec()
}

fn perpetual() -> InstrumentId {
    "BTC/USDT:USDT".parse().unwrap()
}

/// A candle at `at` has closed; leverage as given, no slippage, no fee but for liquidation.
fn pit(leverage: u32, at: &str) -> Pit {
    let margin = Margin::new(leverage, decimal("0.0125"), tiers()).unwrap();
    let terms = Terms {
        slippage: Slippage::Bps(0.into()),
        taker_fee_ratio: 0.into(),
        margin: Some(margin),
        ..terms()
    };
    let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
    let instrument = Instrument { id: perpetual(), ..coin() };
    pit.event(Event::SessionStarted { instrument });
    trade(&mut pit, [at; 4]);
    pit
}

fn trade(pit: &mut Pit, ohlc: [&str; 4]) -> Vec<OrderReport> {
    let candle = Candle::new(Timeframe::H1, pit.now, ohlc.map(price), 1.0).unwrap();
    pit.now = candle.close_time();
    pit.event(Event::CandleClosed { instrument: perpetual(), candle })
}

/// The mark price of the hour that has just been traded.
fn mark(pit: &mut Pit, ohlc: [&str; 4]) -> Vec<OrderReport> {
    let open = pit.now.plus_ms(-Timeframe::H1.span_ms());
    let candle = Candle::new(Timeframe::H1, open, ohlc.map(price), 0.0).unwrap();
    pit.event(Event::MarkClosed { instrument: perpetual(), candle })
}

fn open(pit: &mut Pit, side: Side, quantity: &str, at: &str) -> Vec<OrderReport> {
    let ticket = Ticket {
        instrument: perpetual(),
        side,
        ..ticket(1, Role::Entry, OrderKind::Market, quantity)
    };
    let mut reports = pit.execute(Command::Submit { ticket, protection: None });
    reports.extend(trade(pit, [at; 4]));
    reports.extend(mark(pit, [at; 4]));
    reports
}

/// (wallet + off − side × quantity × entry) / (quantity × ratio − side × quantity).
#[test]
fn the_mark_price_liquidates_where_binances_formula_says() {
    for (side, quantity, leverage, liquidation) in [
        // (5000 − 50000) / (0.004 − 1)
        (Side::Buy, "1", 10, "45180.72"),
        // (5000 + 50 + 50000) / (0.005 + 1), in the second tier
        (Side::Sell, "1", 10, "54776.11"),
        // (25000 + 1300 − 500000) / (10 × (0.01 − 1)), in the third
        (Side::Buy, "10", 20, "47848.48"),
    ] {
        let cent = if side == Side::Buy { 1_000_000 } else { -1_000_000 };
        let near = Price::from_raw(price(liquidation).raw() + cent).to_string();
        let mut pit = pit(leverage, "50000");
        open(&mut pit, side, quantity, "50000");
        trade(&mut pit, ["50000"; 4]);
        let (low, high) = if side == Side::Buy { (&*near, "50000") } else { ("50000", &*near) };
        assert_eq!(mark(&mut pit, ["50000", high, low, "50000"]), [], "{liquidation}");
        trade(&mut pit, ["50000"; 4]);
        let (low, high) =
            if side == Side::Buy { (liquidation, "50000") } else { ("50000", liquidation) };
        // One cent further is beyond it.
        let beyond = Price::from_raw(price(liquidation).raw() - cent).to_string();
        let (low, high) = if side == Side::Buy { (&*beyond, high) } else { (low, &*beyond) };
        let reports = mark(&mut pit, ["50000", high, low, "50000"]);
        assert_eq!(names(&reports), [(Role::Liquidation, "filled")]);
        let fill = &fills(&reports)[0];
        assert_eq!(fill.side, side.opposite());
        let off = fill.price.to_f64() - price(liquidation).to_f64();
        assert!(off.abs() <= 0.0101, "{} is not {liquidation}", fill.price);
        assert_eq!(pit.venue.held_base(perpetual()), 0.into());
    }
}

#[test]
fn a_liquidation_takes_the_orders_along_and_no_more_than_the_margin() {
    let mut pit = pit(10, "50000");
    let ticket =
        Ticket { instrument: perpetual(), ..ticket(1, Role::Entry, OrderKind::Market, "1") };
    let protection = domain::gateway::Protection { stop: price("30000"), target: price("90000") };
    pit.execute(Command::Submit { ticket, protection: Some(protection) });
    trade(&mut pit, ["50000"; 4]);
    trade(&mut pit, ["50000", "50000", "46000", "46000"]);
    // The mark jumps beyond bankruptcy at 45000: the venue bears what is below.
    let reports = mark(&mut pit, ["44000", "46000", "43000", "45900"]);
    let expected =
        [(Role::Stop, "cancelled"), (Role::Target, "cancelled"), (Role::Liquidation, "filled")];
    assert_eq!(names(&reports), expected);
    let fill = &fills(&reports)[0];
    // Nothing is left for the fee.
    assert_eq!((fill.price, fill.fee), (price("45000"), Money::ZERO));
    // Nothing is held any more.
    trade(&mut pit, ["45900"; 4]);
    assert_eq!(mark(&mut pit, ["100", "45900", "100", "100"]), []);
}

#[test]
fn without_marks_the_candles_stand_in_and_spot_is_never_liquidated() {
    let mut pit = pit(10, "50000");
    let ticket =
        Ticket { instrument: perpetual(), ..ticket(1, Role::Entry, OrderKind::Market, "1") };
    pit.execute(Command::Submit { ticket, protection: None });
    // The entry's own candle.
    let reports = trade(&mut pit, ["50000", "50100", "45100", "50000"]);
    assert_eq!(names(&reports).last(), Some(&(Role::Liquidation, "filled")));
    // 45180.72 at most, the fee of 1.25 % cut to what is left of the margin.
    let fill = fills(&reports).pop().unwrap();
    assert_eq!(fill.price, price("45180.72"));
    assert_eq!(fill.fee, "180.72".parse().unwrap());

    let margin = Margin::new(10, decimal("0.0125"), tiers()).unwrap();
    let mut spot = Pit::under(Terms { margin: Some(margin), ..terms() });
    spot.submit(Role::Entry, OrderKind::Market, "1");
    let reports = spot.candle(["100", "100", "1", "1"]);
    assert_eq!(names(&reports), [(Role::Entry, "filled")]);
}

#[test]
fn extremes_from_before_the_entry_do_not_count() {
    let mut pit = Pit { now: START, ..pit(10, "50000") };
    pit.now = START.plus_ms(Timeframe::H1.span_ms());
    let ticket =
        Ticket { instrument: perpetual(), ..ticket(1, Role::Entry, OrderKind::Market, "1") };
    pit.execute(Command::Submit { ticket, protection: None });
    trade(&mut pit, ["50000"; 4]);
    // A coarser candle of the mark price, open since before the entry.
    let open = START.floor(4 * Timeframe::H1.span_ms());
    let ohlc = ["50000", "50000", "40000", "50000"].map(price);
    let candle = Candle::new(Timeframe::H4, open, ohlc, 0.0).unwrap();
    assert_eq!(pit.event(Event::MarkClosed { instrument: perpetual(), candle }), []);
}

#[test]
fn longs_pay_shorts_what_position_mark_and_rate_make() {
    for (side, amount) in [(Side::Buy, "-10.2"), (Side::Sell, "10.2")] {
        let mut pit = pit(1, "50000");
        let at = pit.now;
        // Nothing held, nothing paid.
        assert_eq!(pit.venue.on_funding(perpetual(), decimal("0.0001"), at).unwrap(), None);
        let reports = open(&mut pit, side, "2", "50000");
        trade(&mut pit, ["50000", "52000", "50000", "52000"]);
        mark(&mut pit, ["50000", "51000", "50000", "51000"]);
        let rate = decimal("0.0001");
        let payment = pit.venue.on_funding(perpetual(), rate, pit.now).unwrap().unwrap();
        assert_eq!(payment.amount_quote, amount.parse().unwrap());
        let (mark, held_base) =
            (price("51000"), decimal(if side == Side::Buy { "2" } else { "-2" }));
        let source = FundingSource::Reckoned { rate_ratio: rate, mark, held_base };
        assert_eq!(payment.source, source);
        // The book takes it to the last digit, and the trade's profit with it.
        let mut book = Portfolio::new("USDT".parse().unwrap(), "100000".parse().unwrap());
        fills(&reports).iter().for_each(|fill| assert!(book.book(fill).unwrap().is_none()));
        book.book_funding(&payment).unwrap();
        let ticket = Ticket {
            instrument: perpetual(),
            side: side.opposite(),
            ..ticket(2, Role::Exit, OrderKind::Market, "2")
        };
        pit.execute(Command::Submit { ticket, protection: None });
        let closed = book.book(&fills(&trade(&mut pit, ["50000"; 4]))[0]).unwrap().unwrap();
        assert_eq!(closed.cash_flow().unwrap(), payment.amount_quote);
        assert_eq!(book.realised_quote(), payment.amount_quote);
        assert_eq!(book.funding_quote(), payment.amount_quote);
        let cash = book.cash().minus("100000".parse().unwrap()).unwrap();
        assert_eq!(cash, payment.amount_quote);
    }
}

#[test]
fn paid_funding_brings_the_liquidation_nearer() {
    let mut pit = pit(10, "50000");
    open(&mut pit, Side::Buy, "1", "50000");
    // One per cent of 50000, out of a margin of 5000: (4500 − 50000) / (0.004 − 1) = 45682.73.
    pit.venue.on_funding(perpetual(), decimal("0.01"), pit.now).unwrap().unwrap();
    trade(&mut pit, ["50000"; 4]);
    let reports = mark(&mut pit, ["50000", "50000", "45682", "50000"]);
    assert_eq!(fills(&reports)[0].price, price("45682.73"));
}

#[test]
fn margin_terms_that_can_not_be_are_refused() {
    let fee = decimal("0.01");
    assert_eq!(Margin::new(0, fee, tiers()), Err(MarginError::Leverage(0)));
    assert_eq!(Margin::new(10, fee, vec![]), Err(MarginError::Tiers));
    let mut falling = tiers();
    falling.reverse();
    assert_eq!(Margin::new(10, fee, falling), Err(MarginError::Tiers));
    assert_eq!(Margin::new(10, decimal("2"), tiers()), Err(MarginError::Fee(decimal("2"))));
    assert!(matches!(Margin::new(250, fee, tiers()), Err(MarginError::Unsafe { .. })));
    let good = Margin::new(10, fee, tiers()).unwrap();
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<Margin>(&text).unwrap(), good);
    let bad = text.replace("\"leverage\":10", "\"leverage\":0");
    assert!(serde_json::from_str::<Margin>(&bad).is_err());
}

/// The rows of a file of the market data, without its header.
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where data is")]
fn real(name: &str) -> Option<Vec<Vec<String>>> {
    let path = Path::new(&std::env::var("SEXTANT_DATA").ok()?).join("market/um").join(name);
    let file = std::fs::File::open(path).ok()?;
    let text = std::io::read_to_string(flate2::read::MultiGzDecoder::new(file)).unwrap();
    let row = |line: &str| line.split(',').map(str::to_owned).collect();
    Some(text.lines().skip(1).map(row).collect())
}

/// A long of one coin through half a year of real marks and funding: what it pays adds up to the
/// rates times the marks of those hours.
#[test]
fn real_funding_adds_up() {
    let (Some(marks), Some(rates)) =
        (real("mark_1h/BTCUSDT-mark-1h.csv.gz"), real("funding/BTCUSDT-funding-8h.csv.gz"))
    else {
        println!("skipped: SEXTANT_DATA names no folder with market/um/mark_1h and funding");
        return;
    };
    let candle = |row: &Vec<String>| {
        let ohlc = [1, 2, 3, 4].map(|column| price(&row[column]));
        let open = UtcMs::new(row[0].parse().unwrap());
        Candle::new(Timeframe::H1, open, ohlc, 0.0).unwrap()
    };
    let candles: Vec<_> = marks[marks.len() - 4344..].iter().map(candle).collect();
    let number = |text: &str| Decimal::from_scientific(text).unwrap_or_else(|_| decimal(text));
    let rates: BTreeMap<_, _> =
        rates.iter().map(|row| (row[0].parse::<i64>().unwrap(), number(&row[1]))).collect();
    let mut pit = pit(1, "50000");
    pit.now = candles[0].open_time.plus_ms(-Timeframe::H1.span_ms());
    open(&mut pit, Side::Buy, "1", "90000");
    let mut paid = Vec::new();
    for candle in &candles {
        let instrument = perpetual();
        assert_eq!(pit.event(Event::CandleClosed { instrument, candle: *candle }), []);
        assert_eq!(pit.event(Event::MarkClosed { instrument, candle: *candle }), []);
        let at = candle.close_time();
        let Some(rate) = rates.get(&at.ms()) else { continue };
        let payment = pit.venue.on_funding(instrument, *rate, at).unwrap().unwrap();
        paid.push(payment.amount_quote.to_decimal());
    }
    let closes: BTreeMap<_, _> = candles.iter().map(|c| (c.close_time().ms(), c.close)).collect();
    let owed =
        |(at, rate): (&i64, &Decimal)| Some((closes.get(at)?.to_decimal() * rate).round_dp(8));
    let owed: Vec<_> = rates.iter().filter_map(owed).map(|owed| -owed).collect();
    println!("{} settlements, {} USDT", paid.len(), paid.iter().sum::<Decimal>());
    assert!(paid.len() > 500);
    assert_eq!(paid, owed);
}

proptest! {
    /// Whatever the market does, an isolated position costs its margin at most; and every short and
    /// long that is liquidated had no more than its maintenance margin left.
    #[test]
    fn the_margin_is_all_that_can_be_lost(
        path in proptest::collection::vec(proptest::array::uniform4(2_000i64..20_000), 1..20),
        leverage in 1u32..100, is_long in any::<bool>(), quantity in 1u32..90, bps in 0u32..200,
    ) {
        let margin = Margin::new(leverage, decimal("0.0125"), tiers()).unwrap();
        let terms = Terms {
            slippage: Slippage::Bps(bps.into()), taker_fee_ratio: 0.into(),
            margin: Some(margin), ..terms()
        };
        let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
        pit.event(Event::SessionStarted { instrument: Instrument { id: perpetual(), ..coin() } });
        trade(&mut pit, ["100"; 4]);
        let side = if is_long { Side::Buy } else { Side::Sell };
        let reports = open(&mut pit, side, &quantity.to_string(), "100");
        let mut book = Portfolio::new("USDT".parse().unwrap(), Money::ZERO);
        let entered = fills(&reports);
        let staked = entered[0].price.times(entered[0].quantity).unwrap().to_decimal()
            / Decimal::from(leverage);
        entered.iter().for_each(|fill| { book.book(fill).unwrap(); });
        for prices in path {
            let (low, high) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
            let ohlc = [prices[0], *high, *low, prices[3]].map(|n| Price::from_raw(n * 1_000_000));
            let candle = Candle::new(Timeframe::H1, pit.now, ohlc, 1.0).unwrap();
            pit.now = candle.close_time();
            pit.event(Event::CandleClosed { instrument: perpetual(), candle });
            for report in pit.event(Event::MarkClosed { instrument: perpetual(), candle }) {
                if let OrderEvent::Filled(fill) = &report.event {
                    prop_assert_eq!(report.client_order_id.role(), Role::Liquidation);
                    book.book(fill).unwrap();
                }
            }
        }
        if pit.venue.held_base(perpetual()).is_zero() {
            let lost = -book.cash().to_decimal();
            prop_assert!(lost <= staked + decimal("0.000001"), "{lost} of {staked}");
        }
    }
}
