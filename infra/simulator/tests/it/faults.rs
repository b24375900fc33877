use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::time::Duration;

use domain::time::MINUTE_MS;
use serde_json::Value;
use simulator::options::{Faults, Options};

use crate::support::{Folder, START, Venue, told};

const MINUTES: i64 = 3000;
const PATH: &str = "/stream?streams=btcusdt@kline_1m/btcusdt@kline_5m/ethusdt@kline_1m";

fn folder() -> Folder {
    let folder = Folder::of("BTCUSDT", 0..MINUTES);
    folder.add("ETHUSDT", 0..MINUTES);
    folder
}

fn spoilt(folder: &Folder, faults: Faults, seed: u64) -> Options {
    Options { faults, seed, ..folder.options() }
}

/// Reads until the market has finished and all is heard, over as many connections as that takes.
async fn hear_all(venue: &Venue, path: &str) -> (Vec<Vec<(String, i64)>>, Value) {
    let mut heard = Vec::<Vec<(String, i64)>>::new();
    loop {
        let mut socket = venue.connect(path).await;
        heard.push(Vec::new());
        loop {
            match tokio::time::timeout(Duration::from_millis(20), socket.read()).await {
                Ok(Some(message)) => heard.last_mut().unwrap().push(told(&message)),
                Ok(None) => break,
                Err(_) => {
                    let status = venue.status().await;
                    let count: usize = heard.iter().map(Vec::len).sum();
                    if status["finished"] == true && status["streamed"] == count {
                        return (heard, status);
                    }
                }
            }
        }
        venue.until(|status| status["listeners"] == 0).await;
    }
}

#[tokio::test]
async fn the_same_candles_are_lost_and_doubled_in_every_run() {
    let folder = folder();
    let faults = Faults { drop_ratio: 0.05, duplicate_ratio: 0.05, disconnect_every: None };
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let venue = Venue::of(spoilt(&folder, faults, seed)).await;
        let (mut heard, status) = hear_all(&venue, PATH).await;
        assert_eq!(heard.len(), 1);
        runs.push((heard.remove(0), status));
        venue.stop().await;
    }
    let (heard, status) = &runs[0];
    assert_eq!(heard, &runs[1].0);
    assert_ne!(heard, &runs[2].0);
    let (dropped, doubled) = (&status["dropped"], &status["duplicated"]);
    let kept: BTreeSet<_> = heard.iter().collect();
    let all = (MINUTES + MINUTES / 5 + MINUTES) as usize;
    assert_eq!(dropped, all - kept.len());
    assert_eq!(doubled, heard.len() - kept.len());
    for count in [dropped, doubled] {
        let share = count.as_f64().unwrap() / all as f64;
        assert!((0.035..0.065).contains(&share), "{share}");
    }
    assert!(heard.windows(2).any(|w| w[0] == w[1]), "a double follows at once");
}

#[tokio::test]
async fn what_is_lost_does_not_depend_on_who_listens() {
    let folder = folder();
    let faults = Faults { drop_ratio: 0.05, ..Faults::default() };
    let mut runs = Vec::new();
    for path in [PATH, "/stream?streams=btcusdt@kline_1m"] {
        let venue = Venue::of(spoilt(&folder, faults, 7)).await;
        let (heard, _) = hear_all(&venue, path).await;
        let heard = heard.into_iter().flatten().filter(|(stream, _)| stream == "btcusdt@kline_1m");
        runs.push(heard.collect::<Vec<_>>());
        venue.stop().await;
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn rest_tells_what_the_stream_has_lost() {
    let folder = folder();
    let faults = Faults { drop_ratio: 1.0, ..Faults::default() };
    let venue = Venue::of(spoilt(&folder, faults, 1)).await;
    let (heard, status) = hear_all(&venue, "/stream?streams=btcusdt@kline_1m").await;
    assert_eq!(heard, [[]]);
    assert_eq!(status["dropped"], MINUTES);
    let last = format!("/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={START}&limit=1000");
    assert_eq!(venue.get(&last).await.as_array().unwrap().len(), 1000);
    venue.stop().await;
}

#[tokio::test]
async fn connections_end_without_a_word_after_so_many_messages() {
    let folder = folder();
    let faults = Faults { disconnect_every: NonZeroU64::new(1000), ..Faults::default() };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let venue = Venue::of(spoilt(&folder, faults, 1)).await;
        let (heard, status) = hear_all(&venue, PATH).await;
        let (last, full) = heard.split_last().unwrap();
        assert!(full.iter().all(|messages| messages.len() == 1000));
        assert!(last.len() < 1000);
        assert_eq!(status["disconnects"], full.len());
        assert!(full.len() >= 6);
        // What closed at the same moment as the last message is lost, nothing else is.
        let heard: Vec<_> = heard.into_iter().flatten().collect();
        let lost = (MINUTES + MINUTES / 5 + MINUTES) as usize - heard.len();
        assert!((1..=2 * 6).contains(&lost), "{lost}");
        assert!(heard.iter().any(|(_, open)| *open == START + (MINUTES - 1) * MINUTE_MS));
        runs.push(heard);
        venue.stop().await;
    }
    assert_eq!(runs[0], runs[1]);
}
