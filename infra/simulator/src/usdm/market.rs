//! Streams of the market that tell what its candles tell.

use std::borrow::Cow;

use domain::candle::Candle;
use serde_json::{Value, json};

use super::funding;
use super::render::eight;
use crate::history::Series;
use crate::options::Funding;
use crate::render::price_text;

/// What is told when a candle closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It itself.
    Candle,
    /// It itself, of a pair's contract of a kind.
    Continuous,
    /// The mark price, which is its close.
    Mark,
    /// The same to those who want it every second; it changes no more often.
    MarkEverySecond,
}

/// A candle that has closed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) series: &'a Series,
    pub(crate) candle: &'a Candle,
    /// As its own stream tells it.
    pub(crate) closed: &'a [u8],
    pub(crate) funding: Funding,
}

impl Shape {
    /// What the stream of this name tells.
    pub(crate) fn of(stream: &str) -> Self {
        match stream.split_once('@').map_or("", |(_, kind)| kind) {
            "markPrice" => Self::Mark,
            "markPrice@1s" => Self::MarkEverySecond,
            kind if kind.starts_with("continuousKline") => Self::Continuous,
            _ => Self::Candle,
        }
    }

    /// The name of the stream that tells this of a series.
    pub(crate) fn stream(self, series: &Series) -> Cow<'_, str> {
        let symbol = || series.symbol.to_ascii_lowercase();
        match self {
            Self::Candle => Cow::Borrowed(&series.stream),
            Self::Continuous => {
                let timeframe = series.timeframe;
                Cow::Owned(format!("{}_perpetual@continuousKline_{timeframe}", symbol()))
            }
            Self::Mark => Cow::Owned(format!("{}@markPrice", symbol())),
            Self::MarkEverySecond => Cow::Owned(format!("{}@markPrice@1s", symbol())),
        }
    }

    /// The venue's name of the event.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Candle => "kline",
            Self::Continuous => "continuous_kline",
            Self::Mark | Self::MarkEverySecond => "markPriceUpdate",
        }
    }

    /// The event.
    pub(crate) fn payload(self, told: &Told<'_>) -> String {
        let Told { series, candle, closed, funding } = told;
        let (symbol, now) = (&series.symbol, candle.close_time());
        let event = match self {
            Self::Candle | Self::Continuous => {
                let mut event: Value = serde_json::from_slice(closed).unwrap_or_default();
                if let (Self::Continuous, Value::Object(fields)) = (self, &mut event) {
                    fields.remove("s");
                    fields.insert("e".to_owned(), json!(self.event()));
                    fields.insert("ps".to_owned(), json!(symbol));
                    fields.insert("ct".to_owned(), json!("PERPETUAL"));
                    if let Some(Value::Object(candle)) = fields.get_mut("k") {
                        candle.remove("s");
                    }
                }
                event
            }
            Self::Mark | Self::MarkEverySecond => {
                let (mark, next) = (price_text(candle.close), funding::next(now));
                json!({
                    "e": self.event(), "E": now.ms(), "s": symbol, "p": mark, "ap": mark,
                    "i": mark, "P": mark, "r": eight(funding.rate(symbol, next)), "T": next.ms(),
                })
            }
        };
        event.to_string()
    }
}
