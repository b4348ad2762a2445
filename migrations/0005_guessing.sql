-- What keeps guessing hopeless, and an OAuth client's second live secret.

set lock_timeout = '2s';

-- Failed attempts by what they are counted under; `key` is a hash, so no username and no address is in here. Attempts
-- under no partner, those of callers who are no OAuth client, have the nil UUID as theirs.
--
-- Each attempt pushes `paid_off_at` on by what it costs. Further ones are refused while that is too far ahead. A row
-- means nothing any more once `expires_at` has passed.
create table failed_attempts (
    partner_id  uuid        not null,
    key         bytea       not null,
    failures    integer     not null,
    paid_off_at timestamptz not null,
    expires_at  timestamptz not null,
    constraint failed_attempts_pkey primary key (partner_id, key),
    constraint failed_attempts_key_check check (octet_length(key) = 32)
);
create index failed_attempts_expires_at_idx on failed_attempts (expires_at);

-- A secret that was replaced is good beside the new one until it is retired or replaced in turn.
alter table oauth_clients
    add column secret_changed_at timestamptz,
    add column previous_secret_hash bytea,
    add column previous_secret_used_at timestamptz,
    add constraint oauth_clients_previous_secret_hash_check check (octet_length(previous_secret_hash) = 32);
update oauth_clients set secret_changed_at = created_at;
alter table oauth_clients
    alter column secret_changed_at set default now(),
    alter column secret_changed_at set not null;
