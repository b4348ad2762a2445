-- A function in SQL is read and planned anew by each statement that calls it: a third of what a creation cost. The first
-- below is written so that its expression becomes part of the statement's own plan, the second keeps its plan.

-- A UUIDv7 whose time has microseconds (RFC 9562 §6.2, method 3): ids of one client's events sort as they happened.
-- One expression, no subquery: else it is not taken into the statement.
create or replace function event_id(at timestamptz) returns uuid language sql volatile
begin atomic
    select encode(
        substring(int8send((extract(epoch from at) * 1000000)::bigint / 1000) from 3)
        || int2send((28672 + (extract(epoch from at) * 1000000)::bigint % 1000 * 4096 / 1000)::smallint)
        || substring(uuid_send(gen_random_uuid()) from 9),
        'hex')::uuid;
end;

-- The position of an event that this transaction writes: era and transaction id. Events whose position is below
-- `event_horizon()` are committed or will never be, so whoever has read up to there misses none.
create or replace function event_position() returns bigint language plpgsql volatile as $$
begin
    return (select max(era) << 48 from event_eras) + pg_current_xact_id()::text::bigint;
end
$$;
