//! List clients, page by page.

use serde_json::Value;

use crate::support::{App, CLIENT, Caller, acme, steve_but};

async fn steves(app: &App, caller: &Caller, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(caller.new_client(app).await);
    }
    ids
}

fn ids(pages: &[Value]) -> Vec<Vec<i64>> {
    let clients = |page: &Value| page["clients"].as_array().expect("clients").clone();
    let id = |client: Value| client["id"].as_i64().expect("an id");
    pages.iter().map(|page| clients(page).into_iter().map(id).collect()).collect()
}

#[tokio::test]
async fn nothing_is_an_empty_page_and_the_last() {
    let (app, caller) = acme().await;
    app.partner("Other").await.log_in(&app).await.new_client(&app).await;

    let page = caller.read(&app, CLIENT).await;

    assert_eq!((page.status, page.text.as_str()), (200, r#"{"result":"OK","clients":[],"next":null}"#));
    assert_eq!(page.header("link"), "");
}

#[tokio::test]
async fn clients_come_whole_and_oldest_first() {
    let (app, caller) = acme().await;
    let own = steves(&app, &caller, 3).await;

    let page = caller.read(&app, CLIENT).await;

    assert_eq!(ids(std::slice::from_ref(&page.json)), std::slice::from_ref(&own));
    let read = caller.read(&app, &format!("{CLIENT}/{}", own[1])).await;
    assert_eq!(page.json["clients"][1], read.json["client"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_and_the_link_says_the_same() {
    let (app, caller) = acme().await;
    let own = steves(&app, &caller, 7).await;

    for limit in 1..=8 {
        let pages = caller.pages(&app, CLIENT, &format!("limit={limit}")).await;
        let expected: Vec<Vec<i64>> = own.chunks(limit).map(<[i64]>::to_vec).collect();
        assert_eq!(ids(&pages), expected);
    }
    let first = caller.read(&app, &format!("{CLIENT}?limit=3&status=pending&email=EMAIL%40email.com")).await;
    let link = first.header("link").to_owned();
    let path = link.strip_prefix('<').and_then(|link| link.strip_suffix(r#">; rel="next""#)).expect("a link");
    assert!(path.starts_with(&format!("{CLIENT}?status=pending&email=EMAIL%40email%2Ecom&limit=3&after=")), "{path}");
    assert_eq!(ids(&[caller.read(&app, path).await.json]), [own[3..6].to_vec()]);
}

#[tokio::test]
async fn fifty_are_a_page_where_nobody_says_and_two_hundred_at_most() {
    let (app, caller) = acme().await;
    caller.new_client(&app).await;
    app.execute(
        "insert into clients (partner_id, ns_domain, email, first_name, last_name, address, zipcode,
                              same_billing_address, billing_address, billing_zipcode)
         select partner_id, 'x' || n, email, first_name, last_name, address, zipcode, same_billing_address,
                billing_address, billing_zipcode
         from clients, generate_series(1, 249) n",
    )
    .await;

    for (query, count) in [("", 50), ("?limit=", 50), ("?limit=1", 1), ("?limit=200", 200), ("?limit=0200", 200)] {
        assert_eq!(caller.ids(&app, query).await.len(), count, "{query}");
    }
    for limit in ["0", "201", "-1", "1.0", "x", "1e2", "99999999999999999999", "٣"] {
        let reply = caller.read(&app, &format!("{CLIENT}?limit={limit}")).await;
        reply.is_invalid(&[("limit", "The limit format is invalid.")]);
    }
}

#[tokio::test]
async fn a_list_is_stable_while_clients_are_created() {
    let (app, caller) = acme().await;
    let own = steves(&app, &caller, 4).await;
    let first = caller.read(&app, &format!("{CLIENT}?limit=2")).await;
    let newer = steves(&app, &caller, 2).await;

    let next = first.json["next"].as_str().expect("a cursor");
    let rest = caller.read(&app, &format!("{CLIENT}?limit=10&after={next}")).await;

    assert_eq!(ids(&[first.json, rest.json]), [own[..2].to_vec(), [&own[2..], &newer].concat()]);
}

#[tokio::test]
async fn each_filter_chooses() {
    let (app, caller) = acme().await;
    let create = async |changes: &[(&str, &str)]| {
        let reply = caller.create(&app, &steve_but(changes)).await;
        reply.json["client"]["id"].as_i64().expect("an id")
    };
    let a = create(&[("email", "Ann@Example.com"), ("customer_id", "C/1 ?"), ("subreseller_id", "7")]).await;
    let b = create(&[("email", "bob@example.com"), ("customer_id", "C-2"), ("first_name", "Bob")]).await;
    let c = create(&[("has_subreseller_id", "no"), ("subreseller_id", "")]).await;
    caller.transition(&app, a, "activate").await;
    caller.transition(&app, b, "cancel").await;
    app.execute("update clients set created_at = '2026-01-01T12:00:00Z' where id = 1").await;
    app.execute("update clients set created_at = '2026-01-02T00:00:00Z' where id = 2").await;

    for (query, expected) in [
        ("status=active", vec![a]),
        ("status=pending", vec![c]),
        ("status=suspended", vec![]),
        ("status=cancelled", vec![b]),
        ("subreseller_id=7", vec![a]),
        ("subreseller_id=1234", vec![b]),
        ("email=ann@example.COM", vec![a]),
        ("email=ann@example.org", vec![]),
        ("customer_id=C%2F1+%3F", vec![a]),
        ("ns_domain=BobHarris.com", vec![b]),
        ("ns_domain=steveharris2.com&status=pending", vec![c]),
        ("created_after=2026-01-01T12:00:00Z&created_before=2026-01-02", vec![a]),
        ("created_after=2026-01-01T12:00:00.000001Z", vec![b, c]),
        ("created_after=01/02/2026&created_before=2026-01-03", vec![b]),
        ("created_before=2026-01-02T01:00:00%2B01:00", vec![a]),
        ("created_after=2026-01-01&status=cancelled", vec![b]),
        ("subreseller_id=7&created_before=2026-01-01", vec![]),
        ("email=ann@example.com&status=active&q=steve", vec![a]),
        ("email=ann@example.com&q=bob", vec![]),
        ("q=harris&subreseller_id=7", vec![a]),
        ("q=harris&created_before=2026-02-01&status=cancelled", vec![b]),
        ("status=", vec![a, b, c]),
    ] {
        let pages = caller.pages(&app, CLIENT, &format!("limit=1&{query}")).await;
        let mut found = ids(&pages).concat();
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn by_creation_clients_come_in_the_order_of_their_creation() {
    let (app, caller) = acme().await;
    let own = steves(&app, &caller, 5).await;
    app.execute("update clients set created_at = '2026-01-01Z'::timestamptz - make_interval(secs => (id / 2)::int)")
        .await;

    let pages = caller.pages(&app, CLIENT, "limit=2&created_after=2025-01-01").await;

    assert_eq!(ids(&pages).concat(), [own[3], own[4], own[1], own[2], own[0]]);
}

#[tokio::test]
async fn partners_find_their_own_clients_alone() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let named = steve_but(&[("customer_id", "C-1")]);
    caller.create(&app, &named).await;
    let theirs = other.create(&app, &named).await.json["client"].clone();

    for query in [
        "",
        "?q=steve",
        "?customer_id=C-1",
        "?email=email@email.com",
        "?subreseller_id=1234",
        "?status=pending",
        "?created_after=2020-01-01",
    ] {
        assert_eq!(other.ids(&app, query).await, [theirs["id"].as_i64().expect("an id")], "{query}");
    }
    assert!(other.ids(&app, "?ns_domain=steveharris.com").await.is_empty());
}
