//! Requests to the simulated venue, which is served beside: one that is not answered ends it.

#![no_main]

use std::fs;
use std::path::Path;

// What the simulator's own tests throw with.
#[path = "../../../simulator/tests/it/thrown.rs"]
mod thrown;

/// Fuzzing begins from requests that are right.
fn lay_out() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/requests");
    fs::create_dir_all(&corpus).expect("room for a folder");
    for (number, request) in thrown::BEGINNINGS.iter().enumerate() {
        fs::write(corpus.join(format!("beginning-{number:02}")), request).expect("room for a file");
    }
}

libfuzzer_sys::fuzz_target!(init: lay_out(), |request: &[u8]| thrown::throw(request));
