//! Answers to requests about the market.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| exchange::binance::every::read_market(body));
