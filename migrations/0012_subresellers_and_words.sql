-- Counts of a partner's clients, kept without a second write by what changes a client; and words that are folded anew.
--
-- Servers of the version before run on beside this: what they write takes the defaults below.
set local lock_timeout = '5s';

-- Where an update moved the client from, the empty text for none; null where it did not move, and where a server of
-- the version before moved it, which `changed` tells.
alter table client_events add column from_subreseller_id text;
create index client_events_moves_idx on client_events (partner_id, client_id, id) where from_subreseller_id is not null;

-- A partner's clients of each status by subreseller, the empty text for none: as the events below
-- `client_counts_until.position` left them. What came later is in the events.
create table client_counts (
    partner_id     uuid   not null,
    subreseller_id text   not null collate "C",
    pending        bigint not null,
    active         bigint not null,
    suspended      bigint not null,
    cancelled      bigint not null,
    constraint client_counts_pkey primary key (partner_id, subreseller_id)
);

-- The partners whose clients are counted, null before they are. Never a test partner, whose events may be removed.
create table client_counts_until (
    partner_id uuid   not null,
    position   bigint,
    constraint client_counts_until_pkey primary key (partner_id),
    constraint client_counts_until_partner_fkey foreign key (partner_id) references partners (id)
);

-- Clients whose words a server is to fold anew: 0007 knew the letters of Latin-1 alone, and cut no word. A server of
-- the first version writes no words at all.
alter table clients add column refold boolean not null default false;
update clients set refold = true
where erased_at is null and search is not null
  and concat_ws(' ', first_name, last_name, address) ~ '[^\u0001-\u007F]|[A-Za-z0-9]{41}';
create index clients_refold_idx on clients (partner_id, id) where erased_at is null and (refold or search is null);

-- What the partner's events from position `since` on, and before `until`, did to its counts. An event tells where its
-- client was moved from, so where it was at a place is what the first move after that place tells, else where it is.
-- To compile its plan takes longer than to run it.
create function client_counts_between(partner uuid, since bigint, until bigint)
returns table (subreseller_id text, pending bigint, active bigint, suspended bigint, cancelled bigint)
language sql stable rows 100 set jit = off
begin atomic
    with told as materialized (
        select distinct on (e.client_id) e.client_id, e.from_status as was,
               last_value(e.to_status) over (partition by e.client_id order by e.id
                                             rows between unbounded preceding and unbounded following) as becomes
        from client_events e
        where e.partner_id = $1 and e.position >= $2 and e.position < $3
        order by e.client_id, e.id
    )
    select step.subreseller_id,
           coalesce(sum(step.n) filter (where step.status = 'pending'), 0)::bigint,
           coalesce(sum(step.n) filter (where step.status = 'active'), 0)::bigint,
           coalesce(sum(step.n) filter (where step.status = 'suspended'), 0)::bigint,
           coalesce(sum(step.n) filter (where step.status = 'cancelled'), 0)::bigint
    from told
    -- `offset 0`: a step in the index for each, however many the planner takes them for.
    cross join lateral (
        select coalesce((select e.from_subreseller_id from client_events e
                         where e.partner_id = $1 and e.client_id = c.id and e.position >= $2
                           and e.from_subreseller_id is not null order by e.id limit 1), c.subreseller_id, '') as was,
               coalesce((select e.from_subreseller_id from client_events e
                         where e.partner_id = $1 and e.client_id = c.id and e.position >= $3
                           and e.from_subreseller_id is not null order by e.id limit 1), c.subreseller_id, '') as becomes
        from clients c where c.partner_id = $1 and c.id = told.client_id offset 0
    ) as place
    cross join lateral (values (place.was, told.was, -1), (place.becomes, told.becomes, 1))
        as step (subreseller_id, status, n)
    group by step.subreseller_id;
end;

-- From which position on events are to be added to the partner's counts. Null where its clients are better counted
-- anew: they never were, a server of the version before has moved one since, or the events since are many.
create function client_counts_position(partner uuid) returns bigint language sql stable set jit = off
begin atomic
    select u.position from client_counts_until u
    where u.partner_id = $1
      and not exists (
          select from client_events e
          where e.partner_id = $1 and e.position >= u.position and e.position < 9223372036854775807
          order by e.position, e.id offset 20000
      )
      and not exists (
          select from client_events e
          where e.partner_id = $1 and e.position >= u.position and e.position < 9223372036854775807
            and 'subreseller_id' = any(e.changed) and e.from_subreseller_id is null
      );
end;
