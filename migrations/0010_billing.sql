-- A partner's clients by subreseller, those without one first, in an order that no locale changes: what is consolidated
-- and counted by subreseller. It holds nothing that a change of status writes.
set local lock_timeout = '5s';

create index clients_consolidation_idx on clients (partner_id, (coalesce(subreseller_id, '') collate "C"), id);
