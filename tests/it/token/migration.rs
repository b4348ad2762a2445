//! Refresh tokens of the version before families: they survive the migration, and servers of that version go on.

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{BAD_REFRESH_TOKEN, assert_refused, sha256};
use crate::{
    revocation::end_tokens,
    support::{App, Caller, Partner, database},
};

/// Issues a refresh token as the version before did.
async fn issue_as_before(db: &mut PgConnection, partner: &Partner, sid: &str, token: &str, used: bool) {
    sqlx::query(
        "insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at, consumed_at)
         select o.partner_id, u.id, $3, $4::uuid, o.id, 'client:read', now() + interval '30 days',
                case when $5 then now() end
         from oauth_clients o join users u using (partner_id) where o.id = $1::uuid and u.username = $2",
    )
    .bind(&partner.client_id)
    .bind(&partner.username)
    .bind(sha256(token))
    .bind(sid)
    .bind(used)
    .execute(db)
    .await
    .expect("a token");
}

const SIDS: [&str; 3] = [
    "0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d5e",
    "0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d5f",
    "0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d60",
];

#[tokio::test]
async fn a_login_at_a_server_of_the_version_before_is_good_at_this_one() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut db = database::connect_like(&app.db).await;
    issue_as_before(&mut db, &partner, SIDS[0], "used", true).await;
    issue_as_before(&mut db, &partner, SIDS[0], "live", false).await;

    assert_refused(&partner.refresh(&app, "used").await, "invalid_grant", BAD_REFRESH_TOKEN);
    let next = Caller::of(&app, &partner.refresh(&app, "live").await);

    assert_eq!(next.claims()["sid"], SIDS[0]);
    let next = Caller::of(&app, &partner.refresh(&app, &next.refresh_token).await);
    end_tokens(&app, &partner.client_id).await;
    assert_refused(&partner.refresh(&app, &next.refresh_token).await, "invalid_grant", BAD_REFRESH_TOKEN);
}

async fn apply(db: &mut PgConnection, sql: &'static str) {
    let mut transaction = db.begin().await.expect("a transaction");
    sqlx::raw_sql(sql).execute(&mut *transaction).await.expect("applied");
    transaction.commit().await.expect("committed");
}

#[tokio::test]
async fn tokens_of_before_survive_the_migration_and_a_reset_of_before_stays_one() {
    let options: PgConnectOptions = database::empty_url().await.parse().expect("a URL");
    let mut db = options.connect().await.expect("a connection");
    apply(&mut db, include_str!("../../../migrations/0001_documented_api.sql")).await;
    apply(&mut db, include_str!("../../../migrations/0002_audit.sql")).await;
    let partner = partner_of_before(&mut db).await;
    issue_as_before(&mut db, &partner, SIDS[0], "used", true).await;
    issue_as_before(&mut db, &partner, SIDS[0], "live", false).await;
    issue_as_before(&mut db, &partner, SIDS[1], "expired", false).await;
    issue_as_before(&mut db, &partner, SIDS[2], "before the reset", false).await;
    let ages = "update refresh_tokens set expires_at = now() where sid::text like '%5f';
                update refresh_tokens set issued_at = now() - interval '2 days' where sid::text like '%60';
                update users set password_changed_at = now() - interval '1 day'";
    apply(&mut db, ages).await;

    apply(&mut db, include_str!("../../../migrations/0003_token_families.sql")).await;

    let families: Vec<(String, Option<String>, i64)> = sqlx::query_as(
        "select sid::text, revoked_for, extract(epoch from ends_at - began_at)::bigint / 86400
         from token_families order by sid",
    )
    .fetch_all(&mut db)
    .await
    .expect("families");
    let ended = Some("password_reset".to_owned());
    assert_eq!(families, [(SIDS[0].to_owned(), None, 90), (SIDS[2].to_owned(), ended, 90)]);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from refresh_tokens").fetch_one(&mut db).await.expect("a count");
    assert_eq!(kept, 4);
    db.close().await.expect("closed");
}

/// A partner in a database of the version before.
async fn partner_of_before(db: &mut PgConnection) -> Partner {
    let client_id = "0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d00";
    let sql = "insert into partners (id, name) values ('0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d01', 'Acme');
               insert into oauth_clients (partner_id, id, name, secret_hash, scope, grant_types)
               select id, '0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d00', 'x', decode(repeat('00', 32), 'hex'), '', 'password'
               from partners;
               insert into users (partner_id, id, username, folded_username, password_hash, scope)
               select id, gen_random_uuid(), 'ann', 'ann', 'x', '' from partners";
    apply(db, sql).await;
    Partner {
        name: "Acme".to_owned(),
        client_id: client_id.to_owned(),
        client_secret: String::new(),
        username: "ann".to_owned(),
        password: String::new(),
    }
}
