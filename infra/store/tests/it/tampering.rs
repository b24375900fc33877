//! Whoever changes the ledger by SQL, as superuser and with the trigger off, is found, and the
//! first place is named.

use std::fs;

use domain::ledger::Head;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};
use store::error::StoreError;
use store::journal::Journal;
use store::verify::Fault;

use crate::batches::chain;
use crate::harness::Fresh;

const ENTRIES: u64 = 30;

/// Recomputes the hashes from entry `$1` on, as whoever knows the format but not the key can.
const RECHAIN: &str = "
create or replace function rechain(start bigint) returns void language plpgsql as $$
declare
    e ledger;
    prev text;
begin
    for e in select * from ledger where seq >= start order by seq loop
        select hash into prev from ledger where seq = e.seq - 1;
        prev := coalesce(prev, repeat('0', 64));
        update ledger set prev_hash = prev, hash = encode(sha256(
            'sextant ledger 1'::bytea || '\\x0a'::bytea || decode(prev, 'hex') || int8send(e.seq)
            || int8send(length(e.kind)::bigint) || e.kind::bytea || int8send(ms_of(e.at))
            || int8send(e.input_seq) || convert_to(e.payload, 'UTF8')), 'hex')
        where seq = e.seq;
    end loop;
end $$;
";

/// A ledger of thirty entries and a connection that may do anything to it.
async fn ledger() -> (Fresh, PgConnection) {
    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut head = Head::GENESIS;
    for _ in 0..3 {
        journal.append(&chain(&mut head, ENTRIES / 3)).await.unwrap();
    }
    journal.close().await.unwrap();
    let report = fresh.store.verify(&fresh.seals).await.unwrap();
    assert_eq!((report.entries, report.head, report.fault), (ENTRIES, head, None));
    let mut superuser = fresh.superuser().await;
    superuser.execute("alter table ledger disable trigger all").await.unwrap();
    (fresh, superuser)
}

/// What `sextant verify` says after `sql`.
async fn after(sql: &str) -> Option<Fault> {
    let (fresh, mut superuser) = ledger().await;
    superuser.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
    superuser.execute("alter table ledger enable trigger all").await.unwrap();
    fresh.store.verify(&fresh.seals).await.unwrap().fault
}

#[tokio::test]
async fn the_fence_refuses_without_being_opened() {
    let (fresh, mut superuser) = ledger().await;
    superuser.execute("alter table ledger enable trigger all").await.unwrap();
    for sql in
        ["update ledger set payload = '{}' where seq = 3", "delete from ledger", "truncate ledger"]
    {
        let refused = superuser.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the ledger only grows"), "{refused}");
    }
    assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, None);
}

#[tokio::test]
async fn an_altered_entry_is_named() {
    for set in [
        "payload = replace(payload, '17', '18')",
        "payload = payload || ' '",
        "kind = 'fill'",
        "kind = 'nonsense'",
        "at = at + interval '1 millisecond'",
        "at = at + interval '1 microsecond'",
        "input_seq = input_seq + 1",
        "hash = repeat('0', 64)",
        "hash = upper(hash)",
        "hash = 'nonsense'",
        "prev_hash = repeat('f', 64)",
    ] {
        let sql = format!("update ledger set {set} where seq = 17");
        assert_eq!(after(&sql).await, Some(Fault::Altered { seq: 17 }), "{set}");
    }
}

#[tokio::test]
async fn a_chain_computed_anew_lacks_its_seals() {
    let whole =
        format!("{RECHAIN} update ledger set payload = '{{}}' where seq = 17; select rechain(17)");
    assert_eq!(after(&whole).await, Some(Fault::ForgedSeal { seq: 17 }));
    let first =
        format!("{RECHAIN} update ledger set payload = '{{}}' where seq = 1; select rechain(1)");
    assert_eq!(after(&first).await, Some(Fault::ForgedSeal { seq: 1 }));
    let last =
        format!("{RECHAIN} update ledger set payload = '{{}}' where seq = 30; select rechain(30)");
    assert_eq!(after(&last).await, Some(Fault::ForgedSeal { seq: 30 }));
    let seal = "update ledger set seal = repeat('a', 64) where seq = 17";
    assert_eq!(after(seal).await, Some(Fault::ForgedSeal { seq: 17 }));
}

#[tokio::test]
async fn a_removed_entry_is_named() {
    assert_eq!(after("delete from ledger where seq = 17").await, Some(Fault::Removed { seq: 17 }));
    assert_eq!(after("delete from ledger where seq = 1").await, Some(Fault::Removed { seq: 1 }));
    assert_eq!(
        after("delete from ledger where seq between 9 and 12").await,
        Some(Fault::Removed { seq: 9 })
    );
    let closed_up = "delete from ledger where seq = 17;
        update ledger set seq = -seq where seq > 17; update ledger set seq = -seq - 1 where seq < 0";
    assert_eq!(after(closed_up).await, Some(Fault::Removed { seq: 17 }));
    let rechained = format!("{RECHAIN} {closed_up}; select rechain(17)");
    assert_eq!(after(&rechained).await, Some(Fault::ForgedSeal { seq: 17 }));
}

#[tokio::test]
async fn an_inserted_entry_is_named() {
    let moved_up = "update ledger set seq = -seq where seq >= 17;
        update ledger set seq = -seq + 1 where seq < 0;
        insert into ledger select 17, repeat('a', 64), repeat('b', 64), seal, kind, at, input_seq, \
            payload from ledger where seq = 3";
    assert_eq!(after(moved_up).await, Some(Fault::Inserted { seq: 17 }));
    let at_the_end = "insert into ledger select 31, hash, repeat('b', 64), seal, kind, at, \
        input_seq, payload from ledger where seq = 30";
    assert_eq!(after(at_the_end).await, Some(Fault::Inserted { seq: 31 }));
    let chained = format!("{RECHAIN} {at_the_end}; select rechain(31)");
    assert_eq!(after(&chained).await, Some(Fault::Inserted { seq: 31 }));
    let far_behind = at_the_end.replace("31", "99");
    assert_eq!(after(&far_behind).await, Some(Fault::Inserted { seq: 99 }));
    let before = at_the_end.replace("31", "-5");
    assert_eq!(after(&before).await, Some(Fault::Inserted { seq: -5 }));
}

#[tokio::test]
async fn swapped_entries_are_named() {
    let swapped = "update ledger set seq = -1 where seq = 17;
        update ledger set seq = 17 where seq = 18; update ledger set seq = 18 where seq = -1";
    assert_eq!(after(swapped).await, Some(Fault::Altered { seq: 17 }));
}

#[tokio::test]
async fn a_cut_tail_is_named() {
    for found_seq in [29, 20, 1, 0] {
        let sql = format!("delete from ledger where seq > {found_seq}");
        let expected = Fault::CutTail { expected_seq: ENTRIES, found_seq };
        assert_eq!(after(&sql).await, Some(expected), "{found_seq}");
    }
    // With everything that showed those entries.
    let sql = "delete from ledger where seq > 20; delete from decisions where seq > 20; \
               delete from fills where seq > 20; delete from orders where seq > 20";
    assert_eq!(after(sql).await, Some(Fault::CutTail { expected_seq: ENTRIES, found_seq: 20 }));
}

#[tokio::test]
async fn after_a_cut_nobody_writes_on() {
    let (fresh, mut superuser) = ledger().await;
    superuser.execute("delete from ledger where seq > 20").await.unwrap();
    let refused = Journal::open(&fresh.store, fresh.seals.clone()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::CutTail { expected_seq: ENTRIES, found_seq: 20 }),
        "{refused}"
    );
    let at_the_end = "insert into ledger select seq + 1000, hash, repeat('b', 64), seal, kind, at, \
        input_seq, payload from ledger where seq = 20";
    superuser.execute(at_the_end).await.unwrap();
    let refused = Journal::open(&fresh.store, fresh.seals.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
}

#[tokio::test]
async fn the_head_file_is_held_against_the_ledger() {
    let (fresh, _superuser) = ledger().await;
    let verify = || async { fresh.store.verify(&fresh.seals).await.unwrap().fault };
    let (head, key) = (fresh.seals.head_file(), fresh.seals.key_file());
    let content = fs::read_to_string(&head).unwrap();

    fs::write(&head, content.replace("\"seq\":30", "\"seq\":29")).unwrap();
    assert!(matches!(verify().await, Some(Fault::HeadAltered { .. })));
    fs::write(&head, content.replace("\"seq\":30", "\"seq\":31")).unwrap();
    assert_eq!(verify().await, Some(Fault::CutTail { expected_seq: 31, found_seq: 30 }));
    fs::write(&head, "").unwrap();
    assert!(matches!(verify().await, Some(Fault::HeadAltered { .. })));
    fs::remove_file(&head).unwrap();
    assert_eq!(verify().await, Some(Fault::HeadMissing));
    fs::write(&head, &content).unwrap();
    assert_eq!(verify().await, None);

    let secret = fs::read(&key).unwrap();
    fs::write(&key, [7; 32]).unwrap();
    assert!(matches!(verify().await, Some(Fault::HeadAltered { .. })));
    fs::remove_file(&key).unwrap();
    assert_eq!(verify().await, Some(Fault::KeyMissing));
    fs::write(&key, secret).unwrap();
    assert_eq!(verify().await, None);
}

#[tokio::test]
async fn the_tables_that_show_the_ledger_are_held_against_it() {
    for (sql, expected) in [
        ("delete from decisions where seq = 16", Fault::RowMissing { table: "decisions", seq: 16 }),
        ("delete from fills where seq = 12", Fault::RowMissing { table: "fills", seq: 12 }),
        ("update fills set seq = 13 where seq = 12", Fault::RowMissing { table: "fills", seq: 12 }),
        (
            "insert into fills select 5, instrument, 7, client_order_id, side, price, quantity, \
             fee, fee_asset, liquidity, time_exchange from fills where seq = 12",
            Fault::RowExtra { table: "fills", seq: 7 },
        ),
    ] {
        assert_eq!(after(sql).await, Some(expected), "{sql}");
    }
}

#[tokio::test]
async fn events_are_neither_lost_nor_doubled_unseen() {
    use crate::batches::minutes;
    use store::journal::Batch;

    for (sql, expected) in [
        ("delete from candles where input_seq = 4", Fault::InputMissing { input_seq: 4 }),
        ("delete from candles where input_seq = 1", Fault::InputMissing { input_seq: 1 }),
        (
            "update candles set input_seq = 6 where input_seq = 7",
            Fault::InputDoubled { input_seq: 6 },
        ),
    ] {
        let fresh = Fresh::new().await;
        let mut journal = fresh.journal().await;
        journal.append(&Batch { released: minutes(0..9), ..Batch::default() }).await.unwrap();
        assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, None);
        fresh.superuser().await.execute(sql).await.unwrap();
        assert_eq!(fresh.store.verify(&fresh.seals).await.unwrap().fault, Some(expected));
    }
}
