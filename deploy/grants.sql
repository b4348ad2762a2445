-- What the role that serves may do, table by table: what the code needs, and nothing else. It may not change or remove
-- what is only ever added to. A table that is not named here, it cannot touch.
--
-- `dna-api migrate` and a `serve` that migrates run this as the schema's owner, for the role of DATABASE_URL; so does
-- `roles.sql`. The role's name is in the setting `dna.runtime`. It may run any number of times.
do $$
declare
    runtime constant name := current_setting('dna.runtime');
    wanted record;
    privilege text;
begin
    -- An owner may grant itself whatever it likes, and a superuser needs no grant.
    if (select rolsuper from pg_roles where rolname = runtime) or runtime = current_user then
        return;
    end if;
    -- One at a time: two that change one table's grants at once fail.
    perform pg_advisory_xact_lock(hashtext('dna-api grants'));

    for wanted in
        select to_regclass('public.' || name) as relation, string_to_array(privileges, ' ') as privileges
        from (values
            ('_sqlx_migrations',     'select'),
            ('audit_log',            'select insert'),
            ('client_counts',        'select insert update delete'),
            ('client_counts_until',  'select insert update'),
            ('client_events',        'select insert'),
            ('client_words',         'select insert delete'),
            ('clients',              'select insert update'),
            ('clients_id_seq',       'select'),
            ('documented_form_uses', 'select insert update'),
            ('event_eras',           'select'),
            ('idempotent_replies',   'select insert update delete'),
            ('failed_attempts',      'select insert update delete'),
            ('ns_domain_counters',   'select insert update'),
            ('ns_domains',           'select insert'),
            ('oauth_clients',        'select insert update'),
            ('partners',             'select insert update'),
            ('refresh_tokens',       'select insert update delete'),
            ('signing_keys',         'select insert update'),
            ('token_families',       'select insert update delete'),
            ('users',                'select insert update')
        ) as t (name, privileges)
    loop
        -- Before the first migration, there is no table yet.
        continue when wanted.relation is null;
        foreach privilege in array array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'] loop
            if privilege = any (wanted.privileges) then
                if not has_table_privilege(runtime, wanted.relation, privilege) then
                    execute format('grant %s on %s to %I', privilege, wanted.relation, runtime);
                end if;
            elsif has_table_privilege(runtime, wanted.relation, privilege) then
                execute format('revoke %s on %s from %I', privilege, wanted.relation, runtime);
            end if;
        end loop;
    end loop;
end
$$;
