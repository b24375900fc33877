create view latest_portfolio as
    select * from portfolio_states order by at desc limit 1;

-- Entries that were filled and whose position is not closed yet. A fill that added to a position
-- belongs to the trade that the position became, hence the test by time.
create view open_trades as
    select
        o.decision_id,
        o.instrument,
        case o.side when 'buy' then 'long' else 'short' end as direction,
        min(f.time_exchange) as entry_time,
        sum(f.quantity) as quantity,
        sum(f.quantity * f.price) / sum(f.quantity) as entry_price,
        d.stop,
        d.target
    from orders o
    join fills f using (client_order_id)
    join decisions d on d.id = o.decision_id
    where o.role = 'entry'
      and not exists (
          select from trades t
          where t.instrument = o.instrument
            and (t.decision_id = o.decision_id
                 or (t.entry_time < f.time_exchange and t.exit_time > f.time_exchange))
      )
    group by o.decision_id, o.instrument, o.side, d.stop, d.target;

-- The last thirty days that were traded, by day. Counted back from the last trade, not from today,
-- so that replayed history shows too.
create view recent_performance as
    select
        date_trunc('day', exit_time at time zone 'UTC')::date as day,
        count(*) as trades,
        count(*) filter (where pnl_quote > 0) as wins,
        count(*) filter (where pnl_quote > 0)::double precision / count(*) as win_ratio,
        sum(pnl_quote) as pnl_quote,
        sum(fees_quote) as fees_quote
    from trades
    where exit_time > (select max(exit_time) from trades) - interval '30 days'
    group by 1
    order by 1;
