//! Frames of the market's streams and of the account's.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| exchange::binance::every::read_stream(body));
