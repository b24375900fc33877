//! A start on 10,000 open orders and 100,000 fills: how long, and how much memory at most.

#[path = "../tests/it/history.rs"]
mod history;

use history::{FILLS, ORDERS, go_through};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the wall's time")]
fn main() {
    let began = std::time::Instant::now();
    let (_, _, asked) = go_through();
    let took = began.elapsed();
    println!("{ORDERS} orders, {FILLS} fills, {asked} requests: {took:.0?}, {}", peak());
}

/// The largest resident memory so far, as Linux has it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.to_owned()
}
