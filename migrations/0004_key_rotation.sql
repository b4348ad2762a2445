-- Signing keys that succeed each other. Time alone drives a key's life, by this database's clock, so that every server
-- comes to the same answer: the key that was the last to begin signs; those before it verify for a while longer.
--
-- `signing` stays for servers of the version before, which look for the one key that has it. Nothing else reads it.
set local lock_timeout = '2s';

alter table signing_keys
    alter column private_key drop not null, -- erased once the key can neither sign nor verify
    alter column signing set default false,
    add column bits       integer,
    add column sealed_at  timestamptz not null default now(), -- when the private half was last sealed
    add column signs_from timestamptz not null default now(),
    add column retired_at timestamptz,
    add constraint signing_keys_bits_check check (bits in (2048, 3072, 4096));

-- A sealed key is as long as its modulus makes it.
update signing_keys
set signs_from = created_at,
    sealed_at = created_at,
    bits = case when octet_length(private_key) < 1500 then 2048 when octet_length(private_key) < 2100 then 3072 else 4096 end;
