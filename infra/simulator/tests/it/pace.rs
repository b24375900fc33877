use domain::time::{DAY_MS, MINUTE_MS};
use simulator::options::{Options, Speed};

use crate::support::{Folder, START, Venue, told};

/// A day per second.
const FACTOR: f64 = 86_400.0;

fn paced(folder: &Folder) -> Options {
    Options { speed: Speed::Factor(FACTOR), ..folder.options() }
}

#[tokio::test]
async fn a_paced_market_waits_for_nobody_and_stays_at_its_end() {
    let venue = Venue::of(paced(&Folder::of("BTCUSDT", 0..720))).await;
    let status = venue.until(|status| status["finished"] == true).await;
    let end = START + 722 * MINUTE_MS;
    assert_eq!(status["now_ms"], end);
    assert_eq!((&status["streamed"], &status["dropped"]), (&0.into(), &0.into()));
    assert_eq!(venue.now().await, end);
    venue.stop().await;
}

#[tokio::test]
async fn a_paced_market_tells_every_candle_and_jumps_over_long_gaps() {
    // The second block begins a year later; nobody waits for it.
    const YEAR: i64 = 365 * DAY_MS / MINUTE_MS;
    let folder = Folder::of("BTCUSDT", (0..200).chain(YEAR..YEAR + 200));
    let venue = Venue::of(Options { speed: Speed::Factor(20_000.0), ..folder.options() }).await;
    let mut socket = venue.connect("/stream?streams=btcusdt@kline_1m").await;
    let mut last = START - MINUTE_MS;
    while last < START + (YEAR + 199) * MINUTE_MS {
        let before = venue.now().await;
        let (_, open) = told(&socket.read().await.unwrap());
        let after = venue.now().await;
        assert!(last < open, "in order");
        assert!(open + MINUTE_MS <= after, "REST knows what the stream has told");
        assert!(before <= after, "time doesn't run back");
        last = open;
    }
    let status = venue.until(|status| status["finished"] == true).await;
    assert_eq!(status["now_ms"], START + (YEAR + 202) * MINUTE_MS);
    venue.stop().await;
}
