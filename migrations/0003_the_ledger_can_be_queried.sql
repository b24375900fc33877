-- Rows to list, join and draw, written in the same transaction as the ledger entries they show.
-- The ledger is the truth; `seq` names the entry.

create table signals (
    id text collate "C" primary key,
    agent text collate "C" not null,
    instrument text collate "C" not null,
    input_seq bigint not null,
    issued_at timestamptz not null,
    direction text collate "C" not null,
    score double precision not null,
    confidence double precision not null,
    expected_return_ratio double precision not null,
    horizon_ms bigint not null,
    expires_at timestamptz not null,
    atr_quote double precision,
    -- json, not jsonb: it keeps every digit and the sign of nought.
    basis json not null
);
create index signals_by_time on signals (issued_at);

create table risk_words (
    instrument text collate "C" not null,
    input_seq bigint not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    entries_allowed boolean not null,
    size_ratio double precision not null,
    basis json not null,
    primary key (instrument, input_seq)
);

create table decisions (
    id text collate "C" primary key,
    seq bigint not null unique,
    at timestamptz not null,
    input_seq bigint not null,
    instrument text collate "C" not null,
    action text collate "C" not null,
    reason text not null,
    verdict text collate "C" not null,
    denial text,
    score double precision,
    confidence double precision,
    reference numeric not null,
    quantity numeric,
    stop numeric,
    target numeric
);

create table orders (
    client_order_id text collate "C" primary key,
    decision_id text collate "C" not null,
    -- The entry of the latest transition.
    seq bigint not null,
    at timestamptz not null,
    instrument text collate "C" not null,
    role text collate "C" not null,
    side text collate "C" not null,
    kind text collate "C" not null,
    -- Of a limit or a target.
    price numeric,
    -- Of a stop.
    trigger numeric,
    quantity numeric not null,
    filled numeric not null,
    state text collate "C" not null
);

create table fills (
    -- The venue's own number, unique within the instrument.
    venue_fill_id numeric(20, 0) not null,
    instrument text collate "C" not null,
    seq bigint not null unique,
    client_order_id text collate "C" not null,
    side text collate "C" not null,
    price numeric not null,
    quantity numeric not null,
    fee numeric not null,
    fee_asset text collate "C" not null,
    liquidity text collate "C" not null,
    time_exchange timestamptz not null,
    primary key (instrument, venue_fill_id)
);
create index fills_by_order on fills (client_order_id);

-- Closed round trips.
create table trades (
    decision_id text collate "C" not null,
    instrument text collate "C" not null,
    direction text collate "C" not null,
    entry_time timestamptz not null,
    exit_time timestamptz not null,
    quantity numeric not null,
    entry_price numeric not null,
    exit_price numeric not null,
    fees_quote numeric not null,
    pnl_quote numeric not null,
    exit_reason text collate "C" not null,
    primary key (instrument, decision_id, exit_time)
);
create index trades_by_exit on trades (exit_time);

create table portfolio_states (
    at timestamptz primary key,
    cash_quote numeric not null,
    equity_quote numeric not null,
    heat_ratio double precision not null,
    drawdown_ratio double precision not null,
    open_positions bigint not null,
    day_pnl_quote numeric not null,
    realised_quote numeric not null,
    fees_quote numeric not null,
    positions json not null
);

create table risk_events (
    id text collate "C" primary key,
    at timestamptz not null,
    input_seq bigint not null,
    kind text collate "C" not null,
    severity text collate "C" not null,
    instrument text collate "C",
    details json not null,
    action_taken text not null
);

-- How long each agent worked on which events.
create table agent_executions (
    agent text collate "C" not null,
    first_input_seq bigint not null,
    last_input_seq bigint not null,
    started_at timestamptz not null,
    duration_us bigint not null,
    -- Why it failed; none where it didn't.
    error text,
    primary key (agent, first_input_seq)
);
