//! The tables on plain PostgreSQL, and what TimescaleDB is asked for where it is.

use sqlx::Executor;
use store::error::StoreError;
use store::rows::Filter;

use crate::batches::everything;
use crate::harness::Fresh;

const STEP: &str = include_str!("../../../../migrations/timescaledb.sql");

/// Functions with TimescaleDB's names and parameters that write down how they were called.
const STAND_INS: &str = "
create table calls (number bigint generated always as identity, call text);
create function create_hypertable(relation regclass, time_column_name name,
    partitioning_column name = null, number_partitions integer = null,
    associated_schema_name name = null, associated_table_prefix name = null,
    chunk_time_interval anyelement = null::bigint, create_default_indexes boolean = true,
    if_not_exists boolean = false, partitioning_func regproc = null,
    migrate_data boolean = false, time_partitioning_func regproc = null)
    returns table(hypertable_id int, schema_name name, table_name name, created bool)
    language plpgsql as $$
begin
    assert if_not_exists and migrate_data, 'must be repeatable on tables with rows';
    insert into calls (call) values (format('hypertable %s by %s, chunks of %s',
        relation, time_column_name, chunk_time_interval));
    return query select 1, 'public'::name, relation::text::name, true;
end $$;
create function add_compression_policy(hypertable regclass, compress_after interval = null,
    if_not_exists bool = false, schedule_interval interval = null,
    initial_start timestamptz = null, timezone text = null,
    compress_created_before interval = null) returns integer language plpgsql as $$
begin
    assert if_not_exists, 'must be repeatable';
    insert into calls (call) values (format('compress %s made before %s',
        hypertable, compress_created_before));
    return 1;
end $$;
create function add_retention_policy(relation regclass, drop_after interval = null,
    if_not_exists bool = false, schedule_interval interval = null,
    initial_start timestamptz = null, timezone text = null,
    drop_created_before interval = null) returns integer language plpgsql as $$
begin
    assert if_not_exists, 'must be repeatable';
    insert into calls (call) values (format('drop %s made before %s',
        relation, drop_created_before));
    return 1;
end $$;
";

#[tokio::test]
async fn timescaledb_may_arrive_later_and_is_asked_each_time() {
    let fresh = Fresh::new().await;
    let batch = everything();
    fresh.journal().await.append(&batch).await.unwrap();
    let mut superuser = fresh.superuser().await;
    superuser.execute(sqlx::raw_sql(STAND_INS)).await.unwrap();
    let asked = [
        "hypertable candles by open_time, chunks of 7 days",
        "hypertable portfolio_states by at, chunks of 30 days",
        "hypertable order_books by at, chunks of 1 day",
        "hypertable mark_prices by at, chunks of 1 day",
        "hypertable public_trades by at, chunks of 1 day",
        "hypertable open_interest by at, chunks of 7 days",
        "hypertable long_short_ratios by at, chunks of 7 days",
        "hypertable liquidations by at, chunks of 7 days",
        "compress candles made before 14 days",
        "compress portfolio_states made before 60 days",
        "drop portfolio_states made before 395 days",
        "drop order_books made before 8 days",
        "drop mark_prices made before 31 days",
        "drop public_trades made before 31 days",
        "drop open_interest made before 97 days",
        "drop long_short_ratios made before 97 days",
        "drop liquidations made before 97 days",
    ];
    for _ in 0..2 {
        fresh.store.migrate().await.unwrap();
        let calls: Vec<String> = sqlx::query_scalar(
            "with c as (delete from calls returning *) \
                                select call from c order by number",
        )
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        assert_eq!(calls, asked);
    }
    assert_eq!(fresh.store.decisions(&Filter::default()).await.unwrap(), batch.decisions);
}

#[tokio::test]
async fn the_settings_for_compression_are_well_formed() {
    let fresh = Fresh::new().await;
    let mut superuser = fresh.superuser().await;
    let statements: Vec<&str> = STEP
        .match_indices("alter table")
        .map(|(from, _)| &STEP[from..from + STEP[from..].find(';').unwrap()])
        .collect();
    assert_eq!(statements.len(), 2);
    for statement in statements {
        // Plain PostgreSQL gets as far as the options' first name, which only the extension knows.
        let sql = sqlx::AssertSqlSafe(statement.to_owned());
        let refused = superuser.execute(sqlx::raw_sql(sql)).await.unwrap_err().to_string();
        assert!(refused.contains("namespace \"timescaledb\""), "{refused}");
    }
}

#[tokio::test]
async fn a_hypertable_s_keys_hold_its_time() {
    let fresh = Fresh::new().await;
    let mut superuser = fresh.superuser().await;
    let tables = [
        ("candles", "open_time"),
        ("portfolio_states", "at"),
        ("order_books", "at"),
        ("mark_prices", "at"),
        ("public_trades", "at"),
        ("open_interest", "at"),
        ("long_short_ratios", "at"),
        ("liquidations", "at"),
    ];
    for (table, time) in tables {
        let unfit: i64 = sqlx::query_scalar(
            "select count(*) from pg_index where indrelid = $1::regclass and indisunique \
             and not (select attnum from pg_attribute where attrelid = indrelid and attname = $2) \
                 = any(indkey)",
        )
        .bind(table)
        .bind(time)
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        assert_eq!(unfit, 0, "{table}");
    }
}

#[tokio::test]
async fn migrating_again_does_nothing() {
    let fresh = Fresh::new().await;
    fresh.journal().await.append(&everything()).await.unwrap();
    let before = fresh.dump().await;
    fresh.store.migrate().await.unwrap();
    assert_eq!(fresh.dump().await, before);
}

#[tokio::test]
async fn another_schema_is_told_by_name() {
    let fresh = Fresh::new().await;
    let mut superuser = fresh.superuser().await;
    superuser.execute("drop schema public cascade").await.unwrap();
    superuser.execute("create schema public").await.unwrap();
    let refused = fresh.store.decisions(&Filter::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotMigrated), "{refused}");

    fresh.store.migrate().await.unwrap();
    superuser
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (9999, 'from tomorrow', true, '', 0)",
        )
        .await
        .unwrap();
    let refused = fresh.store.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { version: 9999 }), "{refused}");

    superuser.execute("delete from _sqlx_migrations where version = 9999; ").await.unwrap();
    superuser.execute("update _sqlx_migrations set checksum = '' where version = 2").await.unwrap();
    let refused = fresh.store.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::OtherSchema { version: 2 }), "{refused}");
}
