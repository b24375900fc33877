-- What a person must be told, until a mail server has taken it. Written with what it follows from,
-- in one transaction, so that no halt goes untold because the process died after it.
create table alerts (
    -- In which order they are told.
    number bigint generated always as identity,
    id text collate "C" primary key,
    -- Event time; `raised_at` is the wall's.
    at timestamptz not null,
    raised_at timestamptz not null default clock_timestamp(),
    kind text collate "C" not null,
    severity text collate "C" not null,
    instrument text collate "C",
    subject text not null,
    text text not null,
    attempts integer not null default 0,
    last_error text,
    -- Refused for good: to try again changes nothing until a person changes the settings.
    failed boolean not null default false,
    sent_at timestamptz
);

create index alerts_unsent on alerts (number) where sent_at is null;
create index alerts_by_kind on alerts (kind, raised_at);
