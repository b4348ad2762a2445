-- :clients clients of :partners partners, turn by turn, as they would have come: each with what a creation writes. Indexes and
-- constraints are taken away meanwhile, and made again as they were.
set synchronous_commit = off;
set maintenance_work_mem = '1GB';

create table load_definitions as
with filled as (
    select unnest(array['clients', 'ns_domains', 'client_events', 'client_words'])::regclass as relation
), constraints as (
    select conindid as index, contype = 'f' as is_foreign,
           format('alter table %s drop constraint %I', conrelid::regclass, conname) as undo,
           format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as redo
    from pg_constraint
    where contype in ('p', 'u', 'f') and (conrelid in (select relation from filled) or confrelid in (select relation from filled))
)
select is_foreign::int as rank, undo, redo from constraints
union all
select 0, format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index
where indrelid in (select relation from filled) and indexrelid not in (select index from constraints where not is_foreign);

select undo from load_definitions order by rank desc \gexec

insert into partners (id, name) select gen_random_uuid(), 'crowd-' || n from generate_series(1, :partners) n;
create table load_partners as
select row_number() over (order by id) as number, id from partners where name like 'crowd-%';

insert into clients (partner_id, ns_domain, status, customer_id, subreseller_id, email, first_name, last_name, address,
                     zipcode, same_billing_address, billing_address, billing_zipcode, created_at, last_position, search)
select id, 'crowd' || n || '.load', case when n / :partners % 3 = 0 then 'suspended' else 'active' end,
       'C-' || n, (n / :partners % 2)::text, 'someone' || n || '@example.com', first, last, address,
       '33134', true, address, '33134', '2026-01-01Z'::timestamptz + make_interval(secs => n), 0,
       lower(first || ' ' || last || ' ' || address)
from (select n, 'First' || n % 997 as first, 'Last' || n % 9973 as last, n % 1000 || ' Mendoza avenue' as address,
             (n - 1) % :partners + 1 as number
      from generate_series(1, :clients) n) as crowd
join load_partners using (number)
order by n;

insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, partner_id, id from clients;
insert into client_events (partner_id, client_id, id, position, kind, to_status, to_billing_status, at, request_id)
select partner_id, id, event_id(created_at), 0, 'created', 'pending', 'none', created_at, 'load' from clients;
insert into client_words (partner_id, word, client_id)
select distinct partner_id, word, id from clients, unnest(string_to_array(search, ' ')) as word;

select redo from load_definitions order by rank \gexec
drop table load_definitions;
vacuum analyze;
checkpoint;
