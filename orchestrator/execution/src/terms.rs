//! The market and the patience that an account is worked with.

/// Which market the account trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// Spot: what an open order may need is locked, stop and target are one pair.
    Spot,
    /// Futures with USD as their margin: stop and target are conditional orders that may only
    /// reduce.
    Usdm {
        /// Whether long and short positions are kept apart. Orders then name their position's side
        /// instead of saying that they only reduce.
        hedge: bool,
    },
}

/// How long is waited for what, in the venue's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Which market.
    pub market: Market,
    /// From a position's first fill, or from the loss of its stop, until it must have a working stop
    /// at the venue, or is being closed. It is looked for there twice in that time, whatever the stream
    /// says.
    pub protect_within_ms: i64,
    /// How long the venue may take to show an order that it took, or a fill that it booked:
    /// 60 s. Absence is proven by two looks this far apart.
    pub settle_ms: i64,
    /// The first pause between two questions about one thing; pauses grow up to `settle_ms`.
    pub ask_again_ms: i64,
    /// How often open orders, fills and holdings are compared with the venue's while its stream
    /// works.
    pub reconcile_every_ms: i64,
    /// Orders that open and were decided longer ago are not sent any more.
    pub stale_after_ms: i64,
}

impl Terms {
    /// The usual patience: protected within 10 s, settled after 60 s, asked again after 1 s,
    /// compared every 60 s, stale after 30 s.
    pub const fn usual(market: Market) -> Self {
        Self {
            market,
            protect_within_ms: 10_000,
            settle_ms: 60_000,
            ask_again_ms: 1_000,
            reconcile_every_ms: 60_000,
            stale_after_ms: 30_000,
        }
    }
}
