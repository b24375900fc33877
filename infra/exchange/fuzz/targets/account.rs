//! Answers to requests about the account.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| exchange::binance::every::read_account(body));
