//! However the venue splits a fill, the book is the same to the last digit.

use domain::canonical;
use domain::fill::Fill;
use domain::instrument::InstrumentId;
use domain::money::{Money, Price};
use domain::order::Side;
use domain::portfolio::Portfolio;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::any::{asset, decimal, fill, pair, quantity};

/// A fill in units of 10⁻⁸, and where it is cut: parts of a whole, each with its own fee.
#[derive(Debug, Clone)]
struct Cut {
    side: Side,
    price: i64,
    parts: Vec<(i64, i64)>,
}

impl Cut {
    fn fills(&self, instrument: InstrumentId, fee_asset: &str, parts: &[(i64, i64)]) -> Vec<Fill> {
        let part = |(units, fee): &(i64, i64)| {
            let fee = (decimal(*fee, 8), asset(fee_asset));
            fill(
                instrument,
                self.side,
                Price::from_raw(self.price),
                quantity(decimal(*units, 8)),
                fee,
            )
        };
        parts.iter().map(part).collect()
    }

    fn whole(&self) -> (i64, i64) {
        self.parts.iter().fold((0, 0), |(units, fee), part| (units + part.0, fee + part.1))
    }
}

fn cut(part: impl Strategy<Value = (i64, i64)>) -> impl Strategy<Value = Cut> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    (side, 1i64..10_000_000_000_000, prop::collection::vec(part, 1..6))
        .prop_map(|(side, price, parts)| Cut { side, price, parts })
}

/// Any fee or rebate up to half of what the part traded.
fn any_fee() -> impl Strategy<Value = (i64, i64)> {
    (2i64..1_000_000_000).prop_flat_map(|units| (Just(units), -units / 2..units / 2))
}

/// A fee in proportion to the quantity, as a rate makes it.
fn even_fee() -> impl Strategy<Value = (i64, i64)> {
    (1i64..1_000_000).prop_map(|thousands| (thousands * 1000, thousands))
}

fn booked(held: i64, fills: &[Fill], instrument: InstrumentId) -> Portfolio {
    let mut book = Portfolio::new(asset("USDT"), Money::new(decimal(1_000_000, 0)));
    if held != 0 {
        let side = if held > 0 { Side::Buy } else { Side::Sell };
        let units = quantity(decimal(held.abs(), 8));
        let price = Price::from_raw(777_777);
        book.book(&fill(instrument, side, price, units, (Decimal::ZERO, asset("USDT"))))
            .expect("fits");
    }
    for fill in fills {
        book.book(fill).expect("fits");
    }
    book
}

const FEE_ASSETS: [&str; 3] = ["USDT", "BTC", "XYZ"];

fn instrument() -> impl Strategy<Value = InstrumentId> {
    prop_oneof![Just(pair("BTC/USDT")), Just(pair("BTC/USDT:USDT"))]
}

proptest! {
    /// Opening, adding, reducing and closing: any parts with the same total of fees.
    #[test]
    fn a_split_without_a_flip_changes_nothing(
        cut in cut(any_fee()),
        instrument in instrument(),
        fee_asset in prop::sample::select(&FEE_ASSETS[..]),
        held_more in prop_oneof![Just(0i64), 0i64..1_000_000_000],
        adds in any::<bool>(),
    ) {
        let whole = cut.whole();
        let sign = if cut.side == Side::Buy { 1 } else { -1 };
        // Either something in the fill's own direction, or at least as much against it.
        let held = if adds { sign * held_more } else { -sign * (whole.0 + held_more) };
        let at_once = booked(held, &cut.fills(instrument, fee_asset, &[whole]), instrument);
        let in_parts = booked(held, &cut.fills(instrument, fee_asset, &cut.parts), instrument);
        prop_assert_eq!(canonical::encode(&at_once).unwrap(), canonical::encode(&in_parts).unwrap());
        let averages = |book: &Portfolio| {
            let position = book.positions().get(&instrument)?;
            Some((position.entry_price(), position.exit_price(), position.cash_flow()))
        };
        prop_assert_eq!(averages(&at_once), averages(&in_parts));
    }

    /// Through nought as well, where each part pays its share.
    #[test]
    fn a_split_with_even_fees_changes_nothing(
        cut in cut(even_fee()),
        instrument in instrument(),
        fee_asset in prop::sample::select(&FEE_ASSETS[..]),
        held in -2_000_000i64..2_000_000,
    ) {
        let held = held * 1000;
        let at_once = booked(held, &cut.fills(instrument, fee_asset, &[cut.whole()]), instrument);
        let in_parts = booked(held, &cut.fills(instrument, fee_asset, &cut.parts), instrument);
        prop_assert_eq!(canonical::encode(&at_once).unwrap(), canonical::encode(&in_parts).unwrap());
    }

    /// Through nought with uneven fees, what closed and what opened share them otherwise, yet
    /// every total is the same.
    #[test]
    fn a_split_flip_keeps_every_total(
        cut in cut(any_fee()),
        fee_asset in prop::sample::select(&FEE_ASSETS[..]),
        held in -2_000_000_000i64..2_000_000_000,
    ) {
        let instrument = pair("BTC/USDT");
        let at_once = booked(held, &cut.fills(instrument, fee_asset, &[cut.whole()]), instrument);
        let in_parts = booked(held, &cut.fills(instrument, fee_asset, &cut.parts), instrument);
        prop_assert_eq!(totals(&at_once), totals(&in_parts));
    }
}

/// Cash, fees, profit in all, and base units wherever they are.
fn totals(book: &Portfolio) -> [Decimal; 4] {
    let others = |name| book.others().get(&asset(name)).map_or(Decimal::ZERO, |m| m.to_decimal());
    let (mut profit, mut units) = (book.realised_quote(), others("BTC"));
    for position in book.positions().values() {
        profit = profit.plus(position.cash_flow().expect("fits")).expect("fits");
        units = units.checked_add(position.net_base().expect("fits")).expect("fits");
    }
    [
        book.cash().to_decimal(),
        book.fees_quote().to_decimal(),
        profit.to_decimal(),
        units.normalize(),
    ]
}
