use std::path::PathBuf;

use domain::time::{MINUTE_MS, UtcMs};
use exchange::candle_file::error::CandleFileError;
use simulator::error::SimulatorError;
use simulator::options::{Faults, Options, Source, Speed};
use simulator::server::serve;

use crate::support::{Folder, START};

async fn refused(options: Options) -> SimulatorError {
    serve(options).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let folder = Folder::of("BTCUSDT", 0..10);
    let first = serve(folder.options()).await.unwrap();
    let error = refused(Options { listen: first.address(), ..folder.options() }).await;
    assert!(matches!(error, SimulatorError::PortInUse { address } if address == first.address()));
    assert!(error.to_string().contains("another port"), "{error}");
    first.stop().await.unwrap();
    let elsewhere = "192.0.2.1:0".parse().unwrap();
    let error = refused(Options { listen: elsewhere, ..folder.options() }).await;
    assert!(matches!(error, SimulatorError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn candles_that_cant_be_read_are_said() {
    let folder = Folder::new();
    let error = refused(folder.options()).await;
    assert!(matches!(error, SimulatorError::Candles(CandleFileError::NoFiles { .. })));
    let nowhere = Source::Folder(PathBuf::from("/nowhere/at/all"));
    let error = refused(Options { source: nowhere, ..folder.options() }).await;
    assert!(matches!(error, SimulatorError::Candles(CandleFileError::Unreadable { .. })));
    folder.write("BTCUSDT-1m.csv", "open_time_ms,open,high,low,close,volume\n1,2,3\n");
    let error = refused(folder.options()).await.to_string();
    assert!(error.contains("BTCUSDT-1m.csv line 2: 3 columns where 6 belong"), "{error}");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_said() {
    let folder = Folder::of("BTCUSDT", 0..10);
    for value in [-0.1, 1.1, f64::NAN] {
        let faults = Faults { drop_ratio: value, ..Faults::default() };
        let error = refused(Options { faults, ..folder.options() }).await;
        assert!(matches!(error, SimulatorError::Ratio { name: "drop", .. }), "{error}");
    }
    for factor in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let error = refused(Options { speed: Speed::Factor(factor), ..folder.options() }).await;
        assert!(matches!(error, SimulatorError::Speed(_)), "{error}");
    }
    for minute in [-1, 10] {
        let start_at = Some(UtcMs::new(START + minute * MINUTE_MS));
        let error = refused(Options { start_at, ..folder.options() }).await;
        assert!(matches!(error, SimulatorError::StartOutside { .. }), "{error}");
    }
    let generated = |pairs: &[&str], days| {
        let pairs = pairs.iter().map(|pair| pair.parse().unwrap()).collect();
        let source = Source::Generated { pairs, start: UtcMs::new(START), days };
        refused(Options { source, ..folder.options() })
    };
    for (pairs, days) in [(&[][..], 1), (&["BTC/USDT"], 0)] {
        let error = generated(pairs, days).await;
        assert!(matches!(error, SimulatorError::NothingToGenerate), "{error}");
    }
    let error = generated(&["BTC/USDT", "ETH/USDT"], u32::MAX).await;
    assert!(matches!(error, SimulatorError::TooMuchToGenerate { pairs: 2, .. }), "{error}");
}
