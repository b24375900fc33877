//! What happened so far, in numbers: for the summary, the progress line and the metrics.

use std::collections::BTreeMap;

use decision::kernel::Verdict;
use decision::record::{Dated, OrderStep, Record};
use domain::ids::Id;
use domain::ledger::Head;
use domain::money::Money;
use domain::order::OrderEvent;
use domain::signal::AgentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::Trade;
use serde::Serialize;
use telemetry::metrics::Metrics;

use crate::alerts::found::Depth;

/// Counts by kind. Recovery replays the records of earlier runs, so they cover the whole ledger.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By agent.
    pub signals: BTreeMap<String, u64>,
    /// By action: buy, sell, hold.
    pub decisions: BTreeMap<String, u64>,
    /// By reason.
    pub denials: BTreeMap<String, u64>,
    /// Orders that were sent, and those that the venue opened with an entry.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Closed round trips.
    pub trades: Vec<Trade>,
    /// The first decision of all.
    pub first_decision: Option<Id>,
    /// The account at its last mark.
    pub equity_quote: Money,
    /// Positions that are open at the last mark.
    pub open_positions: u32,
    /// Largest loss from a peak.
    pub max_drawdown_ratio: f64,
    /// Whether the drawdown is worth telling.
    pub depth: Depth,
    /// The last watermark.
    pub now: UtcMs,
}

/// One exit reason's part of the trades.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExitTally {
    /// How many.
    pub trades: u64,
    /// How many of them gained.
    pub wins: u64,
    /// Net profit of all.
    pub pnl_quote: Money,
}

impl Tally {
    /// Counts a record. Gives back the drawdown where it has just become worth telling.
    pub fn count(&mut self, dated: &Dated) -> Option<f64> {
        self.now = dated.at;
        let one = |map: &mut BTreeMap<String, u64>, key: &str| {
            *map.entry(key.to_owned()).or_default() += 1;
        };
        match &dated.record {
            Record::Signal(_, signal) => one(&mut self.signals, signal.agent.name()),
            Record::RiskWord(_) => one(&mut self.signals, "risk"),
            Record::Decision(decision) => {
                one(&mut self.decisions, &decision.intent.action.to_string());
                if let Verdict::Denied(denial) = &decision.verdict {
                    one(&mut self.denials, denial.name());
                }
                self.first_decision = self.first_decision.or(Some(decision.id));
            }
            Record::Order(order) => {
                let accepted = matches!(order.step, OrderStep::Reported(OrderEvent::Accepted));
                self.orders += u64::from(accepted);
            }
            Record::Fill(_) => self.fills += 1,
            Record::Trade(trade) => self.trades.push(trade.clone()),
            Record::Marked(mark) => {
                self.equity_quote = mark.view.equity_quote;
                self.open_positions = mark.view.positions;
                let drawdown_ratio = mark.view.drawdown_ratio();
                self.max_drawdown_ratio = self.max_drawdown_ratio.max(drawdown_ratio);
                return self.depth.look(drawdown_ratio).then_some(drawdown_ratio);
            }
            Record::Configuration(_)
            | Record::Funding(_)
            | Record::Intervention(_)
            | Record::StateChanged(_) => {}
        }
        None
    }

    /// The trades by exit reason.
    pub fn exits(&self) -> BTreeMap<&'static str, ExitTally> {
        let mut exits: BTreeMap<_, ExitTally> = BTreeMap::new();
        for trade in &self.trades {
            let exit = exits.entry(trade.exit_reason.name()).or_default();
            exit.trades += 1;
            exit.wins += u64::from(trade.pnl_quote > Money::ZERO);
            exit.pnl_quote = exit.pnl_quote.plus(trade.pnl_quote).unwrap_or(exit.pnl_quote);
        }
        exits
    }
}

/// Shows a record to Prometheus.
pub fn observe(metrics: &Metrics, tally: &Tally, dated: &Dated, head: Head) {
    metrics.ledger_head_seq.set(head.seq as i64);
    match &dated.record {
        Record::Signal(_, signal) => metrics.signals.of(signal.agent.name()).inc(),
        Record::RiskWord(_) => metrics.signals.of("risk").inc(),
        Record::Decision(decision) => {
            metrics.decisions.of(&decision.intent.action.to_string()).inc();
            if let Verdict::Denied(denial) = &decision.verdict {
                metrics.denials.of(denial.name()).inc();
            }
        }
        Record::Order(order) => metrics.orders.of(order.order.state.name()).inc(),
        Record::Fill(fill) => {
            metrics.fills.inc();
            // A rebate is income, and a counter only grows.
            if fill.fee_asset.as_str() == fill.instrument.quote() && !fill.fee.is_negative() {
                metrics.fees_quote.inc_by(fill.fee.to_f64());
            }
        }
        Record::Trade(trade) => {
            metrics.trades.of(trade.exit_reason.name()).inc();
            let won = tally.trades.iter().filter(|trade| trade.pnl_quote > Money::ZERO).count();
            metrics.win.set(won as f64 / tally.trades.len() as f64);
        }
        Record::Marked(mark) => {
            metrics.equity_quote.set(mark.view.equity_quote.to_f64());
            metrics.drawdown.set(mark.view.drawdown_ratio());
            metrics.heat.set(mark.view.heat_quote.ratio_of(mark.view.equity_quote));
            metrics.open_positions.set(i64::from(mark.view.positions));
            metrics.realised_pnl_quote.set(mark.realised_quote.to_f64());
            metrics.trading_state.set(mark.view.trading_state as i64);
        }
        Record::Configuration(_)
        | Record::Funding(_)
        | Record::Intervention(_)
        | Record::StateChanged(_) => {}
    }
}

/// Lets every known label begin at nought, so that the first event of each shows as an increase.
pub fn prepare(metrics: &Metrics, timeframes: &[Timeframe]) {
    for timeframe in timeframes {
        metrics.candles_stored.of(timeframe.name());
        metrics.candles_read.of(timeframe.name());
        metrics.candles_repaired.of(timeframe.name());
        metrics.candles_missing.of(timeframe.name());
    }
    for agent in AgentId::ALL {
        metrics.signals.of(agent.name());
        metrics.agent_faults.of(agent.name());
    }
    for kind in ["buy", "sell", "hold"] {
        metrics.decisions.of(kind);
    }
    for outcome in ["ok", "failed"] {
        metrics.rest_requests.of(outcome);
    }
}
