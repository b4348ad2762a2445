-- Replies that are given again: what a request with an `Idempotency-Key` was answered is kept for a day, written in the
-- transaction of its effect. Rows are made, filled, cleared and removed; what they tell is never changed.
set local lock_timeout = '5s';

-- `key_hash` is of the key and of what it was sent to, `fingerprint` of the parameters: what a caller chose for a key is
-- not kept. `status` is null while the request runs, so no other transaction ever sees that. The body holds personal
-- data: what erases a client clears fingerprint and body of its rows, and the key answers 410 from then on.
create table idempotent_replies (
    partner_id      uuid        not null,
    oauth_client_id uuid        not null,
    key_hash        bytea       not null,
    fingerprint     bytea,
    client_id       bigint,
    status          smallint,
    location        text,
    etag            text,
    body            bytea,
    created_at      timestamptz not null default now(),
    constraint idempotent_replies_pkey primary key (partner_id, oauth_client_id, key_hash),
    constraint idempotent_replies_oauth_client_fkey foreign key (partner_id, oauth_client_id)
        references oauth_clients (partner_id, id),
    constraint idempotent_replies_key_hash_check check (octet_length(key_hash) = 32),
    constraint idempotent_replies_fingerprint_check check (octet_length(fingerprint) = 32)
);
create index idempotent_replies_created_at_idx on idempotent_replies (created_at);
