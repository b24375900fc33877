//! Every reader of what the network brings, in one place for those who throw damaged bytes at them.
//! None of them may panic, whatever comes; what they make of it does not matter here.

use std::collections::BTreeMap;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::VenueError;
use super::frame::{self, Topic, stream_name};
use super::listing::Listing;
use super::page::CandlePage;
use super::rest::read_prices;
use super::shapes;
use super::signed::verdict::{Market, of_answer};
use super::transport::read_time;
use super::usdm::fact::FactKind;
use super::user_stream::event::read_frame;

/// What is asked for: the fixtures and the venue's documentation speak of these.
const PAIRS: [&str; 6] =
    ["BTC/USDT", "ETH/USDT", "MATIC/USDT", "SOL/USDT", "AVAX/USDT", "BTC/USDT:USDT"];

fn asked() -> Vec<InstrumentId> {
    PAIRS.iter().map(|name| name.parse().expect("a pair")).collect()
}

/// Answers to requests about the market.
///
/// # Panics
/// Where a page holds a candle that has not closed.
pub fn read_market(body: &[u8]) {
    let asked = asked();
    let _ = read_time(body);
    let _ = read_prices(body, &asked);
    let _ = Listing::read(body, &asked);
    for timeframe in Timeframe::ALL {
        let now = UtcMs::new(1_700_000_000_000);
        if let Ok(page) = CandlePage::read(body, timeframe, UtcMs::new(0), 1, now) {
            assert!(page.candles.iter().all(|candle| candle.close_time() <= now));
        }
    }
}

/// Refusals of either kind, in every status.
pub fn read_refusal(body: &[u8]) {
    for status in [200, 400, 403, 418, 429, 451, 500, 503] {
        let _ = VenueError::of_status(status, None, body);
        for market in [Market::Spot, Market::Usdm] {
            let _ = of_answer(market, status, None, body);
        }
    }
}

/// Answers to requests about the account, and whatever else the venue writes as JSON.
pub fn read_account(body: &[u8]) {
    if let Ok(payload) = serde_json::from_slice(body) {
        let _ = shapes::read_any(&payload);
    }
}

/// Frames of the market's streams and of the account's.
pub fn read_stream(body: &[u8]) {
    let asked = asked();
    let subscribed: BTreeMap<_, _> = asked
        .iter()
        .map(|id| (stream_name(*id, Timeframe::M1), (*id, Topic::Candles(Timeframe::M1))))
        .collect();
    let text = String::from_utf8_lossy(body);
    let _ = frame::read(&text, &subscribed);
    let _ = read_frame(&text);
    for kind in [FactKind::Mark, FactKind::Depth, FactKind::Liquidation] {
        let _ = kind.read(&text);
    }
}

/// All of them.
pub fn read_all(body: &[u8]) {
    read_market(body);
    read_refusal(body);
    read_account(body);
    read_stream(body);
}
