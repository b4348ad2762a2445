-- A client's whole life: cancelled and billed or not, found by what is known of it, erased, and every event of it in an
-- order that a partner can follow.
--
-- Servers of the version before run on beside this: what they write takes the defaults below.
set local lock_timeout = '5s';

-- A test partner's clients are for trying things out: never billed, and removed at will.
alter table partners add column is_test boolean not null default false;

-- `billing_status` is `none` until the client is first activated. Once `erased_at` is set, nothing personal is left.
-- `last_position` is that of the client's newest event. `search` has the words of its names and its address, as
-- `client_words` has them, with one space between two; null where a server of the version before wrote the client.
alter table clients
    add column billing_status text        not null default 'none',
    add column erased_at      timestamptz,
    add column last_position  bigint      not null default 0,
    add column search         text;
alter table clients
    drop constraint clients_status_check,
    add constraint clients_status_check check (status in ('pending', 'active', 'suspended', 'cancelled')),
    add constraint clients_billing_status_check check (billing_status in ('none', 'active', 'suspended'));

-- What a client is listed by. None holds what a change of status writes, so that is still done in place.
create index clients_created_at_idx on clients (partner_id, created_at, id);
create index clients_email_idx on clients (partner_id, lower(email), id);
create index clients_subreseller_id_idx on clients (partner_id, subreseller_id, id) where subreseller_id is not null;

-- The words of clients' names and addresses, in the letters a to z and digits: a search by the beginning of a word is a
-- range of the key. Personal data: what erases or removes a client removes its words.
create table client_words (
    partner_id uuid   not null,
    word       text   not null collate "C",
    client_id  bigint not null,
    constraint client_words_pkey primary key (partner_id, word, client_id)
);

-- The cluster that gives out transaction ids, from an era on. They start anew where the data is restored into another
-- cluster: that begins an era.
create table event_eras (
    era        bigint      not null,
    cluster    bigint      not null,
    started_at timestamptz not null default now(),
    constraint event_eras_pkey primary key (era)
);
insert into event_eras (era, cluster) select 1, system_identifier from pg_control_system();

-- The position of an event that this transaction writes: era and transaction id. Events whose position is below
-- `event_horizon()` are committed or will never be, so whoever has read up to there misses none.
create function event_position() returns bigint language sql volatile
begin atomic
    select (max(era) << 48) + pg_current_xact_id()::text::bigint from event_eras;
end;

-- Stable, so that it speaks of the very snapshot that its statement reads from.
create function event_horizon() returns bigint language sql stable
begin atomic
    select (max(era) << 48) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint from event_eras;
end;

-- A UUIDv7 whose time has microseconds (RFC 9562 §6.2, method 3): ids of one client's events sort as they happened.
create function event_id(at timestamptz) returns uuid language sql volatile
begin atomic
    select encode(
        substring(int8send(micros / 1000) from 3)
        || int2send((28672 + micros % 1000 * 4096 / 1000)::smallint)
        || substring(uuid_send(gen_random_uuid()) from 9),
        'hex')::uuid
    from (select (extract(epoch from at) * 1000000)::bigint as micros) as moment;
end;

-- `changed` names the members that an update changed; their values are not kept, so an event holds nothing personal but
-- perhaps its `reason`. An operator's command has `operator`, the account that ran it, in place of user, OAuth client
-- and request. Rows of the version before have no `kind` and are at position 0, which their id orders.
alter table client_events
    add column kind                text,
    add column from_billing_status text,
    add column to_billing_status   text,
    add column changed             text[],
    add column reason              text,
    add column operator            text,
    add column position            bigint not null default 0,
    alter column user_id drop not null,
    alter column oauth_client_id drop not null,
    alter column request_id drop not null;
alter table client_events
    add constraint client_events_kind_check
        check (kind in ('created', 'updated', 'activated', 'suspended', 'cancelled', 'reset', 'erased'));
create index client_events_feed_idx on client_events (partner_id, position, id);
alter table client_events alter column position set default event_position();
alter table clients alter column last_position set default event_position();

-- What was written before.
with was as (
    select partner_id, client_id, id,
           bool_or(to_status = 'active') over (partition by partner_id, client_id order by id) as activated,
           bool_or(to_status = 'active') over (partition by partner_id, client_id order by id
                                               rows between unbounded preceding and 1 preceding) as activated_before
    from client_events
)
update client_events e
set from_billing_status = case when e.from_status is null then null when activated_before then 'active' else 'none' end,
    to_billing_status = case when activated then 'active' else 'none' end
from was where (was.partner_id, was.client_id, was.id) = (e.partner_id, e.client_id, e.id);

update clients c
set billing_status = case when exists (select from client_events e where e.partner_id = c.partner_id and e.client_id = c.id
                                       and e.to_status = 'active') then 'active' else 'none' end,
    search = trim(regexp_replace(
        lower(translate(concat_ws(' ', first_name, last_name, address),
                        'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöøùúûüýÿ',
                        'AAAAAACEEEEIIIINOOOOOOUUUUYaaaaaaceeeeiiiinoooooouuuuyy')),
        '[^a-z0-9]+', ' ', 'g'));
insert into client_words (partner_id, word, client_id)
select distinct partner_id, word, id from clients, unnest(string_to_array(search, ' ')) as word where word <> '';
