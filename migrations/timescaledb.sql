-- Runs after the migrations whenever TimescaleDB is there, every time: each step does nothing
-- where it was done before, so the extension may also arrive later.
--
-- The ledger and what shows it are plain tables and are never pruned.

-- The primary keys serve every query; the time index that would be made by default only costs.
select create_hypertable('candles', 'open_time',
    chunk_time_interval => interval '7 days',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('portfolio_states', 'at',
    chunk_time_interval => interval '30 days',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
-- What futures tell beside candles; funding is small and stays a plain table.
select create_hypertable('order_books', 'at', chunk_time_interval => interval '1 day',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('mark_prices', 'at', chunk_time_interval => interval '1 day',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('public_trades', 'at', chunk_time_interval => interval '1 day',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('open_interest', 'at', chunk_time_interval => interval '7 days',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('long_short_ratios', 'at', chunk_time_interval => interval '7 days',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('liquidations', 'at', chunk_time_interval => interval '7 days',
    create_default_indexes => false, if_not_exists => true, migrate_data => true);

-- Settings can't be changed once chunks are compressed, so they are made once. (No function makes
-- them, and plain PostgreSQL doesn't know these options: only where the extension itself is.)
do $$
begin
    if not exists (select from pg_extension where extname = 'timescaledb') then
        return;
    end if;
    if exists (select from timescaledb_information.hypertables
               where hypertable_name = 'candles' and not compression_enabled) then
        alter table candles set (timescaledb.compress,
            timescaledb.compress_segmentby = 'instrument, timeframe',
            timescaledb.compress_orderby = 'open_time');
    end if;
    if exists (select from timescaledb_information.hypertables
               where hypertable_name = 'portfolio_states' and not compression_enabled) then
        alter table portfolio_states set (timescaledb.compress,
            timescaledb.compress_orderby = 'at');
    end if;
end
$$;

-- Ages are counted from when a chunk was made, not from the times in it: replayed history of
-- years ago must neither be compressed under the writer nor dropped within the hour. A chunk is
-- as much older than its youngest row as it is long, hence the added days.
select add_compression_policy('candles',
    compress_created_before => interval '14 days', if_not_exists => true);
select add_compression_policy('portfolio_states',
    compress_created_before => interval '60 days', if_not_exists => true);

-- Candles are compressed but never dropped: the next start lives through them again, and every
-- replay of a decision from its candles stands on them. Portfolio states go after a year.
select add_retention_policy('portfolio_states',
    drop_created_before => interval '395 days', if_not_exists => true);

-- Seven days of books, thirty of trades and marks, ninety of the rest, and the length of a chunk.
-- Where the extension is missing, the program itself deletes what is older (`store::facts`).
select add_retention_policy('order_books',
    drop_created_before => interval '8 days', if_not_exists => true);
select add_retention_policy('mark_prices',
    drop_created_before => interval '31 days', if_not_exists => true);
select add_retention_policy('public_trades',
    drop_created_before => interval '31 days', if_not_exists => true);
select add_retention_policy('open_interest',
    drop_created_before => interval '97 days', if_not_exists => true);
select add_retention_policy('long_short_ratios',
    drop_created_before => interval '97 days', if_not_exists => true);
select add_retention_policy('liquidations',
    drop_created_before => interval '97 days', if_not_exists => true);
