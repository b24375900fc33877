//! Candle files, plain and packed: people get them from anywhere.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["BTCUSDT-1m.csv", "BTCUSDT-1m.csv.gz", "BTCUSDT-1m.zip"] {
        let path = folder.path().join(name);
        std::fs::write(&path, body).expect("room for a file");
        let _ = exchange::candle_file::read(&path);
    }
});
