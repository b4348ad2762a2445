-- The documented API: partners, what they log in with, and their clients.
--
-- `partners`, `oauth_clients` and `users` are small and written by operators alone; the rest is a partner's data, and
-- has `partner_id` leading every key, so that it can be distributed by partner. What must be unique among all
-- partners (`ns_domains`) is a table of its own with that name as its key.

create table partners (
    id          uuid        not null,
    name        text        not null,
    disabled_at timestamptz,
    created_at  timestamptz not null default now(),
    constraint partners_pkey primary key (id),
    constraint partners_name_key unique (name)
);

create table oauth_clients (
    partner_id  uuid        not null,
    id          uuid        not null,
    name        text        not null,
    secret_hash bytea       not null,
    scope       text        not null,
    grant_types text        not null,
    disabled_at timestamptz,
    created_at  timestamptz not null default now(),
    constraint oauth_clients_pkey primary key (partner_id, id),
    constraint oauth_clients_id_key unique (id),
    constraint oauth_clients_partner_id_fkey foreign key (partner_id) references partners (id),
    constraint oauth_clients_secret_hash_check check (octet_length(secret_hash) = 32)
);

-- How often an OAuth client used the forms of a request that the document prints and RFC 6749 forbids.
create table documented_form_uses (
    partner_id      uuid        not null,
    oauth_client_id uuid        not null,
    uses            bigint      not null,
    last_used_at    timestamptz not null,
    constraint documented_form_uses_pkey primary key (partner_id, oauth_client_id),
    constraint documented_form_uses_oauth_client_fkey foreign key (partner_id, oauth_client_id)
        references oauth_clients (partner_id, id)
);

create table users (
    partner_id          uuid        not null,
    id                  uuid        not null,
    username            text        not null,
    folded_username     text        not null,
    password_hash       text        not null,
    password_changed_at timestamptz not null default now(),
    scope               text        not null,
    disabled_at         timestamptz,
    created_at          timestamptz not null default now(),
    constraint users_pkey primary key (partner_id, id),
    -- Operators name a user by the username alone, and nobody minds the letter case: `folded_username` is without it, in
    -- whatever script. The database's own `lower` knows of ASCII alone where its locale is C.
    constraint users_folded_username_key unique (folded_username),
    constraint users_partner_id_fkey foreign key (partner_id) references partners (id)
);

-- One row a refresh token; the token itself is never stored. `sid` is the login that it descends from.
create table refresh_tokens (
    partner_id      uuid        not null,
    token_hash      bytea       not null,
    sid             uuid        not null,
    oauth_client_id uuid        not null,
    user_id         uuid        not null,
    scope           text        not null,
    issued_at       timestamptz not null default now(),
    expires_at      timestamptz not null,
    consumed_at     timestamptz,
    constraint refresh_tokens_pkey primary key (partner_id, token_hash),
    constraint refresh_tokens_oauth_client_fkey foreign key (partner_id, oauth_client_id)
        references oauth_clients (partner_id, id),
    constraint refresh_tokens_user_fkey foreign key (partner_id, user_id) references users (partner_id, id),
    constraint refresh_tokens_token_hash_check check (octet_length(token_hash) = 32)
);

-- RSA keys that sign access tokens: the private half sealed under the master key, which the database never sees.
create table signing_keys (
    kid         text        not null,
    private_key bytea       not null,
    signing     boolean     not null,
    created_at  timestamptz not null default now(),
    constraint signing_keys_pkey primary key (kid)
);
-- At most one key signs, whichever of several servers makes it first.
create unique index signing_keys_signing_key on signing_keys (signing) where signing;

-- A telecom customer. A change of status rewrites the row in its place: no index holds what it changes, and every
-- page keeps room for it.
create table clients (
    partner_id           uuid        not null,
    id                   bigint      not null generated always as identity,
    ns_domain            text        not null,
    status               text        not null default 'pending',
    customer_id          text,
    subreseller_id       text,
    email                text        not null,
    first_name           text        not null,
    last_name            text        not null,
    address              text        not null,
    zipcode              text        not null,
    same_billing_address boolean     not null,
    billing_address      text        not null,
    billing_zipcode      text        not null,
    start_billing_date   date,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    status_changed_at    timestamptz not null default now(),
    constraint clients_pkey primary key (partner_id, id),
    constraint clients_customer_id_key unique (partner_id, customer_id),
    constraint clients_partner_id_fkey foreign key (partner_id) references partners (id),
    constraint clients_status_check check (status in ('pending', 'active', 'suspended'))
) with (fillfactor = 85);

-- Every name that a client's domain ever had: never deleted, so never given out again.
create table ns_domains (
    ns_domain  text   not null,
    partner_id uuid   not null,
    client_id  bigint not null,
    constraint ns_domains_pkey primary key (ns_domain),
    constraint ns_domains_ns_domain_check check (ns_domain = lower(ns_domain) and length(ns_domain) <= 64)
);

-- How many domains have been made of a name and a suffix: the next namesake gets the next number.
create table ns_domain_counters (
    slug   text   not null,
    suffix text   not null,
    taken  bigint not null,
    constraint ns_domain_counters_pkey primary key (slug, suffix)
);

-- What happened to a client, written in the statement that made it happen. `from_status` is null for the creation.
create table client_events (
    partner_id      uuid        not null,
    client_id       bigint      not null,
    id              uuid        not null,
    from_status     text,
    to_status       text        not null,
    at              timestamptz not null,
    user_id         uuid        not null,
    oauth_client_id uuid        not null,
    request_id      text        not null,
    constraint client_events_pkey primary key (partner_id, client_id, id),
    constraint client_events_client_fkey foreign key (partner_id, client_id) references clients (partner_id, id)
);
