//! What is written is there, once, whatever is written again.

use domain::event::{Event, Released, Sequenced};
use domain::ledger::{EntryKind, Head};
use domain::order::OrderState;
use sqlx::Connection;
use store::error::StoreError;
use store::journal::{Batch, Journal};
use store::rows::Filter;
use store::store::Store;

use crate::batches::{
    candle, chain, closed, everything, minute, minutes, order, portfolio, session,
};
use crate::harness::Fresh;

pub(crate) async fn read_all(store: &Store, after_seq: u64) -> Vec<Released> {
    let mut inputs = store.inputs(after_seq).await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = inputs.next().await.unwrap() {
        all.extend(page);
    }
    all
}

#[tokio::test]
async fn the_same_batch_again_changes_nothing() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let batch = everything();
    journal.append(&batch).await.unwrap();
    let once = fresh.dump().await;
    journal.append(&batch).await.unwrap();
    assert_eq!(fresh.dump().await, once);
    // Another process, which knows nothing of the first one's.
    journal.close().await.unwrap();
    let mut journal = fresh.journal().await;
    journal.append(&batch).await.unwrap();
    assert_eq!(fresh.dump().await, once);
    assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, None);
}

#[tokio::test]
async fn overlapping_batches_leave_each_row_once() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut head = Head::GENESIS;
    let first = Batch { released: minutes(0..70), ..chain(&mut head, 4) };
    let mut second = Batch { released: minutes(40..120), ..chain(&mut head, 5) };
    let mut overlap = first.entries[2..].to_vec();
    overlap.append(&mut second.entries);
    second.entries = overlap;
    journal.append(&first).await.unwrap();
    journal.append(&second).await.unwrap();
    assert_eq!(read_all(&fresh.store, 0).await, minutes(0..120));
    assert_eq!(read_all(&fresh.store, 100).await, minutes(100..120));
    let report = fresh.store.verify(&fresh.seals).await.unwrap();
    assert_eq!((report.entries, report.fault), (9, None));
    assert_eq!(report.head, head);
    assert_eq!(fresh.store.candle_counts().await.unwrap()[0].candles, 120);
}

#[tokio::test]
async fn a_candle_released_again_as_history_keeps_both_places() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let history = Released {
        watermark: minute(9),
        events: vec![session(6), closed(7, 3), closed(8, 4), closed(9, 8)].into(),
    };
    let all: Vec<Released> = minutes(0..5).into_iter().chain([history.clone()]).collect();
    journal.append(&Batch { released: minutes(0..5), ..Batch::default() }).await.unwrap();
    journal.append(&Batch { released: vec![history], ..Batch::default() }).await.unwrap();
    assert_eq!(read_all(&fresh.store, 0).await, all);
    journal.append(&Batch { released: all.clone(), ..Batch::default() }).await.unwrap();
    assert_eq!(read_all(&fresh.store, 0).await, all);
    assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, None);
}

#[tokio::test]
async fn pages_don_t_split_a_watermark() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    // Watermarks of 999 events, so that page ends fall inside some of them.
    let released: Vec<Released> = (0..120)
        .map(|watermark| {
            let events = (0..999).map(|at| {
                let number = watermark * 999 + at;
                closed(number as u64 + 1, number)
            });
            Released { watermark: minute(watermark), events: events.collect() }
        })
        .collect();
    journal.append(&Batch { released: released.clone(), ..Batch::default() }).await.unwrap();
    assert!(read_all(&fresh.store, 0).await == released);
    assert!(read_all(&fresh.store, 999 * 30).await == released[30..]);
    assert_eq!(read_all(&fresh.store, 999 * 120).await, []);
}

#[tokio::test]
async fn other_content_for_an_entry_is_refused_and_nothing_written() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut head = Head::GENESIS;
    journal.append(&chain(&mut head, 5)).await.unwrap();

    let mut other = Head::GENESIS;
    let mut diverged = Batch { released: minutes(0..3), ..Batch::default() };
    for number in 0..5 {
        let payload = format!("{{\"other\":{number}}}");
        diverged.entries.push(other.append(EntryKind::Decision, minute(1), 1, payload));
    }
    let refused = journal.append(&diverged).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { seq: 1 }), "{refused}");

    // A hole in the chain.
    let mut far = head;
    far.append(EntryKind::Order, minute(9), 1, "{}".into());
    let hole = chain(&mut far, 1);
    let refused = journal.append(&hole).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { seq: 7 }), "{refused}");

    assert_eq!(fresh.store.last_input_seq().await.unwrap(), 0);
    assert_eq!(fresh.store.ledger_head().await.unwrap(), head);
    // It goes on as before.
    journal.append(&chain(&mut head, 2)).await.unwrap();
    assert_eq!(journal.head().await.unwrap(), head);
}

#[tokio::test]
async fn an_order_takes_its_newest_state() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let intended = order(3, OrderState::Intended);
    let accepted = order(4, OrderState::Accepted);
    let filled = order(5, OrderState::Filled);
    let batch = |orders| Batch { orders, ..Batch::default() };
    journal.append(&batch(vec![intended.clone(), accepted])).await.unwrap();
    journal.append(&batch(vec![filled.clone()])).await.unwrap();
    journal.append(&batch(vec![intended])).await.unwrap();
    assert_eq!(fresh.store.orders(&Filter::default()).await.unwrap(), [filled]);
}

#[tokio::test]
async fn the_last_state_of_a_moment_stays() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let states = vec![portfolio(1, "5"), portfolio(1, "6")];
    journal.append(&Batch { portfolio: states, ..Batch::default() }).await.unwrap();
    assert_eq!(fresh.store.latest_portfolio().await.unwrap(), Some(portfolio(1, "6")));
}

#[tokio::test]
async fn a_hole_that_proves_longer_grows() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let hole = everything().holes.remove(0);
    let longer = store::holes::HoleRow { until_time: minute(160), missing: 60, ..hole.clone() };
    for holes in [vec![hole.clone(), longer.clone()], vec![hole]] {
        journal.append(&Batch { holes, ..Batch::default() }).await.unwrap();
    }
    assert_eq!(fresh.store.holes(&Filter::default()).await.unwrap(), [longer]);
}

#[tokio::test]
async fn a_second_writer_is_told_who_writes() {
    let fresh = Fresh::new().await;
    let first = fresh.journal().await;
    let refused = Journal::open(&fresh.store, fresh.seals.clone()).await.unwrap_err();
    let StoreError::Held { pid, place } = &refused else { panic!("{refused}") };
    assert_eq!(*pid, std::process::id());
    assert!(place.contains("test"), "{place}");
    first.close().await.unwrap();
    fresh.journal().await;
}

#[tokio::test]
async fn a_cut_connection_loses_nothing_and_doubles_nothing() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut head = Head::GENESIS;
    let first = Batch { released: minutes(0..10), ..chain(&mut head, 3) };
    journal.append(&first).await.unwrap();
    let mut superuser = fresh.superuser().await;
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_locks \
         where locktype = 'advisory' and database = \
             (select oid from pg_database where datname = current_database())",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let second = Batch { released: minutes(10..20), ..chain(&mut head, 3) };
    let lost = journal.append(&second).await.unwrap_err();
    assert!(matches!(lost, StoreError::Lost { .. }), "{lost:?}");
    journal.append(&second).await.unwrap();
    journal.append(&second).await.unwrap();
    assert_eq!(read_all(&fresh.store, 0).await, minutes(0..20));
    assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().entries, 6);
    superuser.close().await.unwrap();
}

#[tokio::test]
async fn killed_between_commit_and_head_file_it_catches_up() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut head = Head::GENESIS;
    journal.append(&chain(&mut head, 2)).await.unwrap();
    let noted = std::fs::read(fresh.seals.head_file()).unwrap();
    journal.append(&chain(&mut head, 2)).await.unwrap();
    journal.close().await.unwrap();
    std::fs::write(fresh.seals.head_file(), &noted).unwrap();
    // Sealed entries beyond the noted one are ours.
    assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, None);
    let mut journal = fresh.journal().await;
    assert_eq!(journal.head().await.unwrap(), head);
    assert_ne!(std::fs::read(fresh.seals.head_file()).unwrap(), noted);
}

#[tokio::test]
async fn without_its_key_or_its_head_a_ledger_is_not_continued() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    journal.append(&chain(&mut Head::GENESIS.clone(), 2)).await.unwrap();
    journal.close().await.unwrap();
    let (key, head) = (fresh.seals.key_file(), fresh.seals.head_file());
    for (file, is_right) in [
        (&key, (|e| matches!(e, StoreError::KeyMissing { .. })) as fn(&StoreError) -> bool),
        (&head, |e| matches!(e, StoreError::HeadMissing { .. })),
    ] {
        let content = std::fs::read(file).unwrap();
        std::fs::remove_file(file).unwrap();
        let refused = Journal::open(&fresh.store, fresh.seals.clone()).await.unwrap_err();
        assert!(is_right(&refused), "{refused}");
        assert!(!file.exists());
        std::fs::write(file, content).unwrap();
    }
    fresh.journal().await;
}

#[tokio::test]
async fn candles_and_other_events_keep_every_bit() {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let batch = everything();
    journal.append(&batch).await.unwrap();
    let back = read_all(&fresh.store, 0).await;
    assert_eq!(back, batch.released);
    let Event::CandleClosed { candle: first, .. } = back[1].events[0].event else { panic!() };
    assert_eq!(first.volume_base.to_bits(), candle(0).volume_base.to_bits());
    // In the middle of a watermark.
    let rest: Vec<Sequenced> = read_all(&fresh.store, 1).await[0].events.to_vec();
    assert_eq!(rest, batch.released[0].events[1..]);
}
