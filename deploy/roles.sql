-- Two roles for a database of your own: one that owns the schema and migrates it (DNA_MIGRATE_DATABASE_URL), and one
-- that serves (DATABASE_URL), which can neither change the schema nor rewrite what was audited. Run it with psql as a
-- superuser, or as a role that may make roles and databases; any number of times.
--
--     psql -v database=dna -v owner=dna_owner -v runtime=dna_api -f deploy/roles.sql 'postgres://postgres@db.example.com/postgres'
--
-- The names are those by default. It sets no password, so that none is in a file or in psql's history: set them with
-- psql's \password, or let pg_hba.conf say who is who.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?database} \else \set database dna \endif
\if :{?owner} \else \set owner dna_owner \endif
\if :{?runtime} \else \set runtime dna_api \endif

select format('create role %I login', name) from unnest(array[:'owner', :'runtime']) as name
where not exists (select from pg_roles where rolname = name) \gexec
-- Who is no superuser must be a member of the owner to make a database for it, and to act on its tables.
set client_min_messages to warning;
select format('grant %I to current_user', :'owner') where not (select rolsuper from pg_roles where rolname = current_user) \gexec
select format($$create database %I owner %I encoding 'UTF8' locale 'C' template template0$$, :'database', :'owner')
where not exists (select from pg_database where datname = :'database') \gexec

revoke all on database :"database" from public;
grant connect, temporary on database :"database" to :"owner";
grant connect on database :"database" to :"runtime";
\connect :"database"

revoke create on schema public from public;
revoke create on schema public from :"runtime";
grant usage, create on schema public to :"owner";
grant usage on schema public to :"runtime";
-- What earlier instructions for two roles granted on whatever table comes; now each table's grants come with it.
alter default privileges for role :"owner" in schema public revoke all on tables from :"runtime";

begin;
set local role :"owner";
set local dna.runtime to :'runtime';
\ir grants.sql
commit;
