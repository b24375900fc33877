-- What the collector released, in the one total order of `input_seq`.
--
-- Names are compared byte by byte (collate "C"): it is how the program orders them, it is the same
-- on every machine, and index inserts are faster for it.

-- Moments travel between program and tables as milliseconds since the epoch.
create function utc_of(ms bigint) returns timestamptz
    language sql immutable parallel safe
    return to_timestamp(ms / 1000.0);

create function ms_of(at timestamptz) returns bigint
    language sql immutable parallel safe
    return (extract(epoch from at) * 1000)::bigint;

create table candles (
    instrument text collate "C" not null,
    timeframe text collate "C" not null,
    open_time timestamptz not null,
    open numeric not null,
    high numeric not null,
    low numeric not null,
    close numeric not null,
    volume_base double precision not null,
    input_seq bigint not null,
    -- Event time at which it was released.
    watermark timestamptz not null,
    primary key (instrument, timeframe, open_time)
);

-- Reading back in order. Not unique: a hypertable's unique keys must hold its time column.
create index candles_by_input_seq on candles (input_seq);

-- Everything released that is not a candle, and a candle released a second time (history that
-- follows the start of a session), as canonical text.
create table inputs (
    input_seq bigint primary key,
    watermark timestamptz not null,
    payload text not null
);

-- Where the venue itself has no candles. Nothing is ever invented to fill these.
create table candle_holes (
    instrument text collate "C" not null,
    timeframe text collate "C" not null,
    -- Open of the first candle that is missing.
    from_time timestamptz not null,
    -- Open of the first candle after the hole.
    until_time timestamptz not null,
    missing bigint not null,
    primary key (instrument, timeframe, from_time)
);

-- Candles that the venue changed, or sent only after the market had gone on: recorded, and
-- nothing that was decided moves. The whole content is the key, so a correction heard twice is
-- one row and a second correction another.
create table candle_corrections (
    instrument text collate "C" not null,
    timeframe text collate "C" not null,
    open_time timestamptz not null,
    open numeric not null,
    high numeric not null,
    low numeric not null,
    close numeric not null,
    volume_base double precision not null,
    -- Event time at which it was noticed.
    noticed_at timestamptz not null,
    primary key (instrument, timeframe, open_time, open, high, low, close, volume_base)
);
