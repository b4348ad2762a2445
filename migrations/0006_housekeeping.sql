-- Rows that are over are found without a scan, to be removed in the background.
--
-- Not `concurrently`: that waits for every open transaction, and a second server that starts meanwhile waits for the
-- migrations in one.
set local lock_timeout = '5s';
create index refresh_tokens_expires_at_idx on refresh_tokens (expires_at);
