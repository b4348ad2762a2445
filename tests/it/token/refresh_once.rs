//! How long a refresh token is good: in time, until the password is another. How often: `families`.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use dna_api::{accounts, domain::user::Username};

use super::{BAD_REFRESH_TOKEN, assert_refused};
use crate::support::{App, Caller};

#[tokio::test]
async fn an_expired_token_is_refused() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (early, late) = (partner.log_in(&app).await.refresh_token, partner.log_in(&app).await.refresh_token);
    let expire = |when: &'static str| {
        let update =
            format!("update refresh_tokens set expires_at = now() + interval '{when}' where consumed_at is null");
        let db = app.db.clone();
        async move { sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&db).await.expect("an update") }
    };

    expire("1 hour").await;
    Caller::of(&app, &partner.refresh(&app, &early).await);
    expire("-1 microsecond").await;
    assert_refused(&partner.refresh(&app, &late).await, "invalid_grant", BAD_REFRESH_TOKEN);
}

#[tokio::test]
async fn it_is_the_databases_clock_that_expires_a_token() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in(&app).await.refresh_token;
    app.advance(chrono::TimeDelta::days(365));
    Caller::of(&app, &partner.refresh(&app, &token).await);
}

#[tokio::test]
async fn a_password_reset_ends_the_users_tokens_and_nobody_elses() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let colleague = partner.with_user(&app, "client:create").await;
    let other = partner.with_oauth_client(&app, "client:create", "password refresh_token").await;
    let ended = [partner.log_in(&app).await, partner.log_in(&app).await].map(|caller| caller.refresh_token);
    let (of_other_client, of_colleague) =
        (other.log_in(&app).await.refresh_token, colleague.log_in(&app).await.refresh_token);

    let username = Username::parse(&partner.username).expect("a username");
    let account = accounts::reset_password(&app.db, &username).await.expect("a new password");
    app.keep_secret(account.password.reveal());

    for token in &ended {
        assert_refused(&partner.refresh(&app, token).await, "invalid_grant", BAD_REFRESH_TOKEN);
    }
    assert_refused(&other.refresh(&app, &of_other_client).await, "invalid_grant", BAD_REFRESH_TOKEN);
    Caller::of(&app, &colleague.refresh(&app, &of_colleague).await);
    assert_refused(&super::ask(&app, &partner.password_grant()).await, "invalid_grant", super::BAD_USER);
    let renewed = super::with(partner.password_grant(), "password", account.password.reveal());
    let token = Caller::of(&app, &super::ask(&app, &renewed).await).refresh_token;
    Caller::of(&app, &partner.refresh(&app, &token).await);
}

#[tokio::test]
async fn a_refresh_token_is_256_random_bits_and_only_its_hash_is_stored() {
    const HOLDS: &str = "select count(*) from refresh_tokens t
        where position(encode($1, 'hex') in (to_jsonb(t) - 'successor_hash')::text) > 0";
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;
    let refreshed = Caller::of(&app, &partner.refresh(&app, &login.refresh_token).await);
    let holds = async |bytes: &[u8]| -> i64 {
        sqlx::query_scalar(HOLDS).bind(bytes).fetch_one(&app.db).await.expect("a count")
    };
    for token in [&login.refresh_token, &refreshed.refresh_token] {
        let bits = BASE64_URL_SAFE_NO_PAD.decode(token).expect("URL-safe characters");
        assert_eq!(bits.len(), 32);
        assert_eq!(holds(digest(&SHA256, token.as_bytes()).as_ref()).await, 1, "its hash");
        assert_eq!((holds(&bits).await, holds(&token.as_bytes()[..20]).await), (0, 0), "not itself, nor a part");
    }
}

#[tokio::test]
async fn no_table_holds_a_secret_in_the_clear() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let tables: Vec<String> =
        sqlx::query_scalar("select table_name::text from information_schema.tables where table_schema = 'public'")
            .fetch_all(&app.db)
            .await
            .expect("tables");
    assert!(tables.len() > 5);
    for table in tables {
        let all = format!("select coalesce(string_agg(t::text, ' '), '') from \"{table}\" t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_one(&app.db).await.expect("rows");
        for secret in [&partner.client_secret, &partner.password, &caller.token, &caller.refresh_token] {
            assert!(!rows.contains(secret.as_str()), "{table}");
        }
    }
}
