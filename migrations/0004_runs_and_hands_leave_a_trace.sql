-- One row per run of the engine.
create table runs (
    id text collate "C" primary key,
    seed numeric(20, 0) not null,
    mode text collate "C" not null,
    config_hash text collate "C" not null,
    started_at timestamptz not null,
    -- None while it runs, and for ever if it was killed.
    finished_at timestamptz
);

-- What people and verbs did to the system, in wall time. Not part of any replay.
create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    details json not null,
    success boolean not null
);
