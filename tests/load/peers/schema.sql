-- What each peer keeps: the part of the server's tables that its requests need, in a database of its own.

create table users (
    id            uuid not null,
    username      text not null,
    password_hash text not null,
    scope         text not null,
    constraint users_pkey primary key (id),
    constraint users_username_key unique (username)
);

create table oauth_clients (
    id          uuid not null,
    secret_hash text not null, -- SHA-256 in hexadecimal digits
    scope       text not null,
    constraint oauth_clients_pkey primary key (id)
);

create table refresh_tokens (
    token_hash      bytea       not null,
    user_id         uuid        not null,
    oauth_client_id uuid        not null,
    scope           text        not null,
    expires_at      timestamptz not null,
    constraint refresh_tokens_pkey primary key (token_hash)
);

create table ns_domain_counters (
    slug  text   not null,
    taken bigint not null,
    constraint ns_domain_counters_pkey primary key (slug)
);

create table clients (
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
    constraint clients_pkey primary key (id),
    constraint clients_ns_domain_key unique (ns_domain),
    constraint clients_customer_id_key unique (customer_id)
) with (fillfactor = 85);

create table client_events (
    id              bigint      not null generated always as identity,
    client_id       bigint      not null,
    from_status     text,
    to_status       text        not null,
    at              timestamptz not null,
    user_id         text        not null,
    oauth_client_id text        not null,
    request_id      text        not null,
    constraint client_events_pkey primary key (id),
    constraint client_events_client_fkey foreign key (client_id) references clients (id)
);
create index client_events_client_idx on client_events (client_id);
