//! Every metric of the system, declared once: name, unit and help.
//!
//! Names begin with `sextant_` and end in their base unit; `_total` marks counters and only
//! counters. Labels are bounded: what a label may hold is a closed enumeration or comes from the
//! configuration (instruments, agents), never an id. Amounts of money are floats for display;
//! the books are kept in decimals elsewhere.

use crate::collectors::{By, Declare, Declared};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Counter, Encoder, Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Registry, TextEncoder,
};

/// Upper bounds in seconds: from ten microseconds (the pure path) to ten seconds (a slow venue).
const LATENCY_SECONDS: &[f64] = &[
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

/// Writes the struct, its constructor and the list of declarations from one table, so that a
/// metric can't exist without a help text, nor a help text without its metric.
macro_rules! metrics {
    ($($field:ident: $kind:ty $(, by $label:literal)?, $name:literal in $unit:literal: $help:literal;)+) => {
        /// The handles through which the parts report. Build one per process and share it in an
        /// `Arc`; every update is an atomic operation.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            $(#[doc = $help] #[doc = ""] #[doc = concat!("Unit: ", $unit, ".")] pub $field: $kind,)+
        }

        impl Metrics {
            /// Every declaration, in the order of exposition.
            pub const DECLARED: &[Declared] = &[$(Declared {
                name: $name,
                unit: $unit,
                help: concat!($help, " [", $unit, "]"),
                label: metrics!(@label $($label)?),
                buckets: LATENCY_SECONDS,
            }),+];

            fn register() -> Self {
                let registry = Registry::new();
                let mut declared = Self::DECLARED.iter();
                $(
                    let $field = <$kind as Declare>::declare(
                        declared.next().expect("one declaration per field"),
                    );
                    registry
                        .register($field.collector())
                        .expect("a declared name is valid and given once; a test builds them all");
                )+
                Self { registry, $($field),+ }
            }
        }
    };
    (@label) => { None };
    (@label $label:literal) => { Some($label) };
}

metrics! {
    candles_read: By<IntCounterVec>, by "timeframe", "sextant_candles_read_total" in "candles":
        "Closed candles that the venue sent, doubles and corrections included.";
    candles_stored: By<IntCounterVec>, by "timeframe", "sextant_candles_stored_total" in "candles":
        "Closed candles written to the store.";
    candles_repaired: By<IntCounterVec>, by "timeframe", "sextant_candles_repaired_total" in "candles":
        "Candles that the stream left out and a backfill brought.";
    candles_missing: By<IntCounterVec>, by "timeframe", "sextant_candles_missing_total" in "candles":
        "Candles that the venue itself doesn't have, recorded as an outage.";
    candles_duplicate: By<IntCounterVec>, by "timeframe", "sextant_candles_duplicate_total" in "candles":
        "Candles that came again unchanged and were dropped.";
    candles_corrected: By<IntCounterVec>, by "timeframe", "sextant_candles_corrected_total" in "candles":
        "Candles that came again with other numbers, recorded without effect on the past.";
    candle_last_close: By<GaugeVec>, by "instrument", "sextant_candle_last_close_timestamp_seconds" in "seconds since 1970":
        "Closing time of the newest candle; its age is time() minus this.";
    stream_reconnects: IntCounter, "sextant_stream_reconnects_total" in "connections":
        "Streams that were opened again after a break or a silence.";
    rest_requests: By<IntCounterVec>, by "outcome", "sextant_rest_requests_total" in "requests":
        "REST requests to the venue by outcome.";
    rest_request_seconds: Histogram, "sextant_rest_request_seconds" in "seconds":
        "How long a REST request to the venue took, answer read.";
    rest_weight_used: Gauge, "sextant_rest_weight_used_ratio" in "ratio":
        "Part of the venue's request weight used in the running minute.";
    facts_stored: By<IntCounterVec>, by "kind", "sextant_market_facts_stored_total" in "rows":
        "What futures told beside candles and was written to the store.";
    facts_conflated: By<IntCounterVec>, by "kind", "sextant_market_facts_conflated_total" in "rows":
        "Mark prices and books that a later one replaced before they were written.";
    facts_lost: By<IntCounterVec>, by "kind", "sextant_market_facts_lost_total" in "rows":
        "What futures told that came to nobody: more trades than one answer holds, more rows than may wait.";
    book_gaps: IntCounter, "sextant_order_book_gaps_total" in "gaps":
        "Order books that lost a change and were taken anew.";
    clock_offset: Gauge, "sextant_clock_offset_seconds" in "seconds":
        "Venue's clock minus ours.";
    signals: By<IntCounterVec>, by "agent", "sextant_signals_total" in "signals":
        "Signals that the agents gave.";
    decisions: By<IntCounterVec>, by "kind", "sextant_decisions_total" in "decisions":
        "Decisions taken: buy, sell or hold.";
    denials: By<IntCounterVec>, by "reason", "sextant_denials_total" in "intents":
        "Intents that the risk kernel denied, by its reason.";
    orders: By<IntCounterVec>, by "state", "sextant_orders_total" in "transitions":
        "Order transitions by the state that was entered.";
    fills: IntCounter, "sextant_fills_total" in "fills":
        "Fills booked.";
    trades: By<IntCounterVec>, by "exit_reason", "sextant_trades_total" in "trades":
        "Round trips closed, by why they ended.";
    fees_quote: Counter, "sextant_fees_quote_total" in "quote currency":
        "Fees paid, valued in the quote currency.";
    realised_pnl_quote: Gauge, "sextant_realised_pnl_quote" in "quote currency":
        "Profit or loss of everything closed so far, fees taken off.";
    equity_quote: Gauge, "sextant_equity_quote" in "quote currency":
        "Cash and positions at mark.";
    drawdown: Gauge, "sextant_drawdown_ratio" in "ratio":
        "How far equity lies below its peak.";
    heat: Gauge, "sextant_heat_ratio" in "ratio":
        "Part of equity lost if every stop were hit.";
    open_positions: IntGauge, "sextant_open_positions" in "positions":
        "Positions that are open now.";
    win: Gauge, "sextant_win_ratio" in "ratio":
        "Part of the closed trades that gained; NaN before the first.";
    trading_state: IntGauge, "sextant_trading_state" in "0 active, 1 reducing, 2 halted":
        "Whether new entries are allowed.";
    ledger_head_seq: IntGauge, "sextant_ledger_head_seq" in "entries":
        "Sequence number of the ledger's last entry.";
    journal_commit_seconds: Histogram, "sextant_journal_commit_seconds" in "seconds":
        "How long a transaction of the journal took to be durable.";
    decision_seconds: Histogram, "sextant_watermark_to_decision_seconds" in "seconds":
        "From the release of a watermark to its decision.";
    mailbox_refusals: By<IntCounterVec>, by "agent", "sextant_mailbox_refusals_total" in "messages":
        "Messages that a full mailbox refused.";
    agent_faults: By<IntCounterVec>, by "agent", "sextant_agent_faults_total" in "faults":
        "Faults that the agents' shells reported.";
    store_up: IntGauge, "sextant_store_up" in "0 or 1":
        "Whether the store answered last time.";
    alerts_unsent: IntGauge, "sextant_alerts_unsent" in "alerts":
        "Alerts that no mail server has taken yet.";
    build_info: By<IntGaugeVec>, by "version", "sextant_build_info" in "always 1":
        "The version that runs.";
}

impl Metrics {
    /// All metrics at their start, with the process's own (`process_*`: memory, processor time,
    /// open files, start). `version` is what `build_info` names.
    pub fn new(version: &str) -> Self {
        let metrics = Self::register();
        metrics
            .registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("no declared name begins with process_");
        metrics.build_info.of(version).set(1);
        metrics.win.set(f64::NAN);
        metrics
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// Fails if a collector gives a family that the format can't hold.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
