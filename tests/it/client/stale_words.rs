//! Clients whose words are missing or otherwise folded, as other versions left them, are found after a while.

use dna_api::housekeeping;

use crate::support::{App, Caller, Partner, acme, database};

/// A client as a server of the first version writes it beside this one.
const OF_THE_FIRST_VERSION: &str = "
    insert into clients (partner_id, ns_domain, email, first_name, last_name, address, zipcode, same_billing_address,
                         billing_address, billing_zipcode)
    select id, 'a' || n || '.com', 'a@b.co', 'Łucja' || n, 'Harris', '1 Straße', '33134', true, '1 Straße', '33134'
    from partners, generate_series(1, 1200) n;
    insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, partner_id, id from clients";

/// Clients of the first version's schema.
const BEFORE: &str = "
    insert into partners (id, name) values (gen_random_uuid(), 'Acme');
    insert into clients (partner_id, ns_domain, email, first_name, last_name, address, zipcode, same_billing_address,
                         billing_address, billing_zipcode)
    select id, 'a' || n || '.com', 'a@b.co', first_name, last_name, address, '33134', true, address, '33134'
    from partners, (values (1, 'Steve', 'Harris', '126 Mendoza avenue'), (2, 'Łucja', 'Weiß', 'Straße 9'),
                           (3, '小明', '王', '1 Calle Núñez'), (4, 'Ann', repeat('a', 45), '1 Main street'))
        as v (n, first_name, last_name, address) order by n";

async fn finds(app: &App, caller: &Caller, q: &str, expected: &[i64]) {
    assert_eq!(caller.ids(app, &format!("?q={q}")).await, expected, "{q}");
}

async fn updates(app: &App) -> i64 {
    sqlx::query_scalar("select count(*) from clients where updated_at <> created_at")
        .fetch_one(&app.db)
        .await
        .expect("a number")
}

#[tokio::test]
async fn what_a_server_of_the_first_version_wrote_is_found_by_and_by() {
    let (app, caller) = acme().await;
    app.execute(OF_THE_FIRST_VERSION).await;
    app.execute("update clients set erased_at = now() where ns_domain = 'a7.com'").await;
    finds(&app, &caller, "lucja1077", &[]).await;
    let second = app.second().await;

    let (one, other) = tokio::join!(housekeeping::round(&app.state), housekeeping::round(&second.state));
    one.and(other).expect("words");
    housekeeping::round(&app.state).await.expect("words that were held");

    let id = caller.ids(&app, "?ns_domain=a1077.com").await;
    finds(&app, &caller, "lucja1077", &id).await;
    finds(&app, &caller, "strasse+lucja1077+harris", &id).await;
    assert_eq!(app.rows("client_words").await, 1_199 * 4, "the erased one has none");
    assert_eq!((updates(&app).await, app.rows("client_events").await), (0, 0), "its partner sees no change");
    caller.change(&app, id[0], &[("first_name", "Steve")]).await;
    finds(&app, &caller, "lucja1077", &[]).await;
}

#[tokio::test]
async fn what_the_migration_folded_otherwise_is_folded_anew_and_the_rest_is_left_alone() {
    let app = App::on_database(database::migrated_from(2, BEFORE).await).await;
    let nobody = Partner { name: "Acme".to_owned(), ..Partner::default() };
    let all = "client:read";
    let partner = nobody.with_user(&app, all).await.with_oauth_client(&app, all, "password").await;
    let caller = partner.log_in(&app).await;
    finds(&app, &caller, "steve", &[1]).await;
    finds(&app, &caller, "ucja", &[2]).await;
    let stale: Vec<i64> =
        sqlx::query_scalar("select id from clients where refold order by id").fetch_all(&app.db).await.expect("ids");
    assert_eq!(stale, [2, 3, 4]);

    housekeeping::round(&app.state).await.expect("words");

    for (q, expected) in [
        ("steve", &[1][..]),
        ("ucja", &[]),
        ("lucja", &[2]),
        ("weiss+strasse", &[2]),
        ("e", &[]),
        ("王", &[3]),
        ("wang+calle+nunez", &[3]),
        ("nunez", &[3]),
        ("9", &[2]),
        ("1", &[3, 4, 1]),
        ("main", &[4]),
        ("aaaa", &[4]),
    ] {
        finds(&app, &caller, q, expected).await;
    }
    let longest: i32 =
        sqlx::query_scalar("select max(length(word)) from client_words").fetch_one(&app.db).await.expect("a number");
    assert_eq!((longest, updates(&app).await), (40, 0));
    let left: bool = sqlx::query_scalar("select exists (select from clients where refold or search is null)")
        .fetch_one(&app.db)
        .await
        .expect("an answer");
    assert!(!left);
}
