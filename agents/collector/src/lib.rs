//! Hears: candles from the venue's streams and pages of its history, and what time it is there.
//! Says: which pages to fetch, and watermarks with all that became known, in one total order.
//! Forgets: what is released, but for the last few candles of each stream, to notice corrections.
//!
//! What is released, in which order and with which `input_seq`, is a function of the venue's
//! history alone: lost, doubled or overtaken messages, broken connections, the moment at which a
//! page arrives and a restart in between change nothing. The one exception is a page that does
//! not come in time ([`messages::Input::GaveUp`]), and that is an event of its own.
//!
//! Where a stream and a page disagree about a candle that is not released yet, the page counts:
//! it is the venue's history, which any other run would read too.

pub mod collector;
pub mod config;
pub mod counters;
mod evidence;
mod feed;
pub mod messages;
mod outlook;
mod recent;
mod sequencer;
mod stream;
