//! Progress on a terminal; nothing where nobody looks.

use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::desk::tally::Tally;

/// Where progress is shown.
pub type Progress = Arc<dyn Fn(&Tally) + Send + Sync>;

/// Shows nothing.
pub fn quiet() -> Progress {
    Arc::new(|_| {})
}

/// A line that follows the market, on a terminal.
pub fn line() -> Progress {
    if !std::io::stderr().is_terminal() {
        return quiet();
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    Arc::new(move |tally| {
        bar.set_message(format!(
            "{}  equity {:.2}  trades {}  orders {}",
            tally.now,
            tally.equity_quote.to_decimal(),
            tally.trades.len(),
            tally.orders
        ));
    })
}

/// A bar that fills, on a terminal.
pub fn bar(length: u64, of: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {eta} to go");
    let bar = ProgressBar::new(length).with_message(of);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
