//! What futures tell beside candles: written, read back, counted, deleted when old.

use domain::instrument::InstrumentId;
use domain::order::Side;
use domain::time::{DAY_MS, UtcMs};
use store::facts::rows::{
    BookRow, Facts, FundingRow, InterestRow, Kind, LiquidationRow, MarkRow, PublicTradeRow,
    RatioRow,
};
use store::rows::Filter;

use crate::harness::Fresh;

fn facts(at: UtcMs) -> Facts {
    let instrument: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
    let number = |text: &str| text.parse().unwrap();
    Facts {
        funding: vec![FundingRow {
            instrument,
            at,
            rate_ratio: number("-0.0001"),
            mark: Some(number("61000.5")),
        }],
        marks: vec![MarkRow {
            instrument,
            at,
            mark: number("61000.12345678"),
            index_price: number("61001"),
            estimated_settle: None,
            funding_ratio: Some(number("0.00038167")),
            next_funding_at: Some(at.plus_ms(60_000)),
        }],
        books: vec![BookRow {
            instrument,
            at,
            last_update_id: u64::MAX,
            bid_prices: vec!["61000".parse().unwrap(), "60999.9".parse().unwrap()],
            bid_quantities: vec!["0.001".parse().unwrap(), "2".parse().unwrap()],
            ask_prices: vec!["61000.1".parse().unwrap()],
            ask_quantities: vec!["3".parse().unwrap()],
            bid_volume_base: number("2.001"),
            ask_volume_base: number("3"),
            full_bid_volume_base: number("70"),
            full_ask_volume_base: number("80"),
            spread_quote: number("0.1"),
            imbalance_ratio: -0.19976,
        }],
        trades: [7, 8]
            .map(|venue_trade_id| PublicTradeRow {
                instrument,
                venue_trade_id,
                at,
                price: "61000".parse().unwrap(),
                quantity: "0.5".parse().unwrap(),
                is_buyer_maker: venue_trade_id == 7,
            })
            .to_vec(),
        interest: vec![InterestRow {
            instrument,
            at,
            open_interest_base: "81234.567".parse().unwrap(),
        }],
        ratios: vec![RatioRow { instrument, at, ratio: number("1.8105") }],
        liquidations: vec![LiquidationRow {
            instrument,
            at,
            side: Side::Sell,
            price: number("60990"),
            quantity: "0.014".parse().unwrap(),
        }],
    }
}

#[tokio::test]
async fn facts_come_back_as_they_were_and_only_once() {
    let fresh = Fresh::new().await;
    let (store, all) = (&fresh.store, Filter::default());
    let at = UtcMs::new(1_700_000_000_123);
    let told = facts(at);
    for _ in 0..2 {
        store.write_facts(&told).await.unwrap();
    }
    assert_eq!(store.funding_rates(&all).await.unwrap(), told.funding);
    assert_eq!(store.mark_prices(&all).await.unwrap(), told.marks);
    assert_eq!(store.order_books(&all).await.unwrap(), told.books);
    assert_eq!(store.public_trades(&all).await.unwrap(), told.trades);
    assert_eq!(store.open_interest(&all).await.unwrap(), told.interest);
    assert_eq!(store.long_short_ratios(&all).await.unwrap(), told.ratios);
    assert_eq!(store.liquidations(&all).await.unwrap(), told.liquidations);
    let before = Filter { to: Some(at), ..all };
    assert_eq!(store.public_trades(&before).await.unwrap(), []);

    let counts = store.fact_counts().await.unwrap();
    let kinds: Vec<_> = counts.iter().map(|count| (count.kind, count.rows)).collect();
    let expected = Kind::ALL.map(|kind| (kind, if kind == Kind::Trade { 2 } else { 1 }));
    assert_eq!(kinds, expected);
    assert!(counts.iter().all(|count| (count.from, count.to) == (at, at)));
}

#[tokio::test]
async fn what_is_old_goes_by_its_kind_and_funding_stays() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let at = UtcMs::new(1_700_000_000_000);
    store.write_facts(&facts(at)).await.unwrap();
    let mut left = Kind::ALL.to_vec();
    for (days, gone) in [
        (7, vec![]),
        (8, vec![Kind::Book]),
        (31, vec![Kind::Mark, Kind::Trade]),
        (91, vec![Kind::Interest, Kind::Ratio, Kind::Liquidation]),
        (9_999, vec![]),
    ] {
        let deleted = store.prune_facts(at.plus_ms(days * DAY_MS)).await.unwrap();
        let trades = u64::from(gone.contains(&Kind::Trade));
        assert_eq!(deleted, gone.len() as u64 + trades, "after {days} days");
        left.retain(|kind| !gone.contains(kind));
        let counts = store.fact_counts().await.unwrap();
        assert_eq!(counts.iter().map(|count| count.kind).collect::<Vec<_>>(), left);
    }
    assert_eq!(left, [Kind::Funding]);
}
