//! How many messages per second one listener with 30 streams gets over loopback, at full speed.

use std::time::Instant;

use domain::time::UtcMs;
use futures_util::StreamExt;
use simulator::options::{Faults, Options, Source, Speed, UsdmOptions};
use simulator::server::serve;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const PAIRS: [&str; 5] = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "AVAX/USDT", "MATIC/USDT"];
const TIMEFRAMES: [&str; 6] = ["1m", "5m", "15m", "1h", "4h", "1d"];
const DAYS: u32 = 90;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pairs: Vec<_> = PAIRS.iter().map(|pair| pair.parse()).collect::<Result<_, _>>()?;
    let loading = Instant::now();
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source::Generated { pairs, start: UtcMs::new(1_700_006_400_000), days: DAYS },
        speed: Speed::Max,
        faults: Faults::default(),
        seed: 1,
        start_at: None,
        accounts: Vec::new(),
        usdm: UsdmOptions::default(),
    };
    let simulator = serve(options).await?;
    println!("{DAYS} days of {} pairs made in {:.2?}", PAIRS.len(), loading.elapsed());
    let streams = PAIRS.iter().flat_map(|pair| {
        let symbol = pair.replace('/', "").to_lowercase();
        TIMEFRAMES.iter().map(move |timeframe| format!("{symbol}@kline_{timeframe}"))
    });
    let streams = streams.collect::<Vec<_>>().join("/");
    let url = format!("ws://{}/stream?streams={streams}", simulator.address());
    let (mut socket, _) = connect_async(url).await?;
    // A day gives 1440 + 288 + 96 + 24 + 6 + 1 candles per pair.
    let expected = u64::from(DAYS) * 1855 * PAIRS.len() as u64;
    let streaming = Instant::now();
    let (mut messages, mut bytes) = (0, 0);
    while messages < expected {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                messages += 1;
                bytes += text.len();
            }
            Some(Ok(_)) => {}
            ended => return Err(format!("the stream ended: {ended:?}").into()),
        }
    }
    let seconds = streaming.elapsed().as_secs_f64();
    println!(
        "{messages} messages, {:.0} bytes each, in {seconds:.2} s: {:.0} per second",
        bytes as f64 / messages as f64,
        messages as f64 / seconds
    );
    simulator.stop().await?;
    Ok(())
}
