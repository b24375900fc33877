//! Single facts are found where they are, and told as missing where they aren't.

use domain::ledger::{EntryKind, Head};
use store::journal::Batch;

use crate::batches::{everything, id, minute};
use crate::harness::Fresh;

#[tokio::test]
async fn what_is_stored_is_counted_and_dated() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    assert_eq!(store.last_watermark().await.unwrap(), None);
    let batch = everything();
    fresh.journal().await.append(&batch).await.unwrap();
    assert_eq!(store.last_watermark().await.unwrap(), Some(minute(5)));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.candles, counts.signals, counts.decisions), (5, 3, 3));
    assert_eq!((counts.orders, counts.fills, counts.trades), (3, 3, 2));
    let schema = store.schema().await.unwrap();
    assert!(schema.version.is_some() && !schema.timescale);
}

#[tokio::test]
async fn decisions_are_found_by_the_first_digits_of_their_ids() {
    let fresh = Fresh::new().await;
    let batch = everything();
    fresh.journal().await.append(&batch).await.unwrap();
    let wanted = &batch.decisions[1];
    let prefix = &wanted.id.to_string()[..9];
    let found = fresh.store.decisions_beginning(prefix, 5).await.unwrap();
    assert_eq!(found.as_slice(), std::slice::from_ref(wanted));
    assert_eq!(fresh.store.decisions_beginning("", 2).await.unwrap().len(), 2);
    assert!(fresh.store.decisions_beginning("%", 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_configuration_is_the_last_one_before_and_orders_are_those_after() {
    let fresh = Fresh::new().await;
    let mut head = Head::GENESIS;
    let configured =
        |head: &mut Head| head.append(EntryKind::Configuration, minute(0), 0, "{}".into());
    let decision = id("decision", 7);
    let order = |head: &mut Head, name: &str| {
        head.append(EntryKind::Order, minute(1), 1, format!(r#"{{"client_order_id":"{name}"}}"#))
    };
    let mut entries = vec![configured(&mut head)];
    entries.push(order(&mut head, &format!("sx{decision}e")));
    entries.push(order(&mut head, &format!("sx{}e", id("decision", 8))));
    entries.push(configured(&mut head));
    entries.push(order(&mut head, &format!("sx{decision}s")));
    let batch = Batch { entries: entries.clone(), ..Batch::default() };
    fresh.journal().await.append(&batch).await.unwrap();
    let store = &fresh.store;
    assert_eq!(store.configuration_of(3).await.unwrap().as_ref(), Some(&entries[0]));
    assert_eq!(store.configuration_of(5).await.unwrap().as_ref(), Some(&entries[3]));
    assert_eq!(store.configuration_of(0).await.unwrap(), None);
    let orders = store.orders_of(decision, 0).await.unwrap();
    assert_eq!(orders, [entries[1].clone(), entries[4].clone()]);
    assert_eq!(store.orders_of(decision, 2).await.unwrap(), entries[4..]);
}

#[tokio::test]
async fn the_writer_is_named_while_it_writes() {
    let fresh = Fresh::new().await;
    assert_eq!(fresh.store.writer().await.unwrap(), None);
    let journal = fresh.journal().await;
    assert_eq!(fresh.store.writer().await.unwrap(), Some(std::process::id()));
    journal.close().await.unwrap();
}
