//! Streaming technical indicators, O(1) per candle.
