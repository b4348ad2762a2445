-- The audit log: who did what, from where, to what, by which request. Rows are only ever added; what may remove them is
-- the schema's owner.
--
-- A partner's rows lead with its id. What belongs to no partner, such as a request of an unknown OAuth client, has the
-- nil UUID in its place.
create table audit_log (
    partner_id      uuid        not null,
    id              uuid        not null,
    at              timestamptz not null default clock_timestamp(),
    kind            text        not null,
    oauth_client_id uuid,
    user_id         uuid,
    sid             uuid,
    actor           text        not null,
    address         text,
    request_id      text,
    detail          jsonb       not null,
    -- By time, so that one partner's last entries are found among any number of other partners'.
    constraint audit_log_pkey primary key (partner_id, at, id)
);
create index audit_log_at_idx on audit_log (at, id);
