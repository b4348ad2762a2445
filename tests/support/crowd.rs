//! Many clients at once, for what shows only in a crowd: plans and times.

use super::App;

/// `$1` clients of the partner `$2`, numbered from 1.
const CLIENTS: &str = "
    insert into clients (partner_id, ns_domain, status, customer_id, subreseller_id, email, first_name, last_name, address,
                         zipcode, same_billing_address, billing_address, billing_zipcode, created_at, search)
    select p.id, 'crowd' || n || '.' || lower(p.name),
           case when n % 10000 = 7 then 'cancelled' when n % 3 = 0 then 'suspended' else 'active' end,
           'C-' || n, case when n % 2 = 0 then (n % 50)::text end, 'someone' || n || '@example.com', first, last, address,
           '33134', true, address, '33134', '2026-01-01Z'::timestamptz + make_interval(secs => n * 10),
           lower(first || ' ' || last || ' ' || address)
    from (select n, 'First' || n % 997 as first, 'Last' || n % 9973 as last,
                 n % 1000 || ' Mendoza avenue ' || n % 77 as address
          from generate_series(1, $1::int) n) as crowd, partners p
    where p.name like $2
    order by n";

/// What a creation writes beside the client.
const REST: [&str; 5] = [
    "insert into ns_domains (ns_domain, partner_id, client_id)
     select ns_domain, partner_id, id from clients on conflict do nothing",
    "insert into client_events (partner_id, client_id, id, kind, to_status, to_billing_status, at, request_id)
     select partner_id, id, event_id(created_at), 'created', 'pending', 'none', created_at, 'crowd-1' from clients
     order by id",
    "insert into client_words (partner_id, word, client_id)
     select distinct partner_id, word, id from clients, unnest(string_to_array(search, ' ')) as word",
    "vacuum analyze clients",
    "analyze",
];

impl App {
    /// Fills the database: that many clients of the partner's, and small partners of five clients each beside it.
    pub async fn crowd(&self, partner: &str, clients: i32, partners: i32) {
        sqlx::query(
            "insert into partners (id, name) select gen_random_uuid(), 'small-' || n from generate_series(1, $1) n",
        )
        .bind(partners)
        .execute(&self.db)
        .await
        .expect("partners");
        for (count, name) in [(clients, partner), (5, "small-%")] {
            sqlx::query(CLIENTS).bind(count).bind(name).execute(&self.db).await.expect("clients");
        }
        for sql in REST {
            self.execute(sql).await;
        }
    }
}
