//! Captures, made and real.

use std::path::{Path, PathBuf};

use domain::gateway::{Command, Protection};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::order::{ClientOrderId, OrderEvent, OrderKind, Role, Side, Ticket};

use super::*;
use crate::sim::terms::{FillModel, Terms};
use crate::sim::venue::SimVenue;

fn perpetual() -> InstrumentId {
    "BTC/USDT:USDT".parse().unwrap()
}

fn ticker(symbol: &str, time: i64, bid: &str, ask: &str) -> String {
    format!(
        "1723161255088169167 {{\"stream\":\"x@bookTicker\",\"data\":{{\"e\":\"bookTicker\",\"u\":1,\
         \"s\":\"{symbol}\",\"b\":\"{bid}\",\"B\":\"2.5\",\"a\":\"{ask}\",\"A\":\"1\",\"T\":{time},\
         \"E\":{time}}}}}\n"
    )
}

fn read(text: &str) -> Result<Vec<Quote>, QuoteFileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.txt");
    std::fs::write(&path, text).unwrap();
    open(&path, perpetual()).unwrap().collect()
}

#[test]
fn only_the_symbols_quotes_are_read() {
    let text = [
        ticker("BTCUSDT", 1000, "61800.20", "61800.30"),
        "1723161255088176367 {\"stream\":\"btcusdt@trade\",\"data\":{}}\n".to_owned(),
        "1723161255319702566 {\"lastUpdateId\":1,\"bids\":[]}\n".to_owned(),
        ticker("ETHUSDT", 1, "1", "2"),
        ticker("BTCUSDT", 1000, "61800.20", "61800.40"),
    ];
    let quotes = read(&text.concat()).unwrap();
    assert_eq!(quotes.len(), 2);
    assert_eq!(
        (quotes[0].bid, quotes[0].ask),
        (price("", "61800.2").unwrap(), price("", "61800.3").unwrap())
    );
    assert_eq!(quotes[0].bid_quantity, "2.5".parse().unwrap());
    assert_eq!(quotes[1].time_exchange, UtcMs::new(1000));
}

#[test]
fn each_fault_is_told_with_its_line_and_ends_the_reading() {
    let good = ticker("BTCUSDT", 1000, "1", "2");
    for (line, said) in [
        ("hello\n".to_owned(), "no time of receipt"),
        ("soon {\"stream\":\"x@bookTicker\"}\n".to_owned(), "no time of receipt"),
        ("1 {\"stream\":\"x@bookTicker\"\n".to_owned(), "not a bookTicker message"),
        (ticker("BTCUSDT", 1000, "one", "2"), "bid 'one' is not a number"),
        (ticker("BTCUSDT", 1000, "2", "2"), "0 < bid < ask"),
        (ticker("BTCUSDT", 999, "1", "2"), "is before the quote before it"),
    ] {
        let error = read(&[good.as_str(), &line, &good].concat()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains(said), "{error}");
    }
    let error = open(Path::new("no/such/file.gz"), perpetual()).err().unwrap().to_string();
    assert!(error.contains("can't read no/such/file.gz"), "{error}");
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where data is")]
fn real() -> Option<PathBuf> {
    let name = "market/um/orderflow/btcusdt-usdm-20240808-raw.txt.gz";
    let path = Path::new(&std::env::var("SEXTANT_DATA").ok()?).join(name);
    path.is_file().then_some(path)
}

/// Five minutes of the real book: an order larger than what is quoted fills over several quotes,
/// never outside of them, never before it arrived.
#[test]
fn orders_meet_a_real_book() {
    let Some(path) = real() else {
        println!("skipped: SEXTANT_DATA names no folder with market/um/orderflow");
        return;
    };
    let filters = Filters {
        tick: "0.1".parse().unwrap(),
        step: "0.001".parse().unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "1000".parse().unwrap(),
        min_notional_quote: "100".parse().unwrap(),
    };
    let terms = Terms {
        fill: FillModel::BookTicks,
        latency_ms: 40,
        ..Terms::new("0.0002".parse().unwrap(), "0.0005".parse().unwrap(), 0.into())
    };
    let mut venue = SimVenue::new(terms, domain::timeframe::Timeframe::M1);
    let instrument = Instrument { id: perpetual(), filters };
    venue.on_event(&domain::event::Event::SessionStarted { instrument }).unwrap();
    let client_order_id = ClientOrderId::new(Id::of(RunSeed(1), 1, "decision", ""), Role::Entry);
    let (kind, quantity) = (OrderKind::Market, "12".parse().unwrap());
    let ticket =
        Ticket { client_order_id, instrument: perpetual(), side: Side::Buy, kind, quantity };
    let protection =
        Some(Protection { stop: "61700".parse().unwrap(), target: "61830".parse().unwrap() });

    let (mut quotes, mut sent, mut bought, mut sold) = (0, None, Vec::new(), Vec::new());
    for quote in open(&path, perpetual()).unwrap() {
        let quote = quote.unwrap();
        quotes += 1;
        let mut reports = venue.on_quote(&quote).unwrap();
        if quotes == 1000 {
            sent = Some(quote.time_exchange);
            reports.extend(
                venue
                    .execute(&Command::Submit { ticket, protection }, quote.time_exchange)
                    .unwrap(),
            );
        }
        for report in reports {
            let OrderEvent::Filled(fill) = report.event else { continue };
            let into = if fill.side == Side::Buy { &mut bought } else { &mut sold };
            into.push(fill);
        }
    }
    assert_eq!(quotes, 66_089);
    let arrived = sent.unwrap().plus_ms(40);
    assert!(bought.iter().chain(&sold).all(|fill| fill.time_exchange >= arrived));
    let total = |fills: &[domain::fill::Fill]| {
        fills.iter().map(|fill| fill.quantity.to_decimal()).sum::<rust_decimal::Decimal>()
    };
    println!(
        "bought {} in {} parts, sold {} in {}",
        total(&bought),
        bought.len(),
        total(&sold),
        sold.len()
    );
    assert!(bought.len() > 1);
    assert_eq!(total(&bought), 12.into());
    assert_eq!(total(&sold), 12.into());
    assert_eq!(venue.working_orders(), 0);
}
