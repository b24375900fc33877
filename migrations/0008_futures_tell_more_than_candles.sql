-- What futures tell beside candles. Facts for agents and backtests to read; no decision of a run is
-- replayed from them, so they go when they are old (`store::facts` says when), but for funding: it
-- is small, and backtests of years pay it.
--
-- Every key holds its time, as the unique keys of a hypertable must.

create table funding_rates (
    instrument text collate "C" not null,
    at timestamptz not null,
    -- Of notional; longs pay shorts where it is positive.
    rate_ratio numeric not null,
    -- What positions were valued at, where the venue said.
    mark numeric,
    primary key (instrument, at)
);

create table mark_prices (
    instrument text collate "C" not null,
    at timestamptz not null,
    mark numeric not null,
    index_price numeric not null,
    estimated_settle numeric,
    -- What would be paid at the next settlement; none is unknown, not nought.
    funding_ratio numeric,
    next_funding_at timestamptz,
    primary key (instrument, at)
);

-- The best of each side, best first, with sums over these and over the whole book as it is known.
create table order_books (
    instrument text collate "C" not null,
    at timestamptz not null,
    last_update_id numeric(20, 0) not null,
    bid_prices numeric[] not null,
    bid_quantities numeric[] not null,
    ask_prices numeric[] not null,
    ask_quantities numeric[] not null,
    bid_volume_base numeric not null,
    ask_volume_base numeric not null,
    full_bid_volume_base numeric not null,
    full_ask_volume_base numeric not null,
    spread_quote numeric not null,
    -- (bid − ask) / (bid + ask) of the best levels' volumes, −1…1.
    imbalance_ratio double precision not null,
    primary key (instrument, at)
);

create table public_trades (
    instrument text collate "C" not null,
    -- The venue's own number, unique within the instrument.
    venue_trade_id numeric(20, 0) not null,
    at timestamptz not null,
    price numeric not null,
    quantity numeric not null,
    -- Whether the buyer's order rested in the book: then the seller took.
    is_buyer_maker boolean not null,
    primary key (instrument, at, venue_trade_id)
);

create table open_interest (
    instrument text collate "C" not null,
    at timestamptz not null,
    open_interest_base numeric not null,
    primary key (instrument, at)
);

-- Accounts that are long for each that is short.
create table long_short_ratios (
    instrument text collate "C" not null,
    at timestamptz not null,
    ratio numeric not null,
    primary key (instrument, at)
);

create table liquidations (
    instrument text collate "C" not null,
    at timestamptz not null,
    -- Which side the venue took: it sells a long position.
    side text collate "C" not null,
    price numeric not null,
    quantity numeric not null,
    primary key (instrument, at, side, price, quantity)
);
