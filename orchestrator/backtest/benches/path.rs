//! From candle to decision in the pure path: venue, agents, core, records and their chain, in one
//! thread, on six timeframes of five pairs.

use std::time::{Duration, Instant};

use backtest::engine::Engine;
use backtest::floor::Floor;
use decision::account::Account;
use decision::core::Core;
use decision::outbox::Outbox;
use decision::policy::{Costs, Policy};
use decision::profile::Profile;
use decision::record::Record;
use domain::agent::Agent;
use domain::aggregate::Aggregator;
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::ids::RunSeed;
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::ledger::Head;
use domain::money::Price;
use domain::portfolio::Portfolio;
use domain::time::{DAY_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::sim::terms::Terms;
use exchange::sim::venue::SimVenue;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use risk::agent::Risk;
use technical::agent::Technical;

const DAYS: i64 = 40;
const PAIRS: [(&str, f64); 5] = [
    ("AVAX/USDT", 20.0),
    ("BTC/USDT", 30_000.0),
    ("ETH/USDT", 2000.0),
    ("MATIC/USDT", 1.0),
    ("SOL/USDT", 20.0),
];
const COARSER: [Timeframe; 5] =
    [Timeframe::M5, Timeframe::M15, Timeframe::H1, Timeframe::H4, Timeframe::D1];

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the benchmark's own text is well formed")
}

fn instrument(name: &str) -> Instrument {
    let filters = Filters {
        tick: parsed("0.0001"),
        step: parsed("0.00001"),
        min_quantity: parsed("0.00001"),
        max_quantity: parsed("900000"),
        min_notional_quote: parsed("5"),
    };
    Instrument { id: parsed(name), filters }
}

/// A random walk whose width and drift change by the hour.
fn walk(rng: &mut ChaCha8Rng, mut price: f64, from: UtcMs) -> Vec<Candle> {
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let (mut width, mut drift) = (1e-3, 0.0);
    let candle = |minute: i64| {
        if minute % 60 == 0 {
            width = 4e-4 + 3e-3 * unit() * unit();
            drift = 1e-4 * (unit() - 0.5);
        }
        let open = price;
        price *= 1.0 + drift + width * (unit() + unit() - 1.0);
        let (high, low) =
            (open.max(price) * (1.0 + width * unit()), open.min(price) * (1.0 - width * unit()));
        let ohlc = [open, high, low, price].map(|p| Price::nearest(p).expect("a price of a pair"));
        let open_time = from.plus_ms(minute * MINUTE_MS);
        Candle::new(Timeframe::M1, open_time, ohlc, 20.0 * unit()).expect("a candle of its walk")
    };
    (0..DAYS * DAY_MS / MINUTE_MS).map(candle).collect()
}

fn history() -> Vec<Released> {
    let from = UtcMs::new(1_700_000_000_000).floor(DAY_MS);
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let mut candles: Vec<(InstrumentId, Candle)> = Vec::new();
    for (name, price) in PAIRS {
        let id = instrument(name).id;
        let minutes = walk(&mut rng, price, from);
        for timeframe in COARSER {
            let nested = "every timeframe here is made of minutes in order";
            let mut aggregator = Aggregator::new(Timeframe::M1, timeframe).expect(nested);
            let mut coarse = Vec::new();
            for candle in &minutes {
                aggregator.push(candle, &mut coarse).expect(nested);
            }
            candles.extend(coarse.into_iter().map(|candle| (id, candle)));
        }
        candles.extend(minutes.into_iter().map(|candle| (id, candle)));
    }
    candles.sort_by_key(|(id, candle)| (candle.close_time(), candle.timeframe, *id));
    let mut input_seq = 0;
    let mut release = |watermark, events: Vec<Event>| {
        let sequenced = events.into_iter().map(|event| {
            input_seq += 1;
            Sequenced { input_seq, event }
        });
        Released { watermark, events: sequenced.collect() }
    };
    let started = PAIRS.map(|(name, _)| Event::SessionStarted { instrument: instrument(name) });
    let mut history = vec![release(from, started.into())];
    for same in candles.chunk_by(|(_, a), (_, b)| a.close_time() == b.close_time()) {
        let closed = |&(instrument, candle)| Event::CandleClosed { instrument, candle };
        history.push(release(same[0].1.close_time(), same.iter().map(closed).collect()));
    }
    history
}

fn engine() -> Engine {
    let profile = Profile::named("swing-spot").expect("it comes with the program");
    let (timeframe, halt) = (profile.decision_timeframe, profile.halt_drawdown());
    let policy = Policy::of(profile);
    let Costs { maker_fee_ratio, taker_fee_ratio, slippage_bps } = policy.costs;
    let account = Account::new(Portfolio::new(parsed("USDT"), parsed("10000")));
    let core = Core::new(RunSeed(7), policy, Timeframe::M1, account);
    let terms = Terms::new(maker_fee_ratio, taker_fee_ratio, slippage_bps);
    let venue = SimVenue::new(terms, Timeframe::M1);
    let agents: Vec<Box<dyn Agent>> = vec![
        Box::new(Technical::new(technical::config::Config::for_timeframe(timeframe))),
        Box::new(Risk::new(risk::config::Config::new(timeframe, halt))),
    ];
    Engine::new(agents, Floor::new(core, venue))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn main() {
    let history = history();
    let events: usize = history.iter().map(|released| released.events.len()).sum();
    let (mut engine, mut head, mut out) = (engine(), Head::GENESIS, Outbox::default());
    let (mut spent, mut deciding) = (Duration::ZERO, Vec::new());
    let (mut decisions, mut trades) = (0usize, 0usize);
    for released in &history {
        out.records.clear();
        let begun = Instant::now();
        engine
            .step(released.view(), &mut out)
            .expect("seeded candles stay within a decimal's range");
        for dated in &out.records {
            dated.chained(&mut head).expect("every record has finite numbers");
        }
        let took = begun.elapsed();
        spent += took;
        let count =
            |which: fn(&Record) -> bool| out.records.iter().filter(|d| which(&d.record)).count();
        let decided = count(|record| matches!(record, Record::Decision(_)));
        trades += count(|record| matches!(record, Record::Trade(_)));
        if decided > 0 {
            decisions += decided;
            deciding.push(took.as_nanos());
        }
    }
    deciding.sort_unstable();
    let us = |share: usize| deciding[(deciding.len() - 1) * share / 100] as f64 / 1000.0;
    let rate = events as f64 / spent.as_secs_f64();
    println!("{events} events, {decisions} decisions, {trades} trades, {} entries", head.seq);
    println!("pure path, recorded and chained: {rate:.0} events/s");
    println!("watermark with five decisions: p50 {:.1} µs, p99 {:.1} µs", us(50), us(99));
}
