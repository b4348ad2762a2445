//! Clients and events of the first version, once the schema has moved on.

use serde_json::json;

use crate::support::{App, CLIENT, Partner, database};

const ROWS: &str = "
    insert into partners (id, name) values (gen_random_uuid(), 'Acme');
    insert into clients (partner_id, ns_domain, status, email, first_name, last_name, address, zipcode,
                         same_billing_address, billing_address, billing_zipcode)
    select id, ns_domain, status, 'a@b.c', first_name, 'Núñez', '1 Calle #5', '33134', true, '1 Calle #5', '33134'
    from partners, (values (1, 'a.com', 'suspended', 'Ann'), (2, 'b.com', 'active', 'Bob'), (3, 'c.com', 'suspended', 'Zoë'))
        as v (n, ns_domain, status, first_name) order by n;
    insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, partner_id, id from clients;
    insert into client_events (partner_id, client_id, id, from_status, to_status, at, user_id, oauth_client_id, request_id)
    select p.id, client, ('00000000-0000-7000-8000-00000000000' || n)::uuid, was, becomes,
           '2026-01-01Z'::timestamptz + make_interval(secs => n), gen_random_uuid(), gen_random_uuid(), 'request'
    from partners p, (values (1, 1, null, 'pending'), (2, 1, 'pending', 'suspended'), (3, 2, null, 'pending'),
                             (4, 3, null, 'pending'), (5, 2, 'pending', 'active'), (6, 3, 'pending', 'active'),
                             (7, 3, 'active', 'suspended')) as v (n, client, was, becomes)";

#[tokio::test]
async fn they_have_a_billing_status_are_found_and_are_the_beginning_of_the_feed() {
    let app = App::on_database(database::migrated_from(2, ROWS).await).await;
    let nobody = Partner { name: "Acme".to_owned(), ..Partner::default() };
    let all = "client:read client:activate";
    let partner = nobody.with_user(&app, all).await.with_oauth_client(&app, all, "password").await;
    let caller = partner.log_in(&app).await;

    let page = caller.read(&app, CLIENT).await;
    let statuses: Vec<_> = page.json["clients"]
        .as_array()
        .expect("clients")
        .iter()
        .map(|client| (client["id"].clone(), client["status"].clone(), client["billing_status"].clone()))
        .collect();
    let client = |id: i64, status: &str, billing: &str| (json!(id), json!(status), json!(billing));
    assert_eq!(
        statuses,
        [client(1, "suspended", "none"), client(2, "active", "active"), client(3, "suspended", "active")]
    );
    for (q, id) in [("ann", 1), ("nunez bob", 2), ("zoe calle", 3)] {
        assert_eq!(caller.ids(&app, &format!("?q={}", q.replace(' ', "+"))).await, [id], "{q}");
    }
    caller.transition(&app, 1, "activate").await;
    let feed = caller.feed(&app, 8).await;
    let told: Vec<_> = feed.iter().map(|e| format!("{} {} {}", e["client"]["id"], e["type"], e["to"])).collect();
    let event = |id: i64, kind: &str, status: &str, billing: &str| {
        format!(r#"{id} "{kind}" {{"status":"{status}","billing_status":"{billing}"}}"#)
    };
    assert_eq!(
        told,
        [
            event(1, "created", "pending", "none"),
            event(1, "suspended", "suspended", "none"),
            event(2, "created", "pending", "none"),
            event(3, "created", "pending", "none"),
            event(2, "activated", "active", "active"),
            event(3, "activated", "active", "active"),
            event(3, "suspended", "suspended", "active"),
            event(1, "activated", "active", "active"),
        ]
    );
}
