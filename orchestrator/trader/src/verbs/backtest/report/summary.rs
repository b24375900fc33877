//! The summary: every metric, by its name.

use backtest::metrics::Metrics;
use backtest::metrics::daily::Day;
use backtest::metrics::trades::{Held, Round, TradeStats};
use domain::instrument::{Asset, InstrumentId};
use domain::time::UtcMs;

use crate::verbs::backtest::report::figures::{
    NONE, amount, date, fixed, or_none, percent, percent_or_none,
};
use crate::verbs::backtest::report::grid::{Align, Cell, Grid};
use crate::verbs::backtest::saved::Saved;
use crate::verbs::output::{moment, span};

/// Two columns. `per_pair` begins with the most profitable pair.
pub(crate) fn grid(
    saved: &Saved,
    metrics: &Metrics,
    per_pair: &[(InstrumentId, TradeStats)],
) -> Grid {
    let columns = ["Metric", "Value"].map(|name| (name.to_owned(), Align::Left));
    let mut grid = Grid::new("SUMMARY METRICS", columns.into());
    let parts = [
        run(saved),
        account(saved, metrics),
        ratios(metrics, saved.quote),
        trades(metrics, per_pair, saved.quote),
        drawdown(metrics, saved.quote),
        speed(saved),
    ];
    for (n, part) in parts.into_iter().enumerate() {
        if n > 0 {
            grid.rule();
        }
        for (name, value) in part {
            grid.row(vec![Cell::plain(name), value]);
        }
    }
    grid
}

type Line = (&'static str, Cell);

fn line(name: &'static str, value: impl Into<String>) -> Line {
    (name, Cell::plain(value))
}

fn run(saved: &Saved) -> Vec<Line> {
    let facts = &saved.facts;
    let fee = |ratio: f64| format!("{} %", fixed(ratio * 100.0, 4));
    let fees = if facts.maker_fee_ratio == facts.taker_fee_ratio {
        fee(facts.taker_fee_ratio)
    } else {
        format!("maker {}, taker {}", fee(facts.maker_fee_ratio), fee(facts.taker_fee_ratio))
    };
    let timeframe = if facts.timeframe == facts.timeframe_detail {
        facts.timeframe.to_string()
    } else {
        format!("{} over {} candles", facts.timeframe, facts.timeframe_detail)
    };
    let stake = facts.stake_quote.map(|stake| money(stake, saved.quote));
    let mut lines = vec![
        line("Backtesting from (UTC)", moment(saved.from)),
        line("Backtesting to (UTC)", moment(saved.to)),
        line("Strategy", &facts.strategy),
    ];
    lines.extend(facts.profile.as_deref().map(|profile| line("Profile", profile)));
    lines.extend([line("Timeframe", timeframe), line("Filled at", &facts.fill), line("Fee", fees)]);
    lines.extend(stake.map(|stake| line("Stake per trade", stake)));
    let hash: String = facts.configuration_hash.chars().take(12).collect();
    lines.extend([line("Seed", facts.seed.to_string()), line("Configuration", hash)]);
    lines
}

fn account(saved: &Saved, metrics: &Metrics) -> Vec<Line> {
    let quote = saved.quote;
    let per_day = or_none(metrics.trades_per_day, 2);
    let toned = |name, text, value: f64| (name, Cell::toned(text, Some(value)));
    let mut lines = vec![
        line("Total/Daily avg trades", format!("{} / {per_day}", metrics.closed.trades)),
        line("Starting balance", money(metrics.capital_quote, quote)),
        line("Final balance", money(metrics.final_equity_quote, quote)),
        toned("Absolute profit", money(metrics.profit_quote, quote), metrics.profit_quote),
        toned("Total profit %", percent(metrics.profit_ratio), metrics.profit_ratio),
    ];
    if metrics.open_positions > 0 {
        let at_mark = money(metrics.open_profit_quote, quote);
        lines.push(line("Left open", format!("{}, {at_mark} at mark", metrics.open_positions)));
    }
    let market = saved.facts.market_change_ratio;
    lines.extend(market.map(|change| toned("Market change %", percent(change), change)));
    lines.extend([
        line("Total fees", money(metrics.fees_quote, quote)),
        line("Total trade volume", money(metrics.volume_quote, quote)),
        line("Time in the market %", percent_or_none(metrics.exposure_ratio)),
    ]);
    lines
}

fn ratios(metrics: &Metrics, quote: Asset) -> Vec<Line> {
    let closed = &metrics.closed;
    let expectancy = closed.expectancy_quote.map_or(NONE.to_owned(), |each| money(each, quote));
    let toned = |name, value: Option<f64>| (name, Cell::toned(or_none(value, 2), value));
    let of_one = |value: Option<f64>| value.map(|factor| factor - 1.0);
    vec![
        ("CAGR %", Cell::toned(percent_or_none(metrics.cagr_ratio), metrics.cagr_ratio)),
        toned("Sharpe", metrics.sharpe),
        toned("Sortino", metrics.sortino),
        toned("Calmar", metrics.calmar),
        toned("SQN", closed.sqn),
        (
            "Profit factor",
            Cell::toned(or_none(closed.profit_factor, 2), of_one(closed.profit_factor)),
        ),
        (
            "Expectancy (Ratio)",
            Cell::toned(
                format!("{expectancy} ({})", or_none(closed.expectancy_ratio, 2)),
                closed.expectancy_quote,
            ),
        ),
        line("Avg. daily return %", or_none(metrics.avg_daily_return_ratio.map(|r| r * 100.0), 3)),
    ]
}

fn trades(metrics: &Metrics, per_pair: &[(InstrumentId, TradeStats)], quote: Asset) -> Vec<Line> {
    let closed = &metrics.closed;
    let pair = |which: Option<&(InstrumentId, TradeStats)>| {
        which.map_or(NONE.to_owned(), |(pair, stats)| {
            format!("{pair} {}", money(stats.closed_profit_quote, quote))
        })
    };
    let trade = |which: Option<Round>| {
        which.map_or(NONE.to_owned(), |round| {
            format!("{} {} %", round.instrument, percent(round.pnl_ratio))
        })
    };
    let day = |which: Option<Day>| {
        which.map_or(NONE.to_owned(), |day| {
            format!("{} {}", date(day.begin), money(day.pnl_quote, quote))
        })
    };
    let held = |which: Option<Held>| {
        which.map_or(NONE.to_owned(), |held| {
            format!("{} / {} / {}", span(held.min_ms), span(held.avg_ms), span(held.max_ms))
        })
    };
    let or_nothing = |value: Option<f64>| value.map_or(NONE.to_owned(), |v| money(v, quote));
    let (wins, draws, losses) = (closed.wins, closed.draws, closed.losses);
    let won = percent_or_none(closed.win_ratio);
    vec![
        line("Best pair", pair(per_pair.first())),
        line("Worst pair", pair(per_pair.last())),
        line("Best trade", trade(closed.best_trade)),
        line("Worst trade", trade(closed.worst_trade)),
        line("Best day", day(metrics.best_day)),
        line("Worst day", day(metrics.worst_day)),
        line(
            "Days win/draw/lose",
            format!("{} / {} / {}", metrics.days_won, metrics.days_drawn, metrics.days_lost),
        ),
        line("Trades win/draw/lose", format!("{wins} / {draws} / {losses}, {won} % won")),
        line("Avg. profit per trade %", percent_or_none(closed.avg_profit_ratio)),
        line(
            "Avg. win / loss",
            format!("{} / {}", or_nothing(closed.avg_win_quote), or_nothing(closed.avg_loss_quote)),
        ),
        line("Min/Avg/Max duration winners", held(closed.held_winners)),
        line("Min/Avg/Max duration losers", held(closed.held_losers)),
        line(
            "Max consecutive wins / losses",
            format!("{} / {}", closed.max_consecutive_wins, closed.max_consecutive_losses),
        ),
    ]
}

fn drawdown(metrics: &Metrics, quote: Asset) -> Vec<Line> {
    let at = |at: Option<UtcMs>| at.map_or(NONE.to_owned(), moment);
    let worth = |value: Option<f64>| value.map_or(NONE.to_owned(), |v| money(v, quote));
    let deepest = percent(metrics.max_drawdown_ratio);
    vec![
        (
            "Max drawdown",
            Cell::toned(
                format!("{deepest} % ({})", money(metrics.max_drawdown_quote, quote)),
                Some(-metrics.max_drawdown_ratio),
            ),
        ),
        line("Drawdown start (UTC)", at(metrics.drawdown_from)),
        line("Drawdown end (UTC)", at(metrics.drawdown_to)),
        line("Balance at drawdown start", worth(metrics.drawdown_high_quote)),
        line("Balance at drawdown end", worth(metrics.drawdown_low_quote)),
        line("Longest time under water", span(metrics.under_water_ms)),
    ]
}

fn speed(saved: &Saved) -> Vec<Line> {
    let facts = &saved.facts;
    vec![
        line("Candles", saved.candles.to_string()),
        line("Candles per second", fixed(saved.candles_per_second(), 0)),
        line(
            "Seconds reading / running",
            format!("{} / {}", fixed(facts.read_seconds, 3), fixed(facts.engine_seconds, 3)),
        ),
    ]
}

fn money(value: f64, quote: Asset) -> String {
    format!("{} {quote}", amount(value, quote))
}
