-- Token families: one row a login, to which every token that descends from it belongs, and by which all of them are
-- revoked at once.

set local lock_timeout = '5s';

-- What one login (`sid`) gave out. `ends_at` is after the last of its tokens. There is no user where an OAuth client
-- speaks for itself (grant `client_credentials`).
create table token_families (
    partner_id      uuid        not null,
    sid             uuid        not null,
    oauth_client_id uuid        not null,
    user_id         uuid,
    began_at        timestamptz not null default now(),
    ends_at         timestamptz not null,
    revoked_at      timestamptz,
    revoked_for     text,
    constraint token_families_pkey primary key (partner_id, sid),
    constraint token_families_oauth_client_fkey foreign key (partner_id, oauth_client_id)
        references oauth_clients (partner_id, id),
    constraint token_families_user_fkey foreign key (partner_id, user_id) references users (partner_id, id),
    constraint token_families_revoked_check check ((revoked_at is null) = (revoked_for is null))
);
-- What every server asks three times a second.
create index token_families_revoked_at_idx on token_families (revoked_at) where revoked_at is not null;
-- What is live of a user, and of an OAuth client.
create index token_families_user_idx on token_families (partner_id, user_id, ends_at) where revoked_at is null;
create index token_families_oauth_client_idx on token_families (partner_id, oauth_client_id, ends_at)
    where revoked_at is null;

-- When an operator last ended all tokens of an OAuth client: what authenticated before that gets none.
alter table oauth_clients add column tokens_revoked_at timestamptz;

-- A token that was used has `consumed_at` and, from this version on, its successor. `revoked_at` is set where it never
-- reached its owner, who came back for another.
alter table refresh_tokens
    add column successor_hash bytea,
    add column revoked_at timestamptz,
    add constraint refresh_tokens_successor_hash_check check (octet_length(successor_hash) = 32);
create index refresh_tokens_family_idx on refresh_tokens (partner_id, sid);

-- An OAuth client that speaks for itself changes clients without a user.
alter table client_events alter column user_id drop not null;

-- A server of the version before knows no families: what logs in there while it still runs gets one all the same. May
-- go once no such server is left.
create function adopt_login() returns trigger language plpgsql as $$
begin
    insert into token_families (partner_id, sid, oauth_client_id, user_id, began_at, ends_at)
    values (new.partner_id, new.sid, new.oauth_client_id, new.user_id, new.issued_at, new.issued_at + interval '90 days')
    on conflict on constraint token_families_pkey do nothing;
    return new;
end
$$;
create trigger refresh_tokens_adopt_login before insert on refresh_tokens
    for each row execute function adopt_login();

-- The logins that still have a token, none of which is cut short. Those of before a reset of the password stay ended.
insert into token_families (partner_id, sid, oauth_client_id, user_id, began_at, ends_at, revoked_at, revoked_for)
select t.partner_id, t.sid, t.oauth_client_id, t.user_id, min(t.issued_at),
       greatest(min(t.issued_at) + interval '90 days', max(t.expires_at)),
       case when max(t.issued_at) < u.password_changed_at then u.password_changed_at end,
       case when max(t.issued_at) < u.password_changed_at then 'password_reset' end
from refresh_tokens t join users u on u.partner_id = t.partner_id and u.id = t.user_id
group by t.partner_id, t.sid, t.oauth_client_id, t.user_id, u.password_changed_at
having max(t.expires_at) > now();

-- Not valid: tokens that were over before this have no family.
alter table refresh_tokens add constraint refresh_tokens_family_fkey
    foreign key (partner_id, sid) references token_families (partner_id, sid) not valid;
