//! What streams of futures tell beside candles.

use domain::instrument::InstrumentId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::market::{DepthUpdate, Liquidation, MarkPrice};
use crate::binance::error::VenueError;
use crate::binance::number;

const WHAT: &str = "a stream's fact";

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// The mark price with the funding rate, once a second.
    Mark,
    /// What changes in the order book, twice a second.
    Depth,
    /// Who is liquidated; of several in a second the venue tells the largest.
    Liquidation,
}

/// One thing that a stream told.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The mark price with the funding rate.
    Mark(MarkPrice),
    /// What changed in the order book.
    Depth(DepthUpdate),
    /// Somebody was liquidated.
    Liquidation(Liquidation),
}

/// The streams of futures by what they carry, since 2026-04-23.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Books.
    Public,
    /// Everything else that anyone may know.
    Market,
}

impl Route {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Public => "public/stream?streams=",
            Self::Market => "market/stream?streams=",
        }
    }
}

impl FactKind {
    /// Where its streams are.
    pub const fn route(self) -> Route {
        match self {
            Self::Depth => Route::Public,
            Self::Mark | Self::Liquidation => Route::Market,
        }
    }

    /// The venue's name for the stream.
    pub(crate) fn stream_name(self, instrument: InstrumentId) -> String {
        let symbol = instrument.symbol().to_lowercase();
        match self {
            Self::Mark => format!("{symbol}@markPrice@1s"),
            Self::Depth => format!("{symbol}@depth@500ms"),
            Self::Liquidation => format!("{symbol}@forceOrder"),
        }
    }

    /// Reads a frame of the stream.
    pub(crate) fn read(self, text: &str) -> Result<Fact, VenueError> {
        #[derive(Deserialize)]
        struct Order {
            o: Liquidation,
        }
        Ok(match self {
            Self::Mark => Fact::Mark(data(text)?),
            Self::Depth => Fact::Depth(data(text)?),
            Self::Liquidation => Fact::Liquidation(data::<Order>(text)?.o),
        })
    }
}

impl Fact {
    /// The venue's spelling of the instrument.
    pub fn symbol(&self) -> &str {
        match self {
            Self::Mark(mark) => &mark.symbol,
            Self::Depth(update) => &update.symbol,
            Self::Liquidation(order) => &order.symbol,
        }
    }
}

/// What the envelope of a combined stream holds.
fn data<T: DeserializeOwned>(text: &str) -> Result<T, VenueError> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        data: T,
    }
    number::read::<Envelope<T>>(WHAT, text.as_bytes()).map(|envelope| envelope.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_the_venue_documents_them() {
        let mark = r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate",
            "E":1562305380000,"s":"BTCUSDT","p":"11794.15","i":"11784.6","P":"11784.25",
            "r":"0.00038167","T":1562306400000,"added":[]}}"#;
        let Ok(Fact::Mark(mark)) = FactKind::Mark.read(mark) else { panic!("no mark") };
        assert_eq!(mark.mark_price.to_string(), "11794.15");
        assert_eq!(mark.estimated_settle_price.unwrap().to_string(), "11784.25");
        assert_eq!(mark.last_funding_rate.unwrap().to_string(), "0.00038167");
        assert_eq!(mark.next_funding_time.unwrap().ms(), 1_562_306_400_000);
        assert_eq!(mark.time.ms(), 1_562_305_380_000);

        let depth = r#"{"stream":"btcusdt@depth@500ms","data":{"e":"depthUpdate",
            "E":123456789,"T":123456788,"s":"BTCUSDT","U":157,"u":160,"pu":149,
            "b":[["0.0024","10"]],"a":[["0.0026","0"]]}}"#;
        let Ok(Fact::Depth(depth)) = FactKind::Depth.read(depth) else { panic!("no depth") };
        assert_eq!((depth.previous_id, depth.last_id), (Some(149), 160));

        let forced = r#"{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder",
            "E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014",
            "p":"9910","ap":"9910","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}}}"#;
        let Ok(Fact::Liquidation(forced)) = FactKind::Liquidation.read(forced) else {
            panic!("no liquidation")
        };
        assert_eq!(forced.quantity.to_string(), "0.014");
        for kind in [FactKind::Mark, FactKind::Depth, FactKind::Liquidation] {
            for text in ["", "{}", r#"{"data":{}}"#, r#"{"stream":"x","data":{"s":1}}"#] {
                assert!(kind.read(text).is_err(), "{text}");
            }
        }
    }
}
