//! Refusals, in every status.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| exchange::binance::every::read_refusal(body));
