//! Mistakes that other systems made, each with the story that would have caught it.

use backtest::floor::Floor;
use decision::outbox::Outbox;
use decision::record::Record;
use decision::snapshot::TradingState;
use domain::agent::Effect;
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Instrument, InstrumentId};
use domain::money::Price;
use domain::order::{ClientOrderId, Role, Side};
use domain::portfolio::Portfolio;
use domain::signal::{AgentId, Direction, RiskWord, Signal};
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;
use domain::trade::{ExitReason, Trade};
use rust_decimal::Decimal;

use crate::parts::{floor, policy};
use crate::world::instrument;

/// One coin, one candle an hour.
struct Story {
    floor: Floor,
    coin: Instrument,
    now: UtcMs,
    input_seq: u64,
    records: Vec<Record>,
}

impl Story {
    /// Begins an hour after midnight with a candle at 100.
    fn begin() -> Self {
        let coin = instrument("BTC/USDT", "0.01", "0.00001", "9000");
        let now = UtcMs::new(1_700_000_000_000).floor(DAY_MS);
        let floor = floor(policy(), Timeframe::H1);
        let mut story = Self { floor, coin, now, input_seq: 0, records: Vec::new() };
        story.release(vec![Event::SessionStarted { instrument: coin }], None);
        story.candle(["100", "100", "100", "100"], None);
        story
    }

    fn id(&self) -> InstrumentId {
        self.coin.id
    }

    fn candle(&mut self, ohlc: [&str; 4], lean: Option<Direction>) {
        let ohlc = ohlc.map(|price| price.parse::<Price>().unwrap());
        let candle = Candle::new(Timeframe::H1, self.now, ohlc, 1.0).unwrap();
        self.now = candle.close_time();
        self.release(vec![Event::CandleClosed { instrument: self.id(), candle }], lean);
    }

    fn release(&mut self, events: Vec<Event>, lean: Option<Direction>) {
        let first = self.input_seq + 1;
        self.input_seq += events.len() as u64;
        let events = (first..).zip(events).map(|(input_seq, event)| Sequenced { input_seq, event });
        let released = Released { watermark: self.now, events: events.collect() };
        let (issued_at, expires_at) = (self.now, self.now.plus_ms(HOUR_MS));
        let (instrument, input_seq) = (self.id(), self.input_seq);
        let word = RiskWord {
            instrument,
            input_seq,
            issued_at,
            expires_at,
            entries_allowed: true,
            size_ratio: 1.0,
            basis: Vec::new(),
        };
        let signal = lean.map(|direction| Signal {
            agent: AgentId::Technical,
            instrument,
            input_seq,
            issued_at,
            direction,
            score: 60.0,
            confidence: 0.8,
            expected_return_ratio: 0.0,
            horizon_ms: HOUR_MS,
            expires_at,
            // The stop lies 5 below, the target 10 above.
            atr_quote: Some(2.5),
            basis: Vec::new(),
        });
        let effects: Vec<_> =
            [Effect::RiskWord(word)].into_iter().chain(signal.map(Effect::Signal)).collect();
        let mut out = Outbox::default();
        self.floor.open(released.view(), &mut out).unwrap();
        self.floor.decide(released.view(), &effects, &mut out).unwrap();
        let commands = std::mem::take(&mut out.commands);
        self.floor.execute(commands, &mut out).unwrap();
        self.records.extend(out.records.into_iter().map(|dated| dated.record));
    }

    fn enter(&mut self) {
        self.candle(["100", "100", "100", "100"], Some(Direction::Long));
    }

    fn fills(&self) -> Vec<&Fill> {
        let records = self.records.iter();
        records.filter_map(|r| if let Record::Fill(fill) = r { Some(fill) } else { None }).collect()
    }

    fn trades(&self) -> Vec<&Trade> {
        let records = self.records.iter();
        records
            .filter_map(|r| if let Record::Trade(trade) = r { Some(trade) } else { None })
            .collect()
    }

    fn state(&self) -> TradingState {
        self.floor.core().account().state()
    }

    fn verdict_names(&self) -> Vec<&'static str> {
        let name = |record: &Record| match record {
            Record::Decision(decision) => Some(match &decision.verdict {
                decision::kernel::Verdict::Hold => "hold",
                decision::kernel::Verdict::Approved(_) => "approved",
                decision::kernel::Verdict::Denied(denial) => denial.name(),
            }),
            _ => None,
        };
        self.records.iter().filter_map(name).collect()
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn a_decision_trades_at_the_next_open_not_at_the_close_it_saw() {
    let mut story = Story::begin();
    story.enter();
    assert!(story.fills().is_empty());
    story.candle(["101", "101.5", "100.9", "101"], None);
    let fill = story.fills()[0];
    // 5 bps above the open, up to the tick.
    assert_eq!((fill.price, fill.side), (price("101.06"), Side::Buy));
    assert_eq!(fill.time_exchange, story.now.plus_ms(-HOUR_MS));
}

#[test]
fn stops_are_checked_whatever_the_decision() {
    for lean in [None, Some(Direction::Long), Some(Direction::Flat), Some(Direction::Short)] {
        let mut story = Story::begin();
        story.enter();
        story.candle(["100", "101", "99", "100"], lean.filter(|lean| *lean != Direction::Short));
        story.candle(["100", "100", "94", "96"], lean);
        let [trade] = story.trades()[..] else { panic!("{lean:?}: {:?}", story.trades()) };
        assert_eq!((trade.exit_reason, trade.direction), (ExitReason::StopLoss, Direction::Long));
        assert_eq!(trade.exit_price, Decimal::new(9495, 2));
    }
}

#[test]
fn both_barriers_in_one_candle_take_the_stop() {
    for own in [true, false] {
        let mut story = Story::begin();
        story.enter();
        if !own {
            story.candle(["100", "100", "100", "100"], None);
        }
        story.candle(["100", "120", "90", "110"], None);
        let [trade] = story.trades()[..] else { panic!("{:?}", story.trades()) };
        assert_eq!(trade.exit_reason, ExitReason::StopLoss);
        assert!(trade.pnl_quote.is_negative());
    }
}

#[test]
fn a_gap_over_the_stop_fills_at_the_open() {
    let mut story = Story::begin();
    story.enter();
    story.candle(["100", "100", "100", "100"], None);
    story.candle(["80", "99", "79", "98"], None);
    assert_eq!(story.trades()[0].exit_price, Decimal::new(7996, 2));
}

#[test]
fn the_stop_follows_the_price_only_from_the_next_candle_on() {
    let mut story = Story::begin();
    story.enter();
    // One R up and back down within the candle: what the stop was raised to at its close can't
    // have been hit in it.
    story.candle(["100", "108", "99", "107"], None);
    assert!(story.trades().is_empty());
    story.candle(["107", "107", "102", "103"], None);
    let [trade] = story.trades()[..] else { panic!("{:?}", story.trades()) };
    assert_eq!(trade.exit_reason, ExitReason::TrailingStopLoss);
    // One R behind the best price of 108, 5 bps and the tick off.
    assert_eq!(trade.exit_price, Decimal::new(10294, 2));
}

#[test]
fn the_target_is_taken_at_its_price() {
    let mut story = Story::begin();
    story.enter();
    story.candle(["100", "111", "99", "110.5"], None);
    let [trade] = story.trades()[..] else { panic!("{:?}", story.trades()) };
    assert_eq!((trade.exit_reason, trade.exit_price), (ExitReason::Roi, Decimal::from(110)));
    assert_eq!(story.fills()[1].liquidity, Liquidity::Maker);
}

#[test]
fn a_round_trip_pays_slippage_once_and_fees_twice() {
    let mut story = Story::begin();
    story.enter();
    story.candle(["100", "100", "100", "100"], Some(Direction::Short));
    story.candle(["100", "100", "100", "100"], None);
    let [trade] = story.trades()[..] else { panic!("{:?}", story.trades()) };
    assert_eq!(trade.exit_reason, ExitReason::ExitSignal);
    let (bought, sold) = (Decimal::new(10005, 2), Decimal::new(9995, 2));
    assert_eq!((trade.entry_price, trade.exit_price), (bought, sold));
    let quantity = trade.quantity.to_decimal();
    let fee = |price: Decimal| (price * quantity * Decimal::new(1, 3)).round_dp(8);
    let pnl = (sold - bought) * quantity - fee(bought) - fee(sold);
    assert_eq!(trade.pnl_quote.to_decimal(), pnl.normalize());
    let portfolio = &story.floor.core().account().portfolio;
    assert_eq!(portfolio.cash().to_decimal(), (Decimal::from(10_000) + pnl).normalize());
}

#[test]
fn daily_loss_resets_with_the_utc_day() {
    let mut story = Story::begin();
    story.enter();
    story.candle(["100", "100", "100", "100"], None);
    // A third of the account falls by a fifth: 6 % of the day's opening equity.
    story.candle(["80", "80", "80", "80"], Some(Direction::Long));
    assert_eq!(story.state(), TradingState::Reducing);
    while story.now.plus_ms(HOUR_MS).day() == story.now.day() {
        story.candle(["80", "80", "80", "80"], Some(Direction::Long));
        assert_eq!(story.state(), TradingState::Reducing);
        assert_eq!(story.verdict_names().last(), Some(&"day_loss"));
    }
    story.candle(["80", "80", "80", "80"], Some(Direction::Long));
    assert_eq!(story.now.floor(DAY_MS), story.now);
    assert_eq!(
        (story.state(), story.verdict_names().pop()),
        (TradingState::Active, Some("approved"))
    );
}

#[test]
fn a_halt_outlives_the_day() {
    let mut story = Story::begin();
    // Each crash takes a fifth of the equity share that is invested.
    while story.state() != TradingState::Halted {
        story.candle(["100", "100", "100", "100"], Some(Direction::Long));
        story.candle(["100", "100", "100", "100"], None);
        story.candle(["40", "40", "40", "40"], None);
        story.candle(["100", "100", "100", "100"], None);
        story.now = story.now.ceil(DAY_MS).plus_ms(HOUR_MS);
    }
    for _ in 0..60 {
        story.candle(["100", "100", "100", "100"], Some(Direction::Long));
        assert_eq!(story.state(), TradingState::Halted);
        assert_eq!(story.verdict_names().last(), Some(&"halted"));
    }
}

#[test]
fn what_a_session_left_is_closed_at_its_last_price_whatever_follows() {
    // The next session may begin with the very watermark that ends the one before, with candles
    // of its own as history; and an exit may have been under way.
    for (again, lean) in [(false, None), (true, None), (true, Some(Direction::Short))] {
        let mut story = Story::begin();
        story.enter();
        story.candle(["100", "103", "99", "102"], lean);
        let (instrument, last_close) = (story.id(), story.now);
        story.now = story.now.plus_ms(700 * DAY_MS);
        let mut events = vec![Event::SessionEnded { instrument, last_close }];
        if again {
            let open = story.now.plus_ms(-HOUR_MS);
            let candle = Candle::new(Timeframe::H1, open, [price("9"); 4], 1.0).unwrap();
            events.push(Event::SessionStarted { instrument: story.coin });
            events.push(Event::CandleClosed { instrument, candle });
        }
        story.release(events, None);
        let [trade] = story.trades()[..] else { panic!("{:?}", story.trades()) };
        assert_eq!(trade.exit_reason, ExitReason::ForceExit);
        assert_eq!(trade.exit_price, Decimal::new(10194, 2));
        let account = story.floor.core().account();
        assert!(account.portfolio.positions().is_empty());
        assert!(story.floor.core().book().plans().is_empty());
        assert_eq!(account.state(), TradingState::Active, "the gap was taken for a loss");
    }
}

#[test]
fn an_entry_under_way_dies_with_its_session() {
    let mut story = Story::begin();
    story.enter();
    let (instrument, last_close) = (story.id(), story.now);
    story.now = story.now.plus_ms(3 * DAY_MS);
    let started = Event::SessionStarted { instrument: story.coin };
    story.release(vec![Event::SessionEnded { instrument, last_close }, started], None);
    story.candle(["100", "100", "100", "100"], None);
    assert!(story.fills().is_empty() && story.floor.core().book().plans().is_empty());
}

#[test]
fn closing_a_short_debits_cash_once() {
    let mut portfolio = Portfolio::new("USDT".parse().unwrap(), "1000".parse().unwrap());
    let fill = |venue_fill_id, side, at: &str| Fill {
        venue_fill_id,
        client_order_id: ClientOrderId::new(Id::of(RunSeed(1), 1, "decision", ""), Role::Entry),
        instrument: "BTC/USDT:USDT".parse().unwrap(),
        side,
        price: price(at),
        quantity: "2".parse().unwrap(),
        fee: "1".parse().unwrap(),
        fee_asset: "USDT".parse().unwrap(),
        liquidity: Liquidity::Taker,
        time_exchange: UtcMs::new(0),
    };
    assert_eq!(portfolio.book(&fill(1, Side::Sell, "100")), Ok(None));
    assert_eq!(portfolio.cash(), "1199".parse().unwrap());
    let closed = portfolio.book(&fill(2, Side::Buy, "90")).unwrap().unwrap();
    assert_eq!(portfolio.cash(), "1018".parse().unwrap());
    assert_eq!(closed.cash_flow(), Ok("18".parse().unwrap()));
    assert_eq!(portfolio.realised_quote(), "18".parse().unwrap());
}
