//! Questions to the venue over HTTP: its clock, its instruments, past candles, last prices.

use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use tokio::time::Instant;

use super::clock::ClockReading;
use super::error::{VenueError, excerpt};
use super::listing::Listing;
use super::page::CandlePage;
use super::signed::verdict::Market;
use super::transport::{Request, RestOptions, Transport, read_time};
use super::wire::TickerPrice;

/// The host that serves spot's market data to anyone, without a key.
pub const DEFAULT_REST_URL: &str = "https://data-api.binance.vision";
/// The most candles that the venue puts on one page.
pub const MAX_PAGE: u32 = 1_000;

const MARK_KLINES: &str = "fapi/v1/markPriceKlines";
/// The code for a name that the venue does not know.
const UNKNOWN_SYMBOL: i64 = -1121;

/// The client of one market. Calls may run side by side; all keep to the venue's limits together. Each retries
/// what may be retried until its deadline, so what it returns is its last word.
#[derive(Debug)]
pub struct RestClient {
    transport: Transport,
    market: Market,
    settle_ms: i64,
}

impl RestClient {
    /// A client of the venue's `market` at `rest_url`; nothing is sent yet.
    pub fn new(rest_url: &str, market: Market, options: RestOptions) -> Result<Self, VenueError> {
        let settle_ms = i64::try_from(options.settle_ms).unwrap_or(i64::MAX);
        let transport = Transport::new(rest_url, options, market.paths().time)?;
        Ok(Self { transport, market, settle_ms })
    }

    /// Which market it asks.
    pub const fn market(&self) -> Market {
        self.market
    }

    /// How much of the venue's request weight is used, 0…1, as far as its limits are known.
    pub fn used_weight_ratio(&self) -> f64 {
        self.transport.used_weight_ratio()
    }

    /// Whether the venue answers.
    pub async fn ping(&self) -> Result<(), VenueError> {
        let ping = Request { path: self.market.paths().ping, query: &[], weight: 1 };
        let read = |body: &[u8]| {
            let any = serde_json::from_slice::<serde::de::IgnoredAny>(body);
            any.map(|_| ()).map_err(|e| VenueError::of_json("ping", &e, body))
        };
        self.transport.ask(&ping, self.transport.deadline(), read).await
    }

    /// The venue's clock.
    pub async fn time(&self) -> Result<UtcMs, VenueError> {
        self.transport.time().await
    }

    /// How this machine's clock stands to the venue's.
    pub async fn clock(&self) -> Result<ClockReading, VenueError> {
        self.transport.clock().await
    }

    /// What the venue lists of these instruments, and its limits, which are kept from then on.
    pub async fn instruments(&self, asked: &[InstrumentId]) -> Result<Listing, VenueError> {
        let deadline = self.transport.deadline();
        let listing = match self.listing(asked, deadline).await {
            // One unknown name spoils the whole question: find out which.
            Err(error) if is_unknown(&error) => {
                let mut listing = Listing::default();
                for id in asked {
                    match self.listing(std::slice::from_ref(id), deadline).await {
                        Err(error) if is_unknown(&error) => listing.unknown.push(*id),
                        one => listing.join(one?),
                    }
                }
                listing
            }
            listing => listing?,
        };
        if !listing.limits.is_empty() {
            self.transport.set_limits(&listing.limits);
        }
        Ok(listing)
    }

    async fn listing(
        &self,
        asked: &[InstrumentId],
        deadline: Instant,
    ) -> Result<Listing, VenueError> {
        let paths = self.market.paths();
        let query = self.symbols(asked)?;
        let info = Request { path: paths.listing, query: &query, weight: paths.listing_weight };
        self.transport.ask(&info, deadline, |body| Listing::read(body, asked)).await
    }

    /// At most `limit` (1 to [`MAX_PAGE`]) closed candles that opened at or after `from`.
    pub async fn candles(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        from: UtcMs,
        limit: u32,
    ) -> Result<CandlePage, VenueError> {
        self.page(self.market.paths().klines, instrument, timeframe, from, limit).await
    }

    /// The same of a perpetual's mark price; their volumes say nothing.
    pub async fn mark_candles(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        from: UtcMs,
        limit: u32,
    ) -> Result<CandlePage, VenueError> {
        Market::Usdm.symbol(instrument)?;
        self.page(MARK_KLINES, instrument, timeframe, from, limit).await
    }

    async fn page(
        &self,
        path: &'static str,
        instrument: InstrumentId,
        timeframe: Timeframe,
        from: UtcMs,
        limit: u32,
    ) -> Result<CandlePage, VenueError> {
        let deadline = self.transport.deadline();
        let limit = limit.clamp(1, MAX_PAGE);
        let query = [
            ("symbol", self.market.symbol(instrument)?),
            ("interval", timeframe.name().to_owned()),
            ("startTime", from.ms().to_string()),
            ("limit", limit.to_string()),
        ];
        let paths = self.market.paths();
        let weight = self.market.klines_weight(limit);
        let klines = Request { path, query: &query, weight };
        // The clock first: what had closed by then is closed in the answer.
        let time = self.transport.ask(&paths.time, deadline, read_time).await?;
        let settled = time.plus_ms(-self.settle_ms);
        let read = |body: &[u8]| CandlePage::read(body, timeframe, from, limit, settled);
        self.transport.ask(&klines, deadline, read).await
    }

    /// The last price of each instrument, in the order asked; one that never traded has none.
    pub async fn prices(
        &self,
        asked: &[InstrumentId],
    ) -> Result<Vec<(InstrumentId, Price)>, VenueError> {
        let paths = self.market.paths();
        let query = self.symbols(asked)?;
        let ticker = Request { path: paths.prices, query: &query, weight: paths.prices_weight };
        let read = |body: &[u8]| read_prices(body, asked);
        self.transport.ask(&ticker, self.transport.deadline(), read).await
    }

    /// What narrows a question to these instruments. Futures can't be asked for some: they answer
    /// for all.
    fn symbols(&self, asked: &[InstrumentId]) -> Result<Vec<(&'static str, String)>, VenueError> {
        match self.market {
            Market::Spot => Ok(vec![("symbols", symbols(asked)?)]),
            Market::Usdm => {
                asked.iter().try_for_each(|id| self.market.symbol(*id).map(|_| ()))?;
                Ok(Vec::new())
            }
        }
    }
}

fn is_unknown(error: &VenueError) -> bool {
    matches!(error, VenueError::Refused { code: UNKNOWN_SYMBOL, .. })
}

/// `["BTCUSDT","ETHUSDT"]`
pub(crate) fn symbols(asked: &[InstrumentId]) -> Result<String, VenueError> {
    let quoted = asked.iter().map(|id| Market::Spot.symbol(*id).map(|name| format!("\"{name}\"")));
    Ok(format!("[{}]", quoted.collect::<Result<Vec<_>, _>>()?.join(",")))
}

/// Reads last prices for `asked`.
pub(crate) fn read_prices(
    body: &[u8],
    asked: &[InstrumentId],
) -> Result<Vec<(InstrumentId, Price)>, VenueError> {
    const WHAT: &str = "ticker/price";
    let prices: Vec<TickerPrice<'_>> =
        serde_json::from_slice(body).map_err(|e| VenueError::of_json(WHAT, &e, body))?;
    let mut priced = Vec::with_capacity(asked.len());
    for id in asked {
        let name = id.symbol();
        let found = prices.iter().find(|p| p.symbol == name);
        let price: Option<Price> = found.and_then(|p| p.price.parse().ok());
        match price {
            Some(price) if price > Price::ZERO => priced.push((*id, price)),
            // Listed, but nobody has traded it yet.
            Some(Price::ZERO) => {}
            _ => return Err(VenueError::Malformed { what: WHAT, excerpt: excerpt(body) }),
        }
    }
    Ok(priced)
}
