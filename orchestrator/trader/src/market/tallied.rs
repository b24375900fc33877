//! What the market side shows to logs and Prometheus.

use collector::counters::Counters;
use exchange::binance::message::StreamMessage;
use telemetry::metrics::Metrics;

/// Logs and counts what the stream says beside candles.
pub fn note(message: &StreamMessage, metrics: &Metrics) {
    match message {
        StreamMessage::Candle { .. } | StreamMessage::Fact { .. } | StreamMessage::CaughtUp => {}
        StreamMessage::Connected => tracing::info!("the stream is open"),
        StreamMessage::Refused { instrument, timeframe, error } => {
            tracing::warn!(%instrument, %timeframe, %error, "refused a candle of the stream");
        }
        StreamMessage::Disconnected { reason } => {
            metrics.stream_reconnects.inc();
            tracing::warn!(%reason, "the stream ended; another follows");
        }
        StreamMessage::Silent { since_ms } => tracing::warn!(since_ms, "the stream is silent"),
        StreamMessage::Malformed { excerpt } => {
            tracing::warn!(excerpt, "the venue sent something that is no candle");
        }
    }
}

/// Brings the counters of Prometheus up to the collector's.
pub fn show(counters: &Counters, metrics: &Metrics) {
    let to = |counter: prometheus::IntCounter, total: u64| {
        counter.inc_by(total.saturating_sub(counter.get()))
    };
    for (timeframe, stream) in &counters.timeframes {
        let name = timeframe.name();
        to(metrics.candles_read.of(name), stream.heard);
        to(metrics.candles_repaired.of(name), stream.repaired);
        to(metrics.candles_missing.of(name), stream.missing);
        to(metrics.candles_duplicate.of(name), stream.duplicates);
        to(metrics.candles_corrected.of(name), stream.corrected);
    }
}
