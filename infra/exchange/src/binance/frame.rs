//! Frames of a combined stream, read to what they mean.

use std::collections::BTreeMap;

use domain::candle::{Candle, CandleError};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::{VenueError, excerpt};
use super::page;
use super::usdm::fact::{Fact, FactKind};
use super::wire::{KlineFrame, NamedFrame, OtherData, OtherFrame};

const WHAT: &str = "a stream's frame";

/// The streams that were asked for, by the venue's name for them.
pub(crate) type Subscribed = BTreeMap<String, (InstrumentId, Topic)>;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Candles(Timeframe),
    Fact(FactKind),
}

/// What a frame says.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// A candle closed.
    Closed { instrument: InstrumentId, candle: Candle, time_exchange: UtcMs },
    /// A candle closed whose numbers make no sense.
    Refused { instrument: InstrumentId, timeframe: Timeframe, error: CandleError },
    /// Something beside candles.
    Fact { instrument: InstrumentId, fact: Box<Fact> },
    /// A candle that is still open changed.
    Open,
    /// The venue took a subscription.
    Acknowledged,
    /// The venue refused a subscription.
    Denied,
    /// The venue is about to close the connection.
    Shutdown,
    /// An event that nobody asked for.
    Other,
}

/// The venue's name for the stream of an instrument's candles.
pub(crate) fn stream_name(instrument: InstrumentId, timeframe: Timeframe) -> String {
    format!("{}@kline_{timeframe}", instrument.symbol().to_lowercase())
}

/// Reads one frame.
pub(crate) fn read(text: &str, subscribed: &Subscribed) -> Result<Frame, VenueError> {
    let Ok(frame) = serde_json::from_str::<KlineFrame<'_>>(text) else {
        return match fact_of(text, subscribed) {
            Some((instrument, kind)) => read_fact(text, instrument, kind),
            None => read_other(text),
        };
    };
    let Some(&(instrument, Topic::Candles(timeframe))) = subscribed.get(frame.stream) else {
        return Ok(Frame::Other);
    };
    let k = frame.data.k;
    let (symbol, interval) = frame.stream.split_once("@kline_").unwrap_or_default();
    if !k.symbol.eq_ignore_ascii_case(symbol) || k.interval != interval {
        return Err(malformed(text));
    }
    if !k.is_closed {
        return Ok(Frame::Open);
    }
    let open_time = page::moment(WHAT, k.open_time)?;
    let time_exchange = page::moment(WHAT, frame.data.event_time)?;
    let prices = [k.open, k.high, k.low, k.close];
    Ok(match page::candle(WHAT, timeframe, open_time, prices, k.volume)? {
        Ok(candle) => Frame::Closed { instrument, candle, time_exchange },
        Err(error) => Frame::Refused { instrument, timeframe, error },
    })
}

/// Which stream of facts a frame is of, if of one.
fn fact_of(text: &str, subscribed: &Subscribed) -> Option<(InstrumentId, FactKind)> {
    if !subscribed.values().any(|(_, topic)| matches!(topic, Topic::Fact(_))) {
        return None;
    }
    let named: NamedFrame<'_> = serde_json::from_str(text).ok()?;
    match subscribed.get(named.stream) {
        Some(&(instrument, Topic::Fact(kind))) => Some((instrument, kind)),
        _ => None,
    }
}

fn read_fact(text: &str, instrument: InstrumentId, kind: FactKind) -> Result<Frame, VenueError> {
    let fact = kind.read(text)?;
    if fact.symbol() != instrument.symbol() {
        return Err(malformed(text));
    }
    Ok(Frame::Fact { instrument, fact: Box::new(fact) })
}

/// What is not a kline in an envelope: answers, announcements, other events, nonsense.
fn read_other(text: &str) -> Result<Frame, VenueError> {
    let frame: OtherFrame<'_> = serde_json::from_str(text).map_err(|_| malformed(text))?;
    let event = match &frame.data {
        Some(OtherData::Event { e }) => Some(e.as_ref()),
        Some(OtherData::Unknown(_)) => Some(""),
        None => frame.e.as_deref(),
    };
    match (event, frame.id) {
        (Some("serverShutdown"), _) => Ok(Frame::Shutdown),
        (Some("kline"), _) => Err(malformed(text)),
        (Some(_), _) => Ok(Frame::Other),
        (None, _) if frame.error.is_some() || frame.code.is_some() => Ok(Frame::Denied),
        (None, Some(_)) => Ok(Frame::Acknowledged),
        (None, None) => Err(malformed(text)),
    }
}

fn malformed(text: &str) -> VenueError {
    VenueError::Malformed { what: WHAT, excerpt: excerpt(text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscribed() -> Subscribed {
        let instrument = "BNB/BTC".parse().unwrap();
        BTreeMap::from([(
            stream_name(instrument, Timeframe::M1),
            (instrument, Topic::Candles(Timeframe::M1)),
        )])
    }

    fn kline(edit: impl Fn(String) -> String) -> Result<Frame, VenueError> {
        let text = r#"{"stream":"bnbbtc@kline_1m","data":{"e":"kline","E":1672515840012,
            "s":"BNBBTC","added":{"later":[1]},"k":{"t":1672515780000,"T":1672515839999,
            "s":"BNBBTC","i":"1m","f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025",
            "l":"0.0009","v":"1000","n":100,"x":true,"q":"1.0000","V":"500","Q":"0.500",
            "B":"123456"}}}"#;
        read(&edit(text.to_owned()), &subscribed())
    }

    #[test]
    fn only_closed_candles_of_what_was_asked_for_come_through() {
        let Ok(Frame::Closed { instrument, candle, time_exchange }) = kline(|t| t) else {
            panic!("not a closed candle")
        };
        assert_eq!(instrument.as_str(), "BNB/BTC");
        assert_eq!(candle.open_time, UtcMs::new(1_672_515_780_000));
        assert_eq!(candle.high, "0.0025".parse().unwrap());
        assert_eq!(candle.low, "0.0009".parse().unwrap());
        assert_eq!((candle.close, candle.volume_base), ("0.002".parse().unwrap(), 1000.0));
        assert_eq!(time_exchange, UtcMs::new(1_672_515_840_012));
        assert_eq!(kline(|t| t.replace("true", "false")), Ok(Frame::Open));
        assert_eq!(kline(|t| t.replace("bnbbtc@kline_1m", "ethbtc@kline_1m")), Ok(Frame::Other));
    }

    #[test]
    fn senseless_frames_are_named() {
        let refused = kline(|t| t.replace("0.0009", "0.0015"));
        assert!(matches!(refused, Ok(Frame::Refused { .. })), "{refused:?}");
        for (from, to) in [
            (r#""i":"1m""#, r#""i":"5m""#),
            (r#""t":1672515780000"#, r#""t":-9223372036854775808"#),
            (r#""E":1672515840012"#, r#""E":9223372036854775807"#),
            (r#""h":"0.0025""#, r#""h":"high""#),
            (r#""v":"1000""#, r#""v":null"#),
            ("}}}", "}}"),
        ] {
            let refused = kline(|t| t.replace(from, to));
            assert!(matches!(refused, Err(VenueError::Malformed { .. })), "{to}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_candle_is_told_apart() {
        for (text, expected) in [
            (r#"{"result":null,"id":1}"#, Frame::Acknowledged),
            (r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#, Frame::Denied),
            (r#"{"code":2,"msg":"Invalid request","id":1}"#, Frame::Denied),
            (
                r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}"#,
                Frame::Shutdown,
            ),
            (r#"{"e":"serverShutdown","E":1}"#, Frame::Shutdown),
            (r#"{"stream":"x@trade","data":{"e":"trade","E":1,"p":"1"}}"#, Frame::Other),
            (r#"{"stream":"!ticker@arr","data":[{"e":"24hrTicker"}]}"#, Frame::Other),
            (r#"{"stream":"x@depth5","data":{"lastUpdateId":160,"bids":[]}}"#, Frame::Other),
        ] {
            assert_eq!(read(text, &subscribed()), Ok(expected), "{text}");
        }
        for text in ["", "{", "[]", "null", "{}", "42", "<html>", "\u{0}"] {
            assert!(read(text, &subscribed()).is_err(), "{text}");
        }
    }
}
