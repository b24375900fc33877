//! What a run is worth, as names and values; the most telling first.

use backtest::metrics::Metrics;
use backtest::metrics::trades::TradeStats;
use backtest::outcome::Outcome;
use chart::number::{number, percent};
use domain::instrument::Asset;

use crate::verbs::output;

/// The metrics that a reader looks for.
pub(super) fn of(result: &Outcome) -> Vec<(String, String)> {
    let metrics = Metrics::of(result);
    let quote = result.quote;
    let closed = &metrics.closed;
    let figures = [
        ("Final equity", amount(metrics.final_equity_quote, quote)),
        ("Profit", ratio(Some(metrics.profit_ratio))),
        ("Max drawdown", ratio(Some(metrics.max_drawdown_ratio))),
        ("Sharpe", plain(metrics.sharpe)),
        ("Profit factor", plain(closed.profit_factor)),
        ("Trades", number(closed.trades as f64, 0)),
        ("Capital", amount(metrics.capital_quote, quote)),
        ("Growth a year", ratio(metrics.cagr_ratio)),
        ("Sortino", plain(metrics.sortino)),
        ("Calmar", plain(metrics.calmar)),
        ("SQN", plain(closed.sqn)),
        ("Expectancy", closed.expectancy_quote.map_or_else(none, |e| amount(e, quote))),
        ("Longest under water", output::span(metrics.under_water_ms)),
        ("Time in the market", ratio(metrics.exposure_ratio)),
        ("Fees", amount(metrics.fees_quote, quote)),
    ];
    let named = figures.into_iter().map(|(name, value)| (name.to_owned(), value));
    named.chain(of_trades(closed, quote)).collect()
}

fn of_trades(closed: &TradeStats, quote: Asset) -> Vec<(String, String)> {
    let TradeStats { wins, draws, losses, .. } = closed;
    let figures = [
        ("Won, drawn, lost", format!("{wins}, {draws}, {losses}")),
        ("Trades won", ratio(closed.win_ratio)),
        ("Average win", closed.avg_win_quote.map_or_else(none, |w| amount(w, quote))),
        ("Average loss", closed.avg_loss_quote.map_or_else(none, |l| amount(l, quote))),
        ("Average time held", closed.held.map_or_else(none, |h| output::span(h.avg_ms))),
    ];
    figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn none() -> String {
    "–".to_owned()
}

fn plain(value: Option<f64>) -> String {
    value.map_or_else(none, |value| number(value, 2))
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(none, |ratio| percent(ratio, 2, false))
}

fn amount(value: f64, quote: Asset) -> String {
    // To the cent, or to the satoshi where the account counts in coins.
    let decimals = if matches!(quote.as_str(), "BTC" | "ETH") { 8 } else { 2 };
    format!("{} {quote}", number(value, decimals))
}
