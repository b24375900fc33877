use domain::time::{HOUR_MS, MINUTE_MS};

use super::*;

/// 2021-04-02 00:00 UTC
const START: i64 = 1_617_321_600_000;

/// One-minute candles at these minutes after [`START`], each with prices of its own.
fn minutes(pair: &str, at: impl Iterator<Item = i64>) -> CandleFile {
    let candle = |n: i64| {
        let open_time = UtcMs::new(START + n * MINUTE_MS);
        let [open, high, low, close] = [100, 103 + n % 7, 97 - n % 5, 101]
            .map(|cents| Price::from_raw((cents + n) * Price::SCALE / 100));
        let ohlc = [open, high.max(open), low.min(open), close];
        Candle::new(Timeframe::M1, open_time, ohlc, 0.25 * (n % 9 + 1) as f64).unwrap()
    };
    let candles = at.map(candle).collect();
    CandleFile { instrument: pair.parse().unwrap(), timeframe: Timeframe::M1, candles }
}

fn opens(history: &History, timeframe: Timeframe) -> Vec<i64> {
    let place = history.streams.get(&format!("btcusdt@kline_{timeframe}"));
    let candles = place.map_or(&[][..], |place| &history.series[*place].candles);
    candles.iter().map(|c| (c.open_time.ms() - START) / MINUTE_MS).collect()
}

#[test]
fn buckets_at_the_edge_of_a_block_are_left_out() {
    const SECOND: i64 = 3 * 1440;
    // A block that begins at minute 3 and ends after 12, with a hole at 6…8 and one at 10; then,
    // more than two days later, a block that begins and ends on the grid.
    let first = [3, 4, 5, 9, 11, 12];
    let history =
        History::new(vec![minutes("BTC/USDT", first.into_iter().chain(SECOND..SECOND + 10))]);
    // Of 0…5 the start is unknown, of 10…15 the end; 5…10 has two minutes and that is all of it.
    assert_eq!(opens(&history, Timeframe::M5), [5, SECOND, SECOND + 5]);
    assert_eq!(opens(&history, Timeframe::M3), [3, 9, SECOND, SECOND + 3, SECOND + 6]);
    assert!(opens(&history, Timeframe::M15).is_empty());
    assert!(!history.streams.contains_key("btcusdt@kline_1h"));
    assert_eq!(history.first_open.ms(), START + 3 * MINUTE_MS);
    assert_eq!(history.last_close.ms(), START + (SECOND + 10) * MINUTE_MS);
}

#[test]
fn candles_of_their_own_are_served_as_they_are() {
    let mut hours = minutes("BTC/USDT", 0..120);
    hours.timeframe = Timeframe::H1;
    hours.candles = vec![Candle { timeframe: Timeframe::H1, ..hours.candles[0] }];
    let own = hours.candles.clone();
    let history = History::new(vec![hours, minutes("BTC/USDT", 0..120)]);
    assert_eq!(history.series[history.streams["btcusdt@kline_1h"]].candles, own);
    assert_eq!(opens(&history, Timeframe::M30).len(), 4);
}

#[test]
fn series_are_ordered_fine_first_then_by_instrument() {
    let files = ["SOL/USDT", "BTC/USDT"].map(|pair| minutes(pair, 0..15)).to_vec();
    let history = History::new(files);
    let streams: Vec<_> = history.series.iter().map(|s| s.stream.as_str()).collect();
    let expected = ["1m", "3m", "5m", "15m"]
        .map(|name| [format!("btcusdt@kline_{name}"), format!("solusdt@kline_{name}")]);
    assert_eq!(streams, expected.concat());
}

fn everything(history: &History, timeframe: Timeframe, now: UtcMs) -> Vec<Candle> {
    let query = Query { from: None, to: None, limit: usize::MAX };
    let (closed, open) = history.candles(&history.markets["BTCUSDT"], timeframe, query, now);
    closed.iter().copied().chain(open).collect()
}

#[test]
fn nothing_is_known_before_it_closes() {
    // What is served at a moment doesn't change when all that comes later is cut away, save
    // that the cut ends the block and so the buckets that would have closed later.
    let all = (0..200).filter(|n| n % 31 != 30 && !(60..75).contains(n));
    let history = History::new(vec![minutes("BTC/USDT", all.clone())]);
    for n in 1..200 {
        let now = UtcMs::new(START + n * MINUTE_MS + 30_000);
        let known: Vec<_> = all.clone().filter(|m| *m < n).collect();
        let past = History::new(vec![minutes("BTC/USDT", known.clone().into_iter())]);
        for timeframe in [Timeframe::M1, Timeframe::M5, Timeframe::M15, Timeframe::H1] {
            let served = everything(&history, timeframe, now);
            let (open, closed): (Vec<_>, Vec<_>) =
                served.iter().partition(|c| c.close_time() > now);
            let place = past.streams.get(&format!("btcusdt@kline_{timeframe}"));
            let told = place.map_or(&[][..], |place| &past.series[*place].candles);
            assert!(closed.starts_with(told), "{timeframe} at {n}");
            assert!(closed.len() - told.len() <= 1, "{timeframe} at {n}");
            assert!(closed.iter().chain(&open).is_sorted_by_key(|c| c.open_time));
            let volume: f64 = served.iter().map(|c| c.volume_base).sum();
            let first = served.first().map_or(START, |c| c.open_time.ms());
            let expected: f64 = known
                .iter()
                .filter(|m| START + **m * MINUTE_MS >= first)
                .map(|m| 0.25 * (m % 9 + 1) as f64)
                .sum();
            assert_eq!(volume, expected, "{timeframe} at {n}");
            if let Some(open) = open.first() {
                let last = known.last().map(|m| (101 + m) * Price::SCALE / 100);
                assert_eq!(Some(open.close.raw()), last);
            }
        }
    }
}

#[test]
fn a_range_is_cut_from_its_start_or_from_its_end() {
    let history = History::new(vec![minutes("BTC/USDT", 0..60)]);
    let market = &history.markets["BTCUSDT"];
    let now = UtcMs::new(START + 32 * MINUTE_MS);
    let at = |minute: i64| Some(UtcMs::new(START + minute * MINUTE_MS));
    let ask = |from, to, limit| {
        let (closed, open) = history.candles(market, Timeframe::M5, Query { from, to, limit }, now);
        let minute = |c: &Candle| (c.open_time.ms() - START) / MINUTE_MS;
        closed.iter().chain(&open).map(minute).collect::<Vec<_>>()
    };
    assert_eq!(ask(None, None, 500), [0, 5, 10, 15, 20, 25, 30]);
    assert_eq!(ask(None, None, 2), [25, 30]);
    assert_eq!(ask(None, at(20), 2), [15, 20]);
    assert_eq!(ask(at(5), None, 2), [5, 10]);
    assert_eq!(ask(at(6), at(20), 9), [10, 15, 20]);
    assert_eq!(ask(at(25), None, 1), [25]);
    assert_eq!(ask(at(25), None, 2), [25, 30]);
    assert_eq!(ask(at(26), at(29), 2), [0; 0]);
    assert_eq!(ask(at(20), at(5), 2), [0; 0]);
    assert_eq!(ask(at(35), None, 2), [0; 0]);
}

#[test]
fn the_price_is_the_last_close() {
    let history = History::new(vec![minutes("BTC/USDT", 0..60)]);
    let price = |ms| history.price(&history.markets["BTCUSDT"], UtcMs::new(START + ms)).to_string();
    assert_eq!(price(0), "0");
    assert_eq!(price(MINUTE_MS), "1.01");
    assert_eq!(price(HOUR_MS), "1.6");
    assert_eq!(price(5 * HOUR_MS), "1.6");
}
