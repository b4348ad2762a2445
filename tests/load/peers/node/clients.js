'use strict';

const { query, transaction } = require('./database');

const WHOLE = `id, ns_domain, status, customer_id, subreseller_id, email, first_name, last_name, address, zipcode,
  same_billing_address, billing_address, billing_zipcode, to_char(start_billing_date, 'YYYY-MM-DD') as start_billing_date,
  created_at, updated_at, status_changed_at`;

/** The whole client, as it is shown. */
function whole({ id, ns_domain, status, customer_id, ...rest }) {
  const has_subreseller_id = rest.subreseller_id !== null;
  return { id: Number(id), ns_domain, status, customer_id, has_subreseller_id, ...rest };
}

const EVENT = `insert into client_events (client_id, from_status, to_status, at, user_id, oauth_client_id, request_id)
  values ($1, $2, $3, $4, $5, $6, $7)`;

async function create(client, origin) {
  const letters = (client.first_name + client.last_name).normalize('NFKD').toLowerCase().replace(/[^a-z]/g, '');
  return transaction(async (query) => {
    const [row] = await query(
      'create',
      `with counter as (
         insert into ns_domain_counters as c (slug, taken) values ($1, 1)
         on conflict (slug) do update set taken = c.taken + 1
         returning slug || case taken when 1 then '' else taken::text end || '.com' as ns_domain
       )
       insert into clients (ns_domain, customer_id, subreseller_id, email, first_name, last_name, address, zipcode,
                            same_billing_address, billing_address, billing_zipcode, start_billing_date)
       select ns_domain, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 from counter
       returning ${WHOLE}`,
      [letters.slice(0, 40) || 'client', client.customer_id, client.subreseller_id, client.email, client.first_name,
        client.last_name, client.address, client.zipcode, client.same_billing_address, client.billing_address,
        client.billing_zipcode, client.start_billing_date],
    );
    const { user, oauthClient, request } = origin;
    await query('event', EVENT, [row.id, null, row.status, row.created_at, user, oauthClient, request]);
    return whole(row);
  });
}

/** Brings a client to a status; it stays as it is where it has that already. */
async function change(id, status, origin) {
  return transaction(async (query) => {
    const [held] = await query(
      'hold', 'select id, ns_domain, status, status_changed_at from clients where id = $1 for update', [id]);
    if (!held || held.status === status) return held;
    const [changed] = await query(
      'change',
      `update clients set status = $2, status_changed_at = clock_timestamp(), updated_at = clock_timestamp()
       where id = $1 returning id, ns_domain, status, status_changed_at`,
      [id, status],
    );
    const { user, oauthClient, request } = origin;
    await query('event', EVENT, [id, held.status, status, changed.status_changed_at, user, oauthClient, request]);
    return changed;
  });
}

async function read(id) {
  const [row] = await query('read', `select ${WHOLE} from clients where id = $1`, [id]);
  return row && whole(row);
}

module.exports = { create, change, read };
