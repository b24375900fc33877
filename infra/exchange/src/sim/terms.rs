//! The venue's terms: fees, and how prices become fills.

use std::fmt;
use std::str::FromStr;

use domain::money::{Money, Overflow};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What the venue takes for its service, and how it makes fills of prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Fee of resting orders, of notional.
    pub maker_fee_ratio: Decimal,
    /// Fee of taking orders, of notional.
    pub taker_fee_ratio: Decimal,
    /// At what price orders fill.
    pub fill: FillModel,
    /// How long an order, a move or a cancel takes to arrive. It can't fill on prices from before.
    pub latency_ms: u32,
    /// How much worse than the candle's price a taking order fills.
    pub slippage: Slippage,
    /// How perpetuals are margined. Without it they need no margin and are never liquidated.
    pub margin: Option<Margin>,
}

impl Terms {
    /// Next open, no latency, no leverage: what paper trading does.
    pub const fn new(
        maker_fee_ratio: Decimal,
        taker_fee_ratio: Decimal,
        slippage_bps: Decimal,
    ) -> Self {
        Self {
            maker_fee_ratio,
            taker_fee_ratio,
            fill: FillModel::NextOpen,
            latency_ms: 0,
            slippage: Slippage::Bps(slippage_bps),
            margin: None,
        }
    }
}

/// At what price orders fill.
///
/// Within a candle only its four prices are known. What is not known is decided against the
/// account: where stop and target both lie in one candle the stop came first, in the candle that
/// an entry filled in too. The finer the candles that the venue hears, the less is decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillModel {
    /// A market order takes the next candle's open; stops, targets and limits are judged within
    /// candles. An order that arrives inside a candle takes the price interpolated by time between
    /// its open and its close.
    #[default]
    NextOpen,
    /// As vectorised tools do: a market order takes the close of the candle it was decided on (with
    /// latency, the first close after its arrival); stops, targets and limits are judged on closes
    /// only and fill there.
    Close,
    /// A bound, not an estimate: a market order takes the worst price of the next candle, a buy its
    /// high and a sale its low. The rest as [`NextOpen`](Self::NextOpen).
    Intrabar,
    /// The best bid and ask as recorded: buys take the ask and sales the bid, no more than is
    /// quoted there; the rest takes from the quotes that follow. Stops trigger on the touch, limits
    /// fill when it crosses them. The book says what a fill costs, so no slippage is added.
    BookTicks,
}

/// Text that names no fill model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a fill model; use next-open, close, intrabar or book-ticks")]
pub struct ParseFillModelError(String);

impl FillModel {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::NextOpen, Self::Close, Self::Intrabar, Self::BookTicks];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextOpen => "next-open",
            Self::Close => "close",
            Self::Intrabar => "intrabar",
            Self::BookTicks => "book-ticks",
        }
    }
}

impl fmt::Display for FillModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FillModel {
    type Err = ParseFillModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|model| model.name() == text);
        found.ok_or_else(|| ParseFillModelError(text.chars().take(40).collect()))
    }
}

/// How far a taking order moves the price against itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Slippage {
    /// Always by this much, whatever the size; candles are as deep as one likes.
    Bps(Decimal),
    /// By the square of its share in the candle's volume, as in zipline's volume share model. What
    /// is beyond the limit waits for the next candle.
    VolumeShare {
        /// The share of a candle's volume that fills at most, all orders together; 0…1.
        limit_ratio: Decimal,
        /// The price moves by `impact × share²`, of itself.
        impact: Decimal,
    },
}

impl Slippage {
    /// How much worse the price is for a share of the candle's volume, in basis points.
    pub(crate) fn bps(self, share: Decimal) -> Result<Decimal, Overflow> {
        match self {
            Self::Bps(bps) => Ok(bps),
            Self::VolumeShare { impact, .. } => share
                .checked_mul(share)
                .and_then(|square| square.checked_mul(impact))
                .and_then(|ratio| ratio.checked_mul(Decimal::from(10_000)))
                .ok_or(Overflow),
        }
    }

    /// The largest share there can be.
    pub(crate) const fn largest_share(self) -> Decimal {
        match self {
            Self::Bps(_) => Decimal::ONE,
            Self::VolumeShare { limit_ratio, .. } => limit_ratio,
        }
    }
}

/// Isolated margin of perpetuals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedMargin")]
pub struct Margin {
    leverage: u32,
    liquidation_fee_ratio: Decimal,
    tiers: Vec<Tier>,
}

/// What must be kept of a position's worth, by its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Up to this worth at the mark price; beyond the last tier its ratio goes on.
    pub up_to_quote: Money,
    /// Maintenance margin, of the part of the worth that lies in this tier; 0…1.
    pub maintenance_ratio: Decimal,
}

/// Margin terms that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarginError {
    /// Less than one.
    #[error("leverage {0} is below 1")]
    Leverage(u32),
    /// No tier, or sizes that don't ascend, or ratios that fall or are not within 0…1.
    #[error("margin tiers must ascend in size, with ratios from 0 to 1 that don't fall")]
    Tiers,
    /// A position would be liquidated as soon as it is opened.
    #[error("leverage {leverage} leaves no more than the maintenance margin of {ratio}")]
    Unsafe {
        /// The leverage.
        leverage: u32,
        /// The first tier's ratio.
        ratio: Decimal,
    },
    /// Not within 0…1.
    #[error("liquidation fee {0} is not a ratio from 0 to 1")]
    Fee(Decimal),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedMargin {
    leverage: u32,
    liquidation_fee_ratio: Decimal,
    tiers: Vec<Tier>,
}

impl TryFrom<UncheckedMargin> for Margin {
    type Error = MarginError;

    fn try_from(read: UncheckedMargin) -> Result<Self, MarginError> {
        Self::new(read.leverage, read.liquidation_fee_ratio, read.tiers)
    }
}

/// Up to which worth a position must keep which part of it: Binance's tiers of BTC/USDT in 2021.
const TIERS: [(i64, (i64, u32)); 5] = [
    (50_000, (4, 3)),
    (250_000, (5, 3)),
    (1_000_000, (1, 2)),
    (10_000_000, (25, 3)),
    (20_000_000, (5, 2)),
];
/// What Binance takes of a liquidated position's worth.
const LIQUIDATION_FEE: (i64, u32) = (125, 4);

impl Margin {
    /// As Binance has it for BTC/USDT; leverage is 1…125, and what is beyond is taken as the nearest.
    pub fn usual(leverage: u32) -> Self {
        let tiers = TIERS.map(|(up_to, (part, places))| Tier {
            up_to_quote: Money::new(up_to.into()),
            maintenance_ratio: Decimal::new(part, places),
        });
        let liquidation_fee_ratio = Decimal::new(LIQUIDATION_FEE.0, LIQUIDATION_FEE.1);
        Self { leverage: leverage.clamp(1, 125), liquidation_fee_ratio, tiers: tiers.to_vec() }
    }

    /// Checks the numbers. The fee of a liquidation is taken of its notional.
    pub fn new(
        leverage: u32,
        liquidation_fee_ratio: Decimal,
        tiers: Vec<Tier>,
    ) -> Result<Self, MarginError> {
        let is_ratio = |value: Decimal| (Decimal::ZERO..=Decimal::ONE).contains(&value);
        if leverage == 0 {
            return Err(MarginError::Leverage(leverage));
        }
        if !is_ratio(liquidation_fee_ratio) {
            return Err(MarginError::Fee(liquidation_fee_ratio));
        }
        let ascends = tiers.windows(2).all(|pair| {
            pair[0].up_to_quote < pair[1].up_to_quote
                && pair[0].maintenance_ratio <= pair[1].maintenance_ratio
        });
        let first = tiers.first().filter(|tier| tier.up_to_quote > Money::ZERO);
        let first = first.ok_or(MarginError::Tiers)?.maintenance_ratio;
        // A ratio of one would leave nothing to divide by.
        let sane =
            |tier: &Tier| is_ratio(tier.maintenance_ratio) && tier.maintenance_ratio < Decimal::ONE;
        if !ascends || !tiers.iter().all(sane) {
            return Err(MarginError::Tiers);
        }
        if first * Decimal::from(leverage) >= Decimal::ONE {
            return Err(MarginError::Unsafe { leverage, ratio: first });
        }
        Ok(Self { leverage, liquidation_fee_ratio, tiers })
    }

    /// Notional per unit of margin.
    pub const fn leverage(&self) -> u32 {
        self.leverage
    }

    /// Fee of a liquidation, of its notional.
    pub const fn liquidation_fee_ratio(&self) -> Decimal {
        self.liquidation_fee_ratio
    }

    /// For each tier: its upper end, its ratio, and what is off for the tiers below it, so that the
    /// maintenance margin is `notional × ratio − off`.
    pub(crate) fn brackets(
        &self,
    ) -> impl Iterator<Item = Result<(Decimal, Decimal, Decimal), Overflow>> {
        let (mut off, mut floor, mut before) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        self.tiers.iter().map(move |tier| {
            let ratio = tier.maintenance_ratio;
            let step = ratio.checked_sub(before).and_then(|step| step.checked_mul(floor));
            off = step.and_then(|step| step.checked_add(off)).ok_or(Overflow)?;
            (floor, before) = (tier.up_to_quote.to_decimal(), ratio);
            Ok((floor, ratio, off))
        })
    }
}
