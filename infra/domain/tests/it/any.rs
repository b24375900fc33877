//! Inputs of every kind, shared by the properties.

use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Asset, InstrumentId};
use domain::money::{Money, Price, Quantity};
use domain::order::{ClientOrderId, Role, Side};
use domain::time::UtcMs;
use proptest::prelude::*;
use rust_decimal::Decimal;

pub(crate) fn asset(text: &str) -> Asset {
    text.parse().expect("an asset's name")
}

pub(crate) fn pair(text: &str) -> InstrumentId {
    text.parse().expect("a pair's name")
}

/// `mantissa × 10^-scale`.
pub(crate) fn decimal(mantissa: i64, scale: u32) -> Decimal {
    Decimal::new(mantissa, scale)
}

pub(crate) fn quantity(value: Decimal) -> Quantity {
    Quantity::try_from(value).expect("not negative")
}

pub(crate) fn id(number: u64) -> Id {
    Id::of(RunSeed(1), number, "decision", "BTC/USDT")
}

pub(crate) fn order_id() -> ClientOrderId {
    ClientOrderId::new(id(7), Role::Entry)
}

/// Any decimal there is, with the edges (nought, −0, one last place, the largest) well represented.
pub(crate) fn any_decimal() -> impl Strategy<Value = Decimal> {
    let bits = || prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()];
    (bits(), bits(), bits(), any::<bool>(), 0u32..=28).prop_map(|(lo, mid, hi, negative, scale)| {
        Decimal::from_parts(lo, mid, hi, negative, scale)
    })
}

/// A decimal such as venues send: at most eight places, up to a million.
pub(crate) fn venue_decimal() -> impl Strategy<Value = Decimal> {
    (1i64..10_000_000_000, 4u32..=8).prop_map(|(mantissa, scale)| decimal(mantissa, scale))
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

/// A fill of `instrument`, at an hour and of an order that don't matter.
pub(crate) fn fill(
    instrument: InstrumentId,
    side: Side,
    price: Price,
    quantity: Quantity,
    (fee, fee_asset): (Decimal, Asset),
) -> Fill {
    Fill {
        venue_fill_id: 1,
        client_order_id: order_id(),
        instrument,
        side,
        price,
        quantity,
        fee: Money::new(fee),
        fee_asset,
        liquidity: Liquidity::Taker,
        time_exchange: UtcMs::new(1_700_000_000_000),
    }
}

const PAIRS: [&str; 3] = ["BTC/USDT", "BNB/USDT", "BTC/USDT:USDT"];
const FEE_ASSETS: [&str; 4] = ["USDT", "BTC", "BNB", "XYZ"];

/// Fills as venues send them: two spot pairs and a perpetual, fees and rebates in the quote, in
/// the base and in third assets, some larger than what was bought.
pub(crate) fn venue_fill() -> impl Strategy<Value = Fill> {
    let fee = prop_oneof![
        8 => (-1_000_000i64..10_000_000, Just(8u32)),
        1 => (-10_000_000_000i64..10_000_000_000, 6u32..=8),
    ];
    let names = (prop::sample::select(&PAIRS[..]), prop::sample::select(&FEE_ASSETS[..]));
    // Few distinct quantities, so that positions close exactly now and then.
    let size = prop_oneof![(1i64..5).prop_map(|n| decimal(n, 1)), venue_decimal()];
    (names, side(), 1i64..10_000_000_000_000, size, fee).prop_map(
        |((name, fee_asset), side, price, size, (fee, scale))| {
            let price = Price::from_raw(price);
            fill(pair(name), side, price, quantity(size), (decimal(fee, scale), asset(fee_asset)))
        },
    )
}

/// Fills that no venue would send: any decimal as quantity and fee, any raw price.
pub(crate) fn wild_fill() -> impl Strategy<Value = Fill> {
    let names = (prop::sample::select(&PAIRS[..]), prop::sample::select(&FEE_ASSETS[..]));
    let price = prop_oneof![any::<i64>(), Just(i64::MAX), Just(i64::MIN), 0i64..1000];
    (names, side(), price, any_decimal(), any_decimal()).prop_map(
        |((name, fee_asset), side, price, size, fee)| {
            let fee = (fee, asset(fee_asset));
            fill(pair(name), side, Price::from_raw(price), quantity(size.abs()), fee)
        },
    )
}
