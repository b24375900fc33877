-- Decisions, order transitions, fills and configurations: one chain, one writer, never pruned.
create table ledger (
    seq bigint primary key,
    -- Unique, so that no two entries can follow the same one: a second writer is refused here.
    prev_hash text collate "C" not null unique,
    hash text collate "C" not null,
    -- HMAC of the hash, with a key that is not in this database.
    seal text collate "C" not null,
    kind text collate "C" not null,
    at timestamptz not null,
    input_seq bigint not null,
    payload text not null
);

-- A fence against mistakes, not against intent: whoever may disable it can still not forge the
-- seals, and the chain shows what was done.
create function the_ledger_only_grows() returns trigger
    language plpgsql as $$
begin
    raise exception 'the ledger only grows: % is refused', tg_op
        using hint = 'entries are corrected by new entries';
end
$$;

create trigger the_ledger_only_grows
    before update or delete or truncate on ledger
    for each statement execute function the_ledger_only_grows();
