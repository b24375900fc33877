//! Trades by pair and by the reason of their exit.

use std::collections::BTreeMap;

use backtest::metrics::trades::{Round, TradeStats};
use domain::instrument::InstrumentId;
use domain::trade::ExitReason;

use crate::verbs::backtest::saved::Saved;

/// Closed trades of every pair of the run, also of those that had none; the most profitable first.
pub(crate) fn per_pair(saved: &Saved, rounds: &[Round]) -> Vec<(InstrumentId, TradeStats)> {
    by_pair(saved.instruments.iter().copied(), rounds)
}

/// What was open in the end, of the pairs that have something; the most profitable first.
pub(crate) fn left_open(open: &[Round]) -> Vec<(InstrumentId, TradeStats)> {
    by_pair(open.iter().map(|round| round.instrument), open)
}

fn by_pair(
    pairs: impl Iterator<Item = InstrumentId>,
    rounds: &[Round],
) -> Vec<(InstrumentId, TradeStats)> {
    let mut groups: BTreeMap<_, Vec<Round>> = pairs.map(|pair| (pair, Vec::new())).collect();
    for round in rounds {
        groups.entry(round.instrument).or_default().push(*round);
    }
    let stats = |(pair, rounds): (InstrumentId, Vec<Round>)| (pair, TradeStats::of(&rounds));
    let mut groups: Vec<_> = groups.into_iter().map(stats).collect();
    groups.sort_by(|(_, a), (_, b)| b.closed_profit_quote.total_cmp(&a.closed_profit_quote));
    groups
}

/// Closed trades by why they were closed; the most frequent first.
pub(crate) fn exit_reasons(saved: &Saved, rounds: &[Round]) -> Vec<(ExitReason, TradeStats)> {
    let mut groups: BTreeMap<ExitReason, Vec<Round>> = BTreeMap::new();
    for (trade, round) in saved.trades.iter().zip(rounds) {
        groups.entry(trade.exit_reason).or_default().push(*round);
    }
    let stats = |(reason, rounds): (ExitReason, Vec<Round>)| (reason, TradeStats::of(&rounds));
    let mut groups: Vec<_> = groups.into_iter().map(stats).collect();
    groups.sort_by_key(|(_, stats)| std::cmp::Reverse(stats.trades));
    groups
}
