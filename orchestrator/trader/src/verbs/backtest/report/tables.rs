//! The tables, as freqtrade prints them.

use backtest::metrics::Metrics;
use backtest::metrics::breakdown::{Period, Slice, breakdown};
use backtest::metrics::missing::Missing;
use backtest::metrics::trades::TradeStats;
use domain::instrument::Asset;

use crate::verbs::backtest::report::figures::{
    NONE, amount, date, or_none, percent, percent_or_none,
};
use crate::verbs::backtest::report::grid::{Align, Cell, Grid};
use crate::verbs::backtest::report::{groups, summary};
use crate::verbs::backtest::saved::{Coverage, Saved};
use crate::verbs::output::{moment, span};

/// Which run this is, on a line.
pub(crate) fn heading(saved: &Saved) -> String {
    let facts = &saved.facts;
    let pairs: Vec<_> = saved.instruments.iter().map(ToString::to_string).collect();
    format!(
        "{} on {} {}, {} to {} UTC, filled at {}\n",
        facts.strategy,
        pairs.join(", "),
        facts.timeframe,
        moment(saved.from),
        moment(saved.to),
        facts.fill,
    )
}

/// All tables that have something to say.
pub(crate) fn all(saved: &Saved, periods: &[Period]) -> Vec<Grid> {
    let basis = saved.basis();
    let metrics = Metrics::of_basis(&basis);
    let per_pair = groups::per_pair(saved, &basis.rounds);
    let table = |title, names, groups: &[_], total: &TradeStats| {
        grouped(title, names, groups, total, &metrics, saved.quote)
    };
    let pairs = ["Pair", "Trades"];
    let mut grids =
        vec![table("BACKTESTING REPORT", pairs, &named(per_pair.clone()), &metrics.closed)];
    if !basis.open.is_empty() {
        let open = named(groups::left_open(&basis.open));
        let total = TradeStats::of(&basis.open);
        grids.push(table("LEFT OPEN TRADES REPORT", pairs, &open, &total));
    }
    if !basis.rounds.is_empty() {
        let reasons = named(groups::exit_reasons(saved, &basis.rounds));
        let names = ["Exit Reason", "Exits"];
        grids.push(table("EXIT REASON STATS", names, &reasons, &metrics.closed));
    }
    let days = basis.days();
    for period in periods {
        let slices = breakdown(*period, metrics.capital_quote, &days, &basis.rounds);
        grids.push(by_period(*period, &slices, saved.quote));
    }
    grids.push(candles(saved));
    grids.push(summary::grid(saved, &metrics, &per_pair));
    grids
}

fn named<N: ToString>(groups: Vec<(N, TradeStats)>) -> Vec<(String, TradeStats)> {
    groups.into_iter().map(|(name, stats)| (name.to_string(), stats)).collect()
}

fn left(name: &str) -> (String, Align) {
    (name.to_owned(), Align::Left)
}

fn right(name: impl Into<String>) -> (String, Align) {
    (name.into(), Align::Right)
}

/// Wins, draws and losses share a column, as they belong together.
const ENDS: &str = "  Win  Draw  Loss   Win%";

fn ends(wins: u64, draws: u64, losses: u64) -> Cell {
    let trades = wins + draws + losses;
    let part = (trades > 0).then(|| wins as f64 / trades as f64 * 100.0);
    Cell::plain(format!("{wins:>5} {draws:>5} {losses:>5} {:>6}", or_none(part, 1)))
}

fn grouped(
    title: &'static str,
    [label, count]: [&str; 2],
    groups: &[(String, TradeStats)],
    total: &TradeStats,
    metrics: &Metrics,
    quote: Asset,
) -> Grid {
    let columns = vec![
        left(label),
        right(count),
        right("Avg Profit %"),
        right(format!("Tot Profit {quote}")),
        right("Tot Profit %"),
        right("Avg Duration"),
        right(ENDS),
    ];
    let cells = |label: &str, stats: &TradeStats| {
        let profit = stats.closed_profit_quote;
        let held = stats.held.map_or_else(|| NONE.to_owned(), |held| span(held.avg_ms));
        vec![
            Cell::plain(label),
            Cell::plain(stats.trades.to_string()),
            Cell::toned(percent_or_none(stats.avg_profit_ratio), stats.avg_profit_ratio),
            Cell::toned(amount(profit, quote), Some(profit)),
            Cell::toned(percent(profit / metrics.capital_quote), Some(profit)),
            Cell::plain(held),
            ends(stats.wins, stats.draws, stats.losses),
        ]
    };
    let mut grid = Grid::new(title, columns);
    for (label, stats) in groups {
        grid.row(cells(label, stats));
    }
    grid.rule();
    grid.row(cells("TOTAL", total));
    grid
}

fn by_period(period: Period, slices: &[Slice], quote: Asset) -> Grid {
    let (title, label) = match period {
        Period::Day => ("DAY BREAKDOWN", "Day"),
        Period::Week => ("WEEK BREAKDOWN", "Week from"),
        Period::Month => ("MONTH BREAKDOWN", "Month"),
    };
    let columns = vec![
        left(label),
        right("Trades"),
        right(format!("Tot Profit {quote}")),
        right("Profit Factor"),
        right(ENDS),
        right(format!("Equity {quote}")),
        right("Change %"),
    ];
    let mut grid = Grid::new(title, columns);
    for Slice { account, trades, wins, draws, losses, closed_profit_quote, profit_factor } in slices
    {
        let date = date(account.begin);
        let date = if period == Period::Month { &date[..7.min(date.len())] } else { &date };
        grid.row(vec![
            Cell::plain(date),
            Cell::plain(trades.to_string()),
            Cell::toned(amount(*closed_profit_quote, quote), Some(*closed_profit_quote)),
            Cell::plain(or_none(*profit_factor, 2)),
            ends(*wins, *draws, *losses),
            Cell::plain(amount(account.equity_quote, quote)),
            Cell::toned(percent(account.return_ratio), Some(account.return_ratio)),
        ]);
    }
    grid
}

fn candles(saved: &Saved) -> Grid {
    let columns = vec![
        left("Pair"),
        left("From"),
        left("To"),
        right("Candles"),
        right("Missing"),
        right("Times"),
        right("Longest"),
        left("Longest from (UTC)"),
        right("Sessions ended"),
    ];
    let mut grid = Grid::new("CANDLES", columns);
    let missing = saved.missing();
    for Coverage { pair, from, to, candles } in &saved.facts.candles {
        let lack = missing.iter().find(|row| row.instrument == *pair);
        let number = |of: fn(&Missing) -> u64| lack.map_or(0, of).to_string();
        grid.row(vec![
            Cell::plain(pair.to_string()),
            Cell::plain(date(*from)),
            Cell::plain(date(*to)),
            Cell::plain(candles.to_string()),
            Cell::plain(number(|row| row.candles)),
            Cell::plain(number(|row| row.runs)),
            Cell::plain(number(|row| row.longest)),
            Cell::plain(lack.map_or(NONE.to_owned(), |row| moment(row.longest_from))),
            Cell::plain(number(|row| row.sessions_ended)),
        ]);
    }
    grid
}
